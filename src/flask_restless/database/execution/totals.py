"""Totals of SQLite that are known already: what was counted holds for as long as nobody has written.

SQLite tells a connection in a few microseconds whether others have changed its file.  So a count that took long is
kept on its connection, along with the state of the database, and holds exactly while that stays (decision record 36).
Servers have nothing of the kind.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from functools import lru_cache
from time import perf_counter
from typing import Any

from sqlalchemy import Select, Table
from sqlalchemy.sql.operators import custom_op
from sqlalchemy.sql.visitors import iterate

from ..plan import Parameters
from .straight import Straight

KEY = "flask_restless.totals"
"""Where the `info` of a connection holds its totals."""

SLOW = 0.0005
"""Seconds that a count takes at least for the state to be asked for in its place."""

KEPT = 64
"""Totals that are kept on a connection."""

UNKNOWN: Hashable = None
"""The state of a database that cannot tell it, or not of those tables."""

STEADY = frozenset(
    {
        "alias",
        "binary",
        "bindparam",
        "clauselist",
        "column",
        "expression_clauselist",
        "false",
        "function",
        "grouping",
        "join",
        "null",
        "select",
        "subquery",
        "table",
        "true",
        "tuple",
        "unary",
    }
)
"""The parts of a statement that say the same about the same rows whenever they are asked."""

FUNCTIONS = frozenset({"count", "lower"})

STATE = (
    "SELECT data_version, schema_version FROM pragma_data_version, pragma_schema_version "
    "WHERE NOT EXISTS (SELECT 1 FROM sqlite_temp_master) AND {count} = (SELECT count(*) FROM sqlite_master "
    "WHERE type = 'table' AND name COLLATE NOCASE IN ({names}) AND sql NOT LIKE 'CREATE VIRTUAL%')"
)
"""Numbers for changes by others and for changes of tables, where all is in plain tables of the file: views may go by
the clock.  How many rows the connection itself has changed is known without a statement."""

Key = tuple[Hashable, ...]


def counted(lane: Straight, statement: Select[Any], parameters: Parameters) -> int | None:
    """Give what a statement counts; None for one that needs more than a driver; DBAPIError."""
    if lane.dialect.driver != "pysqlite":
        return _counted(lane, statement, parameters)
    known: OrderedDict[Key, tuple[Hashable, int]] = lane.info.get(KEY) or OrderedDict()
    key = _key(statement, parameters)
    if key is None or key not in known:
        started = perf_counter()
        total = _counted(lane, statement, parameters)
        is_slow = perf_counter() - started >= SLOW
        if total is not None and key is not None and is_slow and tables_of(statement):
            _keep(lane, key, UNKNOWN, total)
        return total
    state = _state(lane, tables_of(statement))
    then, total = known[key]
    if state is UNKNOWN or state != then:
        total = _counted(lane, statement, parameters)
    if total is not None:
        _keep(lane, key, state, total)
    return total


def _counted(lane: Straight, statement: Select[Any], parameters: Parameters) -> int | None:
    rows = lane.rows(statement, parameters)
    return None if rows is None else int(str(rows[0][0]))


def _key(statement: Select[Any], parameters: Parameters) -> Key | None:
    """Identify a count, and the types of its values, since equal ones may compare differently; None if nothing can."""
    values = parameters.values()
    key = (statement, *parameters, *values, *map(type, values))
    try:
        hash(key)
    except TypeError:
        return None
    return key


def _keep(lane: Straight, key: Key, state: Hashable, total: int) -> None:
    """Keep a total as of a state; of an unknown state it only tells that the count takes long."""
    known = lane.info.setdefault(KEY, OrderedDict())
    known[key] = state, total
    known.move_to_end(key)
    while len(known) > KEPT:
        known.popitem(last=False)


def _state(lane: Straight, tables: Sequence[Table]) -> Hashable:
    """Give the state of a database, read before what is counted in it, so that it can only be too old.

    What was not committed yet may be undone, and what is attached has versions of its own.
    """
    changes = lane.changes
    if changes is None or any(one.schema for one in tables):
        return UNKNOWN
    text = STATE.format(count=len(tables), names=", ".join("?" * len(tables)))
    rows = lane.said(text, tuple(one.name for one in tables))
    return (*rows[0], changes) if rows else UNKNOWN


@lru_cache(maxsize=1024)
def tables_of(statement: Select[Any]) -> tuple[Table, ...]:
    """Give the tables that a count goes by; none if it may give something else though they are the same."""
    parts = list(iterate(statement))
    if not all(_is_steady(one) for one in parts):
        return ()
    return tuple({one.fullname: one for one in parts if isinstance(one, Table)}.values())


def _is_steady(part: Any) -> bool:
    if part.__visit_name__ not in STEADY or isinstance(getattr(part, "operator", None), custom_op):
        return False
    if part.__visit_name__ == "function" and part.name not in FUNCTIONS:
        return False
    if getattr(part, "is_literal", False):
        return str(part.name) == "*"
    return not getattr(getattr(part, "type", None), "_has_bind_expression", False)
