"""Filter trees to SQL conditions, one function for each kind of node.

Every parameter comes from `Binds`, in the order in which `values.py` finds its value.
"""

from __future__ import annotations

from typing import Any, assert_never

from sqlalchemy import ColumnElement, Select, and_, false, func, not_, or_, select, true, tuple_
from sqlalchemy.orm import aliased
from sqlalchemy.types import TypeEngine

from ...operations.filters import And, Comparison, Condition, Count, Has, Identified, Not, Or
from ...operations.operators import Operand
from ...schema.resource import Attribute, Relationship, Resource
from .binds import Binds
from .mapping import key_names
from .scopes import Entity


def column(entity: Entity, attribute: Attribute) -> Any:
    """Give the SQL expression of an attribute for `entity`."""
    return getattr(entity, attribute.key)


def operand_type(entity: Entity, attribute: Attribute) -> TypeEngine[Any]:
    """Give the type of a parameter that is compared with an attribute."""
    if attribute.codec.operand is not None:
        return attribute.codec.operand
    return column(entity, attribute).type  # type: ignore[no-any-return]  # of any SQL expression


def compile_condition(condition: Condition, resource: Resource, entity: Entity, binds: Binds) -> ColumnElement[bool]:
    """Give the SQL of `condition` for rows of `resource`, selected as `entity`."""
    match condition:
        case And(conditions):
            return and_(true(), *[compile_condition(one, resource, entity, binds) for one in conditions])
        case Or(conditions):
            return or_(false(), *[compile_condition(one, resource, entity, binds) for one in conditions])
        case Not(inner):
            return not_(compile_condition(inner, resource, entity, binds))
        case Has(relationship, condition_or_none):
            return _exists(relationship, condition_or_none, entity, binds)
        case Identified():
            return identified(resource, entity, binds)
        case Comparison():
            return _comparison(condition, entity, binds)
        case _:
            assert_never(condition)


def identified(resource: Resource, entity: Entity, binds: Binds) -> ColumnElement[bool]:
    """Give the condition that a row's id is among those of the next parameter."""
    keys = resource.identity.keys
    if len(keys) == 1:
        parameter = binds.next(operand_type(entity, keys[0]), expanding=True)
        return column(entity, keys[0]).in_(parameter)  # type: ignore[no-any-return]  # of any SQL expression
    return tuple_(*[column(entity, key) for key in keys]).in_(binds.next(expanding=True))


def has_id(resource: Resource, entity: Entity, binds: Binds) -> ColumnElement[bool]:
    """Give the condition that a row has the id of the next parameters, one for each key."""
    keys = resource.identity.keys
    return and_(*[column(entity, key) == binds.next(operand_type(entity, key)) for key in keys])


def joined_to(
    statement: Select[Any], target: Entity, owner: Entity, relationship: Relationship, binds: Binds
) -> Select[Any]:
    """Join `target` to a statement that has `owner`; an association object on the way has to be visible itself.

    Scopes are never said by `and_` of a relationship: that takes every column of the owner's table, also inside a
    subquery of the scope, for one of the owner.
    """
    for step, scope in _steps(target, owner, relationship, binds):
        statement = statement.join(step)
        statement = statement if scope is None else statement.where(scope)
    return statement


def _steps(
    target: Entity, owner: Entity, relationship: Relationship, binds: Binds
) -> list[tuple[Any, ColumnElement[bool] | None]]:
    """Give each step of a path, and the visibility of the association object that it leads to."""
    steps: list[tuple[Any, ColumnElement[bool] | None]] = []
    for key in relationship.path[:-1]:
        attribute = getattr(owner, key)
        between: Entity = aliased(attribute.property.mapper.class_, flat=True)
        resource = relationship.between
        steps.append((attribute.of_type(between), None if resource is None else binds.visible(resource, between)))
        owner = between
    return [*steps, (getattr(owner, relationship.path[-1]).of_type(target), None)]


def _exists(
    relationship: Relationship, condition: Condition | None, entity: Entity, binds: Binds
) -> ColumnElement[bool]:
    target: Entity = aliased(relationship.target_model, flat=True)
    inner = _related_condition(relationship, condition, target, binds)
    # `any` and `has` ignore what `and_` adds to a step, so the visibility of what lies between is said beside it.
    for step, scope in reversed(_steps(target, entity, relationship, binds)):
        inner = inner if scope is None else and_(scope, inner)
        inner = step.any(inner) if step.property.uselist else step.has(inner)
    return inner


def _related_condition(
    relationship: Relationship, condition: Condition | None, target: Entity, binds: Binds
) -> ColumnElement[bool]:
    parts = [] if condition is None else [compile_condition(condition, relationship.target, target, binds)]
    scope = binds.visible(relationship.target, target)
    return and_(true(), *parts, *([] if scope is None else [scope]))


def member_count(count: Count, entity: Entity, binds: Binds) -> Any:
    """Give the number of members of a to-many relationship, as a correlated scalar subquery."""
    relationship = count.relationship
    owner: Entity = aliased(relationship.model, flat=True)
    target: Entity = aliased(relationship.target_model, flat=True)
    query = select(func.count()).select_from(owner)
    query = joined_to(query, target, owner, relationship, binds)
    query = query.where(*[getattr(owner, key) == getattr(entity, key) for key in key_names(relationship.model)])
    return query.where(_related_condition(relationship, count.condition, target, binds)).scalar_subquery()


def _comparison(comparison: Comparison, entity: Entity, binds: Binds) -> ColumnElement[bool]:
    operator = comparison.operator
    left = _side(comparison.left, entity, binds)
    if isinstance(comparison.right, Attribute | Count):
        return operator.sql(left, _side(comparison.right, entity, binds))
    if operator.operand in (Operand.NONE, Operand.FLAG):
        return operator.sql(left, None)
    type_ = None if isinstance(comparison.left, Count) else operand_type(entity, comparison.left)
    return operator.sql(left, _right(operator.operand, type_, binds))


def _side(side: Attribute | Count, entity: Entity, binds: Binds) -> Any:
    return member_count(side, entity, binds) if isinstance(side, Count) else column(entity, side)


def _right(operand: Operand, type_: TypeEngine[Any] | None, binds: Binds) -> Any:
    if operand is Operand.VALUES:
        return binds.next(type_, expanding=True)
    if operand is Operand.PAIR:
        return binds.next(type_), binds.next(type_)
    return binds.next(type_)
