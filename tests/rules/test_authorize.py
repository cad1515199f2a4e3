"""The rule `authorize`: asked before any statement, for every resource that an operation reads, writes or crosses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import abort
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from conftest import JSONAPI, Shop, fresh_database
from flask_restless import ProcessingException, Rules
from flask_restless.demo.models import Author, Book, Customer, Person, Publisher
from flask_restless.operations.operation import Create, Fetch, Update
from ruled import fill, serve

ATOMIC = f'{JSONAPI};ext="https://jsonapi.org/ext/atomic"'


@pytest.fixture(scope="module")
def sqlite() -> Iterator[Engine]:
    with fresh_database("sqlite") as engine:
        yield engine


@pytest.fixture(scope="module")
def session(sqlite: Engine) -> sessionmaker[Session]:
    return fill(sqlite)


def _but(*refused: str) -> Rules:
    return Rules(authorize=lambda action: action not in refused)


@pytest.mark.parametrize(
    ("action", "method", "path", "data"),
    [
        ("read", "GET", "/api/publishers", None),
        ("read", "GET", "/api/publishers/1", None),
        ("read", "GET", "/api/publishers/777", None),
        ("read", "GET", "/api/publishers/1/books", None),
        ("read", "GET", "/api/books/1/publisher", None),
        ("read", "GET", "/api/books/1/relationships/publisher", None),
        ("read", "GET", "/api/books?include=publisher", None),
        ("read", "GET", "/api/authors?include=books.publisher", None),
        ("read", "GET", "/api/books?sort=publisher.name", None),
        ("read", "GET", "/api/books?filter[publisher.name]=x", None),
        ("read", "GET", "/api/authors?filter[books.publisher.name]=x", None),
        ("read", "GET", '/api/countries?filter[objects]=[{"count":"publishers","op":"gt","val":1}]', None),
        ("read", "PATCH", "/api/books/1/relationships/publisher", {"type": "publishers", "id": "1"}),
        ("read", "PATCH", "/api/books/1?include=publisher", {"type": "books", "id": "1"}),
        ("create", "POST", "/api/publishers", {"type": "publishers", "attributes": {"name": "x"}}),
        ("update", "PATCH", "/api/publishers/1", {"type": "publishers", "id": "1", "attributes": {"name": "x"}}),
        ("update", "PATCH", "/api/publishers/777", {"type": "publishers", "id": "777"}),
        ("delete", "DELETE", "/api/publishers/1", None),
        ("relate", "POST", "/api/publishers/1/relationships/books", [{"type": "books", "id": "1"}]),
    ],
)
def test_what_is_refused_is_403_before_any_statement(
    sqlite: Engine, session: sessionmaker[Session], action: str, method: str, path: str, data: Any
) -> None:
    """Feature 1, OWASP 5: on every path that reads or writes the resource, whether the row is there or not."""
    shop = serve(sqlite, session, {Publisher: {"rules": _but(action)}})

    with shop.counted() as statements:
        answer = shop.client.open(path, method=method, **_body(data))

    assert answer.status_code == 403, answer.text
    assert f"you may not {action} publishers" in answer.text
    assert not statements.texts


def _body(data: Any) -> dict[str, Any]:
    return {} if data is None else {"data": json.dumps({"data": data}), "content_type": JSONAPI}


def test_linkage_and_default_includes_fall_away(sqlite: Engine, session: sessionmaker[Session]) -> None:
    """What the client did not ask for is not sent, in place of a refusal."""
    options = {
        Publisher: {"rules": _but("read")},
        Book: {"includes": ["publisher", "authors"], "linkage": "always"},
    }
    shop = serve(sqlite, session, options)

    for path in ("/api/books", "/api/authors/1/books"):
        document = shop.get(path).json

        assert {one["type"] for one in document["included"]} == {"authors"}
        assert all("publisher" not in one["relationships"] for one in document["data"])
    assert "publishers" not in shop.get("/api/books").text


def test_the_answer_to_a_write_tells_only_what_may_be_read(sqlite: Engine, session: sessionmaker[Session]) -> None:
    shop = serve(sqlite, session, {Publisher: {"rules": _but("read")}})
    change = {"data": {"type": "publishers", "id": "1", "attributes": {"website": "https://x.example"}}}

    answer = shop.client.send("PATCH", "/api/publishers/1", change)

    assert answer.status_code == 200
    assert set(answer.json["data"]) == {"type", "id", "links"}


def test_a_subtype_among_the_rows_has_to_be_readable(sqlite: Engine, session: sessionmaker[Session]) -> None:
    shop = serve(sqlite, session, {Customer: {"rules": _but("read")}})

    assert shop.get("/api/people").status_code == 403
    assert shop.get("/api/employees").status_code == 200
    assert Person.__subclasses__()


@pytest.mark.parametrize("refusal", [False, 0, "", []], ids=repr)
def test_whatever_is_false_refuses(sqlite: Engine, session: sessionmaker[Session], refusal: object) -> None:
    """`action == "read" or user.roles` refuses a user without roles."""
    shop = serve(sqlite, session, {Publisher: {"rules": Rules(authorize=lambda action: refusal)}})

    assert shop.get("/api/publishers").status_code == 403


@pytest.mark.parametrize("status", [401, 403, 409])
def test_a_rule_may_raise_its_own_answer(sqlite: Engine, session: sessionmaker[Session], status: int) -> None:
    """ProcessingException and werkzeug's abort both give their status; where it was not asked for, it falls away."""

    def refuse(action: str) -> None:
        raise ProcessingException(detail="log in", status=status)

    for rule in (refuse, lambda action: abort(status)):
        shop = serve(sqlite, session, {Publisher: {"rules": Rules(authorize=rule)}})

        assert shop.get("/api/publishers").status_code == status
        assert shop.get("/api/books?include=publisher").status_code == status
        assert shop.get("/api/books").status_code == 200


def test_the_rule_sees_the_operation(sqlite: Engine, session: sessionmaker[Session]) -> None:
    """Each write of a batch is asked about on its own, and one refusal refuses all."""
    seen: list[tuple[str, object]] = []

    def rule(action: str, operation: Any) -> bool:
        seen.append((action, type(operation)))
        return not (action == "create" and any(one.value == "bad" for one in operation.assignments))

    shop = serve(sqlite, session, {Author: {"rules": Rules(authorize=rule)}})
    good, bad = ({"type": "authors", "attributes": {"name": name}} for name in ("good", "bad"))
    change = {"op": "update", "data": {"type": "authors", "id": "1", "attributes": {"name": "other"}}}
    batch = {"atomic:operations": [{"op": "add", "data": good}, change, {"op": "add", "data": bad}]}

    with shop.counted() as statements:
        answer = shop.client.post("/api/operations", data=json.dumps(batch), content_type=ATOMIC)
    shop.get("/api/authors/1")

    assert answer.status_code == 403
    assert answer.json["errors"][0]["source"] == {"pointer": "/atomic:operations/2/data"}
    assert not [one for one in statements.texts if one.startswith(("INSERT", "UPDATE"))]
    assert ("create", Create) in seen
    assert ("update", Update) in seen
    assert ("read", Fetch) in seen


def test_nothing_is_asked_twice(sqlite: Engine, session: sessionmaker[Session]) -> None:
    asked: list[str] = []
    rules = Rules(authorize=lambda action: asked.append(action))
    shop: Shop = serve(sqlite, session, {Author: {"rules": rules}})

    answer = shop.get("/api/authors?include=books.authors&filter[books.authors.name]=x")

    assert answer.status_code == 200
    assert asked == ["read"]
