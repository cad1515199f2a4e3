"""Do two answers answer the same question, and what else differs?  Pure: bytes in, sentences out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Reference = tuple[str, str]


@dataclass(frozen=True)
class Resource:
    """One resource, with the linkage that its document shows: None stands for null."""

    type: str
    id: str
    attributes: dict[str, Any]
    linkage: dict[str, tuple[Reference, ...] | None] = field(default_factory=dict)
    has_links: bool = False


@dataclass(frozen=True)
class Shape:
    """What an answer says, whatever its protocol."""

    data: list[Resource]
    included: dict[Reference, Resource]
    total: int | None


def read(body: bytes, protocol: str, types: Mapping[str, str]) -> Shape:
    """Read an answer; `types` maps the names of types to L1's."""
    document = json.loads(body)
    return _read_classic(document) if protocol == "classic" else _read_jsonapi(document, types)


def _read_jsonapi(document: dict[str, Any], types: Mapping[str, str]) -> Shape:
    data = document["data"]
    included = [_resource(one, types) for one in document.get("included") or ()]
    meta = document.get("meta") or {}
    total = meta.get("total", (meta.get("pagination") or meta).get("count"))
    return Shape(
        [_resource(one, types) for one in (data if isinstance(data, list) else [data])],
        {(one.type, one.id): one for one in included},
        total,
    )


def _resource(one: dict[str, Any], types: Mapping[str, str]) -> Resource:
    def reference(identifier: dict[str, Any]) -> Reference:
        return types.get(identifier["type"], identifier["type"]), str(identifier["id"])

    linkage: dict[str, tuple[Reference, ...] | None] = {}
    for name, relationship in (one.get("relationships") or {}).items():
        if "data" in relationship:
            found = relationship["data"]
            members = found if isinstance(found, list) else [found]
            linkage[name] = None if found is None else tuple(sorted(map(reference, members)))
    kind, id_ = reference(one)
    return Resource(kind, id_, _values(one.get("attributes") or {}), linkage, "links" in one)


def _values(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: _moment(value) if name == "created_at" else value for name, value in attributes.items()}


def _moment(value: str) -> datetime:
    return datetime.fromisoformat(value).replace(tzinfo=None)


CLASSIC_RELATIONS = {"author": "authors", "comments": "comments", "tags": "tags"}


def _read_classic(document: dict[str, Any]) -> Shape:
    objects = document.get("objects", [document])
    included: dict[Reference, Resource] = {}
    data = []
    for one in objects:
        linkage: dict[str, tuple[Reference, ...] | None] = {}
        for name, kind in CLASSIC_RELATIONS.items():
            if name in one:
                members = one[name] if isinstance(one[name], list) else [one[name]]
                linkage[name] = tuple(sorted((kind, str(member["id"])) for member in members))
                included |= {(kind, str(member["id"])): _object(kind, member) for member in members}
        data.append(_object("articles", one, linkage))
    return Shape(data, included, document.get("num_results"))


def _object(kind: str, one: dict[str, Any], linkage: dict[str, tuple[Reference, ...] | None] | None = None) -> Resource:
    attributes = {name: value for name, value in one.items() if name != "id" and name not in CLASSIC_RELATIONS}
    return Resource(kind, str(one["id"]), _values(attributes), linkage or {})


@dataclass(frozen=True)
class Comparison:
    """What makes an answer another one (`faults`), and what merely differs (`remarks`)."""

    faults: list[str]
    remarks: list[str]


def compare(limit: Shape, other: Shape) -> Comparison:
    """Compare an answer with L1's."""
    if [one.id for one in other.data] != [one.id for one in limit.data]:
        ids = ", ".join(one.id for one in other.data[:5])
        return Comparison([f"other ids or another order: {len(other.data)}, {ids} ..."], [])
    pairs = list(zip(limit.data, other.data, strict=True))
    faults = list(_attribute_faults(pairs))
    remarks = []
    if other.included and not limit.included:
        remarks.append(f"{len(other.included)} included unasked")
    elif set(limit.included) != set(other.included):
        missing, more = len(set(limit.included) - set(other.included)), len(set(other.included) - set(limit.included))
        faults.append(f"other included resources: {missing} missing, {more} more")
    else:
        pairs += [(one, other.included[key]) for key, one in limit.included.items()]
        faults += _attribute_faults(pairs[len(limit.data) :])
    remarks += [*_more_attributes(pairs), *_linkage(list(zip(limit.data, other.data, strict=True)))]
    if limit.total != other.total:
        remarks.append("no total" if other.total is None else f"total {other.total} where L1 has {limit.total}")
    if not any(one.has_links for one in other.data):
        remarks.append("no links in resources")
    return Comparison(sorted(set(faults)), remarks)


Pairs = list[tuple[Resource, Resource]]


def _attribute_faults(pairs: Iterable[tuple[Resource, Resource]]) -> Iterable[str]:
    for one, other in pairs:
        for name, value in one.attributes.items():
            if name not in other.attributes:
                yield f"{one.type} without {name}"
            elif other.attributes[name] != value:
                yield f"another {name} of {one.type}/{one.id}: {other.attributes[name]!r:.60}"


def _more_attributes(pairs: Pairs) -> Iterable[str]:
    more = {f"{one.type}.{name}" for one, other in pairs for name in other.attributes.keys() - one.attributes.keys()}
    if more:
        yield f"more attributes: {', '.join(sorted(more))}"


def _linkage(pairs: Pairs) -> Iterable[str]:
    names = sorted({name for pair in pairs for one in pair for name in one.linkage})
    for name in names:
        ours = [one.linkage.get(name, ()) for one, _other in pairs]
        theirs = [other.linkage.get(name, ()) for _one, other in pairs]
        shown = any(name in other.linkage for _one, other in pairs)
        expected = any(name in one.linkage for one, _other in pairs)
        if expected and not shown:
            yield f"no linkage of {name}"
        elif expected and ours != theirs:
            yield f"linkage of {name} is null or differs"
        elif shown and not expected:
            yield f"{'' if any(theirs) else 'empty '}linkage of {name}"
