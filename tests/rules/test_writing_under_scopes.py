"""Writes under a scope: invisible rows cannot be changed, linked or replaced, and no write leads out of sight."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from flask import request
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from conftest import JSONAPI, Shop
from flask_restless import Rules
from flask_restless.demo.models import (
    Book,
    Category,
    Country,
    Cover,
    Customer,
    LoyaltyCard,
    Order,
    Publisher,
    Review,
    Tag,
)
from ruled import serve

ATOMIC = f'{JSONAPI};ext="https://jsonapi.org/ext/atomic"'


Filled = tuple[Engine, sessionmaker[Session]]


def _served(filled: Filled, rules: Mapping[type, Rules]) -> Shop:
    return serve(*filled, {model: {"rules": one} for model, one in rules.items()})


@pytest.fixture
def ruled(filled: Filled) -> Shop:
    """Publishers founded before 1900 and tags with even ids are there; books only in such publishers or in none."""
    rules = {
        Publisher: Rules(scope=lambda Publisher: Publisher.id <= int(request.headers.get("X-Top", "2"))),
        Book: Rules(scope=lambda Book: Book.publisher_id.is_(None) | (Book.publisher_id <= 2)),
        Tag: Rules(scope=lambda Tag: Tag.id % 2 == 0),
        Country: Rules(scope=lambda Country: Country.code != "DE"),
    }
    return _served(filled, rules)


def _ids(shop: Shop, model: Any, *conditions: Any) -> list[Any]:
    with shop.session() as session:
        return list(session.scalars(select(model.id).where(*conditions).order_by(model.id)))


def _linkage(kind: str, *ids: object) -> list[dict[str, str]]:
    return [{"type": kind, "id": str(one)} for one in ids]


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_an_invisible_row_is_missing_to_a_write(ruled: Shop, method: str) -> None:
    """T06: byte for byte the answer for an id that no row has."""
    answers = []
    for id_ in ("3", "777"):
        document = {"data": {"type": "publishers", "id": id_, "attributes": {"website": "https://x.example"}}}
        answer = ruled.client.send(method, f"/api/publishers/{id_}", document if method == "PATCH" else None)
        answers.append((answer.status_code, answer.text.replace(f'\\"{id_}\\"', "ID")))

    assert answers[0] == answers[1]
    assert answers[0][0] == 404


@pytest.mark.parametrize(
    ("method", "path", "data"),
    [
        ("PATCH", "/api/books/{book}/relationships/publisher", {"type": "publishers", "id": "3"}),
        ("POST", "/api/books/{book}/relationships/tags", _linkage("tags", 1)),
        ("PATCH", "/api/books/{book}/relationships/tags", _linkage("tags", 1)),
        ("POST", "/api/publishers/3/relationships/books", []),
    ],
    ids=["to-one", "add", "replace", "owner"],
)
def test_invisible_targets_cannot_be_linked(ruled: Shop, method: str, path: str, data: Any) -> None:
    """T05: an invisible target, or owner, is 404."""
    (book, *_) = _ids(ruled, Book, Book.publisher_id == 1)

    answer = ruled.client.send(method, path.format(book=book), {"data": data})

    assert answer.status_code == 404


def test_a_write_does_not_lead_out_of_sight(ruled: Shop) -> None:
    """A row that its scope would hide afterwards is refused with 403, and nothing is stored."""
    (book, *_) = _ids(ruled, Book, Book.publisher_id == 2)
    path = f"/api/books/{book}"
    link = {"data": {"type": "publishers", "id": "3"}}
    moved = {"type": "books", "id": str(book), "relationships": {"publisher": link}}
    headers = {"X-Top": "9"}

    by_patch = ruled.client.send("PATCH", path, {"data": moved}, headers=headers)
    by_link = ruled.client.send("PATCH", f"{path}/relationships/publisher", link, headers=headers)
    atomic = {"atomic:operations": [{"op": "update", "ref": {**moved, "relationship": "publisher"}, **link}]}
    atomic["atomic:operations"][0]["ref"].pop("relationships")
    by_batch = ruled.client.post("/api/operations", data=json.dumps(atomic), content_type=ATOMIC, headers=headers)

    assert [one.status_code for one in (by_patch, by_link, by_batch)] == [403, 403, 403]
    assert by_patch.json["errors"][0]["source"] == {"pointer": "/data"}
    assert _ids(ruled, Book, Book.id == book, Book.publisher_id == 2) == [book]


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/3/relationships/books"), ("PATCH", "/3/relationships/books"), ("PATCH", "/3"), ("POST", "")],
    ids=["add", "replace", "update", "create"],
)
def test_a_member_is_not_given_away(ruled: Shop, method: str, path: str) -> None:
    """Nor does a row leave its scope by the other side of its relationship: 403, alone and in a batch."""
    (book, *_) = _ids(ruled, Book, Book.publisher_id == 2)
    linkage = {"data": _linkage("books", book)}
    resource = {"type": "publishers", "relationships": {"books": linkage}}
    resource |= {"id": "3"} if path else {"attributes": {"name": "New", "founded": 1999}}
    headers = {"X-Top": "9999"}
    document = linkage if path.endswith("books") else {"data": resource}
    ref = {"type": "publishers", "id": "3", "relationship": "books"}
    one = {"op": "add", "ref": ref, **linkage} if path.endswith("books") else {"op": "update", **document}

    alone = ruled.client.send(method, f"/api/publishers{path}", document, headers=headers)
    batch = {"atomic:operations": [one if path else {"op": "add", **document}]}
    together = ruled.client.post("/api/operations", data=json.dumps(batch), content_type=ATOMIC, headers=headers)

    assert (alone.status_code, together.status_code) == (403, 403), alone.text
    assert "books" in alone.json["errors"][0]["detail"]
    assert _ids(ruled, Book, Book.id == book, Book.publisher_id == 2) == [book]


def test_a_member_is_not_let_go_out_of_sight(filled: Filled) -> None:
    """A member that could be seen only as a member is not taken out; one that is deleted along may go."""
    with filled[1]() as session:
        (book,) = session.scalars(select(Book.id).where(Book.publisher_id == 1).limit(1))
        card = session.scalar(select(LoyaltyCard.customer_id).order_by(LoyaltyCard.customer_id))
    rules = {
        Book: Rules(scope=lambda Book: Book.publisher_id == 1),
        LoyaltyCard: Rules(scope=lambda LoyaltyCard: LoyaltyCard.customer_id == card),
    }
    shop = _served(filled, rules)

    removed = shop.client.send("DELETE", "/api/publishers/1/relationships/books", {"data": _linkage("books", book)})
    replaced = shop.client.send("PATCH", "/api/publishers/1/relationships/books", {"data": []})
    deleted = shop.client.send("PATCH", f"/api/customers/{card}/relationships/loyalty_card", {"data": None})

    assert [one.status_code for one in (removed, replaced, deleted)] == [403, 403, 204]
    assert _ids(shop, Book, Book.id == book, Book.publisher_id == 1) == [book]
    assert shop.get(f"/api/customers/{card}/loyalty_card").json["data"] is None


def test_a_member_of_a_write_only_collection_is_not_given_away(filled: Filled) -> None:
    """The same where the collection is never loaded."""
    with filled[1]() as session:
        order, mine = session.execute(select(Order.id, Order.customer_id).order_by(Order.id)).first()
        other = session.scalar(select(Customer.id).where(Customer.id != mine))
    shop = _served(filled, {Order: Rules(scope=lambda Order: Order.customer_id == mine)})

    answer = shop.client.send(
        "POST", f"/api/customers/{other}/relationships/orders", {"data": _linkage("orders", order)}
    )

    assert answer.status_code == 403
    with filled[1]() as session:
        assert session.get(Order, order).customer_id == mine


def test_a_row_out_of_sight_is_not_created(ruled: Shop) -> None:
    """POST of a row outside the scope: 403, alone and in a batch of several, and nothing is stored."""
    link = {"publisher": {"data": {"type": "publishers", "id": "3"}}}
    data = {"type": "books", "attributes": {"title": "Elsewhere", "price": "1.00"}, "relationships": link}
    seen = {"type": "books", "attributes": {"title": "Here", "price": "1.00"}}
    batch = {"atomic:operations": [{"op": "add", "data": one} for one in (seen, data)]}
    headers = {"X-Top": "9"}

    alone = ruled.client.send("POST", "/api/books", {"data": data}, headers=headers)
    together = ruled.client.post("/api/operations", data=json.dumps(batch), content_type=ATOMIC, headers=headers)

    assert (alone.status_code, together.status_code) == (403, 403)
    assert together.json["errors"][0]["source"] == {"pointer": "/atomic:operations/1/data"}
    assert _ids(ruled, Book, Book.title.in_(["Elsewhere", "Here"])) == []


def test_a_taken_invisible_id_is_a_conflict_where_clients_choose_ids(ruled: Shop) -> None:
    """T06: 409 only if client ids are on; elsewhere the id is refused before anything is looked up."""
    chosen = {"type": "countries", "id": "DE", "attributes": {"name": "Other", "currency": "EUR"}}

    assert ruled.get("/api/countries/DE").status_code == 404
    assert ruled.client.send("POST", "/api/countries", {"data": chosen}).status_code == 409
    made = {"type": "tags", "id": "1", "attributes": {"name": "other"}}
    assert ruled.client.send("POST", "/api/tags", {"data": made}).status_code == 403


def test_replacing_members_keeps_those_that_the_caller_does_not_see(ruled: Shop) -> None:
    """T05: a client cannot take away what is not there for it."""
    with ruled.session.begin() as session:
        book = session.scalars(select(Book).where(Book.publisher_id == 1)).first()
        book.tags = list(session.scalars(select(Tag).where(Tag.id.in_([1, 2, 3, 4]))))
        id_ = book.id

    answer = ruled.client.send("PATCH", f"/api/books/{id_}/relationships/tags", {"data": _linkage("tags", 4, 6)})

    assert answer.status_code == 204
    assert _ids(ruled, Tag, Tag.books.any(Book.id == id_)) == [1, 3, 4, 6]


def test_an_invisible_related_row_is_not_cut_off(filled: Filled) -> None:
    """A one-to-one row that would go with its owner's reference: nothing is deleted that the caller does not see."""
    shop = _served(filled, {Cover: Rules(scope=lambda Cover: Cover.book_id < 0)})
    with filled[1]() as session:
        book = session.scalar(select(Cover.book_id))

    answer = shop.client.send("PATCH", f"/api/books/{book}/relationships/cover", {"data": None})

    assert answer.status_code == 403
    with filled[1]() as session:
        assert session.get(Cover, book) is not None


