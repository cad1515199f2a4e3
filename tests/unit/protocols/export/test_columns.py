"""Chunks of rows as CSV and NDJSON: whole columns at once, and yet each value as if it stood alone."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from io import StringIO
from math import isfinite
from operator import itemgetter
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_restless.operations.outcome import Row, Streamed
from flask_restless.protocols.export.columns import Columns, Part, made_of
from flask_restless.protocols.export.comma_separated import csv_pieces
from flask_restless.protocols.export.json_lines import json_pieces
from flask_restless.schema.codec import encode_value

LAYOUT: Any = None
"""No layout: the pieces are made by the columns alone."""

MIXED = [
    None,
    True,
    False,
    0,
    -7,
    2**70,
    1.5,
    -0.5,
    float("nan"),
    float("inf"),
    "",
    "a",
    "=1",
    "-5",
    "+x",
    "\t",
    "ž,\n",
]
STRUCTURES = [{"a": [1, None]}, [], [2**70], (1, 2), Decimal("-1.50"), UUID(int=5), b"bytes"]
MOMENTS = [
    date(2024, 2, 29),
    datetime(2024, 2, 29, 1, 2, 3, 4),
    datetime(2024, 2, 29, tzinfo=UTC),
    time(1, 2),
    time(1, 2, tzinfo=UTC),
]
COLUMNS = {
    "integers": [0, -7, None, 2**70],
    "texts": ["a", None, "", 'q"', "b\r\n"],
    "texts and formulas": ["a", None, "", "=1", "-5.0", "-5.x", "+", "@", "\t", "\r"],
    "truths": [True, None, False],
    "numbers": [1.5, -2.5, float("nan"), float("-inf"), None, 1e300],
    "nothing": [None, None],
    "days": [date(2024, 2, 29), None, date(1, 1, 1)],
    "moments": [datetime(2024, 2, 29, 1, 2, 3, 4), None, datetime(2024, 2, 29, tzinfo=UTC)],
    "times": [time(1, 2), None],
    "times with zones": [time(1, 2), time(1, 2, tzinfo=UTC)],
    "structures": STRUCTURES,
    "everything": [*MIXED, *STRUCTURES, *MOMENTS],
}


def written(value: Any) -> Any:
    """Give the JSON value of one value, read back from its text."""
    if isinstance(value, float) and not isfinite(value):
        return None
    return json.loads(json.dumps(encode_value(value)))


def cell(value: Any) -> str:
    """Give the text of one cell (docs/how-to/export.md)."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    match written(value):
        case None:
            return ""
        case bool() as truth:
            return "true" if truth else "false"
        case str() as text:
            is_number = re.fullmatch(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", text)
            return f"'{text}" if text[:1] in tuple("=+-@\t\r") and not is_number else text
        case dict() | list() as structure:
            return json.dumps(structure, separators=(",", ":"), ensure_ascii=False)
        case number:
            return str(number)


def columns_of(number: int) -> Columns:
    names = tuple(f"c{n}" for n in range(number))
    return Columns(names, (Part({name: itemgetter(n) for n, name in enumerate(names)}, None),), None)


def streamed(*chunks: Sequence[Row]) -> Streamed:
    return Streamed(LAYOUT, (rows for rows in chunks))


def cells_of(*chunks: Sequence[Row], columns: Columns, formulas: bool = False) -> list[list[str]]:
    text = b"".join(csv_pieces(streamed(*chunks), columns, formulas=formulas)).decode()
    return list(csv.reader(StringIO(text, newline="")))


def lines_of(*chunks: Sequence[Row], columns: Columns) -> list[Any]:
    return [json.loads(line) for line in b"".join(json_pieces(streamed(*chunks), columns)).splitlines()]


@pytest.mark.parametrize("values", COLUMNS.values(), ids=COLUMNS)
def test_a_column_has_the_cells_that_its_values_have_alone(values: list[Any]) -> None:
    rows = [(value, "x") for value in values]

    found = cells_of(rows, columns=columns_of(2))

    assert found == [["c0", "c1"], *([cell(value), "x"] for value in values)]


@pytest.mark.parametrize("values", COLUMNS.values(), ids=COLUMNS)
def test_a_line_has_the_values_that_each_has_alone(values: list[Any]) -> None:
    """One value that orjson refuses leaves the lines of all others as they are."""
    found = lines_of([(value,) for value in values], columns=columns_of(1))

    assert found == [{"c0": written(value)} for value in values]


@given(st.lists(st.tuples(st.sampled_from(MIXED), st.sampled_from(MIXED)), min_size=1, max_size=8), st.integers(1, 4))
def test_chunks_make_no_difference(rows: list[Row], size: int) -> None:
    chunks = [rows[start : start + size] for start in range(0, len(rows), size)]
    columns = columns_of(2)

    assert cells_of(*chunks, columns=columns) == cells_of(rows, columns=columns)
    assert lines_of(*chunks, columns=columns) == lines_of(rows, columns=columns)
    assert cells_of(rows, columns=columns)[1:] == [[cell(value) for value in row] for row in rows]


def test_formulas_are_left_alone_where_that_is_wanted() -> None:
    assert cells_of([("=1",), ("a",)], columns=columns_of(1), formulas=True) == [["c0"], ["=1"], ["a"]]


def test_names_of_columns_are_guarded_too() -> None:
    columns = Columns(("=a",), (Part({"=a": itemgetter(0)}, None),), None)

    assert cells_of([(1,)], columns=columns) == [["'=a"], ["1"]]


def test_rows_of_several_variants_stay_in_their_order() -> None:
    """Those of one are made together; a column that one lacks is empty there."""
    one, two = Part({"id": itemgetter(0), "a": itemgetter(2)}, None), Part({"id": itemgetter(0)}, None)
    columns = Columns(("id", "a"), (one, two), lambda row: int(str(row[1])))
    rows = [(1, 1, "x"), (2, 0, "y"), (3, 0, "=z"), (4, 1, "x"), (5, 0, None)]

    assert cells_of(rows, columns=columns) == [["id", "a"], ["1", ""], ["2", "y"], ["3", "'=z"], ["4", ""], ["5", ""]]
    assert lines_of(rows, columns=columns) == [
        {"id": 1},
        {"id": 2, "a": "y"},
        {"id": 3, "a": "=z"},
        {"id": 4},
        {"id": 5, "a": None},
    ]


def test_makers_get_rows_and_only_if_there_are_some() -> None:
    asked: list[Sequence[Row]] = []

    def make(rows: Sequence[Row]) -> Iterator[Row]:
        asked.append(rows)
        return iter(rows)

    columns = Columns((), (), lambda row: int(str(row[0])))

    assert list(made_of([(0,), (0,)], columns, [make, make])) == [(0,), (0,)]
    assert asked == [[(0,), (0,)]]
