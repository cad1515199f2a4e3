"""Statements on a driver's connection, past Session and Connection: those that nobody else wants to see."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Dialect, Engine, Executable, PoolProxiedConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import Pool, StaticPool
from sqlalchemy.pool.base import ResetStyle

from ...operations.outcome import Row
from ..plan import Parameters
from .prepared import prepared
from .time_limit import MYSQL, TimeLimit, begin_straight, end_straight, limited
from .watchdog import Watchdog

ENGINE_EVENTS = attrgetter(
    "before_execute",
    "after_execute",
    "before_cursor_execute",
    "after_cursor_execute",
    "engine_connect",
    "begin",
    "rollback",
    "commit",
)
DIALECT_EVENTS = attrgetter("do_execute", "do_execute_no_params", "handle_error")
"""The listeners to what a statement passes through, one tuple item for each kind."""

CANCELLING = frozenset({"psycopg", "psycopg2"})
"""PostgreSQL's drivers that can cancel what runs on a connection."""

Result = TypeVar("Result")


def is_passable(engine: Engine) -> bool:
    """Whether nobody listens to an engine or wants its statements logged, nothing rewrites them, and a limit holds."""
    if engine.get_execution_options() or engine.logger.isEnabledFor(logging.INFO):
        return False
    dialect = engine.dialect
    if dialect.name == "postgresql" and dialect.driver not in CANCELLING:
        return False
    if not (engine._has_events or dialect._has_events):  # by which SQLAlchemy saves itself the look at each event
        return True
    return not any(ENGINE_EVENTS(engine.dispatch)) and not any(DIALECT_EVENTS(dialect.dispatch))


