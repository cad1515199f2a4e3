"""Sort terms that say where nulls stand, in the words of each database.

Where a database puts them there anyway nothing is said, so that the order can still be read from an index.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

SMALLEST = frozenset({"sqlite", "mysql", "mariadb", "mssql"})
"""Databases to which nulls are the smallest values; they have no words for it, or words that no index serves."""


class Placed(FunctionElement[Any]):
    """A term of an ORDER BY; each subclass is one way to go, since statements are kept by class and operand."""

    inherit_cache = True
    downward: bool
    is_first: bool


class AscendingNullsFirst(Placed):
    """Nulls, then from the smallest value to the greatest."""

    inherit_cache = True
    downward, is_first = False, True


class AscendingNullsLast(Placed):
    """From the smallest value to the greatest, then nulls."""

    inherit_cache = True
    downward, is_first = False, False


class DescendingNullsFirst(Placed):
    """Nulls, then from the greatest value to the smallest."""

    inherit_cache = True
    downward, is_first = True, True


class DescendingNullsLast(Placed):
    """From the greatest value to the smallest, then nulls."""

    inherit_cache = True
    downward, is_first = True, False


KINDS: Mapping[tuple[bool, bool], type[Placed]] = MappingProxyType(
    {
        (one.downward, one.is_first): one
        for one in (AscendingNullsFirst, AscendingNullsLast, DescendingNullsFirst, DescendingNullsLast)
    }
)


def placed(operand: Any, *, descending: bool, nulls_first: bool) -> Placed:
    """Give the sort term for `operand`, its nulls where they are told to stand."""
    return KINDS[descending, nulls_first](operand)


@compiles(Placed)
def _compile_placed(element: Placed, compiler: SQLCompiler, **options: Any) -> str:
    (operand,) = element.clauses
    text = compiler.process(operand, **options)
    term = f"{text} DESC" if element.downward else f"{text} ASC"
    if compiler.dialect.name in SMALLEST:
        natural = element.is_first != element.downward
        first, then = (0, 1) if element.is_first else (1, 0)
        return term if natural else f"CASE WHEN ({text}) IS NULL THEN {first} ELSE {then} END, {term}"
    return f"{term} NULLS {'FIRST' if element.is_first else 'LAST'}"
