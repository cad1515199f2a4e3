"""Tables to models: keys, foreign keys both ways, and association tables as many-to-many relationships."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, Engine, ForeignKeyConstraint, MetaData, Table, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, configure_mappers, relationship
from sqlalchemy.types import PickleType

from .names import class_name, column_key, free, legal, referred, referring
from .tolerant import tolerant


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


@dataclass(slots=True)
class _Plan:
    """What one table's class will be made of."""

    table: Table
    key: list[Column[Any]]
    members: dict[str, Any] = field(default_factory=dict)
    class_name: str = ""


def reflect(
    engine: Engine, *, schema: str | None = None, include: Iterable[str] | None = None, exclude: Iterable[str] = ()
) -> Reflected:
    """Map the tables of a database; `include` and `exclude` name tables.  SQLAlchemyError if it cannot be read.

    A table without a primary key is mapped by its first unique constraint over columns that are never null; one
    without any is skipped.
    """
    metadata = MetaData()
    wanted = set(include) if include is not None else None
    dropped = set(exclude)
    metadata.reflect(engine, schema=schema, resolve_fks=False, only=lambda name, _: _is_wanted(name, wanted, dropped))
    if engine.dialect.name == "sqlite":
        _make_tolerant(metadata)
    tables = sorted(metadata.tables.values(), key=lambda table: table.name)
    plans: dict[Table, _Plan] = {}
    skipped = []
    associations = [table for table in tables if _is_association(table, tables)]
    for table in tables:
        key = _key(table)
        if table in associations:
            continue
        if key is None:
            skipped.append(Skipped(table.name, "it has neither a primary key nor a unique key without nulls"))
        else:
            plans[table] = _Plan(table, key)
    return _mapped(plans, associations, skipped, metadata)


def _is_wanted(name: str, wanted: set[str] | None, dropped: set[str]) -> bool:
    return (wanted is None or name in wanted) and name not in dropped


def _make_tolerant(metadata: MetaData) -> None:
    for table in metadata.tables.values():
        for column in table.columns:
            column.type = tolerant(column.type)


def _key(table: Table) -> list[Column[Any]] | None:
    """Give the columns that tell rows apart, or None."""
    if table.primary_key.columns:
        return list(table.primary_key.columns)
    uniques = [list(one.columns) for one in table.constraints if isinstance(one, UniqueConstraint)]
    uniques += [list(one.columns) for one in table.indexes if one.unique]
    fit = [columns for columns in uniques if columns and not any(column.nullable for column in columns)]
    return min(fit, key=lambda columns: (len(columns), [column.name for column in columns])) if fit else None


def _is_association(table: Table, tables: list[Table]) -> bool:
    """Whether a table only says which rows of two tables belong together."""
    constraints = _foreign_keys(table, tables)
    columns = [column for one in constraints for column in one.columns]
    return (
        len(constraints) == 2
        and len(columns) == len(set(columns)) == len(table.columns)
        and set(table.primary_key.columns) == set(columns)
    )


def _foreign_keys(table: Table, tables: Iterable[Table]) -> list[ForeignKeyConstraint]:
    """Give the foreign keys to tables that are there, in a fixed order."""
    known = {one.fullname for one in tables}
    found = [
        one for one in table.foreign_key_constraints if one.elements[0].target_fullname.rpartition(".")[0] in known
    ]
    return sorted(found, key=lambda one: [column.name for column in one.columns])


def _mapped(
    plans: dict[Table, _Plan], associations: list[Table], skipped: list[Skipped], metadata: MetaData
) -> Reflected:
    base = _base(metadata)
    taken: set[str] = set()
    for plan in plans.values():
        plan.class_name = class_name(plan.table.name, taken)
        taken.add(plan.class_name)
        _add_columns(plan)
    for plan in plans.values():
        _add_references(plan, plans)
    for table in associations:
        _add_association(table, plans)
    models: dict[type, str] = {}
    for plan in plans.values():
        members = {"__table__": plan.table, "__mapper_args__": _mapper_arguments(plan), **plan.members}
        model = type(plan.class_name, (base,), members)
        models[model] = free(legal(plan.table.name, "table"), models.values())
    configure_mappers()
    return Reflected(tuple(models), base, models, tuple(skipped))


