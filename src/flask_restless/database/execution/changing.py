"""Members that come to a relationship and members that go, named by id or by what they look like.

Those that come are flushed first, so that they are among the members that conditions are tested on.  Membership is
tested before anything is taken out (B-3): only members can go.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from ...operations.filters import And, Identified, Not
from ...operations.operation import Action, Change, Fetch, Id, Matching, Related, Target, Update, UpdateMany
from ...operations.paging import Page, Total
from ...operations.problems import Rejected, problem
from ...operations.selection import Fields, Selection, SortKey
from .construction import Owner, related_rows, watch_members
from .locate import id_of, instances
from .relating import change_members, discard, inside
from .unit import Made, Reader, settle
from .validation import watched

Named = tuple[Target | Matching, ...]


def apply_changes(instance: Any, operation: Update | UpdateMany, session: Session, made: Made, fetch: Reader) -> None:
    """Carry out the changes of one row's relationships: add, then remove, then delete."""
    resource = operation.target.resource if isinstance(operation, Update) else operation.selection.resource
    owner = Owner(resource)
    for change in operation.changes:
        members = related_rows(change, change.added, owner, session, made)
        with watched(resource, change):
            change_members(instance, change.relationship, Action.ADD, members, change.source)
        watch_members(instance, change.relationship, change.source, made)
    if any(change.removed or change.deleted for change in operation.changes):
        settle(session, made)
    for change in operation.changes:
        _take_out(instance, change, owner, session, fetch, strict=change.members_only and isinstance(operation, Update))
        watch_members(instance, change.relationship, change.source, made)


def _take_out(instance: Any, change: Change, owner: Owner, session: Session, fetch: Reader, *, strict: bool) -> None:
    """Take members out of one row's relationship; if `strict`, all those named must be members."""
    origin = Related(owner.resource, id_of(owner.resource, instance), change.relationship)
    rows = _rows(change.removed + change.deleted, origin, session, fetch)
    if strict:
        _check_members(instance, change, rows)
    border = len(change.removed)
    removed = list({id(row): row for row in rows[:border] if row is not None}.values())
    with watched(owner.resource, change):
        change_members(instance, change.relationship, Action.REMOVE, removed, change.source)
    _delete(instance, change, rows[border:], owner, session)


def _check_members(instance: Any, change: Change, rows: list[Any]) -> None:
    """Refuse to take out what is not there (`related-not-found`); of many rows each loses what it has."""
    here = {id(one) for one in inside(instance, change.relationship, [row for row in rows if row is not None])}
    detail = f"{change.relationship.name} has no such member to remove"
    named = zip(change.removed + change.deleted, rows, strict=True)
    strangers = [one for one, row in named if row is None or id(row) not in here]
    if strangers:
        raise Rejected(*[problem("related-not-found", detail, one.source) for one in strangers])


def _rows(named: Named, origin: Related, session: Session, fetch: Reader) -> list[Any]:
    """Load the rows that are to go, None for each that is not there."""
    ids: list[Id | None] = []
    for one in named:
        taken = tuple(id_ for id_ in ids if id_ is not None)
        ids.append(one.id if isinstance(one, Target) else _first(one, taken, origin, fetch))
    found = instances(origin.relationship.target, [id_ for id_ in ids if id_ is not None], session)
    return [None if id_ is None else found.get(id_) for id_ in ids]


def _first(matching: Matching, taken: tuple[Id, ...], origin: Related, fetch: Reader) -> Id | None:
    """Find the first member by key that meets the condition and that nothing before has named."""
    resource = matching.resource
    condition = matching.condition
    if taken:
        condition = And((condition, Not(Identified(taken))))
    selection = Selection(
        resource,
        (Fields(resource, (), ()),),
        filter=condition,
        sort=tuple(SortKey((), key) for key in resource.identity.keys),
        page=Page(1, total=Total.NONE),
    )
    rows = fetch(Fetch(selection, origin)).rows
    columns = rows.layout.variants[0].identity
    return next((tuple(row[number] for number in columns) for row in rows.rows), None)


def _delete(instance: Any, change: Change, rows: list[Any], owner: Owner, session: Session) -> None:
    """Take members out and delete them, if their own API allows that (A-7); `rows` are those of `change.deleted`."""
    named = {id(row): one for row, one in zip(rows, change.deleted, strict=True) if row is not None}
    members = {id(one): one for one in inside(instance, change.relationship, [row for row in rows if row is not None])}
    target = change.relationship.target
    if members and not owner.trusts and "DELETE" not in target.options.methods:
        detail = f"{target.name} cannot be deleted through another resource; remove it from the relationship"
        raise Rejected(*[problem("forbidden", detail, named[number].source) for number in members])
    with watched(owner.resource, change):
        discard(instance, change.relationship, list(members.values()))
    for member in members.values():
        session.delete(member)
