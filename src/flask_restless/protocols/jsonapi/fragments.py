"""The relationships and links of a resource object as JSON text, written by generated code.

They are most of an object, and the same in every object of a type but for ids.  Written as text, which orjson takes
over as it is, they cost no dicts.  That serves where nobody looks into the objects: neither a postprocessor, nor the
merging of a resource that is included over two paths.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any

from orjson import dumps

from ...operations.generated import Source
from ...operations.outcome import BranchLinkage, KeyLinkage, Layout, Linkage, Row, Variant
from ...operations.selection import Selection
from ...schema.resource import Identity, Resource
from .identity import id_expression, is_integer, types_of

IdentifierText = Callable[[Row], str]

ArrayTexts = Callable[[Iterable[Row]], dict[Any, str]]
"""Rows -> the JSON array of their identifiers, by the key of the row above that they belong to."""


def is_plain(selection: Selection) -> bool:
    """Whether the resources of a document can be written as text: nobody else's, and each met on one path only."""
    nodes = list(selection.walk())
    if any(one.tallies or _is_paged(one) for one in nodes[1:]) or selection.tallies:
        return False
    resources = [resource for node in _shown(selection) for resource in _family(node.resource)]
    if any(one.options.serializer is not None for one in resources):
        return False
    return len(resources) == len({one.name for one in resources})


def _is_paged(selection: Selection) -> bool:
    return selection.page is not None and selection.page.size is not None


def _shown(selection: Selection) -> Sequence[Selection]:
    inner = [node for branch in selection.branches if branch.shown for node in _shown(branch.selection)]
    return [selection, *inner]


def _family(resource: Resource) -> tuple[Resource, ...]:
    return resource, *resource.subtypes


class Variable(str):
    """The name of a variable of generated code, among constant texts."""

    __slots__ = ()


def relationships_text(source: Source, variant: Variant, links: bool) -> tuple[list[str], str] | None:
    """Give the lines of generated code that prepare the text of all relationships, and its expression; None for none.

    The code's variables are `row`, `linkage`, and `url`, the URL of the resource as `escaped` gives it.
    """
    lines: list[str] = []
    members: list[list[str]] = []
    for linkage in variant.linkages:
        inner: list[list[str]] = []
        if (data := _data(source, linkage)) is not None:
            variable = Variable(f"t{len(lines)}")
            lines.append(f"{variable} = {data}")
            inner.append(['"data":', variable])
        if links:
            inner.append(_links(linkage.relationship.url))
        if inner:
            members.append([_name(linkage.relationship.name), *_object(inner)])
    return (lines, _expression(source, _object(members))) if members else None


def self_text(source: Source) -> str:
    """Give the expression of a resource object's links."""
    return _expression(source, ['{"self":"', Variable("url"), '"}'])


def escaped(text: str) -> str:
    """Give a text as it stands between the quotes of a JSON string."""
    return dumps(text).decode()[1:-1]


def identifier_text_of(layout: Layout) -> IdentifierText:
    """Generate the function that writes the resource identifier of a row."""
    makers: list[IdentifierText] = []
    for variant in layout.variants:
        source = Source(str=str, dumps=dumped)
        type_ = source.constant(escaped(variant.resource.name))
        text = _identifier(source, type_, variant.resource.identity, variant.identity)
        makers.append(source.function(f"def render(row):\n    return {text}\n"))
    if layout.discriminator is None:
        return makers[0]
    chosen = {value: makers[index] for value, index in layout.discriminators}
    column, otherwise = layout.discriminator, makers[0]
    return lambda row: chosen.get(row[column], otherwise)(row)


def array_texts_of(layout: Layout) -> ArrayTexts:
    """Generate the function that writes to-many linkage from the rows of a branch.

    There may be very many: what rows of one type cost is one look at a dict for each and the text of its id; all else
    stands between the ids, and they are joined at once.
    """
    source = Source(str=str, dumps=dumped, lists=lambda: defaultdict(list))
    parts, convert, (start, between, end) = _array_parts(source, layout)
    text = "def render(rows):\n    groups = lists()\n    for row in rows:\n"
    text += f"        groups[{_key(layout.parent)}].append({parts})\n"
    constants = [source.constant(one) for one in (start, between, end)]
    found = f"{constants[0]} + {constants[1]}.join({convert}) + {constants[2]}"
    text += f"    return {{key: {found} for key, parts in groups.items()}}\n"
    return source.function(text)  # type: ignore[no-any-return]  # generated


