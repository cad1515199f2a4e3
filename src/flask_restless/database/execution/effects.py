"""Whether an update has changed anything but what it was asked to change (J-5.2.9)."""

from __future__ import annotations

from typing import Any

from ...operations.inclusion import selection
from ...operations.operation import Assignment, Id, Link, Update
from ...operations.outcome import BranchLinkage, KeyLinkage, Linkage, NoLinkage, Row, Rows, Variant
from ...operations.refining import fully_linked
from ...operations.selection import Selection
from ...schema.resource import Resource


def whole(resource: Resource) -> Selection:
    """Select all that a client can see of a resource: every field, and the linkage of every relationship."""
    fieldsets = {one.name: (*one.attributes, *one.relationships) for one in (resource, *resource.subtypes)}
    return fully_linked(selection(resource, {}, fieldsets))


def is_as_asked(operation: Update, before: Rows, after: Rows) -> bool:
    """Whether the one row of `after` is that of `before` with the changes of `operation`, and no others.

    Values are compared as they are sent: a number that was stored as another text is a change.
    """
    old, new = before.rows[0], after.rows[0]
    variant = _variant(after, new)
    if operation.changes or variant.document is not None or variant.resource is not _variant(before, old).resource:
        return False
    assigned = {one.attribute: one for one in operation.assignments}
    links = {one.relationship: one for one in operation.links}
    return all(
        _sent(attribute, new[number]) == _expected(attribute, assigned.get(attribute), old[number])
        for attribute, number in variant.attributes
    ) and all(
        _members(one, after) == _expected_members(one, links.get(one.relationship), before) for one in variant.linkages
    )


def _variant(rows: Rows, row: Row) -> Variant:
    layout = rows.layout
    if layout.discriminator is None:
        return layout.variants[0]
    return layout.variants[dict(layout.discriminators).get(row[layout.discriminator], 0)]


def _sent(attribute: Any, value: object) -> object:
    encode = attribute.codec.encode
    return value if value is None or encode is None else encode(value)


def _expected(attribute: Any, assignment: Assignment | None, old: object) -> object:
    return _sent(attribute, old if assignment is None else assignment.value)


def _members(linkage: Linkage, rows: Rows) -> set[Id]:
    """Give the ids that a relationship of the one row refers to."""
    row = rows.rows[0]
    match linkage:
        case KeyLinkage():
            key = tuple(row[number] for number in linkage.columns)
            return set() if None in key else {key}
        case BranchLinkage():
            found = rows.branches[linkage.branch]
            keys = found.layout.variants[0].identity
            return {tuple(one[number] for number in keys) for one in found.rows}
        case NoLinkage():
            return set()


def _expected_members(linkage: Linkage, link: Link | None, before: Rows) -> set[Id]:
    return _members(linkage, before) if link is None else {one.id for one in link.targets if one.id is not None}
