"""Values in classic bodies and searches: looser in spelling than JSON:API's, but never ambiguous.

Whatever spelling a value comes in, it ends at the codec of its attribute, which decides what fits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from ...schema.codec import Codec, Unfit

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+)?"
_CLOCK = (
    r"(?:(?:[T,]\s*|\s+(?:at\s+)?)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?P<fraction>\.\d{1,6})?)?"
    r"(?:\s*(?P<half>[ap]m))?(?:\s*(?P<zone>Z|UTC|GMT|(?:GMT|UTC)?[+-]\d{2}:?\d{2}))?(?:\s*\([^()]*\))?)?"
)
_DATES = (
    r"(?P<year>\d{4})[/.](?P<number>\d{1,2})[/.](?P<day>\d{1,2})",
    rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[\s-]+{_MONTH}[,\s-]+(?P<year>\d{{4}})",
    rf"{_MONTH}[\s-]+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[,\s-]+(?P<year>\d{{4}})",
)
FORMS = tuple(re.compile(f"{_WEEKDAY}{date}{_CLOCK}", re.IGNORECASE | re.ASCII) for date in _DATES)
"""Dates with the year first or with the month's name; `03/04/2024` could be two days, and is not among them."""

MARKERS: Mapping[str, Callable[[], datetime]] = MappingProxyType(
    {
        "CURRENT_TIMESTAMP": lambda: datetime.now(UTC),
        "CURRENT_DATE": lambda: datetime.now(UTC),
        "LOCALTIMESTAMP": datetime.now,
    }
)
"""Texts that mean the present (contract 2.7): the first two in UTC, the last one in the server's own time."""


def is_dated(codec: Codec) -> bool:
    """Whether the codec's texts are dates."""
    return codec.name in ("date", "date-time")


def plain(codec: Codec, value: Any) -> Any:
    """Give the JSON value that `codec` expects for a looser spelling of it; what it is none of stays as it is."""
    match value:
        case str() if is_dated(codec):
            return _dated(codec, value)
        case str() if codec.name in ("integer", "number", "boolean"):
            return _parsed(codec, value)
        case float() if codec.name == "integer" and value.is_integer():
            return int(value)
        case 0 | 1 if codec.name == "boolean" and not isinstance(value, float):
            return bool(value)
    return value


def accepted(codec: Codec, value: Any) -> object:
    """Convert a value of a search; raise Unfit."""
    return codec.accept(plain(codec, value))


def decoded(codec: Codec, value: Any) -> object:
    """Convert a value of a write; an empty text is no date, and so means null (contract 2.7); raise Unfit."""
    if value == "" and (is_dated(codec) or codec.name in ("time", "interval")):
        return None
    return codec.decode(plain(codec, value))


def _parsed(codec: Codec, text: str) -> Any:
    try:
        return codec.parse(text.strip())
    except Unfit:
        return text


def _dated(codec: Codec, text: str) -> str:
    """Write a date, in whatever known form it comes, as the codec reads it."""
    moment = MARKERS[text]() if text in MARKERS else _moment(text.strip())
    if moment is None:
        return text
    return moment.date().isoformat() if codec.name == "date" else moment.isoformat()


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    for form in FORMS:
        if (match := form.fullmatch(text[:80])) is not None:
            try:
                return _composed(match)
            except ValueError:
                return None
    return None


def _composed(match: re.Match[str]) -> datetime:
    """Make the moment that a text names; ValueError where there is no such day or time."""
    parts = match.groupdict()
    month = int(parts["number"]) if parts.get("number") else MONTHS.index(parts["month"][:3].lower()) + 1
    hour = int(parts["hour"] or 0)
    if parts["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(hour)
        hour = hour % 12 + (12 if parts["half"].lower() == "pm" else 0)
    fraction = int(((parts["fraction"] or ".0")[1:] + "000000")[:6])
    moment = datetime(
        int(parts["year"]),
        month,
        int(parts["day"]),
        hour,
        int(parts["minute"] or 0),
        int(parts["second"] or 0),
        fraction,
    )
    return moment if not parts["zone"] else _zoned(moment, parts["zone"])


def _zoned(moment: datetime, zone: str) -> datetime:
    digits = re.sub("[^0-9+-]", "", zone)
    if not digits:
        return moment.replace(tzinfo=UTC)
    offset = timedelta(hours=int(digits[1:3]), minutes=int(digits[3:5]))
    return (moment - offset if digits[0] == "+" else moment + offset).replace(tzinfo=UTC)
