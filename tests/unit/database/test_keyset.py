"""The SQL of pages by cursor: rows are compared, not counted (performance.md 8, C-1.4)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.dialects import mysql, postgresql, sqlite

from conftest import open_shop
from flask_restless.database.planning.fetch import plan_fetch
from flask_restless.database.planning.planner import Planner
from flask_restless.operations.cursors import order_mark, total_order, write_cursor
from flask_restless.operations.operation import Fetch
from flask_restless.operations.paging import Cursor
from flask_restless.operations.selection import SortKey
from flask_restless.protocols.jsonapi.parsing import Parser
from parsed import call_of, resource_of

BOOKS = resource_of("books")
DIALECTS = {"sqlite": sqlite.dialect(), "postgresql": postgresql.dialect(), "mysql": mysql.dialect()}


def fetch_of(sort: str, *values: object, name: str = "after", nulls: str = "") -> Fetch:
    """Parse a page after (or before) the row with those sort values."""
    plain = Parser().parse(call_of(BOOKS, query=f"sort={sort}{nulls}"))
    assert isinstance(plain, Fetch)
    mark = order_mark(BOOKS, total_order(BOOKS, plain.selection.sort))
    cursor = write_cursor(BOOKS, Cursor(mark, values))
    found = Parser().parse(call_of(BOOKS, query=f"sort={sort}{nulls}&fields[books]=&page[{name}]={cursor}"))
    assert isinstance(found, Fetch)
    return found


def sql_of(fetch: Fetch, dialect: str, *, beyond: bool = False) -> tuple[str, str]:
    """Give the condition and the order of a page, or of what is beyond its nulls, in the words of a database."""
    plan = plan_fetch(fetch)
    node = plan.beyond if beyond else plan.node
    assert node is not None
    compiled = str(node.statement.compile(dialect=DIALECTS[dialect]))
    found = re.search(r"WHERE (.*) ORDER BY (.*?)\s*LIMIT", re.sub(r"\s+", " ", compiled.replace("books.", "")))
    assert found is not None, compiled
    text = [re.sub(r"%\(p(\d)\)s|%s|\?", "?", part) for part in found.groups()]
    return text[0], text[1].strip()


ROWS = {
    "key alone": (("id", 5), "id > ?", "id ASC"),
    "one way up": (("title", "x", 5), "(title, id) > (?, ?)", "title ASC, id ASC"),
    "one way down": (
        ("-title,-price", "x", 1.5, 5),
        "(title, price, id) < (?, ?, ?)",
        "title DESC, price DESC, id DESC",
    ),
    "both ways": (
        ("title,-price", "x", 1.5, 5),
        "title >= ? AND (title > ? OR (price, id) < (?, ?))",
        "title ASC, price DESC, id DESC",
    ),
    "nulls behind, further in": (
        ("title,subtitle", "x", "y", 5),
        "(title, subtitle, id) > (?, ?, ?)",
        "title ASC, subtitle ASC, id ASC",
    ),
    "nulls ahead, further in": (
        ("-title,-subtitle", "x", "y", 5),
        "title <= ? AND (title < ? OR subtitle < ? OR subtitle IS NULL OR subtitle = ? AND id < ?)",
        "title DESC, subtitle DESC, id DESC",
    ),
}


@pytest.mark.parametrize(("asked", "condition", "order"), ROWS.values(), ids=ROWS)
def test_rows_are_compared_as_a_whole_where_that_is_right(asked: tuple[Any, ...], condition: str, order: str) -> None:
    """performance.md 8: the form that an index answers."""
    assert sql_of(fetch_of(*asked), "sqlite") == (f"({condition})", order)


PARTS = {
    "nulls behind": (("subtitle", "x", 5), "(subtitle, id) > (?, ?)", "0"),
    "nulls ahead": (("-subtitle", "x", 5), "(subtitle, id) < (?, ?)", "subtitle IS NULL"),
    "from a null": (("subtitle", None, 5), "subtitle IS NULL AND id > ?", "subtitle IS NOT NULL"),
    "from a null at the end": (("-subtitle", None, 5), "subtitle IS NULL AND id < ?", "0"),
}


@pytest.mark.parametrize(("asked", "near", "far"), PARTS.values(), ids=PARTS)
def test_list_is_read_in_two_parts_where_nulls_begin_or_end(asked: tuple[Any, ...], near: str, far: str) -> None:
    """C-1.4: each part is read from an index; both in one condition are not."""
    fetch = fetch_of(*asked)

    assert sql_of(fetch, "sqlite")[0] == f"({near})"
    assert sql_of(fetch, "sqlite", beyond=True)[0] == f"({far})"
    assert plan_fetch(fetch_of("title", "x", 5)).beyond is None


def test_page_before_a_cursor_is_read_backwards() -> None:
    """C-4.3."""
    found = sql_of(fetch_of("title", "x", 5, name="before"), "postgresql")

    assert found == ("((title, id) < (?, ?))", "title DESC, id DESC")


def test_each_database_gets_the_form_that_its_indexes_answer() -> None:
    """MariaDB and MySQL read a whole index for a comparison of rows."""
    assert sql_of(fetch_of("title", "x", 5), "postgresql")[0] == "((title, id) > (?, ?))"
    assert sql_of(fetch_of("title", "x", 5), "mysql")[0] == "(title >= ? AND (title > ? OR id > ?))"


def test_condition_agrees_with_where_each_database_puts_nulls() -> None:
    """C-1.4: PostgreSQL takes nulls for the greatest values, the others for the smallest."""
    fetch = fetch_of("subtitle", "x", 5)

    assert sql_of(fetch, "sqlite") == ("((subtitle, id) > (?, ?))", "subtitle ASC, id ASC")
    assert sql_of(fetch, "postgresql") == ("((subtitle, id) > (?, ?))", "subtitle ASC, id ASC")
    assert sql_of(fetch, "sqlite", beyond=True)[0] == "(0)"
    assert sql_of(fetch, "postgresql", beyond=True)[0] == "(subtitle IS NULL)"


PLACED = {
    ("subtitle", "first"): ("subtitle ASC", "subtitle ASC NULLS FIRST"),
    ("subtitle", "last"): ("CASE WHEN (subtitle) IS NULL THEN 1 ELSE 0 END, subtitle ASC", "subtitle ASC NULLS LAST"),
    ("-subtitle", "first"): (
        "CASE WHEN (subtitle) IS NULL THEN 0 ELSE 1 END, subtitle DESC",
        "subtitle DESC NULLS FIRST",
    ),
    ("-subtitle", "last"): ("subtitle DESC", "subtitle DESC NULLS LAST"),
}


@pytest.mark.parametrize(("sort", "place"), PLACED)
def test_nulls_are_placed_in_the_words_of_each_database(sort: str, place: str) -> None:
    """features.md 31: nothing is said where the database does it anyway, so that an index still serves."""
    fetch = fetch_of(sort, "x", 5, nulls=f"&sortNulls[subtitle]={place}")

    orders = [sql_of(fetch, dialect)[1].partition(", id")[0] for dialect in ("sqlite", "postgresql", "mysql")]

    assert orders == [PLACED[sort, place][0], PLACED[sort, place][1], PLACED[sort, place][0]]


def test_pages_of_one_order_share_a_plan() -> None:
    """performance.md 2: values are parameters; only which of them are null makes another plan."""
    planner = Planner()

    plans = [planner.plan(fetch_of("subtitle", value, number)) for value, number in (("a", 1), ("b", 2), (None, 3))]

    assert plans[0] is plans[1]
    assert plans[0] is not plans[2]
    assert (planner.misses, len(planner)) == (2, 2)


def test_key_follows_the_direction_of_the_order() -> None:
    """performance.md 8: only then can rows be compared as a whole."""
    (title,) = Parser().parse(call_of(BOOKS, query="sort=-title")).selection.sort

    assert total_order(BOOKS, (title,)) == (title, SortKey((), BOOKS.identity.keys[0], descending=True))


@pytest.mark.parametrize("sort", ["title", "-title", "published_on", "-published_on", "id"])
def test_deep_page_is_sought_in_an_index(sqlite: Engine, sort: str) -> None:
    """performance.md 8: neither a scan of the table nor a sort."""
    shop = open_shop(sqlite)
    explained: list[str] = []

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "ORDER BY" in statement:
            plan = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            explained.extend(row[-1] for row in plan)

    accept = {
        "Accept": 'application/vnd.api+json;profile="https://jsonapi.org/profiles/ethanresnick/cursor-pagination"'
    }
    url = f"/api/books?sort={sort}&page[size]=2&fields[books]="
    for _ in range(4):
        url = shop.get(url, headers=accept).json["links"]["next"]
    event.listen(sqlite, "before_cursor_execute", explain)
    shop.get(url)

    (step,) = explained
    assert re.match(r"SEARCH books USING (COVERING INDEX|INDEX|INTEGER PRIMARY KEY)", step), explained
