"""The requests in a server's log, understood by today's parser: what would be refused, and what means something else.

No database is asked: parsing needs the models alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from ..manager import PROTOCOLS
from ..operations.problems import Problem, Rejected
from ..protocols.base import Call
from ..schema.registry import Registry
from ..schema.resource import Resource
from .differences import Difference, Severity, Topic, differences_of

REQUEST = re.compile(r'"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (\S+)(?: HTTP/[0-9.]+)?"')


@dataclass(slots=True)
class Seen:
    """One kind of trouble: how often it is in the log, and one request that shows it."""

    severity: Severity
    text: str
    example: str
    count: int = 0
    row: Difference | None = None


@dataclass(slots=True)
class Tally:
    """What a log holds; `writes` are counted only, since a log does not tell their bodies."""

    lines: int = 0
    fine: int = 0
    writes: int = 0
    elsewhere: int = 0
    seen: dict[tuple[str, str, str], Seen] = field(default_factory=dict)

    def note(self, key: tuple[str, str, str], one: Seen) -> None:
        """Count one more of its kind."""
        self.seen.setdefault(key, one).count += 1


def tally(lines: Iterable[str], registries: Mapping[str, Registry], generation: str) -> Tally:
    """Read a log, in the common format or one URL a line."""
    found = Tally()
    rows = [row for row in differences_of(generation) if row.topic is Topic.PARAMETER and row.name]
    protocols = {name: make() for name, make in PROTOCOLS.items()}
    for line in lines:
        request = read_line(line)
        if request is None:
            continue
        found.lines += 1
        method, url = request
        parts = urlsplit(url)
        place = _place(unquote(parts.path), registries)
        if place is None:
            found.elsewhere += 1
        elif method not in ("GET", "HEAD"):
            found.writes += 1
        else:
            name, call = place[0], _call(place[1], place[2], parts.query)
            try:
                protocols[name].parse(call)
                refused: tuple[Problem, ...] = ()
            except Rejected as rejected:
                refused = rejected.problems
            _note(found, place[1], url, refused, [row for row in rows if _is_in(row, parts.query)])
    return found


def read_line(line: str) -> tuple[str, str] | None:
    """Give the method and the URL of a line of a log; None if it holds no request.

    >>> read_line('::1 - - [1/Jan/2014:10:15:00 +0000] "GET /api/person?page=2 HTTP/1.1" 200 12')
    ('GET', '/api/person?page=2')
    >>> read_line("http://example.com/api/person")
    ('GET', 'http://example.com/api/person')
    """
    match = REQUEST.search(line)
    if match is not None:
        return match[1], match[2]
    first = line.strip().split(" ")[0]
    return ("GET", first) if first.startswith(("/", "http://", "https://")) else None


def _place(path: str, registries: Mapping[str, Registry]) -> tuple[str, Resource, list[str]] | None:
    """Find the API of a path: its protocol, its resource, and the parts below the collection."""
    for protocol, registry in registries.items():
        for resource in sorted(registry, key=lambda one: -len(one.path)):
            evaluation = f"{resource.url_prefix}/eval/{resource.name}"
            if path == evaluation:
                return protocol, resource, ["", "evaluation"]
            if path == resource.path:
                return protocol, resource, []
            if path.startswith(f"{resource.path}/"):
                return protocol, resource, path.removeprefix(f"{resource.path}/").split("/")
    return None


def _call(resource: Resource, parts: list[str], query: str) -> Call:
    match parts:
        case []:
            return Call("GET", "collection", resource, query)
        case ["", endpoint]:
            return Call("GET", endpoint, resource, query)
        case [id_]:
            return Call("GET", "resource", resource, query, id=id_)
        case [id_, "relationships", relation]:
            return Call("GET", "relationship", resource, query, id=id_, relation=relation)
        case [id_, relation]:
            return Call("GET", "related", resource, query, id=id_, relation=relation)
        case [id_, relation, member]:
            return Call("GET", "member", resource, query, id=id_, relation=relation, member=member)
    return Call("GET", "resource", resource, query, id="/".join(parts))


def _note(found: Tally, resource: Resource, url: str, refused: Iterable[Problem], rows: list[Difference]) -> None:
    """Note what is wrong with a request; else what of it means something else."""
    problems = list(refused)
    for one in problems:
        parameter = (one.source.parameter if one.source else None) or ""
        text = f"{resource.path}: {one.status} {one.detail}"
        found.note((resource.path, one.code or "", parameter), Seen(Severity.BREAKS, text, url))
    if problems:
        return
    for row in rows:
        if row.severity is not Severity.FINE:
            text = f"{resource.path}: {row.before} -> {row.after}"
            severity = min(row.severity, Severity.CHANGES)
            found.note((resource.path, row.id, ""), Seen(severity, text, url, row=row))
    if not rows:
        found.fine += 1


def _is_in(row: Difference, query: str) -> bool:
    """Whether a query string holds what a row is about."""
    pairs = list(parse_qsl(query, keep_blank_values=True))
    filters = [value for name, value in pairs if re.fullmatch(r"filter\[(?!objects\])[^\]]+\]", name)]
    match row.name:
        case "filter[field]":
            return bool(filters)
        case "filter[field] with commas":
            return any("," in value for value in filters)
        case "sort over relationships":
            return any(name == "sort" and "." in value for name, value in pairs)
        case "order_by" | "group_by":
            return any(_is_in_search(row.name, value) for name, value in pairs if name == "q")
        case "q" | "include" | "page":
            return False  # they are noted where the parser refuses them
    return any(row.name in (name, f"{name}={value}") for name, value in pairs)


def _is_in_search(name: str, text: str) -> bool:
    try:
        search = json.loads(text)
    except ValueError:
        return False
    entries = search.get(name) if isinstance(search, dict) else None
    return bool(entries) and (name != "order_by" or "__" in json.dumps(entries))


def problems_first(found: Tally) -> Iterator[Seen]:
    """Give what was seen, the worst and the most frequent first."""
    yield from sorted(found.seen.values(), key=lambda one: (-one.severity, -one.count))
