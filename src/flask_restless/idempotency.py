"""One POST, carried out once: reserved before, kept in the same transaction as its change, or given up."""

from __future__ import annotations

import logging

from sqlalchemy.exc import SQLAlchemyError

from .database.execution.transaction import Transaction
from .operations.idempotency import (
    HEADER,
    SOURCE,
    IdempotencyStore,
    Kept,
    Reserved,
    Reused,
    Running,
    fingerprint_of,
    name_of,
    read_key,
)
from .operations.operation import Aggregate, Batch, Create, Fetch, Operation
from .operations.problems import Rejected, reject
from .protocols.base import Call, Reply

logger = logging.getLogger("flask_restless")

REPLAYED = ("Idempotent-Replayed", "true")


class Once:
    """The life of one request's key; a request without a key has one too, that does nothing."""

    __slots__ = ("_bind", "_call", "_name", "_store", "_token", "_transaction")

    def __init__(self, store: IdempotencyStore, call: Call, transaction: Transaction) -> None:
        self._store = store
        self._call = call
        self._transaction = transaction
        self._bind = {"mapper": call.resource.mapper}
        self._name = ""
        self._token: str | None = None

    def begin(self, operation: Operation) -> Reply | None:
        """Reserve the key, or give the answer that its request had before.

        Rejected (`missing-header`, `invalid-header`, `idempotency-key-reused`, `request-in-progress`).  The request has
        been understood by now, and whoever guards it has let it pass: nobody sees an answer that he might not cause.
        """
        call = self._call
        if isinstance(operation, Fetch | Aggregate):
            return None
        if HEADER.lower() not in call.headers:
            _check_demanded(operation)
            return None
        key = read_key(call.headers[HEADER.lower()])
        caller = call.headers.get("authorization") if self._store.caller is None else self._store.caller()
        self._name = name_of(key, caller)
        fingerprint = fingerprint_of(call.method, call.path, call.query, call.body)
        match self._store.reserve(self._name, fingerprint, self._transaction.session, self._bind):
            case Reserved(token):
                self._token = token
                self._transaction.stay()
                return None
            case Kept(status, headers, body):
                return Reply(status, (*headers, REPLAYED), body)
            case Running(seconds):
                raise _in_progress(min(seconds, 5))
            case Reused():
                detail = "the key belongs to another request, with another body, query or URL; make a new key"
                raise reject("idempotency-key-reused", detail, SOURCE)

    def keep(self, reply: Reply) -> None:
        """Keep the answer, just before the commit; Rejected if somebody else has the key by now."""
        if self._token is None:
            return
        answer = Kept(reply.status, reply.headers, reply.body)
        if not self._store.keep(self._name, self._token, answer, self._transaction.session, self._bind):
            raise _in_progress(1)

    def settle(self) -> None:
        """Take note of the commit: there is nothing to give up any more."""
        self._token = None

    def release(self) -> None:
        """Give the key up, after a failure: nothing was stored, and the request may be sent again."""
        if self._token is None:
            return
        try:
            self._store.release(self._name, self._token, self._transaction.session, self._bind)
        except SQLAlchemyError as error:
            logger.warning("an idempotency key could not be given up; it expires by itself", exc_info=error)


def _in_progress(seconds: int) -> Rejected:
    detail = "a request with this key is being carried out; ask again for its answer"
    return reject("request-in-progress", detail, SOURCE, headers=(("Retry-After", str(seconds)),))


def _check_demanded(operation: Operation) -> None:
    """Refuse a request without a key where an API demands one."""
    writes = operation.operations if isinstance(operation, Batch) else (operation,)
    for one in writes:
        if isinstance(one, Create) and one.resource.options.require_idempotency_key:
            raise reject("missing-header", f"creating {one.resource.name} needs the header field {HEADER}", SOURCE)
