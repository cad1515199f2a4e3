"""CSV (RFC 4180): a header row of names, CRLF, UTF-8; nulls and empty texts are empty cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from csv import writer
from io import StringIO
from math import isfinite
from typing import Any

import orjson

from ...operations.outcome import Row, Streamed
from ...schema.codec import encode_value
from .columns import Columns

Cell = str | int | float | None

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How cells begin that spreadsheets take for formulas."""

NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def csv_pieces(streamed: Streamed, columns: Columns, *, formulas: bool) -> Iterator[bytes]:
    """Write the header row, then the rows of each chunk; without `formulas` no text can begin one.

    The first piece holds rows, if there are any: what fails at once has to show before a piece is there.
    """
    text = _plain if formulas else _defused
    head: list[list[Cell]] = [[text(name) for name in columns.names]]
    for rows in streamed.chunks:
        yield _lines([*head, *([_cell(value, text) for value in values] for values in _values(rows, columns))])
        head = []
    if head:
        yield _lines(head)


def _lines(rows: Sequence[Sequence[Cell]]) -> bytes:
    buffer = StringIO(newline="")
    writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode()


def _values(rows: Sequence[Row], columns: Columns) -> Iterator[list[Any]]:
    orders = [[readers.get(name) for name in columns.names] for readers in columns.readers]
    for row in rows:
        number = columns.variant(row)
        values = [None if read is None else read(row) for read in orders[number]]
        document = columns.documents[number]
        yield values if document is None else _filled(values, columns.names, document(row))


def _filled(values: list[Any], names: Sequence[str], found: Mapping[str, Any]) -> list[Any]:
    """Add what an application's own serializer made of a row; CSV has columns for the API's fields only."""
    return [found.get(name) if value is None else value for name, value in zip(names, values, strict=True)]


def _cell(value: Any, text: Callable[[str], str]) -> Cell:
    """Give the cell of a JSON value; texts go through `text`."""
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case str():
            return text(value)
        case int():
            return value
        case float():
            return value if isfinite(value) else None
        case dict() | list():
            return text(_json(value))
        case _:
            written = orjson.loads(_json(value))
            return text(written) if isinstance(written, str) else _cell(written, text)


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value, default=encode_value).decode()
    except TypeError:
        return orjson.dumps(encode_value(value)).decode()


def _plain(text: str) -> str:
    return text


def _defused(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would take for a formula; numbers stay as they are."""
    return f"'{text}" if text.startswith(FORMULA) and not NUMBER.fullmatch(text) else text
