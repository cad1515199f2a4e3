"""Like rows that are inserted together, past the Session, and read back by one statement."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Dialect, Select, bindparam, insert, select

from ...operations.alike import Alike, AlikeWritten
from ...operations.filters import Comparison, Condition, Identified
from ...operations.operation import Collection, Fetch, Id, Target
from ...operations.operators import OPERATORS
from ...operations.outcome import Row, Rows
from ...operations.problems import Rejected
from ...schema.resource import Relationship, Resource
from ..planning.planner import Planner
from ..planning.where import column, operand_type
from . import read
from .direct import are_beside, has_columns_for_id, is_beside, is_unwatched
from .drafts import has_default, needed_values
from .failures import DRIVER_ERRORS, is_of_the_moment
from .plain import columns_of, given_keys, is_plain, table_of
from .prepared import Prepared, prepared
from .relating import by_key
from .row_statements import PREFIX, id_columns, insertion
from .sight import out_of_sight
from .straight import StraightWriting
from .transaction import Transaction

Keys = tuple[str, ...]

SOUGHT = 500
"""Keys in one statement that looks for rows."""

TOGETHER = 100
"""Rows in one statement of SQLite: fewer take longer, and so do more."""


def write_alike(creates: Alike, transaction: Transaction, planner: Planner) -> AlikeWritten | None:
    """Carry out like creates past the Session; None, with nothing written, where they have to go through it.

    That is so too where anything is wrong with them: on the long way each is told what.
    """
    resource = creates.resource
    if not (is_unwatched(resource) and is_plain(resource.mapper) and has_columns_for_id(resource)):
        return None
    if any(one.shown for one in creates.selection.branches) or not all(map(_is_by_key, creates.relationships)):
        return None
    keys = [one.key for one in creates.attributes]
    keys += [key for one in creates.relationships for key in one.local_keys]
    if not keys or len(set(keys)) < len(keys) or not _is_complete(resource, keys, creates):
        return None
    node = planner.plan(Fetch(creates.selection, Collection())).node
    if any(one.derived for one in node.walk()):
        return None
    lane = transaction.writing(resource.mapper)
    if lane is None or not lane.dialect.insert_returning:
        return None
    targets = [Target(one.target, None) for one in creates.relationships]
    if not (are_beside(targets, transaction, lane) and is_beside(node, transaction, lane)):
        return None
    try:
        if not _are_there(creates, lane):
            return None
        ids = _inserted(creates, tuple(keys), lane)
        if ids is None or len(ids) < len(creates):  # a trigger has kept rows out: nobody knows which
            return None
    except DRIVER_ERRORS as error:
        if is_of_the_moment(error):
            raise
        return None
    rows = _read_back(creates, ids, transaction, planner)
    return None if rows is None else AlikeWritten(rows)


def _is_by_key(relationship: Relationship) -> bool:
    """Whether each id of a target is the value of a foreign key, in one column."""
    target = Target(relationship.target, None)
    return by_key(relationship, target) and len(relationship.local_keys) == 1


def _is_complete(resource: Resource, keys: Sequence[str], creates: Alike) -> bool:
    """Whether all rows have what they need, and no null stands where a default would."""
    columns = columns_of(resource.mapper)
    needed = needed_values(resource).keys() | given_keys(resource.mapper)
    if not columns.keys() >= set(keys) or needed - set(keys):
        return False
    careful = [place for place, key in enumerate(keys) if key in needed or has_default(columns[key])]
    return not any(row[place] is None for row in creates.rows for place in careful)


def _values(creates: Alike) -> Iterator[list[object]]:
    """Give the values of each row, with the keys of its targets in place of their ids."""
    border = len(creates.attributes)
    for row in creates.rows:
        values = list(row)
        for place in range(border, len(values)):
            (values[place],) = values[place]  # type: ignore[misc]  # an id, of one value
        yield values


# ---------------------------------------------------------------- what they refer to


def _are_there(creates: Alike, lane: StraightWriting) -> bool:
    """Whether there are all rows that are referred to."""
    for number, relationship in enumerate(creates.relationships):
        ids = creates.ids(number)
        for start in range(0, len(ids), SOUGHT):
            some = [id_[0] for id_ in ids[start : start + SOUGHT]]
            if len(lane.rows(_present(relationship.target), {"ids": some})) < len(some):
                return False
    return True


@lru_cache(maxsize=256)
def _present(resource: Resource) -> Select[Any]:
    (key,) = resource.identity.keys
    among = bindparam("ids", type_=operand_type(resource.model, key), expanding=True)
    return select(column(resource.model, key)).where(column(resource.model, key).in_(among))


# ---------------------------------------------------------------- inserting


def _inserted(creates: Alike, keys: Keys, lane: StraightWriting) -> list[Id] | None:
    """Insert rows, and give their ids in the same order; None where that cannot be told."""
    resource = creates.resource
    short = _simple(resource, keys, lane.dialect) if lane.dialect.name == "sqlite" else None
    if short is not None:
        return _inserted_together(short, keys, creates, lane)
    columns = columns_of(resource.mapper)
    names = [columns[key].key for key in keys]
    statement = insert(table_of(resource.mapper)).returning(*id_columns(resource), sort_by_parameter_order=True)
    return [
        tuple(row) for row in lane.execute(statement, [dict(zip(names, row, strict=True)) for row in _values(creates)])
    ]


def _simple(resource: Resource, keys: Keys, dialect: Dialect) -> Prepared | None:
    """Prepare what inserts a row by nothing but its values, if the database numbers it, which tells the order."""
    number, *others = id_columns(resource)
    if others or number is not table_of(resource.mapper).autoincrement_column:
        return None
    if any(columns_of(resource.mapper)[key] is number for key in keys):
        return None
    short = prepared(insertion(resource, keys), dialect)
    return short if short is not None and _marks(len(keys)) in short.text else None


def _inserted_together(short: Prepared, keys: Keys, creates: Alike, lane: StraightWriting) -> list[Id] | None:
    """Insert many rows by each statement: to execute one takes SQLite's driver longer than to insert a row.

    None where a type has no form of a value, and where the order of the ids is not that of the rows: once the greatest
    number is taken SQLite tries others at random.
    """
    rows, border = creates.rows, len(creates.attributes)
    readers: list[tuple[int, Callable[[Any], Any] | None]] = []
    for name, process in short.readers:
        place = keys.index(name.removeprefix(PREFIX))
        readers.append((place, process if place < border else _of_id(process)))
    marks, ids = _marks(len(keys)), list[Id]()
    for start in range(0, len(rows), TOGETHER):
        some = rows[start : start + TOGETHER]
        try:
            values = [
                row[place] if process is None else process(row[place]) for row in some for place, process in readers
            ]
        except Exception:  # types of the application's own may raise anything, and will once more
            return None
        text = short.text.replace(marks, ", ".join([marks] * len(some)))
        found: list[Any] = sorted(tuple(row) for row in lane.said(text, values))
        if not found or found[-1][0] - found[0][0] != len(some) - 1:
            return None
        ids += found
    return ids


def _of_id(process: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    """Have the one value of an id processed."""
    return itemgetter(0) if process is None else lambda id_: process(id_[0])


def _marks(size: int) -> str:
    """Give what stands for the values of a row, where nothing is done to them."""
    return "(" + ", ".join("?" * size) + ")"


# ---------------------------------------------------------------- reading back


def _read_back(creates: Alike, ids: list[Id], transaction: Transaction, planner: Planner) -> Rows | None:
    """Read rows back, in the order of `ids`; None where they have more related rows than one answer may hold.

    Each of them by itself may have fewer.
    """
    selection = replace(creates.selection, filter=_among(creates.resource, ids))
    try:
        rows = read.fetch(planner, Fetch(selection, Collection()), transaction).rows
    except Rejected as rejected:
        if rejected.problems[0].code != "limit-exceeded":
            raise
        return None
    places = rows.layout.variants[0].identity
    by_id: dict[Id, Row] = {tuple(row[place] for place in places): row for row in rows.rows}
    if unseen := [number for number, id_ in enumerate(ids) if id_ not in by_id]:
        raise out_of_sight(creates[unseen[0]])
    return Rows(rows.layout, [by_id[id_] for id_ in ids], rows.branches)


def _among(resource: Resource, ids: list[Id]) -> Condition:
    """Give the condition that a row is one of those; numbers without a gap between them are known by their ends."""
    (key, *others), first = resource.identity.keys, ids[0]
    if not others and isinstance(first[0], int):
        numbers: Any = [id_[0] for id_ in ids]
        if max(numbers) - min(numbers) == len(numbers) - 1:
            return Comparison(key, OPERATORS["between"], (min(numbers), max(numbers)))
    return Identified(tuple(ids))
