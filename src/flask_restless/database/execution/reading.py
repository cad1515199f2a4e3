"""Where the statements of one Fetch run: in the Session's transaction, or the short way, on a connection beside it.

A Session that has begun nothing and that nobody listens to would only pass the statements on to its engine.  So they
go there directly, in one transaction that ends with the Fetch, and from there to the driver where nobody listens to
the engine either.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from operator import attrgetter
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Engine, Select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapper, Session

from ...operations.outcome import Row
from ..plan import Parameters
from . import time_limit
from .prepared import Prepared, prepared

SESSION_EVENTS = attrgetter("do_orm_execute", "after_transaction_create", "after_transaction_end")
ENGINE_EVENTS = attrgetter(
    "before_execute",
    "after_execute",
    "before_cursor_execute",
    "after_cursor_execute",
    "engine_connect",
    "begin",
    "rollback",
)
DIALECT_EVENTS = attrgetter("do_execute", "do_execute_no_params")
"""The listeners to what a statement passes through, one tuple item for each kind."""


class Reading:
    """The statements of one Fetch in `session`; leaving its block ends what it has begun itself."""

    __slots__ = ("_connection", "_is_apart", "session")

    def __init__(self, session: Session) -> None:
        self.session = session
        self._connection: Connection | None = None
        self._is_apart = _is_quiet(session)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            time_limit.release(self.session)
            self._connection.close()

    def run(self, statement: Select[Any], parameters: Parameters, mapper: Mapper[Any]) -> Sequence[Row]:
        """Run a statement of columns and give its rows.

        `session.connection()` skips `do_orm_execute` listeners, which applications use for tenancy and soft deletes:
        for them it runs in the Session.
        """
        session = self.session
        if self._is_apart:
            engine = session.get_bind(mapper=mapper)
            if isinstance(engine, Engine) and _is_unheard(engine):
                return self._apart(engine, statement, parameters, mapper)
        if session.dispatch.do_orm_execute:
            return session.execute(statement, parameters, bind_arguments={"mapper": mapper}).all()
        return session.connection(bind_arguments={"mapper": mapper}).execute(statement, parameters).all()

    def _apart(
        self, engine: Engine, statement: Select[Any], parameters: Parameters, mapper: Mapper[Any]
    ) -> Sequence[Row]:
        """Run a statement beside the Session; a lost connection leaves it to the Session, which gets another one."""
        connection = self._connection
        if connection is None:
            connection = self._connection = engine.connect()
            time_limit.hold(self.session, connection)
        elif connection.engine is not engine:
            return self.session.connection(bind_arguments={"mapper": mapper}).execute(statement, parameters).all()
        short = None if time_limit.is_said_with_each(engine.dialect) else prepared(statement, engine.dialect)
        values = None if short is None else short.values(parameters)
        if short is None or values is None:
            return connection.execute(statement, parameters).all()
        try:
            return _fetched(short, values, connection)
        except engine.dialect.loaded_dbapi.Error as error:
            if not _is_lost(error, connection):
                raise _wrapped(short, values, error, engine) from error
            connection.invalidate(error)
        self._is_apart = False
        return self.run(statement, parameters, mapper)


def flush_pending(session: Session) -> None:
    """Have what the application has changed in a Session seen by the statements to come, which flush nothing."""
    if session.new or (session.identity_map and (session.dirty or session.deleted)):
        session.flush()


def _is_quiet(session: Session) -> bool:
    """Whether a Session has begun nothing, and has nothing to add to a statement."""
    if session.in_transaction() or type(session).connection is not Session.connection:
        return False
    if getattr(session, "execution_options", None):
        return False
    if any(SESSION_EVENTS(session.dispatch)):
        return False
    return all(listener is time_limit.begun for listener in session.dispatch.after_begin)


def _is_unheard(engine: Engine) -> bool:
    """Whether nobody listens to an engine or wants its statements logged, and nothing rewrites them."""
    if engine.get_execution_options() or engine.logger.isEnabledFor(logging.INFO):
        return False
    return not any(ENGINE_EVENTS(engine.dispatch)) and not any(DIALECT_EVENTS(engine.dialect.dispatch))


def _fetched(short: Prepared, values: Any, connection: Connection) -> Sequence[Row]:
    cursor = connection.connection.cursor()
    try:
        return short.run(cursor, values)
    finally:
        cursor.close()


def _is_lost(error: Any, connection: Connection) -> bool:
    found: bool = connection.dialect.is_disconnect(error, connection.connection.dbapi_connection, None)
    return found


def _wrapped(short: Prepared, values: Any, error: Exception, engine: Engine) -> BaseException:
    """Give what SQLAlchemy would raise: the table of failures goes by it."""
    base = engine.dialect.loaded_dbapi.Error
    return DBAPIError.instance(short.text, values, error, base, hide_parameters=True, dialect=engine.dialect)
