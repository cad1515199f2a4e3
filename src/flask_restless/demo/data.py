"""The content of the bookshop, made from a seed: `populate` stores it, `make_rows` only makes it.

Rows are made with Python's own random numbers in a fixed order, so that the same `seed` and `scale` give the same
rows on every database.  Keys are given, not generated; the sequences of PostgreSQL are moved behind them.
"""

from __future__ import annotations

from random import Random

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from . import catalogue_rows, trade_rows
from .models import Base
from .rows import Content, Rows

SMALL = 0.03
"""The scale for tests: about 200 rows."""


def make_rows(*, seed: int = 1, scale: float = 1) -> dict[str, Rows]:
    """Make the rows of every table.

    Returns the rows by table name, referred tables first; all rows of a table have the same keys, which are the names
    of its columns.  `scale=1` gives about 4,500 rows, other scales in proportion, but never an empty table.
    """
    content = Content(Random(seed), scale)
    catalogue_rows.add(content)
    trade_rows.add(content)
    return content.tables


def populate(session: Session, *, seed: int = 1, scale: float = 1, small: bool = False) -> int:
    """Store the content of the bookshop through `session`, and give the number of rows; the caller commits.

    The tables must exist and be empty.  `seed` and `scale` are those of `make_rows`; `small` is short for the scale
    of tests, `SMALL`.
    """
    stored = 0
    for name, rows in make_rows(seed=seed, scale=SMALL if small else scale).items():
        session.execute(insert(Base.metadata.tables[name]), rows)
        stored += len(rows)
    if session.get_bind().dialect.name == "postgresql":
        _restart_sequences(session)
    return stored


def _restart_sequences(session: Session) -> None:
    """Let PostgreSQL go on counting after the keys that were given."""
    for table in Base.metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None:
            highest = select(func.max(column)).scalar_subquery()
            session.execute(select(func.setval(func.pg_get_serial_sequence(table.name, column.name), highest)))
