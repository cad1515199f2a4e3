"""Requests that are carried out once (draft-ietf-httpapi-idempotency-key-header): their keys, and where they are kept.

A key is reserved before the request is carried out, in a transaction of its own, so that a second request with it need
not wait for the first one's.  The answer is kept in the transaction of the change itself: there is never one without
the other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

from sqlalchemy.orm import Session

from .problems import Source, quote, reject

HEADER = "Idempotency-Key"
SOURCE = Source(header=HEADER)
LONGEST = 255

STRING = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"(?:[ \t]*;.*)?')
BARE = re.compile(r"[!#-+\--:<-\[\]-~]+")


@dataclass(frozen=True, slots=True)
class Reserved:
    """The key is ours; `token` tells our reservation from any other of the same key."""

    token: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A request with the key was carried out before, and answered this."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Running:
    """A request with the key is being carried out; its reservation ends within `seconds`, whatever happens."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Reused:
    """The key belongs to another request: another body, query or URL."""


Claim = Reserved | Kept | Running | Reused


class IdempotencyStore(Protocol):
    """Where keys and answers are kept.

    `name` is what the key is kept by: 64 hexadecimal digits, of which the caller's identity is part.  `fingerprint`,
    of the same form, tells whether two requests are the same.  `session` is the request's, and `bind` the arguments
    by which it finds the database of the change (see `Session.get_bind`).
    """

    caller: Callable[[], object] | None
    """Gives the identity of who sends the request; None if the `Authorization` header is to tell."""

    def reserve(self, name: str, fingerprint: str, session: Session, bind: Mapping[str, Any]) -> Claim:
        """Reserve a key for one request, at once and for everybody to see."""
        ...

    def keep(self, name: str, token: str, answer: Kept, session: Session, bind: Mapping[str, Any]) -> bool:
        """Keep an answer, in the transaction of `session`; False if the reservation is not ours any more."""
        ...

    def release(self, name: str, token: str, session: Session, bind: Mapping[str, Any]) -> None:
        """Give a reservation up, at once; the key may be used again.  What is kept already stays."""
        ...


def read_key(text: str) -> str:
    """Give the key in a header field; Rejected (`invalid-header`).

    The draft wants a string in double quotes; many clients send a bare word, which is taken for the same.
    """
    found = STRING.fullmatch(text.strip())
    key = re.sub(r"\\(.)", r"\1", found[1]) if found else text.strip() if BARE.fullmatch(text.strip()) else ""
    if not 1 <= len(key) <= LONGEST:
        detail = f'{quote(text)} is no key; send a string of 1 to {LONGEST} ASCII characters, such as "8e03978e-40d5"'
        raise reject("invalid-header", detail, SOURCE)
    return key


def name_of(key: str, caller: object) -> str:
    """Give the name that a caller's key is kept by: no database takes two of them for one."""
    return sha256(json.dumps([str(caller), key]).encode()).hexdigest()


def fingerprint_of(method: str, path: str, query: str, body: bytes) -> str:
    """Give what two requests have in common that are one and the same."""
    return sha256(json.dumps([method, path, query]).encode() + b"\n" + body).hexdigest()
