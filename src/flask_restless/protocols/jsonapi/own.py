"""Resource objects that an application's own serializer made, completed to what the standard demands.

The serializer says which attributes and relationships there are.  Its object gets the identity that the server knows
it by, links where it has none, and the linkage of what is included (J-3.7.3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import quote

from ...operations.outcome import BranchLinkage, KeyLinkage, Row, Variant
from ...operations.preconditions import version_value
from ...operations.problems import Rejected, problem
from ...schema.resource import Relationship
from .relationship_pages import PagedLinkage

Object = dict[str, Any]


def completer_of(
    variant: Variant, links: bool
) -> Callable[[Iterable[Row], str, Sequence[dict[Any, Any]]], list[Object]]:
    """Give the function that renders rows whose resource objects stand in the column `variant.document`."""

    def render(rows: Iterable[Row], root: str, linkage: Sequence[dict[Any, Any]]) -> list[Object]:
        return [_completed(variant, row, root, linkage, links) for row in rows]

    return render


def _completed(variant: Variant, row: Row, root: str, linkage: Sequence[dict[Any, Any]], links: bool) -> Object:
    assert variant.document is not None
    resource = variant.resource
    found = _resource_object(row[variant.document], resource.name)
    id_ = resource.identity.text(tuple(row[number] for number in variant.identity))
    own = {**found, "type": resource.name, "id": id_}
    url = f"{root}{resource.url}/{quote(id_, safe='')}"
    if related := _relationships(variant, row, own.get("relationships") or {}, linkage, url, links):
        own["relationships"] = related
    if links:
        own.setdefault("links", {"self": url})
    if variant.version is not None:
        own["meta"] = {"version": version_value(variant.version, row), **(own.get("meta") or {})}
    return own


def _resource_object(made: object, name: str) -> Object:
    """Take a resource object, or the whole document of one, as serializers of 1.0 make it."""
    if isinstance(made, dict) and "data" in made and "type" not in made:
        made = made["data"]
    if not isinstance(made, dict):
        detail = f"the serializer of {name} gave no resource object"
        raise Rejected(problem("internal-error", detail))
    return made


def _relationships(
    variant: Variant, row: Row, given: Object, linkage: Sequence[dict[Any, Any]], url: str, links: bool
) -> Object:
    """Add links to the relationships that the serializer wrote, and those that are included or counted."""
    found = {name: dict(one) for name, one in given.items()}
    for one in variant.linkages:
        name, pages = one.relationship.name, {}
        own, related = f"{url}/relationships/{one.relationship.url}", f"{url}/{one.relationship.url}"
        if isinstance(one, BranchLinkage):
            columns = one.columns
            key = row[columns[0]] if len(columns) == 1 else tuple(row[number] for number in columns)
            members = linkage[one.branch]
            found.setdefault(name, {})["data"] = members.get(key) or ([] if one.relationship.is_many else None)
            if isinstance(members, PagedLinkage):
                pages = {"self": own, **members.links(own, key)}
        elif isinstance(one, KeyLinkage) and "data" in found.get(name, {}):
            found[name]["data"] = None if any(row[number] is None for number in one.columns) else found[name]["data"]
        if counts := _counts(variant, one.relationship, row):
            found.setdefault(name, {})["meta"] = counts
        if links and name in found:
            found[name].setdefault("links", {"self": own, "related": related})
        if pages:
            found[name]["links"] = {**found[name].get("links", {}), **pages}
    return found


def _counts(variant: Variant, relationship: Relationship, row: Row) -> Object:
    """Give the counts of members in a row, as the generated code does."""
    found: Object = {}
    for tally, number in variant.tallies:
        if tally.relationship.path == relationship.path:
            found |= {"page": {"total": row[number]}} if tally.paged else {"count": row[number]}
    return found
