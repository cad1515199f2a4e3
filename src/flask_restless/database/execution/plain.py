"""Models of which rows can be written without instances: nothing of the application's could tell the difference.

The unit of work makes an instance for each row, watches its attributes and sorts what depends on what.  Whatever
acts there keeps the long way: constructors, validators, listeners, versions, inheritance, cascades.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from sqlalchemy import Column, Table
from sqlalchemy.orm import ColumnProperty, Mapper
from sqlalchemy.orm.base import MANYTOONE
from sqlalchemy.sql.schema import CallableColumnDefault

MAPPER_EVENTS = attrgetter(
    "before_insert", "after_insert", "before_update", "after_update", "before_delete", "after_delete"
)
INSTANCE_EVENTS = attrgetter("init_failure", "load", "refresh", "refresh_flush", "expire")


def is_plain(mapper: Mapper[Any]) -> bool:
    """Tell whether nothing of a mapping acts when an instance is made, changed, stored or deleted."""
    manager = mapper.class_manager
    if not _is_simple(mapper) or any(MAPPER_EVENTS(mapper.dispatch)) or any(INSTANCE_EVENTS(manager.dispatch)):
        return False
    if len(list(manager.dispatch.init)) > 1:  # the mapper's own listener is always there
        return False
    for key in columns_of(mapper):
        dispatch = manager[key].impl.dispatch
        if dispatch.set or dispatch.modified or dispatch.init_scalar:
            return False
    return True


@lru_cache(maxsize=1024)
def _is_simple(mapper: Mapper[Any]) -> bool:
    """Tell whether instances are like rows of one table: no inheritance, no version, nothing that checks values."""
    if mapper.inherits is not None or mapper.polymorphic_on is not None or mapper.version_id_col is not None:
        return False
    if not isinstance(mapper.local_table, Table) or mapper.validators:
        return False
    if any(_takes_context(one) for column in mapper.local_table.columns for one in (column.default, column.onupdate)):
        return False
    model = mapper.class_
    constructor = model.__init__
    if getattr(constructor, "_sa_original_init", constructor) is not mapper.registry.constructor:
        return False
    if getattr(model, "__setattr__", None) is not object.__setattr__:
        return False
    return not any(column.type.should_evaluate_none for column in columns_of(mapper).values())


def _takes_context(default: Any) -> bool:
    """Tell whether a function that makes a value is told of the others, by the names that the unit of work gives them.

    SQLAlchemy has functions of its own that call those which take nothing.
    """
    if default is None or not default.is_callable:
        return False
    return getattr(default.arg, "__globals__", {}).get("__name__") != CallableColumnDefault.__module__


def table_of(mapper: Mapper[Any]) -> Table:
    """Give the one table of a plain mapping."""
    table = mapper.local_table
    assert isinstance(table, Table)
    return table


@lru_cache(maxsize=1024)
def columns_of(mapper: Mapper[Any]) -> Mapping[str, Column[Any]]:
    """Give the columns of a mapper's table by the keys of their attributes."""
    pairs = ((prop.key, prop.columns[0]) for prop in mapper.column_attrs if _is_of_table(prop, mapper))
    return MappingProxyType({key: column for key, column in pairs if isinstance(column, Column)})


def _is_of_table(prop: ColumnProperty[Any], mapper: Mapper[Any]) -> bool:
    column = prop.columns[0]
    return len(prop.columns) == 1 and isinstance(column, Column) and column.table is mapper.local_table


@lru_cache(maxsize=1024)
def settable(mapper: Mapper[Any]) -> frozenset[str]:
    """Give the attributes that are columns, and that no relationship refers to from elsewhere: no key among them."""
    referred = {
        column for prop in mapper.relationships if prop.direction is not MANYTOONE for column in prop.local_columns
    }
    return frozenset(key for key, one in columns_of(mapper).items() if not one.primary_key and one not in referred)


@lru_cache(maxsize=1024)
def keeps_the_rest(mapper: Mapper[Any]) -> bool:
    """Tell whether a change of a row changes what it says, and no column that has a value of its own for changes."""
    return all(column.onupdate is None for column in table_of(mapper).columns)


@lru_cache(maxsize=1024)
def given_keys(mapper: Mapper[Any]) -> frozenset[str]:
    """Give the parts of the primary key that nobody makes: a row has to bring them along."""
    made = table_of(mapper).autoincrement_column
    return frozenset(
        mapper.get_property_by_column(one).key
        for one in table_of(mapper).primary_key
        if one is not made and one.default is None and one.server_default is None
    )


@lru_cache(maxsize=1024)
def is_leaf(mapper: Mapper[Any]) -> bool:
    """Tell whether deleting an instance leaves all others as they are: it refers to some, and none hang on it."""
    return all(prop.direction is MANYTOONE and not prop.cascade.delete for prop in mapper.relationships)
