"""The Atomic Operations extension: A-1 to A-11."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask

from conftest import JSONAPI, Shop
from flask_restless import APIManager
from flask_restless.demo import models
from operations_url import TYPE, add, names, send


def test_add_update_remove_in_order(shop_everywhere: Shop) -> None:
    """A-1.4, A-2.1, A-4.2, A-4.4, A-4.5, A-6.1, A-7.1, A-8.3, A-11.1, J-2.1.2."""
    book = {"type": "books", "attributes": {"title": "T", "price": "1"}}
    book["relationships"] = {"tags": {"data": [{"type": "tags", "lid": "a"}]}}

    answer = send(
        shop_everywhere,
        add("one", "a"),
        {"op": "add", "data": book},
        {
            "op": "update",
            "ref": {"type": "tags", "lid": "a"},
            "data": {"type": "tags", "lid": "a", "attributes": {"name": "two"}},
        },
        {"op": "remove", "ref": {"type": "tags", "id": "1"}},
    )

    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == TYPE
    results = answer.json["atomic:results"]
    assert [bool(one) for one in results] == [True, True, True, False]
    assert results[2]["data"]["attributes"]["name"] == "two"
    tags = shop_everywhere.get(f"/api/books/{results[1]['data']['id']}/tags").json["data"]
    assert [one["attributes"]["name"] for one in tags] == ["two"]
    assert shop_everywhere.get("/api/tags/1").status_code == 404


REMOVED = {"type": "tags", "lid": "a"}


@pytest.mark.parametrize(
    "after",
    [
        pytest.param({"op": "update", "data": {**REMOVED, "attributes": {"name": "two"}}}, id="update"),
        pytest.param({"op": "remove", "ref": REMOVED}, id="remove"),
        pytest.param(
            {"op": "add", "ref": {"type": "books", "id": "1", "relationship": "tags"}, "data": [REMOVED]}, id="relate"
        ),
        pytest.param(
            {"op": "update", "ref": {**REMOVED, "relationship": "books"}, "data": [{"type": "books", "id": "1"}]},
            id="relate it",
        ),
    ],
)
def test_what_was_added_and_removed_is_not_there(shop: Shop, after: Any) -> None:
    """A-4.2: operations see what those before them have done, also by a lid."""
    before = names(shop)

    answer = send(shop, add("one", "a"), {"op": "remove", "ref": REMOVED}, after)

    assert (answer.status_code, answer.json["errors"][0]["code"]) == (404, "not-found"), answer.text
    assert names(shop) == before


def test_failure_undoes_everything(shop_everywhere: Shop) -> None:
    """A-4.3, A-5.1, A-5.2, J-5.0.2: also what only the database refuses."""
    before = names(shop_everywhere)
    taken = next(iter(before))

    for bad, status in (
        ({"op": "remove", "ref": {"type": "tags", "id": "999"}}, 404),
        (add(taken), 409),
        (
            {
                "op": "update",
                "ref": {"type": "books", "id": "1"},
                "data": {"type": "books", "id": "1", "attributes": {"price": "-1"}},
            },
            422,
        ),
    ):
        answer = send(shop_everywhere, add("never"), bad)
        assert answer.status_code == status, answer.text
        assert "atomic:results" not in answer.json
    assert names(shop_everywhere) == before


def test_relationships(shop: Shop) -> None:
    """A-9, A-10."""
    href = "/api/books/1/relationships/tags"
    ref = {"type": "books", "id": "1", "relationship": "tags"}
    five, six = {"type": "tags", "id": "5"}, {"type": "tags", "id": "6"}

    answer = send(
        shop,
        {"op": "update", "ref": ref, "data": [five]},
        {"op": "add", "href": href, "data": [six, six]},
        {"op": "remove", "href": f"http://localhost{href}", "data": [five]},
        {"op": "update", "ref": {"type": "books", "id": "1", "relationship": "publisher"}, "data": None},
    )

    assert answer.json["atomic:results"] == [{}, {}, {}, {}]
    assert shop.get(href).json["data"] == [six]
    assert shop.get("/api/books/1/publisher").json["data"] is None


def test_one_member_without_a_list(shop: Shop) -> None:
    """A-2.6: Orbit adds and removes one identifier; what it points at is `data` itself."""
    ref = {"type": "books", "id": "1", "relationship": "tags"}
    five, six = {"type": "tags", "id": "5"}, {"type": "tags", "id": "6"}

    answer = send(
        shop,
        {"op": "update", "ref": ref, "data": [five]},
        {"op": "add", "ref": ref, "data": six},
        {"op": "remove", "ref": ref, "data": five},
        {"op": "remove", "ref": ref, "data": {"type": "tags", "id": "not an id"}},
    )

    assert answer.json["atomic:results"] == [{}, {}, {}, {}]
    assert shop.get("/api/books/1/relationships/tags").json["data"] == [six]
    for op, data, status, pointer in (
        ("add", {"type": "tags", "id": "x"}, 404, "/data"),
        ("add", {"type": "books", "id": "1"}, 409, "/data/type"),
        ("remove", {"type": "tags"}, 400, "/data"),
        ("update", six, 400, "/data"),
    ):
        answer = send(shop, {"op": op, "ref": ref, "data": data})
        assert answer.status_code == status
        assert answer.json["errors"][0]["source"] == {"pointer": f"/atomic:operations/0{pointer}"}


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        pytest.param(1, 400, id="no object"),
        pytest.param({}, 400, id="no op A-2.1"),
        pytest.param({"op": "ADD"}, 400, id="case A-2.1"),
        pytest.param({"op": "replace"}, 400, id="unknown op"),
        pytest.param({"op": "remove", "ref": {"type": "tags", "id": "1"}, "href": "/api/tags/1"}, 400, id="A-2.2"),
        pytest.param({"op": "remove", "ref": {"type": "tags"}}, 400, id="no id A-2.3"),
        pytest.param({"op": "remove", "ref": {"type": "tags", "id": "1", "lid": "a"}}, 400, id="both A-11.5"),
        pytest.param({"op": "remove", "ref": {"id": "1"}}, 400, id="no type A-2.3"),
        pytest.param({"op": "remove"}, 400, id="no target A-8.1"),
        pytest.param({"op": "remove", "href": "http://elsewhere.example/api/tags/1"}, 404, id="foreign A-2.4"),
        pytest.param({"op": "remove", "href": "/api/nothing/1"}, 404, id="unknown url A-2.4"),
        pytest.param({"op": "remove", "ref": {"type": "tags", "lid": "x"}}, 400, id="unknown lid A-11.3"),
        pytest.param({"op": "add"}, 400, id="no data A-6.1"),
        pytest.param({"op": "add", "data": {}}, 400, id="no type A-6.1"),
        pytest.param({"op": "add", "data": {"type": "nothing"}}, 404, id="unknown type A-6.4"),
        pytest.param({"op": "add", "href": "/api/tags", "data": {"type": "books"}}, 409, id="disagree A-6.2"),
        pytest.param({"op": "add", "data": {"type": "tags", "id": "77", "attributes": {"name": "x"}}}, 403, id="A-6.4"),
        pytest.param(
            {"op": "update", "ref": {"type": "tags", "id": "1"}, "data": {"type": "tags", "id": "2"}}, 409, id="A-7.5"
        ),
        pytest.param(
            {"op": "update", "ref": {"type": "books", "id": "1", "relationship": "publisher"}}, 400, id="A-9.2"
        ),
        pytest.param(
            {"op": "add", "ref": {"type": "books", "id": "1", "relationship": "publisher"}, "data": None},
            403,
            id="A-9.4",
        ),
        pytest.param(
            {"op": "add", "ref": {"type": "books", "id": "1", "relationship": "tags"}, "data": None}, 400, id="A-10.2"
        ),
        pytest.param(
            {"op": "add", "ref": {"type": "books", "id": "1", "relationship": "no"}, "data": []}, 404, id="no such"
        ),
    ],
)
def test_operations_that_are_refused(shop: Shop, operation: Any, status: int) -> None:
    """A-5.3, A-5.4: nothing runs, and the pointer has the operation's index."""
    with shop.counted() as statements:
        answer = send(shop, add("never"), operation)

    assert answer.status_code == status, answer.text
    assert answer.json["errors"][0]["source"]["pointer"].startswith("/atomic:operations/1")
    assert len(statements) == 0
    assert "never" not in names(shop)


