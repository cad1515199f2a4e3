"""SQL functions over a collection: what one request for a value is bound to, in every protocol.

Clients choose from the names that the API allows, and from attributes that they may filter by: what cannot be read
cannot be added up either (A-9).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from ..schema.resource import Attribute, Resource
from .binding import find_attribute
from .problems import Source, quote, reject

NUMERIC = frozenset({"integer", "number", "decimal", "interval"})
"""Codecs of what can be added up."""


def no_hint(name: str, allowed: Iterable[str]) -> str:
    """Give no hint: the classic protocol has its own words for what is not there, and not one more (contract 2.11)."""
    return ""


def function_term(
    resource: Resource,
    given: Any,
    allowed: Collection[str],
    source: Source | None = None,
    hint: Callable[[str, Iterable[str]], str] = no_hint,
) -> tuple[str, Attribute]:
    """Bind one function, `{"name": "sum", "field": "age"}`; Rejected (`invalid-parameter`).

    `hint` gives the end of the sentence about a name that is not there, from the name and those that are.
    """
    if not isinstance(given, dict) or not all(isinstance(given.get(one), str) for one in ("name", "field")):
        raise reject("invalid-parameter", 'a function is an object such as {"name": "sum", "field": "age"}', source)
    name, field = given["name"], given["field"]
    found = find_attribute(resource, field)
    if found is None or not (found.sql and found.access.filter):
        known = (key for key, one in resource.queryable.items() if one.access.read and one.access.filter and one.sql)
        raise reject("invalid-parameter", f"No such field {quote(field)}{hint(field, known)}", source)
    if name.lower() not in {one.lower() for one in allowed}:
        raise reject("invalid-parameter", f"No such function {quote(name)}{hint(name, allowed)}", source)
    if name.lower() in ("sum", "avg") and found.codec.name not in NUMERIC:
        detail = f'The function "{name}" needs numbers, which "{field}" does not hold'
        raise reject("invalid-parameter", detail, source)
    return name, found
