"""What is read and written over association objects, or a proxy of values, asks the rules of their own APIs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from conftest import JSONAPI, Shop
from flask_restless import Rules
from flask_restless.demo.models import Order, OrderLine, Tag
from ruled import PROTOCOLS, fill, serve

ATOMIC = f'{JSONAPI};ext="https://jsonapi.org/ext/atomic"'


CUSTOMER = "5"


@pytest.fixture
def session(sqlite: Engine) -> sessionmaker[Session]:
    return fill(sqlite)


def _serve(session: sessionmaker[Session], protocol: str = "jsonapi", **rules: Any) -> Shop:
    engine: Any = session.kw["bind"]
    return serve(engine, session, {OrderLine: {"rules": Rules(**rules)}}, protocol)


def _but(action: str) -> Callable[[str], bool]:
    return lambda asked: asked != action


def _order(session: sessionmaker[Session], *conditions: Any) -> tuple[int, int, int]:
    """Give an order that has lines, a book of one of them, and a book of none."""
    with session() as work:
        order, book = work.execute(select(OrderLine.order_id, OrderLine.book_id).where(*conditions)).first()
        inside = select(OrderLine.book_id).where(OrderLine.order_id == order)
        other = work.scalar(select(OrderLine.book_id).where(OrderLine.book_id.not_in(inside)))
    return order, book, other


def _lines(session: sessionmaker[Session], order: int) -> set[int]:
    with session() as work:
        return set(work.scalars(select(OrderLine.book_id).where(OrderLine.order_id == order)))


def _books(*ids: int) -> list[dict[str, str]]:
    return [{"type": "books", "id": str(one)} for one in ids]


def _writes(order: int, book: int, other: int) -> list[tuple[frozenset[str], str, str, Any]]:
    """Give JSON:API writes over `Order.books`, each with what it does to order lines."""
    path, link = f"/api/orders/{order}", f"/api/orders/{order}/relationships/books"
    customer = {"data": {"type": "customers", "id": CUSTOMER}}
    new = {"type": "orders", "relationships": {"books": {"data": _books(other)}, "customer": customer}}
    change = {"type": "orders", "id": str(order), "relationships": {"books": {"data": _books(other)}}}
    ref = {"type": "orders", "id": str(order), "relationship": "books"}
    added = {"op": "add", "ref": ref, "data": _books(other)}
    return [
        (frozenset({"create"}), "POST", link, {"data": _books(other)}),
        (frozenset({"delete"}), "DELETE", link, {"data": _books(book)}),
        (frozenset({"create", "delete"}), "PATCH", link, {"data": _books(other)}),
        (frozenset({"create", "delete"}), "PATCH", path, {"data": change}),
        (frozenset({"create"}), "POST", "/api/orders", {"data": new}),
        (frozenset({"create"}), "POST", "/api/operations", {"atomic:operations": [added]}),
    ]


def _classic_writes(order: int, book: int, other: int) -> list[tuple[frozenset[str], str, str, Any]]:
    path = f"/api/orders/{order}"
    return [
        (frozenset({"create"}), "PATCH", path, {"books": {"add": [{"id": other}]}}),
        (frozenset({"delete"}), "PATCH", path, {"books": {"remove": [{"id": book}]}}),
        (frozenset({"delete"}), "DELETE", f"{path}/books/{book}", None),
        (frozenset({"create", "delete"}), "PATCH", path, {"books": [{"id": other}]}),
        (frozenset({"create"}), "POST", "/api/orders", {"books": [{"id": other}], "customer": {"id": int(CUSTOMER)}}),
    ]


WRITES = {"jsonapi": _writes, "classic": _classic_writes}


def _sent(shop: Shop, method: str, path: str, document: Any) -> Any:
    if document is None:
        return shop.client.open(path, method=method)
    type_ = {"content_type": ATOMIC} if path == "/api/operations" else {}
    return shop.client.send(method, path, document, **type_)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("refused", ["create", "delete", "read"])
def test_a_write_asks_what_becomes_of_association_objects(
    session: sessionmaker[Session], refused: str, protocol: str
) -> None:
    """Issue 5: `create` for those that come, `delete` for those that go, `read` to cross them; before any statement."""
    order, book, other = _order(session)
    shop = _serve(session, protocol, authorize=_but(refused))
    for needed, method, path, document in WRITES[protocol](order, book, other):
        with shop.counted() as statements:
            answer = _sent(shop, method, path, document)

        is_refused = refused in needed or refused == "read"
        assert (answer.status_code == 403) is is_refused, (path, answer.text)
        assert f"you may not {refused} order_lines" in answer.text or not is_refused
        assert not (is_refused and statements.texts)


def test_an_unreadable_association_is_not_crossed(session: sessionmaker[Session]) -> None:
    """What is named is refused; linkage and objects inside others fall away."""
    order, *_ = _order(session)
    shop = _serve(session, authorize=_but("read"))
    classic = _serve(session, "classic", authorize=_but("read"))

    for path in ("/api/orders?include=books", f"/api/orders/{order}/books", "/api/orders?filter[books.title]=x"):
        assert shop.get(path).status_code == 403
    assert "books" not in shop.get(f"/api/orders/{order}").json["data"]["relationships"]
    assert "books" not in classic.get(f"/api/orders/{order}").json


@pytest.mark.parametrize("readable", [["order", "quantity"], lambda: ["order", "quantity"]], ids=["static", "dynamic"])
def test_what_an_association_hides_is_not_reached_over_it(session: sessionmaker[Session], readable: Any) -> None:
    order, *_ = _order(session)
    shop = _serve(session, readable=readable)

    assert "books" not in shop.get(f"/api/orders/{order}").json["data"]["relationships"]
    assert shop.get(f"/api/orders/{order}/books").status_code == 404
    assert shop.get("/api/orders?include=books").status_code == 400
    assert "books" in _serve(session).get(f"/api/orders/{order}").json["data"]["relationships"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_invisible_associations_stay(session: sessionmaker[Session], protocol: str) -> None:
    """T05: neither replacing nor removing takes away a member whose association is not there for the caller."""
    order, book, other = _order(session, OrderLine.quantity > 1)
    shop = _serve(session, protocol, scope=lambda line: line.quantity < 2)
    before = _lines(session, order)

    for _, method, path, document in WRITES[protocol](order, book, other):
        answer = _sent(shop, method, path, document)

        assert answer.status_code < 500
        assert book in _lines(session, order), path
    assert other in _lines(session, order)
    assert before - {book} <= before


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_no_association_is_made_out_of_sight(session: sessionmaker[Session], protocol: str) -> None:
    """A new association that its own scope hides: 403, and nothing is stored."""
    order, book, other = _order(session)
    shop = _serve(session, protocol, scope=lambda line: line.quantity != 1)
    with session() as work:
        before = work.scalar(select(func.count()).select_from(OrderLine)), work.scalar(select(func.count(Order.id)))

    for needed, method, path, document in WRITES[protocol](order, book, other):
        if "create" in needed:
            assert _sent(shop, method, path, document).status_code == 403, path
    with session() as work:
        after = work.scalar(select(func.count()).select_from(OrderLine)), work.scalar(select(func.count(Order.id)))
    assert after == before


@pytest.mark.parametrize("refused", ["read", "create", "delete"])
def test_a_proxy_of_values_asks_the_rules_of_what_it_draws_on(session: sessionmaker[Session], refused: str) -> None:
    """Its values are rows of another API: not told to who may not read them, not made by who may not create them."""
    engine: Any = session.kw["bind"]
    rules = {Tag: {"rules": Rules(authorize=_but(refused))}}
    classic, plain = serve(engine, session, rules, "classic"), serve(engine, session, rules)

    answers = [classic.client.send("PATCH", "/api/books/1", {"tag_names": ["never told"]})]
    answers.append(classic.client.send("POST", "/api/books", {"title": "x", "price": "1", "tag_names": ["never told"]}))
    answers.append(classic.client.send("PATCH", "/api/authors/1", {"books": [{"id": 1, "tag_names": ["never told"]}]}))

    assert [one.status_code for one in answers] == [403, 403, 403]
    for shop in (classic, plain):
        assert ("tag_names" in shop.get("/api/books/1").text) is (refused != "read")
        assert ("tag_names" in shop.get("/api/books").text) is (refused != "read")
    with session() as work:
        assert work.scalar(select(func.count()).where(Tag.name == "never told")) == 0
