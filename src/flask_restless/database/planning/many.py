"""The rows that a write to many is about."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Select, bindparam, select
from sqlalchemy.orm import Mapper, RelationshipProperty, lazyload, selectin_polymorphic, selectinload
from sqlalchemy.orm.base import MANYTOONE

from ...operations.operation import DeleteMany, Fetch, UpdateMany
from ...schema.resource import Resource
from ..plan import LIMIT, OFFSET
from .binds import Binds
from .fetch import primary_rows
from .mapping import locking
from .order import order_of
from .scopes import UNKEPT

UNLOADED = frozenset({"dynamic", "write_only", "noload"})
"""Ways of loading a relationship that never load it as a whole."""


def plan_many(operation: UpdateMany | DeleteMany) -> Select[Any]:
    """Select the instances in order and lock them, with all that writing them will load, one statement each."""
    selection = operation.selection
    resource = selection.resource
    binds = Binds(UNKEPT)
    statement = primary_rows(Fetch(selection), select(resource.model), resource.model, binds)
    statement = order_of(selection.sort, resource, resource.model, binds).apply(statement)
    statement = statement.limit(bindparam(LIMIT, type_=BigInteger())).offset(bindparam(OFFSET, type_=BigInteger()))
    statement = locking(statement, resource.mapper.local_table)
    return statement.options(lazyload("*"), *_loads(operation, resource))


def _loads(operation: UpdateMany | DeleteMany, resource: Resource) -> list[Any]:
    if isinstance(operation, DeleteMany):
        return _cascades(resource)
    written = [*(one.relationship for one in operation.links), *(one.relationship for one in operation.changes)]
    keys = dict.fromkeys(one.key for one in written if one.model is resource.model)
    properties = [resource.mapper.relationships[key] for key in keys]
    return [selectinload(getattr(resource.model, one.key)) for one in properties if one.lazy not in UNLOADED]


def _cascades(resource: Resource) -> list[Any]:
    """Load the members that a delete takes along or leaves behind, of the subclasses too."""
    mapper = resource.mapper
    descendants = [one for one in mapper.self_and_descendants if one is not mapper and not one.concrete]
    loads: list[Any] = []
    if descendants:
        loads.append(selectin_polymorphic(resource.model, [one.class_ for one in descendants]))
    loads += [selectinload(getattr(mapper.class_, one.key)) for one in mapper.relationships if _is_touched(one)]
    for one in descendants:
        loads += [selectinload(getattr(one.class_, prop.key)) for prop in _own(one) if _is_touched(prop)]
    return loads


def _own(mapper: Mapper[Any]) -> list[RelationshipProperty[Any]]:
    return [one for one in mapper.relationships if one.parent is mapper]


def _is_touched(prop: RelationshipProperty[Any]) -> bool:
    """Whether deleting the row that has the relationship loads its members."""
    if prop.viewonly or prop.passive_deletes or prop.lazy in UNLOADED:
        return False
    return prop.direction is not MANYTOONE or prop.cascade.delete
