"""The rows of a result in chunks: by the driver's own cursor where nobody wants to see how, else by SQLAlchemy.

The statement is always executed by SQLAlchemy, in the Session's transaction, with a cursor at the server if there are
such.  What SQLAlchemy would make of each row, an object that knows the names of its columns, nobody looks into.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult, Executable
from sqlalchemy.exc import DBAPIError

from ...operations.outcome import Row
from .prepared import prepared
from .straight import as_sqlalchemy_has_it, is_passable

CHUNK = 1000
"""Rows that are read, written and forgotten together."""

DRIVERS = frozenset({"pysqlite", "psycopg", "psycopg2", "pymysql"})
"""Those whose cursors are known to go on where SQLAlchemy has stopped reading."""


def chunks_of(result: CursorResult[Any], statement: Executable, connection: Connection) -> Iterator[Sequence[Row]]:
    """Give the rows of a statement of columns, `CHUNK` at a time; fewer are the last ones; DBAPIError."""
    cursor = result.cursor
    try:
        yield from _chunks_of(result, cursor, statement, connection)
    except DBAPIError as error:
        if error.connection_invalidated:
            _abandon(cursor)
        raise


def _chunks_of(
    result: CursorResult[Any], cursor: Any, statement: Executable, connection: Connection
) -> Iterator[Sequence[Row]]:
    dialect = connection.dialect
    is_known = dialect.driver in DRIVERS and is_passable(connection.engine)
    known = prepared(statement, dialect) if is_known else None
    if known is None or cursor is None:
        yield from result.partitions(CHUNK)
        return
    raw = connection.connection.dbapi_connection
    rows: Sequence[Row] = result.fetchmany(CHUNK)  # with what was read ahead: nothing of it is left afterwards
    while len(rows) == CHUNK:
        yield rows
        rows = known.converter(cursor)(_fetched(cursor, connection, raw))
    if rows:
        yield rows


def _fetched(cursor: Any, connection: Connection, raw: Any) -> Sequence[Row]:
    """Give the next rows; a connection that turns out to be lost is given up, as SQLAlchemy does.

    Code of the application may have closed `connection` in the meantime, where it shares the Session.
    """
    dialect = connection.dialect
    try:
        found: Sequence[Row] = cursor.fetchmany(CHUNK)
    except dialect.loaded_dbapi.Error as error:
        is_lost = dialect.is_disconnect(error, raw, cursor)
        if is_lost and not connection.closed:
            connection.invalidate(error)
        raise as_sqlalchemy_has_it(error, None, None, connection.engine, is_lost=is_lost) from error
    return found


def _abandon(cursor: Any) -> None:
    """Have nobody read on from a connection that is gone: PyMySQL would, once it frees an unbuffered result."""
    unread: Any = getattr(cursor, "_result", None)
    if getattr(unread, "unbuffered_active", False):
        unread.unbuffered_active = False
