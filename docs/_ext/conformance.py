"""The table of conformance: each rule of the standard, the tests that name it, and what the last run said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from tables import table_of

from checklist import CHECKLIST, Item, Test, named_by_tests, read_items, read_results, result_of

HEAD = ("item", "level", "rule", "tests", "result")
SHOWN = 4
"""Tests that are named for one rule; how many more there are is told."""


class Conformance(SphinxDirective):
    """`{conformance} J-1`: the rules of one chapter."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Build the table of the chapter."""
        self.env.note_dependency(str(CHECKLIST))
        return [table_of(HEAD, rows_of(self.arguments[0]))]


def rows_of(chapter: str) -> Iterator[tuple[str, ...]]:
    """One row for each rule."""
    items = read_items()
    named, results = named_by_tests(items), read_results()
    for item in items.values():
        if item.chapter == chapter:
            tests = named.get(item.id, [])
            yield f"`{item.id}`", item.level, item.rule, _cell(item, tests), result_of(tests, results)


def _cell(item: Item, tests: list[Test]) -> str:
    return shown(tests) + (f" Decided: {item.decision}." if item.decision else "")


def shown(tests: list[Test]) -> str:
    """Give the names of some tests, and how many more there are."""
    names = [f"`{test.module.rpartition('.')[2].removeprefix('test_')}: {test.name}`" for test in tests[:SHOWN]]
    names += [f"{len(tests) - SHOWN} more"] if len(tests) > SHOWN else []
    return ", ".join(names)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("conformance", Conformance)
    return {"parallel_read_safe": True}
