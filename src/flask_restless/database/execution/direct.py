"""Rows that are written without instances, where nothing of the application's could tell the difference.

One row goes past the Session too; the same rows, answers and problems come out of it
(`tests/properties/test_direct_writes.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, Label, Select, Table, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ...operations.operation import Create, Delete, Fetch, Id, One, Target, Update
from ...operations.outcome import Row, Written
from ...operations.problems import Rejected
from ...schema.resource import Resource
from ..plan import NodePlan
from ..planning.planner import Planner
from . import read
from .drafts import Draft, Values, check_required, draft, is_special, stored
from .failures import unknown_outcome
from .knots import to_itself
from .locate import by_key as key_of
from .locate import key_parameters, missing_row, missing_target
from .moments import as_held
from .plain import columns_of, given_keys, is_leaf, is_plain, keeps_the_rest, settable, table_of
from .prepared import prepared
from .row_statements import Columns, held, id_columns, insertion, named, removal, setting
from .sight import in_sight
from .stillness import are_of_their_kinds, is_still, stays_still
from .straight import StraightWriting
from .sure import are_known, doubtful
from .time_limit import MYSQL
from .transaction import Transaction, writes_as_usual
from .validation import validated

SESSION_EVENTS = (
    "before_flush",
    "after_flush",
    "after_flush_postexec",
    "before_attach",
    "after_attach",
    "transient_to_pending",
    "pending_to_persistent",
    "do_orm_execute",
)

SEEKING = frozenset({"postgresql", "sqlite"})
"""Dialects that insert what a SELECT without FROM gives; MariaDB would lock the rows that it looks for."""


# ---------------------------------------------------------------- one row, past the Session


def write_straight(operation: Create | Update | Delete, transaction: Transaction, planner: Planner) -> Written | None:
    """Carry out a write past the Session; None, with nothing written, where it has to go through it.

    Rejected and DBAPIError are those of the long way.
    """
    resource = operation.resource if isinstance(operation, Create) else operation.target.resource
    if not (is_unwatched(resource) and is_plain(resource.mapper) and has_columns_for_id(resource)):
        return None
    try:
        match operation:
            case Create():
                return _create(operation, transaction, planner)
            case Update():
                return _update(operation, transaction, planner)
            case Delete():
                return _delete(operation, transaction)
    except DBAPIError as error:
        if error.connection_invalidated and transaction.lane is not None and transaction.lane.is_single:
            raise Rejected(unknown_outcome(error)) from error
        raise


def is_unwatched(resource: Resource) -> bool:
    """Whether no rule about callers has a part in it, and no code of the application that may want the Session."""
    registry, options = resource.registry, resource.options
    return not (registry.has_scopes or registry.is_guarded or options.postprocessors or options.serializer is not None)


def has_columns_for_id(resource: Resource) -> bool:
    """Whether the id of a row is made of columns of its table."""
    columns = columns_of(resource.mapper)
    return all(key.key in columns for key in resource.identity.keys)


def are_beside(targets: Iterable[Target], transaction: Transaction, lane: StraightWriting) -> bool:
    """Whether rows that are referred to are in the same database: a Session may have several."""
    return all(transaction.bind_of(one.resource.mapper) is lane.engine for one in targets)


def _create(operation: Create, transaction: Transaction, planner: Planner) -> Written | None:
    resource = operation.resource
    one = draft(operation)
    values = stored(one)
    if (
        is_special(operation)
        or one.links
        or _is_deferred(operation)
        or not values.keys() <= columns_of(resource.mapper).keys()
    ):
        return None
    if given_keys(resource.mapper) - {key for key, value in values.items() if value is not None}:
        return None
    node = _node_straight(operation, planner) if values else None
    lane = None if node is None else transaction.writing(resource.mapper)
    if node is None or lane is None or not lane.dialect.insert_returning:
        return None
    if not (are_beside(one.targets, transaction, lane) and is_beside(node, transaction, lane)):
        return None
    shown = _shown(node, resource) if is_still(table_of(resource.mapper), lane) else ()
    if _sure(node, resource, values, shown, lane) == ():
        lane.commit_at_once()
    with validated(resource, operation.assignments):
        row = _inserted(one, values, shown, lane)
    if shown:
        return _answered(node, operation, (row,), transaction)
    return _read_back(operation, tuple(row), transaction, planner)


def _inserted(one: Draft, values: Values, shown: Columns, lane: StraightWriting) -> Row:
    """Insert a row, and give what is `shown` of it, else its key; Rejected (`related-not-found`, `missing-value`).

    The rows that it refers to are looked for by the same statement, where the database can do that.
    """
    keys, targets = tuple(values), one.targets
    if lane.dialect.name not in SEEKING:
        _check_targets(targets, lane)
        targets = ()
    try:
        check_required(one.resource, [one], [values])
    except Rejected:
        _check_targets(targets, lane)
        raise
    if targets:
        sought = {f"t{number}_{name}": value for number, name, value in _sought(targets)}
        statement = insertion(one.resource, keys, tuple(each.resource for each in targets), shown)
        if found := lane.rows(statement, named(values) | sought):
            return found[0]
        _check_targets(targets, lane)
    (row,) = lane.rows(insertion(one.resource, keys, (), shown), named(values))
    return row


def _sought(targets: Sequence[Target]) -> Iterator[tuple[int, str, object]]:
    for number, target in enumerate(targets):
        assert target.id is not None
        for name, value in key_parameters(target.id).items():
            yield number, name, value


def _update(operation: Update, transaction: Transaction, planner: Planner) -> Written | None:
    resource, id_ = operation.target.resource, operation.target.id
    one = draft(operation)
    values = {each.attribute.key: each.value for each in operation.assignments} | one.keys
    if id_ is None or operation.expected or operation.sparing or operation.changes or one.links or not values:
        return None
    if not values.keys() <= settable(resource.mapper) or _is_deferred(operation):
        return None
    node = _node_straight(operation, planner)
    lane = None if node is None else transaction.writing(resource.mapper)
    if node is None or lane is None:
        return None
    if not (are_beside(one.targets, transaction, lane) and is_beside(node, transaction, lane)):
        return None
    columns = columns_of(resource.mapper)
    written = [columns[key] for key in values]
    shown = _shown(node, resource) if stays_still(written, table_of(resource.mapper), lane) else ()
    with validated(resource, operation.assignments):
        if shown and not one.targets and _is_blind(resource, tuple(values), shown, lane):
            rows = _set_blindly(operation.target, values, shown, lane, _sure(node, resource, values, shown, lane))
            return _answered(node, operation, rows, transaction)
        found = lane.rows(held(resource, tuple(values)), key_parameters(id_))
        if not found:
            raise missing_row(operation.target)
        _check_targets(one.targets, lane)
        if changed := _changed(resource, values, found[0]):
            statement, parameters = setting(resource, tuple(changed), shown), named(changed) | key_parameters(id_)
            if shown and (rows := lane.rows(statement, parameters)):
                return _answered(node, operation, rows, transaction)
            lane.count(statement, parameters)
    return _read_back(operation, id_, transaction, planner)


def _is_deferred(operation: Create | Update) -> bool:
    """Whether an attribute is written whose state is told only to who knows it."""
    return any(one.attribute.deferred for one in operation.assignments)


def _is_blind(resource: Resource, keys: tuple[str, ...], shown: Columns, lane: StraightWriting) -> bool:
    """Whether the driver may set those attributes without a look at what they were."""
    return keeps_the_rest(resource.mapper) and prepared(setting(resource, keys, shown), lane.dialect) is not None


def _set_blindly(
    target: Target, values: Values, shown: Columns, lane: StraightWriting, doubts: Columns | None
) -> Sequence[Row]:
    """Change a row without a look at what it was: where nothing else changes then, equal values make no difference.

    If it can be answered as soon as Python knows what it has in the columns `doubts`, it is committed along with that.
    """
    assert target.id is not None
    keys, parameters = tuple(values), named(values) | key_parameters(target.id)
    rows: Sequence[Row] = ()
    if doubts is not None and lane.commit_at_once():
        rows = lane.rows(setting(target.resource, keys, shown, doubts), parameters)
        if not rows and doubts:
            lane.begin()
    if not rows and not lane.is_single:
        rows = lane.rows(setting(target.resource, keys, shown), parameters)
    if not rows:
        raise missing_row(target)
    return rows


def _delete(operation: Delete, transaction: Transaction) -> Written | None:
    """Delete a row; where none is counted there is none, or a trigger does something else in place of that.

    MariaDB refuses it to one that refers to itself.
    """
    resource, id_ = operation.target.resource, operation.target.id
    if id_ is None or operation.expected or not is_leaf(resource.mapper):
        return None
    lane = transaction.writing(resource.mapper)
    if lane is None or (lane.dialect.name in MYSQL and to_itself(resource.mapper)):
        return None
    return Written(None) if lane.count(removal(resource), key_parameters(id_)) else None


def _changed(resource: Resource, values: Values, row: Row) -> Values:
    """Give those of the values that differ from the row's, as the unit of work would compare them."""
    columns = columns_of(resource.mapper)
    return {
        key: value
        for (key, value), old in zip(values.items(), row, strict=True)
        if not (old is value or columns[key].type.compare_values(old, as_held(old, value)))
    }


