"""How long a statement may take: told to the database in its own way, and taken back before anybody else could notice.

PostgreSQL gets a setting of the transaction, MariaDB a prefix and MySQL a hint of each statement, and SQLite, which has
none, a function that it calls while it works (threats T23, T60).  What exceeds the limit fails as other statements do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from time import monotonic
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Dialect, event
from sqlalchemy.orm import Session

from ...schema.options import Limits

KEY = "flask_restless.time_limit"
"""Where a Session's `info` holds its limit."""

STEPS = 20_000
"""Instructions of SQLite's machine between two looks at the clock: a millisecond, more or less."""

POSTGRESQL = (
    "SELECT set_config('statement_timeout', %(limit)s, true) WHERE current_setting('statement_timeout') = '0' "
    "OR current_setting('statement_timeout')::interval > %(limit)s::interval"
)
"""A shorter limit that the role or the database has stays."""

MARIADB = (
    "SET STATEMENT max_statement_time=IF(@@max_statement_time BETWEEN 0.000001 AND {0}, @@max_statement_time, {0}) FOR "
)
MYSQL = frozenset({"mysql", "mariadb"})
LIMITED = re.compile(r"[\s(]*(?:SELECT|INSERT|UPDATE|DELETE|REPLACE|WITH)\b", re.IGNORECASE)
SELECTED = re.compile(r"[\s(]*SELECT\b", re.IGNORECASE)


class TimeLimit:
    """Limits the statements of one request: those of its Session, in whatever transactions, until it is lifted."""

    __slots__ = ("_deadline", "_undo", "connections", "export_seconds", "seconds")

    def __init__(self, limits: Limits) -> None:
        self.seconds = limits.statement_seconds or 0
        self.export_seconds = limits.export_seconds or 0
        self.connections: list[Connection] = []
        self._undo: list[Callable[[], None]] = []
        self._deadline = 0.0

    def attach(self, session: Session) -> None:
        """Limit the statements of `session` from now on."""
        if self.seconds or self.export_seconds:
            session.info[KEY] = self

    def hold(self, connection: Connection) -> None:
        """Hold for the statements of a transaction that has begun."""
        set_limit = DIALECTS.get(connection.dialect.name)
        if set_limit is not None and connection not in self.connections:
            self.connections.append(connection)
            set_limit(self, connection)

    def restart(self) -> None:
        """Give the statements of SQLite, which share one clock, the whole time again."""
        self._deadline = monotonic() + self.seconds

    def is_over(self) -> bool:
        """Tell SQLite to give up."""
        return monotonic() > self._deadline and bool(self._undo)

    def on_release(self, undo: Callable[[], None]) -> None:
        """Have something undone before the connection goes back."""
        self._undo.append(undo)

    def release(self) -> None:
        """Leave nothing on the connections of a transaction that is over."""
        undo, self._undo = self._undo, []
        self.connections.clear()
        for one in undo:
            one()

    def lift(self, session: Session) -> None:
        """Hold no longer."""
        session.info.pop(KEY, None)
        self.release()


def join(session: Session, mapper: Any) -> None:
    """Limit also the transaction that a Session is in already, on the connection of a mapper."""
    limit: TimeLimit | None = session.info.get(KEY)
    if limit is not None and session.in_transaction():
        limit.hold(session.connection(bind_arguments={"mapper": mapper}))


def begin_straight(limit: TimeLimit, dialect: Dialect, raw: Any) -> None:
    """Limit the statements on a driver's connection that goes past the Session; `end_straight` takes that back.

    Where a limit is said with each statement, or a watchdog looks after them, there is nothing to do.
    """
    if dialect.name == "sqlite" and limit.seconds and hasattr(raw, "set_progress_handler"):
        deadline = monotonic() + limit.seconds
        raw.set_progress_handler(lambda: monotonic() > deadline, STEPS)


