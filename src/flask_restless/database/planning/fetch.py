"""A Fetch to its statements: the primary rows, the count, the test for the row above, and one for each branch."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Select, bindparam, func, literal, select, tuple_
from sqlalchemy.orm import RelationshipProperty, aliased, selectinload
from sqlalchemy.orm.base import ONETOMANY

from ...operations.operation import Collection, Fetch, One, Related
from ...operations.selection import Branch, Selection
from ...schema.resource import Relationship, Resource
from ..plan import KEYS, LIMIT, OFFSET, BranchPlan, FetchPlan, NodePlan
from .binds import Binds
from .columns import Columns, layout_of
from .group import first_of_each
from .order import order_of
from .state import State
from .where import Entity, column, compile_condition, has_id, path_to, visible


def plan_fetch(fetch: Fetch) -> FetchPlan:
    """Make the plan for operations of the shape of `fetch`."""
    selection = fetch.selection
    columns = Columns(selection)
    branch_keys = [_branch_keys(columns, branch) for branch in selection.branches]
    layout = layout_of(columns, (), branch_keys, state=_state_of(fetch))
    binds = Binds()
    statement = primary_rows(fetch, _selected(columns), columns.entity, binds)
    if fetch.is_many or fetch.single:
        default = _mapped_order(fetch)
        statement = order_of(selection.sort, selection.resource, columns.entity, binds, default).apply(statement)
    if selection.page is not None and selection.page.size is not None:
        statement = statement.limit(bindparam(LIMIT, type_=BigInteger())).offset(bindparam(OFFSET, type_=BigInteger()))
    if fetch.exclusive:
        statement = statement.with_for_update(of=_locked_table(selection.resource))
    node = NodePlan(statement, layout, _branches(selection, branch_keys), tuple(columns.derived))
    return FetchPlan(node, _count(fetch) if selection.page is not None else None, _parent_exists(fetch))


def _locked_table(resource: Resource) -> Any:
    """Give the table whose rows are locked: of a hierarchy the one that all of its resources share."""
    mapper = resource.mapper
    return mapper.local_table if mapper.concrete else mapper.base_mapper.local_table


def _state_of(fetch: Fetch) -> State:
    """Say how much of a row's state is read: that of a list's rows tells nobody anything."""
    if fetch.exclusive:
        return State.WHOLE
    return State.SHOWN if fetch.is_resource else State.NONE


def _selected(columns: Columns) -> Select[Any]:
    if not columns.derived:
        return select(*columns.expressions)
    return select(*columns.expressions, columns.entity).options(*_unjoined(columns), *columns.loads)


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
    return statement.select_from(entity).where(first_of_each(selection, rows, grouped, entity))


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
        (step,) = path_to(entity, owner, relationship)
        return _visible_only(statement.select_from(owner).join(step).where(has_id(parent, owner, binds)), parent, owner)
    target: Entity = aliased(relationship.target_model, flat=True)
    keys = [key.key for key in relationship.target.identity.keys]
    inner = select(*[getattr(target, key) for key in keys]).select_from(owner)
    for step in path_to(target, owner, relationship):
        inner = inner.join(step)
    inner = _visible_only(inner.where(has_id(parent, owner, binds)), parent, owner)
    mine = [getattr(entity, key) for key in keys]
    statement = statement.select_from(entity)
    return statement.where(mine[0].in_(inner) if len(mine) == 1 else tuple_(*mine).in_(inner))


def _restricted(statement: Select[Any], selection: Selection, entity: Entity, binds: Binds) -> Select[Any]:
    """Add the node's own filter, and the rows' visibility."""
    if selection.filter is not None:
        statement = statement.where(compile_condition(selection.filter, selection.resource, entity, binds))
    return _visible_only(statement, selection.resource, entity)


def _visible_only(statement: Select[Any], resource: Resource, entity: Entity) -> Select[Any]:
    scope = visible(resource, entity)
    return statement if scope is None else statement.where(scope)


def _mapped_order(fetch: Fetch) -> list[Any]:
    """Give the order that the mapping itself asks for a relationship."""
    if isinstance(fetch.origin, Related) and len(fetch.origin.relationship.path) == 1:
        return _order_by(_property(fetch.origin.relationship))
    return []


def _order_by(prop: RelationshipProperty[Any]) -> list[Any]:
    return list(prop.order_by) if prop.order_by else []


def _property(relationship: Relationship) -> RelationshipProperty[Any]:
    mapper = relationship.model.__mapper__  # type: ignore[attr-defined]  # every model has one
    return mapper.relationships[relationship.key]  # type: ignore[no-any-return]  # by its mapper


def _count(fetch: Fetch) -> Select[Any]:
    """Count the rows of the whole list, without its order."""
    entity = fetch.selection.resource.model
    binds = Binds()
    keys = [column(entity, key) for key in fetch.selection.resource.identity.keys]
    statement = primary_rows(fetch, select(*keys), entity, binds)
    return statement.with_only_columns(func.count(), maintain_column_froms=True)


def _parent_exists(fetch: Fetch) -> Select[Any] | None:
    if not isinstance(fetch.origin, Related):
        return None
    parent = fetch.origin.parent
    statement = select(literal(1)).select_from(parent.model).where(has_id(parent, parent.model, Binds()))
    return _visible_only(statement, parent, parent.model)


# ---------------------------------------------------------------- branches


def _branches(selection: Selection, keys: list[tuple[int, ...]]) -> tuple[BranchPlan, ...]:
    return tuple(
        BranchPlan(columns, _branch_node(branch)) for branch, columns in zip(selection.branches, keys, strict=True)
    )


def _branch_keys(columns: Columns, branch: Branch) -> tuple[int, ...]:
    """Select, from the rows above, what the branch's rows are found by."""
    relationship = branch.relationship
    entity = columns.entity
    if relationship.model is not columns.selection.resource.model and not hasattr(
        columns.selection.resource.model, relationship.key
    ):
        entity = getattr(columns.entity, relationship.model.__name__)
    return tuple(columns.add(entity, key) for key in _upper_keys(relationship))


