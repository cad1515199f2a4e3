"""Codecs of single values: numbers, truth values, texts, dates and times."""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger

from .codec import Codec, Json, Unfit, encode_value

YEARS = range(1901, 2156)
DIGITS = re.compile(r"-?(?:0|[1-9][0-9]{0,19})", re.ASCII)


def _json_integer(low: int, high: int) -> Callable[[Json], int]:
    def decode(value: Json) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise Unfit("an integer")
        if not low <= value <= high:
            raise Unfit(f"an integer from {low} to {high}", "out-of-range")
        return value

    return decode


def _text_integer(text: str, most: int) -> int:
    """Read the canonical spelling only: no `+1`, ` 1`, `01`, `1.0`, other digits (T41), nothing over `most`."""
    if not DIGITS.fullmatch(text) or text == "-0":
        raise Unfit("an integer")
    value = int(text)
    if not -(2**63) <= value <= most:
        raise Unfit(f"an integer from {-(2**63)} to {most}", "out-of-range")
    return value


def integer(bits: int, *, unsigned: bool = False) -> Codec:
    """Whole numbers of `bits` bits; filters take any 64-bit number, which then matches nothing.

    Those from 2^63 on are numbers of 64 bits only where a column has no sign.
    """
    low, high = (0, 2**bits - 1) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    most = max(high, 2**63 - 1)
    return Codec(
        "integer",
        _json_integer(low, high),
        _json_integer(-(2**63), most),
        partial(_text_integer, most=most),
        json_schema={"type": "integer", "minimum": low, "maximum": high},
        operand=BigInteger(),
    )


def year() -> Codec:
    """Years as MariaDB keeps them: 1901 to 2155, and 0; numbers below 100 would be stored as years of two digits."""
    whole = integer(16)

    def decode(value: Json) -> object:
        found = whole.decode(value)
        if found != 0 and found not in YEARS:
            raise Unfit(f"0, or a year from {YEARS[0]} to {YEARS[-1]}", "out-of-range")
        return found

    schema = {"type": "integer", "minimum": 0, "maximum": YEARS[-1]}
    return replace(whole, decode=decode, json_schema=schema)


def _float(value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unfit("a number")
    try:
        number_ = float(value)
    except OverflowError:
        raise Unfit("a number that fits 64-bit floating point", "out-of-range") from None
    if not math.isfinite(number_):
        raise Unfit("a finite number", "out-of-range")
    return number_


NUMBER = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,4})?", re.ASCII)


def _text_float(text: str) -> float:
    if not NUMBER.fullmatch(text):
        raise Unfit("a number")
    return _float(float(text))


def number() -> Codec:
    """Floating point numbers; never NaN or infinity."""
    return Codec("number", _float, _float, _text_float, repr, json_schema={"type": "number"})


def _boolean(value: Json) -> bool:
    if not isinstance(value, bool):
        raise Unfit("true or false")
    return value


def _text_boolean(text: str) -> bool:
    found = {"true": True, "false": False, "1": True, "0": False}.get(text)
    if found is None:
        raise Unfit("true or false")
    return found


def boolean() -> Codec:
    """Truth values: JSON `true` and `false` only; in a URL also `1` and `0`."""
    return Codec(
        "boolean",
        _boolean,
        _boolean,
        _text_boolean,
        lambda value: "true" if value else "false",
        None,
        {"type": "boolean"},
    )


UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean(text: str) -> str:
    """Refuse the characters that no database can hold: NUL and lone surrogates (T35)."""
    if "\0" in text if text.isascii() else UNSTORABLE.search(text):
        raise Unfit("a string without NUL characters and lone surrogates")
    return text


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise Unfit("a string")
    return clean(value)


def string(length: int | None) -> Codec:
    """Texts of at most `length` characters; no NUL, no lone surrogates."""

    def decode(value: Json) -> str:
        if not isinstance(value, str):
            raise Unfit("a string")
        if length is not None and len(value) > length:
            raise Unfit(f"at most {length} characters", "too-long")
        return clean(value)

    schema: dict[str, Json] = {"type": "string"} | ({"maxLength": length} if length is not None else {})
    return Codec("string", decode, _text, clean, json_schema=schema, textual=True)


def choice(allowed: tuple[str, ...]) -> Codec:
    """One of a list of texts."""
    expected = "one of " + ", ".join(f'"{one}"' for one in allowed)

    def decode(value: Json) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise Unfit(expected)
        return value

    return Codec("enum", decode, decode, decode, json_schema={"type": "string", "enum": list(allowed)}, commas=True)


def python_enum(class_: type[Enum]) -> Codec:
    """The members of a Python enum, by name."""
    names = choice(tuple(class_.__members__))

    def decode(value: Json) -> Enum:
        return class_[str(names.decode(value))]

    def name(value: Any) -> str:
        return value.name if isinstance(value, Enum) else str(value)

    return Codec("enum", decode, decode, decode, name, name, names.json_schema, commas=True)


