"""Writing, through the unit of work: validators, events, defaults and cascades of the application run.

Nothing is committed here; the answer is read back in the same transaction, after a flush.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from ...operations.operation import (
    Action,
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
from ...operations.outcome import Rows, Written
from ...operations.problems import Rejected, quote, reject
from .changing import apply_changes
from .construction import Owner, apply_link, change, constructed, related_rows, watch_members
from .effects import is_as_asked, whole
from .locate import id_of, target_instance
from .relating import are_members, change_members
from .sight import in_sight, settle
from .unit import Made, Reader, flush
from .validation import missing_values, validated, watched


def create(operation: Create, session: Session, fetch: Reader) -> Written:
    """Store a new row and read it back."""
    made = Made()
    instance = made_instance(operation, session, made)
    settle(session, made)
    return read_back(operation, id_of(operation.resource, instance), fetch)


def update(operation: Update, session: Session, fetch: Reader) -> Written:
    """Change a row and read it back."""
    if operation.sparing:
        return _update_sparingly(operation, session, fetch)
    return updated(operation, session, fetch, Made())


def _update_sparingly(operation: Update, session: Session, fetch: Reader) -> Written:
    """Change a row, and compare all of it with what it was; it is locked before that is read."""
    resource = operation.target.resource
    instance = target_instance(operation.target, session, Made())
    everything = Fetch(whole(resource), One(id_of(resource, instance)))
    before = fetch(everything).rows
    written = update(replace(operation, sparing=False), session, fetch)
    return replace(written, is_as_asked=is_as_asked(operation, before, fetch(everything).rows))


def delete(operation: Delete, session: Session, fetch: Reader) -> Written:
    """Delete a row, with all that its mapping deletes along."""
    session.delete(target_instance(operation.target, session, Made()))
    flush(session)
    return Written(None)


def relate(operation: Relate, session: Session, fetch: Reader) -> Written:
    """Change one relationship and read its linkage back."""
    made = Made()
    instance = related_instance(operation, session, made)
    settle(session, made)
    return Written(linkage_after(operation, instance, fetch))


def linkage_after(operation: Relate, instance: Any, fetch: Reader) -> Rows:
    """Read the linkage that was written; Rejected (`forbidden`) if that has put its owner out of the caller's sight."""
    resource = operation.target.resource
    origin = Related(resource, id_of(resource, instance), operation.relationship)
    with in_sight(operation):
        return fetch(Fetch(operation.selection, origin, as_linkage=True)).rows


def read_back(operation: Create | Update, id_: Id, fetch: Reader) -> Written:
    """Read what a write has left, as its selection says; who has written a deferred attribute knows its state.

    Rejected (`forbidden`) if the write has put the row out of the caller's own sight.
    """
    seen = any(one.attribute.deferred for one in operation.assignments)
    with in_sight(operation):
        return Written(fetch(Fetch(operation.selection, One(id_), exclusive=seen)).rows)


# ---------------------------------------------------------------- one write each, not yet flushed


def made_instance(operation: Create, session: Session, made: Made) -> Any:
    """Make and add a new instance; it is not flushed."""
    resource = operation.resource
    with session.no_autoflush:
        if operation.make is not None:
            with validated(resource, ()):
                instance = operation.make()
            session.add(instance)
            made.written.append((resource, ()))
        else:
            instance = constructed(operation, Owner(resource), session, made)
            session.add(instance)
            if missing := missing_values(operation, instance, session):
                raise Rejected(*missing)
    if operation.lid is not None:
        made.by_lid[resource.name, operation.lid] = instance
    return instance


def updated(operation: Update, session: Session, fetch: Reader, made: Made) -> Written:
    """Change a row and read it back, in the course of a request that has made other things."""
    resource = operation.target.resource
    instance = target_instance(operation.target, session, made)
    _check_kind(instance, operation)
    with session.no_autoflush:
        change(instance, operation, Owner(resource), session, made)
        apply_changes(instance, operation, session, made, fetch)
    settle(session, made)
    return read_back(operation, id_of(resource, instance), fetch)


def _check_kind(instance: Any, operation: Update) -> None:
    """Refuse a document for a resource of another type (J-5.2.17)."""
    kind, resource = operation.kind, operation.target.resource
    if kind is not None and not isinstance(instance, kind.model):
        id_ = quote(resource.identity.text(id_of(resource, instance)))
        detail = f"the {resource.name} with the id {id_} is none of {quote(kind.name)}"
        raise reject("wrong-type", detail, operation.source)


def related_instance(operation: Relate, session: Session, made: Made) -> Any:
    """Load an instance and change one of its relationships; it is not flushed."""
    instance = target_instance(operation.target, session, made)
    relationship = operation.relationship
    with session.no_autoflush:
        if not relationship.is_many:
            link = Link(relationship, operation.targets, operation.source)
            apply_link(instance, link, Owner(operation.target.resource), session, made)
            return instance
        members = _members_for(operation, session, made)
        if operation.members_only and not are_members(instance, relationship, members):
            raise reject("not-found", f"{relationship.name} has no such member", operation.source)
        with watched(operation.target.resource, operation):
            change_members(instance, relationship, operation.action, members, operation.source)
        watch_members(instance, relationship, operation.source, made)
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
