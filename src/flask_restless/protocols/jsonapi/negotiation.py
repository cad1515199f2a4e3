"""Content negotiation: which media types are read, and which are written (J-1, J-2)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from ...operations.problems import Source, quote, reject
from ..base import Call
from ..media_types import MediaType, read_media_type, read_media_types

MEDIA_TYPE = "application/vnd.api+json"
CONTENT_TYPE = Source(header="Content-Type")
ACCEPT = Source(header="Accept")


@dataclass(frozen=True, slots=True)
class Media:
    """What was agreed: the extensions of the request body, the profiles to apply, and whether a browser asks."""

    extensions: frozenset[str] = frozenset()
    profiles: frozenset[str] = frozenset()
    pretty: bool = False


def negotiate(call: Call, extensions: frozenset[str] = frozenset(), profiles: frozenset[str] = frozenset()) -> Media:
    """Agree on media types; Rejected (`unsupported-media-type`, `not-acceptable`) where that is not possible.

    `extensions` and `profiles` are those that the endpoint supports.
    """
    given = call.headers.get("content-type")
    sent = _sent(given, extensions) if call.body else frozenset()
    return _accepted(call.headers.get("accept", ""), extensions, profiles, sent)


@lru_cache(maxsize=256)
def _sent(header: str | None, supported: frozenset[str]) -> frozenset[str]:
    """Check the type of a body that there is (J-2.3.1, J-2.3.2, J-2.3.11), and give its extensions."""
    expected = f"send the body as {quote(MEDIA_TYPE)}"
    if header is None:
        raise reject("unsupported-media-type", f"the body has no Content-Type; {expected}")
    found = read_media_type(header)
    if found is None or found.name != MEDIA_TYPE:
        raise reject("unsupported-media-type", f"bodies of type {quote(header)} are not read; {expected}", CONTENT_TYPE)
    if others := sorted(set(found.parameters) - {"ext", "profile"}):
        detail = f"the media type has the parameter {quote(others[0])}; only ext and profile are allowed"
        raise reject("unsupported-media-type", detail, CONTENT_TYPE)
    if unknown := sorted(found.uris("ext") - supported):
        detail = f"the extension {quote(unknown[0])} is not supported here{_list(supported)}"
        raise reject("unsupported-media-type", detail, CONTENT_TYPE)
    return found.uris("ext")


def _list(supported: frozenset[str]) -> str:
    return "; supported: " + ", ".join(sorted(supported)) if supported else "; none is"


@lru_cache(maxsize=256)
def _accepted(header: str, extensions: frozenset[str], profiles: frozenset[str], sent: frozenset[str]) -> Media:
    """Check that an answer can be written (J-2.3.3 to J-2.3.10)."""
    if not header.strip(", \t"):
        return Media(sent)
    given = list(read_media_types(header))
    ranges = [one for one in given if one.weight > 0]
    ours = [one for one in ranges if one.name == MEDIA_TYPE]
    plain = [one for one in ours if not set(one.parameters) - {"ext", "profile"}]
    good = [one for one in plain if one.uris("ext") <= extensions]
    if good:
        wanted = frozenset().union(*(one.uris("profile") for one in good))
        return Media(sent, wanted & profiles)
    if not any(one.name == MEDIA_TYPE for one in given) and _is_any_welcome(given):
        return Media(sent, pretty=any(one.name == "text/html" for one in ranges))
    if plain:
        detail = f"every {MEDIA_TYPE} in {quote(header)} asks for an extension that is not supported{_list(extensions)}"
    elif ours:
        detail = f"every {MEDIA_TYPE} in {quote(header)} has a parameter other than ext and profile"
    else:
        detail = f"the answer can only be {quote(MEDIA_TYPE)}, which {quote(header)} does not accept"
    raise reject("not-acceptable", detail, ACCEPT)


def _is_any_welcome(given: list[MediaType]) -> bool:
    """Whether a range of many types lets ours pass: the nearest one decides (RFC 9110, 12.5.1)."""
    weights = {name: one.weight for name in ("application/*", "*/*") for one in given if one.name == name}
    return next(iter(weights.values()), 0) > 0
