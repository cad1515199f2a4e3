"""The filter tree: one form for every spelling of a search condition.

Rules, limits, documentation and the planner all walk this tree.  It holds bound `Attribute` and `Relationship`
objects and decoded Python values, never names or JSON.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..schema.resource import Attribute, Relationship
from .operators import Operator


@dataclass(frozen=True, slots=True)
class Count:
    """How many members a to-many relationship has; with `condition`, how many of them meet it."""

    relationship: Relationship
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`left operator right`.

    `right` is a decoded Python value (a tuple of values for `in` and `between`, None for the unary operators), or
    an Attribute or Count of the same resource.
    """

    left: Attribute | Count
    operator: Operator
    right: object = None


@dataclass(frozen=True, slots=True)
class And:
    """All of `conditions` hold; true when there are none."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of `conditions` holds; false when there are none."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """`condition` does not hold.  A row for which it is unknown (NULL) matches neither it nor its negation."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Has:
    """A related resource exists (to-one or to-many) that meets `condition`, if there is one."""

    relationship: Relationship
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Identified:
    """The resource's own id is one of `ids`, each a tuple of key values in the order of `Identity.keys`."""

    ids: tuple[tuple[object, ...], ...]


Condition = Comparison | And | Or | Not | Has | Identified


def walk(condition: Condition | None) -> Iterator[Condition]:
    """Give `condition` and every condition inside it, outermost first."""
    match condition:
        case None:
            return
        case And(inner) | Or(inner):
            yield condition
            for one in inner:
                yield from walk(one)
        case Not(inner_one):
            yield condition
            yield from walk(inner_one)
        case Has(_, inner_one):
            yield condition
            yield from walk(inner_one)
        case Comparison(left, _, right):
            yield condition
            for side in (left, right):
                if isinstance(side, Count):
                    yield from walk(side.condition)
        case Identified():
            yield condition
