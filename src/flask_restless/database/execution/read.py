"""Reading: a plan and its values to an Outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ...operations.operation import Fetch, One, Related
from ...operations.outcome import Fetched, Row, Rows
from ...operations.paging import Cursor, Page, Spelling, Total
from ...operations.problems import Rejected, reject
from ...operations.selection import Branch, Selection
from ..plan import KEYS, LAST, LIMIT, MOST, OFFSET, BranchPlan, FetchPlan, NodePlan, Parameters
from ..planning.planner import Planner
from ..planning.scopes import is_scoped, scopes_of
from ..planning.values import (
    branch_parameters,
    condition_values,
    named,
    origin_values,
    page_parameters,
    parameters_of,
)
from .allowance import Descent
from .collation import spelled
from .computing import computed
from .locate import ambiguous
from .reading import Reading, flush_pending
from .transaction import Transaction

FAR = 2000
"""Rows before a page, from which on it is worth while to count first: the page may be nearer to the list's end."""

CHUNK = 5000
"""Keys in one statement for a branch; drivers limit their parameters."""


def fetch(planner: Planner, operation: Fetch, transaction: Transaction) -> Fetched:
    """Carry out a Fetch; Rejected (`not-found`, `no-result`, `multiple-results`) where there is no such row."""
    if transaction.made is not None:
        flush_pending(transaction.made)
    scopes = scopes_of(operation)
    plan = planner.plan(operation, scopes)
    with Reading(transaction) as reading:
        return _fetch(plan, operation, scopes.parameters, reading)


def _fetch(plan: FetchPlan, operation: Fetch, scoped: Parameters, reading: Reading) -> Fetched:
    if isinstance(operation.origin, One):
        return _fetch_one(plan, operation, scoped, reading)
    page = operation.selection.page
    extra = 1 if page is not None and page.size is not None else 0
    parameters = {**parameters_of(operation), **scoped, **page_parameters(operation.selection, extra)}
    total = _total_first(plan, operation, scoped, reading)
    if total is not None and page is not None and page.is_past_middle(total):
        plan_rows = _from_end(plan, parameters, page, total, reading)
    else:
        plan_rows = _rows(plan.node, parameters, reading)
    if plan.beyond is not None:
        plan_rows = _filled(plan_rows, plan.beyond, parameters, reading)
    if not plan_rows:
        check_parent(plan, operation, scoped, reading)
    if not operation.is_many:
        _check_single(operation, plan_rows)
    has_more = page is not None and page.size is not None and len(plan_rows) > page.size
    if has_more:
        assert page is not None
        plan_rows = plan_rows[: page.size]
    if total is None:
        total = _total(plan, operation, scoped, len(plan_rows), has_more, reading)
    is_backward = page is not None and page.is_backward
    plan_rows = plan_rows[::-1] if is_backward else plan_rows
    rows = _related(plan.node, operation, plan_rows, scoped, reading)
    return Fetched(rows, total, has_more and not is_backward, has_more and is_backward)


def _fetch_one(plan: FetchPlan, operation: Fetch, scoped: Parameters, reading: Reading) -> Fetched:
    rows = _rows(plan.node, {**parameters_of(operation), **scoped}, reading)
    _check_single(operation, rows)
    return Fetched(_related(plan.node, operation, rows, scoped, reading))


def _related(node: NodePlan, operation: Fetch, rows: Sequence[Row], scoped: Parameters, reading: Reading) -> Rows:
    """Read what is sent along with primary rows."""
    if not node.branches:
        return Rows(node.layout, rows)
    return _with_branches(node, operation.selection, rows, Descent.of(operation, reading, scoped))


def _rows(node: NodePlan, parameters: Parameters, reading: Reading) -> Sequence[Row]:
    """Run a node's statement and give its rows, the computed columns filled in."""
    mapper = node.layout.selection.resource.mapper
    if not node.derived:
        return reading.run(node.statement, parameters, mapper, node.pairs)
    found = reading.session.execute(node.statement, parameters, bind_arguments={"mapper": mapper}).all()
    return computed(found, node.derived, reading.session)


