"""CSV (RFC 4180): a header row of names, CRLF, UTF-8; nulls and empty texts are empty cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from csv import writer
from datetime import date, datetime, time
from io import StringIO
from itertools import chain
from math import isfinite
from types import MappingProxyType, NoneType
from typing import Any

import orjson

from ...operations.outcome import Row, Streamed
from ...schema.codec import encode_value
from .columns import Columns, Part, made_of, turned

Cell = str | int | float | None

Texts = Callable[[Sequence[str | None]], Sequence[Cell]]
"""Gives the cells of texts and nulls."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How cells begin that spreadsheets take for formulas."""

NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def csv_pieces(streamed: Streamed, columns: Columns, *, formulas: bool) -> Iterator[bytes]:
    """Write the header row, then the rows of each chunk; without `formulas` no text can begin one.

    The first piece holds rows, if there are any: what fails at once has to show before a piece is there.
    """
    texts = _as_they_are if formulas else _all_defused
    makers = [_maker(part, columns.names, texts) for part in columns.parts]
    head: list[Sequence[Cell]] = [texts(columns.names)]
    for rows in streamed.chunks:
        yield _lines(chain(head, made_of(rows, columns, makers)))
        head = []
    if head:
        yield _lines(head)


def _lines(rows: Iterable[Sequence[Cell]]) -> bytes:
    buffer = StringIO(newline="")
    writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode()


def _maker(part: Part, names: Sequence[str], texts: Texts) -> Callable[[Sequence[Row]], Iterable[Sequence[Cell]]]:
    """Give what makes rows of cells of the rows of one variant."""
    reads = [part.readers.get(name) for name in names]
    document = part.document

    def lines(rows: Sequence[Row]) -> Iterable[Sequence[Cell]]:
        values = turned(rows)
        nothing = (None,) * len(rows)
        table = [nothing if read is None else read(values) for read in reads]
        if document is not None:
            table = _filled(table, names, [document(row) for row in rows])
        return zip(*[_cells(column, texts) for column in table], strict=True)

    return lines


def _filled(
    table: Sequence[Sequence[Any]], names: Sequence[str], documents: Sequence[Mapping[str, Any]]
) -> list[Sequence[Any]]:
    """Add what an application's own serializer made of rows; CSV has columns for the API's fields only."""
    return [
        [found.get(name) if value is None else value for value, found in zip(column, documents, strict=True)]
        for name, column in zip(names, table, strict=True)
    ]


def _cells(values: Sequence[Any], texts: Texts) -> Sequence[Cell]:
    """Give the cells of a column of JSON values; all texts go through `texts`."""
    types = {*map(type, values)} - {NoneType}
    if types <= TEXT:
        return texts(values)
    make = BY_TYPE.get(types.pop()) if len(types) == 1 else None
    if make is not None:
        return make(values)
    cells = [_cell(value) for value in values]
    return [texts((cell,))[0] if isinstance(cell, str) else cell for cell in cells]


def _cell(value: Any) -> Cell:
    """Give the cell of a JSON value."""
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case str() | int():
            return value
        case float():
            return value if isfinite(value) else None
        case dict() | list():
            return _json(value)
        case _:
            written = orjson.loads(_json(value))
            return written if isinstance(written, str) else _cell(written)


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value, default=encode_value).decode()
    except TypeError:
        return orjson.dumps(encode_value(value)).decode()


# ---------------------------------------------------------------- whole columns of one type, and nulls


def _as_they_are(values: Sequence[Any]) -> Sequence[Cell]:
    return values


def _all_defused(texts: Sequence[str | None]) -> Sequence[Cell]:
    """Put an apostrophe before what a spreadsheet would take for a formula; in most columns there is nothing."""
    if {text[0] for text in texts if text}.isdisjoint(FORMULA):
        return texts
    return [text and _defused(text) for text in texts]


def _defused(text: str) -> str:
    """Put an apostrophe before a formula; numbers stay as they are."""
    return f"'{text}" if text.startswith(FORMULA) and not NUMBER.fullmatch(text) else text


def _each(values: Sequence[Any]) -> Sequence[Cell]:
    return [_cell(value) for value in values]


def _moments(values: Sequence[Any]) -> Sequence[Cell]:
    """Write dates and times as JSON has them, which orjson does for all at once unless there is a time with a zone."""
    try:
        found: list[Cell] = orjson.loads(orjson.dumps(values))
    except TypeError:
        return _each(values)
    return found


TEXT = frozenset({str})

BY_TYPE: Mapping[type, Callable[[Sequence[Any]], Sequence[Cell]]] = MappingProxyType(
    {int: _as_they_are, bool: _each, float: _each, datetime: _moments, date: _moments, time: _moments}
)
"""What makes the cells of columns of one type, of which none can begin a formula; exactly that type, no subclass."""
