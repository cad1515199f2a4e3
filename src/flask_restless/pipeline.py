"""One request, start to end: the only module that knows both wings."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

from . import hooks, signals
from .conditional import expecting, tagged
from .database.execution.executor import Executor
from .database.execution.failures import DRIVER_ERRORS, is_lost_commit, problems_of, unknown_outcome
from .database.execution.transaction import Transaction
from .idempotency import Once
from .operations.exceptions import ProcessingException
from .operations.idempotency import IdempotencyStore
from .operations.operation import Aggregate, Fetch, Operation
from .operations.problems import Rejected
from .operations.records import record
from .permissions import authorized
from .protocols.base import Call, Protocol, Reply


@record
class Exchange:
    """One request, and what answers it.

    To a Session that is ours nobody else can have written, so that reading needs no commit: closing it ends the
    transaction.  `store` keeps the answers to requests with an idempotency key, if there is one.
    """

    call: Call
    protocol: Protocol
    executor: Executor
    transaction: Transaction
    store: IdempotencyStore | None = None


def respond(exchange: Exchange) -> Reply:
    """Answer a request; what it changes is told to those who listen, once it is committed."""
    call = exchange.call
    if call.method == "GET":
        return _answer(exchange, None)
    if not signals.is_awaited(call.resource.registry.sender):
        return _once(exchange)
    with signals.recorded(exchange.transaction.session, call.resource) as recorder:
        reply = _once(exchange)
    recorder.announce()
    return reply


def _once(exchange: Exchange) -> Reply:
    """Answer a request; one that has an idempotency key is carried out once."""
    if exchange.store is None or exchange.call.method != "POST":
        return _answer(exchange, None)
    once = Once(exchange.store, exchange.call, exchange.transaction)
    try:
        return _answer(exchange, once)
    finally:
        once.release()


def _answer(exchange: Exchange, once: Once | None) -> Reply:
    """Answer a request in one transaction: committed, as the last step, if and only if the answer is a success.

    The transaction of a reply with a stream ends with that.  What is raised by the application's own code, or by a
    defect of ours, rolls back too and goes on to the caller.
    """
    call, protocol, transaction = exchange.call, exchange.protocol, exchange.transaction
    operation: Operation | None = None
    try:
        transaction.join(call.resource.mapper)
        operation = _understood(call, protocol)
        if once is not None and (kept := once.begin(operation)) is not None:
            transaction.rollback()
            return kept
        reply = _carried_out(exchange, operation)
        if reply.status >= 400:
            transaction.rollback()
        elif reply.stream is not None:
            return reply
        elif not (transaction.is_ours and isinstance(operation, Fetch)):
            _committed(transaction, reply, once, is_write=not isinstance(operation, Fetch | Aggregate))
        return reply
    except Rejected as rejected:
        transaction.rollback()
        return protocol.refuse(call, rejected.problems)
    except ProcessingException as exception:
        transaction.rollback()
        return protocol.refuse(call, exception.problems())
    except DRIVER_ERRORS as error:
        transaction.rollback()
        return protocol.refuse(call, problems_of(error, operation))
    except BaseException:
        transaction.rollback()
        raise


def _understood(call: Call, protocol: Protocol) -> Operation:
    """Give what is to be done: parsed, allowed, and as the hooks have left it."""
    operation = protocol.parse(call)
    if not isinstance(operation, Fetch):
        operation = expecting(call, operation)
    if call.resource.registry.is_guarded:
        operation = hooks.before(authorized(operation))
    return operation


def _carried_out(exchange: Exchange, operation: Operation) -> Reply:
    call = exchange.call
    outcome = exchange.executor.execute(operation, exchange.transaction)
    if call.resource.registry.is_guarded:
        hooks.after(operation, outcome)
    return tagged(call, operation, outcome, exchange.protocol.render(call, operation, outcome))


def _committed(transaction: Transaction, reply: Reply, once: Once | None, *, is_write: bool) -> None:
    """Commit, and the answer along with the change; Rejected where nobody can know whether a write was stored."""
    if once is not None:
        once.keep(reply)
    try:
        transaction.commit()
    except DBAPIError as error:
        if is_write and is_lost_commit(error):
            raise Rejected(unknown_outcome(error)) from error
        raise
    if once is not None:
        once.settle()
