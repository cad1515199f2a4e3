"""Groups: of the rows with equal values the one with the smallest key."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, tuple_

from ...operations.selection import Selection, SortKey
from .binds import Binds
from .mapping import key_names
from .order import Order, operand_of
from .scopes import Entity


def first_of_each(
    selection: Selection, rows: Select[Any], grouped: Entity, entity: Entity, binds: Binds
) -> ColumnElement[bool]:
    """Give the condition that a row of `entity` stands for its group; `rows` selects, as `grouped`, what is grouped.

    Rows are numbered inside their group, since not every database has a smallest UUID, or a smallest pair of keys.
    Nulls make a group of their own.
    """
    names = key_names(selection.resource.model)
    keys = [getattr(grouped, name) for name in names]
    order = Order()
    terms = [operand_of(SortKey(key.path, key.attribute), grouped, order, binds) for key in selection.group]
    place = func.row_number().over(partition_by=terms, order_by=keys)
    labelled = [key.label(f"k{number}") for number, key in enumerate(keys)]
    rows = order.joined(rows.with_only_columns(*labelled, place.label("place")))
    numbered = rows.subquery()
    firsts = select(*[numbered.c[one.name] for one in labelled]).where(numbered.c.place == 1)
    mine = [getattr(entity, name) for name in names]
    return mine[0].in_(firsts) if len(mine) == 1 else tuple_(*mine).in_(firsts)