def _check_targets(targets: Sequence[Target], lane: StraightWriting) -> None:
    """Demand the rows that foreign keys are to refer to."""
    missing = [
        missing_target(one)
        for one in targets
        if one.id is not None and not lane.rows(key_of(one.resource), key_parameters(one.id))
    ]
    if missing:
        raise Rejected(*missing)


def _node_straight(operation: Create | Update, planner: Planner) -> NodePlan | None:
    """Give the plan of the answer, if it can be read on the same connection, as it has to be: no other sees the row."""
    node = planner.plan(Fetch(operation.selection, One(()))).node
    return None if any(one.derived for one in node.walk()) else node


def is_beside(node: NodePlan, transaction: Transaction, lane: StraightWriting) -> bool:
    """Whether all rows of an answer are in the same database."""
    mappers = {one.layout.selection.resource.mapper for branch in node.branches for one in branch.node.walk()}
    return all(transaction.bind_of(mapper) is lane.engine for mapper in mappers)


def _shown(node: NodePlan, resource: Resource) -> Columns:
    """Give the columns of the answer, if the statement that writes the row can tell them; else none."""
    return _columns_shown(node.statement, table_of(resource.mapper))


@lru_cache(maxsize=1024)
def _columns_shown(statement: Select[Any], table: Table) -> Columns:
    """Give what a statement selects, if that is columns of one table and nothing else."""
    if statement.get_final_froms() != [table]:
        return ()
    selected = [one.element if isinstance(one, Label) else one for one in statement.selected_columns]
    if not all(isinstance(one, Column) and one.table == table for one in selected):
        return ()
    return tuple(table.c[str(one.key)] for one in selected if isinstance(one, Column))


