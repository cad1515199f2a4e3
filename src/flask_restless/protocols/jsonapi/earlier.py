"""The query parameters of the earlier JSON:API generations, said in words that the standard leaves free (J-6.3.2).

`group`, `ignorecase`, `sort=0`, `page[size]=0` and lists in `filter[name]=a,b` are read where `earlier_parameters` is
set, `callback` where `allow_jsonp` is.  Everywhere else they are refused with what to send in their place, except for
the lists, which are texts with a comma in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote_plus

from ...schema.options import Options
from ..base import Call, Reply
from ..callback import JAVASCRIPT, checked_callback

RENAMED = {"group": "groupBy", "ignorecase": "ignoreCase"}
FIELD = re.compile(r"filter\[(?!objects\]|single\])[^\[\]]+\]")
"""`filter[name]=a,b`, which asked for either of them."""


def standard_query(call: Call) -> str:
    """Give the query string of a call in today's words."""
    options = call.resource.options
    if not call.query or not (options.earlier_parameters or options.allow_jsonp):
        return call.query
    return "&".join(_said_today(call.query, options))


def _said_today(query: str, options: Options) -> Iterator[str]:
    for piece in query.split("&"):
        raw, _, value = piece.partition("=")
        name = unquote_plus(raw)
        if name == "callback" and options.allow_jsonp:
            continue
        if not options.earlier_parameters:
            yield piece
        elif name in RENAMED:
            yield f"{RENAMED[name]}={value}"
        elif name == "page[size]" and value == "0" and options.max_page_size:
            yield f"{raw}={options.max_page_size}"
        elif FIELD.fullmatch(name) and "," in unquote_plus(value):
            yield f"{raw}[in]={value}"
        elif not (name == "sort" and value == "0"):
            yield piece


def note_callback(call: Call) -> None:
    """Note the function that the answer to a GET is to be wrapped for, where the API allows it; Rejected."""
    if not call.resource.options.allow_jsonp or call.method != "GET":
        return
    for piece in call.query.split("&"):
        name, _, value = piece.partition("=")
        if unquote_plus(name) == "callback":
            call.notes["callback"] = checked_callback(unquote_plus(value))


def wrapped(call: Call | None, reply: Reply) -> Reply:
    """Wrap the document of an answer for JSONP, if the call asks for it."""
    callback = None if call is None else call.notes.get("callback")
    if callback is None or not reply.body:
        return reply
    headers = tuple(header for header in reply.headers if header[0] != "Content-Type")
    document = reply.body
    for separator in ("\u2028", "\u2029"):  # they end lines in older JavaScript, and so strings
        document = document.replace(separator.encode(), f"\\u{ord(separator):x}".encode())
    body = callback.encode("ascii") + b"(" + document + b")"
    return replace(reply, headers=(("Content-Type", JAVASCRIPT), *headers), body=body)
