"""Answers that cannot fail: they may be given after the commit, since nothing is left that could refuse.

A statement that commits by itself is one round trip where a transaction takes three.  All that is read and written
after it has to be of types of which every value has its form in Python and in JSON.  Moments are not: databases have
infinite ones, and those of other ages.  One that is written can be looked at; of one that is there already the
statement has to demand that Python knows it.

All that goes by the types of the model.  Whether those of the table are the same is for the catalogue to say
(`stillness`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import date, time
from functools import lru_cache
from types import MappingProxyType

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Date,
    DateTime,
    Integer,
    SmallInteger,
    String,
    Text,
    Time,
    Unicode,
    UnicodeText,
    Uuid,
    literal_column,
    or_,
)

from ...schema.resource import Attribute
from ..plan import NodePlan

SURE = frozenset({BigInteger, Boolean, Integer, SmallInteger, String, Text, Unicode, UnicodeText, Uuid})
MOMENTS = frozenset({Date, DateTime, Time})
"""Types of which databases have values that Python has not."""

YEARS = range(2, 9999)
"""The years of which every moment is one that Python knows, whatever zone it is told in."""

FIRST: ColumnElement[date] = literal_column(f"DATE '{YEARS[0]:04}-01-01'")
LAST: ColumnElement[date] = literal_column(f"DATE '{YEARS[-1]}-12-31'")
MIDNIGHT: ColumnElement[time] = literal_column("TIME '24:00'")
LAST_SECOND = (23, 59, 59)

KINDS: Mapping[type, str] = MappingProxyType({Uuid: "uuid", Time: "time", Date: "day", DateTime: "day"})
"""What types are of which the database has others that Python reads in other ways; `sure` are all others."""

Columns = tuple[Column[object], ...]


def doubtful(node: NodePlan, shown: Columns, given: AbstractSet[Column[object]]) -> Columns | None:
    """Give those of the columns `shown` of a row whose values Python may not know; `given` are those just written.

    None where more than that may keep the row from being answered.
    """
    if node.branches or len(node.layout.variants) != 1:
        return None
    variant = node.layout.variants[0]
    keys = variant.resource.identity.keys
    columns = (*variant.attributes, *variant.state, *variant.deferred)
    if not all(_is_plain(one) for one, _ in columns) or not all(
        _is_plain(one) and one.codec.text is str for one in keys
    ):
        return None
    unsure = [one for one in shown if type(one.type) not in SURE]
    if not all(_is_moment(one) for one in unsure):
        return None
    return tuple(one for one in unsure if one not in given)


def are_known(values: Iterable[object]) -> bool:
    """Tell whether Python knows each of the values once the database has told it, in whatever zone it likes."""
    return all(_is_known(one) for one in values if isinstance(one, date | time))


def _is_known(moment: date | time) -> bool:
    """Tell it of one; a table that keeps whole seconds rounds the last of them to the midnight that Python has not."""
    if isinstance(moment, date):
        return moment.year in YEARS
    return (moment.hour, moment.minute, moment.second) != LAST_SECOND


@lru_cache(maxsize=1024)
def kind_of(column: Column[object]) -> str:
    """Give the name of a column, after what its type has to be in the database if it is to be read as it is here."""
    return f"{KINDS.get(type(column.type), 'sure')} {column.name}"


@lru_cache(maxsize=1024)
def is_known(column: Column[object]) -> ColumnElement[bool]:
    """Give the condition that Python knows what a row has in a column of moments."""
    if type(column.type) is Time:
        return or_(column.is_(None), column < MIDNIGHT)
    return or_(column.is_(None), column.between(FIRST, LAST))


def _is_plain(attribute: Attribute) -> bool:
    """Whether the values are written as they are."""
    return attribute.codec.encode is None


def _is_moment(column: Column[object]) -> bool:
    """Whether a column has moments; times of day with a zone are apart: their zones may be none of Python's."""
    return type(column.type) in MOMENTS and not (type(column.type) is Time and column.type.timezone)
