"""JSON from strangers: one meaning or none."""

from __future__ import annotations

import gc
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_restless.operations.json_text import UNREAD, read_json, read_plainly
from flask_restless.operations.problems import Source
from parsed import problem_of, refusal_of


def read(text: bytes | str, **options: Any) -> Any:
    """Read a body with the default limits."""
    return read_json(text, **{"depth": 64, "source": Source(pointer=""), "members": 1000, **options})


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**38), 10**38)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(json_values)
def test_all_other_json_is_read_as_it_was_meant(value: Any) -> None:
    """Nothing that is JSON gets lost."""
    assert read(json.dumps(value).encode()) == read(json.dumps(value, ensure_ascii=False)) == value


def test_characters_of_two_escapes() -> None:
    """A whole pair is a character like all others, and so is half of one in a value that nobody uses."""
    assert read(b'{"\\ud83d\\ude00": "\\\\ud800"}') == {"\U0001f600": "\\ud800"}
    assert read(b'{"a": "\\ud800"}') == {"a": "\ud800"}


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """J-9.8, T35."""
    assert {one.status for one in refusal_of(read, body)} <= {400}


BAD = {
    "empty": b"",
    "white space": b" \n",
    "not JSON": b"{",
    "two values": b"{} {}",
    "NaN": b'{"a": NaN}',
    "Infinity": b"[Infinity]",
    "-Infinity": b"[-Infinity]",
    "1e999": b"[1e999]",
    "-1e999": b"[-1e999]",
    "5,000 digits": b"[" + b"1" * 5000 + b"]",
    "41 digits": b"1" * 41,
    "half a character in a name": b'{"\\ud800": 1}',
    "half a character in a name inside": b'[{"a": {"b\\uDFFFc": []}}]',
    "duplicate key": b'{"a": 1, "a": 2}',
    "duplicate key inside": b'[{"b": {"a": 1, "a": 1}}]',
    "duplicate key, one escaped": b'{"a": 1, "\\u0061": 2}',
    "byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "UTF-16 without mark": '{"a": 1}'.encode("utf-16-le"),
    "UTF-32": "{}".encode("utf-32"),
    "invalid UTF-8": b'["\xff"]',
    "overlong": b'["\xc0\xaf"]',
    "CESU-8 surrogates": b'["\xed\xa0\x80\xed\xb0\x80"]',
    "raw NUL": b'["\x00"]',
    "raw line end": b'["\n"]',
    "single quotes": b"{'a': 1}",
    "comment": b"{} // x",
    "trailing comma": b"[1,]",
    "deep arrays": b"[" * 100_000,
    "deep objects": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "65 deep": b"[" * 65 + b"]" * 65,
    "1,001 members": json.dumps({str(n): n for n in range(1001)}).encode(),
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
def test_refused(body: bytes) -> None:
    """T27, T28, T34, T35, T26."""
    problem = problem_of(read, body)

    assert problem.status == 400
    assert problem.code in {"malformed-document", "limit-exceeded"}


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 64 + b"]" * 64,
        b'["' + b"[{" * 500 + b'"]',
        b'["\\"[[[' + b"[" * 100 + b'"]',
        b"1" * 40,
        json.dumps({str(n): n for n in range(1000)}).encode(),
        b'"\\ud83d\\ude00"',
        b" {} \n",
    ],
)
def test_accepted_at_the_limit(body: bytes) -> None:
    """Brackets inside strings are text."""
    assert read(body) == json.loads(body)


@pytest.mark.parametrize(
    "body",
    [
        b'["' + b"a" * 2_000_000 + b'"' + b",[]" * 100 + b"]",
        b'["' + b"\\\\" * 1_000_000 + b'"' + b",[]" * 100 + b"]",
        b'"' * 1_000_000 + b"[" * 100,
        b"[" + b"[]," * 600_000 + b"[]]",
        b'"' + b"\\" * 1_000_001 + b"[" * 100,
    ],
    ids=["long string", "escapes", "quotes", "brackets", "open escape"],
)
def test_cost_is_in_proportion_to_the_length(body: bytes) -> None:
    """T26, T27: two megabytes are read or refused at once.

    What other tests have left in memory is not looked through meanwhile: that takes as long as there is much of it.
    """
    gc.freeze()
    try:
        started = time.process_time()
        refusal_of(read, body)
        assert time.process_time() - started < 3
    finally:
        gc.unfreeze()


COMPACT = {"separators": (",", ":")}


@given(json_values)
def test_what_is_read_plainly_is_read_as_closely(value: Any) -> None:
    """Compact bodies go another way, if nothing in them is doubtful."""
    body = json.dumps(value, **COMPACT).encode()
    found = read_plainly(body)

    assert found is UNREAD or (found == value and repr(found) == repr(read(body.decode())))


@pytest.mark.parametrize(
    "body",
    [
        '{"a":1,"a":1}',
        '{"a":{"b":1,"b":2}}',
        '{"a" :1,"a":2}',
        '{"a"  :1,"a":2}',
        '{"a":1,"a"\n:"\\":"}',
        '{"a":"\\":","a":1}',
        '["\\":",{"a":1,"a":1}]',
        '{"\\u0061":1,"a":2}',
        "NaN",
        "1e999",
        '{"a":12345678901234567890123}',
        '"\\ud800"',
        "\ufeff{}",
        '{"a":1}x',
        "",
    ],
)
def test_what_is_doubtful_is_never_read_plainly(body: str) -> None:
    assert read_plainly(body.encode()) is UNREAD


@given(st.text('{}[]":,\\ abu01\n', max_size=24))
def test_a_member_that_is_there_twice_is_never_read_plainly(text: str) -> None:
    """Whatever strings hold, and wherever space stands."""
    found = read_plainly(text.encode())

    if found is not UNREAD:
        assert read(text) == found


@given(st.recursive(st.just("[]{}"), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("]{"), inner)))
def test_what_is_nested_too_deep_is_refused_and_nothing_else(value: Any) -> None:
    """T26: whatever brackets stand in texts."""

    def depth(one: Any) -> int:
        inner = one.values() if isinstance(one, dict) else one if isinstance(one, list) else None
        return 0 if inner is None else 1 + max(map(depth, inner), default=0)

    text = json.dumps(value)
    if depth(value) > 3:
        assert problem_of(read, text, depth=3).code == "limit-exceeded"
    else:
        assert read(text, depth=3) == value
