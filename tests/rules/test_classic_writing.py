"""Writes over the classic protocol under rules: invisible rows are neither changed, linked, removed nor told apart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from conftest import Shop, fresh_database
from flask_restless import Rules
from flask_restless.demo.models import Book, LoyaltyCard, Publisher, Tag
from readings import parameter
from ruled import fill, serve

Filled = tuple[Engine, sessionmaker[Session]]

LAST = 2
"""The greatest id of a visible publisher; books are visible in such a one, or in none; tags with even ids."""


@pytest.fixture
def ruled(filled: Filled) -> Shop:
    rules = {
        Publisher: Rules(scope=lambda Publisher: Publisher.id <= LAST),
        Book: Rules(scope=lambda Book: Book.publisher_id.is_(None) | (Book.publisher_id <= LAST)),
        Tag: Rules(scope=lambda Tag: Tag.id % 2 == 0),
    }
    return serve(*filled, {model: {"rules": one} for model, one in rules.items()}, "classic")


def _ids(shop: Shop, model: Any, *conditions: Any) -> list[int]:
    with shop.session() as session:
        return list(session.scalars(select(model.id).where(*conditions).order_by(model.id)))


def _state(shop: Shop) -> list[Any]:
    with shop.session() as session:
        tables = (Book.__table__, Publisher.__table__, Tag.__table__, Book.tags.property.secondary)
        return [sorted(map(str, session.execute(select(one)).all())) for one in tables]


def _writes(seen: int) -> list[tuple[str, str, Any]]:
    """Give writes that name an invisible row (in capitals) in each way there is; `seen` is a visible book."""
    book = f"/api/books/{seen}"
    by_id = {"filters": [{"name": "id", "op": "eq", "val": "PUBLISHER"}]}
    return [
        ("PATCH", "/api/publishers/PUBLISHER", {"website": "x"}),
        ("PUT", "/api/publishers/PUBLISHER", {"website": "x"}),
        ("DELETE", "/api/publishers/PUBLISHER", None),
        ("PATCH", "/api/publishers/PUBLISHER/books", {"website": "x"}),
        ("DELETE", f"/api/publishers/PUBLISHER/books/{seen}", None),
        ("DELETE", f"{book}/tags/TAG", None),
        ("PATCH", book, {"publisher": {"id": "PUBLISHER"}}),
        ("PATCH", book, {"publisher": {"id": "PUBLISHER", "website": "x"}}),
        ("PATCH", book, {"tags": [{"id": "TAG"}]}),
        ("PATCH", book, {"tags": {"add": [{"id": "TAG"}]}}),
        ("PATCH", book, {"tags": [{"id": "TAG", "name": "x"}]}),
        ("PATCH", "/api/publishers/1", {"books": {"add": [{"id": "BOOK"}]}}),
        ("POST", "/api/books", {"title": "x", "price": "1", "tags": [{"id": "TAG"}]}),
        ("PATCH", "/api/publishers", {"website": "x", "q": by_id}),
        ("DELETE", "/api/publishers?" + parameter("q", by_id), None),
    ]


def _filled_in(asked: tuple[str, str, Any], rows: dict[str, int]) -> tuple[str, str, Any]:
    method, path, document = asked
    text = json.dumps(document)
    for name, id_ in rows.items():
        path, text = (
            path.replace(f"%22{name}%22", str(id_)).replace(name, str(id_)),
            text.replace(f'"{name}"', str(id_)),
        )
    return method, path, json.loads(text)


def test_an_invisible_row_is_missing_to_every_write(ruled: Shop) -> None:
    """T05, T06: byte for byte the answer for a row that is not there, and nothing is stored."""
    (seen, *_) = _ids(ruled, Book, Book.publisher_id == LAST)
    hidden = {
        "PUBLISHER": LAST + 1,
        "TAG": 3,
        "BOOK": _ids(ruled, Book, Book.publisher_id > LAST)[0],
    }
    missing = {"PUBLISHER": 77777, "TAG": 77777, "BOOK": 77777}
    for asked in _writes(seen):
        before, answers = _state(ruled), []
        for rows in (hidden, missing):
            method, path, document = _filled_in(asked, rows)
            if document is None:
                answer = ruled.client.open(path, method=method)
            else:
                answer = ruled.client.send(method, path, document)
            text = answer.text
            for id_ in sorted(rows.values(), reverse=True):
                text = text.replace(f'\\"{id_}\\"', "ID")
            answers.append((answer.status_code, text))
            assert _state(ruled)[1:] == before[1:] or answer.status_code == 201, asked
        assert answers[0] == answers[1], asked


def test_replacing_members_keeps_the_invisible_ones(ruled: Shop) -> None:
    (book, *_) = _ids(ruled, Book, Book.publisher_id == 1)
    with ruled.session.begin() as session:
        session.get(Book, book).tags = list(session.scalars(select(Tag).where(Tag.id.in_([1, 2, 3, 4]))))

    replaced = ruled.client.send("PATCH", f"/api/books/{book}", {"tags": [{"id": 4}, {"id": 6}]})

    assert replaced.status_code == 200
    assert [one["id"] for one in replaced.json["tags"]] == [4, 6]
    assert _ids(ruled, Tag, Tag.books.any(Book.id == book)) == [1, 3, 4, 6]
    for change in ({"tags": {"remove": [{"id": 3}]}}, {"tags": {"remove": [{"id": 1, "__delete__": True}]}}):
        ruled.client.send("PATCH", f"/api/books/{book}", change)
    assert _ids(ruled, Tag, Tag.books.any(Book.id == book)) == [1, 3, 4, 6]


@pytest.mark.parametrize("to", ["key", "relation"])
def test_no_write_leads_out_of_sight(filled: Filled, to: str) -> None:
    """A row that its scope would hide afterwards: 403, for one, for many, for new and for nested ones."""
    rules = Rules(scope=lambda Book: Book.publisher_id.is_(None) | (Book.publisher_id <= LAST))
    shop = serve(*filled, {Book: {"rules": rules, "allow_foreign_key_writes": True}}, "classic")
    (book, *_) = _ids(shop, Book, Book.publisher_id == LAST)
    away = {"publisher_id": LAST + 1} if to == "key" else {"publisher": {"id": LAST + 1}}
    many = {"filters": [{"name": "id", "op": "eq", "val": book}]}
    before = _state(shop)

    answers = [
        shop.client.send("PATCH", f"/api/books/{book}", away),
        shop.client.send("POST", "/api/books", {"title": "x", "price": "1", **away}),
        shop.client.send("PATCH", "/api/books", {**away, "q": many}),
        shop.client.send("PATCH", "/api/authors/1", {"books": {"add": [{"id": book, **away}]}}),
        shop.client.send("POST", "/api/authors", {"name": "x", "books": [{"title": "x", "price": "1", **away}]}),
    ]

    assert [one.status_code for one in answers] == [403] * 5
    assert _state(shop) == before


def test_an_invisible_row_is_not_put_out_of_its_place(filled: Filled) -> None:
    """T05: the one card of a customer is not deleted by him who gives the customer another one and does not see it."""
    with filled[1]() as session:
        cards = select(LoyaltyCard.customer_id, LoyaltyCard.number).order_by(LoyaltyCard.customer_id).limit(2)
        (customer, hidden), (_, mine) = session.execute(cards).all()
    shop = serve(*filled, {LoyaltyCard: {"rules": Rules(scope=lambda Card: Card.number != hidden)}}, "classic")
    document = {"customer": {"id": customer, "email": "new@example.org"}}

    moved = shop.client.patch(f"/api/loyalty_cards/{mine}", json=document)
    added = shop.client.post("/api/loyalty_cards", json=document)

    assert (moved.status_code, added.status_code) == (403, 403), moved.text
    with filled[1]() as session:
        assert session.scalar(select(LoyaltyCard.number).where(LoyaltyCard.customer_id == customer)) == hidden


def test_writes_to_many_are_about_visible_rows(filled: Filled) -> None:
    """T05: what is not visible is neither changed, deleted nor counted."""
    rules = Rules(scope=lambda Book: Book.publisher_id == LAST)
    shop = serve(*filled, {Book: {"rules": rules}}, "classic")
    everything = {"filters": [{"name": "id", "op": "gt", "val": 0}]}
    visible = _ids(shop, Book, Book.publisher_id == LAST)

    changed = shop.client.send("PATCH", "/api/books", {"subtitle": "seen", "q": everything})

    assert changed.json["num_modified"] == len(visible)
    assert _ids(shop, Book, Book.subtitle == "seen") == visible


ONE = {"filters": [{"name": "id", "op": "eq", "val": 1}]}


@pytest.fixture(scope="module")
def kept() -> Iterator[Filled]:
    """A filled database that no test changes."""
    with fresh_database("sqlite") as engine:
        yield engine, fill(engine)


@pytest.mark.parametrize(
    ("action", "method", "path", "data"),
    [
        ("read", "GET", "/api/publishers", None),
        ("read", "GET", "/api/publishers/1", None),
        ("read", "GET", "/api/publishers/1/books", None),
        ("read", "GET", "/api/books/1/publisher", None),
        ("read", "GET", "/api/eval/publishers?q=" + '{"functions":[{"name":"count","field":"id"}]}', None),
        ("read", "GET", '/api/books?q={"order_by":[{"field":"publisher__name"}]}', None),
        ("read", "GET", '/api/books?q={"filters":[{"name":"publisher__name","op":"has","val":"x"}]}', None),
        ("read", "GET", '/api/eval/books?q={"filters":[{"name":"publisher__id","op":"has","val":1}]}', None),
        ("read", "PATCH", "/api/books/1", {"publisher": {"id": 1}}),
        ("read", "DELETE", '/api/books?q={"filters":[{"name":"publisher__name","op":"has","val":"x"}]}', None),
        ("create", "POST", "/api/publishers", {"name": "x"}),
        ("create", "PATCH", "/api/books/1", {"publisher": {"name": "x"}}),
        ("update", "PATCH", "/api/publishers/1", {"website": "x"}),
        ("update", "PATCH", "/api/publishers", {"website": "x", "q": ONE}),
        ("update", "PATCH", "/api/books/1", {"publisher": {"id": 1, "website": "x"}}),
        ("delete", "DELETE", "/api/publishers/1", None),
        ("delete", "DELETE", '/api/publishers?q={"filters":[{"name":"id","op":"eq","val":1}]}', None),
        ("delete", "PATCH", "/api/countries/DE", {"publishers": {"remove": [{"id": 1, "__delete__": True}]}}),
        ("relate", "DELETE", "/api/publishers/1/books/1", None),
    ],
)
def test_what_is_refused_is_403_before_any_statement(
    kept: Filled, action: str, method: str, path: str, data: Any
) -> None:
    """Feature 1: the rule `authorize` on every path of the classic protocol."""
    shop = serve(*kept, {Publisher: {"rules": Rules(authorize=lambda asked: asked != action)}}, "classic")

    with shop.counted() as statements:
        answer = shop.client.open(path, method=method) if data is None else shop.client.send(method, path, data)

    assert (answer.status_code, answer.json) == (403, {"message": f"you may not {action} publishers"})
    assert not statements.texts


def test_objects_inside_others_fall_away(filled: Filled) -> None:
    """What was not asked for is not sent, in place of a refusal."""
    shop = serve(*filled, {Publisher: {"rules": Rules(authorize=lambda action: action != "read")}}, "classic")

    assert all("publisher" not in one for one in shop.get("/api/books").json["objects"])
    assert "publishers" not in shop.get("/api/countries").json["objects"][0]
    changed = shop.client.send("PATCH", "/api/publishers/1", {"website": "https://x.example"})
    assert (changed.status_code, changed.json) == (200, {})
    with shop.session() as session:
        assert session.scalar(select(func.count()).where(Publisher.website == "https://x.example")) == 1
