"""Entity tags: how they are read, and which of them a state meets (RFC 9110, 8.8.3 and 13.1)."""

from __future__ import annotations

import pytest

from flask_restless.operations.operation import Expectation
from flask_restless.operations.preconditions import IF_MATCH, entity_tag, is_met, read_tags, version_text
from parsed import problem_of

LISTS = {
    "*": None,
    " * ": None,
    '"a"': ("a",),
    '""': ("",),
    '"a", "b"': ("a", "b"),
    ',"a",,"b,c" ,': ("a", "b,c"),
    'W/"a", "b"': ("b",),
    '"W/a"': ("W/a",),
    '"\xe9"': ("\xe9",),
}


@pytest.mark.parametrize(("text", "tags"), LISTS.items())
def test_lists_of_strong_tags(text: str, tags: tuple[str, ...] | None) -> None:
    assert read_tags(text, IF_MATCH, weak=False) == tags


def test_weak_tags_are_given_where_they_count() -> None:
    assert read_tags('W/"a", "b"', IF_MATCH, weak=True) == ("a", "b")


@pytest.mark.parametrize(
    "text", ["", " ", ",", "a", '"a', 'a"', 'w/"a"', 'W/ "a"', '"a" "b"', '"a";"b"', '"a\tb"', "**"]
)
def test_malformed_lists(text: str) -> None:
    problem = problem_of(read_tags, text, IF_MATCH, weak=True)

    assert (problem.code, problem.status, problem.source) == ("invalid-header", 400, IF_MATCH)


def test_malformed_lists_are_refused_in_linear_time() -> None:
    """T25: nothing is tried twice."""
    assert problem_of(read_tags, '"a" ,' * 1500 + "x", IF_MATCH, weak=True).code == "invalid-header"


STATE = ("3",)
TAG = entity_tag("3", b"{}")[1:-1]


@pytest.mark.parametrize(
    ("tags", "met"),
    [
        (("3",), True),
        ((TAG,), True),
        ((entity_tag("3", b"other")[1:-1],), True),
        (None, True),
        (("x", "3"), True),
        ((), False),
        (("",), False),
        (("33",), False),
        ((f"3{TAG}",), False),
        ((f"{TAG}0",), False),
        ((TAG[:-1],), False),
        (("3-",), False),
        (("-3",), False),
    ],
)
def test_state_is_compared(tags: tuple[str, ...] | None, met: bool) -> None:
    """The state alone, or a whole tag of it, whatever its digest."""
    assert is_met(Expectation(tags), STATE) is met
    assert is_met(Expectation(tags, unlike=True), STATE) is not met


def test_either_of_two_states_does() -> None:
    """Who has not seen deferred attributes need not know their state."""
    states = ("ab", "ab.cd")

    assert [is_met(Expectation((one,)), states) for one in ("ab", "ab.cd", "ab.ce", "cd")] == [True, True, False, False]


@pytest.mark.parametrize("version", [3, "2024-01-01T10:00:00.5", "a b", 'a"b', "\u0436", "f-0123456789abcdef"])
def test_any_version_makes_a_tag(version: object) -> None:
    state = version_text(version)
    tag = entity_tag(state, b"{}")

    assert read_tags(tag, IF_MATCH, weak=False) == (tag[1:-1],)
    assert is_met(Expectation((state,)), (state,))
