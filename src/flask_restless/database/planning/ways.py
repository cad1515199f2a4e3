"""How related rows are found from the rows above: by which columns, over which joins, in which order of the mapping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import eq
from types import MappingProxyType
from typing import Any

from sqlalchemy import BooleanClauseList, ColumnElement, Select, Table, and_, bindparam, select, tuple_
from sqlalchemy.orm import aliased
from sqlalchemy.orm.base import MANYTOMANY, ONETOMANY
from sqlalchemy.sql.operators import and_ as both

from ...schema.resource import Relationship
from ..plan import KEYS
from .binds import Binds
from .mapping import key_names, mapped_order, property_of
from .scopes import Entity
from .where import joined_to

NOTHING_HELD: Mapping[Any, Any] = MappingProxyType({})


def upper_keys(relationship: Relationship) -> tuple[str, ...]:
    """Give the attributes of the rows above by which related rows are found."""
    if relationship.local_keys:
        return relationship.local_keys
    if pairs := _plain_pairs(relationship):
        return tuple(upper for upper, _ in pairs)
    return key_names(relationship.model)


def lower_keys(relationship: Relationship) -> tuple[str, ...]:
    """Give the attributes of the related rows that are compared with the upper keys; empty where others are."""
    if relationship.local_keys:
        return relationship.remote_keys
    return tuple(lower for _, lower in _plain_pairs(relationship))


def _plain_pairs(relationship: Relationship) -> tuple[tuple[str, str], ...]:
    """Give (key above, key of the related row) where related rows simply hold the key of the row above."""
    prop = property_of(relationship)
    if len(relationship.path) > 1 or prop.direction is not ONETOMANY or prop.secondary is not None:
        return ()
    pairs = prop.local_remote_pairs or []
    clauses = getattr(prop.primaryjoin, "clauses", (prop.primaryjoin,))
    if len(list(clauses)) != len(pairs):
        return ()
    upper, lower = prop.parent, prop.mapper
    if not all(one in upper._columntoproperty and other in lower._columntoproperty for one, other in pairs):
        return ()
    return tuple(
        (upper.get_property_by_column(one).key, lower.get_property_by_column(other).key) for one, other in pairs
    )


class Way:
    """How the rows of a branch are found: by which expressions, over which joins, in which order.

    `owner` is what the FROM begins with if not with the branch's own rows; `keyed` means that it is restricted to the
    keys of the rows above already.  `held`, where `owner` is a table of pairs, are its columns by those of the related
    row that they refer to.
    """

    def __init__(
        self,
        expressions: list[Any],
        steps: list[Any],
        owner: Entity,
        order: list[Any],
        *,
        keyed: bool = False,
        held: Mapping[Any, Any] = NOTHING_HELD,
    ) -> None:
        self.expressions = expressions
        self.steps = steps
        self.owner = owner
        self.order = order
        self.keyed = keyed
        self.held = held

    def rows(self, statement: Select[Any], entity: Entity) -> Select[Any]:
        """Build the FROM of the branch's statement, for the rows above that the parameter `KEYS` names."""
        statement = statement.select_from(entity if self.owner is None else self.owner)
        for target, condition in self.steps:
            statement = statement.join(target) if condition is None else statement.join(target, condition)
        return statement if self.keyed else statement.where(is_among_keys(self.expressions))


def is_among_keys(expressions: list[Any]) -> ColumnElement[bool]:
    """Demand that expressions have the values of a row above."""
    keys: Any = bindparam(KEYS, expanding=True)
    first, *rest = expressions
    return tuple_(first, *rest).in_(keys) if rest else first.in_(keys)


def way_to(relationship: Relationship, entity: Entity, binds: Binds) -> Way:
    """Find the cheapest way from the rows above to the related rows: without joining the rows above if possible."""
    prop = property_of(relationship)
    if len(relationship.path) > 1:
        return _over_association(relationship, entity, binds)
    order = mapped_order(prop)
    if relationship.local_keys:
        return Way([getattr(entity, key) for key in relationship.remote_keys], [], None, order)
    if pairs := _plain_pairs(relationship):
        return Way([getattr(entity, lower) for _, lower in pairs], [], None, order)
    if way := _over_secondary(relationship, entity, order):
        return way
    owner: Entity = aliased(relationship.model, flat=True)
    expressions = [getattr(owner, key) for key in upper_keys(relationship)]
    step = getattr(owner, relationship.key).of_type(entity)
    return Way(expressions, [(step, None)], owner, order)


def _over_association(relationship: Relationship, entity: Entity, binds: Binds) -> Way:
    """Find the rows beyond association objects: once for each row above, however many objects lead there."""
    owner: Entity = aliased(relationship.model, flat=True)
    target: Entity = aliased(relationship.target_model, flat=True)
    upper = [getattr(owner, key) for key in upper_keys(relationship)]
    names = key_names(relationship.target_model)
    labelled = [one.label(f"u{number}") for number, one in enumerate(upper)]
    lower = [getattr(target, name).label(f"k{number}") for number, name in enumerate(names)]
    statement = select(*labelled, *lower).select_from(owner)
    statement = joined_to(statement, target, owner, relationship, binds)
    pairs = statement.where(is_among_keys(upper)).distinct().subquery("pairs")
    same = [getattr(entity, name) == pairs.c[f"k{number}"] for number, name in enumerate(names)]
    above = [pairs.c[one.name] for one in labelled]
    return Way(above, [(entity, and_(*same))], pairs, [], keyed=True)


def _over_secondary(relationship: Relationship, entity: Entity, order: list[Any]) -> Way | None:
    """Find the rows that a plain table of pairs relates to the rows above, which need not be joined then."""
    prop = property_of(relationship)
    if prop.direction is not MANYTOMANY or not isinstance(prop.secondary, Table):
        return None
    upper = _as_in_secondary(prop.primaryjoin, prop.synchronize_pairs)
    lower = _as_in_secondary(prop.secondaryjoin, prop.secondary_synchronize_pairs)
    wanted = [prop.parent.get_property(key).columns[0] for key in upper_keys(relationship)]
    if upper is None or lower is None or set(upper) != set(wanted):
        return None
    pairs = prop.secondary.alias()
    expressions = [pairs.c[upper[column].key] for column in wanted]
    same = [
        getattr(entity, prop.mapper.get_property_by_column(column).key) == pairs.c[other.key]
        for column, other in lower.items()
    ]
    held = {column: pairs.c[other.key] for column, other in lower.items()}
    return Way(expressions, [(entity, and_(*same))], pairs, order, held=held)


def _as_in_secondary(join: Any, pairs: Sequence[tuple[Any, Any]] | None) -> dict[Any, Any] | None:
    """Map the columns on one side to those of the table of pairs; None where the join says more than that."""
    clauses = list(join.clauses) if isinstance(join, BooleanClauseList) else [join]
    if isinstance(join, BooleanClauseList) and join.operator is not both:
        return None
    if not pairs or len(clauses) != len(pairs) or any(getattr(one, "operator", None) is not eq for one in clauses):
        return None
    return dict(pairs)
