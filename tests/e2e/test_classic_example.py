"""The example in the manner of Flask-Restless 0.17, asked as its jQuery and curl clients did."""

from __future__ import annotations

import json
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from classic_models import ClassicClient


@pytest.fixture
def client(tmp_path: Path) -> ClassicClient:
    spec = spec_from_file_location("classic_example", Path(__file__).parents[2] / "examples" / "classic.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["classic_example"] = module_from_spec(spec)
    spec.loader.exec_module(module)
    app = module.create_app(create_engine(f"sqlite:///{tmp_path}/classic.sqlite"))
    app.test_client_class = ClassicClient
    made = app.test_client()
    assert isinstance(made, ClassicClient)
    return made


def ask(client: ClassicClient, method: str, path: str, document: Any = None, *, word: str = "please") -> Any:
    """Ask as jQuery does."""
    headers = {
        "X-Password": word,
        "X-Requested-With": "XMLHttpRequest",
        "Accept": "application/json, text/javascript, */*",
    }
    body = None if document is None else json.dumps(document)
    return client.open(path, method=method, data=body, headers=headers, content_type="application/json; charset=UTF-8")


def test_the_life_of_a_person(client: ClassicClient) -> None:
    nobody = ask(client, "POST", "/api/person", {"name": "Jeff"}, word="no")
    created = ask(client, "POST", "/api/person", {"name": "Jeff", "computers": [{"name": "a", "vendor": "Dell"}]})
    wrong = ask(client, "POST", "/api/person", {"name": ""})
    hidden = ask(client, "PUT", "/api/person/1", {"password": "x"})
    changed = ask(client, "PUT", "/api/person/1", {"birth_date": "1985-07-24", "computers": {"add": [{"name": "b"}]}})

    assert (nobody.status_code, nobody.json) == (401, {"message": "Not authorized"})
    assert (created.status_code, created.json["greeting"]) == (201, "Hello, Jeff!")
    assert (wrong.status_code, wrong.json) == (400, {"validation_errors": {"name": "must not be empty"}})
    assert hidden.json == {"message": "Model does not have field 'password'"}
    assert [one["name"] for one in changed.json["computers"]] == ["a", "b"]
    assert ask(client, "POST", "/api/computer", {"name": "lonely"}).status_code == 201
    assert client.get("/api/computer").json["num_results"] == 2
    search = {"filters": [{"name": "computers__vendor", "op": "any", "val": "Dell"}], "single": True}
    assert client.search("/api/person", search).json["birth_date"] == "1985-07-24"
    functions = {"functions": [{"name": "count", "field": "id"}]}
    assert client.search("/api/eval/person", functions).json == {"count__id": 1}
    assert ask(client, "DELETE", "/api/person/1").status_code == 204
    assert client.get("/api/person").json["objects"] == []
