"""The parts of a URL below a collection whose ids may hold slashes.

Servers decode `%2F` before routing, so the parts are told apart by the URL as it was sent, where the server gives that
too (`REQUEST_URI`, or `RAW_URI`), and else by the names of relationships.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from flask.blueprints import BlueprintSetupState
from werkzeug.routing import BaseConverter

from .calls import current_request
from .schema.resource import Resource

LONGEST = 3
"""Parts of the longest URL: id, `relationships` and a name, or id, a name and a member's id."""


UNSLASHED = frozenset(
    {"integer", "number", "decimal", "boolean", "uuid", "date", "date-time", "time", "interval", "macaddr", "macaddr8"}
)
"""Codecs whose texts are never empty, and hold no slash."""


class Rest(BaseConverter):
    """All that is left of a path: nothing, slashes and line breaks too."""

    part_isolating = False
    regex = "(?s:.*)"
    weight = 300


def register_converter(state: BlueprintSetupState) -> None:
    """Let an application's rules say `<restless_rest:name>`."""
    state.app.url_map.converters["restless_rest"] = Rest


def may_hold_slashes(resource: Resource) -> bool:
    """Whether an id may hold slashes, or be empty: texts, enums, networks and bytes are such."""
    return any(key.codec.name not in UNSLASHED for key in resource.identity.keys)


def is_doubtful(resource: Resource, relation: str) -> bool:
    """Whether what routing took for the name of a relationship may be part of an id."""
    return relation not in resource.relationships or "%2F" in _raw().upper()


def joined(endpoint: str, parts: Mapping[str, str]) -> str:
    """Put the parts of a path together again that routing told apart."""
    return "/".join(_joined(endpoint, parts))


def _joined(endpoint: str, parts: Mapping[str, str]) -> Iterator[str]:
    yield parts["id"]
    if endpoint == "relationship":
        yield "relationships"
    yield parts["relation"]
    if "member" in parts:
        yield parts["member"]


def split(resource: Resource, rest: str) -> tuple[str, dict[str, str]]:
    """Give the endpoint that the decoded `rest` of a path means, and its parts."""
    names = resource.relationships
    match _sent(rest):
        case [id_]:
            return "resource", {"id": id_}
        case [id_, relation] if relation in names:
            return "related", {"id": id_, "relation": relation}
        case [id_, "relationships", relation] if relation in names:
            return "relationship", {"id": id_, "relation": relation}
        case [id_, relation, member] if relation in names:
            return "member", {"id": id_, "relation": relation, "member": member}
    return _split_by_names(resource, rest)


def _sent(rest: str) -> list[str]:
    """Give the parts of `rest` as they were sent; nothing if that cannot be told, or they are too many."""
    parts = [unquote(one) for one in _raw().rsplit("/", LONGEST)]
    for count in range(1, LONGEST + 1):
        if "/".join(parts[-count:]) == rest:
            return parts[-count:]
    return []


def _raw() -> str:
    environ = current_request().environ
    raw: str = environ.get("REQUEST_URI") or environ.get("RAW_URI") or ""
    return raw.partition("?")[0]


def _split_by_names(resource: Resource, rest: str) -> tuple[str, dict[str, str]]:
    names = resource.relationships
    head, _, last = rest.rpartition("/")
    owner, _, before = head.rpartition("/")
    if last in names and before == "relationships" and owner:
        return "relationship", {"id": owner, "relation": last}
    if last in names and head:
        return "related", {"id": head, "relation": last}
    if before in names and owner:
        return "member", {"id": owner, "relation": before, "member": last}
    return "resource", {"id": rest}
