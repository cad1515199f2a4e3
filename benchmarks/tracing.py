"""Statements seen where they reach the driver, whatever library sends them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

TRANSACTIONS = re.compile(r"\s*(--|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|PRAGMA|SET|SHOW)\b", re.IGNORECASE)


def counts(statement: str) -> bool:
    """Whether a statement reads or writes rows, and does not merely hold the transaction or the connection."""
    return not TRANSACTIONS.match(statement) and not statement.lstrip().startswith("--")


def trace(statements: list[str]) -> None:
    """Append to `statements` each one that is sent from now on; call it before the first connection."""

    def note(statement: object) -> None:
        text = statement.decode() if isinstance(statement, bytes) else str(statement)
        if counts(text):
            statements.append(text)

    _trace_sqlite(note)
    if find_spec("psycopg"):
        _trace_psycopg(note)


def _trace_sqlite(note: Callable[[object], None]) -> None:
    connect = sqlite3.connect

    def traced(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        connection = connect(*args, **kwargs)
        connection.set_trace_callback(note)
        return connection

    sqlite3.connect = sqlite3.dbapi2.connect = traced


def _trace_psycopg(note: Callable[[object], None]) -> None:
    import psycopg

    def wrapped(original: Callable[..., Any]) -> Callable[..., Any]:
        def execute(self: Any, query: object, *args: Any, **kwargs: Any) -> Any:
            note(query)
            return original(self, query, *args, **kwargs)

        return execute

    for cursor in (psycopg.Cursor, psycopg.AsyncCursor, psycopg.ServerCursor, psycopg.AsyncServerCursor):
        for name in ("execute", "executemany"):
            if name in vars(cursor):
                setattr(cursor, name, wrapped(vars(cursor)[name]))
