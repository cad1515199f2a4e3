"""What a wire format is to the rest of the house: routes, parse, render, refuse, describe.

`Call` and `Reply` are the request and the response without Flask; tests build them by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from typing import Protocol as Interface

from ..operations.operation import Operation
from ..operations.outcome import Outcome
from ..operations.problems import Problem
from ..operations.records import record
from ..schema.resource import Resource


@dataclass(frozen=True, slots=True)
class Route:
    """One URL of an API.

    `rule` is what follows the collection's path, in Werkzeug's syntax; its variables are among `id`, `relation`
    and `member`.  `endpoint` names what is served there, `methods` which ones.  With `from_prefix` the rule follows
    the URL prefix instead.
    """

    endpoint: str
    rule: str
    methods: frozenset[str]
    from_prefix: bool = False


@record
class Call:
    """One request, read but not understood.

    `query` is the raw query string (ASCII, without `?`); header names in `headers` are lower case; `body` holds
    the whole body, whose declared length has been checked.  `root` is the URL of the application's root without a
    trailing slash (`http://host/mount`), `path` the decoded path below it.  `id`, `relation` and `member` are
    the decoded parts of the path.  `resource` is the API that was asked; for a URL that the APIs of a prefix share,
    one of them.  `notes` is what the protocol's parsing leaves for its rendering.
    """

    method: str
    endpoint: str
    resource: Resource
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    root: str = ""
    path: str = ""
    id: str | None = None
    relation: str | None = None
    member: str | None = None
    notes: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)


class Pieces(Iterator[bytes], Interface):
    """The pieces of a body, one after the other, such as a generator gives them."""

    def close(self) -> None:
        """Give back what the pieces are made from."""
        ...


@record
class Reply:
    """One response: `status`, header fields and the whole body.

    Anything from 400 on means that nothing was stored.  Of an answer that is written while its rows are read, `body`
    is only the first piece, and `stream` gives the others; it is to be read to its end or closed inside the request's
    transaction.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    stream: Pieces | None = None


Transact = Callable[[Operation], Outcome]
"""Carry out one operation in the request's transaction; what a protocol's processors may cause."""


class Protocol(Interface):
    """One wire format.  An instance serves one manager and keeps its caches."""

    name: str
    media_type: str
    """Of the documents that it writes."""

    def routes(self, resource: Resource) -> Sequence[Route]:
        """Give the URLs of one API, below its collection's path (`''` is the collection itself)."""
        ...

    def shared_routes(self, resource: Resource) -> Sequence[Route]:
        """Give the URLs that an API needs and that belong to its URL prefix as a whole, below the prefix."""
        ...

    def describe(self, call: Call) -> Reply:
        """Answer the shared URL `index`: what is served below the prefix; raise Rejected."""
        ...

    def parse(self, call: Call) -> Operation:
        """Understand a request; raise Rejected."""
        ...

    def named_parts(self, call: Call) -> frozenset[str]:
        """Tell which of `page` and `include` a legal call to a list names itself, in place of the server's choice."""
        ...

    def render(self, call: Call, operation: Operation, outcome: Outcome) -> Reply:
        """Write the answer to a request that succeeded; raise Rejected only where it cannot be written."""
        ...

    def refuse(self, call: Call | None, problems: Sequence[Problem], **extra: Any) -> Reply:
        """Write the answer to a request that failed; `call` is None where no API was found for it."""
        ...
