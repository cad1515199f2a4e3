"""Functions over a collection, at `/eval/<collection>` (contract 2.11)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...operations.filters import Condition
from ...operations.functions import function_term
from ...operations.json_text import read_json
from ...operations.operation import Aggregate
from ...operations.problems import Source, reject
from ...operations.selection import Fields, Selection
from ...schema.resource import Resource
from ..base import Call
from .filters import read_filters
from .processors import with_search
from .query import Q, Query
from .representation import classic_of
from .search import checked_search


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
        detail = '"functions" is a list of objects such as {"name": "sum", "field": "age"}'
        raise reject("invalid-parameter", detail, Q)
    allowed = classic_of(resource).allow_functions
    terms = tuple(dict.fromkeys(function_term(resource, one, allowed, Q) for one in functions))
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
        raise reject("invalid-parameter", "Empty query parameter", Q)
    return read_json(query.q, depth=depth, source=Q, what="q")


def results(operation: Aggregate, values: tuple[object, ...]) -> Mapping[str, Any]:
    """Give the answer: one member for each function and field."""
    pairs = zip(operation.terms, values, strict=True)
    return {f"{name}__{attribute.name}": value for (name, attribute), value in pairs}
