"""Answers that cannot fail: they may be given after the commit, since nothing is left that could refuse.

A statement that commits by itself is one round trip where a transaction takes three.  All that is read and written
after it has to be of types of which every value has its form in Python and in JSON.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
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
)

from ...schema.resource import Attribute
from ..plan import NodePlan

SURE = frozenset({BigInteger, Boolean, Integer, SmallInteger, String, Text, Unicode, UnicodeText, Uuid})
MOMENTS = frozenset({Date, DateTime, Time})
"""Types of which databases have values that Python has not: those that are infinite, and those of other ages."""


def is_sure(node: NodePlan, shown: Iterable[Column[object]], given: AbstractSet[Column[object]]) -> bool:
    """Tell whether the columns `shown` of a row can be answered whatever it holds; `given` are those just written."""
    if node.branches or len(node.layout.variants) != 1:
        return False
    variant = node.layout.variants[0]
    keys = variant.resource.identity.keys
    columns = (*variant.attributes, *variant.state, *variant.deferred)
    if not all(_is_plain(one) for one, _ in columns) or not all(
        _is_plain(one) and one.codec.text is str for one in keys
    ):
        return False
    return all(type(one.type) in SURE or (one in given and _is_moment(one)) for one in shown)


def _is_plain(attribute: Attribute) -> bool:
    """Whether the values are written as they are."""
    return attribute.codec.encode is None


def _is_moment(column: Column[object]) -> bool:
    """Whether a column gives back the moment that it was given: in another zone it may be out of Python's reach."""
    return type(column.type) in MOMENTS and not getattr(column.type, "timezone", False)
