"""States of resources, entity tags, and what a client says about them (RFC 9110, 8.8.3 and 13.1).

An entity tag is `"<state>-<digest>"`: the state of the row, and a digest of the body that shows it, so that answers
with other fields have other tags.  Reading compares whole tags.  Writing compares states alone, since a client may
have fetched the resource with any fields; the bare state, such as a version number, is as good as a tag there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from hashlib import blake2b, sha1
from operator import itemgetter
from typing import Any
from urllib.parse import quote as percent_encoded

import orjson

from ..schema.codec import encode_value
from ..schema.resource import Attribute, Resource
from .operation import Expectation
from .outcome import Row, Rows, Variant
from .problems import Problem, Source, problem, quote, reject

IF_MATCH, IF_NONE_MATCH = Source(header="If-Match"), Source(header="If-None-Match")

OPAQUE = r'"([\x21\x23-\x7e\x80-\xff]*)"'
TAG = re.compile(rf"[ \t]*(W/)?{OPAQUE}[ \t]*")
TAGS = re.compile(rf"[ \t,]*(?:W/)?{OPAQUE}(?:[ \t]*,[ \t,]*(?:W/)?{OPAQUE})*+[ \t,]*")
DIGEST = re.compile("-[0-9a-f]{16}")
DIGEST_BYTES = 8


def states_of(rows: Rows) -> tuple[str, ...]:
    """Give the states that the one row in `rows` can be said to have; the last one tells the most.

    There are two where deferred attributes were read: who has not seen those need not know their state.
    """
    row, layout = rows.rows[0], rows.layout
    variant = layout.variants[0] if layout.discriminator is None else _variant(rows, row)
    if variant.version is not None:
        return (version_text(version_value(variant.version, row)),)
    shown = _digest(_reader(variant)(row))
    return (shown, f"{shown}.{_digest(_encoded(variant.deferred, row))}") if variant.deferred else (shown,)


@lru_cache(maxsize=1024)
def _reader(variant: Variant) -> Callable[[Row], Sequence[Any]]:
    """Give what reads the state out of a row; most states are values that JSON knows."""
    numbers = [number for one, number in variant.state if one.codec.encode is None]
    if len(numbers) == len(variant.state) > 1:
        return itemgetter(*numbers)
    return partial(_encoded, variant.state)


def version_of(rows: Rows) -> Any:
    """Give the version of the one row in `rows` as JSON; None where its model counts none, or hides them."""
    row = rows.rows[0]
    version = _variant(rows, row).version
    return None if version is None else version_value(version, row)


def _variant(rows: Rows, row: Row) -> Variant:
    layout = rows.layout
    if layout.discriminator is None:
        return layout.variants[0]
    found = row[layout.discriminator]
    return layout.variants[next((index for value, index in layout.discriminators if value == found), 0)]


def version_value(version: tuple[Attribute, int], row: Row) -> Any:
    """Give a version as it stands in `meta.version`."""
    (value,) = _encoded((version,), row)
    return value


def version_text(version: Any) -> str:
    """Give the state that a version makes; what cannot stand in an entity tag is percent-encoded."""
    return percent_encoded(str(version), safe="!$&'()*+,/:;=?@[]")


def _encoded(columns: Iterable[tuple[Attribute, int]], row: Row) -> list[Any]:
    """Encode values like a document does: what looks the same to a client is the same state."""
    return [
        row[number] if row[number] is None or one.codec.encode is None else one.codec.encode(row[number])
        for one, number in columns
    ]


def _digest(values: Sequence[Any]) -> str:
    try:
        text = orjson.dumps(values, default=encode_value)
    except TypeError:
        text = orjson.dumps(encode_value(values))
    return blake2b(text, digest_size=DIGEST_BYTES).hexdigest()


def entity_tag(state: str, body: bytes) -> str:
    """Make the strong entity tag of a body that shows a resource in that state."""
    return f'"{state}-{blake2b(body, digest_size=DIGEST_BYTES).hexdigest()}"'


def body_tag(body: bytes) -> str:
    """Make the strong entity tag of a body that shows no single resource.

    SHA-1 is what processors compute fastest of all that cannot be steered; nothing is secret here.
    """
    return f'"{sha1(body, usedforsecurity=False).hexdigest()[:32]}"'


# ---------------------------------------------------------------- what clients say


def read_tags(text: str, source: Source, *, weak: bool) -> tuple[str, ...] | None:
    """Give the entity tags of a list without their quotes, None for `*`; Rejected (`invalid-header`).

    Weak tags are given only if `weak`: those of `If-Match` equal none (RFC 9110, 13.1.1).
    """
    if text.strip() == "*":
        return None
    if not TAGS.fullmatch(text):
        detail = f'{quote(text)} is neither * nor a list of entity tags in double quotes, such as "1-5f0c"'
        raise reject("invalid-header", detail, source)
    return tuple(found[2] for found in TAG.finditer(text) if weak or found[1] is None)


def expectations(headers: Mapping[str, str]) -> Iterator[Expectation]:
    """Give what the header fields of a write demand of the row's state."""
    if (text := headers.get("if-match")) is not None:
        yield Expectation(read_tags(text, IF_MATCH, weak=False), source=IF_MATCH)
    if (text := headers.get("if-none-match")) is not None:
        yield Expectation(read_tags(text, IF_NONE_MATCH, weak=True), unlike=True, source=IF_NONE_MATCH)


def is_met(expectation: Expectation, states: tuple[str, ...]) -> bool:
    """Whether a row that is there, in one of `states`, is as it is expected to be."""
    given = expectation.states
    found = given is None or any(_state_part(tag, state) for tag in given for state in states)
    return found is not expectation.unlike


def _state_part(tag: str, state: str) -> bool:
    return tag == state or (tag.startswith(state) and DIGEST.fullmatch(tag, len(state)) is not None)


def failed(expectation: Expectation, version: Any, id_: str, resource: Resource) -> Problem:
    """Make the problem of a row in another state; `meta` tells both versions where there are versions."""
    if expectation.unlike:
        detail = f"the {resource.name} {quote(id_)} is there, in a state in which it must not be"
    else:
        detail = f"the {resource.name} {quote(id_)} is no longer in the expected state; fetch it again"
    meta: dict[str, Any] = {}
    if version is not None:
        expected = [_version_part(one, version) for one in expectation.states or ()]
        meta = {"version": version, "expectedVersion": expected[0] if len(expected) == 1 else expected}
    return problem("precondition-failed", detail, expectation.source, meta=meta or None)


def _version_part(tag: str, version: Any) -> Any:
    """Give the version that a tag names, as a number where versions are numbers."""
    text = re.sub(f"{DIGEST.pattern}$", "", tag)
    return int(text) if isinstance(version, int) and re.fullmatch("[0-9]{1,18}", text) else text


def required(resource: Resource, expected: Iterable[Expectation]) -> None:
    """Refuse a write that does not say which state it expects, where the API demands it (RFC 6585, 3)."""
    if resource.options.require_if_match and all(one.unlike for one in expected):
        detail = f"say by If-Match which state of the {resource.name} is meant; its ETag tells, or its version"
        raise reject("precondition-required", detail)
