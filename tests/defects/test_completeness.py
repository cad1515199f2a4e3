"""Every known defect of the earlier generations has a test in this folder that names it."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

from flask_restless.migration.differences import GENERATIONS, differences_of

HERE = Path(__file__).parent
DEFECTS = {
    id_: title
    for rows in tomllib.loads((HERE / "defects.toml").read_text(encoding="utf-8")).values()
    for id_, title in rows.items()
}
ID = re.compile(r"\b(?:[ABC]-[0-9]+|[DE])\b(?=[:,. ]|$)")


def named() -> set[str]:
    """Give the ids in the docstrings of tests, and of the modules they are in."""
    found: set[str] = set()
    for path in HERE.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found |= set(ID.findall(ast.get_docstring(node) or ""))
    return found


def test_every_defect_has_its_regression_test() -> None:
    assert len(DEFECTS) == 15 + 10 + 14 + 2
    assert sorted(set(DEFECTS) - named()) == []


def test_guides_tell_which_defects_are_gone() -> None:
    told = {id_ for generation in GENERATIONS for row in differences_of(generation) for id_ in row.defects}

    assert sorted(told - set(DEFECTS)) == []
    assert sorted(set(DEFECTS) - told) == []
