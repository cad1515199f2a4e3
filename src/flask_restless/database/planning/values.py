"""The values of one operation, in the order of the planner's parameters, and its shape without them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import assert_never

from ...operations.filters import And, Comparison, Condition, Count, Has, Identified, Not, Or
from ...operations.operation import Collection, Fetch, One, Origin, Related
from ...operations.operators import Operand
from ...operations.paging import Cursor, Page
from ...operations.selection import Selection, SortKey, Tally
from ...schema.resource import Attribute
from ..plan import LAST, LIMIT, OFFSET, Parameters


def parameters_of(fetch: Fetch) -> Parameters:
    """Give the parameters of the primary statement: of counts, the origin's ids, the filter, the sort and cursors."""
    selection = fetch.selection
    if isinstance(fetch.origin, One) and not selection.tallies and selection.filter is None:
        return named([*fetch.origin.id])
    values = [*tally_values(selection), *origin_values(fetch.origin), *list_values(selection)]
    return named([*values, *cursor_values(selection.page)])


def branch_parameters(selection: Selection) -> Parameters:
    """Give the parameters of a branch's statement, all but the keys; one row more than the page tells of a next."""
    values = named([*tally_values(selection), *list_values(selection)])
    page = selection.page
    if page is None or page.size is None:
        return values
    return values | {OFFSET: page.offset, LAST: page.offset + page.size + 1}


def tally_values(selection: Selection) -> Iterator[object]:
    """Give the values inside the counts of members."""
    for tally in selection.tallies:
        yield from condition_values(tally.condition)


def list_values(selection: Selection) -> Iterator[object]:
    """Give the values of a node's filter and order."""
    yield from condition_values(selection.filter)
    yield from sort_values(selection.sort)


def named(values: list[object]) -> Parameters:
    """Name values as `Binds` named their parameters."""
    return {f"p{number}": value for number, value in enumerate(values)}


def page_parameters(selection: Selection, extra: int) -> Parameters:
    """Give the parameters of the page, `extra` rows longer."""
    page = selection.page
    return {} if page is None or page.size is None else {LIMIT: page.size + extra, OFFSET: page.offset}


def origin_values(origin: Origin) -> Iterator[object]:
    """Give the key values by which the origin of a Fetch is found."""
    match origin:
        case Collection():
            return
        case One(id_):
            yield from id_
        case Related(_, id_, _, member):
            yield from id_
            yield from member or ()


def condition_values(condition: Condition | None) -> Iterator[object]:
    """Give the values of a filter, in the order of the walk in `where.py`."""
    match condition:
        case None:
            return
        case And(conditions) | Or(conditions):
            for one in conditions:
                yield from condition_values(one)
        case Not(inner):
            yield from condition_values(inner)
        case Has(_, inner_or_none):
            yield from condition_values(inner_or_none)
        case Identified(ids):
            yield [one[0] for one in ids] if ids and len(ids[0]) == 1 else list(ids)
        case Comparison():
            yield from _comparison_values(condition)
        case _:
            assert_never(condition)


def _comparison_values(comparison: Comparison) -> Iterator[object]:
    operand = comparison.operator.operand
    if isinstance(comparison.left, Count):
        yield from condition_values(comparison.left.condition)
    match comparison.right:
        case Attribute():
            return
        case Count(_, condition):
            yield from condition_values(condition)
        case tuple() as values if operand is Operand.VALUES:
            yield list(values)
        case (first, second) if operand is Operand.PAIR:
            yield first
            yield second
        case value if operand not in (Operand.NONE, Operand.FLAG):
            yield value


def sort_values(sort: tuple[SortKey, ...]) -> Iterator[object]:
    """Give the values inside the member counts of an order."""
    for key in sort:
        if isinstance(key.operand, Count):
            yield from condition_values(key.operand.condition)


def cursor_values(page: Page | None) -> Iterator[object]:
    """Give the values of a page's cursors that are compared with; a null is part of the shape."""
    for cursor in () if page is None else (page.after, page.before):
        if cursor is not None and cursor.values is not None:
            yield from (value for value in cursor.values if value is not None)


def shape_of(fetch: Fetch) -> Hashable:
    """Give what two operations have in common that one plan serves: all but their values."""
    origin: Hashable
    match fetch.origin:
        case Related(parent, _, relationship, member):
            origin = (parent, relationship, member is None)
        case other:
            origin = type(other).__name__
    kind = (fetch.is_many, fetch.single, fetch.is_resource, fetch.exclusive)
    return origin, kind, selection_shape(fetch.selection)


def selection_shape(selection: Selection) -> Hashable:
    """Give the shape of one node of the include tree and of all below it."""
    return (
        selection.resource,
        selection.fields,
        tuple((branch.relationship, branch.shown, selection_shape(branch.selection)) for branch in selection.branches),
        condition_shape(selection.filter),
        tuple(_sort_shape(key) for key in selection.sort),
        selection.group,
        _page_shape(selection.page),
        tuple(_tally_shape(tally) for tally in selection.tallies),
    )


def _tally_shape(tally: Tally) -> Hashable:
    return tally.relationship, tally.paged, condition_shape(tally.condition)


def _page_shape(page: Page | None) -> Hashable:
    if page is None:
        return None
    return page.size is None, page.spelling, page.total, _cursor_shape(page.after), _cursor_shape(page.before)


def _cursor_shape(cursor: Cursor | None) -> Hashable:
    if cursor is None or cursor.values is None:
        return cursor is None
    return cursor.inclusive, tuple(value is None for value in cursor.values)


def _sort_shape(key: SortKey) -> Hashable:
    operand = key.operand
    shape = _side_shape(operand) if isinstance(operand, Count) else operand
    return key.path, shape, key.descending, key.ignore_case, key.nulls_first


def condition_shape(condition: Condition | None) -> Hashable:
    """Give the shape of a filter."""
    match condition:
        case None:
            return None
        case And(conditions):
            return "and", tuple(condition_shape(one) for one in conditions)
        case Or(conditions):
            return "or", tuple(condition_shape(one) for one in conditions)
        case Not(inner):
            return "not", condition_shape(inner)
        case Has(relationship, inner_or_none):
            return "has", relationship, condition_shape(inner_or_none)
        case Identified():
            return "ids"
        case Comparison(left, operator, right):
            return _side_shape(left), operator, _side_shape(right)
        case _:
            assert_never(condition)


def _side_shape(side: object) -> Hashable:
    match side:
        case Attribute():
            return side
        case Count(relationship, condition):
            return "count", relationship, condition_shape(condition)
        case _:
            return "value"
