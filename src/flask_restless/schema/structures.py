"""Codecs of bytes, structures, and whatever nobody knows."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from .codec import Codec, Json, Unfit, encode_value
from .scalars import clean


def _same(value: Any) -> Any:
    return value


def binary(length: int | None) -> Codec:
    """Bytes as base64 (RFC 4648, section 4, padded); in URLs the URL-safe alphabet without padding."""

    def accept(value: Json) -> bytes:
        if not isinstance(value, str):
            raise Unfit("a string in base64")
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise Unfit("a string in base64") from None

    def decode(value: Json) -> bytes:
        found = accept(value)
        if length is not None and len(found) > length:
            raise Unfit(f"at most {length} bytes", "too-long")
        return found

    def parse(text: str) -> bytes:
        found = accept(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4))
        if urlsafe(found) != text:
            raise Unfit("a string in URL-safe base64 without padding")
        return found

    def urlsafe(value: Any) -> str:
        return base64.urlsafe_b64encode(bytes(value)).decode().rstrip("=")

    def encode(value: Any) -> Json:
        return base64.b64encode(bytes(value)).decode() if not isinstance(value, str) else value

    schema = {"type": "string", "contentEncoding": "base64"}
    return Codec("binary", decode, accept, parse, urlsafe, encode, schema, ordered=False)


def _tree(value: Json) -> Json:
    """Check a JSON value to be stored: storable texts, and no integer that could not be written back."""
    match value:
        case str():
            clean(value)
        case bool():
            pass
        case int() if not -(2**63) <= value < 2**64:
            raise Unfit("integers of at most 64 bits inside the value", "out-of-range")
        case list():
            for one in value:
                _tree(one)
        case dict():
            for key, one in value.items():
                clean(key)
                _tree(one)
    return value


def json_() -> Codec:
    """Any JSON value."""
    return Codec("json", _tree, _tree, clean, ordered=False, comparable=False, commas=True)


def array(item: Codec, dimensions: int) -> Codec:
    """Lists of values of one type, `dimensions` deep; a member may be null."""
    if dimensions > 1:
        item = array(item, dimensions - 1)

    def each(convert: Callable[[Json], object]) -> Callable[[Json], list[object]]:
        def decode(value: Json) -> list[object]:
            if not isinstance(value, list):
                raise Unfit(f"a list ({item.name})")
            return [None if one is None else convert(one) for one in value]

        return decode

    def encode(value: Any) -> Json:
        inner = item.encode or _same
        return [None if one is None else inner(one) for one in value]

    return Codec(
        "array",
        each(item.decode),
        each(item.accept),
        lambda text: [item.parse(part) for part in text.split(",")],
        lambda value: ",".join(item.text(one) for one in value),
        None if item.encode is None else encode,
        {"type": "array", "items": item.json_schema},
        ordered=False,
        comparable=item.comparable,
        commas=True,
        contains=item,
    )


def choices(values: tuple[str, ...]) -> Codec:
    """Sets of fixed texts, as lists in the order in which the column declares them."""
    listed = ", ".join(f'"{one}"' for one in values)

    def decode(value: Json) -> set[str]:
        if not isinstance(value, list) or not all(isinstance(one, str) and one in values for one in value):
            raise Unfit(f"a list of {listed}")
        return set(value)

    def ordered(value: Any) -> list[str]:
        members = value.split(",") if isinstance(value, str) else value
        return [one for one in values if one in members]

    def text(value: Any) -> str:
        return ",".join(ordered(value))

    def parse(text_: str) -> str:
        return text(decode(text_.split(",") if text_ else []))

    schema = {"type": "array", "items": {"type": "string", "enum": list(values)}, "uniqueItems": True}
    return Codec(
        "set", decode, lambda value: text(decode(value)), parse, text, ordered, schema, ordered=False, commas=True
    )


def keyed(item: Codec) -> Codec:
    """Values by key: an object, or a list of `{"key": ..., "value": ...}` as Flask-Restless 0.17 took it."""
    expected = f'an object ({item.name}), or a list of objects such as {{"key": ..., "value": ...}}'

    def pairs(value: Json) -> list[tuple[Any, Json]]:
        if isinstance(value, dict):
            return list(value.items())
        if not isinstance(value, list):
            raise Unfit(expected)
        found: list[tuple[Any, Json]] = []
        for one in value:
            if not isinstance(one, dict) or one.keys() != {"key", "value"} or isinstance(one["key"], list | dict):
                raise Unfit(expected)
            found.append((one["key"], one["value"]))
        return found

    def each(convert: Callable[[Json], object]) -> Callable[[Json], dict[Any, object]]:
        def decode(value: Json) -> dict[Any, object]:
            return {_tree(key): None if one is None else convert(one) for key, one in pairs(value)}

        return decode

    def parse(text: str) -> object:
        raise Unfit(expected)

    schema = {"type": "object", "additionalProperties": item.json_schema}
    return Codec("keyed", each(item.decode), each(item.accept), parse, str, None, schema, ordered=False)


def hstore() -> Codec:
    """Flat objects of texts and nulls."""

    def decode(value: Json) -> dict[str, str | None]:
        if not isinstance(value, dict) or not all(one is None or isinstance(one, str) for one in value.values()):
            raise Unfit("an object of strings and nulls")
        _tree(value)
        return value

    def parse(text: str) -> object:
        raise Unfit("an object of strings and nulls")

    schema = {"type": "object", "additionalProperties": {"type": ["string", "null"]}}
    return Codec("hstore", decode, decode, parse, str, None, schema, ordered=False, commas=True)


def range_of(bound: Codec) -> Codec:
    """PostgreSQL ranges: `{"lower": 1, "upper": null, "bounds": "[)"}`, or `{"empty": true}`."""
    from sqlalchemy.dialects.postgresql import Range

    expected = 'an object such as {"lower": ..., "upper": null, "bounds": "[)"} or {"empty": true}'

    def decode(value: Json) -> Any:
        if not isinstance(value, dict) or value.keys() - {"lower", "upper", "bounds", "empty"}:
            raise Unfit(expected)
        if value.get("empty") is True:
            return Range(empty=True)
        bounds = value.get("bounds", "[)")
        if bounds not in ("[)", "[]", "(]", "()"):
            raise Unfit('bounds of "[)", "[]", "(]" or "()"')
        sides = [None if value.get(side) is None else bound.decode(value[side]) for side in ("lower", "upper")]
        if None not in sides and sides[0] > sides[1]:  # type: ignore[operator]  # both of one ordered type
            raise Unfit("a lower bound that is not above the upper one")
        return Range(sides[0], sides[1], bounds=bounds)

    def encode(value: Any) -> Json:
        if value.isempty:
            return {"empty": True}
        inner = bound.encode or _same
        sides = {side: None if (one := getattr(value, side)) is None else inner(one) for side in ("lower", "upper")}
        return {**sides, "bounds": value.bounds}

    def parse(text: str) -> object:
        raise Unfit(expected)

    return Codec("range", decode, decode, parse, str, encode, {"type": "object"}, ordered=False, commas=True)


def multirange_of(bound: Codec) -> Codec:
    """PostgreSQL multiranges, as lists of ranges; none of them may be null."""
    ranges = array(range_of(bound), 1)

    def each(convert: Callable[[Json], object]) -> Callable[[Json], object]:
        def decode(value: Json) -> object:
            if isinstance(value, list) and None in value:
                raise Unfit("a list (range) without nulls")
            return convert(value)

        return decode

    return replace(ranges, name="multirange", decode=each(ranges.decode), accept=each(ranges.accept), contains=None)


def value() -> Codec:
    """Values of a type that nobody knows: JSON scalars in, written by their Python type."""

    def decode(found: Json) -> object:
        if isinstance(found, list | dict):
            raise Unfit("a string, a number, true or false")
        if isinstance(found, int) and not -(2**63) <= found < 2**63:
            raise Unfit("an integer of at most 64 bits", "out-of-range")
        return _tree(found)

    return Codec("value", decode, decode, clean, str, encode_value, {}, textual=True)


def loosely_encoded(codec: Codec) -> Codec:
    """The same codec for columns whose Python values may be of another kind than their SQL type says."""
    known = codec.encode

    def encode(found: Any) -> Json:
        try:
            return encode_value(found) if known is None else known(found)
        except (TypeError, AttributeError, ValueError):
            return encode_value(found)

    return replace(codec, encode=encode)
