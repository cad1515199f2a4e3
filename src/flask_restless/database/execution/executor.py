"""Operations to Outcomes: the door of the database wing."""

from __future__ import annotations

from functools import partial
from typing import assert_never

from sqlalchemy.orm import Session

from ...operations.alike import Alike
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
from ...operations.outcome import BatchWritten, Outcome
from ..planning.planner import Planner
from . import batch, many, read, write
from .bulk import write_alike
from .direct import write_straight
from .evaluation import evaluate
from .expecting import check_expectations
from .stream import stream
from .transaction import Transaction
from .unit import Reader
from .watchdog import Watchdog

Writing = Create | Update | Delete | Relate | Batch | UpdateMany | DeleteMany


class Executor:
    """Carries out operations in the transaction of a request, which it never commits; it keeps one manager's plans."""

    def __init__(self, plan_cache_size: int = 512) -> None:
        self.planner = Planner(plan_cache_size)
        self.watchdog = Watchdog()

    def execute(self, operation: Operation, transaction: Transaction) -> Outcome:
        """Carry out one operation; Rejected, or what the database raises, where that is not possible."""
        if isinstance(operation, Fetch):
            perform = stream if operation.streamed else read.fetch
            return perform(self.planner, operation, transaction)
        if isinstance(operation, Aggregate):
            return evaluate(operation, transaction)
        if isinstance(operation, Create | Update | Delete):
            written = write_straight(operation, transaction, self.planner)
            if written is not None:
                return written
            transaction.stay()
        if isinstance(operation, Batch) and isinstance(operation.operations, Alike):
            results = write_alike(operation.operations, transaction, self.planner)
            if results is not None:
                return BatchWritten(results)
            transaction.stay()
        return self._written(operation, transaction.session, partial(read.fetch, self.planner, transaction=transaction))

    def _written(self, operation: Writing, session: Session, fetch: Reader) -> Outcome:
        """Carry out what needs the Session."""
        check_expectations(operation, session, fetch)
        match operation:
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
            case UpdateMany():
                return many.update_many(operation, session, fetch)
            case DeleteMany():
                return many.delete_many(operation, session)
            case _:
                assert_never(operation)