class Straight:
    """A connection of an engine's pool, for reading past Session and Connection until it is closed.

    Each statement of PostgreSQL commits by itself where that makes no difference: at the isolation level READ
    COMMITTED each has a snapshot of its own anyway, and BEGIN and ROLLBACK would take as long as a short one.
    """

    __slots__ = (
        "_errors",
        "_is_single",
        "_is_still",
        "_limit",
        "_pooled",
        "_raw",
        "_watchdog",
        "dialect",
        "engine",
    )

    def __init__(self, engine: Engine, limit: TimeLimit, watchdog: Watchdog) -> None:
        self._open(engine, _taken(engine), limit, watchdog)
        if self.dialect.name == "postgresql":
            self._commit_each()

    def _commit_each(self) -> None:
        """Have each statement of PostgreSQL commit by itself, at READ COMMITTED.

        The driver refuses that where a listener to the pool has begun a transaction, whose settings may hold in it
        alone.
        """
        raw = self._raw
        if _is_read_committed(raw, self.dialect):
            try:
                raw.autocommit = True
            except self._errors:
                return
            self._is_single = True

    def _open(self, engine: Engine, pooled: PoolProxiedConnection, limit: TimeLimit, watchdog: Watchdog) -> None:
        self.engine = engine
        self.dialect = dialect = engine.dialect
        self._errors: type[Exception] = dialect.loaded_dbapi.Error
        self._pooled = pooled
        self._raw: Any = pooled.dbapi_connection
        self._limit = limit
        self._watchdog = watchdog if dialect.name == "postgresql" and limit.seconds else None
        self._is_single = self._is_still = False
        begin_straight(limit, dialect, self._raw)

    def rows(self, statement: Executable, parameters: Parameters) -> Sequence[Row] | None:
        """Give the rows of a statement; None for one that needs more than a driver; DBAPIError."""
        short = prepared(statement, self.dialect)
        bound = None if short is None else short.bound(parameters)
        return None if short is None or bound is None else self._run(bound, short.rows)

    def said(self, text: str, values: Sequence[Any]) -> Sequence[Row]:
        """Give the rows of a statement in the driver's own words, and with values as it takes them; DBAPIError."""
        return self._run((text, values), _all)

    @property
    def info(self) -> dict[str, Any]:
        """What is kept along with the driver's connection for as long as that is open."""
        return self._pooled.info

    @property
    def changes(self) -> int | None:
        """How many rows a connection of SQLite has changed; None where it may undo some, or cannot tell."""
        raw = self._raw
        found: int | None = getattr(raw, "total_changes", None)  # first: others that share it may begin in between
        return None if getattr(raw, "in_transaction", True) and not self._is_still else found

    def hold_still(self) -> bool:
        """Have all statements to come see the same state of the database; False where that cannot be said.

        To be called before any statement; DBAPIError.
        """
        match self.dialect.name:
            case "postgresql" if self._is_single:
                self.dialect.set_isolation_level(self._raw, "REPEATABLE READ")  # said along with the driver's BEGIN
                self._is_single = False
            case "sqlite" if self.changes is not None and not self._is_shared:
                self._run(("BEGIN", ()), _nothing)
            case "mysql" | "mariadb" if not _is_autocommitting(self._raw):
                if not self._is_repeatable():
                    return False
            case _:
                return False
        self._is_still = True
        return True

    def _is_repeatable(self) -> bool:
        """Have what is read next read again as it is; False where a listener to the pool has begun a transaction."""
        try:
            self._run(("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", ()), _nothing)
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            return False
        return True

    @property
    def _is_shared(self) -> bool:
        """Whether others may use the driver's connection meanwhile."""
        return isinstance(self.engine.pool, StaticPool)

    def _run(self, bound: tuple[str, Any], read: Callable[[Any], Result]) -> Result:
        text, values = limited(self._limit, self.dialect, bound[0]), bound[1]
        raw = self._raw
        number = self._watch()
        cursor = raw.cursor()
        try:
            self.dialect.do_execute(cursor, text, values)
            return read(cursor)
        except self._errors as error:
            raise self._wrapped(error, text, values) from error
        finally:
            cursor.close()
            if number is not None:
                self._release(number)

    def _watch(self) -> int | None:
        return None if self._watchdog is None else self._watchdog.watch(self._raw, self._limit.seconds)

    def _release(self, number: int) -> None:
        if self._watchdog is not None:
            self._watchdog.release(number)

    def close(self) -> None:
        """Give the connection back; what was not committed is undone.  A second time does nothing."""
        raw, self._raw = self._raw, None
        if raw is None:
            return
        end_straight(self._limit, self.dialect, raw)
        if not self._is_as_before(raw):
            self._pooled.invalidate()
        _returned(self._pooled, is_over=self._is_over(raw))

    def _is_over(self, raw: Any) -> bool:
        """Whether no transaction is open, which only SQLite's drivers tell."""
        return self._is_single or not getattr(raw, "in_transaction", True)

    def _is_as_before(self, raw: Any) -> bool:
        """End what has begun, and have statements in transactions again.

        A connection that refuses must not be used any more.
        """
        try:
            if self._is_single:
                raw.autocommit = False
            elif self._is_still or not _is_reset(self.engine.pool):
                raw.rollback()
            if self._is_still and self.dialect.name == "postgresql":
                raw.isolation_level = None
        except self._errors:
            return False
        return True

    def _wrapped(self, error: Exception, text: str | None, values: Any) -> BaseException:
        """Give what SQLAlchemy would raise: the table of failures goes by it.

        A lost connection is given up, and with it all older ones of the pool, as SQLAlchemy's own Connection does: if
        the server has gone, they have too.
        """
        is_lost = self.dialect.is_disconnect(error, self._raw, None)  # type: ignore[arg-type]  # it is the driver's
        if is_lost:
            self.engine.pool._invalidate(self._pooled, error)
            self._raw = None
        return as_sqlalchemy_has_it(error, text, values, self.engine, is_lost=is_lost)


