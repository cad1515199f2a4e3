"""The quickstart, and what README.md tells the reader to type, against a real server."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from sqlalchemy import create_engine

from conftest import JSONAPI, checked_client

ROOT = Path(__file__).parents[2]


def load_quickstart() -> Any:
    spec = spec_from_file_location("quickstart", ROOT / "examples" / "quickstart.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["quickstart"] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_quickstart(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/articles.sqlite")
    app = load_quickstart().create_app(engine)
    client = checked_client(app)

    person = client.send("POST", "/api/people", {"data": {"type": "people", "attributes": {"name": "Ada"}}})
    links = {"author": {"data": {"type": "people", "id": person.json["data"]["id"]}}}
    article = {"data": {"type": "articles", "attributes": {"title": "Notes"}, "relationships": links}}
    assert client.send("POST", "/api/articles", article).status_code == 201
    assert client.get("/api/articles?include=author&filter[author.name]=Ada").json["meta"]["total"] == 1
    engine.dispose()


def test_example_in_the_readme_is_the_quickstart() -> None:
    readme = (ROOT / "README.md").read_text()
    example = (ROOT / "examples" / "quickstart.py").read_text()
    models = re.search(r"class Person.*?back_populates=\"articles\"\)\n", readme, re.DOTALL)

    assert models is not None
    assert models[0] in example


@pytest.fixture
def demo_url(tmp_path: Path) -> object:
    """Runs the demo, and sees that nothing of it is left when it ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "flask_restless.cli", "demo", "--port", str(port)]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT / "src", env=environment) as process:
        try:
            for line in process.stdout or ():
                if line.startswith("Listening"):
                    break
            time.sleep(0.2)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            assert process.wait(10) == 0
            assert list(tmp_path.iterdir()) == []


def test_curl_lines_of_the_readme(demo_url: str) -> None:
    """Each URL that README.md asks the reader to type answers; the POST stores."""
    readme = (ROOT / "README.md").read_text()
    urls = re.findall(r"curl (?:-g )?'http://127\.0\.0\.1:5000(/[^']*)'", readme)
    assert len(urls) == 4

    for path in urls[:3]:
        with urlopen(demo_url + path.replace("[", "%5B").replace("]", "%5D")) as answer:
            assert json.load(answer)["data"]
    body = re.search(r"-d '(.*?)'", readme)
    assert body is not None
    request = Request(demo_url + urls[3], body[1].encode(), {"Content-Type": JSONAPI})
    with urlopen(request) as answer:
        assert answer.status == 201
