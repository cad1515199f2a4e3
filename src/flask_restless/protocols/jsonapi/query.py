"""Query strings to parameters (J-6, J-8): families, names, and which of them an endpoint takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from urllib.parse import unquote_to_bytes

from ...operations.problems import Source, did_you_mean, quote, reject
from ...schema.options import Limits

MEMBER = r"[a-zA-Z0-9\u0080-\U0010ffff](?:[a-zA-Z0-9\u0080-\U0010ffff_ -]*[a-zA-Z0-9\u0080-\U0010ffff])?"
PATH = rf"{MEMBER}(?:\.{MEMBER})*"
NAME = re.compile(rf"({MEMBER})((?:\[(?:{PATH})?\])*)")
BRACKETED = re.compile(r"\[([^\[\]]*)\]")
BROKEN_PERCENT = re.compile(r"%(?![0-9a-fA-F]{2})")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

FAMILIES = ("include", "fields", "sort", "page", "filter", "sortNulls", "groupBy", "ignoreCase")
PLAIN = frozenset({"include", "sort", "groupBy", "ignoreCase"})
"""The families that take no brackets."""
REFINEMENTS: Mapping[str, tuple[range, str]] = {
    "includedPage": (range(2, 3), "includedPage[path][size]=10"),
    "includedSort": (range(1, 2), "includedSort[path]=-a,b"),
    "includedFilter": (range(2, 4), "includedFilter[path][field]=value"),
    "excludedFields": (range(1, 2), "excludedFields[type]=a,b"),
    "withCount": (range(1), "withCount=path,path"),
    "withLinks": (range(1), "withLinks=none"),
    "withLinkage": (range(1), "withLinkage=all"),
}
"""The families of our own (`refinements.py`): how many bracketed parts a name has, and an example."""

SINGLES = frozenset({"include", "fields", *REFINEMENTS})
LISTS = SINGLES | frozenset(FAMILIES)
"""The families that lists and single resources take."""


@dataclass(frozen=True, slots=True)
class Query:
    """The parameters of one request, by family; each value is the decoded text.

    `filters` maps the bracketed parts of a name to its value: `filter[a.b][gt]` is under ("a.b", "gt").
    `refinements` does so for the families of our own, the family's name first.
    """

    include: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    sort: str | None = None
    sort_nulls: Mapping[str, str] = field(default_factory=dict)
    page: Mapping[str, str] = field(default_factory=dict)
    filters: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    group: str | None = None
    ignore_case: str | None = None
    refinements: Mapping[tuple[str, ...], str] = field(default_factory=dict)

    def refinements_of(self, family: str) -> list[tuple[tuple[str, ...], str]]:
        """Give the (bracketed parts, value) pairs of a family of our own."""
        return [(name[1:], text) for name, text in self.refinements.items() if name[0] == family]


def read_query(text: str, allowed: frozenset[str], limits: Limits) -> Query:
    """Take a query string apart; Rejected (`unknown-parameter`, `invalid-parameter`, `limit-exceeded`).

    `allowed` are the families that the endpoint takes.  Names with a character outside a-z that nobody here knows
    are ignored: they are free for proxies and applications (J-6.3.5), unless they nearly are a name of ours.
    """
    if not text:
        return Query()
    pieces = [piece for piece in text.split("&") if piece]
    if len(pieces) > limits.parameters:
        raise reject("limit-exceeded", f"a request has at most {limits.parameters} query parameters")
    single: dict[str, str] = {}
    named: dict[str, dict[str, str]] = {"fields": {}, "page": {}, "sortNulls": {}}
    filters: dict[tuple[str, ...], str] = {}
    refinements: dict[tuple[str, ...], str] = {}
    seen: set[str] = set()
    for piece in pieces:
        name, _, value = piece.partition("=")
        name, value = _decoded(name, None), _decoded(value, name)
        base, parts = _split(name)
        if base not in FAMILIES and base not in REFINEMENTS:
            _check_custom(name, base)
            continue
        _check_allowed(name, base, allowed)
        if name in seen:
            raise _invalid(name, f"the parameter {quote(name)} is given twice")
        seen.add(name)
        if base in PLAIN:
            if parts:
                raise _invalid(name, f"{base} takes no brackets; send {base}={'.'.join(parts)}")
            single[base] = value
        elif base == "filter":
            filters[_filter_parts(name, parts)] = value
        elif base in REFINEMENTS:
            refinements[(base, *_refinement_parts(name, base, parts))] = value
        elif len(parts) != 1 or not parts[0]:
            raise _invalid(name, f"{base} names one member in brackets, such as {_EXAMPLES[base]}")
        else:
            named[base][parts[0]] = value
    return Query(
        include=single.get("include"),
        fields=named["fields"],
        sort=single.get("sort"),
        sort_nulls=named["sortNulls"],
        page=named["page"],
        filters=filters,
        group=single.get("groupBy"),
        ignore_case=single.get("ignoreCase"),
        refinements=refinements,
    )


_OURS: Mapping[str, str] = {name.casefold(): name for name in (*FAMILIES, *REFINEMENTS)}
"""The letters of the names of ours, without their case -> the name."""

CURES = {
    "group": "; send groupBy=name,publisher.name",
    "ignorecase": "; send ignoreCase=true",
    "pagenumber": "; send page[number]=2",
    "pagesize": "; send page[size]=10",
    "q": "; send filter[objects]=[...], sort and page[size]",
    "resultsperpage": "; send page[size]=10",
    "callback": "; JSONP is not enabled here",
    "functions": "; functions are evaluated at /eval/<collection>, where the API allows them",
}
"""Parameters of earlier generations, and of other APIs -> what to send in their place."""

_EXAMPLES = {"fields": "fields[type]=a,b", "page": "page[size]=10", "sortNulls": "sortNulls[a]=last"}


def _decoded(text: str, name: str | None) -> str:
    """Decode one name or value, as the WHATWG form parser does, but never by guessing (J-8.1)."""
    text = text.replace("+", " ")
    if "%" not in text and text.isascii() and "\x00" not in text:
        return text
    source = None if name is None else Source(parameter=name)
    if BROKEN_PERCENT.search(text):
        raise reject("invalid-parameter", f"{quote(text)} holds a % that is not followed by two digits", source)
    try:
        found = unquote_to_bytes(text.encode("latin-1", "strict")).decode("utf-8")
    except UnicodeError:
        raise reject("invalid-parameter", f"{quote(text)} is not percent-encoded UTF-8", source) from None
    if UNSTORABLE.search(found):
        raise reject("invalid-parameter", f"{quote(text)} holds a NUL character", source)
    return found


def _split(name: str) -> tuple[str, tuple[str, ...]]:
    match = NAME.fullmatch(name)
    if match is None:
        raise reject(
            "unknown-parameter", f"{quote(name)} is not a legal name of a query parameter", Source(parameter=name)
        )
    return match[1], tuple(BRACKETED.findall(match[2]))


def flag(name: str, value: str | None) -> bool:
    """Read a parameter that is true or false; Rejected (`invalid-parameter`)."""
    if value not in (None, "true", "false", "1", "0"):
        raise _invalid(name, f"{name} is true or false, not {quote(value)}")
    return value in ("true", "1")


def _filter_parts(name: str, parts: tuple[str, ...]) -> tuple[str, ...]:
    if not 1 <= len(parts) <= 2 or not all(parts):
        raise _invalid(name, "a filter is filter[path]=value, filter[path][operator]=value or filter[objects]=[...]")
    return parts


def _refinement_parts(name: str, base: str, parts: tuple[str, ...]) -> tuple[str, ...]:
    lengths, example = REFINEMENTS[base]
    if len(parts) not in lengths or not all(parts):
        raise _invalid(name, f"{quote(name)} is not how {base} is written; send it like {example}")
    return parts


def _check_custom(name: str, base: str) -> None:
    """Refuse names that the standard keeps to itself, all lower-case letters (J-6.3.4), and misspelt ones of ours."""
    letters = re.sub("[_ -]", "", base.casefold())
    meant = [f'; did you mean "{_OURS[one]}"?' for one in get_close_matches(letters[:50], _OURS, n=1, cutoff=0.85)]
    if meant or letters in CURES or re.fullmatch("[a-z]+", base):
        hint = CURES.get(letters) or "".join(meant) or did_you_mean(base, FAMILIES)
        raise reject("unknown-parameter", f"there is no query parameter {quote(name)}{hint}", Source(parameter=name))


def _check_allowed(name: str, base: str, allowed: frozenset[str]) -> None:
    if base not in allowed:
        hint = "allowed: " + ", ".join(sorted(allowed)) if allowed else "none is"
        detail = f"the query parameter {quote(name)} is not possible here; {hint}"
        raise reject("unknown-parameter", detail, Source(parameter=name))


def _invalid(name: str, detail: str) -> Exception:
    return reject("invalid-parameter", detail, Source(parameter=name))
