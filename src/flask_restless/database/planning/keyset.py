"""Keyset paging: the rows beyond a cursor, by comparison with its values, never by counting rows (C-4).

Where several keys go the same way, the condition is one comparison of row values, `(a, b) < (:a, :b)`, which an index
on them answers at any depth.  Nulls and changes of direction take the comparison apart key by key, and so does
MariaDB, which reads a whole index for a comparison of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from operator import ge, gt, le, lt
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Double,
    Enum,
    and_,
    cast,
    false,
    or_,
    true,
    tuple_,
    type_coerce,
)
from sqlalchemy import types as sql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine

from ...database_types import Foreign
from ...operations.cursors import may_be_null
from ...operations.paging import Page
from ...operations.selection import SortKey
from .binds import Binds
from .nulls import SMALLEST

RAW: TypeEngine[Any] = NullType()
"""Cursor values cross no type's conversion in either direction: they are compared as the database gave them."""


class EnumRank(FunctionElement[Any]):
    """What a database sorts an enum by: on MariaDB and MySQL its number, although they compare it as a text."""

    inherit_cache = True
    type = RAW


@compiles(EnumRank)
def _compile_rank(element: EnumRank, compiler: SQLCompiler, **options: Any) -> str:
    text = compiler.process(element.clauses, **options)
    return f"({text} + 0)" if compiler.dialect.name in {"mysql", "mariadb"} else text


class EveryDigit(FunctionElement[Any]):
    """A float with all its digits, of which databases send less in single precision; SQLite has no such, but texts."""

    inherit_cache = True
    type = RAW


@compiles(EveryDigit)
def _compile_digits(element: EveryDigit, compiler: SQLCompiler, **options: Any) -> str:
    (operand,) = element.clauses
    whole = operand if compiler.dialect.name == "sqlite" else cast(operand, Double())
    return compiler.process(whole, **options)


def _value_type(operand: Any) -> TypeEngine[Any]:
    """Give the type of a cursor's value: a database that alone knows a type has to be told that it is one of it."""
    return operand.type if isinstance(operand.type, Foreign) else RAW


def compared(operand: Any) -> Any:
    """Give the form of a sort operand that compares as it sorts."""
    type_ = _plain_type(operand.type)
    if isinstance(type_, Enum) and type_.native_enum:
        return EnumRank(operand)
    return type_coerce(operand, RAW)


def selected(operand: Any) -> Any:
    """Give the form of a sort operand to select for a cursor: floats of single precision with all their digits."""
    if isinstance(_plain_type(operand.type), sql.Float):
        return EveryDigit(operand)
    return compared(operand)


