"""Smart constructors of filter conditions: every spelling of a search ends here and gives the one filter tree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ..schema.codec import Codec
from ..schema.options import Limits
from ..schema.resource import Attribute, Identity, Relationship, Resource
from ..schema.scalars import integer
from .binding import find_attribute, identify, relationships_of, shown, unknown_field
from .filters import And, Comparison, Condition, Count, Has, Identified, Not, Or, walk
from .operands import Convert, Operands, comparable, fits, fitting
from .operators import OPERATORS, Needs, Operand, Operator
from .problems import Source, did_you_mean, quote, reject

RELATED = ("has", "any", "none")
"""Tests of a relationship: some to-one, some or no to-many related resource meets a condition."""

LISTS = 10
"""How many lists of the greatest length one filter may hold in all: drivers limit their parameters (T24)."""

COUNTED = integer(32)

Field = Attribute | Relationship | Identity
"""What a name may mean; an Identity is an `id` of several parts."""


def json_value(codec: Codec, value: Any) -> object:
    """Convert a JSON value of a filter."""
    return codec.accept(value)


def text_value(codec: Codec, value: Any) -> object:
    """Convert a text of a URL."""
    return codec.parse(value)


class ConditionBinder:
    """Binds the conditions of one parameter; every problem is told at `source`.

    `own` are the operators of the application's own, by name.  With `hidden`, mapped columns that clients do not see
    may be named too: for what an application's own processors ask.
    """

    def __init__(
        self,
        source: Source,
        limits: Limits,
        convert: Convert = json_value,
        *,
        own: Mapping[str, Operator] = MappingProxyType({}),
        hidden: bool = False,
    ) -> None:
        self.source = source
        self.limits = limits
        self.own = own
        self.hidden = hidden
        self.operands = Operands(source, limits, convert, convert is text_value)

    # ------------------------------------------------------------ the JSON form

    def objects(self, resource: Resource, given: Any, depth: int = 0) -> Condition:
        """Bind a list of filter objects, which all have to hold."""
        if not isinstance(given, list):
            raise self._invalid(f"filters are a list of objects, not {shown(given)}")
        return And(tuple(self.formula(resource, one, depth + 1) for one in given))

    def formula(self, resource: Resource, given: Any, depth: int = 1) -> Condition:
        """Bind one filter object.

        `{name, op, val}`, `{name, op, field}`, `{and: [...]}`, `{or: [...]}`, `{not: ...}`, or a count of members:
        `{count: relationship, op, val}`, with `where` only of those that meet a condition; `field` may be a count too.
        """
        self._check_depth(depth)
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
            return self._counted(resource, given, depth)
        return self._named(resource, given, depth)

    def _named(self, resource: Resource, given: Mapping[str, Any], depth: int) -> Condition:
        name, symbol = self._text(given, "name"), self._text(given, "op")
        if symbol in RELATED:
            return self._related(resource, name, symbol, given, depth)
        operator = self.operator(symbol)
        if "field" in given:
            return self._fields(resource, name, operator, given["field"], depth)
        self._check_operand(operator, given)
        return self.path(resource, name.split("."), operator, given.get("val"))

    def _check_operand(self, operator: Operator, given: Mapping[str, Any]) -> None:
        if operator.operand is not Operand.NONE and "val" not in given:
            raise self._invalid(f"the operator {quote(operator.name)} needs a val: {operator.operand.value}")

    def _text(self, given: Mapping[str, Any], member: str) -> str:
        value = given.get(member)
        if not isinstance(value, str):
            found = "it is missing" if member not in given else f"not {shown(value)}"
            raise self._invalid(f'"{member}" of a filter must be a string; {found}')
        return value

    def _related(self, resource: Resource, name: str, symbol: str, given: Mapping[str, Any], depth: int) -> Condition:
        path = self._steps(resource, name.split("."))
        relationship = path[-1]
        if symbol != "none" and relationship.is_many is (symbol == "has"):
            other, kind = ("any", "to-many") if relationship.is_many else ("has", "to-one")
            raise self._invalid(f'{quote(name)} is {kind}; use "{other}" instead of "{symbol}"')
        inner = given.get("val")
        depth += len(path)
        condition: Condition = Has(relationship, self._inner(relationship.target, inner, depth))
        return _over(path[:-1], Not(condition) if symbol == "none" else condition)

    def _inner(self, resource: Resource, given: Any, depth: int) -> Condition | None:
        return None if given is None else self.formula(resource, given, depth)

    def _check_depth(self, depth: int) -> None:
        if depth > self.limits.filter_depth:
            detail = f"conditions stand at most {self.limits.filter_depth} deep inside each other"
            raise reject("limit-exceeded", detail, self.source)

    # ------------------------------------------------------------ members, counted

    def _counted(self, resource: Resource, given: Mapping[str, Any], depth: int) -> Condition:
        """Compare a number of members with a number, an attribute or another number of members."""
        left = self._count(resource, given, depth)
        operator = self.operator(self._text(given, "op"))
        self._check_operator(COUNTED, operator, left.relationship.name)
        if operator.operand in (Operand.NONE, Operand.FLAG):
            raise self._invalid(f"a count cannot be compared with {quote(operator.name)}: it is always there")
        if "field" in given:
            self._check_binary(operator)
            other = given["field"]
            if isinstance(other, dict):
                return Comparison(left, operator, self._count(resource, other, depth))
            return Comparison(left, operator, self._other(resource, other, COUNTED))
        self._check_operand(operator, given)
        value = self.operands.read(COUNTED, operator, given.get("val"), left.relationship.name)
        return Comparison(left, operator, value)

    def _count(self, resource: Resource, given: Mapping[str, Any], depth: int) -> Count:
        relationship = self._step(resource, self._text(given, "count"))
        if not relationship.is_many:
            raise self._invalid(f"{quote(relationship.name)} is to-one; only members of to-many ones are counted")
        return Count(relationship, self._inner(relationship.target, given.get("where"), depth + 1))

    # ------------------------------------------------------------ two fields

    def _fields(self, resource: Resource, name: str, operator: Operator, other: Any, depth: int) -> Condition:
        """Compare an attribute with another one of the same resource, both over the same path if there is one."""
        *names, last = name.split(".")
        path = self._steps(resource, names)
        owner = path[-1].target if path else resource
        left = self._attribute(owner, last)
        self._check_operator(left.codec, operator, name)
        self._check_binary(operator)
        if isinstance(other, dict) and not path:
            if not comparable(left.codec, COUNTED):
                raise self._invalid(f"{quote(name)} ({left.codec.name}) cannot be compared with a count")
            return Comparison(left, operator, self._count(resource, other, depth))
        if names and isinstance(other, str):
            prefix = ".".join(names) + "."
            if not other.startswith(prefix):
                raise self._invalid(f"{quote(name)} can only be compared with fields beside it, under {quote(prefix)}")
            other = other.removeprefix(prefix)
        return _over(path, Comparison(left, operator, self._other(owner, other, left.codec)))

    def _other(self, resource: Resource, name: Any, codec: Codec) -> Attribute:
        if not isinstance(name, str):
            raise self._invalid(f'"field" is the name of a field, not {shown(name)}')
        found = self._attribute(resource, name)
        if not comparable(codec, found.codec):
            detail = f"{quote(name)} is of type {found.codec.name}, and cannot be compared with {codec.name}"
            raise self._invalid(detail)
        return found

    def _check_binary(self, operator: Operator) -> None:
        plain = operator.operand in (Operand.VALUE, Operand.PATTERN, Operand.TEXT)
        if not plain or operator.needs is Needs.POSTGRESQL:
            raise self._invalid(f"the operator {quote(operator.name)} does not compare two fields")

    # ------------------------------------------------------------ paths

    def operator(self, symbol: str) -> Operator:
        """Find an operator; Rejected (`unknown-operator`)."""
        found = self.own.get(symbol) or OPERATORS.get(symbol)
        if found is None:
            hint = did_you_mean(symbol, [*self.own, *OPERATORS, *RELATED])
            raise reject("unknown-operator", f"there is no operator {quote(symbol)}{hint}", self.source)
        return found

    def path(self, resource: Resource, names: Sequence[str], operator: Operator, value: Any) -> Condition:
        """Bind a comparison whose path may cross relationships: some related resource meets it."""
        path = self._steps(resource, names[:-1])
        owner = path[-1].target if path else resource
        match self.field(owner, names[-1]):
            case Attribute() as attribute:
                condition = self._comparison(attribute, operator, value, names[-1])
            case Relationship() as relationship:
                condition = self._linked(relationship, operator, value)
            case Identity():
                condition = self._identified(owner, names[-1], operator, value)
        return _over(path, condition)

    def field(self, resource: Resource, name: str) -> Field:
        """Find what the last name of a path means; Rejected (`unknown-field`, `invalid-filter`)."""
        if name == "id" and resource.names_key and len(resource.identity.keys) > 1:
            return resource.identity
        relationship = resource.relationships.get(name)
        if relationship is not None and relationship.access.read:
            self._check_filterable(resource, name, relationship.access.filter)
            return relationship
        return self._attribute(resource, name)

    def _steps(self, resource: Resource, names: Sequence[str]) -> list[Relationship]:
        if len(names) > self.limits.include_depth:
            detail = f"a path crosses at most {self.limits.include_depth} relationships"
            raise reject("limit-exceeded", detail, self.source)
        steps: list[Relationship] = []
        for name in names:
            steps.append(self._step(resource, name))
            resource = steps[-1].target
        return steps

    def _step(self, resource: Resource, name: str) -> Relationship:
        found = resource.relationships.get(name)
        if found is not None and found.access.read:
            self._check_filterable(resource, name, found.access.filter)
            return found
        if find_attribute(resource, name) is None:
            raise unknown_field(resource, name, self.source)
        hint = did_you_mean(name, relationships_of(resource))
        raise self._invalid(f"{quote(name)} is an attribute of {resource.name}, not a relationship{hint}")

    def _attribute(self, resource: Resource, name: str) -> Attribute:
        found = find_attribute(resource, name)
        if found is None and self.hidden:
            found = resource.unlisted(name)
        if found is None:
            if name in relationships_of(resource):
                raise self._invalid(f"{quote(name)} is a relationship of {resource.name}, not an attribute")
            raise unknown_field(resource, name, self.source)
        self._check_filterable(resource, name, found.sql and found.access.filter)
        return found

    def _check_filterable(self, resource: Resource, name: str, allowed: bool) -> None:
        if not allowed:
            possible = [key for key, one in resource.queryable.items() if one.sql and one.access.filter]
            hint = did_you_mean("", possible)
            raise self._invalid(f"{resource.name} cannot be filtered by {quote(name)}{hint}")

    # ------------------------------------------------------------ leaves

    def _comparison(self, attribute: Attribute, operator: Operator, value: Any, name: str) -> Condition:
        self._check_operator(attribute.codec, operator, name)
        if operator.operand is Operand.FLAG:
            return Comparison(attribute, OPERATORS["is_null" if self.operands.flag(value) else "is_not_null"])
        right = self.operands.read(attribute.codec, operator, value, name)
        if right == () and operator.operand is Operand.VALUES:  # not every type has a list of no values in SQL
            return Or(()) if operator.name == "in" else And(())
        return Comparison(attribute, operator, right)

    def _check_operator(self, codec: Codec, operator: Operator, name: str) -> None:
        if not fits(operator, codec):
            detail = f"the operator {quote(operator.name)} needs {operator.needs.value}; {quote(name)} is of type"
            raise self._invalid(f"{detail} {codec.name}, which has {', '.join(fitting(codec))}")

    def _linked(self, relationship: Relationship, operator: Operator, value: Any) -> Condition:
        """Bind a comparison with a relationship: by the ids of related resources, or whether there are any (R-7)."""
        if operator.operand is Operand.FLAG:
            return Not(Has(relationship)) if self.operands.flag(value) else Has(relationship)
        if operator.operand is Operand.NONE:
            self.operands.nothing(operator, value, relationship.name)
            return Not(Has(relationship)) if operator.name == "is_null" else Has(relationship)
        negated = self._negated(operator, relationship.name)
        condition = Has(relationship, self._ids(relationship.target, value, relationship.name))
        return Not(condition) if negated else condition

    def _identified(self, resource: Resource, name: str, operator: Operator, value: Any) -> Condition:
        """Bind a comparison with an id of several parts."""
        negated = self._negated(operator, name)
        condition = self._ids(resource, value, name)
        return Not(condition) if negated else condition

    def _negated(self, operator: Operator, name: str) -> bool:
        if operator.name not in ("eq", "ne", "in", "not_in"):
            detail = f"{quote(name)} is compared by id, with eq, ne, in or not_in; not with {quote(operator.name)}"
            raise self._invalid(detail)
        return operator.name in ("ne", "not_in")

    def _ids(self, resource: Resource, value: Any, name: str) -> Identified:
        """Read ids; one that no resource could have matches nothing."""
        found = [identify(resource, one) for one in self.operands.ids(value, name)]
        return Identified(tuple(one for one in found if one is not None))

    def _invalid(self, detail: str) -> Exception:
        return reject("invalid-filter", detail, self.source)


def _over(path: Sequence[Relationship], condition: Condition) -> Condition:
    """Say of a condition that it holds at the end of a path: for some member wherever the path is to-many."""
    for step in reversed(path):
        condition = Has(step, condition)
    return condition


def check_size(condition: Condition | None, resource: Resource, source: Source) -> None:
    """Refuse a filter of too many terms, or of too many values in all; Rejected (`limit-exceeded`)."""
    limits = resource.registry.limits
    terms = values = 0
    for one in walk(condition):
        match one:
            case Comparison(_, _, right):
                terms += 1
                values += len(right) if isinstance(right, tuple) else 1
            case Identified(ids):
                terms += 1
                values += len(ids)
            case Has(_, None) | And(()) | Or(()):
                terms += 1
    if terms > limits.filter_terms:
        raise reject("limit-exceeded", f"a filter has at most {limits.filter_terms} conditions", source)
    if values > LISTS * limits.list_length:
        raise reject("limit-exceeded", f"a filter has at most {LISTS * limits.list_length} values in all", source)


def all_of(conditions: Iterable[Condition]) -> Condition | None:
    """Join conditions that all have to hold; a single one stays as it is."""
    flat: list[Condition] = []
    for one in conditions:
        flat += one.conditions if isinstance(one, And) else [one]
    if not flat:
        return None
    return flat[0] if len(flat) == 1 else And(tuple(flat))
