"""Every threat has a test that names it."""

from __future__ import annotations

from threat_list import THREATS, threats_of_tests


def test_every_threat_is_named_by_a_test() -> None:
    named = threats_of_tests()

    assert [id_ for id_ in THREATS if id_ not in named] == []


def test_tests_name_threats_that_exist() -> None:
    assert sorted(set(threats_of_tests()) - set(THREATS)) == []


def test_ids_are_those_of_the_threats() -> None:
    """Two runs: what is asked, and what happens to transactions."""
    numbers = [*range(1, 44), *range(50, 65)]

    assert list(THREATS) == [f"T{number:02}" for number in numbers]
