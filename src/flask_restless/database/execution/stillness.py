"""Tables of PostgreSQL on which nothing else happens when a row is written: `RETURNING` tells how the row is then.

It does not see what a trigger or a rule makes of the row afterwards, nor what a foreign key does that follows a change.
So the catalogue is asked whether a table has any, and what its columns really are; and asked again after a while: what
is created while we run is noticed within that time.

Which table it is that a name leads to is for the connection to say, by its user and its `search_path`.  So what is
known is kept along with that, and nothing is where a listener to the pool may choose anew with each request.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from time import monotonic
from typing import NamedTuple, cast

from sqlalchemy import ARRAY, Boolean, Column, Table, Text, text

from .straight import StraightWriting
from .sure import kind_of

SECONDS = 60.0
"""How long an answer of the catalogue is kept."""

KEPT = "flask_restless.stillness"
"""The name of what is known in the `info` of a connection."""

QUERY = text(
    "SELECT relkind = 'r' AND NOT relhassubclass AND NOT relhasrules AND NOT EXISTS "
    "(SELECT FROM pg_trigger WHERE tgrelid = pg_class.oid AND NOT tgisinternal) AS still, "
    "ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = pg_class.oid AND EXISTS "
    "(SELECT FROM pg_constraint WHERE contype = 'f' AND confrelid = attrelid AND attnum = ANY (confkey) "
    "AND confupdtype NOT IN ('a', 'r'))) AS followed, "
    "ARRAY(SELECT (CASE WHEN atttypid = 'uuid'::regtype THEN 'uuid' WHEN atttypid = 'time'::regtype THEN 'time' "
    "WHEN atttypid IN ('date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype) THEN 'day' ELSE 'sure' END) "
    "|| ' ' || attname FROM pg_attribute WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped "
    "AND (atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'bool'::regtype, 'text'::regtype, "
    "'varchar'::regtype, 'bpchar'::regtype, 'uuid'::regtype) "
    "OR atttypid IN ('date'::regtype, 'time'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype) "
    "AND current_setting('datestyle') LIKE 'ISO%' "
    "AND coalesce(to_jsonb(pg_attribute) ->> 'attgenerated', '') = '')) AS kinds "
    "FROM pg_class WHERE oid = to_regclass(:name)"
).columns(still=Boolean, followed=ARRAY(Text), kinds=ARRAY(Text))
"""A moment that is generated is so anew with every change; PostgreSQL knows of that from version 12 on.

Drivers do not read every moment in any style but ISO.
"""


class _Known(NamedTuple):
    """What the catalogue says of a table, and until when that is believed.

    `followed` are the columns of which foreign keys follow every change; `kinds` are the others' kinds and names.
    """

    until: float = 0.0
    is_still: bool = False
    followed: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()


def is_still(table: Table, lane: StraightWriting) -> bool:
    """Whether a new row of a table is just that."""
    return _may_ask(lane) and _known(table, lane).is_still


def stays_still(columns: Iterable[Column[object]], table: Table, lane: StraightWriting) -> bool:
    """Whether a change of those columns of a row is just that."""
    if not is_still(table, lane):
        return False
    followed = _known(table, lane).followed
    return not followed or all(one.name not in followed for one in columns)


def are_of_their_kinds(columns: Collection[Column[object]], table: Table, lane: StraightWriting) -> bool:
    """Whether columns of a still table are there what the model says, as far as it matters for reading them."""
    return _known(table, lane).kinds.issuperset([kind_of(one) for one in columns])


def _may_ask(lane: StraightWriting) -> bool:
    return lane.dialect.name == "postgresql" and not lane.engine.pool.dispatch.checkout


def _known(table: Table, lane: StraightWriting) -> _Known:
    known = cast(dict[Table, _Known], lane.info.setdefault(KEPT, {}))
    found, now = known.get(table, _Known()), monotonic()
    if now > found.until:
        rows = lane.rows(QUERY, {"name": lane.dialect.identifier_preparer.format_table(table)})
        still, followed, kinds = cast(tuple[bool, list[str], list[str]], rows[0] if rows else (False, [], []))
        found = known[table] = _Known(now + SECONDS, bool(still), frozenset(followed), frozenset(kinds))
    return found
