"""Functions over a collection, at `/eval/<collection>` (contract 2.11)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...operations.binding import find_attribute
from ...operations.filters import Condition
from ...operations.json_text import read_json
from ...operations.operation import Aggregate
from ...operations.problems import Source, reject
from ...operations.selection import Fields, Selection
from ...schema.resource import Attribute, Resource
from ..base import Call
from .filters import read_filters
from .processors import with_search
from .query import Q, Query
from .representation import classic_of
from .search import checked_search

NUMERIC = frozenset({"integer", "number", "decimal", "interval"})
"""Codecs of what can be added up."""


def read_evaluation(call: Call, query: Query) -> Aggregate:
    """Understand a request for functions; their `terms` are empty where nothing is to be evaluated.

    The preprocessors of searches (`GET_MANY`) hold here too: who may not list objects may not add them up (A-9).
    """
    resource = call.resource
    found = _given(call, query)
    if found is None:
        found = {}
    search = checked_search(found, Q)
    functions = search.get("functions") or []
    if not isinstance(functions, list):
        raise reject("invalid-parameter", '"functions" is a list of objects such as {"name": "sum", "field": "age"}')
    terms = tuple(dict.fromkeys(_term(resource, one) for one in functions))
    condition = _condition(resource, search)
    prepared, _ = with_search(call, "GET_MANY", search)
    if prepared:
        condition = _condition(resource, search, hidden=True)
    return Aggregate(Selection(resource, (Fields(resource, (), ()),), filter=condition), terms)


def _condition(resource: Resource, search: dict[str, Any], *, hidden: bool = False) -> Condition | None:
    return read_filters(resource, search["filters"], Q, hidden=hidden) if "filters" in search else None


def _given(call: Call, query: Query) -> Any:
    """Read the functions from `q`; Flask-Restless 0.6 had them in the body of the GET request (contract 2.14)."""
    depth = call.resource.registry.limits.json_depth
    if not query.q and call.body and classic_of(call.resource).classic_version == "0.6":
        return read_json(call.body, depth=depth, source=Source(pointer=""))
    if not query.q:
        raise reject("invalid-parameter", "Empty query parameter")
    return read_json(query.q, depth=depth, source=Q, what="q")


def _term(resource: Resource, given: Any) -> tuple[str, Attribute]:
    if not isinstance(given, dict) or not all(isinstance(given.get(one), str) for one in ("name", "field")):
        raise reject("invalid-parameter", 'a function is an object such as {"name": "sum", "field": "age"}')
    name, field = given["name"], given["field"]
    found = find_attribute(resource, field)
    if found is None or not (found.sql and found.access.filter):
        raise reject("invalid-parameter", f'No such field "{field[:80]}"')
    if name.lower() not in {one.lower() for one in classic_of(resource).allow_functions}:
        raise reject("invalid-parameter", f'No such function "{name[:80]}"')
    if name.lower() in ("sum", "avg") and found.codec.name not in NUMERIC:
        raise reject("invalid-parameter", f'The function "{name}" needs numbers, which "{field}" does not hold')
    return name, found


def results(operation: Aggregate, values: tuple[object, ...]) -> Mapping[str, Any]:
    """Give the answer: one member for each function and field."""
    pairs = zip(operation.terms, values, strict=True)
    return {f"{name}__{attribute.name}": value for (name, attribute), value in pairs}
