"""Documents to bytes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from flask_restless.protocols.classic.framing import body_of, wrapped

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(TEXTS, VALUES))
def test_bytes_are_those_of_the_standard_library(document: dict[str, Any]) -> None:
    """2.1.2: sorted, indented by two, every other character escaped; on one line for scripts"""
    assert body_of(document, compact=False).decode() == json.dumps(document, indent=2, sort_keys=True)
    assert body_of(document, compact=True).decode() == json.dumps(document, sort_keys=True)


def test_values_that_json_does_not_know() -> None:
    document = {"at": datetime(2024, 1, 2, tzinfo=UTC), "price": Decimal("1.50"), "big": 2**70, "nan": float("nan")}
    expected = {"at": "2024-01-02T00:00:00+00:00", "price": "1.50", "big": str(2**70), "nan": None}

    assert json.loads(body_of(document, compact=False)) == expected
    assert json.loads(body_of(document, compact=True)) == expected


def test_wrapped() -> None:
    """2.12"""
    body = wrapped("f", {"b": 1, "a": "é"}, 201, [("next", "http://x/?a=1")], "http://x/1")

    assert body == (
        b'f({"data": {"a": "\\u00e9", "b": 1}, "meta": {"Content-Type": "application/javascript", '
        b'"Link": [{"rel": "next", "url": "http://x/?a=1"}], "Location": "http://x/1", "status": 201}})'
    )
