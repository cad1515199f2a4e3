"""Operations to Outcomes: the door of the database wing."""

from __future__ import annotations

from functools import partial
from typing import Any, assert_never

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ...operations.operation import Aggregate, Batch, Create, Delete, Fetch, Operation, Relate, Update
from ...operations.outcome import Evaluated, Outcome
from ..planning.binds import Binds
from ..planning.planner import Planner
from ..planning.values import condition_values, named
from ..planning.where import column, compile_condition, visible
from . import read, write


class Executor:
    """Carries out operations in the caller's Session, which it never commits; it keeps the plans of one manager."""

    def __init__(self, plan_cache_size: int = 512) -> None:
        self.planner = Planner(plan_cache_size)

    def execute(self, operation: Operation, session: Session) -> Outcome:
        """Carry out one operation; Rejected, or what the database raises, where that is not possible."""
        fetch = partial(read.fetch, self.planner, session=session)
        match operation:
            case Fetch():
                return fetch(operation)
            case Create():
                return write.create(operation, session, fetch)
            case Update():
                return write.update(operation, session, fetch)
            case Delete():
                return write.delete(operation, session, fetch)
            case Relate():
                return write.relate(operation, session, fetch)
            case Batch():
                return write.batch(operation, session, fetch)
            case Aggregate():
                return _aggregate(operation, session)
            case _:
                assert_never(operation)


def _aggregate(operation: Aggregate, session: Session) -> Evaluated:
    """Evaluate SQL functions over the rows that meet the filter."""
    selection = operation.selection
    model: Any = selection.resource.model
    statement = select(*[getattr(func, name)(column(model, attribute)) for name, attribute in operation.terms])
    statement = statement.select_from(model)
    if selection.filter is not None:
        statement = statement.where(compile_condition(selection.filter, selection.resource, model, Binds()))
    scope = visible(selection.resource, model)
    if scope is not None:
        statement = statement.where(scope)
    parameters = named(list(condition_values(selection.filter)))
    (row,) = read.run(statement, parameters, session, selection.resource.mapper)
    return Evaluated(tuple(row))
