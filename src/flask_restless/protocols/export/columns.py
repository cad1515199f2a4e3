"""The columns of an export, and how to read each from a chunk of rows: the same names and values in every format.

A chunk is read column by column: what a column needs is found out once for all its values, and most need nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any, TypeVar

from ...operations.outcome import KeyLinkage, Layout, Row, Variant
from ...operations.selection import Fields
from ...schema.resource import Identity

Turned = Sequence[Sequence[Any]]
"""The rows of a chunk, all of one variant, turned over: the values of each of their columns."""

Read = Callable[[Turned], Sequence[Any]]
"""Gives the JSON values of one column, row by row, of types that orjson knows or that `encode_value` does."""

Made = TypeVar("Made")

ID, TYPE = "id", "type"


@dataclass(frozen=True, slots=True)
class Part:
    """How to read the rows of one variant: each column by its name, in their order.

    A variant whose objects an application's own serializer makes has attributes in its `document` alone.
    """

    readers: Mapping[str, Read]
    document: Callable[[Row], Mapping[str, Any]] | None


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of all columns in their order, and how to find their values in the rows of each variant.

    A name that the readers of a variant lack has no value there.  `variant` tells which one a row is, None where
    there is one only.
    """

    names: tuple[str, ...]
    parts: tuple[Part, ...]
    variant: Callable[[Row], int] | None


def columns_of(layout: Layout) -> Columns:
    """Give the columns of a list: the id, the type where rows may differ in it, attributes, and to-one linkage.

    To-many relationships have no column, nor have to-one relationships whose key stands in the other row.
    """
    typed = len(layout.variants) > 1
    parts = tuple(_part(variant, typed) for variant in layout.variants)
    names: dict[str, None] = {}
    for part, fields in zip(parts, layout.selection.fields, strict=True):
        names |= dict.fromkeys(part.readers)
        if part.document is not None:
            names |= dict.fromkeys(_named(fields))
    return Columns(tuple(names), parts, _chooser(layout))


def made_of(
    rows: Sequence[Row], columns: Columns, makers: Sequence[Callable[[Sequence[Row]], Iterable[Made]]]
) -> Iterable[Made]:
    """Give what the maker of each variant makes of all rows of it together, in the order of the rows."""
    if columns.variant is None:
        return makers[0](rows)
    numbers = [columns.variant(row) for row in rows]
    apart: list[list[Row]] = [[] for _ in makers]
    for row, number in zip(rows, numbers, strict=True):
        apart[number].append(row)
    made = [iter(make(some) if some else ()) for make, some in zip(makers, apart, strict=True)]
    return [next(made[number]) for number in numbers]


def turned(rows: Sequence[Row]) -> Turned:
    """Turn the rows of a chunk over; there is at least one."""
    return list(zip(*rows, strict=True))


def _part(variant: Variant, typed: bool) -> Part:
    found: dict[str, Read] = {ID: _identifier(variant.resource.identity, variant.identity)}
    if typed:
        name = variant.resource.name
        found[TYPE] = lambda values: [name] * len(values[0])
    for attribute, number in variant.attributes:
        found[attribute.name] = _value(attribute.codec.encode, number)
    for linkage in variant.linkages:
        if isinstance(linkage, KeyLinkage):
            target = linkage.relationship.target.identity
            found[linkage.relationship.name] = _identifier(target, linkage.columns)
    return Part(found, None if variant.document is None else partial(_document, variant))


def _named(fields: Fields) -> list[str]:
    """Give the names of the columns that the fields of a resource have."""
    ones = [one.name for one in fields.relationships if not one.is_many]
    return [*(one.name for one in fields.attributes), *ones]


def _value(encode: Callable[[Any], Any] | None, number: int) -> Read:
    if encode is None:
        return itemgetter(number)
    return lambda values: [None if value is None else encode(value) for value in values[number]]


def _identifier(identity: Identity, numbers: tuple[int, ...]) -> Read:
    """Give how to read ids, None where a part of the key is null."""
    if len(numbers) == 1:
        return _value(identity.keys[0].codec.text, numbers[0])

    def read(values: Turned) -> list[str | None]:
        keys = zip(*[values[number] for number in numbers], strict=True)
        return [None if None in key else identity.text(key) for key in keys]

    return read


def _chooser(layout: Layout) -> Callable[[Row], int] | None:
    """Give the function that tells which variant a row is."""
    if layout.discriminator is None:
        return None
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
