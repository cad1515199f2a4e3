"""Cursors as texts: opaque, signed, and good on any worker (C-2).

A text holds the sort values and the key of one row, the mark of the order they belong to, and a signature.  It can be
read by who decodes it, so that nothing goes in which the client may not see: `total_order` refuses such orders.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b
from types import MappingProxyType
from typing import Any
from uuid import UUID

import orjson

from ..schema.resource import Attribute, Relationship, Resource
from .binding import find_attribute
from .filters import Count
from .paging import Cursor, Spelling
from .problems import Rejected, Source, quote, reject
from .selection import Selection, SortKey

PROFILE = "https://jsonapi.org/profiles/ethanresnick/cursor-pagination"
"""The URI of the cursor pagination profile, with which those of its errors begin."""

TAG, MARK = 12, 6
"""Bytes of the signature and of the mark of an order, with which a cursor begins."""

LENGTH = 16_000
"""Characters of a cursor: more than any server's request line holds."""


# ---------------------------------------------------------------- orders


def seekable(chosen: Selection, relationship: Relationship | None) -> Selection:
    """Make the order of a page by cursor complete and explicit, and check its cursors against it.

    Where no order is asked for, it is the one that the mapping gives `relationship`.  Rejected (`invalid-sort`,
    C-9.1; `invalid-page`, C-4.1).
    """
    page = chosen.page
    if page is None or page.spelling is not Spelling.CURSOR:
        return chosen
    resource = chosen.resource
    sort = total_order(resource, chosen.sort or _mapped(resource, relationship))
    mark = order_mark(resource, sort)
    for name, cursor in (("after", page.after), ("before", page.before)):
        if cursor is not None:
            _check_order(cursor, mark, sort, Source(parameter=f"page[{name}]"))
    return replace(chosen, sort=sort)


def total_order(resource: Resource, sort: tuple[SortKey, ...]) -> tuple[SortKey, ...]:
    """Complete an order by the key (C-1.1); where nulls stand is only said of what may be null (C-1.4)."""
    if not all(_is_visible(resource, key) for key in sort):
        detail = "the order holds an attribute that is not shown; such a list has no cursors"
        raise reject("invalid-sort", detail, Source(parameter="sort"), links={"type": f"{PROFILE}/unsupported-sort"})
    return tuple(key if may_be_null(key) else replace(key, nulls_first=None) for key in completed(resource, sort))


def completed(resource: Resource, sort: tuple[SortKey, ...]) -> tuple[SortKey, ...]:
    """Add the parts of the key that are not among `sort`; they go the way of the last term, as an index does."""
    named = {key.operand for key in sort if not key.path}
    descending = bool(sort) and sort[-1].descending
    return (*sort, *(SortKey((), one, descending) for one in resource.identity.keys if one not in named))


def may_be_null(key: SortKey) -> bool:
    """Whether a row may lack the value: also where a related row may be missing."""
    return not isinstance(key.operand, Count) and (bool(key.path) or key.operand.nullable)


def _is_visible(resource: Resource, key: SortKey) -> bool:
    """Whether a client may see what the order is by; processors may sort by hidden columns too."""
    owner = key.path[-1].target if key.path else resource
    return isinstance(key.operand, Count) or _is_shown(owner, key.operand)


def _is_shown(resource: Resource, attribute: Attribute) -> bool:
    return attribute in resource.identity.keys or find_attribute(resource, attribute.name) is attribute


def _mapped(resource: Resource, relationship: Relationship | None) -> tuple[SortKey, ...]:
    """Give the order that the mapping itself asks for, as far as a client may see what it is by."""
    keys = []
    for name, descending in () if relationship is None else relationship.order:
        found = resource.queryable.get(name) or next((k for k in resource.identity.keys if k.key == name), None)
        if found is None or not _is_shown(resource, found):
            break
        keys.append(SortKey((), found, descending))
    return tuple(keys)


@lru_cache(maxsize=512)
def order_mark(resource: Resource, sort: tuple[SortKey, ...]) -> bytes:
    """Tell one order of one resource from all others; the same on every worker."""
    terms = [resource.path, *map(repr, sort)]
    return blake2b("\n".join(terms).encode(), digest_size=MARK).digest()


def _check_order(cursor: Cursor, mark: bytes, sort: tuple[SortKey, ...], source: Source) -> None:
    """Refuse a cursor of another list or order (C-2.4).

    Values are not checked against types: in SQLite any column may hold any.  Who forges a cursor, where there is no
    secret to sign it, is refused by the database.
    """
    if cursor.order != mark:
        raise reject("invalid-page", "the cursor was made for another list, or for another order of it", source)
    if cursor.values is not None and len(cursor.values) != len(sort):
        raise _invalid(source)


# ---------------------------------------------------------------- texts

