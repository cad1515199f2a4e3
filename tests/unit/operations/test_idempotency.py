"""Idempotency keys: how they are spelled, and what makes two requests one (the IETF's draft, Idempotency-Key)."""

from __future__ import annotations

import pytest

from flask_restless.operations.idempotency import fingerprint_of, name_of, read_key
from parsed import problem_of

KEYS = {
    '"8e03978e-40d5-43e8-bc93-6894a57f9324"': "8e03978e-40d5-43e8-bc93-6894a57f9324",
    "8e03978e-40d5-43e8-bc93-6894a57f9324": "8e03978e-40d5-43e8-bc93-6894a57f9324",
    ' "a b" ': "a b",
    r'"a\"b\\c"': r"a\"b\\c".replace(r"\"", '"').replace(r"\\", "\\"),
    '"k"; version=1': "k",
    '"a,b;c"': "a,b;c",
    "x" * 255: "x" * 255,
}


@pytest.mark.parametrize(("text", "key"), KEYS.items())
def test_keys(text: str, key: str) -> None:
    """2.1: a structured field's string; bare words as they are sent in the wild mean the same."""
    assert read_key(text) == key


@pytest.mark.parametrize(
    "text", ["", '""', '"', '"a', 'a"', "a b", "a,b", '"a", "b"', '"ä"', '"a\\b"', "a;b", "\x00", '"\t"', "x" * 256]
)
def test_malformed_keys(text: str) -> None:
    problem = problem_of(read_key, text)

    assert (problem.code, problem.status) == ("invalid-header", 400)
    assert problem.source is not None
    assert problem.source.header == "Idempotency-Key"


def test_keys_of_two_callers_are_two() -> None:
    names = {name_of(key, caller) for key in ("k", "K", "k ") for caller in (None, "a", "b", "A")}

    assert len(names) == 12
    assert {len(name) for name in names} == {64}


def test_requests_are_told_apart_by_every_part() -> None:
    base = ("POST", "/api/tags", "a=1", b"{}")
    others = [
        ("POST", "/api/tag", "a=1", b"{}"),
        ("POST", "/api/tags", "", b"{}"),
        ("POST", "/api/tags", "a=1", b"{ }"),
    ]

    assert fingerprint_of(*base) == fingerprint_of(*base)
    assert len({fingerprint_of(*one) for one in (base, *others)}) == 4
