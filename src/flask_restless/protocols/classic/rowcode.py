"""Row code: for each layout one generated function that turns rows into objects.

Only numbers and the generator's own identifiers are pasted into the source; every name that comes from a model is
bound as a constant in the function's namespace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from ...operations.generated import Source
from ...operations.outcome import BranchLinkage, Layout, Row, Variant
from ...schema.resource import Attribute
from .output import output

Object = dict[str, Any]
Renderer = Callable[[Iterable[Row], Sequence[dict[Any, Any]]], list[Object]]
"""(rows, the related objects of each branch by key) -> objects."""


def renderer_of(layout: Layout) -> Renderer:
    """Generate the function that renders rows of `layout`."""
    makers = [_maker(variant) for variant in layout.variants]
    if layout.discriminator is None:
        return makers[0]
    chosen = {value: makers[index] for value, index in layout.discriminators}
    column, otherwise = layout.discriminator, makers[0]

    def render(rows: Iterable[Row], related: Sequence[dict[Any, Any]]) -> list[Object]:
        return [chosen.get(row[column], otherwise)((row,), related)[0] for row in rows]

    return render


def _maker(variant: Variant) -> Renderer:
    """Generate the function for rows of one type; the members come in the order of their names, as they are sent."""
    source = Source()
    if variant.document is not None:
        text = f"row[{variant.document}]"
    else:
        members = {one.name: _value(source, one, number, variant) for one, number in variant.attributes}
        for linkage in variant.linkages:
            if isinstance(linkage, BranchLinkage):
                members[linkage.relationship.name] = _related(linkage)
        pairs = [f"{source.constant(name)}: {members[name]}" for name in sorted(members)]
        text = "{" + ", ".join(pairs) + "}"
    return source.function(f"def render(rows, related):\n    return [{text} for row in rows]\n")  # type: ignore[no-any-return]  # generated


def _value(source: Source, attribute: Attribute, number: int, variant: Variant) -> str:
    encode = attribute.codec.encode
    if attribute.compute is not None:
        encode = partial(output, variant.resource)
    if encode is None:
        return f"row[{number}]"
    return f"None if row[{number}] is None else {source.constant(encode)}(row[{number}])"


def _related(linkage: BranchLinkage) -> str:
    empty = "[]" if linkage.relationship.is_many else "None"
    columns = linkage.columns
    key = f"row[{columns[0]}]" if len(columns) == 1 else "(" + ", ".join(f"row[{one}]" for one in columns) + ",)"
    return f"related[{linkage.branch}].get({key}) or {empty}"


def parent_of(layout: Layout) -> Callable[[Row], Any]:
    """Give the function that tells which row above a row belongs to."""
    if len(layout.parent) == 1:
        number = layout.parent[0]
        return lambda row: row[number]
    return lambda row: tuple(row[number] for number in layout.parent)
