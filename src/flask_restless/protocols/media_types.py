"""Media types and ranges, as `Content-Type` and `Accept` list them (RFC 9110, 8.3.1 and 12.5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
RANGE = re.compile(rf"\s*({TOKEN}/{TOKEN})((?:[^,\"]|\"(?:[^\"\\]|\\.)*\")*)(?:,|$)")
PARAMETER = re.compile(rf"\s*;\s*(?:({TOKEN})\s*=\s*({TOKEN}|\"(?:[^\"\\]|\\.)*\"))?\s*")


@dataclass(frozen=True, slots=True)
class MediaType:
    """One media type or range, its parameters by lower-case name; `q` is a weight and none of them."""

    name: str
    parameters: dict[str, str] = field(default_factory=dict)
    weight: float = 1.0

    def uris(self, parameter: str) -> frozenset[str]:
        """Give the URIs that `ext` or `profile` lists (J-1.1.2)."""
        return frozenset(filter(None, self.parameters.get(parameter, "").split(" ")))


def read_media_types(header: str) -> Iterator[MediaType]:
    """Take a header apart; what is not a media type is passed over."""
    place = 0
    while place < len(header):
        match = RANGE.match(header, place)
        if match is None:
            comma = header.find(",", place)
            place = len(header) if comma < 0 else comma + 1
            continue
        place = match.end()
        yield _media_type(match[1].lower(), match[2])


def _media_type(name: str, rest: str) -> MediaType:
    parameters: dict[str, str] = {}
    weight = 1.0
    for match in PARAMETER.finditer(rest):
        if match[1] is None:
            continue
        key, value = match[1].lower(), match[2]
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        if key == "q":
            weight = _weight(value)
        else:
            parameters[key] = value
    return MediaType(name, parameters, weight)


def _weight(text: str) -> float:
    return float(text) if re.fullmatch(r"[01](?:\.[0-9]{0,3})?", text) else 1.0
