"""Scopes and `authorize` in what only some protocols ask for: writes to many, nested rows, groups, SQL functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from executed import Desk, desk_on, plain
from flask_restless import Rules
from flask_restless.demo.models import Author, Book, Tag
from flask_restless.hooks import resource_of
from flask_restless.operations.operation import Aggregate, DeleteMany, UpdateMany
from flask_restless.operations.outcome import Counted
from flask_restless.operations.problems import Rejected
from flask_restless.operations.selection import GroupKey
from flask_restless.permissions import authorized

Filled = tuple[Engine, sessionmaker[Session]]

LAST = 2
"""The greatest id of a publisher that is visible; and books belong to such a one, or to none."""


def _books(entity: Any) -> Any:
    return entity.publisher_id.is_(None) | (entity.publisher_id <= LAST)


@pytest.fixture
def desk(filled: Filled) -> Iterator[Desk]:
    rules: dict[str, Any] = {
        "Book": {"rules": Rules(scope=_books)},
        "Tag": {"rules": Rules(scope=lambda Tag: Tag.id <= 3)},
    }
    for options in rules.values():
        options["methods"] = frozenset({"GET", "POST", "PATCH", "DELETE"})
    with desk_on(filled[0], **rules) as made:
        yield made


def test_writes_to_many_are_about_visible_rows(desk: Desk) -> None:
    expected = desk.session.scalar(select(func.count()).select_from(Book).where(_books(Book)))

    changed = desk.do(UpdateMany(plain(desk.resource("books")), desk.attributes("books", subtitle="seen")))
    deleted = desk.do(DeleteMany(plain(desk.resource("tags"))))

    assert changed == Counted(expected)
    assert desk.session.scalar(select(func.count()).where(Book.subtitle == "seen")) == expected
    assert deleted == Counted(3)
    assert desk.session.scalar(select(func.min(Tag.id))) == 4


def test_writes_to_many_lead_no_row_out_of_sight(desk: Desk) -> None:
    books = desk.resource("books")
    link = desk.link("books", "publisher", desk.target("publishers", LAST + 1))

    assert [code for code, _ in desk.refusals(UpdateMany(plain(books), (), (link,)))] == ["forbidden"]


def test_nested_rows_lead_no_row_out_of_sight(desk: Desk) -> None:
    """A nested new row, and a nested change: each has to be visible to its own caller afterwards."""
    away = desk.link("books", "publisher", desk.target("publishers", LAST + 1))
    near = desk.link("books", "publisher", desk.target("publishers", LAST))
    id_ = desk.session.scalar(select(Book.id).where(Book.publisher_id == 1))
    new, moved = (desk.nested("books", one, away, title="x", price=1, pointer=f"/{one}") for one in (None, id_))
    stays = desk.nested("books", None, near, title="nested here", price=1)

    assert desk.refusals(desk.create("authors", desk.link("authors", "books", new), name="x")) == [
        ("forbidden", "/None")
    ]
    assert desk.refusals(desk.create("authors", desk.link("authors", "books", moved), name="x")) == [
        ("forbidden", f"/{id_}")
    ]
    desk.do(desk.create("authors", desk.link("authors", "books", stays), name="x"))
    assert desk.session.scalar(select(Author.name).where(Author.books.any(Book.title == "nested here"))) == "x"


def test_functions_and_groups_see_visible_rows_only(desk: Desk) -> None:
    """What is not visible is neither counted nor makes a group."""
    books = desk.resource("books")
    total = desk.session.scalar(select(func.count()).select_from(Book).where(_books(Book)))
    publishers = desk.session.scalar(
        select(func.count(Book.publisher_id.distinct())).select_from(Book).where(_books(Book))
    )
    group = (GroupKey((books.relationships["publisher"],), desk.resource("publishers").attributes["name"]),)
    none = desk.session.scalar(select(func.count()).select_from(Book).where(Book.publisher_id.is_(None)))

    evaluated = desk.do(Aggregate(plain(books), (("count", books.identity.keys[0]),)))
    rows = desk.fetch(plain(books, group=group)).rows.rows

    assert evaluated.values == (total,)
    assert len(rows) == publishers + bool(none)


def test_invisible_members_have_no_values_to_group_by(filled: Filled) -> None:
    with desk_on(filled[0], Publisher={"rules": Rules(scope=lambda Publisher: Publisher.id <= 1)}) as desk:
        books = desk.resource("books")
        group = (GroupKey((books.relationships["publisher"],), desk.resource("publishers").attributes["name"]),)

        rows = desk.fetch(plain(books, group=group)).rows.rows

    assert len(rows) == 2


@pytest.mark.parametrize("refused", ["create", "update", "delete", "read"])
def test_every_part_of_a_wide_write_is_authorized(filled: Filled, refused: str) -> None:
    """Each is refused for what it would do, and nothing else; hooks are those of the rows that are meant."""
    rules = {"rules": Rules(authorize=lambda action: action != refused)}
    with desk_on(filled[0], Tag=rules) as desk:
        tags = plain(desk.resource("tags"))
        nested, changed = desk.nested("tags", name="x"), desk.nested("tags", 1, name="x")
        gone = desk.change("books", "tags", deleted=(desk.target("tags", 1),))
        operations = {
            "many": (UpdateMany(tags, ()), {"update"}),
            "all gone": (DeleteMany(tags), {"delete"}),
            "nested": (desk.create("books", desk.link("books", "tags", nested)), {"create", "read"}),
            "changed": (desk.create("books", desk.link("books", "tags", changed)), {"create", "update", "read"}),
            "deleted": (desk.update("books", 1, changes=[gone]), {"delete", "read"}),
        }

        for name, (operation, needed) in operations.items():
            if refused in needed:
                with pytest.raises(Rejected, match=f"may not {refused} tags"):
                    authorized(operation)
            else:
                assert authorized(operation) == operation, name

    assert resource_of(operations["many"][0]).name == resource_of(operations["all gone"][0]).name == "tags"
