"""Writing, through the unit of work: validators, events, defaults and cascades of the application run.

Nothing is committed here; the answer is read back in the same transaction, after a flush.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any, assert_never

from sqlalchemy.orm import Session

from ...operations.filters import Identified
from ...operations.operation import (
    Action,
    Batch,
    Collection,
    Create,
    Delete,
    Fetch,
    Id,
    Link,
    One,
    Relate,
    Related,
    Update,
)
from ...operations.outcome import BatchWritten, Written
from ...operations.problems import Rejected
from .changing import apply_changes
from .construction import Owner, apply_link, change, constructed, related_rows
from .failures import DRIVER_ERRORS, problems_of
from .locate import id_of, target_instance
from .relating import change_members
from .unit import Made, Reader, flush, settle
from .validation import missing_values, watched


def create(operation: Create, session: Session, fetch: Reader) -> Written:
    """Store a new row and read it back."""
    made = Made()
    instance = _made(operation, session, made)
    settle(session, made)
    return _read_back(operation, id_of(operation.resource, instance), fetch)


def update(operation: Update, session: Session, fetch: Reader) -> Written:
    """Change a row and read it back."""
    return _updated(operation, session, fetch, Made())


def delete(operation: Delete, session: Session, fetch: Reader) -> Written:
    """Delete a row, with all that its mapping deletes along."""
    session.delete(target_instance(operation.target, session, Made()))
    flush(session)
    return Written(None)


def relate(operation: Relate, session: Session, fetch: Reader) -> Written:
    """Change one relationship and read its linkage back."""
    instance = _related(operation, session, Made())
    flush(session)
    resource = operation.target.resource
    origin = Related(resource, id_of(resource, instance), operation.relationship)
    return Written(fetch(Fetch(operation.selection, origin, as_linkage=True)).rows)


def _read_back(operation: Create | Update, id_: Id, fetch: Reader) -> Written:
    return Written(fetch(Fetch(operation.selection, One(id_))).rows)


# ---------------------------------------------------------------- one write each, not yet flushed


def _made(operation: Create, session: Session, made: Made) -> Any:
    resource = operation.resource
    with session.no_autoflush:
        if operation.make is not None:
            instance = operation.make()
            session.add(instance)
        else:
            instance = constructed(operation, Owner(resource), session, made)
            session.add(instance)
            if missing := missing_values(operation, instance, session):
                raise Rejected(*missing)
    if operation.lid is not None:
        made.by_lid[resource.name, operation.lid] = instance
    return instance


def _updated(operation: Update, session: Session, fetch: Reader, made: Made) -> Written:
    resource = operation.target.resource
    instance = target_instance(operation.target, session, made)
    with session.no_autoflush:
        change(instance, operation, Owner(resource), session, made)
        apply_changes(instance, operation, session, made, fetch)
    settle(session, made)
    return _read_back(operation, id_of(resource, instance), fetch)


def _related(operation: Relate, session: Session, made: Made) -> Any:
    instance = target_instance(operation.target, session, made)
    relationship = operation.relationship
    with session.no_autoflush:
        if not relationship.is_many:
            link = Link(relationship, operation.targets, operation.source)
            apply_link(instance, link, Owner(operation.target.resource), session, made)
            return instance
        members = _members_for(operation, session, made)
        with watched(operation.target.resource, operation):
            change_members(instance, relationship, operation.action, members, operation.source)
    return instance


def _members_for(operation: Relate, session: Session, made: Made) -> list[Any]:
    """Load the members to add or remove; removing what does not exist is no mistake (J-5.3.8)."""
    owner = Owner(operation.target.resource)
    if operation.action is not Action.REMOVE:
        return related_rows(operation, operation.targets, owner, session, made)
    found = []
    for target in operation.targets:
        try:
            found += related_rows(operation, (target,), owner, session, made)
        except Rejected as rejected:
            if rejected.problems[0].code != "related-not-found":
                raise
    return found


# ---------------------------------------------------------------- batches


def batch(operation: Batch, session: Session, fetch: Reader) -> BatchWritten:
    """Carry out several writes in order; runs of creates are flushed and read back together.

    What the database refuses of a run may be any of its rows.  Then everything is undone and done once more one by
    one, so that the answer names the operation that fails (A-5.2); it stays a failure, whatever happens then.
    """
    try:
        return BatchWritten(_carried_out(operation, session, fetch, _go_together))
    except DRIVER_ERRORS:
        session.rollback()
        _carried_out(operation, session, fetch, lambda _first, _other: False)
        raise


def _carried_out(
    operation: Batch, session: Session, fetch: Reader, together: Callable[[Create, Create], bool]
) -> tuple[Written, ...]:
    made = Made()
    results: list[Written] = []
    pending: list[tuple[Create, Any]] = []
    for one in operation.operations:
        if isinstance(one, Create):
            if pending and not together(pending[0][0], one):
                results += _settle(pending, session, fetch, made)
            with _named(one):
                pending.append((one, _made(one, session, made)))
            continue
        results += _settle(pending, session, fetch, made)
        with _named(one):
            results.append(_single(one, session, fetch, made))
    results += _settle(pending, session, fetch, made)
    return tuple(results)


@contextmanager
def _named(operation: Create | Update | Delete | Relate) -> Iterator[None]:
    """Tell what the database refuses at the one operation of a batch that was carried out."""
    try:
        yield
    except Rejected as rejected:
        raise Rejected(*(one.at(operation.source) for one in rejected.problems)) from rejected
    except DRIVER_ERRORS as error:
        problems = problems_of(error, operation)
        raise Rejected(*(one.at(operation.source) if one.status < 500 else one for one in problems)) from error


def _go_together(first: Create, other: Create) -> bool:
    return first.resource is other.resource and first.selection == other.selection


def _settle(pending: list[tuple[Create, Any]], session: Session, fetch: Reader, made: Made) -> list[Written]:
    """Flush a run of creates, and read all of them back in one statement."""
    if not pending:
        return []
    first = pending[0][0]
    with _named(first) if len(pending) == 1 else nullcontext():
        settle(session, made)
    ids = [id_of(first.resource, instance) for _, instance in pending]
    pending.clear()
    if len(ids) == 1 or first.selection.branches:
        return [Written(fetch(Fetch(first.selection, One(id_))).rows) for id_ in ids]
    rows = fetch(Fetch(replace(first.selection, filter=Identified(tuple(ids))), Collection())).rows
    columns = rows.layout.variants[0].identity
    by_id = {tuple(row[number] for number in columns): row for row in rows.rows}
    return [Written(replace(rows, rows=[by_id[id_]])) for id_ in ids]


def _single(one: Update | Delete | Relate, session: Session, fetch: Reader, made: Made) -> Written:
    match one:
        case Update():
            return _updated(one, session, fetch, made)
        case Delete():
            session.delete(target_instance(one.target, session, made))
            settle(session, made)
            return Written(None)
        case Relate():
            _related(one, session, made)
            settle(session, made)
            return Written(None)
        case _:
            assert_never(one)