def _plain_type(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    return type_.impl_instance if isinstance(type_, TypeDecorator) else type_


@dataclass(frozen=True, slots=True)
class Habit:
    """What a kind of database does by itself.

    Whether nulls count as the smallest values where the order does not say where they stand, and whether an index
    answers a comparison of `rows`.
    """

    nulls_smallest: bool
    rows: bool


HABITS = (Habit(True, True), Habit(True, False), Habit(False, True))


class ByHabit(FunctionElement[Any]):
    """One condition in the form for each of HABITS; the one for the database at hand is written.

    It is of no Boolean type, since that is written as `(...) = 1` where a database has none, which no index answers.
    """

    inherit_cache = True
    type = RAW


@compiles(ByHabit)
def _compile_habit(element: ByHabit, compiler: SQLCompiler, **options: Any) -> str:
    name = compiler.dialect.name
    habit = Habit(name in SMALLEST, name not in {"mysql", "mariadb"})
    return f"({compiler.process(list(element.clauses)[HABITS.index(habit)], **options)})"


def segments(page: Page, sort: Sequence[SortKey], operands: Sequence[Any], binds: Binds) -> list[ColumnElement[bool]]:
    """Give the conditions of the rows after `page.after` and before `page.before` in the order of `sort`.

    The rows of the first condition all come before those of a second one, in the direction of the walk: where nulls
    begin or end on the way, one condition for both sides is read from no index.
    """
    found: list[ColumnElement[bool]] = [true()]
    for cursor, back in ((page.after, False), (page.before, True)):
        if cursor is None or cursor.values is None:
            continue
        keys = [
            Key(one, compared(operand), None if value is None else binds.next(_value_type(operand)))
            for one, operand, value in zip(sort, operands, cursor.values, strict=True)
        ]
        parts = [_parts([_step(key, back, habit) for key in keys], cursor.inclusive, habit) for habit in HABITS]
        if page.is_range and back:
            found = [and_(one, ByHabit(*[or_(near, far) for near, far in parts])) for one in found]
        else:
            found = [ByHabit(*[near for near, _ in parts])]
            if may_be_null(sort[0]):
                found.append(ByHabit(*[far for _, far in parts]))
    return found


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the order, and the parameter of the cursor's value, None for a null."""

    term: SortKey
    operand: Any
    parameter: BindParameter[Any] | None


@dataclass(frozen=True, slots=True)
class Step:
    """One key of the order, seen from a cursor in the direction of the walk.

    `parameter` is the cursor's value, None for a null; rows further on have greater values, or `smaller` ones, or
    nulls with `nulls_ahead`.
    """

    operand: Any
    parameter: BindParameter[Any] | None
    smaller: bool
    nulls_ahead: bool

    @property
    def is_plain(self) -> bool:
        """Whether a comparison alone finds what is further on: it is never true of a null."""
        return self.parameter is not None and not self.nulls_ahead


def _step(key: Key, back: bool, habit: Habit) -> Step:
    term = key.term
    first = term.nulls_first if term.nulls_first is not None else habit.nulls_smallest is not term.descending
    return Step(key.operand, key.parameter, term.descending is not back, may_be_null(term) and first is back)


def _parts(steps: Sequence[Step], inclusive: bool, habit: Habit) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Divide what is further on than the cursor where the first key begins, or ceases, to be null."""
    first, rest = steps[0], steps[1:]
    if first.parameter is None:
        near = and_(first.operand.is_(None), _beyond(rest, inclusive, habit))
        return near, false() if first.nulls_ahead else first.operand.is_not(None)
    near = _beyond([replace(first, nulls_ahead=False), *rest], inclusive, habit)
    return near, first.operand.is_(None) if first.nulls_ahead else false()


def _beyond(steps: Sequence[Step], inclusive: bool, habit: Habit) -> ColumnElement[bool]:
    """Give the condition that a row is further on than the cursor; with `inclusive`, the cursor's own row too."""
    if not steps:
        return true() if inclusive else false()
    first = steps[0]
    if not first.is_plain:
        return _beyond_one(first, _beyond(steps[1:], inclusive, habit))
    run = list(takewhile(lambda one: one.is_plain and one.smaller is first.smaller, steps))
    run = run if habit.rows else run[:1]
    left, right = _row(run)
    if len(run) == len(steps):
        return _compare(left, right, first.smaller, inclusive)
    rest = _beyond(steps[len(run) :], inclusive, habit)
    return and_(_compare(left, right, first.smaller, True), or_(_compare(left, right, first.smaller, False), rest))


def _row(run: Sequence[Step]) -> tuple[Any, Any]:
    if len(run) == 1:
        return run[0].operand, run[0].parameter
    return tuple_(*[one.operand for one in run]), tuple_(*[one.parameter for one in run])


def _compare(left: Any, right: Any, smaller: bool, inclusive: bool) -> ColumnElement[bool]:
    operator = (le if inclusive else lt) if smaller else (ge if inclusive else gt)
    return operator(left, right)  # type: ignore[no-any-return]  # SQL expressions


def _beyond_one(step: Step, rest: ColumnElement[bool]) -> ColumnElement[bool]:
    """Go on from one key that may be null, or from a null."""
    if step.parameter is None:
        same = and_(step.operand.is_(None), rest)
        return same if step.nulls_ahead else or_(step.operand.is_not(None), same)
    further = _compare(step.operand, step.parameter, step.smaller, False)
    return or_(further, step.operand.is_(None), and_(step.operand == step.parameter, rest))
