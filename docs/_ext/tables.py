"""Tables that are made from the code, so that the documentation cannot fall behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from inspect import getsource
from re import findall
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sqlalchemy import ARRAY, PickleType
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator

from flask_restless.database_types import FloatingDecimal, Foreign
from flask_restless.migration.processors import AFTER, BEFORE
from flask_restless.operations.operators import OPERATORS
from flask_restless.operations.problems import CODES
from flask_restless.schema.classic_options import ClassicOptions
from flask_restless.schema.options import SUCCESSORS, Limits, Options
from flask_restless.schema.types import TYPES, codec_of

Row = Sequence[str]


def error_rows() -> Iterator[Row]:
    """One row for each error code."""
    for code, row in sorted(CODES.items()):
        yield f"`{code}`", str(row.status), row.title, row.explanation


def operator_rows() -> Iterator[Row]:
    """One row for each filter operator."""
    for row in dict.fromkeys(OPERATORS.values()):
        others = ", ".join(f"`{name}`" for name in row.names[1:])
        yield f"`{row.name}`", others, row.operand.value, row.needs.value, row.summary


def field_rows(class_: type[Any]) -> Iterator[Row]:
    """One row for each field of a dataclass, with the docstring below it."""
    found = dict(findall(r"    (\w+): .*?\n    \"\"\"(.*?)\"\"\"", getsource(class_)))
    for one in fields(class_):
        if not one.metadata.get("keyword", True):
            continue
        default = "none" if one.default is MISSING else f"`{one.default!r}`"
        default = default.replace("`frozenset()`", "none").replace("`()`", "none")
        yield f"`{one.name}`", default.replace("frozenset({'GET'})", "GET"), found[one.name]


def type_rows() -> Iterator[Row]:
    """One row for each SQLAlchemy type whose codec needs no argument to show."""
    for class_ in TYPES:
        if class_ in WITH_ARGUMENTS:
            continue
        codec = codec_of(class_())
        form = codec.json_schema.get("type", "any value")
        _, package, dialect, *_ = [*class_.__module__.split("."), "", ""]
        where = f"{dialect}." if package == "dialects" else ""
        yield f"`{where}{class_.__name__}`", codec.name, str(form), str(codec.json_schema.get("format", ""))


def processor_rows(table: Mapping[str, Mapping[str, Sequence[str]]]) -> Iterator[Row]:
    """One row for each name of a processor of JSON:API."""
    for key, names in table["jsonapi"].items():
        yield f"`{key}`", ", ".join(f"`{name}`" for name in names)


WITH_ARGUMENTS = (TypeDecorator, PickleType, ARRAY, postgresql.ARRAY, Foreign, FloatingDecimal)
"""Rows that take an argument to show, that cannot be shown, or that only the reflection makes."""

TABLES = {
    "errors": (("code", "status", "title", "meaning"), error_rows),
    "operators": (("operator", "other names", "compares with", "needs", "meaning"), operator_rows),
    "options": (("option", "default", "meaning"), lambda: field_rows(Options)),
    "classic-options": (("option", "default", "meaning"), lambda: field_rows(ClassicOptions)),
    "preprocessors": (("name", "gets"), lambda: processor_rows(BEFORE)),
    "postprocessors": (("name", "gets"), lambda: processor_rows(AFTER)),
    "successors": (
        ("in the classic protocol", "in JSON:API"),
        lambda: [(f"`{a}`", f"`{b}`") for a, b in SUCCESSORS.items()],
    ),
    "limits": (("limit", "default", "of what"), lambda: field_rows(Limits)),
    "types": (("SQLAlchemy type", "codec", "JSON type", "format"), type_rows),
}


class GeneratedTable(SphinxDirective):
    """`{table-of} errors` and its like."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Build the table."""
        head, rows = TABLES[self.arguments[0]]
        return [table_of(head, rows())]


def table_of(head: Row, rows: Iterable[Row]) -> nodes.table:
    """Build a table with a head."""
    table = nodes.table()
    group = nodes.tgroup(cols=len(head))
    table += group
    group += [nodes.colspec(colwidth=1) for _ in head]
    header = nodes.thead()
    header += row_of(head)
    body = nodes.tbody()
    body += [row_of(row) for row in rows]
    group += [header, body]
    return table


def row_of(cells: Row) -> nodes.row:
    """Build one row; backquotes mark code."""
    row = nodes.row()
    for cell in cells:
        entry = nodes.entry()
        paragraph = nodes.paragraph()
        for number, part in enumerate(cell.split("`")):
            paragraph += nodes.literal(text=part) if number % 2 else nodes.Text(part)
        entry += paragraph
        row += entry
    return row


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("table-of", GeneratedTable)
    return {"parallel_read_safe": True}
