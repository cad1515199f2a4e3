"""Operations to Outcomes: the door of the database wing."""

from __future__ import annotations

from functools import partial
from typing import assert_never

from sqlalchemy.orm import Session

from ...operations.operation import (
    Aggregate,
    Batch,
    Create,
    Delete,
    DeleteMany,
    Fetch,
    Operation,
    Relate,
    Update,
    UpdateMany,
)
from ...operations.outcome import Outcome
from ..planning.planner import Planner
from . import batch, many, read, write
from .evaluation import evaluate
from .expecting import check_expectations
from .stream import stream


class Executor:
    """Carries out operations in the caller's Session, which it never commits; it keeps the plans of one manager."""

    def __init__(self, plan_cache_size: int = 512) -> None:
        self.planner = Planner(plan_cache_size)

    def execute(self, operation: Operation, session: Session) -> Outcome:
        """Carry out one operation; Rejected, or what the database raises, where that is not possible."""
        fetch = partial(read.fetch, self.planner, session=session)
        check_expectations(operation, session, fetch)
        match operation:
            case Fetch(streamed=True):
                return stream(self.planner, operation, session)
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
                return batch.batch(operation, session, fetch)
            case Aggregate():
                return evaluate(operation, session)
            case UpdateMany():
                return many.update_many(operation, session, fetch)
            case DeleteMany():
                return many.delete_many(operation, session)
            case _:
                assert_never(operation)
