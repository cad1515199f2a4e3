"""The codes of problems for what drivers raise: one table for each dialect."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy.exc import DBAPIError

POSTGRESQL: Mapping[str, str] = MappingProxyType(
    {
        "23505": "already-exists",
        "23P01": "already-exists",
        "23503": "still-referenced",
        "23001": "still-referenced",
        "23502": "missing-value",
        "23514": "refused-value",
        "40001": "unavailable",
        "40P01": "unavailable",
        "55P03": "timeout",
        "57014": "timeout",
        "25006": "unavailable",
        "25P03": "unavailable",
        "25P04": "unavailable",
        "42501": "forbidden",
        "428C9": "refused-value",
        "P0001": "refused-value",
        "42883": "invalid-value",
        "42804": "invalid-value",
        "42846": "invalid-value",
        "42601": "invalid-value",
        "42602": "invalid-value",
        "42622": "invalid-value",
        "0A000": "invalid-value",
    }
)
"""SQLSTATE -> code."""

POSTGRESQL_CLASSES: Mapping[str, str] = MappingProxyType(
    {"22": "invalid-value", "08": "unavailable", "53": "unavailable", "57": "unavailable"}
)
"""First two characters of a SQLSTATE -> code, for those that are not in POSTGRESQL."""

POSTGRESQL_NAMES = frozenset({"42P01", "42704", "3F000"})
"""SQLSTATEs of names that nothing has.  Where no place in the statement is told, the name was a value."""

MYSQL: Mapping[int, str] = MappingProxyType(
    {
        1062: "already-exists",
        1586: "already-exists",
        1451: "still-referenced",
        1452: "still-referenced",
        1216: "still-referenced",
        1217: "still-referenced",
        1048: "missing-value",
        1364: "missing-value",
        4025: "refused-value",
        3819: "refused-value",
        1643: "refused-value",
        1644: "refused-value",
        1264: "invalid-value",
        1265: "invalid-value",
        1292: "invalid-value",
        1366: "invalid-value",
        1406: "invalid-value",
        1416: "invalid-value",
        4078: "invalid-value",
        1020: "edit-conflict",
        1213: "unavailable",
        1205: "unavailable",
        1021: "unavailable",
        1036: "unavailable",
        1040: "unavailable",
        1053: "unavailable",
        1114: "unavailable",
        1836: "unavailable",
        1927: "unavailable",
        1317: "timeout",
        1969: "timeout",
        3024: "timeout",
        1047: "unavailable",
        1180: "unavailable",
        1290: "unavailable",
        1792: "unavailable",
        2002: "unavailable",
        2003: "unavailable",
        2006: "unavailable",
        2013: "unavailable",
        1142: "forbidden",
        1143: "forbidden",
    }
)
"""Error number of MySQL and MariaDB -> code."""

SQLITE: tuple[tuple[str, str], ...] = (
    ("UNIQUE constraint failed", "already-exists"),
    ("PRIMARY KEY must be unique", "already-exists"),
    ("FOREIGN KEY constraint failed", "still-referenced"),
    ("foreign key mismatch", "broken-reference"),
    ("no such table: main.", "broken-reference"),
    ("NOT NULL constraint failed", "missing-value"),
    ("CHECK constraint failed", "refused-value"),
    ("datatype mismatch", "invalid-value"),
    ("interrupted", "timeout"),
    ("database is locked", "unavailable"),
    ("database table is locked", "unavailable"),
    ("disk I/O error", "unavailable"),
    ("database or disk is full", "unavailable"),
    ("unable to open database", "unavailable"),
    ("attempt to write a readonly database", "unavailable"),
)
"""Beginning of a message of SQLite -> code; it has no other sign.  That of a foreign key names the schema."""

SQLITE_ERROR = 1
"""What SQLite says of a statement that it cannot prepare: no such table, column or function."""


def driver_code(error: DBAPIError, original: BaseException) -> str:
    """Give the code for what a driver raised, which SQLAlchemy wrapped as `error`."""
    number = original.args[0] if original.args else None
    if isinstance(number, int):
        return MYSQL.get(number, "internal-error")
    if sqlstate := sqlstate_of(original):
        if sqlstate in POSTGRESQL_NAMES and _is_of_no_place(original):
            return "invalid-value"
        return POSTGRESQL.get(sqlstate) or POSTGRESQL_CLASSES.get(sqlstate[:2], "internal-error")
    if error.connection_invalidated:
        return "unavailable"
    message = str(original)
    for beginning, code in SQLITE:
        if message.startswith(beginning):
            return code
    kinds = [kind.__name__ for kind in type(original).__mro__]  # drivers have subclasses of the classes of PEP 249
    if "DataError" in kinds:
        return "invalid-value"
    if "IntegrityError" in kinds:  # of SQLite: a trigger, which chooses its message itself
        return "refused-value"
    is_wrong = getattr(original, "sqlite_errorcode", None) == SQLITE_ERROR
    return "unavailable" if "OperationalError" in kinds and not is_wrong else "internal-error"


def _is_of_no_place(original: BaseException) -> bool:
    told = getattr(original, "diag", None)
    return told is not None and told.statement_position is None and told.message_primary is not None


def sqlstate_of(original: BaseException | None) -> str | None:
    """Give the SQLSTATE of what a driver of PostgreSQL raised; psycopg2 calls it otherwise.

    Drivers of MySQL number their errors, and PyMySQL gives a SQLSTATE beside the number, which says less.
    """
    if original is not None and original.args and isinstance(original.args[0], int):
        return None
    found: str | None = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
    return found
