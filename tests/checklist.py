"""The rules of the standard, and which tests name them: read by a test, and by the docs' table of conformance.

A test names a rule by its id, in its docstring or in the id of a parameter; `J-4.1.1 to J-4.1.4` names all between.
Nothing is imported or run for this.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

TESTS = Path(__file__).parent
CHECKLIST = TESTS / "spec" / "jsonapi" / "checklist.toml"
JUNIT = TESTS.parent / "build" / "junit.xml"
"""Where `make check` leaves the results of its last run."""

ID = r"\b(?:J-\d+\.\d+(?:\.\d+)?|[AC]-\d+\.\d+|R-\d+)\b"
NAMED = re.compile(rf"({ID})(?: to ({ID}))?")


@dataclass(frozen=True, slots=True)
class Item:
    """One rule: its chapter, its level in the standard's words, and why it is decided otherwise, if it is."""

    id: str
    chapter: str
    level: str
    rule: str
    decision: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class Test:
    """One test function, by the dotted name of its module and its own name."""

    module: str
    name: str


def read_items() -> dict[str, Item]:
    """Give every rule by its id, in the order of the standard."""
    chapters = tomllib.loads(CHECKLIST.read_text(encoding="utf-8"))
    return {
        id_: Item(id_, chapter, **row)
        for chapter, rows in chapters.items()
        for id_, row in rows.items()
        if isinstance(row, dict)
    }


def read_titles() -> dict[str, str]:
    """Give the titles of the chapters."""
    return {name: rows["title"] for name, rows in tomllib.loads(CHECKLIST.read_text(encoding="utf-8")).items()}


def named_by_tests(items: Mapping[str, Item]) -> dict[str, list[Test]]:
    """Give the tests that name each id; ids that are no rule are among the keys too."""
    found: dict[str, list[Test]] = {}
    for test, text in _texts():
        for id_ in _ids(text, list(items)):
            tests = found.setdefault(id_, [])
            if test not in tests:
                tests.append(test)
    return found


def _texts() -> Iterator[tuple[Test, str]]:
    """Give every string inside every test, and inside the validator that all answers go through."""
    for path in sorted([*TESTS.rglob("test_*.py"), TESTS / "jsonapi_validator.py"]):
        if "node_modules" in path.parts:
            continue
        module = ".".join(path.relative_to(TESTS.parent).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith(("test_", "check_")):
                for inner in ast.walk(node):
                    if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                        yield Test(module, node.name), inner.value


def _ids(text: str, order: Sequence[str]) -> Iterator[str]:
    for match in NAMED.finditer(text):
        first, last = match[1], match[2]
        if last and first in order and last in order:
            yield from order[order.index(first) : order.index(last) + 1]
        else:
            yield from filter(None, (first, last))


def read_results() -> dict[Test, str]:
    """Give what the last run said: `passes`, `fails` or `skipped`; nothing where there was none."""
    if not JUNIT.is_file():
        return {}
    outcomes: dict[Test, set[str]] = {}
    for case in ElementTree.parse(JUNIT).iter("testcase"):
        test = Test(case.get("classname", ""), case.get("name", "").partition("[")[0])
        kinds = {child.tag for child in case}
        outcome = "fails" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passes"
        outcomes.setdefault(test, set()).add(outcome)
    return {test: next(one for one in ("fails", "passes", "skipped") if one in said) for test, said in outcomes.items()}


def result_of(tests: Sequence[Test], results: Mapping[Test, str]) -> str:
    """Give the worst of what tests said; what runs inside all tests is left out."""
    said = {results[test] for test in tests if test in results}
    return next((one for one in ("fails", "passes", "skipped") if one in said), "")