def _upper_keys(relationship: Relationship) -> tuple[str, ...]:
    """Give the attributes of the rows above by which related rows are found."""
    if relationship.local_keys:
        return relationship.local_keys
    if pairs := _plain_pairs(relationship):
        return tuple(upper for upper, _ in pairs)
    mapper = relationship.model.__mapper__  # type: ignore[attr-defined]  # every model has one
    return tuple(mapper.get_property_by_column(one).key for one in mapper.primary_key)


def _plain_pairs(relationship: Relationship) -> tuple[tuple[str, str], ...]:
    """Give (key above, key of the related row) where related rows simply hold the key of the row above."""
    prop = _property(relationship)
    if len(relationship.path) > 1 or prop.direction is not ONETOMANY or prop.secondary is not None:
        return ()
    pairs = prop.local_remote_pairs or []
    clauses = getattr(prop.primaryjoin, "clauses", (prop.primaryjoin,))
    if len(list(clauses)) != len(pairs):
        return ()
    upper, lower = prop.parent, prop.mapper
    if not all(one in upper._columntoproperty and other in lower._columntoproperty for one, other in pairs):
        return ()
    return tuple(
        (upper.get_property_by_column(one).key, lower.get_property_by_column(other).key) for one, other in pairs
    )


def _branch_node(branch: Branch) -> NodePlan:
    selection = branch.selection
    columns = Columns(selection)
    inner_keys = [_branch_keys(columns, inner) for inner in selection.branches]
    found_by = _lower_columns(branch.relationship, columns.entity)
    parent = tuple(columns.append(expression) for expression in found_by.expressions)
    layout = layout_of(columns, parent, inner_keys)
    statement = found_by.join(_selected(columns), columns.entity)
    keys: Any = bindparam(KEYS, expanding=True)
    first, *rest = found_by.expressions
    statement = statement.where(tuple_(first, *rest).in_(keys) if rest else first.in_(keys))
    binds = Binds()
    statement = _restricted(statement, selection, columns.entity, binds)
    if branch.relationship.is_many:
        order = order_of(selection.sort, selection.resource, columns.entity, binds, found_by.order)
        statement = order.apply(statement)
    return NodePlan(statement, layout, _branches(selection, inner_keys), tuple(columns.derived))


class _FoundBy:
    """How the rows of a branch are found: by which expressions, over which joins, in which order."""

    def __init__(self, expressions: list[Any], steps: list[Any], owner: Entity, order: list[Any]) -> None:
        self.expressions = expressions
        self.steps = steps
        self.owner = owner
        self.order = order

    def join(self, statement: Select[Any], entity: Entity) -> Select[Any]:
        """Build the FROM of the branch's statement."""
        statement = statement.select_from(entity if self.owner is None else self.owner)
        for target, condition in self.steps:
            statement = statement.join(target) if condition is None else statement.join(target, condition)
        return statement


def _lower_columns(relationship: Relationship, entity: Entity) -> _FoundBy:
    """Find the cheapest way from the rows above to the related rows: without joining the rows above if possible."""
    prop = _property(relationship)
    order = _order_by(prop) if len(relationship.path) == 1 else []
    if relationship.local_keys:
        return _FoundBy([getattr(entity, key) for key in relationship.remote_keys], [], None, order)
    if pairs := _plain_pairs(relationship):
        return _FoundBy([getattr(entity, lower) for _, lower in pairs], [], None, order)
    owner: Entity = aliased(relationship.model, flat=True)
    expressions = [getattr(owner, key) for key in _upper_keys(relationship)]
    return _FoundBy(expressions, [(step, None) for step in path_to(entity, owner, relationship)], owner, order)