def _total_first(plan: FetchPlan, operation: Fetch, scoped: Parameters, reading: Reading) -> int | None:
    """Count a list before a page far from its beginning is read, which may be nearer to its end; else None.

    Both have to see the same rows, or a page would lose one that moves; where the connection is lost meanwhile they may
    not.
    """
    page = operation.selection.page
    if page is None or page.offset < FAR or plan.reverse is None:
        return None
    if not reading.hold_still(operation.selection.resource.mapper):
        return None
    total = _counted(plan, operation, scoped, reading)
    return total if reading.is_apart else None


def _from_end(plan: FetchPlan, parameters: Parameters, page: Page, total: int, reading: Reading) -> Sequence[Row]:
    """Read a page, and the row after it, beginning at the end of the list: the rows between are fewer there."""
    assert plan.reverse is not None
    assert page.size is not None
    end = min(page.offset + page.size + 1, total)
    if end <= page.offset:
        return ()
    return _rows(plan.reverse, parameters | {LIMIT: end - page.offset, OFFSET: total - end}, reading)[::-1]


def _filled(rows: Sequence[Row], beyond: NodePlan, parameters: Parameters, reading: Reading) -> Sequence[Row]:
    """Fill a page up with the rows that follow."""
    if LIMIT not in parameters:
        return [*rows, *_rows(beyond, parameters, reading)]
    wanted = int(str(parameters[LIMIT])) - len(rows)
    return [*rows, *_rows(beyond, parameters | {LIMIT: wanted}, reading)] if wanted > 0 else rows


def check_parent(plan: FetchPlan, operation: Fetch, scoped: Parameters, reading: Reading) -> None:
    """Tell an empty relationship from a missing parent; a missing member is missing either way."""
    if not isinstance(operation.origin, Related) or plan.exists is None:
        return
    origin = operation.origin
    keys = dict(zip((f"p{n}" for n in range(len(origin.id))), origin.id, strict=True))
    if not reading.run(plan.exists, keys | scoped, origin.parent.mapper):
        raise not_found(origin.parent, origin.id)
    if origin.member is not None:
        raise not_found(operation.selection.resource, origin.member)


def _check_single(operation: Fetch, rows: Sequence[Row]) -> None:
    if len(rows) == 1:
        return
    match operation.origin:
        case One(id_) if not rows:
            raise not_found(operation.selection.resource, id_)
        case One(id_) if len(rows) > 1:
            raise Rejected(ambiguous(operation.selection.resource, id_))
        case _ if operation.single and not rows:
            raise reject("no-result", "exactly one resource was asked for, and none matches")
        case _ if operation.single and len(rows) > 1:
            raise reject("multiple-results", "exactly one resource was asked for, and several match")


def not_found(resource: Any, id_: tuple[Any, ...]) -> Exception:
    """Make the problem of a row that is not there."""
    text_ = resource.identity.text(id_)
    return reject("not-found", f'there is no {resource.name} with the id "{text_}"')


def _total(
    plan: FetchPlan, operation: Fetch, scoped: Parameters, shown: int, has_more: bool, reading: Reading
) -> int | None:
    """Tell the length of the whole list; a page that is the last one and not empty tells it without a count.

    So does a page by cursor only if it is the whole list.
    """
    page = operation.selection.page
    if page is None or plan.count is None or not operation.is_many:
        return None
    if not has_more and (shown or page.offset == 0) and not (_is_bound(page.after) or _is_bound(page.before)):
        return None if page.total is Total.NONE and page.spelling is not Spelling.CURSOR else page.offset + shown
    if page.total is Total.NONE:
        return None
    if (
        page.total is Total.ESTIMATE
        and operation.selection.filter is None
        and not isinstance(operation.origin, Related)
        and not is_scoped(operation.selection.resource)
    ):
        estimate = _estimate(operation.selection, reading.session)
        if estimate is not None:
            return max(estimate, page.offset + shown + has_more)
    return _counted(plan, operation, scoped, reading)


