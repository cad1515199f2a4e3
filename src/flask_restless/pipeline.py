"""One request, start to end: the only module that knows both wings."""

from __future__ import annotations

from sqlalchemy.orm import Session

from . import hooks, signals
from .database.execution.executor import Executor
from .database.execution.failures import DRIVER_ERRORS, problems_of
from .operations.exceptions import ProcessingException
from .operations.operation import Fetch, Operation
from .operations.problems import Rejected
from .permissions import authorized
from .protocols.base import Call, Protocol, Reply


def respond(call: Call, protocol: Protocol, executor: Executor, session: Session, is_ours: bool) -> Reply:
    """Answer `call` in one transaction: committed, as the last step, if and only if the answer is a success.

    A Session that `is_ours` nobody else can have written to, so that reading needs no commit: closing it ends the
    transaction.  What is raised by the application's own code, or by a defect of ours, rolls back too and goes on to
    the caller.
    """
    registry = call.resource.registry
    if call.method == "GET" or not signals.is_awaited(registry.sender):
        return _respond(call, protocol, executor, session, is_ours)
    with signals.recorded(session, call.resource) as recorder:
        reply = _respond(call, protocol, executor, session, is_ours)
    recorder.announce()
    return reply


def _respond(call: Call, protocol: Protocol, executor: Executor, session: Session, is_ours: bool) -> Reply:
    operation: Operation | None = None
    is_guarded = call.resource.registry.is_guarded
    try:
        operation = protocol.parse(call)
        if is_guarded:
            operation = hooks.before(authorized(operation))
        outcome = executor.execute(operation, session)
        if is_guarded:
            hooks.after(operation, outcome)
        reply = protocol.render(call, operation, outcome)
        if reply.status >= 400:
            session.rollback()
        elif not (is_ours and isinstance(operation, Fetch)):
            session.commit()
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
