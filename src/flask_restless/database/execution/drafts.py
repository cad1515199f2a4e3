"""New and changed rows as values: what of a write is a value of a column, what else it refers to, what it lacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import Column

from ...operations.operation import Create, Link, Target, Update
from ...operations.problems import Rejected, problem
from ...operations.records import record
from ...schema.resource import Attribute, Relationship, Resource
from .plain import columns_of
from .relating import by_key, key_values
from .validation import NO_ID

Values = dict[str, object]
"""Values by the keys of their attributes."""


@record
class Draft:
    """A create or update, with the values of foreign keys in place of the links to `targets`; `links` remain."""

    operation: Create | Update
    keys: Values
    targets: Sequence[Target]
    links: Sequence[Link]

    @property
    def resource(self) -> Resource:
        """What the row is one of."""
        operation = self.operation
        return operation.resource if isinstance(operation, Create) else operation.target.resource


def draft(operation: Create | Update) -> Draft:
    """Take the links out that a foreign key says it all of."""
    keys: dict[str, object] = {}
    targets: list[Target] = []
    rest: list[Link] = []
    for link in operation.links:
        target = None if link.relationship.is_many or not link.targets else link.targets[0]
        if isinstance(target, Target) and by_key(link.relationship, target):
            keys |= key_values(link.relationship, target)
            targets.append(target)
        else:
            rest.append(link)
    return Draft(operation, keys, targets, rest)


def is_special(operation: Create | Update) -> bool:
    """Whether a new row comes from the application's own code, or others may refer to it before it has an id."""
    return isinstance(operation, Create) and (operation.make is not None or operation.lid is not None)


def stored(one: Draft) -> dict[str, object]:
    """Give the values of a new row: without nulls for which there is a default, like the unit of work."""
    operation = one.operation
    row = {each.attribute.key: each.value for each in operation.assignments} | one.keys
    if isinstance(operation, Create) and operation.id is not None:
        row.update(zip((key.key for key in operation.resource.identity.keys), operation.id, strict=True))
    if None in row.values():
        columns = columns_of(one.resource.mapper)
        return {key: value for key, value in row.items() if value is not None or not has_default(columns.get(key))}
    return row


def has_default(column: Column[Any] | None) -> bool:
    """Whether a column has a value where none is given."""
    return column is not None and not (column.default is None and column.server_default is None)


def check_required(resource: Resource, drafts: Sequence[Draft], rows: Sequence[Values]) -> None:
    """Name every value that is missing, before the database names the first one."""
    needed = needed_values(resource)
    missing = [
        problem("missing-value", detail, one.operation.source)
        for one, row in zip(drafts, rows, strict=True)
        for key, detail in needed.items()
        if row.get(key) is None
    ]
    if missing:
        raise Rejected(*missing)


def needed_values(resource: Resource) -> Mapping[str, str]:
    """Give what a new row must have by its key, and what to say if it is not there."""
    return _needed(resource, resource.registry.generation)


@lru_cache(maxsize=1024)
def _needed(resource: Resource, _generation: int) -> Mapping[str, str]:
    """Find it anew when another API has been created since, to which there may be relationships."""
    needed = {one.key: f'the attribute "{one.name}" must have a value' for one in _required_attributes(resource)}
    for one in resource.identity.keys:
        if one.required and one.name not in resource.attributes:
            needed[one.key] = NO_ID
    for relationship in _required_relationships(resource):
        for key in relationship.local_keys or (relationship.key,):
            needed[key] = f'the relationship "{relationship.name}" must refer to a resource'
    return MappingProxyType(needed)


def _required_attributes(resource: Resource) -> list[Attribute]:
    return [one for one in resource.attributes.values() if one.required]


def _required_relationships(resource: Resource) -> list[Relationship]:
    return [one for one in resource.relationships.values() if not (one.is_many or one.nullable or one.has_default)]
