"""A wire format that also exports: lists leave as CSV or NDJSON where that is accepted, all else is the host's."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from ...operations.operation import Fetch, Operation
from ...operations.outcome import Fetched, Outcome, Streamed
from ...operations.problems import Problem, Source, reject
from ...schema.resource import Resource
from ..base import Call, Protocol, Reply, Route
from .columns import columns_of
from .comma_separated import csv_pieces
from .json_lines import json_pieces
from .negotiation import FORMATS, export_type, exported

VARY = ("Vary", "Accept")
CHARSETS = {"csv": "; charset=utf-8; header=present", "ndjson": ""}


class Exporting:
    """The `host` protocol, and exports of its lists: the host understands requests, and words refusals."""

    def __init__(self, host: Protocol) -> None:
        self.host = host
        self.name = host.name
        self.media_type = host.media_type

    def routes(self, resource: Resource) -> Sequence[Route]:
        """Give the host's URLs."""
        return self.host.routes(resource)

    def shared_routes(self, resource: Resource) -> Sequence[Route]:
        """Give the host's shared URLs."""
        return self.host.shared_routes(resource)

    def describe(self, call: Call) -> Reply:
        """Describe as the host does."""
        return self.host.describe(call)

    def named_parts(self, call: Call) -> frozenset[str]:
        """Ask the host."""
        return self.host.named_parts(call)

    def refuse(self, call: Call | None, problems: Sequence[Problem], **extra: Any) -> Reply:
        """Refuse as the host does: errors are documents of its own, whatever the client accepts."""
        return self.host.refuse(call, problems, **extra)

    def parse(self, call: Call) -> Operation:
        """Understand a request; an export is the list that the host would show, whole, and without what it includes."""
        if not call.resource.options.exports or export_type(call, self.media_type) is None:
            return self.host.parse(call)
        operation = self.host.parse(replace(call, headers={**call.headers, "accept": self.media_type}))
        assert isinstance(operation, Fetch)
        return _streamed(operation, self.host.named_parts(call))

    def render(self, call: Call, operation: Operation, outcome: Outcome) -> Reply:
        """Write an export, its first piece at once; or what the host writes."""
        if isinstance(operation, Fetch) and operation.streamed:
            return self._export(call, operation, outcome)
        reply = self.host.render(call, operation, outcome)
        if call.method == "GET" and exported(call) and VARY not in reply.headers:
            return replace(reply, headers=(*reply.headers, VARY))
        return reply

    def _export(self, call: Call, operation: Fetch, outcome: Outcome) -> Reply:
        media_type = export_type(call, self.media_type)
        assert media_type is not None
        pieces = _pieces(FORMATS[media_type], _as_streamed(outcome), operation.selection.resource)
        first = next(pieces, b"")
        headers = (
            ("Content-Type", media_type + CHARSETS[FORMATS[media_type]]),
            ("Content-Disposition", _disposition(operation.selection.resource.name, FORMATS[media_type])),
            VARY,
            ("X-Content-Type-Options", "nosniff"),
        )
        return Reply(200, headers, first, pieces)


def _streamed(fetch: Fetch, named: frozenset[str]) -> Fetch:
    """Have the whole list read in chunks, unless a page of it was asked for; Rejected (`invalid-include`, ...)."""
    if "include" in named:
        detail = "an export is a flat list; the ids of to-one relationships are in it, and nothing can be included"
        raise reject("invalid-include", detail, Source(parameter="include"))
    if fetch.single:
        detail = "an export is a list; exactly one resource cannot be asked for there"
        raise reject("invalid-filter", detail, Source(parameter="filter[single]"))
    selection = replace(fetch.selection, branches=(), included=False)
    if "page" not in named:
        selection = replace(selection, page=None)
    return replace(fetch, selection=selection, streamed=True)


def _as_streamed(outcome: Outcome) -> Streamed:
    """Give the rows in chunks, none of which is empty; those of a page are one."""
    if isinstance(outcome, Fetched):
        return Streamed(outcome.rows.layout, (rows for rows in [outcome.rows.rows] if rows))
    assert isinstance(outcome, Streamed)
    return outcome


def _pieces(format_: str, streamed: Streamed, resource: Resource) -> Generator[bytes, None, None]:
    """Write the pieces of an export; closing it closes what it reads from."""
    columns = columns_of(streamed.layout)
    with closing(streamed):
        if format_ == "csv":
            yield from csv_pieces(streamed, columns, formulas=resource.options.csv_formulas)
        else:
            yield from json_pieces(streamed, columns)


def _disposition(name: str, extension: str) -> str:
    """Have browsers save the export, under the collection's name (RFC 6266)."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)
    found = f'attachment; filename="{plain}.{extension}"'
    return found if plain == name else f"{found}; filename*=UTF-8''{quote(name, safe='')}.{extension}"
