"""The filter operators, one row each: names, what they compare with, and the SQL they become.

Adding an operator is adding a row; binding, planning, OpenAPI and the documentation read this table.  The names
are those of every earlier generation (classic-protocol 2.5, lineage 3.5) and the short ones of the bracket form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from inspect import signature
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_

from ..schema.names import IllegalArgumentError


class Operand(Enum):
    """What stands on the right of an operator."""

    NONE = "nothing"
    VALUE = "one value"
    VALUES = "a list of values"
    PAIR = "a list of two values"
    PATTERN = "a LIKE pattern"
    TEXT = "a text"
    FLAG = "true or false"


class Needs(Enum):
    """What the type of the attribute must be able to do."""

    EQUALITY = "any comparable type"
    ORDER = "a type with an order"
    TEXT = "a text type"
    POSTGRESQL = "a PostgreSQL type that knows the operator"


Sql = Callable[[Any, Any], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Operator:
    """One filter operator.

    `names` holds every spelling, the canonical one first.  `sql(left, right)` builds the condition; `right` is a
    bind parameter or a column, for VALUES an expanding parameter, for PAIR a tuple of two, for NONE None.
    """

    names: tuple[str, ...]
    operand: Operand
    needs: Needs
    sql: Sql = field(compare=False, repr=False)
    summary: str = field(compare=False, repr=False)

    @property
    def name(self) -> str:
        """The canonical spelling."""
        return self.names[0]


def _is_null(left: Any, right: Any) -> ColumnElement[bool]:
    return left.is_(None)  # type: ignore[no-any-return]  # `left` is any SQL operand


def _is_not_null(left: Any, right: Any) -> ColumnElement[bool]:
    return left.is_not(None)  # type: ignore[no-any-return]  # `left` is any SQL operand


def _between(left: Any, right: Any) -> ColumnElement[bool]:
    return and_(left >= right[0], left <= right[1])


def _infix(symbol: str) -> Sql:
    return lambda left, right: left.op(symbol, is_comparison=True)(right)


def _not_infix(symbol: str) -> Sql:
    return lambda left, right: not_(left.op(symbol, is_comparison=True)(right))


def _escaped(method: str, *, lower: bool = False) -> Sql:
    """Match `right` literally: `%`, `_` and the escape character in it stand for themselves."""

    def sql(left: Any, right: Any) -> ColumnElement[bool]:
        if lower:
            left, right = func.lower(left), func.lower(right)
        for char in ("/", "%", "_"):
            right = func.replace(right, char, f"/{char}")
        pattern = {"startswith": right + "%", "endswith": "%" + right, "contains": "%" + right + "%"}[method]
        return left.like(pattern, escape="/")  # type: ignore[no-any-return]  # `left` is any SQL operand

    return sql


_ROWS = (
    Operator(("eq", "==", "equals", "equal_to"), Operand.VALUE, Needs.EQUALITY, lambda a, b: a == b, "equal"),
    Operator(
        ("ne", "!=", "neq", "not_equal_to", "does_not_equal"),
        Operand.VALUE,
        Needs.EQUALITY,
        lambda a, b: a != b,
        "not equal; a null is neither equal nor unequal",
    ),
    Operator(("gt", ">"), Operand.VALUE, Needs.ORDER, lambda a, b: a > b, "greater"),
    Operator(("ge", ">=", "gte", "geq"), Operand.VALUE, Needs.ORDER, lambda a, b: a >= b, "greater or equal"),
    Operator(("lt", "<"), Operand.VALUE, Needs.ORDER, lambda a, b: a < b, "less"),
    Operator(("le", "<=", "lte", "leq"), Operand.VALUE, Needs.ORDER, lambda a, b: a <= b, "less or equal"),
    Operator(("between",), Operand.PAIR, Needs.ORDER, _between, "from the first to the second value, both included"),
    Operator(
        ("in",), Operand.VALUES, Needs.EQUALITY, lambda a, b: a.in_(b), "one of the values; none for an empty list"
    ),
    Operator(("not_in", "notin"), Operand.VALUES, Needs.EQUALITY, lambda a, b: a.not_in(b), "none of the values"),
    Operator(("is_null",), Operand.NONE, Needs.EQUALITY, _is_null, "has no value"),
    Operator(("is_not_null",), Operand.NONE, Needs.EQUALITY, _is_not_null, "has a value"),
    Operator(("isnull",), Operand.FLAG, Needs.EQUALITY, _is_null, "has no value (true) or has one (false)"),
    Operator(("like",), Operand.PATTERN, Needs.TEXT, lambda a, b: a.like(b), "matches the pattern of `%` and `_`"),
    Operator(("not_like",), Operand.PATTERN, Needs.TEXT, lambda a, b: a.not_like(b), "does not match the pattern"),
    Operator(("ilike",), Operand.PATTERN, Needs.TEXT, lambda a, b: a.ilike(b), "matches the pattern in any case"),
    Operator(("not_ilike",), Operand.PATTERN, Needs.TEXT, lambda a, b: a.not_ilike(b), "does not match it in any case"),
    Operator(("startswith",), Operand.TEXT, Needs.TEXT, _escaped("startswith"), "begins with the text"),
    Operator(("endswith",), Operand.TEXT, Needs.TEXT, _escaped("endswith"), "ends with the text"),
    Operator(("contains",), Operand.TEXT, Needs.TEXT, _escaped("contains"), "holds the text"),
    Operator(
        ("istartswith",), Operand.TEXT, Needs.TEXT, _escaped("startswith", lower=True), "begins with it, in any case"
    ),
    Operator(("iendswith",), Operand.TEXT, Needs.TEXT, _escaped("endswith", lower=True), "ends with it, in any case"),
    Operator(("icontains",), Operand.TEXT, Needs.TEXT, _escaped("contains", lower=True), "holds it, in any case"),
    Operator(
        ("ieq",),
        Operand.TEXT,
        Needs.TEXT,
        lambda a, b: func.lower(a) == func.lower(b),
        "equal, in any case",
    ),
    Operator(("<<",), Operand.VALUE, Needs.POSTGRESQL, _infix("<<"), "PostgreSQL: contained by, left of"),
    Operator(("<<=",), Operand.VALUE, Needs.POSTGRESQL, _infix("<<="), "PostgreSQL: contained by or equal"),
    Operator((">>",), Operand.VALUE, Needs.POSTGRESQL, _infix(">>"), "PostgreSQL: contains, right of"),
    Operator((">>=",), Operand.VALUE, Needs.POSTGRESQL, _infix(">>="), "PostgreSQL: contains or equal"),
    Operator(("<>",), Operand.VALUE, Needs.EQUALITY, lambda a, b: a != b, "not equal"),
    Operator(("&&",), Operand.VALUE, Needs.POSTGRESQL, _infix("&&"), "PostgreSQL: overlaps"),
    Operator(("@>",), Operand.VALUE, Needs.POSTGRESQL, _infix("@>"), "PostgreSQL: contains"),
    Operator(("<@",), Operand.VALUE, Needs.POSTGRESQL, _infix("<@"), "PostgreSQL: is contained by"),
    Operator(("!@>",), Operand.VALUE, Needs.POSTGRESQL, _not_infix("@>"), "PostgreSQL: does not contain"),
    Operator(("!<@",), Operand.VALUE, Needs.POSTGRESQL, _not_infix("<@"), "PostgreSQL: is not contained by"),
    Operator(
        ("to_tsquery",),
        Operand.TEXT,
        Needs.POSTGRESQL,
        lambda a, b: a.op("@@", is_comparison=True)(func.to_tsquery(b)),
        "PostgreSQL: matches the text search query",
    ),
    Operator(
        ("plainto_tsquery",),
        Operand.TEXT,
        Needs.POSTGRESQL,
        lambda a, b: a.op("@@", is_comparison=True)(func.plainto_tsquery(b)),
        "PostgreSQL: matches the words",
    ),
)


def own_operator(name: str, function: Callable[..., Any]) -> Operator:
    """Make an operator of an application's own: `function(column, value)`, or `function(column)` for a unary one.

    The value is converted by the type of the attribute, and handed in as a bind parameter.  IllegalArgumentError if
    `function` is none.
    """
    if not callable(function):
        raise IllegalArgumentError(f"the operator {name!r} is {function!r}; it is a function of a column and a value")
    unary = len(signature(function).parameters) == 1

    def sql(left: Any, right: Any) -> ColumnElement[bool]:
        return function(left) if unary else function(left, right)  # type: ignore[no-any-return]  # it is asked to

    return Operator((name,), Operand.NONE if unary else Operand.VALUE, Needs.EQUALITY, sql, "the application's own")


OPERATORS: Mapping[str, Operator] = MappingProxyType({name: row for row in _ROWS for name in row.names})
"""Every operator under every one of its names (case-sensitive)."""
