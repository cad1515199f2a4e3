"""The filters of a search object (contract 2.5), said in the form that `ConditionBinder` knows."""

from __future__ import annotations

from typing import Any

from ...operations.binding import find_attribute, relationships_of, shown
from ...operations.conditions import ConditionBinder, all_of, check_size
from ...operations.filters import Condition
from ...operations.problems import Source, quote, reject
from ...schema.resource import Resource
from .values import accepted

RELATED = ("has", "any")


def read_filters(resource: Resource, given: Any, source: Source, *, hidden: bool = False) -> Condition | None:
    """Bind the filters of a search, which all have to hold; Rejected.

    With `hidden`, mapped columns that clients do not see may be named too: for the application's own processors.
    """
    if not isinstance(given, list):
        raise reject("invalid-filter", f"filters are a list of objects, not {shown(given)}", source)
    registry = resource.registry
    binder = ConditionBinder(source, registry.limits, accepted, own=registry.operators, hidden=hidden)
    entries = [_entry(resource, one, source) for one in given]
    condition = all_of([binder.objects(resource, entries)])
    check_size(condition, resource, source)
    return condition


def _entry(resource: Resource, given: Any, source: Source) -> Any:
    """Say one entry in the neutral form; what makes no sense is left for the binder to refuse."""
    if not isinstance(given, dict):
        return given
    for word in ("or", "and"):
        if word in given:
            inner = given[word]
            return {word: [_entry(resource, one, source) for one in inner] if isinstance(inner, list) else inner}
    if "not" in given:
        return {"not": _entry(resource, given["not"], source)}
    return _named(resource, given, source)


def _named(resource: Resource, given: dict[str, Any], source: Source) -> Any:
    name, symbol = given.get("name"), given.get("op")
    if not isinstance(name, str):
        return given
    relation, inner = _split(resource, name, source)
    if inner is not None:
        if symbol not in RELATED:
            detail = f"{quote(name)} goes with has and any only, not with {shown(symbol)}"
            raise reject("invalid-filter", detail, source)
        given = {"name": relation, "op": symbol, "val": {"op": "eq", **_right(given), "name": inner}}
    if symbol not in RELATED:
        return given
    if given.get("val") is None:
        raise reject("invalid-filter", f"the operator {quote(symbol)} needs a val: a filter", source)
    found = relationships_of(resource).get(str(given["name"]))
    return given if found is None else {**given, "val": _entry(found.target, given["val"], source)}


def _right(given: dict[str, Any]) -> dict[str, Any]:
    return {member: given[member] for member in ("val", "field") if member in given}


def _split(resource: Resource, name: str, source: Source) -> tuple[str, str | None]:
    """Take `relation__column` apart, unless the whole is the name of a field."""
    if "__" not in name or find_attribute(resource, name) is not None or name in relationships_of(resource):
        return name, None
    relation, _, inner = name.partition("__")
    if "__" in inner:
        raise reject("invalid-filter", f"{quote(name)} crosses more than one relation; nest has and any", source)
    return relation, inner