@pytest.mark.parametrize(
    "document",
    [{}, {"atomic:operations": []}, {"atomic:operations": {}}, {"atomic:operations": [add("x")], "data": None}],
)
def test_documents_that_are_refused(shop: Shop, document: Any) -> None:
    """A-1.1, A-1.3."""
    body = json.dumps(document)

    assert shop.app.test_client().post("/api/operations", data=body, content_type=TYPE).status_code == 400


def test_media_type_is_demanded(shop: Shop) -> None:
    """A-1.6, A-1.7, A-4.1."""
    body = json.dumps({"atomic:operations": [add("never")]})

    assert shop.client.post("/api/operations", data=body, content_type=JSONAPI).status_code == 415
    assert shop.client.get("/api/operations").status_code == 405
    assert "never" not in names(shop)


def test_all_problems_are_told_at_once(shop: Shop) -> None:
    """A-5.5, A-11.2, A-11.3: also a lid that is given twice."""
    answer = send(
        shop, add("a", "x"), add("b", "x"), {"op": "add", "data": {"type": "tags", "attributes": {"name": 1}}}
    )

    assert answer.status_code == 400
    assert [one["source"]["pointer"] for one in answer.json["errors"]] == [
        "/atomic:operations/1/data/lid",
        "/atomic:operations/2/data/attributes/name",
    ]


