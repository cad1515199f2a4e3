"""Rows that refer to themselves or to each other in a circle: the unit of work cannot sort what it has to store first.

So what closes a circle is taken out before the flush, and written by its foreign key after it.  A row that refers to
itself is deleted without the unit of work noticing that.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Any, cast

from sqlalchemy import Column, inspect, update
from sqlalchemy.orm import Mapper, RelationshipProperty, Session
from sqlalchemy.orm.attributes import get_history, set_committed_value
from sqlalchemy.orm.base import MANYTOONE, PassiveFlag
from sqlalchemy.orm.collections import collection_adapter

from ...operations.records import record
from .time_limit import MYSQL

Prop = RelationshipProperty[Any]

LOADED = PassiveFlag.PASSIVE_OFF | PassiveFlag.NO_RAISE
"""Reads what is not loaded, as a flush does."""


@record
class Reference:
    """A row that refers to another one by a foreign key of its own."""

    row: Any
    prop: Prop
    referred: Any


# ---------------------------------------------------------------- stored in two steps


def untied(session: Session) -> list[Reference]:
    """Take out what closes circles among the rows to be stored, as far as it can be written later; give it."""
    references = list(_references(session))
    loose = [one for one in references if one.row is one.referred and _is_separable(one)]
    rest = [one for one in references if one.row is not one.referred]
    while (closing := _closing(rest)) is not None:
        loose.append(closing)
        rest = [one for one in rest if one is not closing]
    for one in loose:
        _take_out(one)
    return loose


def tie(references: list[Reference], session: Session) -> None:
    """Set the foreign keys of what was taken out, now that there is what they refer to."""
    for one in references:
        for local, remote in _pairs(one.prop):
            value = getattr(one.referred, one.prop.mapper.get_property_by_column(remote).key)
            setattr(one.row, one.prop.parent.get_property_by_column(local).key, value)
        session.expire(one.row, [one.prop.key])
        session.expire(one.referred, [each.key for each in _reverse(one.prop)])


def _references(session: Session) -> Iterator[Reference]:
    """Give what rows to be stored say of each other."""
    rows = [*session.new, *session.dirty]
    if not rows:
        return
    known = {id(one) for one in rows}
    for row in rows:
        values = inspect(row).dict
        for prop in _holding(inspect(row).mapper):
            referred = values.get(prop.key)
            if referred is not None and id(referred) in known:
                yield Reference(row, prop, referred)


def _closing(references: list[Reference]) -> Reference | None:
    """Give one that closes a circle and can be written later, of rows that are there already if there is one."""
    sorter: TopologicalSorter[int] = TopologicalSorter()
    for one in references:
        sorter.add(id(one.row), id(one.referred))
    try:
        sorter.prepare()
    except CycleError as error:
        circle = list(error.args[1])
        steps = {*pairwise(circle)}
        found = [one for one in references if (id(one.referred), id(one.row)) in steps and _is_separable(one)]
        return max(found, key=lambda one: inspect(one.row).persistent, default=None)
    return None


def _is_separable(reference: Reference) -> bool:
    """Whether a row can be stored before it refers to that: it is new, or has just come to that."""
    row, prop = reference.row, reference.prop
    if not _is_writable(prop) or not inspect(row).attrs[prop.key].history.added:
        return False
    return inspect(row).persistent or all(column.nullable for column in prop.local_columns)


def _take_out(reference: Reference) -> None:
    """Have both rows as if they had nothing to do with each other, without anybody being told."""
    row, prop, referred = reference.row, reference.prop, reference.referred
    set_committed_value(row, prop.key, None)
    for other in _reverse(prop):
        _leave(referred, other, row)


def _leave(owner: Any, prop: Prop, member: Any) -> None:
    """Take a member out of a relationship that is loaded."""
    held = inspect(owner).dict.get(prop.key)
    if held is member:
        set_committed_value(owner, prop.key, None)
    elif held is not None and prop.uselist:
        members = list(collection_adapter(held))
        if any(one is member for one in members):
            set_committed_value(owner, prop.key, [one for one in members if one is not member])


def _reverse(prop: Prop) -> list[Prop]:
    return list(prop._reverse_property)


@lru_cache(maxsize=1024)
def _holding(mapper: Mapper[Any]) -> tuple[Prop, ...]:
    """Give the relationships by foreign keys of a mapper's own that are stored along with the row."""
    return tuple(
        one for one in mapper.relationships if one.direction is MANYTOONE and not (one.viewonly or one.post_update)
    )


@lru_cache(maxsize=1024)
def _is_writable(prop: Prop) -> bool:
    """Whether the foreign key says it all: all of it is mapped, and nothing is deleted where it is taken away."""
    if any(local not in prop.parent._columntoproperty for local in prop.local_columns):
        return False
    if prop.lazy in ("dynamic", "write_only"):
        return False
    return not any(one.cascade.delete_orphan or one.lazy in ("dynamic", "write_only") for one in _reverse(prop))


# ---------------------------------------------------------------- deleted


def free_deleted(session: Session) -> None:
    """Have rows that refer to themselves deleted like all others; MariaDB wants them to let go of themselves first."""
    with session.no_autoflush:
        for row in session.deleted:
            for prop in to_itself(inspect(row).mapper):
                if _refers_to_itself(row, prop):
                    _let_go(row, prop, session)


def _refers_to_itself(row: Any, prop: Prop) -> bool:
    key = prop.mapper.get_property_by_column
    pairs = [(getattr(row, key(local).key), getattr(row, key(remote).key)) for local, remote in _pairs(prop)]
    return all(local is not None and local == remote for local, remote in pairs)


def _let_go(row: Any, prop: Prop, session: Session) -> None:
    for one in (prop, *_reverse(prop)):
        if not one.passive_deletes:
            get_history(row, one.key, LOADED)  # the flush would load it
        _leave(row, one, row)
    columns = [local if prop.direction is MANYTOONE else remote for local, remote in _pairs(prop)]
    mapper = inspect(row).mapper
    connection = session.connection(bind_arguments={"mapper": mapper})
    if connection.dialect.name in MYSQL and all(one.nullable for one in columns):
        table = columns[0].table
        keys = [*table.primary_key, *columns]
        is_row = [one == getattr(row, mapper.get_property_by_column(one).key) for one in keys]
        connection.execute(update(table).where(*is_row).values(dict.fromkeys(columns)))


@lru_cache(maxsize=1024)
def to_itself(mapper: Mapper[Any]) -> tuple[Prop, ...]:
    """Give the relationships by which a row may refer to itself."""
    return tuple(one for one in mapper.relationships if one.mapper.common_parent(mapper) and _is_mapped(one))


def _is_mapped(prop: Prop) -> bool:
    """Whether a relationship is stored by columns that are attributes of the model."""
    if prop.viewonly or prop.post_update or prop.secondary is not None:
        return False
    columns = {column for pair in _pairs(prop) for column in pair}
    return columns <= prop.mapper._columntoproperty.keys()


def _pairs(prop: Prop) -> list[tuple[Column[Any], Column[Any]]]:
    return cast(list[tuple[Column[Any], Column[Any]]], prop.local_remote_pairs)
