"""The tables of the migration guides, made from those that `flask-restless check-migration` reads."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from tables import row_of, table_of

from flask_restless.migration.differences import Difference, Topic, differences_of

HEAD = ("before", "now", "", "to keep or replace it")


class MigrationFrom(SphinxDirective):
    """`{migration-from} 0.17`: one table for each topic."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Build the tables."""
        generation = self.arguments[0]
        found: list[nodes.Node] = []
        for topic in Topic:
            rows = [row for row in differences_of(generation) if row.topic is topic]
            if rows:
                found += [nodes.rubric(text=topic.value), self._table(rows, generation)]
        return found

    def _table(self, rows: list[Difference], generation: str) -> nodes.table:
        table = table_of(HEAD, [])
        (body,) = table.findall(nodes.tbody)
        for one in rows:
            row = row_of((one.before, one.after, one.severity.word, one.cure))
            row["ids"].append(one.target(generation))
            body += row
        return table


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("migration-from", MigrationFrom)
    return {"parallel_read_safe": True}
