"""What the mapping says: the property behind a relationship, the order that it asks for, the key of a model."""

from __future__ import annotations

from typing import Any

from sqlalchemy import FromClause, Select, Table
from sqlalchemy.orm import RelationshipProperty

from ...schema.resource import Relationship


def property_of(relationship: Relationship) -> RelationshipProperty[Any]:
    """Give the (first) mapped relationship behind one of ours."""
    found: RelationshipProperty[Any] = relationship.model.__mapper__.relationships[relationship.key]
    return found


def locking(statement: Select[Any], source: FromClause) -> Select[Any]:
    """Lock the rows that come from a table; those of a union or of another subquery, nobody can lock."""
    return statement.with_for_update(of=source) if isinstance(source, Table) else statement


def mapped_order(prop: RelationshipProperty[Any]) -> list[Any]:
    """Give the order that the mapping itself asks for."""
    return list(prop.order_by) if prop.order_by else []


def key_names(model: type[Any]) -> tuple[str, ...]:
    """Give the attributes of a model's primary key."""
    mapper = model.__mapper__
    return tuple(mapper.get_property_by_column(one).key for one in mapper.primary_key)
