"""Outcomes to documents: one pass over the rows, with the row code of their layouts."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from ...operations.outcome import Layout, Row, Rows
from ...operations.refining import Path
from .fragments import ArrayTexts, array_texts_of, identifier_text_of, is_plain
from .relationship_pages import PagedLinkage, Pager
from .rowcode import Identifier, Object, Renderer, identifier_of, parent_of, renderer_of


@dataclass(frozen=True, slots=True)
class Code:
    """The generated functions of one layout, which is kept so that its identity stays its own.

    `entry` gives what stands for a row in linkage: its identifier, or the text of that.  `arrays` writes the text of
    to-many linkage from rows, None for code that makes dicts.  `is_plain` tells whether the document with this layout
    at its root may be written with text.
    """

    layout: Layout
    render: Renderer
    identifier: Identifier
    entry: Callable[[Row], Any]
    arrays: ArrayTexts | None
    parent: Any
    is_plain: bool


class Codes:
    """The row code of the layouts that were rendered lately; a layout lives as long as its plan does."""

    def __init__(self, size: int = 1024) -> None:
        self._size = size
        self._kept: OrderedDict[tuple[int, bool | None, bool], Code] = OrderedDict()
        self._lock = Lock()

    def of(self, layout: Layout, links: bool | None = None, *, text: bool = False) -> Code:
        """Give the code of a layout, generated now if it is new.

        `links` None leaves links to the API's options; `text` asks for relationships and links as JSON text.
        """
        key = id(layout), links, text
        code = self._kept.get(key)
        if code is not None and code.layout is layout:
            return code
        wanted = layout.selection.resource.options.include_links if links is None else links
        identifier = identifier_of(layout)
        entry = identifier_text_of(layout) if text else identifier
        render = renderer_of(layout, links=wanted, text=text)
        arrays = array_texts_of(layout) if text and layout.parent else None
        code = Code(layout, render, identifier, entry, arrays, parent_of(layout), is_plain(layout.selection))
        with self._lock:
            self._kept[key] = code
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
        return code


@dataclass(slots=True)
class Document:
    """The resources of one document: each (type, id) once.

    `links` says whether they carry links, `pager` writes those of included pages.  With `text`, for which the rows
    have to be writable so, relationships and links are JSON text.
    """

    codes: Codes
    root: str
    links: bool | None = None
    pager: Pager = field(default_factory=lambda: Pager(""))
    text: bool = False
    included: dict[tuple[str, str], Object] = field(default_factory=dict)
    primary: dict[tuple[str, str], Object] = field(default_factory=dict)

    def resources(self, rows: Rows) -> list[Object]:
        """Render primary rows, and what they include."""
        objects = self._render(rows, self.pager.start)
        if rows.branches and not self.text and any(branch.shown for branch in rows.layout.selection.branches):
            self.primary = {(one["type"], one["id"]): one for one in objects}
            for key in self.primary.keys() & self.included.keys():
                _merge(self.primary[key], self.included.pop(key))
        return objects

    def identifiers(self, rows: Rows, *, with_resources: bool) -> list[Object]:
        """Render primary rows as identifiers; with `with_resources` the resources are included."""
        if with_resources:
            self._include(self._render(rows, self.pager.start))
        identifier = self.codes.of(rows.layout).identifier
        return [identifier(row) for row in rows.rows]

    def _render(self, rows: Rows, path: Path) -> list[Object]:
        linkage = [self._branch(branch, rows, number, path) for number, branch in enumerate(rows.branches)]
        return self.codes.of(rows.layout, self.links, text=self.text).render(rows.rows, self.root, linkage)

    def _branch(self, rows: Rows, above: Rows, number: int, path: Path) -> dict[Any, Any]:
        """Include the rows of a branch, and give its linkage by the key of the rows above."""
        branch = above.layout.selection.branches[number]
        path = (*path, branch.relationship.name)
        if branch.shown:
            self._include(self._render(Rows(rows.layout, _distinct(rows), rows.branches), path))
        code = self.codes.of(rows.layout, self.links, text=self.text)
        if not branch.relationship.is_many:
            return {code.parent(row): code.entry(row) for row in rows.rows}
        if code.arrays is not None:
            return code.arrays(rows.rows)
        groups = _grouped(rows.rows, code)
        if rows.page is None:
            return groups
        return PagedLinkage(groups, self.pager.ends(path, branch.selection, rows.page), rows.more)

    def _include(self, objects: Iterable[Object]) -> None:
        included = self.included
        for one in objects:
            known = included.setdefault((one["type"], one["id"]), one)
            if known is not one:
                _merge(known, one)


def _grouped(rows: Sequence[Row], code: Code) -> dict[Any, list[Any]]:
    groups: dict[Any, list[Any]] = {}
    parent, entry = code.parent, code.entry
    for row in rows:
        key = parent(row)
        group = groups.get(key)
        if group is None:
            group = groups[key] = []
        group.append(entry(row))
    return groups


def _distinct(rows: Rows) -> Sequence[Row]:
    """Give each row once that belongs to several rows above."""
    keys = rows.layout.variants[0].identity
    if len(keys) == 1:
        number = keys[0]
        return list({row[number]: row for row in rows.rows}.values())
    return list({tuple(row[number] for number in keys): row for row in rows.rows}.values())


def _merge(known: Object, other: Object) -> None:
    """Bring the linkage that only `other` has into `known`, so that nothing included hangs in the air (J-3.7.3).

    One resource may be reached over two paths that include different members of one relationship.
    """
    for name, relationship in other.get("relationships", {}).items():
        own = known.setdefault("relationships", {}).setdefault(name, relationship)
        if "data" in relationship and "data" not in own:
            own.update(relationship)
        elif own.get("data") != relationship.get("data") and isinstance(own.get("data"), list):
            own["data"] += [one for one in relationship.get("data", ()) if one not in own["data"]]
        if "meta" in relationship:
            own.setdefault("meta", relationship["meta"])