def test_a_batch_changes_no_invisible_row(ruled: Shop) -> None:
    """T05 in atomic operations: all or nothing, and the answer points at the operation."""
    change = {"type": "tags", "id": "2", "attributes": {"name": "second"}}
    hidden = {"type": "tags", "id": "3", "attributes": {"name": "third"}}
    batch = {"atomic:operations": [{"op": "update", "data": one} for one in (change, hidden)]}

    answer = ruled.client.post("/api/operations", data=json.dumps(batch), content_type=ATOMIC)

    assert answer.status_code == 404
    with ruled.session() as session:
        assert session.scalar(select(func.count()).where(Tag.name.in_(["second", "third"]))) == 0


def test_a_polymorphic_row_obeys_the_scope_of_its_own_type_too(filled: Filled) -> None:
    """Rows shown as a subtype, and rows of a subtype's own API, obey both scopes."""
    from flask_restless.demo.models import Person

    with_both = {
        Person: Rules(scope=lambda Person: Person.id != 1),
        Customer: Rules(scope=lambda Customer: Customer.email == request.headers["X-Email"]),
    }
    shop = _served(filled, with_both)

    with shop.session() as session:
        id_, email = session.execute(select(Customer.id, Customer.email).where(Customer.id != 1)).first()
    headers = {"X-Email": email}

    people = {(one["type"], one["id"]) for one in shop.get("/api/people", headers=headers).json["data"]}

    assert {one for kind, one in people if kind == "customers"} == {str(id_)}
    assert "1" not in {one for _, one in people}
    assert len(people) > 1
    assert [one["id"] for one in shop.get("/api/customers", headers=headers).json["data"]] == [str(id_)]


