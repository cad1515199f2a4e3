"""Reading a whole list in chunks, in bounded memory: one statement, with a cursor at the server where there is one.

psycopg opens a named cursor, PyMySQL an unbuffered one, SQLite steps through the rows by itself.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import count
from typing import Any

from sqlalchemy import Connection, Result, event
from sqlalchemy.orm import Session

from ...operations.operation import Fetch
from ...operations.outcome import Fetched, Row, Streamed
from ...operations.paging import Page, Total
from ...operations.problems import reject
from ..plan import FetchPlan, Parameters
from ..planning.planner import Planner
from ..planning.scopes import scopes_of
from ..planning.values import parameters_of
from . import read
from .chunks import CHUNK, chunks_of
from .computing import computed
from .reading import Reading, flush_pending
from .time_limit import restart
from .transaction import Transaction

ONE_RESULT = frozenset({"mysql", "mariadb"})
"""Dialects whose connections run nothing else while an unbuffered cursor is open."""

Chunks = Generator[Sequence[Row], None, None]


def stream(planner: Planner, operation: Fetch, transaction: Transaction) -> Streamed | Fetched:
    """Carry out a Fetch whose rows are streamed.  No statement runs before the first chunk is asked for.

    That raises Rejected (`limit-exceeded`, `not-found`), or what the database does.  A page that was asked for is read
    as ever: it is bounded already.
    """
    selection = operation.selection
    if selection.page is not None:
        page = replace(selection.page, total=Total.NONE)
        return read.fetch(planner, replace(operation, selection=replace(selection, page=page)), transaction)
    scopes = scopes_of(operation)
    plan = planner.plan(operation, scopes)
    return Streamed(plan.node.layout, _chunks(planner, plan, scopes.parameters, operation, transaction))


def _chunks(
    planner: Planner, plan: FetchPlan, scoped: Parameters, operation: Fetch, transaction: Transaction
) -> Chunks:
    flush_pending(transaction.made)
    _check_length(planner, operation, transaction)
    is_empty = True
    for rows in _parts(planner, plan, scoped, operation, transaction):
        is_empty = False
        yield rows
        restart(transaction.session)
    if is_empty:
        with Reading(transaction) as reading:
            read.check_parent(plan, operation, scoped, reading)


def _check_length(planner: Planner, operation: Fetch, transaction: Transaction) -> None:
    """Refuse a list that is too long to be exported; whether it is, its first row too many tells."""
    limit = operation.selection.resource.options.max_export_rows
    if limit and _part(planner, operation, transaction, 1, limit):
        detail = f"the list has more than {limit} rows, the most of one export; filter it, or ask for a page"
        raise reject("limit-exceeded", detail)


def _part(planner: Planner, operation: Fetch, transaction: Transaction, size: int, offset: int) -> Sequence[Row]:
    page = Page(size, offset, total=Total.NONE)
    part = replace(operation, selection=replace(operation.selection, page=page), streamed=False)
    return read.fetch(planner, part, transaction).rows.rows


def _parts(planner: Planner, plan: FetchPlan, scoped: Parameters, operation: Fetch, transaction: Transaction) -> Chunks:
    session = transaction.session
    bind = {"mapper": operation.selection.resource.mapper}
    dialect = session.get_bind(mapper=bind["mapper"]).dialect.name
    if plan.node.derived and dialect in ONE_RESULT:
        return _by_offset(planner, operation, transaction)
    if dialect == "postgresql":
        _begin(session, bind)
    return _by_cursor(plan, parameters_of(operation) | scoped, session, bind)


def _begin(session: Session, bind: dict[str, Any]) -> None:
    """Begin a transaction also where the engine is in AUTOCOMMIT: PostgreSQL has cursors only inside of one."""
    if session.in_transaction():
        return
    if getattr(session.connection(bind_arguments=bind).connection.dbapi_connection, "autocommit", False):
        session.rollback()
        session.connection(bind_arguments=bind, execution_options={"isolation_level": "READ COMMITTED"})


def _by_offset(planner: Planner, operation: Fetch, transaction: Transaction) -> Chunks:
    """Read part after part by offset: computing a column may run statements, which an open cursor would not let."""
    for number in count():
        rows = _part(planner, operation, transaction, CHUNK, number * CHUNK)
        if rows:
            yield rows
        if len(rows) < CHUNK:
            return


def _by_cursor(plan: FetchPlan, parameters: Parameters, session: Session, bind: dict[str, Any]) -> Chunks:
    """Run one statement, and read its rows chunk by chunk.

    Instances, and listeners to the Session, need the Session; columns need its connection only (see `Reading.run`).
    """
    statement, derived = plan.node.statement, plan.node.derived
    options = {"yield_per": CHUNK}
    connection = session.connection(bind_arguments=bind)
    result: Result[Any]
    if derived or session.dispatch.do_orm_execute:
        result = session.execute(statement, parameters, execution_options=options, bind_arguments=bind)
        chunks: Iterator[Sequence[Row]] = result.partitions()
    else:
        result = found = connection.execute(statement, parameters, execution_options=options)
        chunks = chunks_of(found, statement, connection)
    with closing(result), _undisturbed(chunks, connection) as undisturbed:
        for rows in undisturbed:
            yield computed(rows, derived, session) if derived else rows


@contextmanager
def _undisturbed(chunks: Iterator[Sequence[Row]], connection: Connection) -> Iterator[Iterator[Sequence[Row]]]:
    """Lend the chunks that a cursor gives; RuntimeError where others have spoilt it in the meantime.

    Code of the application that shares the connection may end the transaction, or run a statement.  Not every driver
    objects to reading on; PyMySQL would give fewer rows.
    """
    transaction = connection.get_transaction()
    is_exclusive = connection.dialect.name in ONE_RESULT
    others: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        others.append(statement)

    def checked() -> Iterator[Sequence[Row]]:
        for rows in chunks:
            check()
            yield rows
        check()

    def check() -> None:
        if others or connection.closed or connection.get_transaction() is not transaction:
            raise RuntimeError("the connection was used otherwise, or its transaction ended, before all rows were read")

    if is_exclusive:
        event.listen(connection, "before_cursor_execute", note)
    try:
        yield checked()
    finally:
        if is_exclusive:
            event.remove(connection, "before_cursor_execute", note)
