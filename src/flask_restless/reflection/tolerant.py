"""Types for what a database really stores, in place of what its columns declare.

Any column of SQLite may hold a value of any kind, and MariaDB knows a date of zeros.  A value that is not what its
column declares is read as it is, in place of an exception that would make the whole table unreadable (T39).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import partial
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Dialect,
    Engine,
    Float,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Time,
    event,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine

from ..database_types import FloatingDecimal


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


class TolerantNumeric(FloatingDecimal):
    """A decimal number; text that is no number is read as text."""

    cache_ok = True

    def __init__(self, precision: int | None = None, scale: int | None = None) -> None:
        super().__init__(precision, scale)
        self.scale = scale

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Leave SQLite's own conversion out."""
        return NullType()

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Write as the number that SQLite would make of it: whole ones have all digits of 64 bits."""
        if not isinstance(value, Decimal):
            return value
        return int(value) if -(2**63) <= value < 2**63 and value == value.to_integral_value() else float(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Read with as many places as the column declares."""
        if value is None:
            return None
        found: Any = value
        with suppress(InvalidOperation):  # also of rounding what has more digits than Python counts with
            found = Decimal(str(value))
            if self.scale is not None and found.is_finite():
                found = round(found, self.scale)
        return found


class TolerantBoolean(_Tolerant):
    """A truth value in 0 or 1; anything else is read as it is."""

    impl: Any = Boolean
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Leave SQLite's own conversion out."""
        return Integer()

    def written(self, value: Any) -> Any:
        """Write 0 or 1."""
        return int(value) if isinstance(value, bool) else value

    def read(self, value: Any) -> Any:
        """Read 0 and 1."""
        return bool(value) if value in (0, 1) else value


class TolerantBinary(TypeDecorator[Any]):
    """Bytes; text and numbers are read as the bytes of what they look like."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Leave SQLite's own conversion out."""
        return NullType()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Read bytes."""
        return value if value is None or isinstance(value, bytes) else str(value).encode()


class Lenient(TypeDecorator[Any]):
    """Another type, unless it cannot read a value: that is read as it is."""

    impl = NullType
    cache_ok = True

    def __init__(self, wrapped: TypeEngine[Any]) -> None:
        super().__init__()
        self.wrapped = wrapped
        self.impl = wrapped  # type: ignore[assignment]  # its stub knows what a class declares alone

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Take what was read; that there is this method tells others that it may be of any kind."""
        return value

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """Keep the raw value where the wrapped type raises."""
        strict = super().result_processor(dialect, coltype)
        return None if strict is None else partial(_either, strict)


def _either(convert: Callable[[Any], Any], value: Any) -> Any:
    try:
        return convert(value)
    except (ValueError, TypeError, AttributeError, ArithmeticError):
        return value


class LongTime(Lenient):
    """A time of MariaDB, which may be negative or longer than a day: what is no time of the day is read as text."""

    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """Keep what SQLAlchemy would cut to the hours of a day."""
        strict = super().result_processor(dialect, coltype)
        return None if strict is None else partial(_time_of_day, strict)


class Bits(TypeDecorator[int]):
    """Bits of MariaDB as a number without a sign; the driver gives bytes."""

    impl = mysql.BIGINT(unsigned=True)
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Read the bytes, the first one first."""
        return int.from_bytes(value) if isinstance(value, bytes) else value


def _time_of_day(convert: Callable[[Any], Any], value: Any) -> Any:
    if not isinstance(value, timedelta) or timedelta() <= value < timedelta(days=1):
        return convert(value)
    minutes, seconds = divmod(abs(value), timedelta(minutes=1))
    fraction = f".{seconds.microseconds:06}" if seconds.microseconds else ""
    return f"{'-' if value < timedelta() else ''}{minutes // 60:02}:{minutes % 60:02}:{seconds.seconds:02}{fraction}"


Replace = Callable[[Any], TypeEngine[Any]]


def _numeric(type_: Numeric[Any]) -> TypeEngine[Any]:
    return TolerantNumeric(type_.precision, type_.scale) if type_.asdecimal else Lenient(type_)


SQLITE: Mapping[type[TypeEngine[Any]], Replace] = MappingProxyType(
    {
        Integer: lambda type_: BigInteger(),
        DateTime: lambda type_: TolerantDateTime(),
        Date: lambda type_: TolerantDate(),
        Time: lambda type_: TolerantTime(),
        Boolean: lambda type_: TolerantBoolean(),
        Numeric: _numeric,
        Float: Lenient,
        LargeBinary: lambda type_: TolerantBinary(type_.length),
        JSON: Lenient,
    }
)
"""Reflected type -> what to read and write it as; SQLite's integers have 64 bits whatever they are called."""

MARIADB: Mapping[type[TypeEngine[Any]], Replace] = MappingProxyType(
    {
        DateTime: Lenient,
        Date: Lenient,
        Time: LongTime,
        Float: lambda type_: type_.adapt(type(type_), asdecimal=False),
        mysql.BIT: lambda type_: Bits(),
    }
)
"""The driver gives text for a date that is none, such as `0000-00-00`.

SQLAlchemy reads a reflected `DOUBLE` as a decimal of ten places, and loses what is behind them.
"""

POSTGRESQL: Mapping[type[TypeEngine[Any]], Replace] = MappingProxyType(
    {DateTime: Lenient, Date: Lenient, Time: Lenient}
)
"""What `read_any_value` has psycopg give is text for what Python does not know, such as `infinity` and `24:00:00`."""

DIALECTS: Mapping[str, Mapping[type[TypeEngine[Any]], Replace]] = MappingProxyType(
    {"sqlite": SQLITE, "mysql": MARIADB, "mariadb": MARIADB, "postgresql": POSTGRESQL}
)


def tolerant(type_: TypeEngine[Any], dialect: str) -> TypeEngine[Any]:
    """Give the type to map a reflected column with, on the dialect of that name."""
    replacements = DIALECTS.get(dialect, {})
    for class_ in type(type_).__mro__:
        if class_ in replacements:
            return replacements[class_](type_)
    return type_


def read_any_value(engine: Engine) -> None:
    """Let an engine read what its driver refuses.

    That is text in SQLite that is not UTF-8, with U+FFFD for what is wrong, and days and times in PostgreSQL that
    Python does not know, such as `infinity`, as text.  Call it before the engine is used: it holds for connections made
    from then on.
    """
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_text_factory)
    elif engine.driver == "psycopg":
        event.listen(engine, "connect", _set_date_loaders)


def _set_text_factory(connection: Any, _record: object) -> None:
    connection.text_factory = partial(str, encoding="utf-8", errors="replace")


def _set_date_loaders(connection: Any, _record: object) -> None:
    from .psycopg_dates import LOADERS

    for name, loader in LOADERS.items():
        connection.adapters.register_loader(name, loader)