URL_SAFE = bytes.maketrans(b"+/", b"-_")

Writer = Callable[..., str]
"""The values of a row's sort keys, and whether the row itself is meant too -> the text of a cursor."""

ALIKE = frozenset({str, bool, type(None)})
"""Types of values that JSON has just so."""


def write_cursor(resource: Resource, cursor: Cursor) -> str:
    """Write a cursor of a list of `resource`."""
    return cursor_writer(resource, cursor.order)(cursor.values, cursor.inclusive)


def cursor_writer(resource: Resource, order: bytes) -> Writer:
    """Give what writes the cursors of one page of `resource`, in URL-safe letters: its key is made ready once."""
    signing = _signing(_keys(resource)[0])

    def write(values: Iterable[object] | None, inclusive: bool = False) -> str:
        body = order + orjson.dumps([int(inclusive), None if values is None else [_plain(one) for one in values]])
        signature = signing.copy()
        signature.update(body)
        return binascii.b2a_base64(signature.digest() + body, newline=False).translate(URL_SAFE, b"=").decode()

    return write


def read_cursor(resource: Resource, text: str, name: str) -> Cursor:
    """Read the cursor in `page[name]`; Rejected (`invalid-page`) for anything that `write_cursor` did not write."""
    source = Source(parameter=f"page[{name}]")
    data = _decoded(text)
    tag, body = data[:TAG], data[TAG:]
    if not any(hmac.compare_digest(tag, _signature(key, body)) for key in _keys(resource)):
        raise _invalid(source, text)
    try:
        inclusive, values = orjson.loads(body[MARK:])
        found = None if values is None else tuple(_value(one) for one in values)
    except (ValueError, TypeError, KeyError, ArithmeticError):
        raise _invalid(source, text) from None
    return Cursor(body[:MARK], found, bool(inclusive))


def _decoded(text: str) -> bytes:
    """Decode base64, the one spelling that we write; nothing else is taken."""
    if len(text) > LENGTH or not text.isascii():
        return b""
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        return b""
    return data if base64.urlsafe_b64encode(data).rstrip(b"=").decode() == text else b""


def _invalid(source: Source, text: str | None = None) -> Rejected:
    shown = "this" if text is None else quote(text, 40)
    return reject("invalid-page", f"{shown} is no cursor of this list; take cursors from its links and items", source)


def _keys(resource: Resource) -> tuple[bytes, ...]:
    """Give the keys: the one that signs first, then those it has replaced.

    Without a secret the signature is a checksum that all workers agree on: it finds damage, not forgery.
    """
    return resource.registry.secrets() or (_checksum_key(resource),)


def _checksum_key(resource: Resource) -> bytes:
    fields = sorted(f"{one.name} {one.codec.name}" for one in resource.attributes.values())
    return "\n".join([resource.path, *fields]).encode()


def _signature(key: bytes, body: bytes) -> bytes:
    signature = _signing(key)
    signature.update(body)
    return signature.digest()


def _signing(key: bytes) -> blake2b:
    """Begin a signature."""
    derived = blake2b(key, digest_size=32, person=b"restless-cursor").digest()
    return blake2b(key=derived, digest_size=TAG)


# ---------------------------------------------------------------- values


def _plain(value: object) -> Any:
    """Write a value as JSON that tells its Python type; what is of no known type is compared as text."""
    kind = type(value)
    if kind in ALIKE:
        return value
    match value:
        case None | bool() | str():
            return value
        case int() if -(2**63) <= value < 2**63:
            return value
        case float() if value - value == 0:
            return value
        case bytes() | bytearray() | memoryview():
            return ["b", base64.b64encode(bytes(value)).decode()]
        case timedelta():
            return ["i", f"{value.days} {value.seconds} {value.microseconds}"]
    for tag, (kind, _) in READERS.items():
        if isinstance(value, kind):
            return [tag, value.isoformat() if isinstance(value, date | time) else str(value)]
    return str(value)


def _timedelta(text: str) -> timedelta:
    return timedelta(*map(int, text.split(" ")))


READERS: Mapping[str, tuple[type, Callable[[str], object]]] = MappingProxyType(
    {
        "z": (int, int),
        "f": (float, float),
        "n": (Decimal, Decimal),
        "t": (datetime, datetime.fromisoformat),
        "d": (date, date.fromisoformat),
        "h": (time, time.fromisoformat),
        "u": (UUID, UUID),
        "i": (timedelta, _timedelta),
        "b": (bytes, lambda text: base64.b64decode(text, validate=True)),
    }
)
"""Tag -> the type of a value, and what reads its text; a datetime is a date too, and comes first."""


def _value(given: Any) -> object:
    if isinstance(given, list):
        tag, text = given
        return READERS[tag][1](text)
    if isinstance(given, dict):
        raise TypeError("no value of a cursor is an object")
    return given