def end_straight(limit: TimeLimit, dialect: Dialect, raw: Any) -> None:
    """Leave nothing of the limit on a driver's connection."""
    if dialect.name == "sqlite" and limit.seconds and hasattr(raw, "set_progress_handler"):
        raw.set_progress_handler(None, 0)


def limited(limit: TimeLimit, dialect: Dialect, statement: str) -> str:
    """Say the limit with a statement, where that is how the database wants to hear it."""
    if dialect.name not in MYSQL or not limit.seconds:
        return statement
    return _said(dialect)(statement, limit.seconds)


def restart(session: Session) -> None:
    """Give what is read next the whole time again, where a Session's statements are limited together."""
    limit: TimeLimit | None = session.info.get(KEY)
    if limit is not None:
        limit.restart()


def _on_sqlite(limit: TimeLimit, connection: Connection) -> None:
    """Have SQLite look at a clock; there is one for all statements of a transaction."""
    raw: Any = connection.connection.driver_connection
    if limit.seconds and hasattr(raw, "set_progress_handler"):
        limit.restart()
        raw.set_progress_handler(limit.is_over, STEPS)
        limit.on_release(partial(_take_back, connection, raw))


def _take_back(connection: Connection, raw: Any) -> None:
    """Take SQLite's handler back; a connection that was closed in the meantime has taken it along."""
    closed: type[Exception] = connection.dialect.loaded_dbapi.ProgrammingError
    with suppress(closed):
        raw.set_progress_handler(None, 0)


def _on_postgresql(limit: TimeLimit, connection: Connection) -> None:
    """Set the limit for the transaction; outside of one, in AUTOCOMMIT, it would end at once."""
    raw: Any = connection.connection.dbapi_connection
    if limit.seconds and not getattr(raw, "autocommit", False):
        connection.exec_driver_sql(POSTGRESQL, {"limit": f"{int(limit.seconds * 1000)}ms"})


def _on_mysql(limit: TimeLimit, connection: Connection) -> None:
    """Say the limit with each statement: settings of MySQL outlive transactions."""
    limited = _said(connection.dialect)

    def say(_connection: Any, _cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool) -> Any:
        is_export = context is not None and "yield_per" in context.execution_options
        seconds = limit.export_seconds if is_export else limit.seconds
        return limited(statement, seconds) if seconds and not executemany else statement, parameters

    event.listen(connection, "before_cursor_execute", say, retval=True)
    limit.on_release(lambda: event.remove(connection, "before_cursor_execute", say))


def _said(dialect: Dialect) -> Callable[[str, float], str]:
    return _on_mariadb if getattr(dialect, "is_mariadb", False) else _hinted


def _on_mariadb(statement: str, seconds: float) -> str:
    return MARIADB.format(f"{seconds:f}") + statement if LIMITED.match(statement) else statement


def _hinted(statement: str, seconds: float) -> str:
    return SELECTED.sub(rf"\g<0> /*+ MAX_EXECUTION_TIME({int(seconds * 1000)}) */", statement, count=1)


DIALECTS: Mapping[str, Callable[[TimeLimit, Connection], None]] = MappingProxyType(
    {"sqlite": _on_sqlite, "postgresql": _on_postgresql, "mysql": _on_mysql, "mariadb": _on_mysql}
)


@event.listens_for(Session, "after_begin")
def begun(session: Session, _transaction: Any, connection: Connection) -> None:
    """Limit each transaction of a Session that has a limit; all others stay as they are.

    One listener for all Sessions, since it takes 15 microseconds to give one to each.
    """
    limit: TimeLimit | None = session.info.get(KEY)
    if limit is not None:
        limit.hold(connection)


@event.listens_for(Session, "after_commit")
@event.listens_for(Session, "after_rollback")
def ended(session: Session) -> None:
    """Take the limit back while the connection is still the Session's own; a savepoint ends nothing."""
    limit: TimeLimit | None = session.info.get(KEY)
    if limit is not None and not session.in_nested_transaction():
        limit.release()


LISTENERS = frozenset({begun, ended})
"""Ours among the listeners of a Session."""
