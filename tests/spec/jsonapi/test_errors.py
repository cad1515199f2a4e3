"""J-7: what error objects tell, of the client's mistakes and of the server's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine

from conftest import JSONAPI, Shop, checked_client, open_shop
from flask_restless import APIManager
from flask_restless.demo import models


def test_error_objects(shop: Shop) -> None:
    """J-7.2.5, J-7.2.6, J-7.2.8, J-7.2.11, J-7.2.13, J-7.2.14, J-4.1.8: each tells what is needed."""
    answers = [
        shop.get("/api/nothing"),
        shop.get("/api/tags/999"),
        shop.get("/api/tags?sort=nothing"),
        shop.get("/api/tags", headers={"Accept": "text/html"}),
        shop.client.put("/api/tags/1"),
        shop.client.post("/api/tags", data="<p>", content_type=JSONAPI),
        shop.client.post("/api/tags", data="{}", content_type="text/html"),
        shop.client.send("POST", "/api/tags", {"data": {"type": "tags", "attributes": {"name": None, "<b>": 1}}}),
    ]

    for answer in answers:
        for error in answer.json["errors"]:
            assert {"status", "code", "title", "detail"} <= set(error)
            assert all(isinstance(error[name], str) for name in ("status", "code", "title", "detail"))
            assert set(error.get("source", {})) < {"pointer", "parameter", "header"}
            assert error.get("source", {}).get("header") in {None, "Accept", "Content-Type"}
            assert not {"<p>", "Traceback", "SELECT"} & set(error["detail"].split())


def test_error_of_the_server_has_an_id_of_its_own(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    """J-7.2.3, J-7.2.12, J-2.1.1, J-7.2.14: it stands in the log too, and nothing else is told."""

    def fail(**_: Any) -> None:
        raise RuntimeError("secret")

    app = Flask("failing")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    manager = APIManager(app, session=shop.session)
    manager.create_api(models.Tag, preprocessors={"GET_COLLECTION": [fail]})
    client = checked_client(app)

    errors = [client.get("/api/tags").json["errors"][0] for _ in range(2)]

    assert errors[0]["id"] != errors[1]["id"]
    assert all(one["id"] in caplog.text for one in errors)
    assert all(one["status"] == "500" and "secret" not in one["detail"] for one in errors)
    assert all(isinstance(one.get("meta", {}), dict) and isinstance(one.get("links", {}), dict) for one in errors)


@pytest.mark.parametrize("member", ["attributes", "relationships"])
def test_names_that_no_answer_can_repeat(shop: Shop, member: str) -> None:
    """J-9.8: a name with half a character in it is a client's fault, also where a pointer would have to name it."""
    document = {"data": {"type": "tags", "attributes": {"name": "half"}}}
    document["data"] |= {member: {"\ud800": 1}}

    answer = shop.client.send("POST", "/api/tags", document)

    assert answer.status_code == 400
    assert answer.json["errors"][0]["source"] == {"pointer": ""}


@pytest.mark.parametrize("member", ["name", "field"])
def test_functions_that_no_answer_can_repeat(sqlite: Engine, member: str) -> None:
    """J-9.8: so are functions and fields called like that."""
    shop = open_shop(sqlite)
    app = Flask(__name__)
    APIManager(app, session=shop.session).create_api(models.Tag, allow_functions=True)
    functions = json.dumps([{"name": "count", "field": "id"} | {member: "\ud800"}])

    answer = checked_client(app).get("/api/eval/tags", query_string={"functions": functions})

    assert answer.status_code == 400
    assert "\ufffd" in answer.json["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("query", "said", "source"),
    [
        pytest.param(
            "filter[title]=a%00b", '"a%00b" holds a NUL character', {"parameter": "filter[title]"}, id="value"
        ),
        pytest.param("so%00rt=title", '"so%00rt" holds a NUL character', None, id="name"),
    ],
)
def test_a_nul_in_the_query_is_named(shop: Shop, query: str, said: str, source: dict[str, str] | None) -> None:
    """T35: the text that holds it is told, also where it is a name, which no source can repeat."""
    answer = shop.get(f"/api/books?{query}")

    assert answer.status_code == 400
    assert answer.json["errors"][0]["detail"] == said
    assert answer.json["errors"][0].get("source") == source
