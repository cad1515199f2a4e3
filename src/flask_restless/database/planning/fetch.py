"""A Fetch to its statements: the primary rows, the count, the test for the row above, and one for each branch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import BigInteger, Select, Subquery, and_, bindparam, func, literal, select, tuple_
from sqlalchemy.orm import aliased, selectinload

from ...operations.operation import Collection, Fetch, One, Related
from ...operations.paging import Spelling, Total
from ...operations.selection import Branch, Selection, SortKey
from ...schema.resource import Relationship, Resource
from ..plan import LAST, LIMIT, MOST, OFFSET, BranchPlan, FetchPlan, NodePlan
from .binds import Binds
from .columns import Columns, layout_of
from .group import first_of_each
from .keyset import segments, selected
from .mapping import key_names, locking, mapped_order, property_of
from .order import Order, order_of, turned
from .pairs import pairs_alone
from .scopes import NO_SCOPES, Entity, Scopes
from .state import State
from .ways import upper_keys, way_to
from .where import column, compile_condition, has_id, joined_to


def plan_fetch(fetch: Fetch, scopes: Scopes = NO_SCOPES) -> FetchPlan:
    """Make the plan for operations of the shape of `fetch`, for callers whose scopes are of the shape of `scopes`."""
    selection = fetch.selection
    binds = Binds(scopes)
    columns = Columns(selection, binds)
    branch_keys = [_branch_keys(columns, branch) for branch in selection.branches]
    statement = primary_rows(fetch, select(), columns.entity, binds)
    position: tuple[int, ...] = ()
    conditions: list[Any] = [None]
    order = Order()
    if fetch.is_many or fetch.single:
        order = order_of(_walked(selection), selection.resource, columns.entity, binds, _mapped_order(fetch))
        statement = order.apply(statement)
        if selection.page is not None and selection.page.spelling is Spelling.CURSOR:
            conditions = list(segments(selection.page, selection.sort, order.operands, binds))
            position = tuple(columns.append(selected(one)) for one in order.operands)
    layout = replace(layout_of(columns, (), branch_keys, state=_state_of(fetch)), position=position)
    statement = _with_columns(statement, columns)
    if selection.page is not None and selection.page.size is not None:
        statement = statement.limit(bindparam(LIMIT, type_=BigInteger())).offset(bindparam(OFFSET, type_=BigInteger()))
    if fetch.exclusive:
        statement = locking(statement, _locked_table(selection.resource))
    first, *more = [statement if one is None else statement.where(one) for one in conditions]
    node = NodePlan(first, layout, _branches(selection, branch_keys, scopes), tuple(columns.derived))
    count = _count(fetch, scopes) if selection.page is not None else None
    beyond = replace(node, statement=more[0]) if more else None
    return FetchPlan(node, count, _parent_exists(fetch, scopes), beyond, _reversed(node, fetch, order))


def _reversed(node: NodePlan, fetch: Fetch, order: Order) -> NodePlan | None:
    """Read a page from the end of a list that has a counted length; None where that gives no page of its own."""
    page = fetch.selection.page
    if page is None or page.size is None or page.total is not Total.EXACT or page.spelling is Spelling.CURSOR:
        return None
    if not (fetch.is_many and order.reverse) or node.derived or fetch.exclusive:
        return None
    return replace(node, statement=node.statement.order_by(None).order_by(*order.reverse))


def _locked_table(resource: Resource) -> Any:
    """Give the table whose rows are locked: of a hierarchy the one that all of its resources share."""
    mapper = resource.mapper
    return mapper.local_table if mapper.concrete else mapper.base_mapper.local_table


def _state_of(fetch: Fetch) -> State:
    """Say how much of a row's state is read: that of a list's rows tells nobody anything."""
    if fetch.exclusive:
        return State.WHOLE
    return State.SHOWN if fetch.is_resource else State.NONE


def _walked(selection: Selection) -> tuple[SortKey, ...]:
    """Give the order in which rows are read: the list's own, or its reverse for those short of a cursor."""
    if selection.page is None or not selection.page.is_backward:
        return selection.sort
    return tuple(map(turned, selection.sort))


def _with_columns(statement: Select[Any], columns: Columns) -> Select[Any]:
    if not columns.derived:
        return statement.add_columns(*columns.expressions)
    return statement.add_columns(*columns.expressions, columns.entity).options(*_unjoined(columns), *columns.loads)


