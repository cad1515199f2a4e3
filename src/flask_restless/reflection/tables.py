"""The tables of a database as they are: their keys, what they refer to, and which of them only link two others."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import (
    Column,
    Computed,
    Connection,
    Dialect,
    FetchedValue,
    ForeignKeyConstraint,
    Identity,
    MetaData,
    Table,
    UniqueConstraint,
    inspect,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, HSTORE, JSONB
from sqlalchemy.dialects.postgresql.ranges import AbstractRange
from sqlalchemy.engine.interfaces import ReflectedColumn, ReflectedForeignKeyConstraint, ReflectedIndex
from sqlalchemy.exc import DatabaseError, SAWarning

from ..database_types import Foreign

T = TypeVar("T")

STRUCTURES = (ARRAY, JSONB, HSTORE, AbstractRange)
"""Types of PostgreSQL whose values have members."""


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """A foreign key: `pairs` are its columns with those that they refer to."""

    table: Table
    target: Table
    pairs: tuple[tuple[Column[Any], Column[Any]], ...]

    @property
    def columns(self) -> tuple[Column[Any], ...]:
        """The columns of the foreign key itself."""
        return tuple(local for local, _ in self.pairs)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of these columns."""
        return tuple(column.name for column in self.columns)


def read_tables(connection: Connection, schema: str | None, names: Collection[str]) -> list[Table]:
    """Read the named tables with their keys, in the order of their names, without their foreign keys.

    A table that cannot be read is left out.  SQLAlchemy's warnings about what it does not know (a type, an index over
    an expression) are not passed on: a column of an unknown type is read as the driver gives it.
    """
    names = [name for name in sorted(names) if _is_readable(connection, schema, name)]
    if not names:
        return []
    inspector, metadata, own = inspect(connection), MetaData(), partial(_own_name, connection.dialect)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        columns = {key: _named(found, own) for key, found in inspector.get_multi_columns(schema, names).items()}
        keys = inspector.get_multi_pk_constraint(schema, names)
        uniques = _unique_keys(connection, schema, names)
    tables = []
    for name in names:
        key = [own(one) for one in keys[schema, name]["constrained_columns"]]
        unique = [UniqueConstraint(*map(own, one)) for one in uniques[name]]
        table = Table(name, metadata, *_columns(columns[schema, name], key), *unique, schema=schema)
        if connection.dialect.name == "sqlite" and not _makes_keys(connection, schema, name):
            for column in table.primary_key.columns:
                column.autoincrement = False
        tables.append(table)
    return tables


def _is_readable(connection: Connection, schema: str | None, name: str) -> bool:
    """Whether the database itself can open a table; SQLite cannot where a virtual table's module is not loaded."""
    if connection.dialect.name != "sqlite":
        return True
    try:
        connection.execute(select(text("1")).select_from(Table(name, MetaData(), schema=schema)).limit(0))
    except DatabaseError:
        return False
    return True


def _named(columns: Iterable[ReflectedColumn], own: Callable[[str], str]) -> list[ReflectedColumn]:
    """Give columns their own names, and leave out the one without that SQLite allows: SQLAlchemy has none such."""
    return [{**one, "name": own(one["name"])} for one in columns if one["name"]]


def _own_name(dialect: Dialect, name: str) -> str:
    """Give the name behind what SQLAlchemy 2.0 and 2.1 read for MariaDB: they leave a backtick in it doubled."""
    return name.replace("``", "`") if dialect.name in ("mysql", "mariadb") else name


def _columns(found: Iterable[ReflectedColumn], key: Collection[str]) -> Iterator[Column[Any]]:
    """Make columns; what the database fills in is known to be there, not what it is."""
    for one in found:
        computed, identity = one.get("computed"), one.get("identity")
        source: list[Computed | Identity | FetchedValue] = []
        if computed is not None:
            source = [Computed(computed["sqltext"], computed.get("persisted"))]
        elif identity is not None:
            source = [Identity(always=identity["always"])]
        elif one["default"] is not None:
            source = [FetchedValue()]
        yield Column(
            one["name"],
            one["type"],
            *source,
            nullable=one["nullable"],
            primary_key=one["name"] in key,
            autoincrement=one.get("autoincrement", "auto"),
        )


def _unique_keys(connection: Connection, schema: str | None, names: list[str]) -> dict[str, list[list[str]]]:
    """Give, for each table, the columns of what is unique over all of its rows."""
    if connection.dialect.name == "sqlite":
        return {name: _unique_keys_of_sqlite(connection, schema, name) for name in names}
    inspector = inspect(connection)
    constraints = inspector.get_multi_unique_constraints(schema, names)
    indexes = inspector.get_multi_indexes(schema, names)
    return {
        name: [one["column_names"] for one in constraints.get((schema, name), ())]
        + [
            [column for column in one["column_names"] if column is not None]
            for one in indexes.get((schema, name), ())
            if one["unique"] and _covers_whole_rows(one)
        ]
        for name in names
    }


def _covers_whole_rows(index: ReflectedIndex) -> bool:
    """Whether an index is over columns alone (no expressions), and over every row (no `WHERE`)."""
    is_partial = any(option.endswith("_where") for option in index.get("dialect_options", {}))
    return not is_partial and None not in index["column_names"]


