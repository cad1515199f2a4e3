"""Which lists are exported, and in which format: what the client accepts, and what the APIs allow."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from ...schema.resource import Resource
from ..base import Call
from ..media_types import MediaType, read_media_types

FORMATS: Mapping[str, str] = {
    "text/csv": "csv",
    "application/x-ndjson": "ndjson",
    "application/ndjson": "ndjson",
}
"""Media type -> format, a name in `Options.exports`."""

LISTS = frozenset({"collection", "related"})
"""The endpoints that serve lists of resources."""

NO_FORMATS: frozenset[str] = frozenset()

PARAMETERS: Mapping[str, str] = {"charset": "utf-8", "header": "present"}
"""The parameters of a media range that are met, each with its only value."""


def export_type(call: Call, host: str) -> str | None:
    """Give the media type to export a list in; None where the host's own type, `host`, is the answer.

    Only what is named in full asks for an export: `*/*` and no `Accept` at all mean the host's own type.
    """
    allowed = exported(call) if call.method == "GET" else NO_FORMATS
    if not allowed:
        return None
    return _preferred(call.headers.get("accept", ""), allowed, host)


def exported(call: Call) -> frozenset[str]:
    """Give the formats in which the list of a call may be exported: allowed by every API on the way to its rows."""
    if call.endpoint not in LISTS:
        return NO_FORMATS
    allowed = frozenset(call.resource.options.exports)
    if call.endpoint == "collection" or not allowed:
        return allowed
    target = _listed(call)
    return frozenset() if target is None else allowed & frozenset(target.options.exports)


def _listed(call: Call) -> Resource | None:
    """Give the resource whose rows a related list holds; None where what is related is no list."""
    found = call.resource.relationships.get(call.relation or "")
    return found.target if found is not None and found.is_many else None


@lru_cache(maxsize=256)
def _preferred(accept: str, allowed: frozenset[str], host: str) -> str | None:
    """Give the type of the greatest weight, the first of equals; a tie with the host's own type is the host's."""
    ranges = list(read_media_types(accept))
    wanted = [one for one in ranges if FORMATS.get(one.name) in allowed and one.weight > 0 and _is_met(one)]
    if not wanted:
        return None
    best = max(wanted, key=lambda one: one.weight)
    own = [one.weight for one in ranges if one.name == host]
    rival = max(own) if own else max((one.weight for one in ranges if one.name in _above(host)), default=0.0)
    is_ours = best.weight > rival or (not own and best.weight == rival)
    return best.name if is_ours else None


def _above(name: str) -> tuple[str, str]:
    """Give the ranges that a type is in."""
    return f"{name.partition('/')[0]}/*", "*/*"


def _is_met(one: MediaType) -> bool:
    return all(PARAMETERS.get(name) == value.lower() for name, value in one.parameters.items())