def _unjoined(columns: Columns) -> list[Any]:
    """Load apart what the mapping would join to the instances: a join would double the rows of the statement.

    Nor can a loader run the whole statement again beside rows that are read in chunks.
    """
    properties = columns.selection.resource.mapper.relationships
    apart = ("joined", False, "subquery")
    return [selectinload(getattr(columns.entity, one.key)) for one in properties if one.lazy in apart]


def primary_rows(fetch: Fetch, statement: Select[Any], entity: Entity, binds: Binds) -> Select[Any]:
    """Keep the rows that the origin has, that meet the filter, and that stand for their groups if there are any."""
    selection = fetch.selection
    if not selection.group:
        return _restricted(_from_origin(fetch, statement, entity, binds), selection, entity, binds)
    grouped: Entity = aliased(selection.resource.model, flat=True)
    keys = [column(grouped, key) for key in selection.resource.identity.keys]
    rows = _restricted(_from_origin(fetch, select(*keys), grouped, binds), selection, grouped, binds)
    return statement.select_from(entity).where(first_of_each(selection, rows, grouped, entity, binds))


def _from_origin(fetch: Fetch, statement: Select[Any], entity: Entity, binds: Binds) -> Select[Any]:
    """Say which rows the origin has: the FROM, the joins and the ids."""
    match fetch.origin:
        case Collection():
            return statement.select_from(entity)
        case One():
            return statement.select_from(entity).where(has_id(fetch.selection.resource, entity, binds))
        case Related(parent, _, relationship, member):
            statement = _related_rows(statement, entity, parent, relationship, binds)
            if member is not None:
                statement = statement.where(has_id(fetch.selection.resource, entity, binds))
            return statement


def _related_rows(
    statement: Select[Any], entity: Entity, parent: Resource, relationship: Relationship, binds: Binds
) -> Select[Any]:
    """Keep the rows that one row of `parent` is related to; over an association object a row may be so twice."""
    owner: Entity = aliased(parent.model, flat=True)
    if len(relationship.path) == 1:
        statement = joined_to(statement.select_from(owner), entity, owner, relationship, binds)
        statement = statement.where(has_id(parent, owner, binds))
        return _visible_only(statement, parent, owner, binds)
    target: Entity = aliased(relationship.target_model, flat=True)
    keys = [key.key for key in relationship.target.identity.keys]
    inner = select(*[getattr(target, key) for key in keys]).select_from(owner)
    inner = joined_to(inner, target, owner, relationship, binds)
    inner = _visible_only(inner.where(has_id(parent, owner, binds)), parent, owner, binds)
    mine = [getattr(entity, key) for key in keys]
    statement = statement.select_from(entity)
    return statement.where(mine[0].in_(inner) if len(mine) == 1 else tuple_(*mine).in_(inner))


def _restricted(statement: Select[Any], selection: Selection, entity: Entity, binds: Binds) -> Select[Any]:
    """Add the node's own filter, and the rows' visibility."""
    if selection.filter is not None:
        statement = statement.where(compile_condition(selection.filter, selection.resource, entity, binds))
    return _visible_only(statement, selection.resource, entity, binds)


def _visible_only(statement: Select[Any], resource: Resource, entity: Entity, binds: Binds) -> Select[Any]:
    scope = binds.visible(resource, entity)
    return statement if scope is None else statement.where(scope)


def _mapped_order(fetch: Fetch) -> list[Any]:
    """Give the order that the mapping itself asks for a relationship."""
    if isinstance(fetch.origin, Related) and len(fetch.origin.relationship.path) == 1:
        return mapped_order(property_of(fetch.origin.relationship))
    return []


def _count(fetch: Fetch, scopes: Scopes) -> Select[Any]:
    """Count the rows of the whole list, without its order."""
    entity = fetch.selection.resource.model
    binds = Binds(scopes)
    keys = [column(entity, key) for key in fetch.selection.resource.identity.keys]
    statement = primary_rows(fetch, select(*keys), entity, binds)
    return statement.with_only_columns(func.count(), maintain_column_froms=True)


def _parent_exists(fetch: Fetch, scopes: Scopes) -> Select[Any] | None:
    if not isinstance(fetch.origin, Related):
        return None
    parent = fetch.origin.parent
    binds = Binds(scopes)
    statement = select(literal(1)).select_from(parent.model).where(has_id(parent, parent.model, binds))
    return _visible_only(statement, parent, parent.model, binds)


# ---------------------------------------------------------------- branches


