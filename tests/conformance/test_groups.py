"""Groups on every database: one row of each, the one with the smallest key (classic 2.5 `group_by`)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pytest
from sqlalchemy import Engine, select

from bookshop import Book, OrderLine, Review
from executed import Desk, desk_on, dicts, plain
from flask_restless.operations.operation import Fetch, Related
from flask_restless.operations.paging import Page
from flask_restless.operations.selection import GroupKey, Selection, SortKey


@pytest.fixture
def desk(filled: Engine) -> Iterator[Desk]:
    with desk_on(filled) as desk:
        yield desk


def grouped(desk: Desk, name: str, *names: str, **members: Any) -> Selection:
    resource = desk.resource(name)
    return plain(resource, group=tuple(GroupKey((), resource.attributes[one]) for one in names), **members)


def firsts(rows: list[Any], group: Any, key: Any) -> list[Any]:
    """Give the smallest key of each group, in the order of the keys."""
    ordered = sorted(rows, key=lambda row: (repr(group(row)), key(row)))
    return sorted(key(next(members)) for _, members in groupby(ordered, key=lambda row: repr(group(row))))


def test_smallest_key_stands_for_its_group(desk: Desk) -> None:
    """Nulls make a group of their own."""
    books = desk.session.scalars(select(Book)).all()

    found = dicts(desk.fetch(grouped(desk, "books", "language", "subtitle")).rows)

    assert [one["id"][0] for one in found] == firsts(
        books, lambda one: (one.language, one.subtitle), lambda one: one.id
    )


def test_count_counts_groups(desk: Desk) -> None:
    """B-10: the length of the list is that of what is sent."""
    languages = len(desk.session.scalars(select(Book.language).distinct()).all())
    assert languages > 1

    fetched = desk.fetch(grouped(desk, "books", "language", page=Page(1)))

    assert (fetched.total, len(fetched.rows.rows), fetched.has_next) == (languages, 1, True)


def test_filter_holds_before_order_and_page_after(desk: Desk) -> None:
    resource = desk.resource("books")
    sort = (SortKey((), resource.attributes["title"], descending=True),)
    books = desk.session.scalars(select(Book).where(Book.in_print)).all()
    ids = firsts(books, lambda one: one.language, lambda one: one.id)
    expected = sorted((one.title for one in books if one.id in ids), reverse=True)

    condition = desk.where("books", in_print=True)
    fetched = desk.fetch(grouped(desk, "books", "language", filter=condition, sort=sort, page=Page(2, 1)))

    assert [one["title"] for one in dicts(fetched.rows)] == expected[1:3]


def test_group_over_a_to_one_relationship(desk: Desk) -> None:
    """Rows without the related one are a group too."""
    books = desk.resource("books")
    publisher = books.relationships["publisher"]
    key = GroupKey((publisher,), publisher.target.attributes["founded"])
    rows = desk.session.scalars(select(Book)).all()

    found = dicts(desk.fetch(plain(books, group=(key,))).rows)

    expected = firsts(rows, lambda one: one.publisher and one.publisher.founded, lambda one: one.id)
    assert [one["id"][0] for one in found] == expected


def test_composite_and_uuid_keys(desk: Desk) -> None:
    """Not every database has a smallest pair, or a smallest UUID."""
    lines = desk.session.scalars(select(OrderLine)).all()
    reviews = desk.session.scalars(select(Review)).all()

    by_quantity = dicts(desk.fetch(grouped(desk, "order_lines", "quantity")).rows)
    by_rating = dicts(desk.fetch(grouped(desk, "reviews", "rating")).rows)

    keys = [one["id"] for one in by_quantity]
    assert keys == firsts(lines, lambda one: one.quantity, lambda one: (one.order_id, one.book_id))
    assert len(by_rating) == len({one.rating for one in reviews})


def test_related_rows_in_groups(desk: Desk) -> None:
    """Only the members of the relationship are grouped."""
    publishers = desk.resource("publishers")
    id_ = desk.session.scalars(select(Book.publisher_id).where(Book.publisher_id.is_not(None))).first()
    mine = desk.session.scalars(select(Book).where(Book.publisher_id == id_)).all()
    origin = Related(publishers, (id_,), publishers.relationships["books"])

    fetched = desk.do(Fetch(grouped(desk, "books", "language", page=Page(50)), origin))

    assert sorted(one["id"][0] for one in dicts(fetched.rows)) == firsts(mine, lambda one: one.language, lambda b: b.id)


def test_plans_with_and_without_groups_are_kept_apart(desk: Desk) -> None:
    """The group belongs to the shape of a plan."""
    every = len(desk.fetch(plain(desk.resource("books"))).rows.rows)

    assert len(desk.fetch(grouped(desk, "books", "language")).rows.rows) < every
    assert len(desk.fetch(grouped(desk, "books", "in_print")).rows.rows) < every
    assert len(desk.fetch(plain(desk.resource("books"))).rows.rows) == every
