"""What the operations of a batch expect of the resources they change: `meta.ifMatch` or `meta.version`.

`ifMatch` is written like the header field of that name, `version` like the version in a resource's own `meta`.  The
header field of a request to the operations URL would be about that URL, and is not heeded.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...operations.binding import shown
from ...operations.operation import Create, Expectation, Write
from ...operations.preconditions import read_tags, required, version_text
from ...operations.problems import Rejected, Source, quote, reject
from ...schema.resource import Resource

JsonObject = dict[str, Any]
MEMBERS = ("ifMatch", "version")


def with_expectation(write: Write, given: JsonObject, pointer: str) -> Write:
    """Give the write what its operation expects; Rejected (`precondition-required`) where it has to expect something.

    A resource that an earlier operation creates has no state that the client could know.
    """
    meta = given.get("meta", {})
    names = [name for name in MEMBERS if name in meta]
    if len(names) > 1:
        raise reject("malformed-document", 'give either "ifMatch" or "version"', Source(pointer=f"{pointer}/meta"))
    at = Source(pointer=f"{pointer}/meta/{names[0]}") if names else None
    if isinstance(write, Create) or write.target.id is None:
        if names:
            raise reject("malformed-document", "what the batch itself adds has no state to expect", at)
        return write
    expected: tuple[Expectation, ...] = ()
    if names:
        states = _states(write.target.resource, names[0], meta[names[0]], at)
        expected = (Expectation(states, source=Source(pointer=pointer)),)
    required(write.target.resource, expected)
    return replace(write, expected=expected)


def _states(resource: Resource, name: str, value: Any, source: Source | None) -> tuple[str, ...] | None:
    if name == "version":
        return _version(resource, value, source)
    if not isinstance(value, str):
        raise reject("malformed-document", f'"ifMatch" is a string, not {shown(value)}', source)
    try:
        return read_tags(value, source or Source(), weak=False)
    except Rejected as rejected:
        raise reject("malformed-document", str(rejected.problems[0].detail), source) from None


def _version(resource: Resource, value: Any, source: Source | None) -> tuple[str]:
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise reject("malformed-document", f'"version" is a number or a string, not {shown(value)}', source)
    if resource.version is None:
        detail = f'{quote(resource.name)} has no versions; use "ifMatch" with its ETag'
        raise reject("malformed-document", detail, source)
    return (version_text(value),)
