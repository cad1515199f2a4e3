"""Each operation of a batch as the single request that it stands for: what its API's processors get to see (A-10.4)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from ...operations.json_text import read_json
from ...operations.operation import Action, Create, Delete, Id, Relate, Update, Write
from ...operations.problems import Source, reject
from ...schema.codec import encode_value
from ...schema.resource import Resource
from ..base import Call
from .processors import NAMES, postprocess, preprocess

METHODS = {Action.ADD: "POST", Action.REPLACE: "PATCH", Action.REMOVE: "DELETE"}
NOTHING = object()
"""In place of the data of an operation that has none."""


def single_call(call: Call, resource: Resource, endpoint: str, method: str, data: Any = NOTHING, **parts: Any) -> Call:
    """Give the request that does alone what an operation does in a batch; `parts` are those of its path."""
    body = b"" if data is NOTHING else json.dumps({"data": data}, default=encode_value).encode()
    return replace(call, resource=resource, endpoint=endpoint, method=method, query="", body=body, **parts)


def prepared(call: Call, source: Source) -> tuple[Call, Any]:
    """Run the preprocessors of a single request; give it as they left it, and its data."""
    if call.endpoint != "collection" and call.id is None:
        detail = f"{call.resource.name} has processors, which take the id of a resource; a lid will not do"
        raise reject("forbidden", detail, source)
    left = preprocess(call).call
    if not left.body:
        return left, NOTHING
    document = read_json(left.body, depth=left.resource.registry.limits.json_depth, source=source)
    if "data" not in document:
        raise reject("missing-member", 'the operation has no member "data"', source)
    return left, document["data"]


def is_watched(resource: Resource, endpoint: str, method: str) -> bool:
    """Tell whether an API has preprocessors for a single request."""
    return bool(resource.options.preprocessors.get(NAMES[endpoint, method]))


def postprocessed(call: Call, operation: Write, id_: Id | None, document: dict[str, Any]) -> dict[str, Any]:
    """Run the postprocessors of the single request that an operation stands for, on the document it would get."""
    match operation:
        case Create(resource=resource):
            place: tuple[str, str] = ("collection", "POST")
        case Update(target=target):
            resource, place = target.resource, ("resource", "PATCH")
        case Delete(target=target):
            resource, place = target.resource, ("resource", "DELETE")
        case Relate(target=target, action=action):
            resource, place = target.resource, ("relationship", METHODS[action])
    if not resource.options.postprocessors:
        return document
    relation = operation.relationship.name if isinstance(operation, Relate) else None
    text = None if id_ is None else resource.identity.text(id_)
    return postprocess(single_call(call, resource, *place, id=text, relation=relation), document)
