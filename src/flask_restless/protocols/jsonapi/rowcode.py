"""Row code: for each layout one generated function that turns rows into resource objects.

Only numbers and the generator's own identifiers are pasted into the source; every name that comes from a model is
bound as a constant in the function's namespace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import quote

from orjson import Fragment

from ...operations.generated import Source
from ...operations.outcome import BranchLinkage, KeyLinkage, Layout, Linkage, Row, Variant
from ...schema.resource import Relationship
from .fragments import dumped, escaped, relationships_text, self_text
from .identity import id_expression, quoted, types_of
from .own import completer_of

Object = dict[str, Any]
Renderer = Callable[[Iterable[Row], str, Sequence[dict[Any, Any]]], list[Object]]
"""(rows, root URL, the linkage of each branch by key) -> resource objects."""

Identifier = Callable[[Row], Object]


def renderer_of(layout: Layout, *, links: bool, text: bool = False) -> Renderer:
    """Generate the function that renders rows of `layout`; with `text`, relationships and links as JSON text.

    The linkage of branches comes as texts then, too.
    """
    if text:
        makers = [_text_maker(variant, links) for variant in layout.variants]
    else:
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
    source = Source(str=str, quote=quote)
    members = _own_members(source, variant)
    related = [
        f"{source.constant(one.relationship.name)}: {{{', '.join(inner)}}}"
        for one in variant.linkages
        if (inner := _members(source, one, variant, links, paged))
    ]
    if related:
        members.append('"relationships": {' + ", ".join(related) + "}")
    if links:
        members.append('"links": {"self": url}')
    lines = [f"url = base + {quoted(variant.resource.identity)}"] if links or paged else []
    return _function(source, variant, lines, _with_version(source, variant, members))


def _text_maker(variant: Variant, links: bool) -> Renderer:
    """Generate the code for documents into which nobody looks (see `fragments`)."""
    source = Source(str=str, quote=quote, escaped=escaped, dumps=dumped, Fragment=Fragment)
    members = _own_members(source, variant)
    lines = [f"url = text + {quoted(variant.resource.identity)}"] if links else []
    if related := relationships_text(source, variant, links):
        lines += related[0]
        members.append(f'"relationships": Fragment({related[1]})')
    if links:
        members.append(f'"links": Fragment({self_text(source)})')
    return _function(source, variant, lines, _with_version(source, variant, members), "text = escaped(base)")


def _own_members(source: Source, variant: Variant) -> list[str]:
    """Give the members of a resource object that depend on its own columns alone."""
    members = [f'"type": {source.constant(variant.resource.name)}', '"id": id_']
    if variant.attributes:
        pairs = [f"{source.constant(one.name)}: {_value(source, one.codec.encode, n)}" for one, n in variant.attributes]
        members.append('"attributes": {' + ", ".join(pairs) + "}")
    return members


def _with_version(source: Source, variant: Variant, members: list[str]) -> list[str]:
    if variant.version is None:
        return members
    version, number = variant.version
    return [*members, f'"meta": {{"version": {_value(source, version.codec.encode, number)}}}']


def _function(
    source: Source, variant: Variant, lines: Sequence[str], members: Sequence[str], before: str = ""
) -> Renderer:
    """Generate the loop over rows: `lines` prepare what the `members` of each object are made of, `before` all."""
    resource = variant.resource
    text = "def render(rows, root, linkage):\n    out = []\n    add = out.append\n"
    text += f"    base = root + {source.constant(resource.url + '/')}\n"
    text += f"    {before}\n" if before else ""
    text += "    for row in rows:\n"
    for line in (f"id_ = {id_expression(source, resource.identity, variant.identity)}", *lines):
        text += f"        {line}\n"
    text += "        add({" + ", ".join(members) + "})\n    return out\n"
    return source.function(text)  # type: ignore[no-any-return]  # generated


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
    name = linkage.relationship.url
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
    id_ = id_expression(source, target.identity, linkage.columns)
    if linkage.discriminator is None:
        type_ = source.constant(target.name)
    else:
        type_ = f"{source.constant(types_of(target))}.get(row[{linkage.discriminator}], {source.constant(target.name)})"
    empty = " or ".join(f"row[{number}] is None" for number in linkage.columns)
    return f'None if {empty} else {{"type": {type_}, "id": {id_}}}'


def identifier_of(layout: Layout) -> Identifier:
    """Generate the function that gives the resource identifier of a row."""
    makers = []
    for variant in layout.variants:
        source = Source(str=str, quote=quote)
        type_, id_ = (
            source.constant(variant.resource.name),
            id_expression(source, variant.resource.identity, variant.identity),
        )
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
