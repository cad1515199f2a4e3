"""Statements prepared for a driver: their text, and what turns values into the driver's and back.

SQLAlchemy's Connection does the same with every execution, and much besides; where nobody listens, this is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Dialect, Select, TypeDecorator
from sqlalchemy.engine.interfaces import BindTyping
from sqlalchemy.sql.compiler import SQLCompiler

from ...operations.generated import Source
from ...operations.outcome import Row
from ..plan import Parameters

Processor = Callable[[Any], Any]
Rows = Callable[[Sequence[Row]], Sequence[Row]]


class Prepared:
    """One statement for one dialect, to be executed on a cursor of its driver."""

    __slots__ = ("_binds", "_dialect", "_positions", "_rows", "_types", "text")

    def __init__(self, statement: Select[Any], compiled: SQLCompiler, dialect: Dialect) -> None:
        self._dialect = dialect
        self.text = compiled.string
        self._positions = compiled.positiontup
        self._binds = [
            (name, bind.effective_value, _on_the_way_in(bind, dialect)) for bind, name in compiled.bind_names.items()
        ]
        self._types = [column.type for column in statement.selected_columns]
        self._rows: Rows | None = None

    def values(self, parameters: Parameters) -> Any:
        """Give parameters as the driver takes them; None where a type has no form of its value for the driver.

        SQLAlchemy says better what is wrong then.
        """
        given: dict[str, Any] = {}
        try:
            for name, own, process in self._binds:
                value = parameters.get(name, own)
                given[name] = value if process is None else process(value)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            return None
        return given if self._positions is None else tuple([given[name] for name in self._positions])

    def run(self, cursor: Any, values: Any) -> Sequence[Row]:
        """Execute it with the driver's `values`, and give all rows; whatever the driver raises."""
        self._dialect.do_execute(cursor, self.text, values)
        rows = self._rows
        if rows is None:
            rows = self._rows = _on_the_way_out(self._types, cursor.description, self._dialect)
        found: Sequence[Row] = cursor.fetchall()
        return rows(found)


def prepared(statement: Select[Any], dialect: Dialect) -> Prepared | None:
    """Prepare a statement; None for one whose text depends on its values, or whose values are not the driver's.

    Types that applications decorate may raise anything; SQLAlchemy wraps that.
    """
    kept = _PREPARED.get(statement)
    if kept is None:
        kept = _PREPARED[statement] = {}
    if dialect in kept:
        return kept[dialect]
    made = kept[dialect] = _prepared(statement, dialect)
    return made


_PREPARED: WeakKeyDictionary[Select[Any], dict[Dialect, Prepared | None]] = WeakKeyDictionary()
"""By statement, which the planner keeps, and by dialect, of which each engine has one."""


def _prepared(statement: Select[Any], dialect: Dialect) -> Prepared | None:
    if dialect.bind_typing is BindTyping.SETINPUTSIZES:
        return None
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    if compiled.post_compile_params or compiled.literal_execute_params or compiled.escaped_bind_names:
        return None
    if any(isinstance(bind.type, TypeDecorator) for bind in compiled.bind_names):
        return None
    return Prepared(statement, compiled, dialect)


def _on_the_way_in(bind: Any, dialect: Dialect) -> Processor | None:
    found: Processor | None = bind.type.dialect_impl(dialect).bind_processor(dialect)
    return found


def _on_the_way_out(types: Sequence[Any], description: Sequence[Sequence[Any]], dialect: Dialect) -> Rows:
    """Give the function that turns a driver's rows into rows of Python values."""
    processors: list[Processor | None] = [
        type_.dialect_impl(dialect).result_processor(dialect, column[1])
        for type_, column in zip(types, description, strict=True)
    ]
    if not any(processors):
        return _as_they_are
    source = Source()
    cells = [
        f"row[{number}]" if process is None else f"{source.constant(process)}(row[{number}])"
        for number, process in enumerate(processors)
    ]
    text = f"def render(rows):\n    return [({', '.join(cells)},) for row in rows]\n"
    found: Rows = source.function(text)
    return found


def _as_they_are(rows: Sequence[Row]) -> Sequence[Row]:
    return rows
