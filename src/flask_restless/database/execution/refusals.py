"""Which words of a request a database refused, for those of its types that only it can read.

Drivers seldom say it, but where a message quotes the value, or there is but one that it can be about, it is known.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...operations.binding import shown
from ...operations.filters import Comparison, Condition, Count, walk
from ...operations.nesting import rows_of
from ...operations.operation import Assignment, Create, Operation, Update, UpdateMany
from ...operations.problems import quote
from ...operations.selection import SortKey
from ...schema.resource import Attribute


def refused_comparison(condition: Condition, message: str) -> str:
    """Say what of a filter the database cannot do; attributes that clients do not see are not named."""
    found = [one for one in walk(condition) if isinstance(one, Comparison)]
    seen = [one for one in found if _is_seen(one.left)]
    named = [one for one in seen if isinstance(one.right, str) and f'"{one.right}"' in message]
    if (len(named) != 1 and len(found) != 1) or not seen:
        return "the database does not know an operator of the filter, or cannot read what it is compared with"
    (one,) = named or seen
    detail = f"the database does not know the operator {quote(one.operator.name)} for {quote(_name(one.left))}"
    return detail if one.right is None else f"{detail}, or cannot read {_shown(one.right)}"


def refused_order(sort: Iterable[SortKey]) -> str | None:
    """Say by what the database cannot sort; None where that may be what clients do not see."""
    sides = [key.operand for key in sort]
    if not sides or not all(map(_is_seen, sides)):
        return None
    return f"the database cannot sort by {' and '.join(quote(_name(one)) for one in sides)}: it knows no order of it"


def refused_assignment(operation: Operation | None, message: str) -> Assignment | None:
    """Find the value that a database could not read, if there is one that it can only be."""
    if not isinstance(operation, Create | Update | UpdateMany):
        return None
    given = [one for _, row in rows_of(operation) for one in row.assignments if one.value is not None]
    found = [one for one in given if isinstance(one.value, str) and f'"{one.value}"' in message] or given
    return found[0] if len(found) == 1 and found[0].source is not None else None


def not_taken(assignment: Assignment) -> str:
    """Say it of the attribute."""
    return f"the database does not take {_shown(assignment.value)} for the attribute {quote(assignment.attribute.name)}"


def _is_seen(side: Attribute | Count) -> bool:
    return (side.relationship if isinstance(side, Count) else side).access.read


def _name(side: Attribute | Count) -> str:
    return side.relationship.name if isinstance(side, Count) else side.name


def _shown(value: object) -> str:
    match value:
        case Attribute() | Count():
            return quote(_name(value))
        case tuple():
            return "one of its values"
    return shown(value if isinstance(value, str | int | float | list | dict) else str(value))
