"""Several writes in one transaction: in order, all or nothing, and like ones together.

A run of creates of one kind takes one test for all that they refer to, one insert, and one select to read them back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby
from typing import Any, assert_never

from sqlalchemy.orm import Session

from ...operations.filters import Identified
from ...operations.operation import Batch, Collection, Create, Delete, Fetch, Id, Relate, Target, Update
from ...operations.outcome import BatchWritten, Rows, Written
from ...operations.problems import Rejected
from ...schema.resource import Resource
from ..planning.scopes import is_scoped
from .direct import insert_rows, takes_rows
from .drafts import draft, stored
from .failures import DRIVER_ERRORS, is_of_the_moment, problems_of
from .locate import id_of, missing_target, present, target_instance
from .sight import out_of_sight, settle
from .unit import Made, Reader
from .write import linkage_after, made_instance, read_back, related_instance, updated


def batch(operation: Batch, session: Session, fetch: Reader) -> BatchWritten:
    """Carry out several writes; Rejected tells by its sources which of them failed."""
    made = Made()
    results: list[Written] = []
    for _, group in groupby(operation.operations, _kind):
        run = list(group)
        try:
            results += _carried_out(run, session, fetch, made)
        except (*DRIVER_ERRORS, Rejected) as error:
            if len(run) == 1 or not _is_of_the_flush(error):
                raise
            session.rollback()
            _blame(operation, session, fetch)
            raise
    return BatchWritten(tuple(results))


def _is_of_the_flush(error: Exception) -> bool:
    """Whether any row of a run may have caused an error: what the database or the model says when all are flushed."""
    if isinstance(error, Rejected):
        return any(one.code == "validation-failed" for one in error.problems)
    return not is_of_the_moment(error)


def _blame(operation: Batch, session: Session, fetch: Reader) -> None:
    """Find which write of a run the database refused: carry all of them out once more, one by one, for its error.

    It stays a failure, whatever happens then.
    """
    made = Made()
    try:
        for one in operation.operations:
            _carried_out([one], session, fetch, made)
    finally:
        session.rollback()


def _kind(one: Create | Update | Delete | Relate) -> object:
    """Tell which writes go together: creates of one resource that are read back alike."""
    return (one.resource, id(one.selection)) if isinstance(one, Create) else object()


def _carried_out(run: list[Any], session: Session, fetch: Reader, made: Made) -> list[Written]:
    if len(run) > 1:
        return _created(run, session, fetch, made)
    with _at(run[0]):
        return (
            _created(run, session, fetch, made)
            if isinstance(run[0], Create)
            else [_single(run[0], session, fetch, made)]
        )


@contextmanager
def _at(one: Create | Update | Delete | Relate) -> Iterator[None]:
    """Tell at the one write that was carried out why it failed (A-5.2)."""
    try:
        yield
    except Rejected as rejected:
        raise Rejected(*(each.at(one.source) for each in rejected.problems)) from rejected
    except DRIVER_ERRORS as error:
        problems = problems_of(error, one)
        raise Rejected(*(each.at(one.source) if each.status < 500 else each for each in problems)) from error


# ---------------------------------------------------------------- creates


def _created(run: list[Create], session: Session, fetch: Reader, made: Made) -> list[Written]:
    drafts = [draft(one) for one in run]
    _check_targets([target for one in drafts for target in one.targets], session, made)
    resource = run[0].resource
    rows = [stored(one) for one in drafts] if len(run) > 1 else []
    if rows and takes_rows(resource, drafts, rows, session):
        ids = insert_rows(resource, drafts, rows, session)
    else:
        ids = _flushed(resource, run, session, made)
    return _read(run, ids, fetch)


def _check_targets(targets: list[Target], session: Session, made: Made) -> None:
    """Demand every row that a foreign key is to refer to, in one statement for each resource."""
    wanted: dict[Resource, dict[Id, None]] = {}
    for target in targets:
        assert target.id is not None
        wanted.setdefault(target.resource, {})[target.id] = None
    found = {resource: present(resource, ids, session) for resource, ids in wanted.items()}
    if missing := [one for one in targets if one.id not in found[one.resource]]:
        raise Rejected(*[missing_target(one) for one in missing])
    made.present |= {(resource, id_) for resource, ids in found.items() for id_ in ids}


def _flushed(resource: Resource, run: list[Create], session: Session, made: Made) -> list[Id]:
    """Make instances and flush them together."""
    instances = [made_instance(one, session, made) for one in run]
    settle(session, made)
    return [id_of(resource, one) for one in instances]


def _read(run: list[Create], ids: list[Id], fetch: Reader) -> list[Written]:
    """Read created rows back, in one statement unless what they include has to be told apart."""
    first = run[0]
    if len(ids) == 1 or first.selection.branches:
        return [read_back(one, id_, fetch) for one, id_ in zip(run, ids, strict=True)]
    rows = fetch(Fetch(replace(first.selection, filter=Identified(tuple(ids))), Collection())).rows
    columns = rows.layout.variants[0].identity
    by_id = {tuple(row[number] for number in columns): row for row in rows.rows}
    if unseen := [one for one, id_ in zip(run, ids, strict=True) if id_ not in by_id]:
        raise out_of_sight(unseen[0])
    return [Written(Rows(rows.layout, (by_id[id_],))) for id_ in ids]


# ---------------------------------------------------------------- everything else


def _single(one: Update | Delete | Relate, session: Session, fetch: Reader, made: Made) -> Written:
    match one:
        case Update():
            return updated(one, session, fetch, made)
        case Delete():
            session.delete(target_instance(one.target, session, made))
            settle(session, made)
            return Written(None)
        case Relate():
            instance = related_instance(one, session, made)
            settle(session, made)
            if is_scoped(one.target.resource):
                linkage_after(one, instance, fetch)
            return Written(None)
        case _:
            assert_never(one)