def uuid(*, as_uuid: bool) -> Codec:
    """UUIDs in the form of 36 characters."""
    form = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)

    def decode(value: Json) -> object:
        if not isinstance(value, str) or not form.fullmatch(value):
            raise Unfit("a UUID, such as 123e4567-e89b-12d3-a456-426614174000")
        return UUID(value) if as_uuid else value.lower()

    def parse(text: str) -> object:
        if text != text.lower():
            raise Unfit("a UUID in lower case")
        return decode(text)

    return Codec("uuid", decode, decode, parse, str, None if as_uuid else str, {"type": "string", "format": "uuid"})


def network(kind: str) -> Codec:
    """PostgreSQL's network addresses, as texts."""
    readers: Mapping[str, Callable[[str], object]] = {
        "inet": ipaddress.ip_interface,
        "cidr": ipaddress.ip_network,
        "macaddr": _mac(6),
        "macaddr8": _mac(8),
    }

    def decode(value: Json) -> str:
        try:
            readers[kind](_text(value))
        except ValueError:
            raise Unfit(f"a network address ({kind})") from None
        return str(value)

    return Codec(kind, decode, decode, decode, str, str, {"type": "string"})


def _mac(octets: int) -> Callable[[str], object]:
    form = re.compile(rf"[0-9a-fA-F]{{2}}(?:[:-][0-9a-fA-F]{{2}}){{{octets - 1}}}", re.ASCII)

    def read(text: str) -> object:
        if not form.fullmatch(text):
            raise ValueError(text)
        return text

    return read


def bits() -> Codec:
    """PostgreSQL's bit strings."""

    def decode(value: Json) -> str:
        if not isinstance(value, str) or not re.fullmatch("[01]*", value):
            raise Unfit("a string of 0 and 1")
        return value

    return Codec("bits", decode, decode, decode, str, str, {"type": "string", "pattern": "^[01]*$"})


DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
TIME = r"(?:[01][0-9]|2[0-3]):[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
ZONE = r"(?:[Zz]|[+-][0-9]{2}:[0-9]{2})?"


def _reader(form: str, read: Callable[[str], Any], expected: str) -> Callable[[Json], Any]:
    """Make a reader of one strict ISO 8601 form; impossible dates and times are refused (T37)."""
    pattern = re.compile(form, re.ASCII)

    def decode(value: Json) -> Any:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise Unfit(expected)
        try:
            return read(value)
        except (ValueError, OverflowError):
            raise Unfit(expected) from None

    return decode


def _iso(value: Any) -> Json:
    return value.isoformat() if hasattr(value, "isoformat") else encode_value(value)


def _text_of(value: Any) -> str:
    return str(_iso(value))


def date_() -> Codec:
    """Days of the years 1 to 9999: `2024-12-31`."""
    decode = _reader(DATE, date.fromisoformat, "a date, such as 2024-12-31")
    return Codec("date", decode, decode, decode, _text_of, None, {"type": "string", "format": "date"})


def datetime_(aware: bool) -> Codec:
    """Moments: `2024-12-31T23:59:59.5`, with `Z` or an offset.

    A moment with an offset is converted to UTC, so that it never changes silently: most databases keep no time zones,
    whatever the column says.  One without an offset is taken as UTC where the column says that it keeps them.
    """

    def read(text: str) -> datetime:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            moment = moment.astimezone(UTC)
        return moment.replace(tzinfo=UTC if aware else None)

    decode = _reader(f"{DATE}[T ]{TIME}{ZONE}", read, "a date and time, such as 2024-12-31T23:59:59")
    loose = _reader(f"{DATE}(?:[T ]{TIME}{ZONE})?", read, "a date and time, such as 2024-12-31T23:59:59")
    return Codec("date-time", decode, loose, loose, _text_of, None, {"type": "string", "format": "date-time"})


def time_(aware: bool) -> Codec:
    """Times of the day: `23:59:59.5`."""

    def read(text: str) -> time:
        moment = time.fromisoformat(text)
        return moment if aware or moment.tzinfo is None else moment.replace(tzinfo=None)

    zone = ZONE if aware else ""
    decode = _reader(TIME + zone, read, "a time, such as 23:59:59")
    return Codec(
        "time", decode, decode, decode, _text_of, _iso if aware else None, {"type": "string", "format": "time"}
    )


SECONDS = 86400 * 365 * 100_000 // 100
"""Thousand years: what every database's interval holds."""


def interval() -> Codec:
    """Spans of time, as a number of seconds."""

    def decode(value: Json) -> timedelta:
        seconds = _float(value)
        if abs(seconds) > SECONDS:
            raise Unfit(f"a number of seconds from {-SECONDS} to {SECONDS}", "out-of-range")
        return timedelta(seconds=value)

    def parse(text: str) -> timedelta:
        return decode(_text_float(text))

    def encode(value: Any) -> Json:
        return value.total_seconds() if isinstance(value, timedelta) else encode_value(value)

    return Codec("interval", decode, decode, parse, lambda value: repr(encode(value)), encode, {"type": "number"})
