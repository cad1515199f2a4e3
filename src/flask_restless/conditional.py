"""Conditional requests of every protocol: preconditions into operations, entity tags onto replies (RFC 9110, 13)."""

from __future__ import annotations

from dataclasses import replace

from .operations.operation import Create, Delete, DeleteMany, Expectation, Fetch, Operation, Relate, Update, UpdateMany
from .operations.outcome import Fetched, Outcome, Rows, Written
from .operations.preconditions import (
    IF_MATCH,
    IF_NONE_MATCH,
    entity_tag,
    expectations,
    failed,
    is_met,
    read_tags,
    required,
    states_of,
    version_of,
)
from .operations.problems import Rejected
from .protocols.base import Call, Reply

KEPT = frozenset({"cache-control", "content-location", "etag", "expires", "vary", "x-content-type-options"})
"""The header fields that a 304 repeats (RFC 9110, 15.4.5)."""


def expecting(call: Call, operation: Operation) -> Operation:
    """Give a write of one resource what the header fields demand; Rejected (`invalid-header`, `precondition-required`).

    A protocol that has other words for preconditions has put those into the operation already.  Where states must be
    named, many rows cannot be written at once: no header field could name all of theirs.
    """
    if isinstance(operation, UpdateMany | DeleteMany):
        required(operation.selection.resource, ())
    if not isinstance(operation, Update | Delete | Relate):
        return operation
    expected = (*operation.expected, *expectations(call.headers))
    required(operation.target.resource, expected)
    return replace(operation, expected=expected) if expected else operation


def tagged(call: Call, operation: Operation, outcome: Outcome, reply: Reply) -> Reply:
    """Add the entity tag of the one resource that a reply shows; where the client has that already, say just this."""
    rows = _resource(operation, outcome)
    if rows is None or reply.status >= 300 or not reply.body:
        return reply
    states = states_of(rows)
    tag = entity_tag(states[-1], reply.body)
    reply = Reply(reply.status, (*reply.headers, ("ETag", tag)), reply.body)
    return _unless_known(call, rows, tag, reply) if isinstance(operation, Fetch) else reply


def _resource(operation: Operation, outcome: Outcome) -> Rows | None:
    """Give the row that is shown, unless there is none or there are several."""
    match operation, outcome:
        case Fetch(), Fetched(rows) if operation.is_resource and rows.rows:
            return rows
        case ((Create() | Update()), Written(rows)):
            return rows
    return None


def _unless_known(call: Call, rows: Rows, tag: str, reply: Reply) -> Reply:
    """Heed `If-Match` (412) and `If-None-Match` (304) of a request that reads; the latter compares weakly."""
    text = call.headers.get("if-match")
    if text is not None:
        expected = Expectation(read_tags(text, IF_MATCH, weak=False), source=IF_MATCH)
        if not is_met(expected, states_of(rows)):
            raise Rejected(failed(expected, version_of(rows), call.id or "", rows.layout.variants[0].resource))
    text = call.headers.get("if-none-match")
    if text is None:
        return reply
    known = read_tags(text, IF_NONE_MATCH, weak=True)
    if known is not None and tag[1:-1] not in known:
        return reply
    return Reply(304, tuple(field for field in reply.headers if field[0].lower() in KEPT))