def _sure(node: NodePlan, resource: Resource, values: Values, shown: Columns, lane: StraightWriting) -> Columns | None:
    """Give the columns that have to be looked at if nothing is to refuse after a statement which sets those values.

    None where something else could refuse.
    """
    doubts = _doubts(node, resource, tuple(values), shown)
    if doubts is None or not are_known(values.values()):
        return None
    return doubts if are_of_their_kinds(shown, table_of(resource.mapper), lane) else None


@lru_cache(maxsize=1024)
def _doubts(node: NodePlan, resource: Resource, keys: tuple[str, ...], shown: Columns) -> Columns | None:
    """Give them as far as it goes by the model."""
    columns = columns_of(resource.mapper)
    return doubtful(node, shown, {columns[key] for key in keys}) if shown else None


def _answered(node: NodePlan, operation: Create | Update, rows: Sequence[Row], transaction: Transaction) -> Written:
    """Give rows as they are after the write, with what is sent along with them."""
    return Written(read.with_related(node, Fetch(operation.selection, One(())), rows, transaction))


def _read_back(operation: Create | Update, id_: Id, transaction: Transaction, planner: Planner) -> Written:
    with in_sight(operation):
        return Written(read.fetch(planner, Fetch(operation.selection, One(id_)), transaction).rows)


# ---------------------------------------------------------------- many rows, in the Session's transaction


def takes_rows(resource: Resource, drafts: Sequence[Draft], rows: Sequence[Values], session: Session) -> bool:
    """Tell whether creates may be inserted as rows: all of them give the same attributes, and nobody watches."""
    if not is_plain(resource.mapper) or any(getattr(session.dispatch, name) for name in SESSION_EVENTS):
        return False
    if not writes_as_usual(type(session)):
        return False
    if any(one.links or is_special(one.operation) for one in drafts):
        return False
    keys = rows[0].keys()
    if not given_keys(resource.mapper) <= keys <= columns_of(resource.mapper).keys():
        return False
    return all(one.keys() == keys for one in rows)


def insert_rows(resource: Resource, drafts: Sequence[Draft], rows: Sequence[Values], session: Session) -> list[Id]:
    """Insert rows, and give their ids in the same order; Rejected (`missing-value`) names what a row lacks."""
    session.flush()
    check_required(resource, drafts, rows)
    columns = columns_of(resource.mapper)
    statement = insert(table_of(resource.mapper)).returning(*id_columns(resource), sort_by_parameter_order=True)
    named = [{columns[key].key: value for key, value in row.items()} for row in rows]
    connection = session.connection(bind_arguments={"mapper": resource.mapper})
    return [tuple(row) for row in connection.execute(statement, named)]
