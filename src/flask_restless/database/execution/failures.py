"""What the database raises, as Problems, and never a word of SQL (A-12, T08).

The original error is logged under the id that the answer carries, wherever the answer does not tell it all.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from secrets import token_hex
from types import MappingProxyType
from typing import Any

from sqlalchemy.exc import (
    CircularDependencyError,
    DataError,
    DBAPIError,
    InterfaceError,
    NotSupportedError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm.exc import FlushError, StaleDataError

from ...operations.exceptions import field_message
from ...operations.filters import Comparison, walk
from ...operations.nesting import Row, rows_of
from ...operations.operation import (
    Aggregate,
    Assignment,
    Batch,
    Create,
    Delete,
    DeleteMany,
    Fetch,
    Operation,
    Relate,
    Update,
    UpdateMany,
)
from ...operations.operators import Needs
from ...operations.problems import CODES, Problem, Source, problem, quote
from ...operations.records import record
from ...schema.resource import Resource
from .driver_codes import driver_code, sqlstate_of
from .refusals import not_taken, refused_assignment, refused_comparison, refused_order

logger = logging.getLogger("flask_restless")

DRIVER_ERRORS = (SQLAlchemyError, UnicodeError, OverflowError)
"""What the database layer raises; SQLAlchemy does not wrap all that its drivers raise (threats, stack facts)."""

DETAILS: Mapping[str, str] = MappingProxyType(
    {
        "already-exists": "another resource has the same id or the same value of a unique attribute",
        "still-referenced": "other resources refer to this one, or one that it refers to is not there",
        "missing-value": "an attribute or relationship that must have a value has none",
        "refused-value": "a rule of the database refuses the values",
        "broken-reference": "a foreign key of the database leads to a table or to columns that it cannot lead to",
        "circular-reference": "a row would refer to itself, or rows to each other in a circle, in one step of writing",
        "invalid-value": "a value does not fit the type of its attribute",
        "precondition-failed": "the resource was changed by somebody else in the meantime; fetch it again",
        "edit-conflict": "the resource was changed by somebody else in the meantime; fetch it again",
        "unavailable": "the database cannot be used at the moment; try again later",
        "timeout": "the database did not answer within the time allowed",
        "forbidden": "the database does not allow this",
        "internal-error": "the database failed in an unexpected way",
    }
)

NAMED: Mapping[str, str] = MappingProxyType(
    {
        "already-exists": "another resource has the same value of {}",
        "missing-value": "{} must have a value",
    }
)
"""The same where it is known which value it is about."""

LOGGED = frozenset({"invalid-value", "broken-reference"})
"""What our own validation should have seen first, and what only the owner of the database can mend."""

NULLED = re.compile(
    r"NOT NULL constraint failed: \S+\.(?P<sqlite>\w+)|null value in column \"(?P<postgresql>\w+)\"|"
    r"(?:Column|Field) '(?P<mysql>\w+)'"
)
UNIQUE = re.compile(
    r"UNIQUE constraint failed: (?P<sqlite>[\w., ]+)|Key \((?P<postgresql>[\w, \"]+)\)=|"
    r"for key '(?:[^'.]+\.)?(?P<key>[^'.]+)'"
)
UNFIT = re.compile(r"for column (?:`[^`]+`\.){0,2}[`'](?P<mysql>[^`']+)[`'] at row")
"""MySQL and MariaDB name the column of a value that does not fit; no other database does."""
NAMING: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {"already-exists": UNIQUE, "missing-value": NULLED, "invalid-value": UNFIT}
)
"""Code -> how messages name the columns that it is about, or their constraint."""
WRITTEN = re.compile(
    r"(?:SET STATEMENT .*? FOR )?\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+(?:[`\"]?\w+[`\"]?\.)?[`\"]?(?P<table>\w+)",
    re.IGNORECASE,
)

REFUSALS = (DataError, InterfaceError, NotSupportedError, ProgrammingError, OverflowError)
"""What drivers and databases raise of a value that they cannot take."""
UNKNOWN_COLUMN = 1054
"""What MariaDB says of a number that is none: older drivers write NaN into the statement, where it reads as a name."""

NO_KEY = "has a NULL identity key"
"""What SQLAlchemy says of a row whose key neither the client nor the database has given."""

OF_ROWS = (CircularDependencyError, FlushError)
"""What SQLAlchemy raises of rows that a document has made what they cannot be, before it writes them."""

COERCION = "does not accept objects of type <class"
"""What SQLAlchemy says of a value that a mutable type cannot watch."""


def problems_of(error: BaseException, operation: Operation | None) -> tuple[Problem, ...]:
    """Say what an error of the database layer means for the client."""
    code = _code(error)
    if isinstance(operation, Fetch) and _refuses_value(error) and (parameter := _cursor_of(operation)):
        logger.warning("the database refused the values of a cursor", exc_info=error)
        return (problem("invalid-page", "the cursor does not fit this list", Source(parameter=parameter)),)
    if isinstance(error, DBAPIError) and _refuses_filter(error, code, operation):
        logger.warning("the database refused a filter", exc_info=error)
        return (problem("invalid-filter", _filter_detail(error, operation), Source(parameter="filter")),)
    if isinstance(operation, Fetch) and code == "invalid-value" and (detail := refused_order(operation.selection.sort)):
        logger.warning("the database refused an order", exc_info=error)
        return (problem("invalid-sort", detail, Source(parameter="sort")),)
    if code == "missing-value" and isinstance(operation, Delete | DeleteMany | Relate):
        code = "still-referenced"
    if code == "refused-value" and isinstance(operation, Delete | DeleteMany):
        code = "forbidden"
    if code == "edit-conflict" and _expects(operation):
        code = "precondition-failed"
    place = _place(error, code, operation)
    source = place.source
    if isinstance(error, FlushError) and code == "missing-value":
        detail = "nobody gives the id its value: send it, or the relationship that is part of it"
        return (problem(code, detail, source),)
    detail = NAMED[code].format(quote(place.name)) if place.name is not None and code in NAMED else DETAILS[code]
    if CODES[code].status < 500 and code not in LOGGED:
        return (problem(code, detail, source),)
    error_id = token_hex(8)
    logger.error("error %s of the database", error_id, exc_info=error)
    if code == "invalid-value":
        unfit = place.assignment or refused_assignment(operation, str(getattr(error, "orig", "")))
        if unfit is not None:
            return (problem(code, not_taken(unfit), unfit.source, id=error_id, status=400),)
    headers = (("Retry-After", "1"),) if CODES[code].status == 503 else ()
    status = 400 if code == "invalid-value" else CODES[code].status
    return (problem(code, detail, source, id=error_id, headers=headers, status=status),)


def is_of_the_moment(error: BaseException) -> bool:
    """Whether an error says nothing about the request: carrying it out once more would only add to the load (T57)."""
    return CODES[_code(error)].status == 503


def is_lost_commit(error: DBAPIError) -> bool:
    """Whether an error of a commit is that its answer was lost; what was flushed before it failed by a statement."""
    return error.statement is None and error.connection_invalidated


def unknown_outcome(error: DBAPIError) -> Problem:
    """Say that a write may be stored or not (T55); there is no `Retry-After`, since nobody should repeat it blindly."""
    error_id = token_hex(8)
    logger.error("error %s of the database: the connection was lost during COMMIT", error_id, exc_info=error)
    detail = "the database was lost while the change was being stored; look whether it was before you send it again"
    return problem("unavailable", detail, id=error_id, meta={"outcome": "unknown"})


def _expects(operation: Operation | None) -> bool:
    """Whether the client said which state it expects: then it is told that it was wrong (threats, mapping)."""
    writes = operation.operations if isinstance(operation, Batch) else (operation,)
    return any(isinstance(one, Update | Delete | Relate) and one.expected for one in writes)


def _refuses_value(error: BaseException) -> bool:
    """Whether the error is of a value, or of what a driver made of it."""
    if isinstance(error, REFUSALS):
        return True
    return isinstance(error, DBAPIError) and error.orig is not None and error.orig.args[:1] == (UNKNOWN_COLUMN,)


def _cursor_of(operation: Fetch) -> str | None:
    """Name the parameter with a cursor that may be forged, None where there is none, or a secret signs it."""
    page = operation.selection.page
    if page is None or operation.selection.resource.registry.secrets() or (page.after is None and page.before is None):
        return None
    return "page[after]" if page.after is not None else "page[before]"


def _refuses_filter(error: DBAPIError, code: str, operation: Operation | None) -> bool:
    """Whether the error is of a filter: nothing else that clients say reaches these statements unread.

    Where there is no SQLSTATE, an operator that only PostgreSQL knows is no SQL.
    """
    if not isinstance(operation, Fetch | Aggregate | DeleteMany) or operation.selection.filter is None:
        return False
    if code == "invalid-value":
        return True
    if sqlstate_of(error.orig) or error.connection_invalidated:
        return False
    return code in ("internal-error", "unavailable") and any(
        isinstance(one, Comparison) and one.operator.needs is Needs.POSTGRESQL
        for one in walk(operation.selection.filter)
    )


def _filter_detail(error: DBAPIError, operation: Operation | None) -> str:
    assert isinstance(operation, Fetch | Aggregate | DeleteMany)
    assert operation.selection.filter is not None
    return refused_comparison(operation.selection.filter, str(error.orig))


def _code(error: BaseException) -> str:
    match error:
        case StaleDataError():
            return "edit-conflict"
        case PoolTimeoutError():
            return "unavailable"
        case CircularDependencyError():
            return "circular-reference"
        case FlushError() if NO_KEY in str(error):
            return "missing-value"
        case DBAPIError(orig=original) if original is not None:
            return driver_code(error, original)
        case SQLAlchemyError():
            return "internal-error"
        case UnicodeError() | OverflowError() | ValueError():
            return "invalid-value"
    return "internal-error"


@record
class _Place:
    """The value in a document that a constraint is about: where it is, its name, and the assignment if it is one."""

    source: Source | None = None
    name: str | None = None
    assignment: Assignment | None = None


def _place(error: BaseException, code: str, operation: Operation | None) -> _Place:
    """Find the value that a constraint is about.

    It is the whole document, and has no name, if it could be several; what befalls the database is in no document.
    """
    if CODES[code].status >= 500:
        return _Place()
    if isinstance(operation, Relate) or (isinstance(operation, Create | Update) and isinstance(error, OF_ROWS)):
        return _Place(operation.source)
    if not isinstance(operation, Create | Update | UpdateMany) or not isinstance(error, DBAPIError):
        return _Place()
    rows = [(resource, row) for resource, row in rows_of(operation) if _is_about(error, resource)]
    named = [found for resource, row in rows if (found := _assigned(code, str(error.orig), resource, row))]
    if len(named) == 1:
        return _Place(named[0].source, named[0].attribute.name, named[0])
    if len(rows) != 1:
        return _Place(operation.source)
    resource, row = rows[0]
    place = _id_source(row, _columns_of(code, str(error.orig), resource))
    return _Place(row.source) if place is None else _Place(place, "id")


def _id_source(row: Row, columns: list[str]) -> Source | None:
    """Give the place of an id that a client chose and that is taken; MySQL calls every primary key PRIMARY.

    The id may be another key than the mapped one.
    """
    if not isinstance(row, Create) or row.id is None or row.source is None:
        return None
    mapper = row.resource.mapper
    chosen = [mapper.column_attrs[key.key].columns[0] for key in row.resource.identity.keys]
    keys = {column.name for column in (*mapper.primary_key, *chosen)} | {"PRIMARY"}
    return Source(pointer=f"{row.source.pointer}/id") if keys.intersection(columns) else None


def _is_about(error: DBAPIError, resource: Resource) -> bool:
    """Whether the statement that failed writes a table of the resource."""
    found = WRITTEN.match(error.statement or "")
    return found is None or any(found["table"] == getattr(one, "name", None) for one in resource.mapper.tables)


def _assigned(code: str, message: str, resource: Resource, row: Row) -> Assignment | None:
    columns = _columns_of(code, message, resource)
    return next((one for one in row.assignments if _column_name(resource, one) in columns), None)


def _columns_of(code: str, message: str, resource: Resource) -> list[str]:
    """Find the columns of a constraint in a driver's message, which names them or the constraint."""
    pattern = NAMING.get(code)
    found = pattern.search(message) if pattern is not None else None
    if found is None:
        return []
    if key := found.groupdict().get("key"):
        return [key, *_columns_of_constraint(key, resource.mapper.tables)]
    text = next(group for group in found.groups() if group is not None)
    return [one.strip().strip('"').rpartition(".")[2] for one in text.split(",")]


