"""Every rule of the standard is tested, or decided otherwise in writing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from checklist import TESTS, Item, named_by_tests, read_items, read_titles

DOCS = TESTS.parent / "docs"
ITEMS = read_items()


def is_expected(item: Item) -> bool:
    """Whether the chapter is there yet: that of cursors is as soon as it has tests."""
    return item.chapter != "C" or any((TESTS / "spec" / "jsonapi").glob("test_cursor*.py"))


@pytest.fixture(scope="module")
def named() -> dict[str, list[object]]:
    return dict(named_by_tests(ITEMS))


def test_all_rules_are_listed() -> None:
    """241 sentences of the base with a keyword, and those of the extension, the profile and the recommendations."""
    assert len(ITEMS) == 364
    assert {item.level for item in ITEMS.values()} == {
        "MUST", "MUST-NOT", "SHOULD", "SHOULD-NOT", "MAY", "REC", "HTTP", "DEF",
    }  # fmt: skip


def test_what_must_hold_is_tested(named: dict[str, list[object]]) -> None:
    expected = [item.id for item in ITEMS.values() if item.level in {"MUST", "MUST-NOT", "HTTP"} and is_expected(item)]

    assert [id_ for id_ in expected if id_ not in named] == []


def test_everything_else_is_tested_or_decided(named: dict[str, list[object]]) -> None:
    expected = [item for item in ITEMS.values() if is_expected(item)]

    assert [item.id for item in expected if item.id not in named and item.decision is None] == []


def test_tests_name_rules_that_exist(named: dict[str, list[object]]) -> None:
    """Ids with two numbers may be those of a section, such as J-5.1."""
    sections = {id_.rpartition(".")[0] for id_ in ITEMS}

    assert sorted(set(named) - set(ITEMS) - sections) == []


def test_decisions_are_written_down() -> None:
    for item in ITEMS.values():
        if item.decision is not None and re.fullmatch(r"[\w/-]+", item.decision):
            assert (DOCS / f"{item.decision}.md").is_file(), item.decision


def test_the_table_of_the_docs_has_every_chapter() -> None:
    page = Path(DOCS / "reference" / "conformance.md").read_text(encoding="utf-8")

    assert re.findall(r"\{conformance\} (\S+)", page) == list(read_titles())