def _unique_keys_of_sqlite(connection: Connection, schema: str | None, table: str) -> list[list[str]]:
    """Ask SQLite itself: SQLAlchemy 2.0 and 2.1 read the text of the table, and miss `VARCHAR(5) UNIQUE`."""
    found: dict[str, list[str | None]] = {}
    query = text(
        """SELECT list.name, column.name
        FROM pragma_index_list(:table, :schema) AS list, pragma_index_info(list.name, :schema) AS column
        WHERE list."unique" AND NOT list.partial ORDER BY list.seq, column.seqno"""
    )
    for index, column in connection.execute(query, {"table": table, "schema": schema or "main"}):
        found.setdefault(index, []).append(column)
    return [[one for one in columns if one is not None] for columns in found.values() if None not in columns]


def _makes_keys(connection: Connection, schema: str | None, table: str) -> bool:
    """Whether SQLite makes keys for a table: not where it keeps an index for them, as for an `INT PRIMARY KEY`."""
    query = text("SELECT 1 FROM pragma_index_list(:table, :schema) WHERE origin = 'pk'")
    return connection.scalar(query, {"table": table, "schema": schema or "main"}) is None


def read_references(connection: Connection, schema: str | None, tables: Collection[Table]) -> list[Reference]:
    """Read the foreign keys among `tables`, and put them back on their tables.

    Those to other tables are left out, and those to what several rows may have: SQLite and MariaDB allow them.
    """
    if not tables:  # an empty list of names would ask for those of all tables
        return []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        found = inspect(connection).get_multi_foreign_keys(schema=schema, filter_names=[table.name for table in tables])
    by_name = {table.name: table for table in tables}
    own = partial(_own_name, connection.dialect)
    references: list[Reference] = []
    for (_, name), keys in sorted(found.items(), key=lambda item: item[0][1]):
        for key in sorted(keys, key=lambda key: key["constrained_columns"]):
            reference = _reference(by_name[name], key, schema, by_name, own)
            if reference is not None and not any(_same(reference, other) for other in references):
                references.append(reference)
    for reference in references:
        remote = [column for _, column in reference.pairs]
        reference.table.append_constraint(ForeignKeyConstraint(list(reference.columns), remote))
    return references


def _reference(
    table: Table,
    key: ReflectedForeignKeyConstraint,
    schema: str | None,
    tables: Mapping[str, Table],
    own: Callable[[str], str],
) -> Reference | None:
    target = _lookup(tables, own(key["referred_table"]))
    if target is None or key["referred_schema"] != schema:
        return None
    remote_names = [*map(own, key["referred_columns"])] or [column.name for column in target.primary_key.columns]
    local = [_lookup(dict(table.columns.items()), own(name)) for name in key["constrained_columns"]]
    remote = [_lookup(dict(target.columns.items()), name) for name in remote_names]
    if len(local) != len(remote):
        return None
    pairs = tuple(
        (one, other) for one, other in zip(local, remote, strict=True) if one is not None and other is not None
    )
    is_whole = len(pairs) == len(local) and _holds_key({other for _, other in pairs}, target)
    return Reference(table, target, pairs) if is_whole else None


def _lookup(found: Mapping[str, T], name: str) -> T | None:
    """Find by name; names in a foreign key of SQLite or MariaDB may be written in another case."""
    if name in found:
        return found[name]
    return next((one for known, one in found.items() if known.lower() == name.lower()), None)


def _same(one: Reference, other: Reference) -> bool:
    return one.table is other.table and [*map(_ids, one.pairs)] == [*map(_ids, other.pairs)]


def _ids(pair: tuple[Column[Any], Column[Any]]) -> tuple[int, int]:
    return id(pair[0]), id(pair[1])


def key_of(table: Table) -> list[Column[Any]] | None:
    """Give the columns that tell rows apart, or None: the primary key, else the smallest unique key without nulls.

    Lists, ranges and JSON are no ids.
    """
    if table.primary_key.columns and not any(map(_is_structure, table.primary_key.columns)):
        return list(table.primary_key.columns)
    fit = [columns for columns in unique_keys(table) if not any(one.nullable or _is_structure(one) for one in columns)]
    return min(fit, key=lambda columns: (len(columns), [column.name for column in columns]), default=None)


def _is_structure(column: Column[Any]) -> bool:
    type_ = column.type.wrapped if isinstance(column.type, Foreign) else column.type
    return isinstance(type_, STRUCTURES)


def unique_keys(table: Table) -> Iterator[list[Column[Any]]]:
    """Give the column lists that the database holds unique over the whole table, the primary key first."""
    if table.primary_key.columns:
        yield list(table.primary_key.columns)
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield list(constraint.columns)


def is_unique(reference: Reference) -> bool:
    """Whether one row at most can refer to each row."""
    return _holds_key(set(reference.columns), reference.table)


def _holds_key(columns: set[Column[Any]], table: Table) -> bool:
    return any(set(key) <= columns for key in unique_keys(table))


def is_association(table: Table, references: Collection[Reference]) -> bool:
    """Whether a table only says which rows belong together: two foreign keys are its key, and there is no more."""
    own = [one for one in references if one.table is table]
    columns = [column for one in own for column in one.columns]
    return (
        len(own) == 2
        and len(columns) == len(set(columns)) == len(table.columns)
        and set(table.primary_key.columns) == set(columns)
        and not any(one.target is table for one in references)
    )
