"""SQL functions over a collection: the same JSON from every database (classic 2.11, A-9, B-10)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, select

from bookshop import Book, Event, LoyaltyCard, OrderLine
from executed import Desk, desk_on, plain
from flask_restless import Rules
from flask_restless.operations.operation import Aggregate


@pytest.fixture
def desk(filled: Engine) -> Iterator[Desk]:
    with desk_on(filled) as desk:
        yield desk


def evaluated(desk: Desk, collection: str, *terms: tuple[str, str], **values: object) -> list[Any]:
    resource = desk.resource(collection)
    selection = plain(resource, filter=desk.where(collection, **values) if values else None)
    done = desk.do(Aggregate(selection, tuple((name, resource.queryable[key]) for name, key in terms)))
    assert json.loads(json.dumps(done.values)) == list(done.values)
    return list(done.values)


def test_values_by_type(desk: Desk) -> None:
    """Integers stay integers, decimals are written as the attribute is, averages are numbers."""
    books = desk.session.scalars(select(Book)).all()
    stock, prices = [one.stock for one in books], [one.price for one in books]
    dates = [one.published_on for one in books if one.published_on]
    terms = (
        ("count", "id"),
        ("sum", "stock"),
        ("avg", "stock"),
        ("sum", "price"),
        ("max", "price"),
        ("min", "published_on"),
    )

    found = evaluated(desk, "books", *terms)

    assert found[:2] == [len(books), sum(stock)]
    assert [type(one) for one in found[:3]] == [int, int, float]
    assert found[2] == pytest.approx(sum(stock) / len(stock), abs=1e-3)
    assert found[3:] == [str(sum(prices)), str(max(prices)), min(dates).isoformat()]


def test_averages_of_decimals_are_numbers(desk: Desk) -> None:
    prices = desk.session.scalars(select(Book.price)).all()

    (average,) = evaluated(desk, "books", ("avg", "price"))

    assert average == pytest.approx(float(sum(prices)) / len(prices), abs=1e-3)


def test_other_types(desk: Desk) -> None:
    """Extremes of times and truth values, sums of floats and of large integers."""
    starts = desk.session.scalars(select(Event.starts_at)).all()
    points = desk.session.scalars(select(LoyaltyCard.points)).all()
    weights = [one for one in desk.session.scalars(select(Book.weight)) if one is not None]

    (first,) = evaluated(desk, "events", ("min", "starts_at"))
    (total,) = evaluated(desk, "loyalty_cards", ("sum", "points"))
    (weight,) = evaluated(desk, "books", ("sum", "weight"))

    assert first.startswith(min(starts).isoformat()[:19])
    assert (total, type(total)) == (sum(points), int)
    assert weight == pytest.approx(sum(weights))


def test_no_rows(desk: Desk) -> None:
    """Over nothing everything is null but the count."""
    terms = ("count", "id"), ("sum", "stock"), ("avg", "price"), ("max", "title")

    assert evaluated(desk, "books", *terms, title="no such title") == [0, None, None, None]


def test_equal_terms_are_all_answered(desk: Desk) -> None:
    """B-10: duplicates do not collapse; there is one value for each term."""
    first, second = evaluated(desk, "books", ("count", "id"), ("count", "id"))

    assert first == second > 0


def test_expressions(desk: Desk) -> None:
    """Hybrids with an SQL form and column properties count as attributes."""
    lines = desk.session.scalars(select(OrderLine)).all()

    (total,) = evaluated(desk, "order_lines", ("max", "amount"))
    (highest,) = evaluated(desk, "orders", ("max", "total"))

    assert float(total) == float(max(one.quantity * one.unit_price for one in lines))
    assert float(highest) > 0


def test_invisible_rows_are_not_counted(filled: Engine) -> None:
    """A-9: what the caller may not see has no part in any value."""
    with desk_on(filled, Book={"rules": Rules(scope=lambda Book: Book.id < 3)}) as desk:
        assert evaluated(desk, "books", ("count", "id"), ("max", "id")) == [2, 2]
