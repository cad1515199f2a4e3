"""The table of conformance: each rule of the standard, the tests that name it, and what the last run said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from tables import table_of

from checklist import CHECKLIST, Item, Test, named_by_tests, read_items, read_results

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
            yield f"`{item.id}`", item.level, item.rule, _shown(item, tests), _result(tests, results)


def _shown(item: Item, tests: list[Test]) -> str:
    names = [f"`{test.module.rpartition('.')[2].removeprefix('test_')}: {test.name}`" for test in tests[:SHOWN]]
    names += [f"{len(tests) - SHOWN} more"] if len(tests) > SHOWN else []
    return ", ".join(names) + (f" Decided: {item.decision}." if item.decision else "")


def _result(tests: list[Test], results: dict[Test, str]) -> str:
    """Give the worst of what the tests said; what runs inside all tests is left out."""
    said = {results[test] for test in tests if test in results}
    return next((one for one in ("fails", "passes", "skipped") if one in said), "")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("conformance", Conformance)
    return {"parallel_read_safe": True}
