"""Tables of PostgreSQL on which nothing else happens when a row is written: `RETURNING` tells how the row is then.

It does not see what a trigger or a rule makes of the row afterwards.  So the catalogue is asked whether a table has
any, and asked again after a while: what is created while we run is noticed within that time.
"""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic
from typing import NamedTuple, cast
from weakref import WeakKeyDictionary

from sqlalchemy import ARRAY, Boolean, Column, Engine, Table, Text, text

from .straight import StraightWriting

SECONDS = 60.0
"""How long an answer of the catalogue is kept."""

QUERY = text(
    "SELECT relkind = 'r' AND NOT relhassubclass AND NOT relhasrules AND NOT EXISTS "
    "(SELECT FROM pg_trigger WHERE tgrelid = pg_class.oid AND NOT tgisinternal) AS still, "
    "ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped "
    "AND atttypid IN ('date'::regtype, 'time'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype) "
    "AND coalesce(to_jsonb(pg_attribute) ->> 'attgenerated', '') = '') AS moments "
    "FROM pg_class WHERE oid = to_regclass(:name)"
).columns(still=Boolean, moments=ARRAY(Text))
"""What is generated is so anew with every change; PostgreSQL knows of that from version 12 on."""


class _Known(NamedTuple):
    """What the catalogue says of a table, and until when that is believed."""

    until: float = 0.0
    is_still: bool = False
    moments: frozenset[str] = frozenset()


class Stillness:
    """What is known of the tables of the engines that are written to."""

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[Engine, dict[Table, _Known]] = WeakKeyDictionary()

    def of(self, table: Table, lane: StraightWriting) -> bool:
        """Whether writing a row of a table does only that."""
        return lane.dialect.name == "postgresql" and self._of(table, lane).is_still

    def keeps(self, columns: Iterable[Column[object]], table: Table, lane: StraightWriting) -> bool:
        """Whether columns of a table are days or times there too, which a change of others leaves as they are."""
        moments = self._of(table, lane).moments
        return all(one.name in moments for one in columns)

    def _of(self, table: Table, lane: StraightWriting) -> _Known:
        known = self._known.setdefault(lane.engine, {})
        found, now = known.get(table, _Known()), monotonic()
        if now > found.until:
            rows = lane.rows(QUERY, {"name": lane.dialect.identifier_preparer.format_table(table)})
            still, moments = cast(tuple[bool, list[str]], rows[0] if rows else (False, []))
            found = known[table] = _Known(now + SECONDS, bool(still), frozenset(moments))
        return found
