"""Statements prepared for a driver: their text, and what turns values into the driver's and back.

SQLAlchemy's Connection does the same with every execution, and much besides; where nobody listens, this is enough.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import ARRAY, Dialect, Executable, Integer, Uuid
from sqlalchemy.engine.interfaces import BindTyping
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.sqltypes import TupleType
from sqlalchemy.types import TypeDecorator, TypeEngine

from ...operations.generated import Source
from ...operations.outcome import Row
from ..plan import Parameters

Processor = Callable[[Any], Any]
Rows = Callable[[Sequence[Row]], Sequence[Row]]

PLACE = re.compile(r"__\[POSTCOMPILE_([^]~]+)\]")
"""Where SQLAlchemy puts a list of values; other forms of it have something to say about each value."""

AMONG = re.compile(r"(?<!NOT )IN \(__\[POSTCOMPILE_([^]~]+)\]\)")
"""The same where a column is compared with them."""

ARRAYS = (Integer, Uuid)
"""Types of which psycopg takes a list as one parameter, and PostgreSQL knows what it is an array of."""

MARKS = {"qmark": "?", "format": "%s"}
"""What stands for a value in the text, by the driver's style; for all others a name does."""

KEPT_TEXTS = 64
"""Texts that are kept of one statement with a list, by the list's length."""


class Prepared:
    """One statement for one dialect, to be executed on a cursor of its driver."""

    __slots__ = ("_binds", "_dialect", "_is_array", "_list", "_positions", "_rows", "_texts", "_types", "text")

    def __init__(self, compiled: SQLCompiler, dialect: Dialect, list_: str | None) -> None:
        self._dialect = dialect
        self._list = list_
        self._texts: dict[int, str] = {}
        self.text, arrays = _with_array(compiled, dialect)
        self._is_array = bool(arrays)
        self._positions = compiled.positiontup
        self._binds = [
            (name, bind.effective_value, _on_the_way_in(bind, dialect)) for bind, name in compiled.bind_names.items()
        ]
        self._types = [column.type for column in _columns(compiled.statement)]
        self._rows: Rows | None = None

    def bound(self, parameters: Parameters) -> tuple[str, Any] | None:
        """Give the text and the parameters as the driver takes them.

        None where a type has no form of its value for the driver: SQLAlchemy says better what is wrong then.
        """
        given: dict[str, Any] = {}
        try:
            for name, own, process in self._binds:
                value: Any = parameters.get(name, own)
                if name == self._list:
                    given[name] = value if process is None else [process(one) for one in value]
                else:
                    given[name] = value if process is None else process(value)
        except Exception:  # types of the application's own may raise anything, and will once more
            return None
        if self._list is not None and not self._is_array:
            return self._spread(self._list, given)
        return self.text, given if self._positions is None else tuple([given[name] for name in self._positions])

    def _spread(self, list_: str, given: dict[str, Any]) -> tuple[str, Any] | None:
        """Put the values of the list in, one by one; SQLAlchemy knows how to write one without values."""
        values = given.pop(list_)
        if not values:
            return None
        text = self._texts.get(len(values))
        if text is None:
            if len(self._texts) >= KEPT_TEXTS:
                self._texts.clear()
            text = self._texts[len(values)] = PLACE.sub(self._marks(list_, len(values)), self.text)
        if self._positions is None:
            return text, given | {f"{list_}__{number}": value for number, value in enumerate(values)}
        spread: list[Any] = []
        for name in self._positions:
            spread.extend(values if name == list_ else (given[name],))
        return text, tuple(spread)

    def _marks(self, list_: str, size: int) -> str:
        mark = MARKS.get(self._dialect.paramstyle)
        return ", ".join([mark] * size if mark else (f"%({list_}__{number})s" for number in range(size)))

    @property
    def readers(self) -> list[tuple[str, Processor | None]]:
        """The names of the values, as they stand in the text, and what makes the driver's of each."""
        processors = {name: process for name, _own, process in self._binds}
        return [(name, processors[name]) for name in self._positions or ()]

    def rows(self, cursor: Any) -> Sequence[Row]:
        """Give all rows of a cursor on which the statement was executed."""
        found: Sequence[Row] = cursor.fetchall()
        return self.converter(cursor)(found)

    def converter(self, cursor: Any) -> Rows:
        """Give what turns the rows of such a cursor into rows of Python values."""
        rows = self._rows
        if rows is None:
            rows = self._rows = _on_the_way_out(self._types, cursor.description, self._dialect)
        return rows


def prepared(statement: Executable, dialect: Dialect) -> Prepared | None:
    """Prepare a statement; None for one that needs more of SQLAlchemy than its text and the types of its values."""
    kept = _PREPARED.get(statement)
    if kept is None:
        kept = _PREPARED[statement] = {}
    if dialect in kept:
        return kept[dialect]
    made = kept[dialect] = _prepared(statement, dialect)
    return made


_PREPARED: WeakKeyDictionary[Executable, dict[Dialect, Prepared | None]] = WeakKeyDictionary()
"""By statement, which the planner keeps, and by dialect, of which each engine has one."""


def _prepared(statement: Any, dialect: Dialect) -> Prepared | None:
    if dialect.bind_typing is BindTyping.SETINPUTSIZES:
        return None
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    if compiled.literal_execute_params or compiled.escaped_bind_names:
        return None
    if compiled.insert_prefetch or compiled.update_prefetch:
        return None
    if any(bind.callable for bind in compiled.bind_names):  # a value of its own for each execution
        return None
    lists = [compiled.bind_names[bind] for bind in compiled.post_compile_params]
    if not lists:
        return Prepared(compiled, dialect, None)
    is_plain = len(lists) == 1 and PLACE.findall(compiled.string) == lists and _has_marks(dialect)
    if not is_plain or any(_is_structure(bind.type) for bind in compiled.post_compile_params):
        return None
    return Prepared(compiled, dialect, lists[0])


def _is_structure(type_: TypeEngine[Any]) -> bool:
    """Whether a value in a list is one of several values, whose type SQLAlchemy has to say."""
    return isinstance(type_.impl_instance if isinstance(type_, TypeDecorator) else type_, TupleType | ARRAY)


def _with_array(compiled: SQLCompiler, dialect: Dialect) -> tuple[str, int]:
    """Give the text, with an array in place of the list where that can be, so that it is the same for every length."""
    is_named = dialect.driver == "psycopg" and dialect.paramstyle == "pyformat"
    if is_named and all(isinstance(bind.type, ARRAYS) for bind in compiled.post_compile_params):
        return AMONG.subn(r"= ANY (%(\1)s)", compiled.string)
    return compiled.string, 0


def _has_marks(dialect: Dialect) -> bool:
    """Whether values can be added to a text: where they are numbered, that would take new numbers."""
    return dialect.paramstyle in (*MARKS, "pyformat")


def _columns(statement: Any) -> Sequence[Any]:
    """Give the columns of the rows that a statement gives."""
    if statement is None:
        return ()
    if statement.is_select:
        found: Sequence[Any] = statement.selected_columns
        return found
    return list(statement.exported_columns)


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
