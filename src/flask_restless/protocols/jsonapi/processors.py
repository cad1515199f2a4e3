"""The preprocessors and postprocessors of the JSON:API generations: they see and change wire-shaped values.

Preprocessors run before a request is understood, postprocessors before the commit: one that raises leaves nothing
stored (B-1).  They are called with keywords, as their manuals say (`resource_id`, not `instance_id`: C-8).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from ...operations.json_text import read_json
from ...operations.problems import Source
from ..base import Call

NAMES: Mapping[tuple[str, str], str] = {
    ("collection", "GET"): "GET_COLLECTION",
    ("collection", "POST"): "POST_RESOURCE",
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


def preprocess(call: Call) -> Call:
    """Run the preprocessors of a call and give the call as they left it."""
    name = NAMES[call.endpoint, call.method]
    processors: Sequence[Processor] = call.resource.options.preprocessors.get(name, ())
    if not processors:
        return call
    arguments: dict[str, Any] = {}
    if call.id is not None:
        arguments["resource_id"] = call.id
    if call.relation is not None:
        arguments["relation_name"] = call.relation
    if call.member is not None:
        arguments["related_resource_id"] = call.member
    if name in WITH_BODY:
        depth = call.resource.registry.limits.json_depth
        arguments["data"] = read_json(call.body, depth=depth, source=Source(pointer=""))
    if name in LISTED:
        arguments |= {"filters": _filters(call), "sort": _sort(call), "group_by": [], "single": _single(call)}
    for processor in processors:
        _take(arguments, processor(**arguments))
    return _changed(call, arguments, name)


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
        changes["body"] = json.dumps(arguments["data"]).encode()
    if name in LISTED:
        changes["query"] = _query(call, arguments)
    return replace(call, **changes)


def _pairs(call: Call) -> list[tuple[str, str]]:
    return parse_qsl(call.query, keep_blank_values=True)


def _filters(call: Call) -> list[Any]:
    text = dict(_pairs(call)).get("filter[objects]")
    if text is None:
        return []
    depth = call.resource.registry.limits.json_depth
    value = read_json(text, depth=depth, source=Source(parameter="filter[objects]"), what="filter[objects]")
    return value if isinstance(value, list) else [value]


def _sort(call: Call) -> list[tuple[str, str]]:
    text = dict(_pairs(call)).get("sort", "")
    return [("-" if one.startswith("-") else "+", one.removeprefix("-")) for one in text.split(",") if one]


def _single(call: Call) -> bool:
    return dict(_pairs(call)).get("filter[single]") in ("1", "true")


def _query(call: Call, arguments: Mapping[str, Any]) -> str:
    """Write the query string as the preprocessors left it."""
    pairs = [(name, value) for name, value in _pairs(call) if name not in ("filter[objects]", "sort")]
    if arguments["filters"]:
        pairs.append(("filter[objects]", json.dumps(arguments["filters"])))
    if arguments["sort"]:
        pairs.append(("sort", ",".join(("-" if sign == "-" else "") + name for sign, name in arguments["sort"])))
    return urlencode(pairs)


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
        arguments |= {"filters": _filters(call), "sort": _sort(call), "group_by": [], "single": _single(call)}
    for processor in processors:
        processor(**arguments)
    return document


def _after(call: Call, document: Mapping[str, Any]) -> str:
    name = NAMES[call.endpoint, call.method]
    if name in ("GET_RELATION", "GET_RELATIONSHIP"):
        kind = "MANY" if isinstance(document.get("data"), list) else "ONE"
        return name.replace("GET_", f"GET_TO_{kind}_")
    return name
