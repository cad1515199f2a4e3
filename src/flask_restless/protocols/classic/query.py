"""Query strings: `q`, `page`, `results_per_page` and `callback`; all other parameters are ignored (contract 2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl

from ...operations.problems import Source, quote, reject
from ...schema.options import Limits

Q = Source(parameter="q")


@dataclass(frozen=True, slots=True)
class Query:
    """The parameters of one request, decoded; of one that is given twice, the first."""

    q: str | None = None
    page: str | None = None
    results_per_page: str | None = None
    callback: str | None = None


def read_query(text: str, limits: Limits) -> Query:
    """Take a query string apart; Rejected (`limit-exceeded`, `invalid-parameter`)."""
    if not text:
        return Query()
    if text.count("&") >= limits.parameters:
        raise reject("limit-exceeded", f"a request has at most {limits.parameters} query parameters")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise reject("invalid-parameter", f"the query string {quote(text)} is not percent-encoded UTF-8") from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in Query.__dataclass_fields__:
            found.setdefault(name, value)
    return Query(**found)
