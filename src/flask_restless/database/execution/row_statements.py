"""Statements about one row of a table, kept by what they are about: values are parameters."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import Column, Delete, Insert, Select, Update, bindparam, delete, insert, select, update

from ...schema.resource import Resource
from .drafts import Values
from .locate import by_key as key_of
from .locate import has_key
from .plain import columns_of, table_of
from .sure import is_known

PREFIX = "v_"
"""Begins the names of parameters that stand for values of attributes: SQLAlchemy keeps the columns' own for itself."""

Columns = tuple[Column[Any], ...]


def named(values: Values) -> Values:
    """Give values by the names of the parameters that stand for them."""
    return {f"{PREFIX}{key}": value for key, value in values.items()}


@lru_cache(maxsize=1024)
def insertion(
    resource: Resource, keys: tuple[str, ...], targets: tuple[Resource, ...] = (), shown: Columns = ()
) -> Insert:
    """Insert a row with values for those attributes, if there is one of each of `targets`; give its id, or `shown`."""
    statement, parameters = insert(table_of(resource.mapper)), _parameters(resource, keys)
    if targets:
        there = [key_of(one, f"t{number}_").exists() for number, one in enumerate(targets)]
        statement = statement.from_select(list(parameters), select(*parameters.values()).where(*there))
    else:
        statement = statement.values(parameters)
    return statement.returning(*(shown or id_columns(resource)))


@lru_cache(maxsize=1024)
def setting(resource: Resource, keys: tuple[str, ...], shown: Columns = (), doubts: Columns = ()) -> Update:
    """Set those attributes of one row, if Python knows what it has in `doubts`, and give what is `shown` of it."""
    conditions = *_has_id(resource), *[is_known(one) for one in doubts]
    statement = update(table_of(resource.mapper)).where(*conditions).values(_parameters(resource, keys))
    return statement.returning(*shown) if shown else statement


@lru_cache(maxsize=1024)
def held(resource: Resource, keys: tuple[str, ...]) -> Select[Any]:
    """Select those attributes of one row, and keep others from changing it."""
    columns = columns_of(resource.mapper)
    return select(*[columns[key] for key in keys]).where(*_has_id(resource)).with_for_update()


@lru_cache(maxsize=256)
def removal(resource: Resource) -> Delete:
    """Delete one row."""
    return delete(table_of(resource.mapper)).where(*_has_id(resource))


def _parameters(resource: Resource, keys: tuple[str, ...]) -> dict[Any, Any]:
    columns = columns_of(resource.mapper)
    return {columns[key]: bindparam(f"{PREFIX}{key}", type_=columns[key].type) for key in keys}


def id_columns(resource: Resource) -> list[Any]:
    """Give the columns of the id."""
    columns = columns_of(resource.mapper)
    return [columns[key.key] for key in resource.identity.keys]


def _has_id(resource: Resource) -> list[Any]:
    return list(has_key(resource, id_columns(resource)))
