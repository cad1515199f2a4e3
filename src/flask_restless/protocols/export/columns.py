"""The columns of an export, and how to read each from a row: the same names and values in every format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ...operations.outcome import KeyLinkage, Layout, Row, Variant
from ...operations.selection import Fields
from ...schema.resource import Identity

Read = Callable[[Row], Any]
"""Gives the JSON value of one column, of a type that orjson knows or that `encode_value` does."""

ID, TYPE = "id", "type"


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of all columns in their order, and how to find their values in a row.

    `readers` hold those of each variant of the rows, by name; a name that is not there has no value in such rows.
    A variant whose objects an application's own serializer makes has none at all.
    """

    names: tuple[str, ...]
    readers: tuple[Mapping[str, Read], ...]
    variant: Callable[[Row], int]
    documents: tuple[Callable[[Row], Mapping[str, Any]] | None, ...]


def columns_of(layout: Layout) -> Columns:
    """Give the columns of a list: the id, the type where rows may differ in it, attributes, and to-one linkage.

    To-many relationships have no column, nor have to-one relationships whose key stands in the other row.
    """
    typed = len(layout.variants) > 1
    readers = tuple(_readers(variant, typed) for variant in layout.variants)
    names: dict[str, None] = {}
    for reader, fields, variant in zip(readers, layout.selection.fields, layout.variants, strict=True):
        names |= dict.fromkeys(reader)
        if variant.document is not None:
            names |= dict.fromkeys(_named(fields))
    documents = tuple(None if one.document is None else partial(_document, one) for one in layout.variants)
    return Columns(tuple(names), readers, _chooser(layout), documents)


def _readers(variant: Variant, typed: bool) -> Mapping[str, Read]:
    """Give how to read the columns of one variant, in their order."""
    found: dict[str, Read] = {ID: _identifier(variant.resource.identity, variant.identity)}
    if typed:
        name = variant.resource.name
        found[TYPE] = lambda _row: name
    for attribute, number in variant.attributes:
        found[attribute.name] = _value(attribute.codec.encode, number)
    for linkage in variant.linkages:
        if isinstance(linkage, KeyLinkage):
            target = linkage.relationship.target.identity
            found[linkage.relationship.name] = _identifier(target, linkage.columns)
    return found


def _named(fields: Fields) -> list[str]:
    """Give the names of the columns that the fields of a resource have."""
    ones = [one.name for one in fields.relationships if not one.is_many]
    return [*(one.name for one in fields.attributes), *ones]


def _value(encode: Callable[[Any], Any] | None, number: int) -> Read:
    if encode is None:
        return lambda row: row[number]
    return lambda row: None if row[number] is None else encode(row[number])


def _identifier(identity: Identity, numbers: tuple[int, ...]) -> Read:
    """Give how to read an id, None if a part of its key is null."""

    def read(row: Row) -> str | None:
        values = tuple(row[number] for number in numbers)
        return None if None in values else identity.text(values)

    return read


def _chooser(layout: Layout) -> Callable[[Row], int]:
    """Give the function that tells which variant a row is."""
    if layout.discriminator is None:
        return lambda _row: 0
    chosen, column = dict(layout.discriminators), layout.discriminator
    return lambda row: chosen.get(row[column], 0)


def _document(variant: Variant, row: Row) -> Mapping[str, Any]:
    """Flatten what an application's own serializer made: its attributes, and the ids of its to-one linkage."""
    assert variant.document is not None
    made: Any = row[variant.document]
    if isinstance(made, dict) and "data" in made and "type" not in made:
        made = made["data"]
    found = dict(made["attributes"]) if "attributes" in made else {}
    for name, relationship in (made.get("relationships") or {}).items():
        data = relationship.get("data")
        if isinstance(data, dict):
            found[name] = data["id"]
        elif data is None and "data" in relationship:
            found[name] = None
    return {name: value for name, value in found.items() if name not in (ID, TYPE)}