def _branches(selection: Selection, keys: list[tuple[int, ...]], scopes: Scopes) -> tuple[BranchPlan, ...]:
    return tuple(
        (_paged_branch if _is_paged(branch) else _whole_branch)(branch, columns, scopes)
        for branch, columns in zip(selection.branches, keys, strict=True)
    )


def _is_paged(branch: Branch) -> bool:
    page = branch.selection.page
    return page is not None and page.size is not None


def _branch_keys(columns: Columns, branch: Branch) -> tuple[int, ...]:
    """Select, from the rows above, what the branch's rows are found by."""
    entity = columns.of_model(branch.relationship)
    return tuple(columns.add(entity, key) for key in upper_keys(branch.relationship))


def _whole_branch(branch: Branch, key_columns: tuple[int, ...], scopes: Scopes) -> BranchPlan:
    """Read all related rows of every row above."""
    selection = branch.selection
    binds = Binds(scopes)
    columns = Columns(selection, binds, shown=branch.shown)
    inner_keys = [_branch_keys(columns, inner) for inner in selection.branches]
    way = way_to(branch.relationship, columns.entity, binds)
    parent = tuple(columns.append(expression) for expression in way.expressions)
    layout = layout_of(columns, parent, inner_keys)
    statement = way.rows(_with_columns(select(), columns), columns.entity)
    statement = _restricted(statement, selection, columns.entity, binds)
    if branch.relationship.is_many:
        order = order_of(selection.sort, selection.resource, columns.entity, binds, way.order)
        # The order of linkage is that of each row's own members: an index finds them so, and nothing is sorted.
        order.terms = order.terms if branch.shown else [*way.expressions, *order.terms]
        statement = order.apply(statement).limit(bindparam(MOST, type_=BigInteger()))
    pairs = None if columns.derived else pairs_alone(branch, way, layout)
    node = NodePlan(statement, layout, _branches(selection, inner_keys, scopes), tuple(columns.derived), pairs)
    return BranchPlan(key_columns, node)


def _paged_branch(branch: Branch, key_columns: tuple[int, ...], scopes: Scopes) -> BranchPlan:
    """Read one page of related rows for each row above, in one statement for all of them."""
    selection = branch.selection
    binds = Binds(scopes)
    columns = Columns(selection, binds)
    inner_keys = [_branch_keys(columns, inner) for inner in selection.branches]
    ranked, above, keys = _ranked(branch, binds)
    parent = tuple(columns.append(expression) for expression in above)
    place = columns.append(ranked.c.place)
    layout = layout_of(columns, parent, inner_keys)
    same = [getattr(columns.entity, key) == expression for key, expression in keys.items()]
    statement = _with_columns(select(), columns).select_from(columns.entity).join(ranked, and_(*same))
    statement = statement.where(
        ranked.c.place > bindparam(OFFSET, type_=BigInteger()), ranked.c.place <= bindparam(LAST, type_=BigInteger())
    )
    statement = statement.order_by(ranked.c.place, *keys.values()).limit(bindparam(MOST, type_=BigInteger()))
    node = NodePlan(statement, layout, _branches(selection, inner_keys, scopes), tuple(columns.derived))
    return BranchPlan(key_columns, node, place)


def _ranked(branch: Branch, binds: Binds) -> tuple[Subquery, list[Any], dict[str, Any]]:
    """Number the related rows of each row above in their order.

    Give the subquery, its columns that say which row above, and those with the related row's key: the database sorts
    keys alone, and whatever else is sent is fetched for the rows of the pages only.
    """
    selection = branch.selection
    model: Entity = selection.resource.model
    way = way_to(branch.relationship, model, binds)
    names = key_names(model)
    labels = [f"u{number}" for number, _ in enumerate(way.expressions)]
    above = [expression.label(label) for expression, label in zip(way.expressions, labels, strict=True)]
    own = [getattr(model, name).label(f"k{number}") for number, name in enumerate(names)]
    statement = _restricted(way.rows(select(*above, *own), model), selection, model, binds)
    order = order_of(selection.sort, selection.resource, model, binds, way.order)
    place = func.row_number().over(partition_by=way.expressions, order_by=order.terms)
    ranked = order.joined(statement.add_columns(place.label("place"))).subquery("ranked")
    keys = {name: ranked.c[f"k{number}"] for number, name in enumerate(names)}
    return ranked, [ranked.c[label] for label in labels], keys
