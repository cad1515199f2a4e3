"""The columns that make up the state of a row, as an API shows it: what its entity tag is made of.

A model that counts versions says it in one column.  Of any other, the state is what clients can read of the row
itself: its columns, and the keys of those of its to-one relationships whose targets everybody sees.  Nothing that is
hidden takes part: the tag would tell that it changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING

from sqlalchemy import Column

from ...operations.binding import relationships_of
from ...operations.outcome import Variant
from ...operations.selection import Fields
from ...schema.resource import Attribute, Resource
from .scopes import is_scoped

if TYPE_CHECKING:
    from .columns import Columns


class State(Enum):
    """How much of it is read: nothing but the version, what is not deferred unless it is shown, or all."""

    NONE = "none"
    SHOWN = "shown"
    WHOLE = "whole"


def with_state(columns: Columns, fields: Fields, variant: Variant, state: State) -> Variant:
    """Select the columns of a row's state too, and say which they are."""
    resource = fields.resource
    version = resource.version
    if version is not None:
        return replace(variant, version=(version, columns.own(resource, version.key)))
    if state is State.NONE:
        return variant
    parts = list(_parts(resource))
    whole = state is State.WHOLE or any(one.deferred for one in fields.attributes)
    return replace(
        variant,
        state=tuple((one, columns.own(resource, one.key)) for one in parts if not one.deferred),
        deferred=tuple((one, columns.own(resource, one.key)) for one in parts if one.deferred and whole),
    )


def _parts(resource: Resource) -> Iterator[Attribute]:
    """Give the attributes that the state consists of: readable columns, and the keys of to-one relationships."""
    shown = {one.key: one for one in resource.attributes.values() if one.access.read and _is_stored(resource, one.key)}
    for relationship in relationships_of(resource).values():
        is_told = not (relationship.is_many or is_scoped(relationship.target))
        for key in relationship.local_keys if is_told else ():
            found = resource.unlisted(key)
            if found is not None and key not in shown:
                shown[key] = found
    for key in sorted(shown):
        yield shown[key]


def _is_stored(resource: Resource, key: str) -> bool:
    prop = resource.mapper.column_attrs.get(key)
    return prop is not None and isinstance(prop.columns[0], Column)