def _base(metadata_: MetaData) -> type[DeclarativeBase]:
    class Base(DeclarativeBase):
        metadata = metadata_

    return Base


def _mapper_arguments(plan: _Plan) -> dict[str, Any]:
    unreadable = [column.name for column in plan.table.columns if isinstance(column.type, PickleType)]
    arguments: dict[str, Any] = {"primary_key": plan.key}
    return arguments | ({"exclude_properties": unreadable} if unreadable else {})


def _add_columns(plan: _Plan) -> None:
    """Give every column a legal attribute name, where its own is not."""
    keys = plan.key
    for column in plan.table.columns:
        is_key = keys == [column]
        key = column_key(column.name, plan.table.name, is_key, plan.members)
        plan.members[key] = column


def _add_references(plan: _Plan, plans: Mapping[Table, _Plan]) -> None:
    """Make the relationships of a table's foreign keys, both ways."""
    constraints = _foreign_keys(plan.table, plans)
    for constraint in constraints:
        target = plans[constraint.referred_table]
        siblings = [one for one in constraints if one.referred_table is constraint.referred_table]
        columns = tuple(column.name for column in constraint.columns)
        name = free(referring(columns, target.table.name), plan.members)
        is_one = _is_unique(plan, list(constraint.columns))
        back = free(
            referred(plan.table.name, columns, len(siblings) == 1 and target is not plan), {*target.members, name}
        )
        pairs = list(zip(constraint.columns, (element.column for element in constraint.elements), strict=True))
        plan.members[name] = relationship(
            target.class_name,
            primaryjoin=_joined(pairs),
            foreign_keys=[local for local, _ in pairs],
            remote_side=[remote for _, remote in pairs],
            back_populates=back,
        )
        target.members[back] = relationship(
            plan.class_name,
            primaryjoin=_joined(pairs),
            foreign_keys=[local for local, _ in pairs],
            remote_side=[local for local, _ in pairs],
            back_populates=name,
            uselist=not is_one,
            passive_deletes="all",
        )


def _joined(pairs: list[tuple[Column[Any], Column[Any]]]) -> Any:
    condition = pairs[0][0] == pairs[0][1]
    for local, remote in pairs[1:]:
        condition = condition & (local == remote)
    return condition


def _is_unique(plan: _Plan, columns: list[Column[Any]]) -> bool:
    """Whether one row at most can refer to each row."""
    found = [set(one.columns) for one in plan.table.constraints if isinstance(one, UniqueConstraint)]
    found += [set(one.columns) for one in plan.table.indexes if one.unique]
    return set(columns) in [set(plan.key), *found]


def _add_association(table: Table, plans: Mapping[Table, _Plan]) -> None:
    """Make a many-to-many relationship, both ways."""
    constraints = _foreign_keys(table, plans)
    if len(constraints) != 2:
        return
    one, other = (plans[constraint.referred_table] for constraint in constraints)
    names = list(_names_of_association(table, constraints, one, other))
    for constraint, opposite, plan, target, name, back in (
        (constraints[0], constraints[1], one, other, names[0], names[1]),
        (constraints[1], constraints[0], other, one, names[1], names[0]),
    ):
        plan.members[name] = relationship(
            target.class_name,
            secondary=table,
            primaryjoin=_joined(list(_pairs(constraint))),
            secondaryjoin=_joined(list(_pairs(opposite))),
            back_populates=back,
        )


def _pairs(constraint: ForeignKeyConstraint) -> Iterator[tuple[Column[Any], Column[Any]]]:
    for column, element in zip(constraint.columns, constraint.elements, strict=True):
        yield column, element.column


def _names_of_association(
    table: Table, constraints: list[ForeignKeyConstraint], one: _Plan, other: _Plan
) -> Iterator[str]:
    if one is not other:
        yield free(legal(other.table.name, "rows"), one.members)
        yield free(legal(one.table.name, "rows"), other.members)
        return
    first = free(referred(one.table.name, tuple(column.name for column in constraints[1].columns), False), one.members)
    second = referred(one.table.name, tuple(column.name for column in constraints[0].columns), False)
    yield first
    yield free(second, {*one.members, first})
