"""Row visibility: the rule `scope` of each resource, wherever its rows are selected, counted or tested.

A scope belongs to the caller, a plan to all callers, so a kept plan holds no value of a scope: the shape of the
conditions (SQLAlchemy's cache key) joins the plan's key, and their values join the parameters under stable names.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, and_, false, or_, select
from sqlalchemy.orm import aliased
from sqlalchemy.sql.visitors import cloned_traverse

from ...operations.filters import Comparison, Condition, Count, Has, walk
from ...operations.operation import Fetch, Related
from ...operations.selection import Selection
from ...schema.resource import Relationship, Resource
from ..plan import Parameters
from .mapping import key_names

Entity = Any
"""A mapped class, or an alias of one."""

Ask = Callable[[Resource, Entity], ColumnElement[bool] | None]


def asked(resource: Resource, entity: Entity) -> ColumnElement[bool] | None:
    """Ask the scope of one resource; None where all rows are visible."""
    scope = resource.options.rules.scope
    condition = None if scope is None else scope(entity)
    if condition is None or condition is True:
        return None
    if condition is False:
        return false()
    element = condition.__clause_element__() if hasattr(condition, "__clause_element__") else condition
    if not isinstance(element, ColumnElement):
        raise TypeError(f"the scope of {resource.name} gave {condition!r}; it gives a SQL condition, None, or a bool")
    return element


def visible(resource: Resource, entity: Entity, ask: Ask = asked) -> ColumnElement[bool] | None:
    """Give the condition under which rows of `resource` exist for the caller; None for all of them.

    The scopes of the APIs of its superclasses hold too, and for the rows of a subtype the scope of its own API.
    """
    if not resource.registry.has_scopes:
        return None
    above, below = resource.scoped
    parts = [ask(one, entity) for one in above]
    parts += [_of_subtype(resource, one, entity, ask) for one in below]
    found = [one for one in parts if one is not None]
    return and_(*found) if found else None


def is_scoped(resource: Resource) -> bool:
    """Whether rows of `resource` may be invisible to some callers."""
    return resource.registry.has_scopes and any(resource.scoped)


def _of_subtype(resource: Resource, subtype: Resource, entity: Entity, ask: Ask) -> ColumnElement[bool] | None:
    """Say of rows that are of `subtype` that its scope holds; of all others, nothing."""
    alias: Entity = aliased(subtype.model, flat=True)
    condition = ask(subtype, alias)
    if condition is None:
        return None
    assert resource.discriminator is not None
    kind = getattr(entity, resource.discriminator)
    kinds = [mapper.polymorphic_identity for mapper in subtype.mapper.self_and_descendants]
    keys = key_names(resource.model)
    same = [getattr(alias, key) == getattr(entity, key) for key in keys]
    visible_one = select(getattr(alias, keys[0])).where(*same, condition).exists()
    return or_(kind.is_(None), kind.not_in(kinds), visible_one)


# ---------------------------------------------------------------- what a request's scopes are


@dataclass(frozen=True, slots=True)
class Scopes:
    """The scopes of one operation, each asked once.

    `key` tells their shapes; None where a shape has no key, so that the plan cannot be kept.  `names` are those of
    the parameters of each resource's condition, in its order, `parameters` their values.
    """

    key: Hashable = ()
    names: Mapping[Resource, tuple[str, ...]] = field(default_factory=dict)
    parameters: Parameters = field(default_factory=dict)

    def visible(self, resource: Resource, entity: Entity) -> ColumnElement[bool] | None:
        """Give the condition of `visible` with the parameters' names in place of their values."""
        return visible(resource, entity, asked if self.key is None else self._named)

    def _named(self, resource: Resource, entity: Entity) -> ColumnElement[bool] | None:
        condition = asked(resource, entity)
        return None if condition is None else _renamed(condition, self.names[resource], resource)


NO_SCOPES = Scopes()
UNKEPT = Scopes(None)
"""For statements that are run once: the conditions hold their values."""


def scopes_of(fetch: Fetch) -> Scopes:
    """Ask the scopes of every resource that `fetch` touches."""
    if not fetch.selection.resource.registry.has_scopes:
        return NO_SCOPES
    scoped = dict.fromkeys(one for resource in touched(fetch) for group in resource.scoped for one in group)
    shapes: list[Hashable] = []
    names: dict[Resource, tuple[str, ...]] = {}
    parameters: Parameters = {}
    for number, resource in enumerate(scoped):
        condition = asked(resource, resource.model)
        found = _shape(condition)
        if found is None:
            return UNKEPT
        shape, binds = found
        names[resource] = tuple(f"s{number}_{place}" for place in range(len(binds)))
        parameters |= zip(names[resource], (bind.effective_value for bind in binds), strict=True)
        shapes.append(shape)
    return Scopes(tuple(shapes), names, parameters)


def _shape(condition: ColumnElement[bool] | None) -> tuple[Hashable, list[BindParameter[Any]]] | None:
    """Give the shape of a condition and its parameters, or None if SQLAlchemy cannot tell its shape."""
    if condition is None:
        return None, []
    key = condition._generate_cache_key()
    return None if key is None else (key.key, list(key.bindparams))


def _renamed(condition: ColumnElement[bool], names: tuple[str, ...], resource: Resource) -> ColumnElement[bool]:
    """Give a copy of `condition` whose parameters have those names, and no values."""
    found = _shape(condition)
    if found is None or len(found[1]) != len(names):
        raise TypeError(f"the scope of {resource.name} gives another condition for an alias than for the model")
    by_key = {bind.key: name for bind, name in zip(found[1], names, strict=True)}

    def rename(bind: BindParameter[Any]) -> None:
        bind.key = by_key[bind.key]
        bind.unique, bind.required, bind.value, bind.callable = False, True, None, None
        # SQLAlchemy 2.1 leaves the name of an anonymous parameter out of the key of compiled statements: two statements
        # that differ in nothing else would share one, and so take the values of each other's scopes.
        bind._anon_map_key = None

    return cloned_traverse(condition, {"maintain_key": True, "detect_subquery_cols": True}, {"bindparam": rename})


# ---------------------------------------------------------------- what an operation touches


def touched(fetch: Fetch) -> Iterator[Resource]:
    """Give the resources whose rows an operation reads, counts or tests; some of them several times."""
    if isinstance(fetch.origin, Related):
        yield fetch.origin.parent
        yield from _over(fetch.origin.relationship)
    for node in fetch.selection.walk():
        yield node.resource
        yield from _of_node(node)


def _of_node(node: Selection) -> Iterator[Resource]:
    for fields in node.fields:
        for relationship in fields.relationships:
            yield from _over(relationship)
    for branch in node.branches:
        yield from _over(branch.relationship)
    yield from _of_condition(node.filter)
    for group in node.group:
        for step in group.path:
            yield from _over(step)
    for key in node.sort:
        for step in key.path:
            yield from _over(step)
        if isinstance(key.operand, Count):
            yield from _of_count(key.operand)


def _of_condition(condition: Condition | None) -> Iterator[Resource]:
    for one in walk(condition):
        match one:
            case Has(relationship, _):
                yield from _over(relationship)
            case Comparison(left, _, right):
                for side in (left, right):
                    if isinstance(side, Count):
                        yield from _over(side.relationship)


def _of_count(count: Count) -> Iterator[Resource]:
    yield from _over(count.relationship)
    yield from _of_condition(count.condition)


def _over(relationship: Relationship) -> Iterator[Resource]:
    """Give the resource at the end of a relationship, and that of an association object on the way."""
    yield relationship.target
    if relationship.between is not None:
        yield relationship.between
