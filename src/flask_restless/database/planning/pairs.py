"""Linkage from a table of pairs alone: the keys of related rows, without a look at these rows.

A foreign key of the table says that the rows are there, as one in a row itself says it of to-one linkage.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Integer, Select, Table, Uuid, bindparam, select

from ...operations.outcome import Layout
from ...operations.selection import Branch
from ...schema.resource import Resource
from ..plan import MOST
from .mapping import key_names
from .scopes import is_scoped
from .ways import Way, is_among_keys

SAME = (Integer, Uuid)
"""Types of which equal values are the same: texts, which databases may compare without case, would be the pair's."""


def pairs_alone(branch: Branch, way: Way, layout: Layout) -> Select[Any] | None:
    """Select the rows of a branch from its table of pairs, in the order of their keys for each row above.

    None where the related rows have a say in it: in which of them there are, in their order, or in what is read.
    """
    resource = branch.selection.resource
    if branch.shown or not way.held or way.order or is_scoped(resource) or not _is_whole_table(resource):
        return None
    columns = [resource.mapper.get_property(key.key).columns[0] for key in resource.identity.keys]
    held = [way.held[one] for one in columns if one in way.held and _is_same(way.held[one], one)]
    if len(held) != len(columns) or {key.key for key in resource.identity.keys} != set(key_names(resource.model)):
        return None
    selected = dict(zip(layout.parent, way.expressions, strict=True))
    selected |= zip(layout.variants[0].identity, held, strict=True)
    labelled = [selected[number].label(f"c{number}") for number in range(len(selected))]
    there = [one.is_not(None) for one in held if one.nullable]
    statement = select(*labelled).where(is_among_keys(way.expressions), *there)
    return statement.order_by(*way.expressions, *held).limit(bindparam(MOST, type_=BigInteger()))


def _is_whole_table(resource: Resource) -> bool:
    """Whether each row of one table is of that resource, and of no subtype that has a name of its own."""
    mapper = resource.mapper
    return mapper.inherits is None and not resource.subtypes and isinstance(mapper.local_table, Table)


def _is_same(held: Any, column: Any) -> bool:
    """Whether a column of the pairs is declared to hold what the related row does."""
    original = held.base_columns
    refers = any(isinstance(one, Column) and one.references(column) for one in original)
    return refers and isinstance(column.type, SAME) and repr(held.type) == repr(column.type)
