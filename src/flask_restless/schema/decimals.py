"""Codecs of decimal numbers: strings in JSON, with all digits that the column keeps."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from .codec import Codec, Json, Unfit, encode_value

DIGITS = 400
"""The most that a number has before the point, and behind it: without a bound, a short text makes a long number."""

NUMBER = re.compile(
    rf"[+-]?(?:[0-9]{{1,{DIGITS}}}(?:\.[0-9]{{0,{DIGITS}}})?|\.[0-9]{{1,{DIGITS}}})(?:[eE][+-]?[0-9]{{1,4}})?", re.ASCII
)


def _to_decimal(value: Json) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Unfit("a decimal number, as a string")
    text = value if isinstance(value, str) else repr(value)
    if not NUMBER.fullmatch(text):
        raise Unfit(f"a decimal number of at most {DIGITS} digits, as a string")
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise Unfit("a decimal number, as a string") from None
    if abs(found.adjusted()) > DIGITS:
        raise Unfit(f"a decimal number of at most {DIGITS} digits", "out-of-range")
    return found


def _places(found: Decimal) -> int:
    """Give the decimal places that are no trailing zeros; `Decimal.normalize` would round to 28 digits first."""
    _, digits, exponent = found.as_tuple()
    assert isinstance(exponent, int)
    zeros = next((number for number, digit in enumerate(reversed(digits)) if digit), 0)
    return -exponent - zeros


def _plain(value: Any) -> Json:
    """Write a decimal in full, without an exponent; what is no number (a poisoned row) as null."""
    if isinstance(value, Decimal):
        return f"{value:f}" if value.is_finite() else None
    return encode_value(value)


def decimal(precision: int | None, scale: int | None) -> Codec:
    """Decimal numbers as strings, without loss; more digits than the column keeps are refused, never rounded."""

    def decode(value: Json) -> Decimal:
        found = _to_decimal(value)
        places = _places(found)
        kept = scale if scale is not None else (0 if precision is not None else None)
        if kept is not None and found and places > kept:
            raise Unfit(f"at most {kept} decimal places" if kept >= 0 else f"a multiple of 1E{-kept}", "out-of-range")
        if precision is not None and found and found.adjusted() + 1 > precision - (kept or 0):
            raise Unfit(f"at most {precision - (kept or 0)} digits before the point", "out-of-range")
        return found

    return Codec(
        "decimal",
        decode,
        _to_decimal,
        _to_decimal,
        lambda value: str(_plain(value)),
        _plain,
        {"type": "string", "format": "decimal"},
    )


def floating(known: Codec) -> Codec:
    """Decimal numbers where only whole ones are kept with all digits: those that would be rounded are refused."""

    def decode(value: Json) -> object:
        found = known.decode(value)
        if isinstance(found, Decimal) and not _is_kept(found):
            raise Unfit("a decimal number of at most 15 digits, which this database keeps", "out-of-range")
        return found

    return replace(known, decode=decode)


def _is_kept(found: Decimal) -> bool:
    is_whole = -(2**63) <= found < 2**63 and found == found.to_integral_value()
    return is_whole or Decimal(repr(float(found))) == found
