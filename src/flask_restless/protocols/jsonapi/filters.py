"""The `filter` family: the bracket form, the JSON form, and `filter[single]`."""

from __future__ import annotations

from collections.abc import Mapping

from ...operations.conditions import ConditionBinder, all_of, check_size, text_value
from ...operations.filters import Condition
from ...operations.json_text import read_json
from ...operations.operators import OPERATORS, Operand, Operator
from ...operations.problems import Source, quote, reject
from ...schema.resource import Resource

OBJECTS = ("objects",)
SINGLE = ("single",)


def read_filter(resource: Resource, given: Mapping[tuple[str, ...], str]) -> Condition | None:
    """Bind every filter of a request; all of them have to hold."""
    conditions = []
    for parts, text in given.items():
        if parts == SINGLE:
            continue
        source = Source(parameter="filter" + "".join(f"[{one}]" for one in parts))
        if parts == OBJECTS:
            value = read_json(text, depth=resource.registry.limits.json_depth, source=source, what="filter[objects]")
            conditions.append(ConditionBinder(source, resource.registry.limits).objects(resource, value))
        else:
            conditions.append(_bracketed(resource, parts, text, source))
    condition = all_of(conditions)
    check_size(condition, resource, Source(parameter="filter"))
    return condition


def _bracketed(resource: Resource, parts: tuple[str, ...], text: str, source: Source) -> Condition:
    """Bind `filter[path]=text` or `filter[path][operator]=text`; commas separate the values of a list."""
    binder = ConditionBinder(source, resource.registry.limits, text_value)
    names = parts[0].split(".")
    if len(parts) == 2:
        operator = binder.operator(parts[1])
    else:
        operator = OPERATORS["in" if "," in text and _takes_list(resource, names) else "eq"]
    return binder.path(resource, names, operator, _value(operator, text))


def _takes_list(resource: Resource, names: list[str]) -> bool:
    """Whether a comma separates values: not in a text, where it may be part of the value."""
    for name in names[:-1]:
        if name not in resource.relationships:
            return False
        resource = resource.relationships[name].target
    if names[-1] in resource.relationships:
        return len(resource.relationships[names[-1]].target.identity.keys) == 1
    found = resource.queryable.get(names[-1])
    return found is not None and not found.codec.textual and found.codec.name not in ("json", "array", "hstore")


def _value(operator: Operator, text: str) -> object:
    if operator.operand in (Operand.VALUES, Operand.PAIR):
        return text.split(",") if text else []
    return text


def reads_single(given: Mapping[tuple[str, ...], str]) -> bool:
    """Whether `filter[single]` asks for exactly one resource."""
    text = given.get(SINGLE)
    if text not in (None, "0", "1", "true", "false"):
        detail = f"filter[single] is 1 or 0, not {quote(text)}"
        raise reject("invalid-filter", detail, Source(parameter="filter[single]"))
    return text in ("1", "true")
