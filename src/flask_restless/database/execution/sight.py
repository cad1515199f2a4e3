"""Writes that would lead a row out of its caller's own sight: they are refused, and nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from ...operations.operation import Create, Nested, Relate, Update, UpdateMany
from ...operations.problems import Rejected, reject
from ...schema.resource import Resource
from . import unit
from .locate import id_of, present
from .unit import Made

Row = Create | Update | UpdateMany | Relate | Nested


def settle(session: Session, made: Made) -> None:
    """Flush what was made and changed, and look whether the caller sees what no answer will show."""
    unit.settle(session, made)
    scoped = [(row, instance) for row, instance in made.scoped if not inspect(instance).deleted]
    made.scoped.clear()
    for resource in dict.fromkeys(_resource(row) for row, _ in scoped):
        mine = [(row, id_of(resource, instance)) for row, instance in scoped if _resource(row) is resource]
        visible = present(resource, [id_ for _, id_ in mine], session)
        if hidden := [row for row, id_ in mine if id_ not in visible]:
            raise out_of_sight(hidden[0])


def out_of_sight(row: Row) -> Rejected:
    """Make the problem of a write that its own caller would not see."""
    detail = f"the {_resource(row).name} resource would not be visible to you any more; it cannot be written like that"
    return reject("forbidden", detail, row.source)


@contextmanager
def in_sight(row: Row) -> Iterator[None]:
    """Read a write back inside the block: Rejected (`forbidden`) if what was written is not found there."""
    try:
        yield
    except Rejected as rejected:
        if rejected.problems[0].code != "not-found":
            raise
        raise out_of_sight(row) from rejected


def _resource(row: Row) -> Resource:
    match row:
        case UpdateMany():
            return row.selection.resource
        case Create() | Nested():
            return row.resource
        case _:
            return row.target.resource
