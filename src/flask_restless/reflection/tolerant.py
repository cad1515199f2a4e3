"""Types for what SQLite really stores: any column may hold a value of any kind there.

A value that is not what its column declares is read as it is, in place of an exception that would make the whole
table unreadable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from sqlalchemy import BigInteger, Date, DateTime, Dialect, Integer, Numeric, String, Time
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine


class _Tolerant(TypeDecorator[Any]):
    """Stores and reads by functions of our own that never raise."""

    impl: Any = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Leave SQLite's own conversion out."""
        return String()

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return self.written(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return self.read(value)

    def written(self, value: Any) -> Any:
        """Give what is stored for a value."""
        return value

    def read(self, value: Any) -> Any:
        """Give the value of what is stored."""
        return value


def _iso(text: Any, convert: Callable[[str], Any]) -> Any:
    try:
        return convert(text)
    except (ValueError, TypeError):
        return text


class TolerantDateTime(_Tolerant):
    """A moment in text; text that is no moment is read as text."""

    impl: Any = DateTime
    cache_ok = True

    def written(self, value: Any) -> Any:
        """Write as SQLite's own functions do."""
        return value.isoformat(" ") if isinstance(value, datetime) else value

    def read(self, value: Any) -> Any:
        """Read ISO 8601."""
        return _iso(value, datetime.fromisoformat)


class TolerantDate(_Tolerant):
    """A day in text; text that is no day is read as text."""

    impl: Any = Date
    cache_ok = True

    def written(self, value: Any) -> Any:
        """Write ISO 8601."""
        return value.isoformat() if isinstance(value, date) else value

    def read(self, value: Any) -> Any:
        """Read ISO 8601."""
        return _iso(value, date.fromisoformat)


class TolerantTime(_Tolerant):
    """A time of the day in text; text that is no time is read as text."""

    impl: Any = Time
    cache_ok = True

    def written(self, value: Any) -> Any:
        """Write ISO 8601."""
        return value.isoformat() if isinstance(value, time) else value

    def read(self, value: Any) -> Any:
        """Read ISO 8601."""
        return _iso(value, time.fromisoformat)


class TolerantNumeric(TypeDecorator[Any]):
    """A decimal number; text that is no number is read as text."""

    impl = Numeric
    cache_ok = True

    def __init__(self, precision: int | None = None, scale: int | None = None) -> None:
        super().__init__(precision, scale)
        self.scale = scale

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Leave SQLite's own conversion out."""
        return NullType()

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Write as the number that SQLite would make of it."""
        return float(value) if isinstance(value, Decimal) else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Read with as many places as the column declares."""
        if value is None:
            return None
        try:
            found = Decimal(str(value))
        except InvalidOperation:
            return value
        return round(found, self.scale) if self.scale is not None and found.is_finite() else found


Replace = Callable[[Any], TypeEngine[Any]]


def _numeric(type_: Numeric[Any]) -> TypeEngine[Any]:
    return TolerantNumeric(type_.precision, type_.scale) if type_.asdecimal else type_


SQLITE: Mapping[type[TypeEngine[Any]], Replace] = MappingProxyType(
    {
        Integer: lambda type_: BigInteger(),
        DateTime: lambda type_: TolerantDateTime(),
        Date: lambda type_: TolerantDate(),
        Time: lambda type_: TolerantTime(),
        Numeric: _numeric,
    }
)
"""Reflected type -> what to read and write it as; SQLite's integers have 64 bits whatever they are called."""


def tolerant(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    """Give the type to map a reflected SQLite column with."""
    for class_ in type(type_).__mro__:
        if class_ in SQLITE:
            return SQLITE[class_](type_)
    return type_
