"""Documents to bytes (contract 2.1): sorted, indented, ASCII; compact for XMLHttpRequest; wrapped for JSONP (2.12)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import orjson

from ...schema.codec import encode_value
from ..base import Call
from ..callback import JAVASCRIPT, checked_callback
from .links import Link
from .representation import classic_of

PRETTY = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2
FOREIGN = re.compile("[^\x00-\x7e]+")


def take_callback(call: Call, name: str | None) -> None:
    """Note the function that the answer is to be wrapped for; Rejected (`invalid-parameter`).

    Where the API does not allow JSONP, `callback` is a parameter like any other that nobody knows.
    """
    if name is None or not classic_of(call.resource).allow_jsonp:
        return
    call.notes["callback"] = checked_callback(name)


def callback_of(call: Call | None) -> str | None:
    """Give the function that the answer is wrapped for."""
    return None if call is None else call.notes.get("callback")


def is_compact(call: Call | None) -> bool:
    """Whether the request comes from a script, which needs no indentation."""
    return call is not None and call.headers.get("x-requested-with") == "XMLHttpRequest"


def body_of(document: Any, *, compact: bool) -> bytes:
    """Write a document."""
    if compact:
        return _one_line(document).encode("ascii")
    return _ascii(_dumps(document, PRETTY))


def wrapped(
    callback: str, document: Any, status: int, links: Sequence[Link] = (), location: str | None = None
) -> bytes:
    """Write a document for JSONP: the call of a function, with what else would be in headers."""
    meta: dict[str, Any] = {"Content-Type": JAVASCRIPT, "status": status}
    if links:
        meta["Link"] = [{"rel": relation, "url": url} for relation, url in links]
    if location is not None:
        meta["Location"] = location
    return f"{callback}({_one_line({'data': document, 'meta': meta})})".encode("ascii")


def _one_line(document: Any) -> str:
    """Write a document on one line, with the spaces that clients of 0.17 have always got."""
    return json.dumps(orjson.loads(_dumps(document, 0)), sort_keys=True)


def _dumps(document: Any, option: int) -> bytes:
    """Write a document; what orjson does not know is written by its Python type."""
    try:
        return orjson.dumps(document, default=encode_value, option=option)
    except TypeError:
        return orjson.dumps(encode_value(document), option=option)


def _ascii(body: bytes) -> bytes:
    r"""Write every other character as `\uXXXX`; they only occur inside strings."""
    if body.isascii() and b"\x7f" not in body:
        return body
    return FOREIGN.sub(lambda match: json.dumps(match[0])[1:-1], body.decode()).encode("ascii")
