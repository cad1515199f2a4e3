"""Row code: for each layout one generated function that turns rows into resource objects.

Only numbers and the generator's own identifiers are pasted into the source; every name that comes from a model is
bound as a constant in the function's namespace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import quote

from ...operations.outcome import BranchLinkage, KeyLinkage, Layout, Linkage, Row, Variant
from ...schema.resource import Identity, Relationship, Resource
from .own import completer_of

Object = dict[str, Any]
Renderer = Callable[[Iterable[Row], str, Sequence[dict[Any, Any]]], list[Object]]
"""(rows, root URL, the linkage of each branch by key) -> resource objects."""

Identifier = Callable[[Row], Object]


class Source:
    """Generated code under construction: its constants and its expressions."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"str": str, "quote": quote}

    def constant(self, value: Any) -> str:
        """Bind a value in the namespace and give its name."""
        name = f"k{len(self.names)}"
        self.names[name] = value
        return name

    def function(self, text: str) -> Any:
        """Compile a definition of `render` and give the function."""
        exec(compile(text, "<row code>", "exec"), self.names)  # noqa: S102  (the source holds no foreign text)
        return self.names["render"]


def renderer_of(layout: Layout, *, links: bool) -> Renderer:
    """Generate the function that renders rows of `layout`."""
    makers = [_maker(variant, links, _paged(layout)) for variant in layout.variants]
    if layout.discriminator is None:
        return makers[0]
    chosen = {value: makers[index] for value, index in layout.discriminators}
    column, otherwise = layout.discriminator, makers[0]

    def render(rows: Iterable[Row], root: str, linkage: Sequence[dict[Any, Any]]) -> list[Object]:
        return [chosen.get(row[column], otherwise)((row,), root, linkage)[0] for row in rows]

    return render


def _paged(layout: Layout) -> frozenset[int]:
    """Give the branches of which each row has a page of its own; their linkage comes as `PagedLinkage`."""
    pages = [branch.selection.page for branch in layout.selection.branches]
    return frozenset(number for number, page in enumerate(pages) if page is not None and page.size is not None)


def _maker(variant: Variant, links: bool, paged: frozenset[int]) -> Renderer:
    if variant.document is not None:
        return completer_of(variant, links)
    source = Source()
    resource = variant.resource
    members = [f'"type": {source.constant(resource.name)}', '"id": id_']
    if variant.attributes:
        pairs = [f"{source.constant(one.name)}: {_value(source, one.codec.encode, n)}" for one, n in variant.attributes]
        members.append('"attributes": {' + ", ".join(pairs) + "}")
    related = [
        f"{source.constant(one.relationship.name)}: {{{', '.join(inner)}}}"
        for one in variant.linkages
        if (inner := _members(source, one, variant, links, paged))
    ]
    if related:
        members.append('"relationships": {' + ", ".join(related) + "}")
    if links:
        members.append('"links": {"self": url}')
    if variant.version is not None:
        version, number = variant.version
        members.append(f'"meta": {{"version": {_value(source, version.codec.encode, number)}}}')
    text = "def render(rows, root, linkage):\n    out = []\n    add = out.append\n"
    text += f"    base = root + {source.constant(resource.path + '/')}\n"
    text += "    for row in rows:\n"
    text += f"        id_ = {_id(source, resource.identity, variant.identity)}\n"
    if links or paged:
        text += f"        url = base + {_quoted(resource.identity)}\n"
    text += "        add({" + ", ".join(members) + "})\n    return out\n"
    return source.function(text)  # type: ignore[no-any-return]  # generated


def _id(source: Source, identity: Identity, columns: tuple[int, ...]) -> str:
    """Give the expression of a row's id."""
    if len(columns) == 1 and identity.keys[0].codec.text is str:
        return f"str(row[{columns[0]}])"
    values = ", ".join(f"row[{number}]" for number in columns)
    return f"{source.constant(identity.text)}(({values},))"


def _quoted(identity: Identity) -> str:
    """Give the expression of an id inside a URL; the digits of an integer need no quoting."""
    return "id_" if _is_integer(identity) else 'quote(id_, safe="")'


def _is_integer(identity: Identity) -> bool:
    return len(identity.keys) == 1 and identity.keys[0].codec.name == "integer"


