"""Writing, through the unit of work: validators, events, defaults and cascades of the application run.

Nothing is committed here; the answer is read back in the same transaction, after a flush.
"""

from __future__ import annotations

import inspect as signatures
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import Any, assert_never

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from ...operations.filters import Identified
from ...operations.operation import (
    Action,
    Assignment,
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
from ...operations.outcome import BatchWritten, Fetched, Written
from ...operations.problems import Problem, Rejected, problem, quote, reject
from ...schema.resource import Resource
from .failures import refused, validation_problems
from .locate import Made, id_of, linked_instances, target_instance
from .relating import apply_link, change_members

Reader = Callable[[Fetch], Fetched]
"""Carries out a Fetch in the same Session."""


def create(operation: Create, session: Session, fetch: Reader) -> Written:
    """Store a new row and read it back."""
    instance = _made(operation, session, {})
    with _validated(operation.resource, operation.assignments):
        _flush(session)
    return _read_back(operation, id_of(operation.resource, instance), fetch)


def update(operation: Update, session: Session, fetch: Reader) -> Written:
    """Change a row and read it back."""
    instance = _changed(operation, session, {})
    with _validated(operation.target.resource, operation.assignments):
        _flush(session)
    return _read_back(operation, id_of(operation.target.resource, instance), fetch)


def delete(operation: Delete, session: Session, fetch: Reader) -> Written:
    """Delete a row, with all that its mapping deletes along."""
    session.delete(target_instance(operation.target, session, {}))
    _flush(session)
    return Written(None)


def relate(operation: Relate, session: Session, fetch: Reader) -> Written:
    """Change one relationship and read its linkage back."""
    instance = _related(operation, session, {})
    _flush(session)
    resource = operation.target.resource
    origin = Related(resource, id_of(resource, instance), operation.relationship)
    return Written(fetch(Fetch(operation.selection, origin, as_linkage=True)).rows)


def _flush(session: Session) -> None:
    """Flush; an owner that takes its members' key away with it is refused like a foreign key would refuse it.

    SQLAlchemy tells this by a bare AssertionError, as of version 2.1.
    """
    try:
        session.flush()
    except AssertionError as error:
        if not str(error).startswith("Dependency rule"):
            raise
        raise reject("still-referenced", "other resources refer to this one, and cannot be without it") from error


def _read_back(operation: Create | Update, id_: Id, fetch: Reader) -> Written:
    return Written(fetch(Fetch(operation.selection, One(id_))).rows)


# ---------------------------------------------------------------- one write each, not yet flushed


def _made(operation: Create, session: Session, made: Made) -> Any:
    resource = operation.resource
    with session.no_autoflush:
        instance = _constructed(operation, session, made) if operation.make is None else operation.make()
        session.add(instance)
        if operation.make is None:
            _check_required(operation, instance, session)
    if operation.lid is not None:
        made[resource.name, operation.lid] = instance
    return instance


def _constructed(operation: Create, session: Session, made: Made) -> Any:
    """Make the instance by the model's own constructor, with what it takes, and assign the rest."""
    resource = operation.resource
    values = {one.attribute.key: one.value for one in operation.assignments}
    if operation.id is not None:
        values |= {key.key: value for key, value in zip(resource.identity.keys, operation.id, strict=True)}
    accepted = _accepted(resource.model)
    with _validated(resource, operation.assignments):
        if accepted is None:
            watched = tuple(one for one in operation.assignments if one.attribute.key in resource.mapper.validators)
            names = {one.attribute.key for one in watched}
            instance = resource.model(**{name: value for name, value in values.items() if name not in names})
            _assign(instance, watched, resource)
            rest: dict[str, object] = {}
        else:
            missing = [name for name, needed in accepted.items() if needed and name not in values]
            values |= {
                link.relationship.key: _member(link, session, made)
                for link in operation.links
                if link.relationship.key in accepted and not link.relationship.is_many
            }
            if missing := [name for name in missing if name not in values]:
                raise Rejected(
                    *[problem("missing-value", f"{quote(name)} must be given", operation.source) for name in missing]
                )
            instance = resource.model(**{name: values[name] for name in accepted if name in values})
            rest = {name: value for name, value in values.items() if name not in accepted}
        for name, value in rest.items():
            setattr(instance, name, value)
    for link in operation.links:
        apply_link(instance, link, session, made)
    return instance


def _member(link: Link, session: Session, made: Made) -> Any:
    return next(iter(linked_instances(link.targets, session, made)), None)


@lru_cache(maxsize=1024)
def _accepted(model: type) -> dict[str, bool] | None:
    """Give the parameters of a constructor and whether each is needed; None if it takes any keyword."""
    parameters = list(signatures.signature(model.__init__).parameters.values())[1:]  # type: ignore[misc]
    if any(one.kind is one.VAR_KEYWORD for one in parameters):
        return None
    named = [one for one in parameters if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)]
    return {one.name: one.default is one.empty for one in named}


