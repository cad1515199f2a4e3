"""The `filter` family: the bracket form, the JSON form, and `filter[single]`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...operations.binding import find_attribute, relationships_of
from ...operations.conditions import ConditionBinder, all_of, check_size, text_value
from ...operations.filters import Condition
from ...operations.json_text import read_json
from ...operations.operators import OPERATORS, Operand, Operator
from ...operations.problems import Source, quote, reject
from ...schema.codec import Unfit, encode_value
from ...schema.resource import Attribute, Relationship, Resource

OBJECTS = ("objects",)
SINGLE = ("single",)


def read_filter(resource: Resource, given: Mapping[tuple[str, ...], str], family: str = "filter") -> Condition | None:
    """Bind every filter of a family, such as `filter` or `includedFilter[authors]`; all of them have to hold."""
    conditions = []
    for parts, text in given.items():
        if parts == SINGLE and family == "filter":
            continue
        if parts == OBJECTS:
            conditions.append(bound_objects(resource, read_objects(resource, text, family), family=family))
        else:
            source = Source(parameter=family + "".join(f"[{one}]" for one in parts))
            conditions.append(_bracketed(resource, parts, text, source))
    condition = all_of(conditions)
    check_size(condition, resource, Source(parameter=family))
    return condition


def read_objects(resource: Resource, text: str, family: str = "filter") -> Any:
    """Read the JSON of `filter[objects]`."""
    limits, name = resource.registry.limits, f"{family}[objects]"
    return read_json(text, depth=limits.json_depth, source=Source(parameter=name), what=name)


def bound_objects(resource: Resource, value: Any, *, hidden: bool = False, family: str = "filter") -> Condition:
    """Bind filter objects; with `hidden`, those of the application's own processors."""
    source, registry = Source(parameter=f"{family}[objects]"), resource.registry
    return ConditionBinder(source, registry.limits, own=registry.operators, hidden=hidden).objects(resource, value)


def as_objects(resource: Resource, given: Mapping[tuple[str, ...], str]) -> list[Any]:
    """Say every filter of a request as filter objects, for processors to see and change.

    What makes no sense is left as it came; binding the request's own filters refuses it.
    """
    objects: list[Any] = []
    for parts, text in given.items():
        if parts == OBJECTS:
            value = read_objects(resource, text)
            objects += value if isinstance(value, list) else [value]
        elif parts != SINGLE:
            objects.append(_as_object(resource, parts, text))
    return objects


def _as_object(resource: Resource, parts: tuple[str, ...], text: str) -> dict[str, Any]:
    names = parts[0].split(".")
    symbol = parts[1] if len(parts) == 2 else _implied(resource, names, text)
    operator = resource.registry.operators.get(symbol) or OPERATORS.get(symbol)
    if operator is None or operator.operand is Operand.NONE:
        return {"name": parts[0], "op": symbol}
    value = _value(operator, text)
    if operator.operand is Operand.FLAG:
        plain: Any = {"true": True, "1": True, "false": False, "0": False}.get(text, text)
    elif isinstance(value, list):
        plain = [_as_json(resource, names, one) for one in value]
    else:
        plain = _as_json(resource, names, text) if operator.operand is Operand.VALUE else text
    return {"name": parts[0], "op": symbol, "val": plain}


def _as_json(resource: Resource, names: list[str], text: str) -> Any:
    attribute = _end(resource, names)
    if not isinstance(attribute, Attribute):
        return text
    try:
        value = attribute.codec.parse(text)
    except Unfit:
        return text
    return encode_value(value if attribute.codec.encode is None else attribute.codec.encode(value))


def _bracketed(resource: Resource, parts: tuple[str, ...], text: str, source: Source) -> Condition:
    """Bind `filter[path]=text` or `filter[path][operator]=text`; commas separate the values of a list."""
    binder = ConditionBinder(source, resource.registry.limits, text_value, own=resource.registry.operators)
    names = parts[0].split(".")
    operator = binder.operator(parts[1] if len(parts) == 2 else _implied(resource, names, text))
    return binder.path(resource, names, operator, _value(operator, text))


def _implied(resource: Resource, names: list[str], text: str) -> str:
    """Name the operator of `filter[path]=text`: a list is meant wherever a comma cannot be part of one value."""
    return "in" if "," in text and _takes_list(resource, names) else "eq"


def _end(resource: Resource, names: list[str]) -> Attribute | Relationship | None:
    """Follow a path as far as it makes sense."""
    for name in names[:-1]:
        step = relationships_of(resource).get(name)
        if step is None:
            return None
        resource = step.target
    return relationships_of(resource).get(names[-1]) or find_attribute(resource, names[-1])


def _takes_list(resource: Resource, names: list[str]) -> bool:
    """Whether a comma separates values: not in a text, where it may be part of the value."""
    match _end(resource, names):
        case Relationship() as found:
            return len(found.target.identity.keys) == 1
        case Attribute() as found:
            return not (found.codec.textual or found.codec.commas)
    return False


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
