"""Preconditions of writes, tested on the locked row before the first write (threat T50)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy.orm import Session

from ...operations.inclusion import linkage_selection
from ...operations.operation import Batch, Delete, Fetch, One, Operation, Relate, Target, Update
from ...operations.outcome import Fetched
from ...operations.preconditions import failed, is_met, states_of, version_of
from ...operations.problems import Problem, Rejected
from .locate import keep_writers_out

Expecting = Update | Delete | Relate


def check_expectations(operation: Operation, session: Session, fetch: Callable[[Fetch], Fetched]) -> None:
    """Hold every row that something is expected of, and compare; Rejected with all that is otherwise.

    Of a batch all rows are compared before the first write: a client means the states that it has seen, not those
    that earlier operations of its own bring about.  The rows stay locked until the transaction ends.
    """
    problems: list[Problem] = []
    for one in _expecting(operation):
        try:
            problems += _unmet(one, session, fetch)
        except Rejected as rejected:
            problems += [each.at(one.target.source) for each in rejected.problems]
    if problems:
        raise Rejected(*problems)


def _expecting(operation: Operation) -> Iterable[Expecting]:
    writes = operation.operations if isinstance(operation, Batch) else (operation,)
    return [one for one in writes if isinstance(one, Expecting) and one.expected and one.target.id is not None]


def _unmet(one: Expecting, session: Session, fetch: Callable[[Fetch], Fetched]) -> list[Problem]:
    target: Target = one.target
    assert target.id is not None
    resource = target.resource
    keep_writers_out(resource, session)
    rows = fetch(Fetch(linkage_selection(resource), One(target.id), exclusive=True)).rows
    states = states_of(rows)
    return [
        failed(each, version_of(rows), resource.identity.text(target.id), resource)
        for each in one.expected
        if not is_met(each, states)
    ]