def _changed(operation: Update, session: Session, made: Made) -> Any:
    instance = target_instance(operation.target, session, made)
    resource = operation.target.resource
    with session.no_autoflush, _validated(resource, operation.assignments):
        _assign(instance, operation.assignments, resource)
        for link in operation.links:
            apply_link(instance, link, session, made)
    return instance


def _assign(instance: Any, assignments: tuple[Assignment, ...], resource: Resource) -> None:
    """Set attributes; what a validator of the model says against a value is told at that value."""
    problems: list[Problem] = []
    for one in assignments:
        try:
            setattr(instance, one.attribute.key, one.value)
        except resource.options.validation_exceptions as error:
            problems += validation_problems(error, assignments)
        except (ValueError, AssertionError) as error:
            problems.append(refused(error, one))
    if problems:
        raise Rejected(*problems)


def _related(operation: Relate, session: Session, made: Made) -> Any:
    instance = target_instance(operation.target, session, made)
    relationship = operation.relationship
    with session.no_autoflush:
        if not relationship.is_many:
            link = Link(relationship, operation.targets, operation.source)
            apply_link(instance, link, session, made)
            return instance
        members = _members_for(operation, session, made)
        change_members(instance, relationship, operation.action, members, operation.source)
    return instance


def _members_for(operation: Relate, session: Session, made: Made) -> list[Any]:
    """Load the members to add or remove; removing what does not exist is no mistake (J-5.3.8)."""
    if operation.action is not Action.REMOVE:
        return linked_instances(operation.targets, session, made)
    found = []
    for target in operation.targets:
        try:
            found += linked_instances((target,), session, made)
        except Rejected as rejected:
            if rejected.problems[0].code != "related-not-found":
                raise
    return found


@contextmanager
def _validated(resource: Resource, assignments: tuple[Assignment, ...]) -> Iterator[None]:
    """Turn the application's validation exceptions into problems, one for each field."""
    try:
        yield
    except resource.options.validation_exceptions as error:
        raise Rejected(*validation_problems(error, assignments)) from error


def _check_required(operation: Create, instance: Any, session: Session) -> None:
    """Name every value that is missing, before the database names the first one.

    Listeners that run at the flush may fill values in; where there are any, the database decides.
    """
    resource = operation.resource
    if session.dispatch.before_flush or resource.mapper.dispatch.before_insert:
        return
    missing = [
        problem("missing-value", f'the attribute "{one.name}" must have a value', operation.source)
        for one in resource.attributes.values()
        if one.required and getattr(instance, one.key) is None
    ]
    missing += [
        problem("missing-value", f'the relationship "{one.name}" must refer to a resource', operation.source)
        for one in resource.relationships.values()
        if not (one.is_many or one.nullable or one.has_default) and _is_unset(instance, one.key, one.local_keys)
    ]
    if missing:
        raise Rejected(*missing)


def _is_unset(instance: Any, key: str, local_keys: tuple[str, ...]) -> bool:
    if key in inspect(instance).dict and getattr(instance, key) is not None:
        return False
    return not local_keys or any(getattr(instance, one) is None for one in local_keys)


# ---------------------------------------------------------------- batches


def batch(operation: Batch, session: Session, fetch: Reader) -> BatchWritten:
    """Carry out several writes in order; runs of creates are flushed and read back together."""
    made: Made = {}
    results: list[Written] = []
    pending: list[tuple[Create, Any]] = []
    for one in operation.operations:
        if isinstance(one, Create):
            if pending and not _go_together(pending[0][0], one):
                results += _settle(pending, session, fetch)
            pending.append((one, _made(one, session, made)))
            continue
        results += _settle(pending, session, fetch)
        results.append(_single(one, session, fetch, made))
    results += _settle(pending, session, fetch)
    return BatchWritten(tuple(results))


def _go_together(first: Create, other: Create) -> bool:
    return first.resource is other.resource and first.selection == other.selection


def _settle(pending: list[tuple[Create, Any]], session: Session, fetch: Reader) -> list[Written]:
    """Flush a run of creates, and read all of them back in one statement."""
    if not pending:
        return []
    first = pending[0][0]
    assignments = tuple(assignment for one, _ in pending for assignment in one.assignments)
    with _validated(first.resource, assignments):
        _flush(session)
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
            instance = _changed(one, session, made)
            with _validated(one.target.resource, one.assignments):
                _flush(session)
            return _read_back(one, id_of(one.target.resource, instance), fetch)
        case Delete():
            session.delete(target_instance(one.target, session, made))
            _flush(session)
            return Written(None)
        case Relate():
            _related(one, session, made)
            _flush(session)
            return Written(None)
        case _:
            assert_never(one)
