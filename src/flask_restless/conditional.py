"""Conditional requests of every protocol: preconditions into operations, entity tags onto replies (RFC 9110, 13)."""

from __future__ import annotations

from dataclasses import replace

from .operations.operation import Create, Delete, DeleteMany, Expectation, Fetch, Operation, Relate, Update, UpdateMany
from .operations.outcome import Fetched, Outcome, Rows, Written
from .operations.preconditions import (
    IF_MATCH,
    IF_NONE_MATCH,
    body_tag,
    entity_tag,
    expectations,
    failed,
    is_met,
    read_tags,
    required,
    states_of,
    version_of,
)
from .operations.problems import Rejected, reject
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
    """Add the entity tag of what a reply shows; where the client has that already, say just this."""
    if reply.status >= 300 or not reply.body:
        return reply
    rows = _shown(operation, outcome)
    if rows is None:
        return _tagged_list(call, operation, reply) if isinstance(operation, Fetch) and not reply.stream else reply
    states = states_of(rows)
    tag = entity_tag(states[-1], reply.body)
    reply = Reply(reply.status, (*reply.headers, ("ETag", tag)), reply.body)
    return _unless_known(call, rows, tag, reply) if isinstance(operation, Fetch) else reply


def _tagged_list(call: Call, fetch: Fetch, reply: Reply) -> Reply:
    """Add the entity tag of a list, of linkage or of a related resource that is not there: a digest of the body.

    That takes time, and so is done for those who speak of tags, and where the API says so for everybody.
    """
    match, none_match = call.headers.get("if-match"), call.headers.get("if-none-match")
    if match is None and none_match is None and not fetch.selection.resource.options.tag_lists:
        return reply
    tag = body_tag(reply.body)
    if match is not None:
        expected = read_tags(match, IF_MATCH, weak=False)
        if expected is not None and tag[1:-1] not in expected:
            raise reject("precondition-failed", "the list is no longer in the expected state; fetch it again", IF_MATCH)
    return _unless_had(none_match, tag, replace(reply, headers=(*reply.headers, ("ETag", tag))))


def _shown(operation: Operation, outcome: Outcome) -> Rows | None:
    """Give the resource that is shown, unless there is none or there are several."""
    if isinstance(outcome, Fetched):
        is_one = isinstance(operation, Fetch) and operation.is_resource and outcome.rows.rows
        return outcome.rows if is_one else None
    if isinstance(outcome, Written) and isinstance(operation, Create | Update):
        return outcome.rows
    return None


def _unless_known(call: Call, rows: Rows, tag: str, reply: Reply) -> Reply:
    """Heed `If-Match` (412) and `If-None-Match` (304) of a request that reads; the latter compares weakly."""
    match, none_match = call.headers.get("if-match"), call.headers.get("if-none-match")
    if match is not None:
        expected = Expectation(read_tags(match, IF_MATCH, weak=False), source=IF_MATCH)
        if not is_met(expected, states_of(rows)):
            raise Rejected(failed(expected, version_of(rows), call.id or "", rows.layout.variants[0].resource))
    return reply if none_match is None else _unless_had(none_match, tag, reply)


def _unless_had(text: str | None, tag: str, reply: Reply) -> Reply:
    """Give the reply, or a 304 in its place where `If-None-Match` says that the client has it."""
    if text is None:
        return reply
    known = read_tags(text, IF_NONE_MATCH, weak=True)
    if known is not None and tag[1:-1] not in known:
        return reply
    return Reply(304, tuple(field for field in reply.headers if field[0].lower() in KEPT))
