"""NDJSON: one flat object for each row, on a line of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from ...operations.generated import Source
from ...operations.outcome import Row, Streamed
from ...schema.codec import encode_value
from .columns import Columns, Part, made_of, turned

Lines = Callable[[Sequence[Row]], list[bytes]]


def json_pieces(streamed: Streamed, columns: Columns) -> Iterator[bytes]:
    """Write the rows of each chunk, one line each."""
    makers = [_maker(part) for part in columns.parts]
    for rows in streamed.chunks:
        yield b"".join(made_of(rows, columns, makers))


def _maker(part: Part) -> Lines:
    """Give what writes rows of one variant."""
    names, reads, write = tuple(part.readers), tuple(part.readers.values()), _writer(part.readers)
    document = part.document

    def lines(rows: Sequence[Row]) -> list[bytes]:
        values = turned(rows)
        table = [read(values) for read in reads]
        if document is None:
            try:
                return write(zip(*table, strict=True))
            except TypeError:  # of one value among them, whose line alone is to be written in another way
                return [_line(found) for found in _objects(names, table)]
        return [_line({**found, **document(row)}) for found, row in zip(_objects(names, table), rows, strict=True)]

    return lines


def _writer(names: Iterable[str]) -> Callable[[Iterable[Row]], list[bytes]]:
    """Generate the function that writes a line for the values of each row; TypeError where orjson cannot."""
    source = Source(dumps=orjson.dumps, default=encode_value, newline=orjson.OPT_APPEND_NEWLINE)
    keys = [source.constant(name) for name in names]
    values = [f"v{number}" for number in range(len(keys))]
    members = ", ".join(f"{key}: {value}" for key, value in zip(keys, values, strict=True))
    text = f"[dumps({{{members}}}, default, newline) for {', '.join(values)}, in rows]"
    return source.function(f"def render(rows):\n    return {text}\n")  # type: ignore[no-any-return]  # generated


def _objects(names: Sequence[str], table: Sequence[Sequence[Any]]) -> Iterator[Mapping[str, Any]]:
    for values in zip(*table, strict=True):
        yield dict(zip(names, values, strict=True))


def _line(found: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(found, default=encode_value, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:
        return orjson.dumps(encode_value(found), option=orjson.OPT_APPEND_NEWLINE)