def _counted(plan: FetchPlan, operation: Fetch, scoped: Parameters, reading: Reading) -> int | None:
    if plan.count is None:
        return None
    selection = operation.selection
    values = [*origin_values(operation.origin), *condition_values(selection.filter)]
    return reading.count(plan.count, named(values) | scoped, selection.resource.mapper)


def _is_bound(cursor: Cursor | None) -> bool:
    """Whether a cursor leaves out a part of the list."""
    return cursor is not None and cursor.values is not None


def _estimate(selection: Selection, session: Session) -> int | None:
    """Ask PostgreSQL's statistics for the length of a table; None where there are none."""
    mapper = selection.resource.mapper
    connection = session.connection(bind_arguments={"mapper": mapper})
    if connection.dialect.name != "postgresql" or mapper.inherits is not None:
        return None
    table = mapper.local_table
    name = connection.dialect.identifier_preparer.format_table(table)
    query = text("SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(:name)")
    found = connection.execute(query, {"name": name}).scalar()
    return None if found is None or found < 0 else int(found)


# ---------------------------------------------------------------- branches


def with_related(node: NodePlan, operation: Fetch, rows: Sequence[Row], transaction: Transaction) -> Rows:
    """Read what a Fetch sends along with rows that are there already; Rejected (`limit-exceeded`)."""
    with Reading(transaction) as reading:
        return _related(node, operation, rows, {}, reading)


def _with_branches(node: NodePlan, selection: Selection, rows: Sequence[Row], descent: Descent) -> Rows:
    branches = tuple(
        _branch(plan, branch, rows, descent) for plan, branch in zip(node.branches, selection.branches, strict=True)
    )
    return Rows(node.layout, rows, branches)


def _branch(plan: BranchPlan, branch: Branch, above: Sequence[Row], descent: Descent) -> Rows:
    """Read the rows related to all of `above` at once; Rejected (`limit-exceeded`) as soon as there are too many."""
    keys = _keys(plan.key_columns, above)
    parameters = branch_parameters(branch.selection) | descent.scoped
    rows: list[Row] = []
    for start in range(0, len(keys), CHUNK):
        some = keys[start : start + CHUNK]
        beyond = 0 if plan.place is None else len(some)
        most = {MOST: descent.allowance.left + beyond + 1}
        found = _rows(plan.node, parameters | most | {KEYS: some}, descent.reading)
        found = spelled(found, some, plan.node.layout.parent, branch.relationship, descent.reading)
        descent.allowance.take(found if plan.place is None else _cut(found, plan, parameters[LAST])[0])
        rows.extend(found)
    if plan.place is None:
        return _with_branches(plan.node, branch.selection, rows, descent)
    rows, more = _cut(rows, plan, parameters[LAST])
    return replace(_with_branches(plan.node, branch.selection, rows, descent), page=branch.selection.page, more=more)


def _cut(rows: Sequence[Row], plan: BranchPlan, beyond: object) -> tuple[list[Row], frozenset[object]]:
    """Take off the rows that stand beyond the page, and tell which rows above have some."""
    place, parent = plan.place, plan.node.layout.parent
    assert place is not None
    over = [row for row in rows if row[place] == beyond]
    more = (row[parent[0]] if len(parent) == 1 else tuple(row[number] for number in parent) for row in over)
    return [row for row in rows if row[place] != beyond], frozenset(more)


def _keys(columns: tuple[int, ...], above: Sequence[Row]) -> list[Any]:
    """Give the distinct keys of the rows above, in their order; a null anywhere in a key relates to nothing."""
    if len(columns) == 1:
        number = columns[0]
        return list(dict.fromkeys(row[number] for row in above if row[number] is not None))
    keys = dict.fromkeys(tuple(row[number] for number in columns) for row in above)
    return [key for key in keys if None not in key]
