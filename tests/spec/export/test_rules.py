"""Exports obey the rules: what a caller may not see is in none of them, and refusals are documents."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, event
from sqlalchemy.orm import sessionmaker

from conftest import JSONAPI, CheckedClient, checked_client, counted
from flask_restless import APIManager, Hooks, ProcessingException, Rules
from flask_restless.demo.data import populate
from flask_restless.demo.models import Author, Base, Book, Country, Publisher, Tag

CSV, NDJSON = "text/csv", "application/x-ndjson"


def opened(engine: Engine, **options: dict[str, Any]) -> CheckedClient:
    """Serve a few models, and export them; `options` are those of the models' own APIs."""
    Base.metadata.create_all(engine)
    session = sessionmaker(engine)
    with session.begin() as filling:
        populate(filling, small=True)
    app = Flask("ruled")
    manager = APIManager(app, session=session)
    for model in (Author, Book, Country, Publisher, Tag):
        manager.create_api(model, exports=True, **options.get(model.__name__, {}))
    return checked_client(app)


def lines(client: CheckedClient, path: str) -> list[dict[str, Any]]:
    response = client.get(path, headers={"Accept": NDJSON})
    assert response.status_code == 200, response.text
    return [json.loads(line) for line in response.text.splitlines()]


def test_rows_out_of_scope_are_not_exported(database: Engine) -> None:
    client = opened(database, Book={"rules": Rules(scope=lambda book: book.in_print.is_(True))})

    with counted(database) as statements:
        found = lines(client, "/api/books")

    assert found
    assert all(one["in_print"] for one in found)
    assert len(found) == client.get("/api/books").json["meta"]["total"]
    assert len(statements) == 2  # the tags, from which an attribute is computed, by a second one
    of_author = [one["id"] for one in lines(client, "/api/authors/1/books")]
    assert of_author == [one["id"] for one in client.get("/api/authors/1/books?page[size]=100").json["data"]]


def test_linkage_to_rows_out_of_scope_is_null(database: Engine) -> None:
    client = opened(database, Publisher={"rules": Rules(scope=lambda publisher: publisher.id == 1)})

    assert {one["publisher"] for one in lines(client, "/api/books")} == {"1", None}


def test_a_parent_out_of_scope_is_not_found(database: Engine) -> None:
    client = opened(database, Author={"rules": Rules(scope=lambda author: author.id != 1)})

    response = client.get("/api/authors/1/books", headers={"Accept": CSV})

    assert (response.status_code, response.mimetype) == (404, JSONAPI)


@pytest.mark.parametrize("readable", [["title", "tags"], lambda: ["title", "tags"]])
def test_unreadable_fields_are_not_exported(sqlite: Engine, readable: Any) -> None:
    client = opened(sqlite, Book={"rules": Rules(readable=readable)})

    assert set(lines(client, "/api/books")[0]) == {"id", "title"}
    assert client.get("/api/books", headers={"Accept": CSV}).text.startswith("id,title\r\n")
    assert client.get("/api/books?sort=price", headers={"Accept": CSV}).status_code == 400


def test_who_may_not_read_exports_nothing(sqlite: Engine) -> None:
    client = opened(sqlite, Book={"rules": Rules(authorize=lambda action: action != "read")})

    for path in ("/api/books", "/api/authors/1/books"):
        response = client.get(path, headers={"Accept": CSV})
        assert (response.status_code, response.mimetype) == (403, JSONAPI)


def test_hooks_see_exports(database: Engine) -> None:
    """The statement runs after the hooks, so that theirs do not disturb it; a veto is a document."""
    seen: list[str] = []

    def before(operation: Any) -> None:
        seen.append(f"before {operation.streamed}")

    def after(_operation: Any, outcome: Any) -> None:
        seen.append(type(outcome).__name__)
        if len(seen) > 2:
            raise ProcessingException(detail="enough", status=403)

    client = opened(database, Book={"hooks": Hooks(before=before, after=after)})

    event.listen(database, "before_cursor_execute", lambda *_: seen.append("statement"), once=True)
    assert lines(client, "/api/books?fields[books]=title")
    assert seen == ["before True", "Streamed", "statement"]
    assert client.get("/api/books", headers={"Accept": CSV}).status_code == 403


# ---------------------------------------------------------------- the classic protocol


@pytest.fixture
def classic(database: Engine) -> CheckedClient:
    Base.metadata.create_all(database)
    session = sessionmaker(database)
    with session.begin() as filling:
        populate(filling, small=True)
    app = Flask("classic")
    manager = APIManager(app, session=session, protocol="classic")
    for model in (Author, Book, Publisher, Tag):
        manager.create_api(model, exports=True)
    return checked_client(app)


def search(**members: Any) -> dict[str, str]:
    return {"q": json.dumps(members)}


def test_a_classic_search_is_exported_whole(classic: CheckedClient, database: Engine) -> None:
    q = search(filters=[{"name": "in_print", "op": "eq", "val": True}], order_by=[{"field": "title"}])
    listed = classic.get("/api/books", query_string={**q, "results_per_page": "100"})

    with counted(database) as statements:
        found = classic.get("/api/books", query_string=q, headers={"Accept": NDJSON})

    assert found.mimetype == NDJSON
    objects = [json.loads(line) for line in found.text.splitlines()]
    assert len(objects) == listed.json["num_results"] > 0
    for one, other in zip(objects, listed.json["objects"], strict=True):
        assert {name: one[name] for name in ("id", "title", "price")} == {
            name: other[name] for name in ("id", "title", "price")
        }
    assert len(statements) == 2  # as above
    assert "Accept" in listed.headers["Vary"]


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ({"results_per_page": "2"}, 2),
        ({"results_per_page": "2", "page": "2"}, 2),
        (search(limit=3), 3),
        ({}, 13),
    ],
)
def test_a_part_of_a_classic_list(classic: CheckedClient, query: dict[str, str], number: int) -> None:
    found = classic.get("/api/books", query_string=query, headers={"Accept": CSV})

    assert len(found.text.splitlines()) == number + 1


def test_classic_errors_are_classic(classic: CheckedClient) -> None:
    found = classic.get("/api/books", query_string=search(filters=[{"name": "x"}]), headers={"Accept": CSV})

    assert (found.status_code, found.mimetype) == (400, "application/json")
    assert "message" in found.json
