"""The contestants: which there are, their environments, and the processes that they run in."""

from __future__ import annotations

import base64
import json
import os
import select
import subprocess
import sys
import venv
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "build" / "bench"
PATIENCE = 300.0
"""Seconds to wait for one reply."""

PSYCOPG = "psycopg[binary]>=3.2"


class LeftOut(Exception):
    """A contestant that cannot be installed, started or asked."""


@dataclass(frozen=True)
class Contestant:
    """A name for options and files, one for people, the module, and what its own environment holds (None: ours)."""

    name: str
    label: str
    module: str
    requirements: tuple[str, ...] | None = None


LIMIT = Contestant("l1", "by hand (L1)", "benchmarks.by_hand")
OURS = Contestant("ours", "Flask-Restless", "benchmarks.ours")

CONTESTANTS = (
    LIMIT,
    OURS,
    Contestant("ours-linkage", "Flask-Restless, all linkage", "benchmarks.ours_linkage"),
    Contestant("ours-untotalled", "Flask-Restless, no total", "benchmarks.ours_untotalled"),
    Contestant("classic", "Flask-Restless, classic", "benchmarks.ours_classic"),
    Contestant("ng", "Flask-Restless-NG", "benchmarks.peers.restless_ng", ("Flask-Restless-NG>=3.3", PSYCOPG)),
    Contestant("safrs", "SAFRS", "benchmarks.peers.safrs_app", ("safrs>=3.2", PSYCOPG)),
    Contestant(
        "fastapi-jsonapi",
        "FastAPI-JSONAPI",
        "benchmarks.peers.fastapi_jsonapi_app",
        # 3.0.0 imports a name that pydantic 2.12 no longer has; lift the bound when it does not.
        ("FastAPI-JSONAPI>=3.0", "pydantic<2.12", "SQLAlchemy[asyncio]>=2.0", "aiosqlite", PSYCOPG),
    ),
    Contestant(
        "drf-jsonapi",
        "DRF-JSONAPI",
        "benchmarks.peers.drf",
        ("djangorestframework-jsonapi>=8.1", "django-filter", PSYCOPG),
    ),
)


def python_of(contestant: Contestant) -> str:
    """Give the interpreter of its environment, which is made first if need be.

    Raises:
        LeftOut: what it needs cannot be installed.

    """
    if contestant.requirements is None:
        return sys.executable
    place = FOLDER / "environments" / contestant.name
    python, made = place / "bin" / "python", place / ".made"
    wanted = "\n".join(contestant.requirements)
    if not made.exists() or made.read_text() != wanted:
        venv.create(place, clear=True, with_pip=True)
        command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *contestant.requirements]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise LeftOut(f"cannot be installed: {last_line(done.stderr)}")
        made.write_text(wanted)
    return str(python)


def last_line(text: str) -> str:
    """Give the last line that says something."""
    return next((line for line in reversed(text.splitlines()) if line.strip()), "no reason given")


class Process:
    """A contestant at work on its database.

    Raises:
        LeftOut: it does not start.

    """

    def __init__(self, contestant: Contestant, url: str, articles: int, *, traced: bool = False) -> None:
        python = python_of(contestant)
        self.contestant = contestant
        self.log = FOLDER / "logs" / f"{contestant.name}.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._errors = self.log.open("w")
        command = [python, "-m", "benchmarks.worker", contestant.module, url, str(articles)]
        environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
        if contestant.requirements is not None:
            del environment["PYTHONPATH"]
        self._process = subprocess.Popen(
            [*command, "--trace"] if traced else command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        try:
            self.description = self._order(do="describe")
        except LeftOut:
            self.close()
            raise

    def ask(self, item: str) -> dict[str, Any]:
        """Give status, headers, body and statements of one request."""
        reply = self._order(do="ask", item=item)
        return reply | {"body": base64.b64decode(reply["body"])}

    def time(self, item: str, times: int) -> tuple[float, float]:
        """Give the seconds of one request in a row of `times`, by the clock and of the processor."""
        reply = self._order(do="time", item=item, times=times)
        return reply["wall"], reply["processor"]

    def plans(self) -> tuple[int, int]:
        """Give the hits and the misses of our plan cache until now."""
        hits, misses = self._order(do="plans")["plans"]
        return hits, misses

    def close(self) -> None:
        """End it."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        with suppress(BrokenPipeError):
            stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        stdout.close()
        self._errors.close()

    def _order(self, **order: Any) -> dict[str, Any]:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            stdin.write(json.dumps(order) + "\n")
            stdin.flush()
        except OSError:
            raise LeftOut(f"has ended: {last_line(self.log.read_text())}") from None
        ready, _, _ = select.select([stdout], [], [], PATIENCE)
        line = stdout.readline() if ready else ""
        if not ready:
            self._process.kill()
            raise LeftOut(f"no reply within {PATIENCE:.0f} seconds")
        if not line:
            self._process.wait()
            raise LeftOut(f"has ended: {last_line(self.log.read_text())}")
        reply: dict[str, Any] = json.loads(line)
        if "error" in reply:
            raise LeftOut(reply["error"])
        return reply
