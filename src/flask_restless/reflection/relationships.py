"""Foreign keys as relationships, both ways: what they are called, and how SQLAlchemy is told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from functools import reduce
from operator import and_
from typing import Any

from sqlalchemy import ColumnElement, Table
from sqlalchemy.orm import RelationshipProperty, relationship

from .names import children, free, referred, referring
from .tables import Reference, is_unique

Locate = Callable[[Table], Callable[[], type]]
"""Gives, for a table, the function that gives its model once all are made."""


@dataclass(slots=True)
class Link:
    """A foreign key and what its relationship is called, there (`name`) and back (`back`)."""

    reference: Reference
    name: str
    back: str = ""


@dataclass(slots=True)
class Members:
    """The fields of each table's model so far: columns, then relationships."""

    of: dict[Table, dict[str, Any]] = field(default_factory=dict)

    def choose(self, table: Table, candidates: Iterable[str]) -> str:
        """Take a name that no other field of the table's model has."""
        name = free(candidates, self.of[table])
        self.of[table][name] = None
        return name


def add_references(members: Members, references: Collection[Reference], locate: Locate) -> None:
    """Make the relationships of `references`; their own names are given before those of the ways back."""
    links = []
    for one in references:
        names = [(local.name, remote.name) for local, remote in one.pairs]
        links.append(Link(one, members.choose(one.table, referring(names, one.table.name, one.target.name))))
    for link in links:
        link.back = members.choose(link.reference.target, _names_back(link, references))
    for link in links:
        _relate(members, link, _overlaps(link, links), locate)


def _names_back(link: Link, references: Collection[Reference]) -> Iterable[str]:
    one = link.reference
    siblings = [other for other in references if other.table is one.table and other.target is one.target]
    if one.table is one.target:
        yield from children(link.name)
    yield from referred(one.table.name, one.names, len(siblings) == 1 and one.table is not one.target)


def _overlaps(link: Link, links: Collection[Link]) -> str:
    """Name the relationships that write a column which this one writes too; SQLAlchemy wants to be told."""
    columns = set(link.reference.columns)
    rivals = [one for one in links if one is not link and columns & set(one.reference.columns)]
    return ",".join(sorted({name for one in rivals for name in (one.name, one.back)}))


def _relate(members: Members, link: Link, overlaps: str, locate: Locate) -> None:
    one = link.reference
    local, remote = list(one.columns), [column for _, column in one.pairs]
    shared: dict[str, Any] = {"foreign_keys": local, "overlaps": overlaps or None}
    if not any(column is other for column, other in one.pairs):
        shared["primaryjoin"] = _joined(one)
    members.of[one.table][link.name] = relationship(
        locate(one.target), remote_side=remote, back_populates=link.back, **shared
    )
    members.of[one.target][link.back] = relationship(
        locate(one.table),
        remote_side=local,
        back_populates=link.name,
        uselist=not is_unique(one),
        passive_deletes="all",
        **shared,
    )


def _joined(reference: Reference) -> ColumnElement[bool]:
    return reduce(and_, (local == remote for local, remote in reference.pairs))


def add_association(members: Members, one: Reference, other: Reference, locate: Locate) -> None:
    """Make the many-to-many relationship, both ways, of a table whose foreign keys are `one` and `other`."""
    name = members.choose(one.target, _names_across(one, other))
    back = members.choose(other.target, _names_across(other, one))
    members.of[one.target][name] = _across(one, other, back, locate)
    members.of[other.target][back] = _across(other, one, name, locate)


def _names_across(near: Reference, far: Reference) -> Iterable[str]:
    """Suggest names for the relationship to the target of `far`."""
    if near.target is not far.target:
        yield from referred(far.target.name, (near.table.name,), True)
    else:
        yield from referred(far.target.name, far.names, False)


def _across(near: Reference, far: Reference, back: str, locate: Locate) -> RelationshipProperty[Any]:
    return relationship(
        locate(far.target),
        secondary=near.table,
        primaryjoin=_joined(near),
        secondaryjoin=_joined(far),
        back_populates=back,
    )
