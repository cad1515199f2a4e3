"""Reading JSON from strangers: whatever two readers could understand differently is refused.

Duplicate keys, NaN and infinities, numbers of many digits, deep nesting, byte order marks and other encodings than
UTF-8 never get past here (threats T27, T28, T34, T35), nor do names with lone surrogates.  Those in values do,
like NUL; the codecs refuse them wherever a value is used.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from functools import partial
from typing import Any

import orjson

from .problems import Source, quote, reject

MAX_DIGITS = 40
ALIKE = bytes.maketrans(b"\t\n\r123456789", b"   000000000")
"""All space as one kind of it, and all digits as one."""
KEY = b'":'
LONG = b"0" * 19
"""Digits of an integer that may have more than 64 bits, of which orjson makes a float."""
HALF = re.compile("[\ud800-\udfff]")
STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
AS_SQUARE = bytes.maketrans(b"{}", b"[]")
NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def read_json(
    text: bytes | str, *, depth: int, source: Source | None, what: str = "the body", members: int | None = None
) -> Any:
    """Give the JSON value in `text`; Rejected (`malformed-document`, `limit-exceeded`) says what is wrong and where.

    `depth` is the most that arrays and objects may be inside one another, `members` how many one object may have.
    """
    if isinstance(text, bytes):
        is_small = text.count(b"{") + text.count(b"[") <= depth and (members is None or text.count(KEY) <= members)
        found = read_plainly(text) if is_small else UNREAD
        if found is not UNREAD:
            return found
        text = _decoded(text, source, what)
    if not text.strip():
        raise reject("malformed-document", f"{what} is empty; it must hold JSON", source)
    _check_depth(text, depth, source, what)
    try:
        return json.loads(
            text,
            object_pairs_hook=partial(_object, members, "\\ud" in text or "\\uD" in text),
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        detail = f"{what} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        raise reject("malformed-document", detail, source) from None
    except _Unreadable as error:
        raise reject(error.code, f"{what} holds {error}", source) from None


UNREAD = object()
"""In place of what has to be read closely."""


def read_plainly(body: bytes) -> Any:
    """Give the value of a body in which nothing is doubtful; UNREAD for all others, whatever is wrong with them.

    orjson reads strictly, but takes the last of two equal keys.  Where no space stands before a colon, each key has its
    own `":` in the body, and texts that hold some have as many when they are written again: so none was lost.  Depth
    and numbers of members are not limited here.
    """
    plain = body.translate(ALIKE)
    if b" :" in plain or LONG in plain:
        return UNREAD
    try:
        found = orjson.loads(body)
        return found if orjson.dumps(found).count(KEY) == body.count(KEY) else UNREAD
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return UNREAD


class _Unreadable(ValueError):
    """Something that is JSON by its syntax, but that we do not read; `code` says why."""

    def __init__(self, what: str, code: str = "malformed-document") -> None:
        super().__init__(what)
        self.code = code


def _decoded(body: bytes, source: Source | None, what: str) -> str:
    if body.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise reject("malformed-document", f"{what} begins with a byte order mark; send UTF-8 without one", source)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise reject("malformed-document", f"{what} is not UTF-8 (at byte {error.start})", source) from None


def _check_depth(text: str, limit: int, source: Source | None, what: str) -> None:
    """Refuse deep nesting before the parser recurses into it.

    Each pass over the brackets takes away all pairs with nothing between them, and so one level.
    """
    if text.count("[") + text.count("{") <= limit:
        return
    brackets = STRING.sub("", text).encode("utf-8", "surrogatepass").translate(AS_SQUARE, NO_BRACKETS)
    for _ in range(limit):
        shorter = brackets.replace(b"[]", b"")
        if len(shorter) == len(brackets):
            break
        brackets = shorter
    if b"[]" in brackets or brackets.count(b"[") > limit:
        raise reject("limit-exceeded", f"{what} nests arrays and objects more than {limit} deep", source)


def _object(members: int | None, may_be_broken: bool, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object; in `may_be_broken` JSON a name may hold half a character, which no answer could repeat."""
    if may_be_broken and (name := next((name for name, _ in pairs if HALF.search(name)), None)) is not None:
        raise _Unreadable(f"the member {quote(name)}, whose name holds half of a surrogate pair")
    if members is not None and len(pairs) > members:
        raise _Unreadable(f"an object of more than {members} members", "limit-exceeded")
    found = dict(pairs)
    if len(found) != len(pairs):
        (twice, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        raise _Unreadable(f"the member {quote(twice)} twice in one object")
    return found


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise _Unreadable(f"a number of more than {MAX_DIGITS} digits")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise _Unreadable(f"the number {quote(digits, 40)}, which is out of range")
    return value


def _constant(name: str) -> Any:
    raise _Unreadable(f"{name}, which is not JSON")
