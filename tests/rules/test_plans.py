"""Kept plans and scopes: callers whose scopes are of one shape share a plan, others never do, and no value is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import request
from sqlalchemy import Engine, Unicode, bindparam, literal, or_, select, type_coerce
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.types import TypeDecorator

from conftest import Shop, fresh_database
from flask_restless import Rules
from flask_restless.demo.models import Author, Book, Cover, Publisher, Review, Shelf, Tag
from ruled import fill, serve


@pytest.fixture(scope="module")
def filled() -> Iterator[tuple[Engine, sessionmaker[Session]]]:
    with fresh_database("sqlite") as engine:
        yield engine, fill(engine)


def _top() -> int:
    return int(request.headers["X-Top"])


def _listed(shop: Shop, top: int, path: str = "/api/publishers?page[size]=100") -> list[int]:
    return [int(one["id"]) for one in shop.get(path, headers={"X-Top": str(top)}).json["data"]]


def test_equal_shapes_share_a_plan(filled: tuple[Engine, sessionmaker[Session]]) -> None:
    """Values are parameters: the second caller's rows are its own."""
    shop = serve(*filled, {Publisher: {"rules": Rules(scope=lambda Publisher: Publisher.id <= _top())}})

    first, second = _listed(shop, 3), _listed(shop, 1)

    assert (first, second) == ([1, 2, 3], [1])
    assert (shop.manager.plan_cache.misses, shop.manager.plan_cache.hits) == (1, 1)


def test_different_shapes_never_share_a_plan(filled: tuple[Engine, sessionmaker[Session]]) -> None:
    shapes = {
        1: lambda Publisher: Publisher.id <= 1,
        2: lambda Publisher: Publisher.id >= 2,
        3: lambda Publisher: None,
        4: lambda Publisher: Publisher.id.in_([1, 3]),
        5: lambda Publisher: or_(Publisher.id == 1, Publisher.id == 2),
    }
    shop = serve(*filled, {Publisher: {"rules": Rules(scope=lambda Publisher: shapes[_top()](Publisher))}})
    expected = {1: [1], 2: [2, 3], 3: [1, 2, 3], 4: [1, 3], 5: [1, 2]}

    for _ in range(2):
        for top, ids in expected.items():
            assert [one for one in _listed(shop, top) if one <= 3] == ids

    assert (shop.manager.plan_cache.misses, shop.manager.plan_cache.hits) == (5, 5)


def test_lists_of_any_length_are_of_one_shape(filled: tuple[Engine, sessionmaker[Session]]) -> None:
    rules = Rules(scope=lambda Publisher: Publisher.id.in_(range(1, _top() + 1)))
    shop = serve(*filled, {Publisher: {"rules": rules}})

    assert [len(_listed(shop, top)) for top in (2, 0, 3)] == [2, 0, 3]
    assert shop.manager.plan_cache.misses == 1


def test_a_scope_is_asked_once_for_a_kept_plan(filled: tuple[Engine, sessionmaker[Session]]) -> None:
    """However many statements hold it: the rows, the included rows, an EXISTS and a sort."""
    asked: list[object] = []

    def scope(Book: Any) -> Any:
        asked.append(Book)
        return Book.id > 2

    shop = serve(*filled, {Book: {"rules": Rules(scope=scope)}})
    path = "/api/publishers?include=books.reviews.book&filter[books.title][isnull]=false"
    shop.get(path)
    asked.clear()

    shop.get(path)

    assert asked == [Book]


def test_statements_that_differ_in_the_names_of_parameters_only(filled: tuple[Engine, sessionmaker[Session]]) -> None:
    """The scope of reviews is the first of one request and the second of another: each takes its own values."""
    rules = {
        Cover: {"rules": Rules(scope=lambda Cover: Cover.book_id < 9999)},
        Review: {"rules": Rules(scope=lambda Review: Review.rating > 0)},
    }
    shop = serve(*filled, rules)
    with filled[1]() as session:
        review, book = session.execute(
            select(Review.id, Cover.book_id).join(Review.book).join(Book.cover).limit(1)
        ).one()

    paths = (f"/api/reviews/{review}/book?include=reviews", f"/api/covers/{book}/book?include=reviews")
    found = [shop.get(path).json for path in paths]

    assert [len(one["included"]) > 0 for one in found] == [True, True]
    assert found[0]["included"] == found[1]["included"]


