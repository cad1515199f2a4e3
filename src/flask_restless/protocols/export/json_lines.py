"""NDJSON: one flat object for each row, on a line of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from ...operations.outcome import Row, Streamed
from ...schema.codec import encode_value
from .columns import Columns


def json_pieces(streamed: Streamed, columns: Columns) -> Iterator[bytes]:
    """Write the rows of each chunk, one line each."""
    for rows in streamed.chunks:
        yield b"".join([_line(_object(row, columns)) for row in rows])


def _object(row: Row, columns: Columns) -> dict[str, Any]:
    number = columns.variant(row)
    found = {name: read(row) for name, read in columns.readers[number].items()}
    document = columns.documents[number]
    return found if document is None else {**found, **document(row)}


def _line(found: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(found, default=encode_value, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:
        return orjson.dumps(encode_value(found), option=orjson.OPT_APPEND_NEWLINE)
