"""Tables to models: keys, foreign keys both ways, and association tables as many-to-many relationships."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, Table, inspect
from sqlalchemy.orm import DeclarativeBase, configure_mappers

from .foreign import name_types
from .names import assign, class_name, column_keys
from .relationships import Members, add_association, add_references
from .tables import Reference, is_association, key_of, read_references, read_tables
from .tolerant import tolerant

TAKEN = ("operations",)
"""Collections that would not be served: several writes at once are sent there."""


NO_KEY = "it has neither a primary key nor a unique key without nulls"
NO_ID = "its primary key is a list, a range or JSON, which is no id"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A table that was not mapped, and why."""

    table: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reflected:
    """The models of a database: `names` holds a legal collection name for each of `models`."""

    models: tuple[type, ...]
    base: type[DeclarativeBase]
    names: Mapping[type, str]
    skipped: tuple[Skipped, ...]


def reflect(
    engine: Engine,
    *,
    schema: str | None = None,
    include: Iterable[str] | None = None,
    exclude: Iterable[str] = (),
    views: bool = False,
) -> Reflected:
    """Map the tables of a database; SQLAlchemyError if it cannot be read.

    `include` and `exclude` name tables (or views, with `views`); without `include` it is all of them.  A table
    without a primary key is mapped by its smallest unique key over columns that are never null; one without any is
    skipped, and so are views, which have no keys.  Relationships lead to tables that are mapped, too, only.
    """
    with engine.connect() as connection:
        wanted, skipped = _wanted(connection, schema, include, frozenset(exclude), views)
        tables = read_tables(connection, schema, wanted)
        name_types(connection, schema, tables)
        keyed = [table for table in tables if key_of(table)]
        references = read_references(connection, schema, keyed)
    skipped += [
        Skipped(table.name, NO_ID if table.primary_key.columns else NO_KEY) for table in tables if table not in keyed
    ]
    skipped += [Skipped(name, "it could not be read") for name in wanted - {table.name for table in tables}]
    for table in keyed:
        for column in table.columns:
            column.type = tolerant(column.type, engine.dialect.name)
    return _mapped(keyed, references, sorted(skipped, key=lambda one: one.table))


def _wanted(
    connection: Connection, schema: str | None, include: Iterable[str] | None, exclude: frozenset[str], views: bool
) -> tuple[set[str], list[Skipped]]:
    """Give the names of the tables to read, and what can be said to be skipped already."""
    inspector = inspect(connection)
    tables, view_names = set(inspector.get_table_names(schema)), set[str]()
    if views:
        view_names = set(inspector.get_view_names(schema))
    asked = (tables | view_names if include is None else set(include)) - exclude
    if asked - tables and not views:
        view_names = set(inspector.get_view_names(schema))
    skipped = [Skipped(name, "it is a view, which has no key") for name in asked & view_names]
    skipped += [
        Skipped(name, f"there is no such table{_nearest(name, tables)}") for name in asked - tables - view_names
    ]
    return asked & tables, skipped


def _nearest(name: str, tables: Collection[str]) -> str:
    """Give the end of a sentence that helps: the table that is called nearly so, in any case."""
    folded = {one.casefold(): one for one in tables}
    return "".join(f"; did you mean {folded[one]}?" for one in get_close_matches(name.casefold(), folded, n=1))


def _mapped(tables: Collection[Table], references: list[Reference], skipped: list[Skipped]) -> Reflected:
    associations = [table for table in tables if is_association(table, references)]
    members, models = Members(), dict[Table, type]()
    for table in tables:
        if table not in associations:
            members.of[table] = _columns(table)

    def locate(table: Table) -> Callable[[], type]:
        return partial(models.__getitem__, table)

    add_references(members, [one for one in references if one.table not in associations], locate)
    for table in associations:
        one, other = (reference for reference in references if reference.table is table)
        add_association(members, one, other, locate)
    base = _base(next(iter(tables)).metadata if tables else MetaData())
    taken: set[str] = set()
    for table, fields in members.of.items():
        name = class_name(table.name, taken)
        taken.add(name)
        models[table] = type(
            name, (base,), {"__table__": table, "__mapper_args__": {"primary_key": key_of(table)}, **fields}
        )
    configure_mappers()
    names = assign((table.name for table in models), "table", TAKEN)
    return Reflected(
        tuple(models.values()), base, {model: names[table.name] for table, model in models.items()}, tuple(skipped)
    )


def _columns(table: Table) -> dict[str, Any]:
    """Give every column by its attribute name."""
    key = key_of(table) or []
    keys = column_keys(list(table.columns.keys()), table.name, key[0].name if len(key) == 1 else None)
    return {keys[column.name]: column for column in table.columns}


def _base(metadata_: MetaData) -> type[DeclarativeBase]:
    class Base(DeclarativeBase):
        metadata = metadata_

    return Base