def test_permissions_are_those_of_single_requests(shop: Shop) -> None:
    """A-10.4: methods and switches."""
    app = Flask("guarded")
    manager = APIManager(app, session=shop.session)
    manager.create_api(models.Book, methods=["GET", "PATCH"])
    manager.create_api(models.Tag)
    guarded = Shop(app, manager, shop.client, shop.engine, shop.session)

    for operation in (
        add("never"),
        {"op": "remove", "ref": {"type": "books", "id": "1"}},
        {"op": "update", "ref": {"type": "books", "id": "1", "relationship": "tags"}, "data": []},
    ):
        assert send(guarded, operation).status_code == 403


def test_off_by_option_and_without_writes(shop: Shop) -> None:
    for options, methods in (({"atomic": False}, ["GET", "POST"]), ({}, ["GET"])):
        app = Flask("off")
        APIManager(app, session=shop.session, **options).create_api(models.Tag, methods=methods)
        assert app.test_client().post("/api/operations", data=b"{}", content_type=TYPE).status_code == 404


def test_many_adds_are_carried_out_together(shop: Shop) -> None:
    """Runs of like adds are flushed and read back at once."""
    with shop.counted() as statements:
        answer = send(shop, *[add(f"tag {number}") for number in range(200)])

    assert len(answer.json["atomic:results"]) == 200
    assert len(statements) <= 202
    assert sum(text.startswith("SELECT") for text in statements.texts) == 1


@pytest.mark.parametrize(
    ("operation", "status", "pointer"),
    [
        ({"op": ["add"], "data": {"type": "tags"}}, 400, "/atomic:operations/0/op"),
        ({"op": {}, "data": {"type": "tags"}}, 400, "/atomic:operations/0/op"),
        ({"op": "add", "ref": 5, "data": {"type": "tags"}}, 400, "/atomic:operations/0/ref"),
        ({"op": "add", "ref": {"type": "books"}, "data": {"type": "tags"}}, 409, "/atomic:operations/0/ref/type"),
    ],
)
def test_what_an_operation_says_of_itself_must_make_sense(
    shop_everywhere: Shop, operation: Any, status: int, pointer: str
) -> None:
    """A-2.1, A-2.3, A-5.2, A-7.5."""
    answer = send(shop_everywhere, operation)

    assert answer.status_code == status, answer.text
    assert answer.json["errors"][0]["source"] == {"pointer": pointer}


@pytest.mark.parametrize("href", ["http://localhost:80/api/tags", "//localhost/api/tags", "tags", "/api/tags"])
def test_the_schemes_own_port_need_not_be_said(shop_everywhere: Shop, href: str) -> None:
    """A-2.4."""
    answer = send(shop_everywhere, {"op": "add", "href": href, "data": add("brand new")["data"]})

    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("href", ["http://localhost:81/api/tags", "https://localhost/api/tags", "http://x:y/api/tags"])
def test_another_port_is_another_server(shop_everywhere: Shop, href: str) -> None:
    """A-2.4."""
    answer = send(shop_everywhere, {"op": "add", "href": href, "data": add("brand new")["data"]})

    assert (answer.status_code, answer.json["errors"][0]["code"]) == (404, "unknown-url")
