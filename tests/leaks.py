"""What no error body may hold (T08, A-12): looked for in every error that any application sends in any test.

Flask tells of each answer, whoever asked: a checking client, a plain `app.test_client()`, or a server in a thread.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Response, request, request_finished

from flask_restless.demo.models import Base

SQL = r"SELECT .* FROM|INSERT INTO|UPDATE \S+ SET|DELETE FROM|\[SQL:|\[parameters:"
DRIVERS = (
    r"sqlalche\.me|sqlalchemy|psycopg|pymysql|MySQLdb|sqlite3|IntegrityError|OperationalError|ProgrammingError|"
    r"UNIQUE constraint|FOREIGN KEY constraint|NOT NULL constraint|CHECK constraint|violates|Duplicate entry|"
    r"datatype mismatch|invalid input syntax|out of range for type|DETAIL: |LINE \d+:|\(\d{4}, [\"']"
)
PATHS = r"Traceback|<class '|object at 0x|File \".*\", line|site-packages|flask_restless\."
TABLES = "|".join(Base.metadata.tables)
NAMES = rf"\b(?:{TABLES})_(?:\w+_)?(?:pkey|fkey|key|check|excl|ibfk_\d+)\b|\b(?:ck|uq|fk|pk|ix)_\w+"
"""Names of constraints: those that databases make of the bookshop's tables, and those of usual conventions."""

LEAKS = re.compile("|".join((SQL, DRIVERS, PATHS, NAMES)), re.IGNORECASE)

CONSTRAINTS = tuple(b'{\n  "message": "%s"\n}' % name for name in (b"IntegrityError", b"DataError"))
"""The classic bodies with the name of an exception that the contract asks for (2.1)."""

_found: list[list[str]] = []
"""What each guard has found; the innermost one is told."""


def leak_in(status: int, body: bytes) -> str | None:
    """Give what an error body must not hold, with what stands around it; None where there is nothing of the kind."""
    if status < 400 or body in CONSTRAINTS:
        return None
    text = body.decode("utf-8", "replace")
    found = LEAKS.search(text)
    return None if found is None else text[max(0, found.start() - 80) : found.end() + 80]


def _look(_sender: Any, response: Response, **_rest: Any) -> None:
    if not _found or response.status_code < 400:
        return
    if leak := leak_in(response.status_code, response.get_data()):
        _found[-1].append(f"{request.method} {request.path}: {response.status_code} {leak}")


@contextmanager
def guarded() -> Iterator[None]:
    """Fail at the end of the block if an error body inside it said too much."""
    leaks: list[str] = []
    _found.append(leaks)
    try:
        with request_finished.connected_to(_look):
            yield
    finally:
        _found.pop()
    assert not leaks, leaks