def _array_parts(source: Source, layout: Layout) -> tuple[str, str, tuple[str, str, str]]:
    """Give the expression of a row's part of an array, that of the texts of all `parts`, and what is around them."""
    if layout.discriminator is not None:
        return f"{source.constant(identifier_text_of(layout))}(row)", "parts", ("[", ",", "]")
    variant = layout.variants[0]
    identity, columns, type_ = variant.resource.identity, variant.identity, escaped(variant.resource.name)
    if is_integer(identity) and identity.keys[0].codec.text is str:
        start, end = f'{{"type":"{type_}","id":"', '"}'
        return f"row[{columns[0]}]", "map(str, parts)", (f"[{start}", f"{end},{start}", f"{end}]")
    start, end = f'{{"type":"{type_}","id":', "}"
    around = f"[{start}", f"{end},{start}", f"{end}]"
    return id_expression(source, identity, columns), "map(dumps, parts)", around


def _data(source: Source, linkage: Linkage) -> str | None:
    """Give the expression of the text of a relationship's linkage; None where none is sent."""
    match linkage:
        case KeyLinkage():
            return _key_data(source, linkage)
        case BranchLinkage(relationship, branch, columns):
            empty = "[]" if relationship.is_many else "null"
            return f'linkage[{branch}].get({_key(columns)}, "{empty}")'
    return None


def _key(columns: tuple[int, ...]) -> str:
    """Give the expression of the key by which the rows above and below a branch find each other."""
    return f"row[{columns[0]}]" if len(columns) == 1 else "(" + "".join(f"row[{one}], " for one in columns) + ")"


def _key_data(source: Source, linkage: KeyLinkage) -> str:
    target = linkage.relationship.target
    empty = " or ".join(f"row[{number}] is None" for number in linkage.columns)
    if linkage.discriminator is None:
        type_ = source.constant(escaped(target.name))
    else:
        names = {value: escaped(name) for value, name in types_of(target).items()}
        otherwise = source.constant(escaped(target.name))
        type_ = f"{source.constant(names)}.get(row[{linkage.discriminator}], {otherwise})"
    return f"'null' if {empty} else {_identifier(source, type_, target.identity, linkage.columns)}"


def _identifier(source: Source, type_: str, identity: Identity, columns: tuple[int, ...]) -> str:
    """Give the expression of a resource identifier's text; the digits of an integer need no escaping."""
    id_ = id_expression(source, identity, columns)
    quote, id_ = ('"', id_) if is_integer(identity) else ("", f"dumps({id_})")
    start, middle, end = (source.constant(text) for text in ('{"type":"', f'","id":{quote}', f"{quote}}}"))
    return f"{start} + {type_} + {middle} + {id_} + {end}"


def dumped(value: str) -> str:
    """Give a text as a JSON string."""
    return dumps(value).decode()


def _name(name: str) -> str:
    return f'"{escaped(name)}":'


def _links(name: str) -> list[str]:
    url = Variable("url")
    return ['"links":{"self":"', url, f'/relationships/{name}","related":"', url, f'/{name}"}}']


def _object(members: Sequence[Sequence[str]]) -> list[str]:
    """Put members, each of them a list of texts, into an object."""
    parts: list[str] = []
    for number, member in enumerate(members):
        parts += ["," if number else "{", *member]
    return [*parts, "}"]


def _expression(source: Source, parts: Sequence[str]) -> str:
    """Give the expression of a text made of constants and variables; constants beside each other become one."""
    groups = [(kind, list(group)) for kind, group in groupby(parts, type)]
    pieces = [name for kind, group in groups for name in (group if kind is Variable else [_joined(source, group)])]
    return 'f"' + "".join(f"{{{piece}}}" for piece in pieces) + '"'


def _joined(source: Source, parts: Sequence[str]) -> str:
    return source.constant("".join(parts))
