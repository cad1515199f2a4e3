"""Writes to many rows at once, through the unit of work: validators, events and cascades run (B-6).

Which rows are meant is for the protocol to say: a selection without a filter means all rows, and is carried out.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from ...operations.operation import DeleteMany, UpdateMany
from ...operations.outcome import Counted
from ...operations.problems import reject
from ..plan import LIMIT, OFFSET
from ..planning.many import plan_many
from ..planning.values import condition_values, named, sort_values
from .changing import apply_changes
from .construction import Owner, change
from .sight import settle
from .unit import Made, Reader, flush


def update_many(operation: UpdateMany, session: Session, fetch: Reader) -> Counted:
    """Change all rows alike; the number counts every row that was meant, whatever was changed of it (B-10)."""
    rows = _rows(operation, session)
    owner = Owner(operation.selection.resource)
    made = Made()
    with session.no_autoflush:
        for row in rows:
            change(row, operation, owner, session, made)
            apply_changes(row, operation, session, made, fetch)
    settle(session, made)
    return Counted(len(rows))


def delete_many(operation: DeleteMany, session: Session) -> Counted:
    """Delete all rows, with all that their mapping deletes along."""
    rows = _rows(operation, session)
    for row in rows:
        session.delete(row)
    flush(session)
    return Counted(len(rows))


def _rows(operation: UpdateMany | DeleteMany, session: Session) -> list[Any]:
    """Load and lock the rows that are meant; Rejected (`limit-exceeded`) if they are too many for one request."""
    selection = operation.selection
    resource = selection.resource
    limit = resource.registry.limits.many
    page = selection.page
    size = limit + 1 if page is None or page.size is None else min(page.size, limit + 1)
    parameters = named([*condition_values(selection.filter), *sort_values(selection.sort)])
    parameters |= {LIMIT: size, OFFSET: 0 if page is None else page.offset}
    statement = plan_many(operation).execution_options(populate_existing=True)
    session.flush()
    rows = list(session.execute(statement, parameters).unique().scalars())
    if len(rows) > limit:
        detail = f"at most {limit} {resource.name} can be changed or deleted at once; filter to narrow them down"
        raise reject("limit-exceeded", detail, operation.source)
    return rows
