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
from .prepared import prepared
from .straight import Straight

KEY = "flask_restless.totals"
"""Where the `info` of a connection holds its totals."""

SLOW = 0.0005
"""Seconds that a count takes at least for the state to be asked for in its place."""

KEPT = 64
"""Totals that are kept on a connection."""

MANY = 50
"""Values of a count, more of which are not looked up."""

State = tuple[int, int, int]
"""The versions of the data and of the schema, and how many rows the connection itself has changed."""

NEVER: State = (-1, -1, -1)
"""What stands for the state of a database that cannot tell it, or not of those tables."""

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
    "SELECT data_version, schema_version{total} FROM pragma_data_version, pragma_schema_version "
    "WHERE NOT EXISTS (SELECT 1 FROM sqlite_temp_master){more}"
)
"""Numbers for changes by others and for changes of tables, unless temporary tables may stand before others; how often
the connection itself has changed a row is known without a statement."""

PLAIN = (
    " AND {count} = (SELECT count(*) FROM sqlite_master "
    "WHERE type = 'table' AND name COLLATE NOCASE IN ({names}) AND sql NOT LIKE 'CREATE VIRTUAL%') "
    "AND NOT EXISTS (SELECT 1 FROM pragma_read_uncommitted WHERE read_uncommitted)"
)
"""Where all is in plain tables of the file, as views may go by the clock, and nothing of it can be undone by others."""

AGAIN = STATE.format(total="", more="")

MARK = "qmark"
"""The style of the marks for values in these statements, which have to be those of the count among them."""

Key = tuple[Hashable, ...]
Bound = tuple[str, Sequence[Any]]
"""A text, and its values as the driver takes them."""


def counted(lane: Straight, statement: Select[Any], parameters: Parameters) -> int | None:
    """Give what a statement counts; None for one that needs more than a driver; DBAPIError."""
    if lane.dialect.driver != "pysqlite" or lane.dialect.paramstyle != MARK:
        rows = lane.rows(statement, parameters)
        return None if rows is None else int(str(rows[0][0]))
    short = prepared(statement, lane.dialect)
    bound = None if short is None else short.bound(parameters)
    return None if bound is None else _known(lane, statement, bound)


def _known(lane: Straight, statement: Select[Any], bound: Bound) -> int:
    """Give a total that is known, else count."""
    known: OrderedDict[Key, tuple[State | None, int]] = lane.info.get(KEY) or OrderedDict()
    key = _key(statement, bound)
    is_known, (then, before) = key in known, known.get(key, (None, 0))
    if then is not None and _is_still(lane, then):
        return before
    started = perf_counter()
    if is_known and then is not NEVER:
        then, total = _counted_as_of(lane, statement, bound)
    else:
        total = _counted(lane, bound)
    if perf_counter() - started < SLOW:  # once it may have taken long by chance
        known.pop(key, None)
    elif key and tables_of(statement):
        _keep(lane, key, then, total)
    return total


def _counted(lane: Straight, bound: Bound) -> int:
    return int(str(lane.said(*bound)[0][0]))


def _counted_as_of(lane: Straight, statement: Select[Any], bound: Bound) -> tuple[State, int]:
    """Count, and give the state along with the total, by one statement.

    What was not committed yet may be undone, and what is attached has versions of its own.
    """
    changes, tables = lane.changes, tables_of(statement)
    if changes is not None and not any(one.schema for one in tables):
        more = PLAIN.format(count=len(tables), names=", ".join("?" * len(tables)))
        text = STATE.format(total=f", ({bound[0]})", more=more)
        numbers: Sequence[Sequence[Any]] = lane.said(text, (*bound[1], *(one.name for one in tables)))
        if numbers:
            version, schema, total = numbers[0]
            return (version, schema, changes), total
    return NEVER, _counted(lane, bound)


def _is_still(lane: Straight, then: State) -> bool:
    """Whether the database is in that state; what is there in the same tables has been looked at before."""
    if lane.changes != then[2]:
        return False
    numbers = lane.said(AGAIN, ())
    return bool(numbers) and tuple(numbers[0]) == then[:2]


def _key(statement: Select[Any], bound: Bound) -> Key:
    """Identify a count by its values as the driver takes them; empty if nothing can, or if they are many.

    Values that are equal in Python may differ as texts, and equal ones of several types compare differently.
    """
    values = bound[1]
    if len(values) > MANY:
        return ()
    key = (statement, *values, *map(type, values))
    try:
        hash(key)
    except (TypeError, ValueError):  # what may change, such as bytes
        return ()
    return key


def _keep(lane: Straight, key: Key, state: State | None, total: int) -> None:
    """Keep a total as of a state; without one that only tells that the count takes long."""
    known = lane.info.setdefault(KEY, OrderedDict())
    known.pop(key, None)  # each step by itself leaves it whole: threads may share the connection
    known[key] = state, total
    while len(known) > KEPT:
        known.popitem(last=False)


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
    if part.__visit_name__ == "table" and not isinstance(part, Table):  # known by name alone, and not looked at
        return False
    if getattr(part, "is_literal", False):
        return str(part.name) == "*"
    return not getattr(getattr(part, "type", None), "_has_bind_expression", False)
