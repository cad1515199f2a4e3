"""The URLs of one API (contract, "URLs"), with the methods that its options allow."""

from __future__ import annotations

from collections.abc import Iterator

from ...schema.resource import Resource
from ..base import Route
from .representation import classic_of

GET, POST, PATCH, PUT, DELETE = "GET", "POST", "PATCH", "PUT", "DELETE"


def routes(resource: Resource) -> Iterator[Route]:
    """Give the URLs, those that serve no method left out; 0.6 had none of relations (contract 2.14)."""
    options = classic_of(resource)
    many = frozenset({GET, POST})
    many |= {PATCH, PUT} if options.allow_patch_many else set()
    many |= {DELETE} if options.allow_delete_many else set()
    single = frozenset({GET, PATCH, PUT, DELETE})
    found = [Route("collection", "", many & options.methods), Route("resource", "/<id>", single & options.methods)]
    if options.classic_version != "0.6":
        found.append(Route("related", "/<id>/<relation>", single & options.methods))
        found.append(Route("member", "/<id>/<relation>/<member>", single & options.methods))
    if options.allow_functions:
        found.append(Route("evaluation", f"/eval/{resource.name}", frozenset({GET}), from_prefix=True))
    yield from (route for route in found if route.methods)
