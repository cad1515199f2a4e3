"""Orders: sort keys to ORDER BY, over to-one relationships without losing or doubling a row (C-4)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Select, and_, func, literal, select
from sqlalchemy.orm import aliased
from sqlalchemy.orm.base import MANYTOONE

from ...operations.cursors import completed
from ...operations.filters import Count
from ...operations.selection import SortKey
from ...schema.resource import Relationship, Resource
from .binds import Binds
from .mapping import key_names, property_of
from .nulls import placed
from .scopes import Entity
from .where import column, joined_to, member_count


@dataclass(slots=True)
class Order:
    """The terms of an order, and the outer joins that they need; `operands` are what the sort keys sort by.

    `reverse` are the terms of the opposite order; empty where a part of it is the mapping's own.
    """

    terms: list[Any] = field(default_factory=list)
    reverse: list[Any] = field(default_factory=list)
    operands: list[Any] = field(default_factory=list)
    joins: dict[tuple[Relationship, ...], tuple[Entity, Any]] = field(default_factory=dict)

    def apply(self, statement: Select[Any]) -> Select[Any]:
        """Add the joins and the ORDER BY."""
        return self.joined(statement).order_by(*self.terms)

    def joined(self, statement: Select[Any]) -> Select[Any]:
        """Add the joins."""
        for alias, condition in self.joins.values():
            statement = statement.outerjoin(alias, condition)
        return statement


def order_of(
    sort: tuple[SortKey, ...], resource: Resource, entity: Entity, binds: Binds, default: list[Any] | None = None
) -> Order:
    """Make the order of a list: `sort`, else `default`; the key always comes last, so that it is total (J-4.6.8)."""
    order = Order()
    keys = completed(resource, sort)
    for key in keys:
        operand = operand_of(key, entity, order, binds)
        order.operands.append(func.lower(operand) if key.ignore_case else operand)
    terms = [_directed(key, operand) for key, operand in zip(keys, order.operands, strict=True)]
    if sort or not default:
        order.terms = terms
        order.reverse = [_directed(turned(key), operand) for key, operand in zip(keys, order.operands, strict=True)]
    else:
        order.terms = [*default, *terms]
    return order


def turned(key: SortKey) -> SortKey:
    """Give the key of the opposite order."""
    nulls_first = None if key.nulls_first is None else not key.nulls_first
    return replace(key, descending=not key.descending, nulls_first=nulls_first)


def operand_of(key: SortKey, entity: Entity, order: Order, binds: Binds) -> Any:
    """Give what to sort or group by; the joins that it needs are added to `order`."""
    if isinstance(key.operand, Count):
        return member_count(key.operand, entity, binds)
    if all(_is_plain(one) for one in key.path):
        return column(_joined(key.path, entity, order, binds), key.operand)
    return _subquery(key, entity, binds)


def _is_plain(relationship: Relationship) -> bool:
    """Whether a join along the relationship meets one row at most."""
    return len(relationship.path) == 1 and property_of(relationship).direction is MANYTOONE


def _joined(path: tuple[Relationship, ...], entity: Entity, order: Order, binds: Binds) -> Entity:
    """Give the alias at the end of `path`, joined once however many keys go that way."""
    for end in range(1, len(path) + 1):
        prefix = path[:end]
        if prefix not in order.joins:
            alias: Entity = aliased(prefix[-1].target_model, flat=True)
            step = getattr(entity, prefix[-1].key).of_type(alias)
            scope = binds.visible(prefix[-1].target, alias)
            # Not `step.and_`: see `where.joined_to`.
            condition = step if scope is None else and_(step.__clause_element__(), scope)
            order.joins[prefix] = (alias, condition)
        entity = order.joins[prefix][0]
    return entity


def _subquery(key: SortKey, entity: Entity, binds: Binds) -> Any:
    """Give the value at the end of a path that a join could double: the first one by key."""
    first = key.path[0]
    owner: Entity = aliased(first.model, flat=True)
    query: Any = select(literal(1)).select_from(owner)
    end: Entity = owner
    for relationship in key.path:
        target: Entity = aliased(relationship.target_model, flat=True)
        query = joined_to(query, target, end, relationship, binds)
        scope = binds.visible(relationship.target, target)
        query = query if scope is None else query.where(scope)
        end = target
    query = query.where(*[getattr(owner, one) == getattr(entity, one) for one in key_names(first.model)])
    assert not isinstance(key.operand, Count)
    value = column(end, key.operand)
    return query.with_only_columns(value, maintain_column_froms=True).order_by(value).limit(1).scalar_subquery()


def _directed(key: SortKey, operand: Any) -> Any:
    if key.nulls_first is None:
        return operand.desc() if key.descending else operand.asc()
    return placed(operand, descending=key.descending, nulls_first=key.nulls_first)
