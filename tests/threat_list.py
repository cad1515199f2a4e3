"""The threats that the library answers, and which tests name them in their docstrings: for a test, and for the docs.

Nothing is imported or run for this.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from checklist import TESTS, Test

THREATS = {
    "T01": "filtering by hidden fields",
    "T02": "filtering by hidden fields of related resources",
    "T03": "sorting by hidden fields",
    "T04": "including and selecting what is hidden",
    "T05": "hidden rows, seen through relationships",
    "T06": "telling hidden rows from missing ones",
    "T07": "telling them by time",
    "T08": "errors that tell of the database",
    "T09": "names that are looked up on objects",
    "T10": "unknown parameters",
    "T11": "writing fields that are not meant to be written",
    "T12": "writing through linkage and included resources",
    "T13": "requests forged in a browser",
    "T14": "JSONP, CORS, sniffing",
    "T15": "forged hosts",
    "T16": "line ends in headers",
    "T17": "deleting and changing whole lists",
    "T18": "SQL in names and values",
    "T19": "requests smuggled inside others",
    "T20": "deep includes",
    "T21": "wide and large includes",
    "T22": "sizes and numbers of pages",
    "T23": "deep offsets",
    "T24": "large filters",
    "T25": "costly patterns",
    "T26": "large bodies",
    "T27": "deep JSON",
    "T28": "numbers that are none",
    "T29": "large query strings",
    "T30": "slow clients",
    "T31": "an exhausted pool",
    "T32": "large batches",
    "T33": "costly counts",
    "T34": "members given twice",
    "T35": "encodings",
    "T36": "large integers",
    "T37": "impossible dates",
    "T38": "wrong types",
    "T39": "unreadable rows",
    "T40": "content negotiation",
    "T41": "spellings of ids",
    "T42": "methods",
    "T43": "bodies cut short",
    "T50": "lost updates",
    "T51": "resources created twice",
    "T52": "writes carried out in part",
    "T53": "hooks that raise",
    "T54": "sessions left behind",
    "T55": "lost connections",
    "T56": "deadlocks and serialization conflicts",
    "T57": "storms of retries",
    "T58": "a database that restarts",
    "T59": "full disks, read-only databases",
    "T60": "statements and locks that take too long",
    "T61": "answers cut off",
    "T62": "replicas that lag",
    "T63": "networks that swallow all",
    "T64": "rows that change while they are read",
}
"""Id -> what it is, in short."""

NAMED = re.compile(r"\b(T[0-9]{2})\b(?: to (T[0-9]{2})\b)?")


def threats_of_tests() -> dict[str, list[Test]]:
    """Give the tests whose docstrings name each threat; ids that are no threat are among the keys too."""
    found: dict[str, list[Test]] = {}
    for test, text in _docstrings():
        for id_ in dict.fromkeys(_ids(text)):
            found.setdefault(id_, []).append(test)
    return found


def _docstrings() -> Iterator[tuple[Test, str]]:
    for path in sorted(TESTS.rglob("test_*.py")):
        if "node_modules" in path.parts:
            continue
        module = ".".join(path.relative_to(TESTS.parent).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield Test(module, node.name), ast.get_docstring(node) or ""


def _ids(text: str) -> Iterator[str]:
    order = list(THREATS)
    for first, last in NAMED.findall(text):
        if last in THREATS and first in THREATS:
            yield from order[order.index(first) : order.index(last) + 1]
        else:
            yield first