def test_a_condition_of_the_table_that_is_joined_from(filled: tuple[Engine, sessionmaker[Session]]) -> None:
    """A scope that looks at all books of a shelf, where the shelves are joined to one book."""
    shop = serve(*filled, {Shelf: {"rules": Rules(scope=lambda Shelf: Shelf.books.any(Book.price > 20))}})
    unseen = Book.shelf.has(~Shelf.books.any(Book.price > 20))
    with filled[1].begin() as session:
        aisle, level = session.execute(select(Book.shelf_aisle, Book.shelf_level).where(Book.price > 20)).first()
        cheap = session.scalars(select(Book).where(Book.price <= 20).order_by(Book.id)).first()
        cheap.shelf_aisle, cheap.shelf_level = aisle, level
        aisles = {one.shelf and one.shelf.aisle for one in session.scalars(select(Book).where(~unseen))}

    grouped = shop.get("/api/books?groupBy=shelf.aisle&page[size]=100").json

    assert grouped["meta"]["total"] == len(aisles | {None})


def test_own_parameters_of_a_scope(filled: tuple[Engine, sessionmaker[Session]]) -> None:
    """Names that the application gives, also the planner's own ones, twice in one statement and in two scopes."""
    rules = {
        Tag: {"rules": Rules(scope=lambda Tag: (Tag.id <= bindparam("p0", _top())) & (Tag.id > literal(0)))},
        Book: {"rules": Rules(scope=lambda Book: Book.tags.any(Tag.id <= bindparam("s0_0", _top() + 1)))},
    }
    shop = serve(*filled, rules)

    found = [_listed(shop, top, "/api/tags?page[size]=100&filter[id][ge]=1&filter[books.id][ge]=1") for top in (2, 4)]

    with filled[1]() as session:
        books = [{book.id for book in session.get(Tag, one).books} for one in range(1, 5)]
        assert all(books[:2])
    assert found[0] == [1, 2]
    assert found[1] == [number for number, ids in enumerate(books, 1) if ids]


class Odd(TypeDecorator[str]):
    """A type that SQLAlchemy makes no cache key of."""

    impl = Unicode
    cache_ok = False


def test_a_scope_without_a_cache_key(filled: tuple[Engine, sessionmaker[Session]]) -> None:
    """Such a plan is made for the one request, and not kept."""
    rules = Rules(scope=lambda Author: type_coerce(Author.name, Odd()).like("%") & (Author.id <= _top()))
    shop = serve(*filled, {Author: {"rules": rules}})

    assert [_listed(shop, top, "/api/authors?page[size]=100") for top in (2, 1)] == [[1, 2], [1]]
    assert shop.manager.plan_cache.currsize == 0


def test_a_wrong_scope_is_a_defect(filled: tuple[Engine, sessionmaker[Session]]) -> None:
    """It never means "all rows"."""
    shop = serve(*filled, {Publisher: {"rules": Rules(scope=lambda Publisher: "id = 1")}})

    assert shop.get("/api/publishers").status_code == 500


def test_what_a_scope_raises_is_the_answer(filled: tuple[Engine, sessionmaker[Session]]) -> None:
    from flask import abort

    shop = serve(*filled, {Publisher: {"rules": Rules(scope=lambda Publisher: abort(401))}})

    assert shop.get("/api/publishers").status_code == 401
    assert shop.get("/api/books?include=publisher").status_code == 401
    assert shop.get("/api/tags").status_code == 200


def test_without_rules_nothing_is_asked(
    filled: tuple[Engine, sessionmaker[Session]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hot path does no work for rules that are not there."""
    from flask_restless import hooks, permissions, pipeline
    from flask_restless.database.planning import scopes
    from flask_restless.schema.narrowing import Narrowing

    def never(*_: Any) -> Any:
        raise AssertionError("asked")

    for place, name in (
        (scopes, "touched"),
        (permissions, "crossed"),
        (pipeline, "authorized"),
        (hooks, "before"),
        (hooks, "after"),
        (Narrowing, "of"),
    ):
        monkeypatch.setattr(place, name, never)
    shop = serve(*filled, {})

    assert shop.get("/api/books?include=publisher&sort=publisher.name").status_code == 200