def _value(source: Source, encode: Callable[[Any], Any] | None, number: int) -> str:
    if encode is None:
        return f"row[{number}]"
    return f"None if row[{number}] is None else {source.constant(encode)}(row[{number}])"


def _members(source: Source, linkage: Linkage, variant: Variant, links: bool, paged: frozenset[int]) -> list[str]:
    """Give the members of a relationship object."""
    members = []
    match linkage:
        case KeyLinkage():
            members.append(f'"data": {_key_data(source, linkage)}')
        case BranchLinkage(relationship, branch):
            empty = "[]" if relationship.is_many else "None"
            members.append(f'"data": linkage[{branch}].get({_key(linkage)}) or {empty}')
    if pairs := _links(source, linkage, links, paged):
        members.append('"links": {' + ", ".join(pairs) + "}")
    if counts := _counts(variant, linkage.relationship):
        members.append('"meta": {' + ", ".join(counts) + "}")
    return members


def _links(source: Source, linkage: Linkage, links: bool, paged: frozenset[int]) -> list[str]:
    """Give the links of a relationship object; pages are nothing without its `self` (J-3.4.3)."""
    has_pages = isinstance(linkage, BranchLinkage) and linkage.branch in paged
    name = linkage.relationship.name
    own = f"url + {source.constant(f'/relationships/{name}')}"
    pairs = [f'"self": {own}'] if links or has_pages else []
    if links:
        pairs.append(f'"related": url + {source.constant(f"/{name}")}')
    if isinstance(linkage, BranchLinkage) and has_pages:
        pairs.append(f"**linkage[{linkage.branch}].links({own}, {_key(linkage)})")
    return pairs


def _counts(variant: Variant, relationship: Relationship) -> list[str]:
    """Give the counts of members: of all, and of the list of which a page is included."""
    found = [(one.paged, number) for one, number in variant.tallies if one.relationship.path == relationship.path]
    return [f'"page": {{"total": row[{number}]}}' if paged else f'"count": row[{number}]' for paged, number in found]


def _key(linkage: BranchLinkage) -> str:
    """Give the expression of the key by which the linkage of a row is found."""
    return f"row[{linkage.columns[0]}]" if len(linkage.columns) == 1 else _tuple(linkage.columns)


def _tuple(columns: tuple[int, ...]) -> str:
    return "(" + ", ".join(f"row[{number}]" for number in columns) + ",)"


def _key_data(source: Source, linkage: KeyLinkage) -> str:
    """Give the expression of to-one linkage that stands in the row itself."""
    target = linkage.relationship.target
    id_ = _id(source, target.identity, linkage.columns)
    if linkage.discriminator is None:
        type_ = source.constant(target.name)
    else:
        type_ = f"{source.constant(_types(target))}.get(row[{linkage.discriminator}], {source.constant(target.name)})"
    empty = " or ".join(f"row[{number}] is None" for number in linkage.columns)
    return f'None if {empty} else {{"type": {type_}, "id": {id_}}}'


def _types(target: Resource) -> dict[Any, str]:
    """Map every polymorphic identity to the type name of the nearest resource."""
    names = {one.model: one.name for one in (target, *target.subtypes)}
    return {
        mapper.polymorphic_identity: next((names[one] for one in mapper.class_.__mro__ if one in names), target.name)
        for mapper in target.mapper.self_and_descendants
    }


def identifier_of(layout: Layout) -> Identifier:
    """Generate the function that gives the resource identifier of a row."""
    makers = []
    for variant in layout.variants:
        source = Source()
        type_, id_ = source.constant(variant.resource.name), _id(source, variant.resource.identity, variant.identity)
        makers.append(source.function(f'def render(row):\n    return {{"type": {type_}, "id": {id_}}}\n'))
    if layout.discriminator is None:
        return makers[0]  # type: ignore[no-any-return]  # generated
    chosen = {value: makers[index] for value, index in layout.discriminators}
    column, otherwise = layout.discriminator, makers[0]
    return lambda row: chosen.get(row[column], otherwise)(row)


def parent_of(layout: Layout) -> Callable[[Row], Any]:
    """Give the function that tells which row above a row belongs to."""
    if len(layout.parent) == 1:
        number = layout.parent[0]
        return lambda row: row[number]
    return lambda row: tuple(row[number] for number in layout.parent)
