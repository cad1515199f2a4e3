"""Types of a database that SQLAlchemy or the driver does not know, by their name there, and others as they are kept.

The values of those cross as texts, or as lists of texts, as the database itself writes and reads them.  The reflection
finds such types, and the schema gives them codecs; this is all that they have in common.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Numeric, cast
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import ARRAY, TypeDecorator, TypeEngine, UserDefinedType


class Named(UserDefinedType[Any]):
    """A type by its name alone, for a cast."""

    cache_ok = True

    def __init__(self, spelling: str) -> None:
        self.spelling = spelling

    def get_col_spec(self, **_options: Any) -> str:
        """Give the name as it stands in a statement: drivers of PostgreSQL read a percent sign in it."""
        return self.spelling.replace("%", "%%")


class Foreign(TypeDecorator[Any]):
    """A type called `spelling`, whose values go in and out as those of `wrapped` do.

    `comparable` and `ordered` tell whether the database can compare and sort its values.
    """

    impl = Named
    cache_ok = True

    def __init__(self, wrapped: TypeEngine[Any], spelling: str, *, comparable: bool, ordered: bool) -> None:
        super().__init__(spelling)
        self.wrapped = wrapped
        self.impl = wrapped  # type: ignore[assignment]  # its stub knows what a class declares alone
        self.spelling = spelling
        self.comparable = comparable
        self.ordered = ordered

    def bind_expression(self, bindvalue: BindParameter[Any]) -> ColumnElement[Any]:
        """Say what a value is to be: the database guesses from its neighbours otherwise, and not from lists."""
        return cast(bindvalue, Named(self.spelling))

    def column_expression(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Ask for lists as such: of members that it does not know, the driver gives one text."""
        return cast(column, self.wrapped) if isinstance(self.wrapped, ARRAY) else column

    def coerce_compared_value(self, op: OperatorType | None, value: Any) -> TypeEngine[Any]:
        """Take what is compared with such a value for another one."""
        return self


class FloatingDecimal(TypeDecorator[Any]):
    """A decimal number that the database keeps as a floating point one unless it is whole, as SQLite does."""

    impl = Numeric
    cache_ok = True
