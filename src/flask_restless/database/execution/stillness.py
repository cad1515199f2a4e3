"""Tables of PostgreSQL on which nothing else happens when a row is written: `RETURNING` tells how the row is then.

It does not see what a trigger or a rule makes of the row afterwards.  So the catalogue is asked whether a table has
any, and asked again after a while: what is created while we run is noticed within that time.
"""

from __future__ import annotations

from time import monotonic
from weakref import WeakKeyDictionary

from sqlalchemy import Boolean, Engine, Table, text

from .straight import StraightWriting

SECONDS = 60.0
"""How long an answer of the catalogue is kept."""

QUERY = text(
    "SELECT relkind = 'r' AND NOT relhassubclass AND NOT relhasrules AND NOT EXISTS "
    "(SELECT FROM pg_trigger WHERE tgrelid = pg_class.oid AND NOT tgisinternal) AS still "
    "FROM pg_class WHERE oid = to_regclass(:name)"
).columns(still=Boolean)


class Stillness:
    """What is known of the tables of the engines that are written to."""

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[Engine, dict[Table, tuple[float, bool]]] = WeakKeyDictionary()

    def of(self, table: Table, lane: StraightWriting) -> bool:
        """Whether writing a row of a table does only that."""
        if lane.dialect.name != "postgresql":
            return False
        known = self._known.setdefault(lane.engine, {})
        until, is_still = known.get(table, (0.0, False))
        now = monotonic()
        if now > until:
            rows = lane.rows(QUERY, {"name": lane.dialect.identifier_preparer.format_table(table)})
            is_still = bool(rows and rows[0][0])
            known[table] = now + SECONDS, is_still
        return is_still
