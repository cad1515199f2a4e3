"""The unit of work of one request: what it makes before it is flushed, and the flush itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from ...operations.operation import Assignment, Create, Fetch, Id, Nested, Update, UpdateMany
from ...operations.outcome import Fetched
from ...operations.problems import Rejected, reject
from ...schema.resource import Resource
from ..planning.scopes import is_scoped
from .knots import free_deleted, tie, untied
from .validation import missing_values, validated

Reader = Callable[[Fetch], Fetched]
"""Carries out a Fetch in the same Session."""


@dataclass(frozen=True, slots=True)
class NewRow:
    """A new related row; `covered` are its attributes that the flush copies from the row it belongs to."""

    nested: Nested
    instance: Any
    covered: frozenset[str]


@dataclass(slots=True)
class Made:
    """What a request has made so far.

    `by_lid` goes by type name and local id (batches), `by_id` by the ids that the client chose; `unchecked` are the
    new related rows whose required values are looked at before the flush, when all of them hang together;
    `written` says whose validation exceptions the flush may raise.  `found` and `present` are the rows that were
    looked up since the last flush, so that many rows that refer to one look it up once.
    """

    by_lid: dict[tuple[str, str], Any] = field(default_factory=dict)
    by_id: dict[tuple[Resource, Id], Any] = field(default_factory=dict)
    unchecked: list[NewRow] = field(default_factory=list)
    written: list[tuple[Resource, tuple[Assignment, ...]]] = field(default_factory=list)
    found: dict[tuple[Resource, Id, bool], Any] = field(default_factory=dict)
    present: set[tuple[Resource, Id]] = field(default_factory=set)
    scoped: list[tuple[Nested | UpdateMany, Any]] = field(default_factory=list)
    """Rows that no answer reads back, to be looked at after the flush: whether the caller still sees them."""

    def watch(self, row: Create | Nested | Update | UpdateMany, instance: Any) -> None:
        """Have a row looked at after the flush, if it could get out of the caller's sight and no answer shows it."""
        if isinstance(row, UpdateMany):
            resource = row.selection.resource
        elif isinstance(row, Nested):
            resource = row.resource
        else:
            return
        if is_scoped(resource):
            self.scoped.append((row, instance))


def settle(session: Session, made: Made) -> None:
    """Flush what was made and changed; Rejected (`missing-value`, `validation-failed`, `still-referenced`)."""
    missing = [
        problem for row in made.unchecked for problem in missing_values(row.nested, row.instance, session, row.covered)
    ]
    if missing:
        raise Rejected(*missing)
    made.unchecked.clear()
    made.found.clear()
    made.present.clear()
    written: dict[Resource, tuple[Assignment, ...]] = {}
    for resource, assignments in made.written:
        written[resource] = written.get(resource, ()) + assignments
    made.written.clear()
    with ExitStack() as exceptions:
        for resource, given in written.items():
            exceptions.enter_context(validated(resource, given))
        flush(session)


def flush(session: Session) -> None:
    """Flush, in two steps where rows refer to each other in a circle.

    An owner that takes its members' key away with it is refused like a foreign key would refuse it.

    SQLAlchemy tells that by a bare AssertionError, as of version 2.1.
    """
    free_deleted(session)
    loose = untied(session)
    try:
        session.flush()
        if loose:
            tie(loose, session)
            session.flush()
    except AssertionError as error:
        if not str(error).startswith("Dependency rule"):
            raise
        raise reject("still-referenced", "other resources refer to this one, and cannot be without it") from error
