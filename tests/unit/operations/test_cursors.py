"""Cursors as texts: every value a driver gives comes back as it was, and nothing else is taken."""

from __future__ import annotations

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_restless.operations.binding import sort_keys
from flask_restless.operations.cursors import order_mark, read_cursor, total_order, write_cursor
from flask_restless.operations.paging import Cursor
from flask_restless.operations.problems import Source
from flask_restless.protocols.jsonapi.parsing import Parser
from parsed import call_of, problem_of, resource_of

TAGS = resource_of("tags")
MARK = b"order!"
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False),
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.decimals(allow_nan=False),
    st.datetimes(timezones=st.sampled_from([None, UTC])),
    st.dates(),
    st.times(),
    st.timedeltas(),
    st.uuids(),
    st.binary(max_size=20),
)


@given(st.lists(SCALARS, max_size=4).map(tuple) | st.none(), st.booleans())
def test_values_come_back_as_they_were(values: tuple[object, ...] | None, inclusive: bool) -> None:
    """C-2.1: the type too, so that the database compares what it gave."""
    cursor = Cursor(MARK, values, inclusive)

    found = read_cursor(TAGS, write_cursor(TAGS, cursor), "after")

    assert found == cursor
    assert [type(one) for one in found.values or ()] == [type(one) for one in values or ()]


def test_values_of_unknown_type_are_compared_as_text() -> None:
    """PostgreSQL's own types, for which drivers have classes."""

    class Address:
        def __str__(self) -> str:
            return "10.0.0.1"

    assert read_cursor(TAGS, write_cursor(TAGS, Cursor(MARK, (Address(),))), "after").values == ("10.0.0.1",)


@given(st.data())
def test_a_change_anywhere_is_found(data: st.DataObject) -> None:
    """C-4.1: also of the characters that carry no bits."""
    text = write_cursor(TAGS, Cursor(MARK, ("a", 7)))
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("ABCxyz019-_=.+/ é").filter(lambda one: one != text[place]))

    problem = problem_of(read_cursor, TAGS, text[:place] + other + text[place + 1 :], "before")

    assert (problem.code, problem.source) == ("invalid-page", Source(parameter="page[before]"))


@pytest.mark.parametrize("values", [(), (7,), ("a", 7, 7)], ids=["none", "too few", "too many"])
def test_forged_values_have_to_be_one_for_each_key(values: tuple[object, ...]) -> None:
    """J-9.8: without a secret the signature is a checksum, which a client can make."""
    sort = total_order(TAGS, sort_keys(TAGS, [("name", False)], Source(parameter="sort")))
    text = write_cursor(TAGS, Cursor(order_mark(TAGS, sort), values))

    problem = problem_of(Parser().parse, call_of(TAGS, query=f"sort=name&page[after]={text}"))

    assert (problem.code, problem.source) == ("invalid-page", Source(parameter="page[after]"))


def test_marks_tell_orders_apart() -> None:
    """C-2.4."""
    books = resource_of("books")
    orders = [
        [],
        [("title", False)],
        [("title", True)],
        [("price", False), ("title", False)],
        [("publisher.name", False)],
    ]

    marks = {order_mark(books, total_order(books, sort_keys(books, one, Source()))) for one in orders}

    assert len(marks) == len(orders)
