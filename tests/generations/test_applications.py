"""Applications of every earlier generation, in their manuals' style, run after changing what the guides say (issue 4).

`apps/` holds them as they were written; `CHANGES` is all that is replaced in their text.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

APPS = Path(__file__).parent / "apps"
JSONAPI = "application/vnd.api+json"

IMPORTS = {
    "import flask.ext.restless": "import flask_restless",
    "flask.ext.restless.APIManager": "flask_restless.APIManager",
    "from flask.ext.restless import": "from flask_restless import",
}
CLASSIC = {**IMPORTS, "APIManager(app, ": 'APIManager(app, protocol="classic", '}
CHANGES: Mapping[str, Mapping[str, str]] = {
    "quickstart_017": CLASSIC,
    "customized_017": CLASSIC,
    "plain_06": {
        **CLASSIC,
        "manager.create_api(Box, ": 'manager.create_api(Box, classic_version="0.6", ',
        "    Shelf,\n": '    Shelf,\n    classic_version="0.6",\n',
    },
    "master": {},
    "ng": {},
}


def changed(name: str) -> ModuleType:
    """Run the text of an application, with its changes and no other."""
    text = (APPS / f"{name}.py").read_text()
    for old, new in CHANGES[name].items():
        text = text.replace(old, new)
    module = ModuleType(f"generation_{name}")
    sys.modules[module.__name__] = module
    exec(compile(text, f"{name}.py", "exec"), vars(module))
    return module


@pytest.fixture
def application(request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The application that the test's parameter names."""
    module = changed(request.param)
    app = module.create_app() if hasattr(module, "create_app") else module.app
    yield app
    del sys.modules[module.__name__]
    if hasattr(module, "db"):
        with app.app_context():
            module.db.engine.dispose()
    else:
        getattr(module, "session", None) and module.session.remove()
        module.engine.dispose()


