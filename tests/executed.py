"""Operations made by hand and carried out against the bookshop, without a protocol; nothing is committed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from flask_restless.database.execution.executor import Executor
from flask_restless.database.execution.transaction import Transaction
from flask_restless.operations.filters import And, Comparison, Condition
from flask_restless.operations.operation import Assignment, Change, Create, Fetch, Id, Link, Nested, Target, Update
from flask_restless.operations.operators import OPERATORS
from flask_restless.operations.outcome import Rows
from flask_restless.operations.problems import Problem, Rejected, Source
from flask_restless.operations.selection import Branch, Fields, Selection
from flask_restless.schema.options import Limits
from flask_restless.schema.registry import Registry
from flask_restless.schema.resource import Resource
from parsed import registry_of


@dataclass
class Desk:
    """A session on a filled database, and the resources of one set of APIs."""

    session: Session
    registry: Registry = field(default_factory=registry_of)
    executor: Executor = field(default_factory=Executor)

    def resource(self, name: str) -> Resource:
        return next(one for one in self.registry if one.name == name)

    def do(self, operation: Any) -> Any:
        transaction = Transaction(lambda: self.session)
        transaction.stay()  # what is written is looked at in the Session, before any commit
        return self.executor.execute(operation, transaction)

    def refusals(self, operation: Any) -> list[tuple[str | None, str | None]]:
        """Give code and pointer of what the operation is refused for, and undo what it has done."""
        return [(one.code, one.source and one.source.pointer) for one in self.problems(operation)]

    def problems(self, operation: Any) -> tuple[Problem, ...]:
        with pytest.raises(Rejected) as caught:
            self.do(operation)
        self.session.rollback()
        return caught.value.problems

    def attributes(self, name: str, pointer: str = "", /, **values: object) -> tuple[Assignment, ...]:
        resource = self.resource(name)
        return tuple(
            Assignment(resource.attributes[key], value, Source(pointer=f"{pointer}/{key}"))
            for key, value in values.items()
        )

    def nested(
        self, name: str, id_: object = None, /, *links: Link, pointer: str = "/nested", **values: object
    ) -> Nested:
        given = self.attributes(name, pointer, **values)
        return Nested(self.resource(name), key(id_), given, links, Source(pointer=pointer))

    def target(self, name: str, id_: object) -> Target:
        return Target(self.resource(name), key(id_), source=Source(pointer="/target"))

    def link(self, name: str, relationship: str, *targets: Target | Nested) -> Link:
        return Link(self.resource(name).relationships[relationship], targets, Source(pointer=f"/{relationship}"))

    def change(self, name: str, relationship: str, **members: Any) -> Change:
        found = self.resource(name).relationships[relationship]
        return Change(found, source=Source(pointer=f"/{relationship}"), **members)

    def create(self, name: str, /, *links: Link, id_: object = None, **values: object) -> Create:
        resource = self.resource(name)
        given = self.attributes(name, **values)
        return Create(resource, given, links, plain(resource), key(id_), source=Source(pointer="/data"))

    def update(self, name: str, id_: object, /, *links: Link, changes: Any = (), **values: object) -> Update:
        resource = self.resource(name)
        given = self.attributes(name, **values)
        return Update(self.target(name, id_), given, links, plain(resource), changes=tuple(changes))

    def where(self, name: str, /, **values: object) -> Condition:
        resource = self.resource(name)
        return And(tuple(Comparison(resource.queryable[key], OPERATORS["eq"], value) for key, value in values.items()))

    def fetch(self, selection: Selection) -> Any:
        return self.do(Fetch(selection))


def key(id_: object) -> Id | None:
    return id_ if id_ is None or isinstance(id_, tuple) else (id_,)


def plain(resource: Resource, **members: Any) -> Selection:
    """Select the attributes of a resource, and nothing of what is related."""
    return Selection(resource, (Fields(resource, tuple(resource.attributes.values()), ()),), **members)


def shown(resource: Resource, **members: Any) -> Selection:
    """Select the attributes, and every related row one level deep, as the classic format shows them."""
    related = tuple(resource.relationships.values())
    branches = tuple(Branch(one, plain(one.target)) for one in related)
    return Selection(resource, (Fields(resource, tuple(resource.attributes.values()), related),), branches, **members)


def dicts(rows: Rows) -> list[dict[str, Any]]:
    """Read rows by the names of their attributes, the id under `id`."""
    variant = rows.layout.variants[0]
    return [
        {"id": tuple(row[number] for number in variant.identity)}
        | {one.name: row[number] for one, number in variant.attributes}
        for row in rows.rows
    ]


@contextmanager
def desk_on(engine: Engine, limits: Limits | None = None, **options: dict[str, Any]) -> Iterator[Desk]:
    """Give a desk whose work is undone at the end; `options` are those of single APIs, by the model's name."""
    with Session(engine) as session:
        yield Desk(session, registry_of(limits, **options))
        session.rollback()
