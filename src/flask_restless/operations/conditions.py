"""Smart constructors of filter conditions: every spelling of a search ends here and gives the one filter tree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..schema.codecs import Codec
from ..schema.options import Limits
from ..schema.resource import Attribute, Relationship, Resource
from ..schema.types import Unfit
from .binding import identify, shown, unknown_field
from .filters import And, Comparison, Condition, Count, Has, Identified, Not, Or, walk
from .operators import OPERATORS, Needs, Operand, Operator
from .problems import Source, did_you_mean, quote, reject

Convert = Callable[[Codec, Any], object]
"""Turns a raw value into one to compare with, by the attribute's codec; raises Unfit."""


def json_value(codec: Codec, value: Any) -> object:
    """Convert a JSON value of a filter."""
    return codec.accept(value)


def text_value(codec: Codec, value: Any) -> object:
    """Convert a text of a URL."""
    return codec.parse(value)


class ConditionBinder:
    """Binds the conditions of one parameter; every problem is told at `source`."""

    def __init__(self, source: Source, limits: Limits, convert: Convert = json_value) -> None:
        self.source = source
        self.limits = limits
        self.convert = convert

    # ------------------------------------------------------------ the JSON form

    def objects(self, resource: Resource, given: Any, depth: int = 0) -> Condition:
        """Bind a list of filter objects, which all have to hold."""
        if not isinstance(given, list):
            raise self._invalid(f"filters are a list of objects, not {shown(given)}")
        return And(tuple(self.formula(resource, one, depth + 1) for one in given))

    def formula(self, resource: Resource, given: Any, depth: int = 1) -> Condition:
        """Bind one filter object: name/op/val, name/op/field, and, or, not, count."""
        if depth > self.limits.filter_depth:
            detail = f"conditions stand at most {self.limits.filter_depth} deep inside each other"
            raise reject("limit-exceeded", detail, self.source)
        if not isinstance(given, dict):
            raise self._invalid(f"a filter is an object such as {{name, op, val}}, not {shown(given)}")
        for word, make in (("or", Or), ("and", And)):
            if word in given:
                inner = given[word]
                if not isinstance(inner, list):
                    raise self._invalid(f'"{word}" takes a list of filters, not {shown(inner)}')
                return make(tuple(self.formula(resource, one, depth + 1) for one in inner))
        if "not" in given:
            return Not(self.formula(resource, given["not"], depth + 1))
        if "count" in given:
            return self._count(resource, given, depth)
        return self._named(resource, given, depth)

    def _named(self, resource: Resource, given: Mapping[str, Any], depth: int) -> Condition:
        name, symbol = self._text(given, "name"), self._text(given, "op")
        if symbol in ("has", "any"):
            return self._related(resource, name, symbol, given, depth)
        operator = self.operator(symbol)
        if "field" in given:
            return self._fields(resource, name, operator, self._text(given, "field"))
        if operator.operand is not Operand.NONE and "val" not in given:
            raise self._invalid(f"the operator {quote(symbol)} needs a val: {operator.operand.value}")
        return self.path(resource, name.split("."), operator, given.get("val"))

    def _text(self, given: Mapping[str, Any], member: str) -> str:
        value = given.get(member)
        if not isinstance(value, str):
            found = "it is missing" if member not in given else f"not {shown(value)}"
            raise self._invalid(f'"{member}" of a filter must be a string; {found}')
        return value

    def _related(self, resource: Resource, name: str, symbol: str, given: Mapping[str, Any], depth: int) -> Condition:
        path = self._steps(resource, name)
        relationship = path[-1]
        if relationship.is_many is (symbol == "has"):
            other, kind = ("any", "to-many") if relationship.is_many else ("has", "to-one")
            raise self._invalid(f'{quote(name)} is {kind}; use "{other}" instead of "{symbol}"')
        inner = given.get("val")
        condition = None if inner is None else self.formula(relationship.target, inner, depth + 1)
        for step in reversed(path):
            condition = Has(step, condition)
        assert condition is not None
        return condition

    def _steps(self, resource: Resource, name: str) -> list[Relationship]:
        steps = []
        for one in name.split("."):
            steps.append(self._step(resource, one))
            resource = steps[-1].target
            self._check_length(steps)
        return steps

    def _check_length(self, steps: list[Relationship]) -> None:
        if len(steps) > self.limits.include_depth:
            detail = f"a path crosses at most {self.limits.include_depth} relationships"
            raise reject("limit-exceeded", detail, self.source)

    def _count(self, resource: Resource, given: Mapping[str, Any], depth: int) -> Condition:
        relationship = self._step(resource, self._text(given, "count"))
        if not relationship.is_many:
            raise self._invalid(f"{quote(relationship.name)} is to-one; only members of to-many ones are counted")
        operator = self.operator(self._text(given, "op"))
        value = given.get("val")
        if operator.operand is not Operand.VALUE or operator.needs is Needs.POSTGRESQL:
            raise self._invalid(f"a count cannot be compared with {quote(operator.name)}")
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
            raise self._invalid(f"a count is compared with a whole number, not {shown(value)}")
        inner = given.get("where")
        condition = None if inner is None else self.formula(relationship.target, inner, depth + 1)
        return Comparison(Count(relationship, condition), operator, value)

    def _fields(self, resource: Resource, name: str, operator: Operator, other: str) -> Condition:
        left, right = self._attribute(resource, name), self._attribute(resource, other)
        if operator.operand not in (Operand.VALUE, Operand.PATTERN):
            raise self._invalid(f"the operator {quote(operator.name)} does not compare two fields")
        self._check_operator(left, operator)
        if left.codec.name != right.codec.name:
            detail = f"{quote(name)} ({left.codec.name}) and {quote(other)} ({right.codec.name}) are of different types"
            raise self._invalid(detail)
        return Comparison(left, operator, right)

    # ------------------------------------------------------------ paths

    def operator(self, symbol: str) -> Operator:
        """Find an operator; Rejected (`unknown-operator`)."""
        found = OPERATORS.get(symbol)
        if found is None:
            hint = did_you_mean(symbol, [*OPERATORS, "has", "any"])
            raise reject("unknown-operator", f"there is no operator {quote(symbol)}{hint}", self.source)
        return found

    def path(self, resource: Resource, names: list[str], operator: Operator, value: Any) -> Condition:
        """Bind a comparison whose path may cross relationships: some related resource meets it."""
        steps: list[Relationship] = []
        for name in names[:-1]:
            steps.append(self._step(resource, name))
            self._check_length(steps)
            resource = steps[-1].target
        last = names[-1]
        if last in resource.relationships:
            condition = self._linked(resource.relationships[last], operator, value)
        else:
            condition = self._comparison(self._attribute(resource, last), operator, value)
        for step in reversed(steps):
            condition = Has(step, condition)
        return condition

    def _step(self, resource: Resource, name: str) -> Relationship:
        found = resource.relationships.get(name)
        if found is None or not found.access.filter:
            if name in resource.queryable:
                raise self._invalid(f"{quote(name)} is an attribute of {resource.name}, not a relationship")
            raise unknown_field(resource, name, self.source)
        return found

    def _attribute(self, resource: Resource, name: str) -> Attribute:
        found = resource.queryable.get(name)
        if found is None:
            raise unknown_field(resource, name, self.source)
        if not (found.sql and found.access.filter):
            raise self._invalid(f"{resource.name} cannot be filtered by {quote(name)}: it is computed")
        return found

    def _linked(self, relationship: Relationship, operator: Operator, value: Any) -> Condition:
        """Bind a comparison with a relationship: by the ids of related resources, or whether there are any."""
        if operator.operand in (Operand.NONE, Operand.FLAG):
            is_empty = operator.name != "is_not_null"
            if operator.operand is Operand.FLAG:
                is_empty = self._flag(value)
            return Not(Has(relationship)) if is_empty else Has(relationship)
        if operator.name not in ("eq", "ne", "in", "not_in"):
            raise self._invalid(f"the relationship {quote(relationship.name)} cannot be compared by {operator.name}")
        values = value if isinstance(value, list) else [value]
        self._check_list(values)
        ids = [identify(relationship.target, str(one)) for one in values if not isinstance(one, dict | list | bool)]
        condition = Has(relationship, Identified(tuple(one for one in ids if one is not None)))
        return Not(condition) if operator.name in ("ne", "not_in") else condition

    # ------------------------------------------------------------ values

    def _comparison(self, attribute: Attribute, operator: Operator, value: Any) -> Condition:
        self._check_operator(attribute, operator)
        match operator.operand:
            case Operand.NONE:
                return Comparison(attribute, operator)
            case Operand.FLAG:
                return Comparison(attribute, OPERATORS["is_null" if self._flag(value) else "is_not_null"])
            case Operand.VALUES:
                return Comparison(attribute, operator, self._many(attribute, value))
            case Operand.PAIR:
                return Comparison(attribute, operator, self._pair(attribute, value))
            case Operand.PATTERN | Operand.TEXT:
                return Comparison(attribute, operator, self._pattern(attribute, operator, value))
        return Comparison(attribute, operator, self._value(attribute, value))

    def _check_operator(self, attribute: Attribute, operator: Operator) -> None:
        codec = attribute.codec
        fits = {
            Needs.EQUALITY: codec.ordered
            or codec.name in ("binary", "array", "value", "range")
            or operator.operand in (Operand.NONE, Operand.FLAG),
            Needs.ORDER: codec.ordered,
            Needs.TEXT: codec.textual,
            Needs.POSTGRESQL: codec.name in _POSTGRESQL.get(operator.name, ("array", "json", "range", "inet", "cidr")),
        }
        if not fits[operator.needs]:
            detail = f"the operator {quote(operator.name)} needs {operator.needs.value}; "
            raise self._invalid(f"{detail}{quote(attribute.name)} is of type {codec.name}")

    def _value(self, attribute: Attribute, value: Any) -> object:
        if value is None:
            detail = f"{quote(attribute.name)} cannot be compared with null; use the operators is_null and is_not_null"
            raise self._invalid(detail)
        try:
            return self.convert(attribute.codec, value)
        except Unfit as unfit:
            raise self._invalid(f"{quote(attribute.name)} takes {unfit.expected}, not {shown(value)}") from None

    def _many(self, attribute: Attribute, value: Any) -> tuple[object, ...]:
        if not isinstance(value, list):
            raise self._invalid(f"{quote(attribute.name)} is to be compared with a list, not {shown(value)}")
        self._check_list(value)
        return tuple(self._value(attribute, one) for one in value)

    def _pair(self, attribute: Attribute, value: Any) -> tuple[object, ...]:
        if not isinstance(value, list) or len(value) != 2:
            raise self._invalid("between takes a list of two values, the least and the greatest")
        return tuple(self._value(attribute, one) for one in value)

    def _pattern(self, attribute: Attribute, operator: Operator, value: Any) -> object:
        if not isinstance(value, str):
            raise self._invalid(f"the operator {quote(operator.name)} takes a text, not {shown(value)}")
        limits = self.limits
        if len(value) > limits.pattern_length:
            detail = f"a pattern has at most {limits.pattern_length} characters"
            raise reject("limit-exceeded", detail, self.source)
        if operator.operand is Operand.PATTERN and value.count("%") + value.count("_") > limits.pattern_wildcards:
            detail = f"a pattern has at most {limits.pattern_wildcards} wildcards"
            raise reject("limit-exceeded", detail, self.source)
        return self._value(attribute, value)

    def _flag(self, value: Any) -> bool:
        found = {"true": True, "false": False, "1": True, "0": False}.get(value) if isinstance(value, str) else value
        if not isinstance(found, bool):
            raise self._invalid(f"isnull takes true or false, not {shown(value)}")
        return found

    def _check_list(self, values: list[Any]) -> None:
        limit = self.limits.list_length
        if len(values) > limit:
            raise reject("limit-exceeded", f"a list has at most {limit} values; there are {len(values)}", self.source)

    def _invalid(self, detail: str) -> Exception:
        return reject("invalid-filter", detail, self.source)


_POSTGRESQL: Mapping[str, tuple[str, ...]] = {
    "to_tsquery": ("string",),
    "plainto_tsquery": ("string",),
}


def check_size(condition: Condition | None, resource: Resource, source: Source) -> None:
    """Refuse a filter of too many conditions; Rejected (`limit-exceeded`)."""
    limit = resource.registry.limits.filter_terms
    for count, _ in enumerate(walk(condition)):
        if count > limit + 1:
            raise reject("limit-exceeded", f"a filter has at most {limit} conditions", source)


def all_of(conditions: list[Condition]) -> Condition | None:
    """Join conditions that all have to hold; a single one stays as it is."""
    flat: list[Condition] = []
    for one in conditions:
        flat += one.conditions if isinstance(one, And) else [one]
    if not flat:
        return None
    return flat[0] if len(flat) == 1 else And(tuple(flat))
