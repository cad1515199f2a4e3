"""Names of the zero-code server: legal, free, and as near to the database's own as can be."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_restless.reflection.names import RESERVED, assign, class_name, column_keys, legal, referred, referring

MEMBER_NAME = re.compile(
    r"[a-zA-Z0-9\u0080-\U0010ffff](?:[a-zA-Z0-9\u0080-\U0010ffff_-]*[a-zA-Z0-9\u0080-\U0010ffff])?"
)


@pytest.mark.parametrize(
    ("name", "public"),
    [
        ("authors", "authors"),
        ("AlbumId", "AlbumId"),
        ("line-items", "line-items"),
        ("größe", "größe"),
        ("2024", "2024"),
        ("_secret", "secret"),
        ("secret_", "secret"),
        ("a.b", "a_b"),
        ("price [EUR]", "price_EUR"),
        ("Order Details", "Order_Details"),
        ("__table__", "table"),
        ("???", "column"),
        ("", "column"),
    ],
)
def test_a_name_is_kept_or_made_legal(name: str, public: str) -> None:
    """J-3.11.2, J-3.11.3, J-3.11.4."""
    assert legal(name, "column") == public


@given(st.lists(st.text(max_size=12), unique=True, max_size=12))
def test_assigned_names_are_legal_and_different(names: list[str]) -> None:
    """J-3.11.2: whatever the database holds."""
    found = assign(names, "column")

    assert list(found) == names
    assert len(set(found.values())) == len(names)
    assert all(MEMBER_NAME.fullmatch(name) for name in found.values())


@given(st.lists(st.sampled_from(["id", "type", "query", "_id", "t_id", "t_type", "type.", "x", "x."]), unique=True))
def test_no_column_gets_a_reserved_name(names: list[str]) -> None:
    """J-3.3.1: neither `id` (unless it is the key) nor `type` is an attribute."""
    found = column_keys(names, "t", None)

    assert list(found) == names
    assert len(set(found.values())) == len(names)
    assert not RESERVED & set(found.values())


def test_the_legal_name_is_kept_by_the_column_that_had_it() -> None:
    """A column that needs a new name does not take another's."""
    assert column_keys(["a.b", "a_b"], "t", None) == {"a.b": "a_b_2", "a_b": "a_b"}


def test_id_is_for_the_key_alone() -> None:
    """J-3.3.1."""
    assert column_keys(["id", "name"], "books", "id") == {"id": "id", "name": "name"}
    assert column_keys(["id", "isbn"], "books", "isbn") == {"id": "books_id", "isbn": "isbn"}


@pytest.mark.parametrize(
    ("pairs", "target", "name"),
    [
        ([("author_id", "id")], "authors", "author"),
        ([("AlbumId", "AlbumId")], "Album", "Album"),
        ([("albumId", "id")], "albums", "album"),
        ([("artistID", "ID")], "artists", "artist"),
        ([("authorid", "id")], "authors", "author"),
        ([("format_slug", "slug")], "formats", "format"),
        ([("SupportRepId", "EmployeeId")], "Employee", "SupportRep"),
        ([("ReportsTo", "EmployeeId")], "Employee", "ReportsTo_Employee"),
        ([("reports_to", "employee_id")], "employee", "reports_to_employee"),
        ([("android", "id")], "devices", "android_devices"),
        ([("id", "id")], "people", "id_people"),
        ([("type_id", "id")], "kinds", "books_type"),
        ([("shelf_aisle", "aisle"), ("shelf_level", "level")], "shelves", "shelf"),
        ([("tenant_id", "tenant_id"), ("author_id", "id")], "authors", "author"),
        ([("order_id", "order_id"), ("number", "number")], "order_lines", "order_lines"),
    ],
)
def test_a_relationship_is_named_after_its_column(pairs: list[tuple[str, str]], target: str, name: str) -> None:
    """The first suggestion, which is taken where nothing else has the name."""
    assert next(iter(referring(pairs, "books", target))) == name


def test_the_way_back_names_the_foreign_key_where_there_are_several() -> None:
    assert list(referred("books", ["author_id"], True)) == ["books", "books_by_author_id"]
    assert list(referred("books", ["editor_id"], False)) == ["books_by_editor_id"]
    assert next(iter(referred("type", ["author_id"], True))) == "rows_type"


@given(st.text(max_size=12))
def test_a_class_name_is_an_identifier(table: str) -> None:
    """Also for tables that are called `2024` or `order-lines`."""
    name = class_name(table, {"Table"})

    assert name.isidentifier()
    assert name != "Table"
