"""Search objects (contract 2.5): which rows, in which order, and which part of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...operations.binding import find_attribute, relationships_of, shown, sort_keys, unknown_field
from ...operations.filters import Condition
from ...operations.json_text import read_json
from ...operations.problems import Source, quote, reject
from ...operations.selection import GroupKey, SortKey
from ...schema.resource import Resource
from .filters import read_filters
from .query import Q

SearchObject = dict[str, Any]
DIRECTIONS = ("asc", "desc")


@dataclass(frozen=True, slots=True)
class Search:
    """A search object, bound; `limit` and `offset` cut the list before it is divided into pages."""

    filter: Condition | None = None
    sort: tuple[SortKey, ...] = ()
    group: tuple[GroupKey, ...] = ()
    limit: int | None = None
    offset: int = 0
    single: bool = False


def read_search(text: str | None, resource: Resource) -> SearchObject:
    """Read the JSON of `q`; Rejected (`malformed-document`, `invalid-filter`)."""
    if text is None:
        return {}
    return checked_search(read_json(text, depth=resource.registry.limits.json_depth, source=Q, what="q"), Q)


def checked_search(found: Any, source: Source) -> SearchObject:
    """Give the search object in `found`; Rejected (`invalid-filter`) if it is none."""
    if not isinstance(found, dict):
        raise reject("invalid-filter", f"a search is an object, not {shown(found)}", source)
    return found


def bind_search(resource: Resource, given: Mapping[str, Any], source: Source = Q, *, hidden: bool = False) -> Search:
    """Bind a search object, whose unknown members are ignored; Rejected.

    With `hidden`, mapped columns that clients do not see may be named too: for the application's own processors.
    """
    terms = [_term(resource, one, source) for one in _entries(given, "order_by", ("field", "direction"), source)]
    return Search(
        read_filters(resource, given["filters"], source, hidden=hidden) if "filters" in given else None,
        sort_keys(resource, terms, source, hidden=hidden),
        tuple(_group_key(resource, one, source) for one in _entries(given, "group_by", ("field",), source)),
        _number(given, "limit", source) or None,
        _number(given, "offset", source),
        bool(given.get("single")),
    )


def _entries(
    given: Mapping[str, Any], member: str, allowed: tuple[str, ...], source: Source
) -> Iterator[dict[str, Any]]:
    """Give the entries of `order_by` or `group_by`, each an object with a `field`."""
    entries = given.get(member) or []
    if not isinstance(entries, list):
        raise reject("invalid-sort", f"{member} is a list of objects, not {shown(entries)}", source)
    for one in entries:
        if not isinstance(one, dict) or not isinstance(one.get("field"), str):
            raise reject("invalid-sort", f'an entry of {member} is an object such as {{"field": "name"}}', source)
        if unknown := set(one) - set(allowed):
            raise reject("invalid-sort", f"an entry of {member} has no member {quote(sorted(unknown)[0])}", source)
        yield one


def _term(resource: Resource, entry: Mapping[str, Any], source: Source) -> tuple[str, bool]:
    """Give the (path, descending) of an entry; `relation__column` is a path of two names."""
    direction = entry.get("direction", "asc")
    if direction not in DIRECTIONS:
        raise reject("invalid-sort", f"a direction is asc or desc, not {shown(direction)}", source)
    name = str(entry["field"])
    is_path = "__" in name and find_attribute(resource, name) is None
    return name.replace("__", ".") if is_path else name, direction == "desc"


def _group_key(resource: Resource, entry: Mapping[str, Any], source: Source) -> GroupKey:
    name = str(entry["field"])
    found = find_attribute(resource, name)
    if found is None:
        if name in relationships_of(resource):
            raise reject("invalid-sort", f"objects cannot be grouped by the relation {quote(name)}", source)
        raise unknown_field(resource, name, source)
    if not (found.sql and found.access.sort and found.codec.ordered):
        raise reject("invalid-sort", f"objects cannot be grouped by {quote(name)}", source)
    return GroupKey((), found)


def _number(given: Mapping[str, Any], member: str, source: Source) -> int:
    value = given.get(member)
    if value is None:
        return 0
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**62:
        raise reject("invalid-filter", f"{member} is a whole number, not {shown(value)}", source)
    return value
