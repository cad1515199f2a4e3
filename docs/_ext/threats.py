"""The table of threats: each, and the tests that name it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from tables import table_of

from checklist import Test, read_results, result_of
from conformance import shown
from threat_list import THREATS, threats_of_tests

HEAD = ("threat", "of", "tests", "result")


class Threats(SphinxDirective):
    """`{threats}`: all of them."""

    def run(self) -> list[nodes.Node]:
        """Build the table."""
        return [table_of(HEAD, rows())]


def rows() -> Iterator[tuple[str, ...]]:
    """One row for each threat."""
    named: dict[str, list[Test]] = threats_of_tests()
    results = read_results()
    for id_, what in THREATS.items():
        tests = named.get(id_, [])
        yield f"`{id_}`", what, shown(tests), result_of(tests, results)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("threats", Threats)
    return {"parallel_read_safe": True}
