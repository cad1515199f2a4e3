"""What a codec is: how the values of one column type cross the wire, in both directions and in URLs.

Whatever a codec lets through can be stored, compared and written back without loss; whatever it cannot vouch for
it refuses with `Unfit`, before the database sees it (threats T28, T35 to T38).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from orjson import Fragment
from sqlalchemy.types import TypeEngine

Json = Any
"""A decoded JSON value."""


class Unfit(ValueError):
    """A value that does not fit its type.

    `expected` says in a few words what would fit; `code` is a code of the problem catalogue.
    """

    def __init__(self, expected: str, code: str = "invalid-value") -> None:
        super().__init__(expected)
        self.expected = expected
        self.code = code


class Unexposable(TypeError):
    """A column type whose values cannot be written as JSON."""


@dataclass(frozen=True, slots=True, eq=False)
class Codec:
    """How the values of one type cross the wire.

    `decode` takes the JSON value of a write (never None) to the mapped attribute's Python value, `accept` that of a
    filter to what is compared with the column (looser in range and length), `parse` a text in a URL likewise; all
    three raise Unfit.  `text` is the one canonical text of a value: `parse(text(value)) == value`.  `encode` gives
    what orjson writes as intended, None where orjson writes the value so already.  `operand` is the type of a bind
    parameter that is compared with the column, None for the column's own.  `comparable` tells whether every
    database knows equal values, and `commas` whether a comma may stand in the text of one that is not `textual`.
    """

    name: str
    decode: Callable[[Json], object]
    accept: Callable[[Json], object]
    parse: Callable[[str], object]
    text: Callable[[Any], str] = str
    encode: Callable[[Any], Json] | None = None
    json_schema: Mapping[str, Json] = field(default_factory=dict)
    operand: TypeEngine[Any] | None = None
    ordered: bool = True
    textual: bool = False
    comparable: bool = True
    commas: bool = False
    contains: Codec | None = None


MAX_DEPTH = 64

HALVES = re.compile("[\ud800-\udfff]")


def encode_value(value: Any, depth: int = 0) -> Json:
    """Write a value of unknown type by its Python type; TypeError, with the cure, where that cannot be done.

    Integers beyond 64 bits become strings: JSON readers would lose their digits.  Halves of surrogate pairs, which
    escapes in a database's JSON may make, become U+FFFD.
    """
    if depth > MAX_DEPTH:
        raise TypeError(f"a value is nested more than {MAX_DEPTH} deep")
    match value:
        case str():
            return value if value.isascii() else HALVES.sub("\ufffd", value)
        case None | bool() | float() | Fragment():
            return value
        case Enum():
            return value.name
        case int():
            return value if -(2**63) <= value < 2**64 else str(value)
        case Decimal():
            return f"{value:f}" if value.is_finite() else None
        case timedelta():
            return value.total_seconds()
        case date() | time():
            return value.isoformat()
        case UUID():
            return str(value)
        case bytes() | bytearray() | memoryview():
            return base64.b64encode(bytes(value)).decode()
        case Mapping():
            return {encode_value(str(key)): encode_value(one, depth + 1) for key, one in value.items()}
        case list() | tuple():
            return [encode_value(one, depth + 1) for one in value]
        case set() | frozenset():
            return sorted((encode_value(one, depth + 1) for one in value), key=str)
    raise TypeError(
        f"a value of type {type(value).__name__} cannot be written as JSON; return plain values, or give "
        "APIManager(types=...) a codec for its column type"
    )


def as_sent(value: Json) -> Json:
    """Give a value of a document as clients get it: with texts in place of what orjson alone makes texts of."""
    match value:
        case date() | time() | UUID():
            return encode_value(value)
        case dict():
            return {name: as_sent(one) for name, one in value.items()}
        case list():
            return [as_sent(one) for one in value]
    return value
