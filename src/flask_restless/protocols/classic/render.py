"""Outcomes to objects: one pass over the rows of each node, with the row code of its layout."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Any

from ...operations.outcome import Layout, Rows
from .rowcode import Object, Renderer, parent_of, renderer_of


@dataclass(frozen=True, slots=True)
class Code:
    """The generated functions of one layout, which is kept so that its identity stays its own."""

    layout: Layout
    render: Renderer
    parent: Any


class Codes:
    """The row code of the layouts that were rendered lately; a layout lives as long as its plan does."""

    def __init__(self, size: int = 1024) -> None:
        self._size = size
        self._kept: OrderedDict[int, Code] = OrderedDict()
        self._lock = Lock()

    def of(self, layout: Layout) -> Code:
        """Give the code of a layout, generated now if it is new."""
        code = self._kept.get(id(layout))
        if code is not None and code.layout is layout:
            return code
        code = Code(layout, renderer_of(layout), parent_of(layout))
        with self._lock:
            self._kept[id(layout)] = code
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
        return code

    def objects(self, rows: Rows) -> list[Object]:
        """Render rows, with the related objects inside."""
        related = [self._related(branch, rows, number) for number, branch in enumerate(rows.branches)]
        return self.of(rows.layout).render(rows.rows, related)

    def _related(self, rows: Rows, above: Rows, number: int) -> dict[Any, Any]:
        """Render the rows of a branch, by the key of the row above that they belong to."""
        objects = self.objects(rows)
        parent = self.of(rows.layout).parent
        if not above.layout.selection.branches[number].relationship.is_many:
            return {parent(row): one for row, one in zip(rows.rows, objects, strict=True)}
        groups: dict[Any, list[Object]] = {}
        for row, one in zip(rows.rows, objects, strict=True):
            key = parent(row)
            group = groups.get(key)
            if group is None:
                group = groups[key] = []
            group.append(one)
        return groups
