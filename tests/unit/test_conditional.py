"""Preconditions of operations, whatever protocol they come from (RFC 6585, 3)."""

from __future__ import annotations

from flask_restless.conditional import expecting
from flask_restless.operations.inclusion import selection
from flask_restless.operations.operation import Delete, DeleteMany, Expectation, Target, UpdateMany
from flask_restless.protocols.base import Call
from parsed import problem_of, resource_of

GUARDED = resource_of("books", Book={"require_if_match": True})
OPEN = resource_of("books")


def test_many_rows_cannot_be_written_where_states_must_be_named() -> None:
    call = Call("DELETE", "collection", GUARDED)
    every = selection(GUARDED, {}, {})

    for operation in (DeleteMany(every), UpdateMany(every, ())):
        assert problem_of(expecting, call, operation).code == "precondition-required"
    free = DeleteMany(selection(OPEN, {}, {}))
    assert expecting(call, free) is free


def test_expectations_of_the_header_are_added_to_those_of_the_protocol() -> None:
    own = Expectation(("1",))
    call = Call("DELETE", "resource", OPEN, headers={"if-match": '"2"', "if-none-match": "*"})

    found = expecting(call, Delete(Target(OPEN, (1,)), expected=(own,)))

    assert isinstance(found, Delete)
    assert found.expected == (own, Expectation(("2",)), Expectation(None, unlike=True))
