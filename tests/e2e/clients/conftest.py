"""A bookshop behind the demo's own server, in a process of its own, for clients of other people's making."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker

from conftest import require

HERE = Path(__file__).parent
LISTENING = re.compile(r"Listening on (http://127\.0\.0\.1:\d+)")


@dataclass
class Live:
    """A served bookshop: `url` is where its APIs are, `session` opens what is behind them."""

    url: str
    session: Callable[[], Session]


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    """The small bookshop, served by `flask-restless demo` on a free port of loopback."""
    from flask_restless.demo.data import populate
    from flask_restless.demo.models import Base

    path = tmp_path / "bookshop.sqlite"
    engine = create_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    session = sessionmaker(engine)
    with session.begin() as filling:
        populate(filling, small=True)
    command = [sys.executable, "-u", "-m", "flask_restless.cli", "demo", "--port", "0", "--database", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Live(_address(process) + "/api", session)
        finally:
            process.terminate()
            process.wait(10)
    engine.dispose()


def _address(process: subprocess.Popen[str]) -> str:
    """Read what the server prints until it says where it listens."""
    for line in process.stdout or ():
        if found := LISTENING.match(line):
            return found[1]
    pytest.fail("the server ended before it listened")


@pytest.fixture
def node(live: Live) -> Callable[[str], Any]:
    """Run one of the scripts beside this file against the live server; what it prints is JSON."""
    program = shutil.which("node")
    if program is None:
        require("node", "it is not installed")
    if not (HERE / "node_modules").is_dir():
        require("node", "the clients are not installed; make node_modules installs them")

    def run(script: str) -> Any:
        done = subprocess.run(
            [str(program), script, live.url], cwd=HERE, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