def test_scopes_of_any_shape(filled: Filled) -> None:
    """True and None hide nothing, False everything; literals, empty lists and subqueries are understood."""
    shapes = {
        "true": lambda Tag: True,
        "none": lambda Tag: None,
        "false": lambda Tag: False,
        "empty": lambda Tag: Tag.id.in_([]),
        "not-empty": lambda Tag: Tag.id.not_in([]),
        "subquery": lambda Tag: Tag.id.in_(select(func.min(Review.rating))),
        "exists": lambda Tag: Tag.books.any(Book.category.has(Category.id > 0)),
        "twice": lambda Tag: (Tag.id > 1) & (Tag.id < 3) | (Tag.id == 5),
    }
    rules = {Tag: Rules(scope=lambda Tag: shapes[request.headers["X-Shape"]](Tag))}
    shop = _served(filled, rules)
    everything = set(_ids(shop, Tag))

    for name, shape in shapes.items():
        condition = shape(Tag)
        if condition is True or condition is None:
            expected = everything
        else:
            expected = set() if condition is False else set(_ids(shop, Tag, condition))
        for _ in range(2):
            listed = shop.get("/api/tags?page[size]=100", headers={"X-Shape": name}).json
            assert {int(one["id"]) for one in listed["data"]} == expected, name
            assert listed["meta"]["total"] == len(expected), name