def _columns_of_constraint(name: str, tables: Iterable[Any]) -> list[str]:
    for table in tables:
        for one in (*table.constraints, *table.indexes):
            if one.name == name:
                return [str(column.name) for column in one.columns]
    return []


def _column_name(resource: Resource, assignment: Assignment) -> str:
    prop: Any = resource.mapper.attrs.get(assignment.attribute.key)
    columns = getattr(prop, "columns", None)
    return str(columns[0].name) if columns else assignment.attribute.key


def validation_problems(error: Exception, assignments: tuple[Assignment, ...]) -> list[Problem]:
    """Read the application's own validation exception: `errors` by field, else its message, which may name one."""
    sources = {one.attribute.name: one.source for one in assignments}
    errors = getattr(error, "errors", None)
    errors = errors() if callable(errors) else errors
    message = str(getattr(error, "message", None) or str(error) or type(error).__name__)
    if not errors and (named := field_message(message)) is not None:
        errors = dict([named])
    if isinstance(errors, Mapping) and errors:
        return [
            problem("validation-failed", f"{field}: {_joined(message)}", sources.get(str(field)), cause=error)
            for field, message in errors.items()
        ]
    return [problem("validation-failed", message, cause=error)]


def _joined(message: object) -> str:
    return "; ".join(str(one) for one in message) if isinstance(message, list | tuple) else str(message)


def refused(error: Exception, assignment: Assignment) -> Problem:
    """Say at a value what a validator of the model says against it; what SQLAlchemy says is about Python's classes."""
    said = "" if COERCION in str(error) else str(error)
    detail = said or f'the model refuses this value of "{assignment.attribute.name}"'
    return problem("refused-value", detail, assignment.source)
