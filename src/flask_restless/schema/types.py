"""Column types and JSON: the table of which codec serves which SQLAlchemy type.

`TYPES` has one row per SQLAlchemy type class, found by the method resolution order of a column's type; a row makes
the `Codec` of one type instance, whose length, range, precision or members it reads.  Applications add rows of
their own with `APIManager(types={MyType: codec})`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from sqlalchemy import types as sql
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.types import TypeDecorator, TypeEngine

from ..database_types import FloatingDecimal, Foreign
from . import decimals, scalars, structures
from .codec import Codec, Unexposable, Unfit, encode_value

__all__ = ["TYPES", "Codec", "Unexposable", "Unfit", "codec_of", "encode_value"]

Row = Callable[[Any], Codec]


def _integer(bits: int) -> Row:
    return lambda type_: scalars.integer(bits, unsigned=bool(getattr(type_, "unsigned", False)))


def _enum(type_: sql.Enum) -> Codec:
    if type_.enum_class is not None:
        return scalars.python_enum(type_.enum_class)
    return scalars.choice(tuple(type_.enums))


def _numeric(type_: sql.Numeric[Any]) -> Codec:
    if not type_.asdecimal:
        return scalars.number()
    return decimals.decimal(type_.precision, type_.scale)


def _uuid(type_: sql.Uuid[Any]) -> Codec:
    return scalars.uuid(as_uuid=bool(type_.as_uuid))


def _array(type_: Any) -> Codec:
    return structures.array(codec_of(type_.item_type), type_.dimensions or 1)


def _decorated(type_: TypeDecorator[Any]) -> Codec:
    """Serve a TypeDecorator as its `impl`; where it makes other Python values, they are written by their own type."""
    codec = codec_of(type_.impl_instance)
    overridden = type(type_).process_result_value is not TypeDecorator.process_result_value
    return structures.loosely_encoded(codec) if overridden else codec


def _foreign(type_: Foreign) -> Codec:
    """Serve a type that only the database knows as what its values go as, as far as it can compare and sort them."""
    known = codec_of(type_.wrapped)
    if isinstance(type_.wrapped, sql.ARRAY):
        codec = structures.loosely_encoded(known)
    else:
        codec = replace(known, name=type_.spelling, textual=False, commas=True)
    return replace(codec, comparable=type_.comparable and known.comparable, ordered=type_.ordered and known.ordered)


def _range(bound: Codec) -> Row:
    return lambda type_: structures.range_of(bound)


def _multirange(bound: Codec) -> Row:
    return lambda type_: structures.multirange_of(bound)


def _refuse(type_: TypeEngine[Any]) -> Codec:
    raise Unexposable(
        f"a column of type {type(type_).__name__} cannot cross a JSON API; exclude it, or give APIManager(types=...) "
        "a codec for it"
    )


TYPES: Mapping[type[TypeEngine[Any]], Row] = MappingProxyType(
    {
        sql.SmallInteger: _integer(16),
        sql.Integer: _integer(32),
        sql.BigInteger: _integer(64),
        mysql.TINYINT: _integer(8),
        mysql.MEDIUMINT: _integer(24),
        mysql.SET: lambda type_: structures.choices(tuple(type_.values)),
        mysql.YEAR: lambda type_: scalars.year(),
        mysql.BIT: lambda type_: scalars.integer(type_.length or 1, unsigned=True),
        postgresql.OID: lambda type_: scalars.integer(32, unsigned=True),
        sql.Float: lambda type_: scalars.number(),
        sql.Numeric: _numeric,
        sql.Boolean: lambda type_: scalars.boolean(),
        sql.String: lambda type_: scalars.string(type_.length),
        sql.Enum: _enum,
        sql.Date: lambda type_: scalars.date_(),
        sql.DateTime: lambda type_: scalars.datetime_(bool(type_.timezone)),
        sql.Time: lambda type_: scalars.time_(bool(type_.timezone)),
        sql.Interval: lambda type_: scalars.interval(),
        postgresql.INTERVAL: lambda type_: scalars.interval(),
        sql.LargeBinary: lambda type_: structures.binary(type_.length),
        mysql.TINYBLOB: lambda type_: structures.binary(2**8 - 1),
        mysql.MEDIUMBLOB: lambda type_: structures.binary(2**24 - 1),
        mysql.LONGBLOB: lambda type_: structures.binary(None),
        sql.BINARY: lambda type_: structures.binary(type_.length),
        sql.VARBINARY: lambda type_: structures.binary(type_.length),
        sql.Uuid: _uuid,
        sql.JSON: lambda type_: structures.json_(),
        postgresql.JSONB: lambda type_: replace(structures.json_(), name="jsonb", comparable=True),
        sql.ARRAY: _array,
        postgresql.ARRAY: _array,
        postgresql.INET: lambda type_: scalars.network("inet"),
        postgresql.CIDR: lambda type_: scalars.network("cidr"),
        postgresql.MACADDR: lambda type_: scalars.network("macaddr"),
        postgresql.MACADDR8: lambda type_: scalars.network("macaddr8"),
        postgresql.INT4RANGE: _range(scalars.integer(32)),
        postgresql.INT8RANGE: _range(scalars.integer(64)),
        postgresql.NUMRANGE: _range(decimals.decimal(None, None)),
        postgresql.DATERANGE: _range(scalars.date_()),
        postgresql.TSRANGE: _range(scalars.datetime_(False)),
        postgresql.TSTZRANGE: _range(scalars.datetime_(True)),
        postgresql.INT4MULTIRANGE: _multirange(scalars.integer(32)),
        postgresql.INT8MULTIRANGE: _multirange(scalars.integer(64)),
        postgresql.NUMMULTIRANGE: _multirange(decimals.decimal(None, None)),
        postgresql.DATEMULTIRANGE: _multirange(scalars.date_()),
        postgresql.TSMULTIRANGE: _multirange(scalars.datetime_(False)),
        postgresql.TSTZMULTIRANGE: _multirange(scalars.datetime_(True)),
        postgresql.HSTORE: lambda type_: structures.hstore(),
        postgresql.BIT: lambda type_: scalars.bits(),
        postgresql.MONEY: lambda type_: scalars.string(None),
        postgresql.TSVECTOR: lambda type_: scalars.string(None),
        sql.PickleType: _refuse,
        Foreign: _foreign,
        FloatingDecimal: lambda type_: decimals.floating(_decorated(type_)),
        TypeDecorator: _decorated,
    }
)
"""SQLAlchemy type class -> what makes the codec of one such type."""


def codec_of(type_: TypeEngine[Any], extra: Mapping[type[TypeEngine[Any]], Codec] | None = None) -> Codec:
    """Give the codec of a column type: the application's own, else the row of the nearest class, else `value`.

    Unexposable where values of the type cannot be written as JSON at all.
    """
    for class_ in type(type_).__mro__:
        if extra and class_ in extra:
            return extra[class_]
        if class_ in TYPES:
            return TYPES[class_](type_)
    return structures.value()
