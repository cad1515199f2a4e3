"""JSONP: the name of the function that an answer is wrapped for, as any protocol may take it (A-10)."""

from __future__ import annotations

import re

from ..operations.problems import Source, quote, reject

JAVASCRIPT = "application/javascript"
NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]{0,63}(?:\.[A-Za-z_$][A-Za-z0-9_$]{0,63}){0,7}", re.ASCII)
"""Names of functions, and nothing that could be a program."""


def checked_callback(name: str) -> str:
    """Give `name` back; Rejected (`invalid-parameter`) if it is no function's name."""
    if not NAME.fullmatch(name):
        detail = f"callback is the name of a JavaScript function, not {quote(name)}"
        raise reject("invalid-parameter", detail, Source(parameter="callback"))
    return name
