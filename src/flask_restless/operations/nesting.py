"""The rows that one write is about: its own, and those that its document nests."""

from __future__ import annotations

from collections.abc import Iterator

from ..schema.resource import Resource
from .operation import Change, Create, Link, Nested, Operation, Update, UpdateMany

Row = Create | Update | UpdateMany | Nested
"""Whatever gives attributes of one row."""


def rows_of(operation: Operation) -> Iterator[tuple[Resource, Row]]:
    """Give every row that a write gives attributes of, outermost first, each with its resource."""
    match operation:
        case Create(resource=resource, links=links):
            yield resource, operation
            yield from _inside(links)
        case Update(target=target, links=links, changes=changes):
            yield target.resource, operation
            yield from _inside(links, changes)
        case UpdateMany(selection=selection, links=links, changes=changes):
            yield selection.resource, operation
            yield from _inside(links, changes)


def _inside(links: tuple[Link, ...], changes: tuple[Change, ...] = ()) -> Iterator[tuple[Resource, Row]]:
    given = [one for link in links for one in link.targets] + [one for change in changes for one in change.added]
    for one in given:
        if isinstance(one, Nested):
            yield one.resource, one
            yield from _inside(one.links)
