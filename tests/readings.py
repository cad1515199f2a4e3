"""Every kind of read of a resource, in each wire format: made from the schema, for tests that compare two servers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from flask_restless.schema.resource import Attribute, Relationship, Resource

WIDE = "page[size]=100"
CSV, NDJSON = "text/csv", "application/x-ndjson"


@dataclass(frozen=True)
class Reading:
    """A GET request: its path with the query, and what it accepts (None for the protocol's own type)."""

    path: str
    accept: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The headers to send."""
        return {} if self.accept is None else {"Accept": self.accept}


def parameter(name: str, value: Any) -> str:
    """Write a query parameter that holds JSON."""
    return f"{name}=" + quote(json.dumps(value))


def sortable(resource: Resource) -> str | None:
    """Name an attribute that lists can be sorted by."""
    return next((one.name for one in _ordered(resource)), None)


def _ordered(resource: Resource) -> Iterator[Attribute]:
    return (one for one in resource.attributes.values() if one.sql and one.access.sort and one.codec.ordered)


def _exports(path: str) -> Iterator[Reading]:
    yield Reading(path, CSV)
    yield Reading(path, NDJSON)


# ---------------------------------------------------------------- JSON:API


def of_jsonapi(resource: Resource, ids: list[str]) -> Iterator[Reading]:
    """Give every kind of read of a resource's rows, over each of its relationships."""
    path, prefix = resource.path, resource.url_prefix
    yield Reading(f"{path}?{WIDE}")
    yield Reading(f"{path}?page[size]=2&page[number]=2&page[total]=estimate")
    yield Reading(f"{path}?page[size]=2&page[after]=")
    yield from _exports(path)
    yield Reading(f"{prefix}/eval/{resource.name}?{parameter('functions', [{'name': 'count', 'field': 'id'}])}")
    if (name := sortable(resource)) is not None:
        least = [{"name": one, "field": name} for one in ("min", "max", "count")]
        yield Reading(f"{prefix}/eval/{resource.name}?{parameter('functions', least)}")
        yield Reading(f"{path}?{WIDE}&groupBy={name}")
    for id_ in ids:
        yield Reading(f"{path}/{quote(id_, safe='')}")
    for relationship in resource.relationships.values():
        yield from _over(resource, relationship, [quote(one, safe="") for one in ids[:3]])


def _over(resource: Resource, relationship: Relationship, ids: list[str]) -> Iterator[Reading]:
    name, path = relationship.name, resource.path
    yield Reading(f"{path}?{WIDE}&include={name}")
    for condition in ({"name": name, "op": "is_null"}, {"name": name, "op": "none"}):
        yield Reading(f"{path}?{WIDE}&{parameter('filter[objects]', [condition])}")
    inner = next(iter(relationship.target.relationships), None)
    if inner is not None:
        yield Reading(f"{path}?{WIDE}&include={name}.{inner}")
    queries = _to_many(relationship) if relationship.is_many else _to_one(resource, relationship)
    for query in queries:
        yield Reading(f"{path}?{WIDE}&{query}")
    for id_ in ids:
        yield Reading(f"{path}/{id_}/{name}")
        yield Reading(f"{path}/{id_}/relationships/{name}?include={name}")
        if relationship.is_many:
            yield from _exports(f"{path}/{id_}/{name}")
            yield Reading(f"{path}/{id_}/{name}?page[size]=1&page[number]=2")
            yield Reading(f"{path}/{id_}?withCount={name}&withLinkage=all")


def _to_many(relationship: Relationship) -> Iterator[str]:
    name = relationship.name
    yield parameter("filter[objects]", [{"count": name, "op": "gt", "val": 1}])
    yield f"withCount={name}"
    yield f"include={name}&includedPage[{name}][size]=1&includedSort[{name}]=-id&withCount={name}"
    yield f"include={name}&includedFilter[{name}][id][isnull]=false"
    if (attribute := sortable(relationship.target)) is not None:
        yield f"filter[{name}.{attribute}][isnull]=false"


def _to_one(resource: Resource, relationship: Relationship) -> Iterator[str]:
    name, attribute = relationship.name, sortable(relationship.target)
    if attribute is not None:
        yield f"sort={name}.{attribute},{sortable(resource) or 'id'}"
        yield f"sort=-{name}.{attribute}&sortNulls[{name}.{attribute}]=first"
        yield f"filter[{name}.{attribute}][isnull]=false"
        yield f"groupBy={name}.{attribute}"


# ---------------------------------------------------------------- classic


def of_classic(resource: Resource, ids: list[str]) -> Iterator[Reading]:
    """Give every kind of read of a resource's rows, over each of its relations."""
    path, key = resource.path, resource.identity.keys[0].name
    least = [{"name": one, "field": key} for one in ("count", "min", "max")]
    yield Reading(f"{path}?results_per_page=100")
    yield Reading(f"{path}?results_per_page=2&page=2")
    yield Reading(f"{path}?{parameter('q', {'limit': 3, 'offset': 1})}")
    yield Reading(f"{path}?{parameter('q', {'single': True, 'limit': 1})}")
    yield Reading(f"{resource.url_prefix}/eval/{resource.name}?{parameter('q', {'functions': least})}")
    yield from _exports(path)
    if (name := sortable(resource)) is not None:
        yield Reading(f"{path}?{parameter('q', {'group_by': [{'field': name}]})}")
    for id_ in ids:
        yield Reading(f"{path}/{quote(id_, safe='')}")
    for relationship in resource.relationships.values():
        for search in _searches(relationship):
            yield Reading(f"{path}?results_per_page=100&{parameter('q', search)}")
            count = {**search, "functions": [{"name": "count", "field": key}]}
            if "filters" in search:
                yield Reading(f"{resource.url_prefix}/eval/{resource.name}?{parameter('q', count)}")
        for id_ in (quote(one, safe="") for one in ids[:3]):
            yield Reading(f"{path}/{id_}/{relationship.name}")
            for member in ("1", "2", "3") if relationship.is_many else ():
                yield Reading(f"{path}/{id_}/{relationship.name}/{member}")
            if relationship.is_many:
                yield from _exports(f"{path}/{id_}/{relationship.name}")


def _searches(relationship: Relationship) -> Iterator[dict[str, Any]]:
    name, target = relationship.name, relationship.target
    attribute = sortable(target) or target.identity.keys[0].name
    related = "any" if relationship.is_many else "has"
    there = {"name": name, "op": related, "val": {"name": attribute, "op": "is_not_null"}}
    yield {"filters": [there]}
    yield {"filters": [{"not": there}]}
    yield {"filters": [{"name": f"{name}__{attribute}", "op": related, "field": attribute}]}
    if not relationship.is_many and sortable(target) is not None:
        keys = [{"field": one.name} for one in relationship.registry.target(relationship.model, "/api").identity.keys]
        yield {"order_by": [{"field": f"{name}__{attribute}"}, *keys]}
        yield {"order_by": [{"field": f"{name}__{attribute}", "direction": "desc"}, *keys]}


READINGS: Mapping[str, Callable[[Resource, list[str]], Iterator[Reading]]] = {
    "jsonapi": of_jsonapi,
    "classic": of_classic,
}
