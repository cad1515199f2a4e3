"""Preprocessors and postprocessors (contract, "Processors"): they see and change wire-shaped values.

Preprocessors run before a request is understood, postprocessors before the commit: one that raises leaves nothing
stored (B-1).  All are called with keywords, those of them that they take.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any
from uuid import UUID

from ...schema.codec import encode_value
from ..base import Call
from ..calling import call_postprocessors, call_processor

Processor = Callable[..., Any]


def before(call: Call, name: str) -> tuple[Processor, ...]:
    """Give the preprocessors of that name."""
    return call.resource.options.preprocessors.get(name, ())


def after(call: Call, name: str, **arguments: Any) -> None:
    """Run the postprocessors of that name; they change `result`, and so the answer, in place."""
    call_postprocessors(call.resource.options.postprocessors.get(name, ()), arguments)


def with_id(call: Call, name: str, **arguments: Any) -> str:
    """Run preprocessors that may give the id of another row, and give the id to go on with.

    Only texts, numbers and UUIDs are ids: the example of the 0.17 manual returned True, and so served row 1 (A-8).
    """
    id_: Any = call.id or ""
    for processor in before(call, name):
        given = call_processor(processor, {"instance_id": id_, **arguments})
        if isinstance(given, str | int | UUID) and not isinstance(given, bool):
            id_ = given
    return str(id_)


def with_id_and_data(call: Call, name: str, data: dict[str, Any]) -> tuple[str, frozenset[str]]:
    """Run preprocessors of an update; give the id to go on with, and the members of `data` that came from them."""
    if not before(call, name):
        return call.id or "", frozenset()
    sent = deepcopy(data)
    id_ = with_id(call, name, data=data)
    return id_, settled(data, sent)


def with_data(call: Call, name: str, data: dict[str, Any], last: Processor | None = None) -> frozenset[str]:
    """Run preprocessors that may change `data` in place; give the members that came from them.

    What a client sent and no processor touched stays under the client's own permissions.  `last` is called after
    them, in the manner of Flask-Restless 0.6: its result, if it is a dict, is the data.
    """
    processors = before(call, name)
    if not processors and last is None:
        return frozenset()
    sent = deepcopy(data)
    for processor in processors:
        call_processor(processor, {"data": data})
    given = last(data) if last is not None else None
    if isinstance(given, dict) and given is not data:
        data.clear()
        data.update(given)
    return settled(data, sent)


def settled(data: dict[str, Any], sent: Mapping[str, Any]) -> frozenset[str]:
    """Make JSON of what processors put into `data`, and name the members that they changed."""
    changed = frozenset(name for name, value in data.items() if name not in sent or sent[name] != value)
    for name in changed:
        data[name] = encode_value(data[name])
    return changed


def with_search(
    call: Call, name: str, search: dict[str, Any], data: dict[str, Any] | None = None
) -> tuple[bool, frozenset[str]]:
    """Run preprocessors that may change a search object, and the data of an update of many, in place.

    Give whether there are any, and the members of `data` that came from them.
    """
    processors = before(call, name)
    if not processors:
        return False, frozenset()
    sent = deepcopy(data or {})
    arguments = {"search_params": search} if data is None else {"search_params": search, "data": data}
    for processor in processors:
        call_processor(processor, arguments)
    plain = encode_value(dict(search))
    search.clear()
    search.update(plain)
    return True, frozenset() if data is None else settled(data, sent)