class StraightWriting(Straight):
    """A connection past the Session for one transaction of reading and writing, undone unless it is committed."""

    __slots__ = ("_connection", "_is_begun", "_is_committed")

    def __init__(self, engine: Engine, limit: TimeLimit, watchdog: Watchdog) -> None:
        self._connection: Connection | None = None
        self._is_begun = self._is_committed = False
        self._open(engine, _taken(engine), limit, watchdog)

    @property
    def is_single(self) -> bool:
        """Whether each statement commits by itself."""
        return self._is_single

    def commit_at_once(self) -> bool:
        """Have PostgreSQL commit a write along with its statement, if nothing has run before: it is the only one.

        That spares two of three round trips.  False where a transaction has begun, or has to.
        """
        if self.dialect.name == "postgresql" and not self._is_begun and not _has_own_transactions(self._raw):
            self._commit_each()
        return self._is_single

    def begin(self) -> None:
        """Have what comes next be one transaction, after a statement that has written nothing; DBAPIError."""
        try:
            self._raw.autocommit = False
        except self._errors as error:
            raise self._wrapped(error, None, None) from error
        self._is_single = False

    def rows(self, statement: Executable, parameters: Parameters) -> Sequence[Row]:
        """Give the rows of a statement; DBAPIError."""
        found = super().rows(statement, parameters)
        return self.execute(statement, parameters).all() if found is None else found

    def count(self, statement: Executable, parameters: Parameters) -> int:
        """Give the number of rows that a statement has changed or deleted; DBAPIError."""
        short = prepared(statement, self.dialect)
        bound = None if short is None else short.bound(parameters)
        if bound is None:
            return int(self.execute(statement, parameters).rowcount)
        return int(self._run(bound, attrgetter("rowcount")))

    def execute(self, statement: Executable, parameters: Parameters | Sequence[Parameters]) -> CursorResult[Any]:
        """Have SQLAlchemy run what a text and types are not enough for, such as defaults that Python makes."""
        connection = self._connection
        if connection is None:
            connection = self._connection = Connection(self.engine, self._pooled)
        if self.dialect.name in MYSQL:
            self._limit.hold(connection)
        number = self._watch()
        try:
            return connection.execute(statement, parameters)
        except DBAPIError as error:
            if error.connection_invalidated:  # SQLAlchemy has given it up already
                self._raw = None
            raise
        finally:
            if number is not None:
                self._release(number)

    def _watch(self) -> int | None:
        self._is_begun = True
        return super()._watch()

    def commit(self) -> None:
        """Commit; DBAPIError."""
        if self._is_single:
            return
        try:
            self.dialect.do_commit(self._raw)
        except self._errors as error:
            raise self._wrapped(error, None, None) from error
        self._is_committed = True

    def _is_as_before(self, raw: Any) -> bool:
        """Undo what was not committed, whatever the pool does."""
        try:
            if not (self._is_single or self._is_committed):
                raw.rollback()
        except self._errors:
            return False
        return super()._is_as_before(raw)

    def _is_over(self, raw: Any) -> bool:
        """Whether no transaction is open; the commit is the last thing that happens."""
        return self._is_committed or super()._is_over(raw)

    def close(self) -> None:
        """Give the connection back; what was not committed is undone.  A second time does nothing."""
        self._limit.release()
        super().close()


def _returned(pooled: Any, *, is_over: bool) -> None:
    """Give a connection back to its pool, which need not end a transaction that is over.

    SQLAlchemy's own Connection says so by the same method, and spares the server a round trip.
    """
    if is_over:
        pooled._close_special(transaction_reset=True)
    else:
        pooled.close()


def _all(cursor: Any) -> Sequence[Row]:
    found: Sequence[Row] = cursor.fetchall()
    return found


def _is_reset(pool: Pool) -> bool:
    """Whether a pool ends transactions itself; drivers that ask the server for it need not do so twice."""
    return getattr(pool, "_reset_on_return", None) is not ResetStyle.reset_none


def _nothing(_cursor: Any) -> None:
    """Read what has no rows."""


def _taken(engine: Engine) -> PoolProxiedConnection:
    """Take a connection from the pool of an engine; DBAPIError where there is none to be had."""
    dialect = engine.dialect
    try:
        return engine.raw_connection()
    except dialect.loaded_dbapi.Error as error:
        is_lost = dialect.is_disconnect(error, None, None)
        raise as_sqlalchemy_has_it(error, None, None, engine, is_lost=is_lost) from error


def as_sqlalchemy_has_it(
    error: Exception, text: str | None, values: Any, engine: Engine, *, is_lost: bool
) -> BaseException:
    """Give the error that SQLAlchemy would raise in place of the driver's."""
    return DBAPIError.instance(
        text,
        values,
        error,
        engine.dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=is_lost,
        dialect=engine.dialect,
    )


def _is_autocommitting(raw: Any) -> bool:
    """Whether each statement of MariaDB or MySQL commits by itself; so too if the driver cannot tell."""
    return bool(getattr(raw, "get_autocommit", lambda: True)())


def _has_own_transactions(raw: Any) -> bool:
    """Whether a driver of PostgreSQL was told of what kind its transactions are: to read only, or to be deferred.

    It says so as it begins one, and not of statements that commit by themselves.
    """
    return any(getattr(raw, name, None) is not None for name in ("read_only", "readonly", "deferrable"))


def _is_read_committed(raw: Any, dialect: Dialect) -> bool:
    """Whether transactions on a connection of PostgreSQL would be at the server's own level, and that is this one."""
    if raw.autocommit or raw.isolation_level is not None:
        return False
    return dialect.default_isolation_level == "READ COMMITTED"
