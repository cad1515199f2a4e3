"""One request, start to end: the only module that knows both wings."""

from __future__ import annotations

from sqlalchemy.orm import Session

from .conditional import expecting, tagged
from .database.execution.executor import Executor
from .database.execution.failures import DRIVER_ERRORS, problems_of
from .idempotency import Once
from .operations.exceptions import ProcessingException
from .operations.idempotency import IdempotencyStore
from .operations.operation import Fetch, Operation
from .operations.problems import Rejected
from .protocols.base import Call, Protocol, Reply


def respond(
    call: Call,
    protocol: Protocol,
    executor: Executor,
    session: Session,
    is_ours: bool,
    store: IdempotencyStore | None = None,
) -> Reply:
    """Answer `call`; one that has an idempotency key, and a `store` for it, is carried out once."""
    if store is None or call.method != "POST":
        return _answer(call, protocol, executor, session, is_ours, None)
    once = Once(store, call, session)
    try:
        return _answer(call, protocol, executor, session, is_ours, once)
    finally:
        once.release()


def _answer(
    call: Call, protocol: Protocol, executor: Executor, session: Session, is_ours: bool, once: Once | None
) -> Reply:
    """Answer `call` in one transaction: committed, as the last step, if and only if the answer is a success.

    A Session that `is_ours` nobody else can have written to, so that reading needs no commit: closing it ends the
    transaction.  The transaction of a reply with a stream ends with that.  What is raised by the application's own
    code, or by a defect of ours, rolls back too and goes on to the caller.
    """
    operation: Operation | None = None
    try:
        operation = expecting(call, protocol.parse(call))
        if once is not None and (kept := once.begin(operation)) is not None:
            session.rollback()
            return kept
        outcome = executor.execute(operation, session)
        reply = tagged(call, operation, outcome, protocol.render(call, operation, outcome))
        if reply.status >= 400:
            session.rollback()
        elif reply.stream is not None:
            return reply
        elif not (is_ours and isinstance(operation, Fetch)):
            _commit(session, reply, once)
        return reply
    except Rejected as rejected:
        session.rollback()
        return protocol.refuse(call, rejected.problems)
    except ProcessingException as exception:
        session.rollback()
        return protocol.refuse(call, exception.problems())
    except DRIVER_ERRORS as error:
        session.rollback()
        return protocol.refuse(call, problems_of(error, operation))
    except BaseException:
        session.rollback()
        raise


def _commit(session: Session, reply: Reply, once: Once | None) -> None:
    """Commit, and the answer along with the change."""
    if once is None:
        session.commit()
        return
    once.keep(reply)
    session.commit()
    once.settle()