def of(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("application", [name], indirect=True)


class JQuery:
    """Asks as `$.ajax` does: its headers, its way of writing `data`."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()

    def ajax(self, url: str, *, method: str = "GET", data: Any = None, content_type: str | None = None) -> TestResponse:
        """`data` of a GET goes into the query string, other objects are written as forms unless they are texts."""
        headers = {
            "Accept": "application/json, text/javascript, */*; q=0.01",
            "X-Requested-With": "XMLHttpRequest",
            "User-Agent": "Mozilla/5.0",
        }
        text = urlencode(data) if isinstance(data, dict) else data
        if method == "GET":
            return self.client.get(f"{url}?{text}" if text else url, headers=headers)
        kind = content_type or "application/x-www-form-urlencoded; charset=UTF-8"
        return self.client.open(url, method=method, data=text, headers=headers, content_type=kind if text else None)

    def write(self, url: str, document: Any, method: str = "POST") -> TestResponse:
        """`$.ajax({url, type, contentType: "application/json", data: JSON.stringify(document)})`"""
        return self.ajax(url, method=method, data=json.dumps(document), content_type="application/json")


@of("quickstart_017")
def test_jquery_client_of_the_first_application(application: Flask) -> None:
    page = JQuery(application)
    plants = [{"name": f"p{number}", "height": number} for number in range(7)]

    made = page.write("/api/garden", {"name": "Kew", "opened": "1759-05-01", "plants": plants})
    assert (made.status_code, made.headers["Location"]) == (201, "http://localhost/api/garden/1")
    assert made.json["opened"] == "1759-05-01"
    assert sorted(one["name"] for one in made.json["plants"]) == [f"p{number}" for number in range(7)]

    listed = page.ajax("/api/plant", data={"results_per_page": 50, "page": 2})
    assert (listed.json["num_results"], listed.json["page"], listed.json["total_pages"]) == (7, 2, 2)
    assert len(listed.json["objects"]) == 2
    assert len(page.ajax("/api/plant").json["objects"]) == 3

    search = {
        "filters": [{"or": [{"name": "height", "op": "ge", "val": 5}, {"name": "name", "op": "like", "val": "%0"}]}],
        "order_by": [{"field": "height", "direction": "desc"}],
    }
    found = page.ajax("/api/plant", data={"q": json.dumps(search)})
    assert [one["name"] for one in found.json["objects"]] == ["p6", "p5", "p0"]
    has = {"filters": [{"name": "garden", "op": "has", "val": {"name": "name", "op": "eq", "val": "Kew"}}]}
    assert page.ajax("/api/plant", data={"q": json.dumps(has)}).json["num_results"] == 7

    many = page.write(
        "/api/plant", {"kind": "fern", "q": {"filters": [{"name": "height", "op": "lt", "val": 3}]}}, "PATCH"
    )
    assert many.json == {"num_modified": 3}
    changed_one = page.write("/api/garden/1", {"plants": {"remove": [{"id": 1}], "add": [{"name": "new"}]}}, "PUT")
    assert {one["name"] for one in changed_one.json["plants"]} == {"new", *(f"p{number}" for number in range(1, 7))}

    functions = {"functions": [{"name": "count", "field": "id"}, {"name": "max", "field": "name"}]}
    assert page.ajax("/api/eval/garden", data={"q": json.dumps(functions)}).json == {"count__id": 1, "max__name": "Kew"}
    assert page.ajax("/api/garden/1", method="DELETE").status_code == 204
    missing = page.ajax("/api/garden/1")
    assert (missing.status_code, missing.json) == (404, {})


@of("quickstart_017")
def test_jquery_form_without_json_is_told_so(application: Flask) -> None:
    response = JQuery(application).ajax("/api/plant", method="POST", data={"name": "fern"})

    assert response.status_code == 415
    assert response.json == {"message": 'Request must have "Content-Type: application/json" header'}


@of("quickstart_017")
def test_curl_client_against_a_server(application: Flask) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    server = make_server("127.0.0.1", 0, application, threaded=False)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    base = f"http://127.0.0.1:{server.server_port}/api"

    def run(*arguments: str) -> str:
        return subprocess.run([curl, "-sS", *arguments], check=True, capture_output=True, text=True, timeout=30).stdout

    try:
        made = run("-i", "-H", "Content-Type: application/json", "-d", '{"name": "ivy"}', f"{base}/plant")
        put = run("-X", "PATCH", "-H", "Content-Type: application/json", "-d", '{"height": 2.5}', f"{base}/plant/1")
        found = run(
            "-G",
            "--data-urlencode",
            'q={"filters":[{"name":"name","op":"eq","val":"ivy"}],"single":true}',
            f"{base}/plant",
        )
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert " 201 CREATED" in made.splitlines()[0]
    assert f"Location: {base}/plant/1" in made
    assert '\n  "height": 2.5,\n' in put
    assert json.loads(found) == json.loads(put)


@of("customized_017")
def test_users_of_flask_login_and_processors(application: Flask) -> None:
    page = JQuery(application)
    refused = page.ajax("/api/animal")
    assert (refused.status_code, refused.json) == (401, {"message": "Not authenticated"})

    page.ajax("/login", method="POST", data={"username": "mary", "password": "x"})
    made = page.write("/api/animal", {"name": "Otto", "born": "2010-02-03", "weight": 80.5})
    assert made.status_code == 201, made.text
    assert made.json["keeper"] == {"id": 1, "username": "mary"}
    assert made.json["label"] == "Otto (2)"
    heavy = page.write("/api/animal", {"name": "Whale", "weight": 90000})
    assert (heavy.status_code, heavy.json) == (409, {"message": "Too heavy"})

    assert [one["name"] for one in page.ajax("/api/animal").json["objects"]] == ["Otto"]
    named = page.ajax("/api/animal/Otto")
    assert (named.json["id"], named.json["self"]) == (2, "/api/animal/2")
    assert "password" not in page.ajax("/api/keeper").text
    oracle = {"filters": [{"name": "password", "op": "like", "val": "x%"}]}
    assert page.ajax("/api/keeper", data={"q": json.dumps(oracle)}).status_code == 400


@of("customized_017")
def test_documents_of_marshmallow_and_endpoints_per_method(application: Flask) -> None:
    page = JQuery(application)
    made = page.write("/api/meal", {"food": "fish", "grams": 200})
    assert (made.status_code, made.json) == (201, {"id": 1, "food": "fish", "grams": 200})
    assert page.ajax("/api/meal/1").json == made.json

    assert page.ajax("/open/menu").json["num_results"] == 1
    assert page.ajax("/open/menu/1", method="DELETE").status_code == 405
    assert page.ajax("/api/meal/1", method="DELETE").status_code == 405
    assert page.ajax("/admin/meal/1", method="DELETE").status_code == 401
    page.ajax("/login", method="POST", data={"username": "mary", "password": "x"})
    assert page.ajax("/admin/meal/1", method="DELETE").status_code == 204


@of("plain_06")
def test_clients_of_the_sixth_release(application: Flask) -> None:
    client = application.test_client()
    known = {"auth": ("me", "open")}

    def send(method: str, path: str, document: Any, **kwargs: Any) -> TestResponse:
        return client.open(path, method=method, data=json.dumps(document), content_type="application/json", **kwargs)

    assert send("POST", "/api/shelf", {"room": "attic"}).status_code == 401
    made = send("POST", "/api/shelf", {"room": " attic ", "boxes": [{"label": "toys"}]}, **known)
    assert (made.status_code, made.json) == (201, {"id": 1})
    invalid = send("POST", "/api/shelf", {"room": " "}, **known)
    assert (invalid.status_code, invalid.json) == (400, {"validation_errors": {"room": "a shelf stands in a room"}})
    shelf = client.get("/api/shelf/1").json
    assert (shelf["room"], [one["label"] for one in shelf["boxes"]]) == ("attic", ["toys"])
    for number in range(3):
        send("POST", "/api/shelf", {"room": str(number)}, **known)
    assert set(client.get("/api/shelf?page=2").json) == {"objects", "page"}
    assert len(client.get("/api/shelf?page=2").json["objects"]) == 2
    assert set(client.get("/api/box/1").json) == {"id", "label"}
    added = send("PATCH", "/api/shelf/1", {"boxes": {"add": [{"label": "hats"}]}}, **known)
    assert [one["label"] for one in added.json["boxes"]] == ["toys", "hats"]
    single = {"filters": [{"name": "boxes__label", "op": "any", "val": "hats"}], "single": True}
    assert client.get("/api/shelf?" + urlencode({"q": json.dumps(single)})).json["id"] == 1
    nothing = {"filters": [{"name": "room", "op": "eq", "val": "cellar"}], "single": True}
    assert client.get("/api/shelf?" + urlencode({"q": json.dumps(nothing)})).status_code == 200
    evaluated = client.get("/api/eval/shelf", data=json.dumps({"functions": [{"name": "count", "field": "id"}]}))
    assert evaluated.json == {"count__id": 4}
    assert client.delete("/api/shelf/99", **known).status_code == 204


def send(app: Flask, method: str, path: str, data: Any) -> TestResponse:
    body = json.dumps({"data": data})
    return app.test_client().open(path, method=method, data=body, content_type=JSONAPI, headers={"Accept": JSONAPI})


def get(app: Flask, path: str, **query: str) -> TestResponse:
    return app.test_client().get(path, query_string=query, headers={"Accept": JSONAPI})


@of("master")
def test_clients_of_the_version_before_ng(application: Flask) -> None:
    made = send(application, "POST", "/api/band", {"type": "band", "attributes": {"name": "Can"}})
    assert made.status_code == 201
    assert made.json["data"]["attributes"] == {"name": "Can"}
    band = {"band": {"data": {"type": "band", "id": "1"}}}
    for number, title in enumerate(["Soon", "Future Days", "Ege", "Landed"]):
        attributes = {"title": title, "year": 1970 + number if number else None, "price": 9.5}
        done = send(
            application, "POST", "/api/album", {"type": "album", "attributes": attributes, "relationships": band}
        )
        assert done.status_code == 201, done.text
    free = send(application, "POST", "/api/album", {"type": "album", "attributes": {"price": 0}})
    assert (free.status_code, free.json["errors"][0]["detail"]) == (409, "albums cost something")

    listed = get(application, "/api/album", sort="-title").json
    assert [one["attributes"]["title"] for one in listed["data"]] == ["Landed", "Future Days", "Ege"]
    assert listed["meta"]["total"] == 3
    assert [(one["type"], one["id"]) for one in listed["included"]] == [("band", "1")]
    one = get(application, "/api/album/2").json
    assert one["data"]["attributes"]["spine"] == "Future Days (1971)"
    assert one["data"]["meta"] == {"collection": "album"}
    assert one["meta"] == {"url": "/api/album/2", "model": "Album"}
    objects = json.dumps(
        [
            {"not": {"name": "title", "op": "like", "val": "E%"}},
            {"name": "band", "op": "has", "val": {"name": "name", "op": "eq", "val": "Can"}},
        ]
    )
    assert get(application, "/api/album", **{"filter[objects]": objects}).json["meta"]["total"] == 2
    single = get(application, "/api/album", **{"filter[title]": "Ege", "filter[single]": "1"})
    assert single.json["data"]["id"] == "3"
    functions = json.dumps([{"name": "count", "field": "id"}, {"name": "max", "field": "year"}])
    assert get(application, "/api/eval/album", functions=functions).json == {"data": [3, 1973]}

    path = "/api/band/1/relationships/albums"
    assert send(application, "DELETE", path, [{"type": "album", "id": "1"}]).status_code == 204
    assert send(application, "PATCH", path, [{"type": "album", "id": "2"}]).status_code == 204
    assert [one["id"] for one in get(application, path).json["data"]] == ["2"]
    assert get(application, "/api/album/2/band").json["data"]["id"] == "1"
    assert set(get(application, "/api").json["meta"]["modelinfo"]) == {"album", "band"}


@of("ng")
def test_clients_of_ng(application: Flask) -> None:
    made = send(application, "POST", "/v1/team", {"type": "team", "id": "7", "attributes": {"name": "Reds"}})
    assert (made.status_code, made.headers["Location"]) == (201, "http://localhost/v1/team/7")
    team = {"team": {"data": {"type": "team", "id": "7"}}}
    for number in (1, 11, 99, 4):
        player = {"type": "player", "attributes": {"name": f"n{number}", "number": number}, "relationships": team}
        assert send(application, "POST", "/v1/player", player).status_code == 201
    zero = {"type": "player", "attributes": {"number": 0}}
    assert send(application, "POST", "/v1/player", zero).json["errors"][0]["detail"] == "no zero"

    first = get(application, "/v1/player", sort="team.name,-number", include="team").json
    assert [one["attributes"]["number"] for one in first["data"]] == [11, 4]
    assert first["meta"]["total"] == 3
    assert [one["id"] for one in first["included"]] == ["7"]
    assert first["data"][0]["links"]["self"].endswith("/v1/player/2")
    assert "secret" not in get(application, "/v1/team/7").text
    assert len(get(application, "/v1/team/7/players", **{"page[size]": "10"}).json["data"]) == 4
    removed = send(application, "DELETE", "/v1/team/7/relationships/players", [{"type": "player", "id": "1"}])
    assert removed.status_code == 204
    assert get(application, "/v1/player/1/team").json["data"] is None
    attributes = {"type": "player", "id": "2", "attributes": {"name": "captain"}}
    assert send(application, "PATCH", "/v1/player/2", attributes).status_code in (200, 204)
    send(application, "POST", "/v1/goal", {"type": "goal", "attributes": {"minute": 44}})
    assert get(application, "/v1/goal/1").json["data"]["attributes"] == {"minute": "44'"}
    assert get(application, "/v1/player/99").json["errors"][0]["status"] == "404"
    assert send(application, "DELETE", "/v1/player/2", None).status_code == 204
