"""Filters agree with a plain Python evaluator on every database: comparisons, nulls, and/or/not, relationships, counts.

The evaluator has SQL's three truth values: a comparison with null is unknown (None), and only what is true is found.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import Shop, fresh_database, open_shop
from flask_restless.demo.models import Book, Category, Publisher, Review, Tag

Truth = bool | None
Formula = dict[str, Any]

# ---------------------------------------------------------------- the evaluator

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "in": lambda a, b: a in b,
    "not_in": lambda a, b: a not in b,
    "between": lambda a, b: b[0] <= a <= b[1],
    "icontains": lambda a, b: b.lower() in a.lower(),
    "istartswith": lambda a, b: a.lower().startswith(b.lower()),
}


def compare(symbol: str, left: Any, right: Any) -> Truth:
    if symbol == "in" and not right:
        return False
    if symbol == "not_in" and not right:
        return True
    return None if left is None or right is None else COMPARE[symbol](left, right)


def negated(truth: Truth) -> Truth:
    return None if truth is None else not truth


def all_hold(truths: list[Truth]) -> Truth:
    return False if False in truths else None if None in truths else True


def holds(formula: Formula, row: Any) -> Truth:
    if "and" in formula:
        return all_hold([holds(one, row) for one in formula["and"]])
    if "or" in formula:
        return negated(all_hold([negated(holds(one, row)) for one in formula["or"]]))
    if "not" in formula:
        return negated(holds(formula["not"], row))
    if "count" in formula:
        members = getattr(row, formula["count"])
        number = sum(holds(formula["where"], one) is True for one in members) if "where" in formula else len(members)
        return compare(formula["op"], number, formula["val"])
    match formula["op"]:
        case "is_null":
            return getattr(row, formula["name"]) is None
        case "is_not_null":
            return getattr(row, formula["name"]) is not None
        case "any" | "has" | "none":
            related = getattr(row, formula["name"])
            members = related if isinstance(related, list) else [] if related is None else [related]
            found = any(formula["val"] is None or holds(formula["val"], one) is True for one in members)
            return not found if formula["op"] == "none" else found
    right = getattr(row, formula["field"]) if "field" in formula else formula["python"]
    return compare(formula["op"], getattr(row, formula["name"]), right)


def written(formula: Any) -> Any:
    """Give the filter object of a formula: without the Python values that the evaluator compares with."""
    if isinstance(formula, dict):
        return {key: written(one) for key, one in formula.items() if key != "python"}
    return [written(one) for one in formula] if isinstance(formula, list) else formula


# ---------------------------------------------------------------- formulas

INTEGERS = st.integers(-3, 900) | st.sampled_from([0, 1, 2**31 - 1, -(2**31)])
DECIMALS = st.decimals(0, 60, places=2) | st.sampled_from([Decimal("9.99"), Decimal("0.00")])
DATES = st.dates(date(1800, 1, 1), date(2025, 12, 31))
TEXTS = st.sampled_from(["a", "The", "e", "qu", "zz", "of "])
ORDERED = ["eq", "ne", "gt", "ge", "lt", "le"]


def compared(name: str, values: st.SearchStrategy[Any], plain: Callable[[Any], Any]) -> st.SearchStrategy[Formula]:
    """Compare an attribute with one value, a list, or a range of values."""

    def formula(symbol: str, value: Any) -> Formula:
        shown = [plain(one) for one in value] if isinstance(value, list) else plain(value)
        return {"name": name, "op": symbol, "val": shown, "python": value}

    single = st.builds(formula, st.sampled_from(ORDERED), values)
    several = st.builds(formula, st.sampled_from(["in", "not_in"]), st.lists(values, max_size=4))
    between = st.builds(formula, st.just("between"), st.lists(values, min_size=2, max_size=2).map(sorted))
    return single | several | between


def nullness(name: str) -> st.SearchStrategy[Formula]:
    return st.sampled_from(["is_null", "is_not_null"]).map(lambda symbol: {"name": name, "op": symbol})


def texts(name: str) -> st.SearchStrategy[Formula]:
    symbols = st.sampled_from(["icontains", "istartswith"])
    return st.builds(lambda op, text: {"name": name, "op": op, "val": text, "python": text}, symbols, TEXTS)


def related(name: str, symbols: list[str], inner: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
    value = st.none() | inner
    return st.builds(lambda op, val: {"name": name, "op": op, "val": val}, st.sampled_from(symbols), value)


def counted(name: str, inner: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
    plain = st.builds(
        lambda op, number: {"count": name, "op": op, "val": number}, st.sampled_from(ORDERED), st.integers(0, 4)
    )
    return plain | st.builds(lambda one, where: {**one, "where": where}, plain, inner)


def combined(leaves: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
    return st.recursive(
        leaves,
        lambda inner: (
            st.builds(lambda word, many: {word: many}, st.sampled_from(["and", "or"]), st.lists(inner, max_size=3))
            | st.builds(lambda one: {"not": one}, inner)
        ),
        max_leaves=6,
    )


RATING = compared("rating", st.integers(0, 6), int)
NAMED = texts("name")
FOUNDED = compared("founded", st.integers(1700, 2020), int) | nullness("founded") | NAMED
LEAVES = st.one_of(
    compared("pages", INTEGERS.filter(lambda n: abs(n) < 2**15), int),
    compared("stock", INTEGERS, int),
    compared("price", DECIMALS, str),
    compared("published_on", DATES, date.isoformat),
    compared("in_print", st.booleans(), bool).filter(lambda one: one["op"] in ("eq", "ne", "in", "not_in")),
    *(nullness(name) for name in ("pages", "published_on", "subtitle", "isbn")),
    texts("title"),
    texts("subtitle"),
    st.sampled_from(ORDERED).map(lambda op: {"name": "pages", "op": op, "field": "stock"}),
    related("publisher", ["has", "none"], FOUNDED),
    related("category", ["has", "none"], NAMED | compared("position", st.integers(0, 5), int)),
    related("tags", ["any", "none"], NAMED),
    related("reviews", ["any", "none"], RATING),
    counted("tags", NAMED),
    counted("reviews", RATING),
)
FORMULAS = combined(LEAVES)


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"], scope="module")
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    with fresh_database(request.param) as engine:
        opened = open_shop(engine)
        empty_some(opened)
        yield opened


def empty_some(shop: Shop) -> None:
    """Take values and relationships away from some of the books."""
    with shop.session.begin() as session:
        for number, book in enumerate(session.query(Book).order_by(Book.id)):
            if number % 3 == 0:
                book.pages, book.publisher, book.tags = None, None, []
            if number % 4 == 1:
                book.published_on, book.category, book.reviews = None, None, []


@pytest.fixture(scope="module")
def books(shop: Shop) -> Iterator[list[Any]]:
    """Every book with all that is related to it, loaded once."""
    with shop.session() as session:
        found = session.query(Book).order_by(Book.id).all()
        for book in found:
            assert isinstance(book.tags, list)
            assert isinstance(book.reviews, list)
            assert book.publisher is None or isinstance(book.publisher, Publisher)
            assert book.category is None or isinstance(book.category, Category)
        yield found


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(formulas=st.lists(FORMULAS, min_size=1, max_size=2))
def test_filters_find_what_python_finds(shop: Shop, books: list[Any], formulas: list[Formula]) -> None:
    """J-4.7.2, lineage 3.5: nothing more, nothing less, and the total says the same."""
    objects = quote(json.dumps(written(formulas)))
    document = shop.get(f"/api/books?filter[objects]={objects}&page[size]=100&fields[books]=").json

    expected = [str(book.id) for book in books if all_hold([holds(one, book) for one in formulas]) is True]

    assert [one["id"] for one in document["data"]] == expected
    assert document["meta"]["total"] == len(expected)


def test_the_evaluator_has_something_to_tell_apart(books: list[Any]) -> None:
    """Nulls, empty and full relationships are all among the rows."""
    assert {book.pages is None for book in books} == {True, False}
    assert {book.publisher is None for book in books} == {True, False}
    assert {bool(book.tags) for book in books} == {True, False}
    assert {bool(book.reviews) for book in books} == {True, False}
    assert {type(one) for book in books for one in (*book.tags, *book.reviews)} == {Tag, Review}
