"""Media types and ranges, as `Content-Type` and `Accept` list them (RFC 9110, 8.3.1 and 12.5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
RANGE = re.compile(rf"\s*({TOKEN}/{TOKEN})((?:[^,\"]|\"(?:[^\"\\]|\\.)*\")*)(?:,|$)")
PARAMETER = re.compile(rf"\s*;\s*(?:({TOKEN})\s*(?:=\s*(\"(?:[^\"\\]|\\.)*\"|[^\s;,\"]*))?)?\s*")
"""One parameter.  A value without quotes may hold more than a token does: clients forget them around URIs."""


@dataclass(frozen=True, slots=True)
class MediaType:
    """One media type or range, its parameters by lower-case name; the `q` of a range is a weight and none of them."""

    name: str
    parameters: dict[str, str] = field(default_factory=dict)
    weight: float = 1.0

    def uris(self, parameter: str) -> frozenset[str]:
        """Give the URIs that `ext` or `profile` lists (J-1.1.2)."""
        return frozenset(filter(None, self.parameters.get(parameter, "").split(" ")))


def read_media_types(header: str) -> Iterator[MediaType]:
    """Take a list of ranges apart; what is not a media type is passed over."""
    place = 0
    while place < len(header):
        match = RANGE.match(header, place)
        if match is None:
            comma = header.find(",", place)
            place = len(header) if comma < 0 else comma + 1
            continue
        place = match.end()
        if (parameters := _parameters(match[2])) is not None:
            yield MediaType(match[1].lower(), parameters, _weight(parameters.pop("q", "1")))


def read_media_type(header: str) -> MediaType | None:
    """Read the one media type of a body, where `q` is a parameter like all others; None if the header is none."""
    match = RANGE.fullmatch(header)
    parameters = None if match is None or header.endswith(",") else _parameters(match[2])
    return None if match is None or parameters is None else MediaType(match[1].lower(), parameters)


def _parameters(text: str) -> dict[str, str] | None:
    """Read what follows a type, None if these are no parameters; the values of a name given twice are joined."""
    found: dict[str, str] = {}
    place = 0
    while place < len(text):
        match = PARAMETER.match(text, place)
        if match is None:
            return None if text[place:].strip() else found
        place = match.end()
        if match[1] is None:
            continue
        key, value = match[1].lower(), match[2] or ""
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        found[key] = f"{found[key]} {value}" if key in found else value
    return found


def _weight(text: str) -> float:
    return float(text) if re.fullmatch(r"[01](?:\.[0-9]{0,3})?", text) else 1.0
