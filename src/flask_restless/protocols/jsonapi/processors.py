"""The preprocessors and postprocessors of the JSON:API generations: they see and change wire-shaped values.

Preprocessors run before a request is understood, postprocessors before the commit: one that raises leaves nothing
stored (B-1).  They are called with keywords, as their manuals say (`resource_id`, not `instance_id`: C-8).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...operations.binding import relationships_of, sort_terms
from ...operations.records import record
from ...schema.codec import encode_value
from ...schema.resource import Resource
from ..base import Call
from ..calling import call_postprocessors, call_processor
from .document import read_document
from .earlier import standard_query
from .filters import as_objects, reads_single
from .query import LISTS, read_query

NAMES: Mapping[tuple[str, str], str] = {
    ("collection", "GET"): "GET_COLLECTION",
    ("collection", "POST"): "POST_RESOURCE",
    ("evaluation", "GET"): "GET_COLLECTION",
    ("resource", "GET"): "GET_RESOURCE",
    ("resource", "PATCH"): "PATCH_RESOURCE",
    ("resource", "DELETE"): "DELETE_RESOURCE",
    ("related", "GET"): "GET_RELATION",
    ("member", "GET"): "GET_RELATED_RESOURCE",
    ("relationship", "GET"): "GET_RELATIONSHIP",
    ("relationship", "POST"): "POST_RELATIONSHIP",
    ("relationship", "PATCH"): "PATCH_RELATIONSHIP",
    ("relationship", "DELETE"): "DELETE_RELATIONSHIP",
}
"""(endpoint, method) -> name of the preprocessors; those of the postprocessors differ for relations."""

LISTED = frozenset({"GET_COLLECTION", "GET_RELATION"})
WITH_BODY = frozenset({"POST_RESOURCE", "PATCH_RESOURCE", "POST_RELATIONSHIP", "PATCH_RELATIONSHIP"})

Processor = Callable[..., Any]


@record
class Prepared:
    """A call as its preprocessors left it.

    `listing` holds the (filters, sort, group_by) that a list is to have, None where no preprocessor saw them.
    """

    call: Call
    listing: tuple[list[Any], list[Any], list[Any]] | None = None


def preprocess(call: Call) -> Prepared:
    """Run the preprocessors of a call."""
    name = NAMES[call.endpoint, call.method]
    processors: Sequence[Processor] = call.resource.options.preprocessors.get(name, ())
    if not processors:
        return Prepared(call)
    arguments = _arguments(call, name)
    for processor in processors:
        _take(arguments, call_processor(processor, arguments))
    changed = _changed(call, arguments, name)
    if name not in LISTED:
        return Prepared(changed)
    return Prepared(changed, (arguments["filters"], arguments["sort"], arguments["group_by"]))


def _arguments(call: Call, name: str) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    if call.id is not None:
        arguments["resource_id"] = call.id
    if call.relation is not None:
        arguments["relation_name"] = call.relation
    if call.member is not None:
        arguments["related_resource_id"] = call.member
    if name in WITH_BODY:
        arguments["data"] = read_document(call.body, call.resource)
    return arguments | (_listing(call) if name in LISTED else {})


def _take(arguments: dict[str, Any], given: object) -> None:
    """Take what a preprocessor returned: a new id, or (id, relation[, related id]).

    Only texts and whole numbers are ids: the classic manual's example returned True, and so served row 1 (A-8).
    """
    names = ("resource_id", "relation_name", "related_resource_id")
    values = given if isinstance(given, tuple) else (given,)
    for name, value in zip(names, values, strict=False):
        if name in arguments and isinstance(value, str | int) and not isinstance(value, bool):
            arguments[name] = str(value)


def _changed(call: Call, arguments: Mapping[str, Any], name: str) -> Call:
    changes: dict[str, Any] = {}
    for member, argument in (("id", "resource_id"), ("relation", "relation_name"), ("member", "related_resource_id")):
        if argument in arguments:
            changes[member] = arguments[argument]
    if name in WITH_BODY:
        changes["body"] = json.dumps(arguments["data"], default=encode_value).encode()
    return replace(call, **changes)


def _listing(call: Call) -> dict[str, Any]:
    """Give what processors of lists see: filter objects, (sign, path) pairs, paths to group by, and `single`."""
    query = read_query(standard_query(call), LISTS, call.resource.registry.limits)
    listed = _listed(call)
    return {
        "filters": [] if listed is None else as_objects(listed, query.filters),
        "sort": [("-" if down else "+", path) for path, down in sort_terms(query.sort)] if query.sort else [],
        "group_by": [] if query.group is None else query.group.split(","),
        "single": reads_single(query.filters),
    }


def _listed(call: Call) -> Resource | None:
    """Give the resource whose rows the call lists; None where there is no such relationship."""
    if call.relation is None:
        return call.resource
    relationship = relationships_of(call.resource).get(call.relation)
    return None if relationship is None else relationship.target


def postprocess(call: Call, document: dict[str, Any]) -> dict[str, Any]:
    """Run the postprocessors of a call on the answer's document, which they may change."""
    if not call.resource.options.postprocessors:
        return document
    name = _after(call, document)
    processors: Sequence[Processor] = call.resource.options.postprocessors.get(name, ())
    arguments: dict[str, Any] = {}
    if name.startswith("DELETE"):
        arguments["was_deleted"] = True
    elif name not in ("POST_RELATIONSHIP", "PATCH_RELATIONSHIP"):
        arguments["result"] = document
    if name in ("GET_COLLECTION", "GET_TO_MANY_RELATION", "GET_TO_MANY_RELATIONSHIP"):
        arguments |= _listing(call)
    call_postprocessors(processors, arguments)
    return document


def _after(call: Call, document: Mapping[str, Any]) -> str:
    name = NAMES[call.endpoint, call.method]
    if name in ("GET_RELATION", "GET_RELATIONSHIP"):
        kind = "MANY" if isinstance(document.get("data"), list) else "ONE"
        return name.replace("GET_", f"GET_TO_{kind}_")
    return name
