"""Ids and types in generated code."""

from __future__ import annotations

from typing import Any

from ...operations.generated import Source
from ...schema.resource import Identity, Resource


def id_expression(source: Source, identity: Identity, columns: tuple[int, ...]) -> str:
    """Give the expression of a row's id."""
    if len(columns) == 1 and identity.keys[0].codec.text is str:
        return f"str(row[{columns[0]}])"
    values = ", ".join(f"row[{number}]" for number in columns)
    return f"{source.constant(identity.text)}(({values},))"


def quoted(identity: Identity) -> str:
    """Give the expression of an id inside a URL; the digits of an integer need no quoting."""
    return "id_" if is_integer(identity) else 'quote(id_, safe="")'


def is_integer(identity: Identity) -> bool:
    """Whether ids are the digits of one integer."""
    return len(identity.keys) == 1 and identity.keys[0].codec.name == "integer"


def types_of(target: Resource) -> dict[Any, str]:
    """Map every polymorphic identity to the type name of the nearest resource."""
    names = {one.model: one.name for one in (target, *target.subtypes)}
    return {
        mapper.polymorphic_identity: next((names[one] for one in mapper.class_.__mro__ if one in names), target.name)
        for mapper in target.mapper.self_and_descendants
    }
