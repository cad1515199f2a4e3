"""What a PostgreSQL database itself says of the types that SQLAlchemy does not know, or the driver cannot read.

Domains are what they are made of.  What is left is known by name, and the database is asked whether it can compare
and sort such values.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Select, Table, Text, cast, null, select, text
from sqlalchemy.dialects.postgresql import ARRAY, CITEXT, DOMAIN, ENUM, REGCLASS, REGCONFIG
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import NullType, TypeEngine

from ..database_types import Foreign, Named

UNKNOWN = (NullType, REGCLASS, REGCONFIG)
"""Types whose values the driver reads as texts, and cannot compare with texts."""

ODD = (*UNKNOWN, DOMAIN, ARRAY)

UNREAD = (*UNKNOWN, DOMAIN, CITEXT)
"""Types of which the driver reads no lists."""


class Told(NamedTuple):
    """What the database says of a column: its type, that of the members if it is a list, and how deep one is."""

    spelling: str
    member: str | None
    dimensions: int


def name_types(connection: Connection, schema: str | None, tables: Collection[Table]) -> None:
    """Give the columns of `tables` types whose values can be read and written."""
    if connection.dialect.name != "postgresql":
        return
    odd = [column for table in tables for column in table.columns if isinstance(column.type, ODD)]
    if not odd:
        return
    told = _told(connection, schema)
    abilities: dict[str, tuple[bool, bool]] = {}
    for column in odd:
        of_column = told.get((column.table.name, column.name))
        if of_column is not None:
            column.type = _type(connection, column, of_column, abilities)


def _told(connection: Connection, schema: str | None) -> Mapping[tuple[str, str], Told]:
    query = text(
        """SELECT c.relname, a.attname, format_type(a.atttypid, NULL),
            CASE WHEN t.typcategory = 'A' AND t.typelem <> 0 THEN format_type(t.typelem, NULL) END, a.attndims
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
        WHERE a.attnum > 0 AND NOT a.attisdropped
            AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = COALESCE(:schema, current_schema()))"""
    )
    rows = connection.execute(query, {"schema": schema})
    return {(table, column): Told(*rest) for table, column, *rest in rows}


def _type(
    connection: Connection, column: Column[Any], told: Told, abilities: dict[str, tuple[bool, bool]]
) -> TypeEngine[Any]:
    """Give the type of a column; `abilities` are those of the types that were asked for already."""
    base = _base(column.type)
    if isinstance(base, UNKNOWN) and told.member is not None:
        base = ARRAY(base)
    if isinstance(base, ARRAY):
        if not isinstance(base.item_type, UNREAD) and told.dimensions < 2:
            return base
        item = _readable(base.item_type)
        comparable, _ = _abilities(connection, told.member or told.spelling, abilities)
        list_ = ARRAY(item, dimensions=told.dimensions if told.dimensions > 1 else None)
        return Foreign(list_, told.spelling, comparable=comparable, ordered=False)
    if isinstance(base, UNKNOWN) or (isinstance(base, ENUM) and base is not column.type):
        comparable, ordered = _abilities(connection, told.spelling, abilities)
        return Foreign(_readable(base), told.spelling, comparable=comparable, ordered=ordered)
    return base


def _base(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    """Give what a domain is made of: its rules are the database's, which looks after them.

    It can be put in the domain's place wherever it is compared, unless it is an enum.
    """
    while isinstance(type_, DOMAIN):
        type_ = type_.data_type
    return type_


def _readable(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    base = _base(type_)
    return Text() if isinstance(base, (*UNKNOWN, CITEXT)) else base


def _abilities(connection: Connection, spelling: str, known: dict[str, tuple[bool, bool]]) -> tuple[bool, bool]:
    """Tell whether the database can compare and sort values of a type.

    That there is an operator is not enough: boxes that are `=` have the same area.
    """
    if spelling not in known:
        value = cast(null(), Named(spelling))
        known[spelling] = (
            _is_understood(connection, select(value).where(value.op("=")(value)).distinct()),
            _is_understood(connection, select(value).where(value.op("<")(value)).order_by(value)),
        )
    return known[spelling]


def _is_understood(connection: Connection, query: Select[Any]) -> bool:
    try:
        with connection.begin_nested():
            connection.execute(query)
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        return False
    return True
