"""The JSON:API protocol: routes, and the doors to parsing and rendering."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import orjson

from ...operations.alike import Alike, AlikeWritten
from ...operations.operation import Aggregate, Batch, Create, Delete, Fetch, Id, Operation, Relate, Update, Write
from ...operations.outcome import BatchWritten, Evaluated, Fetched, Outcome, Rows, Written
from ...operations.paging import Spelling, Total
from ...operations.problems import Problem, Rejected, reject
from ...operations.selection import Selection
from ...schema.codec import encode_value
from ...schema.resource import Resource
from ..base import Call, Reply, Route
from .atomic import EXTENSION, read_batch
from .cursor import apply_profile, estimated, with_types
from .description import index_document
from .earlier import note_callback, wrapped
from .errors import error_document, error_headers, error_status
from .links import link_header, page_links, self_link, with_query
from .negotiation import CONTENT_TYPE, MEDIA_TYPE, negotiate
from .parsing import Parser
from .preference import APPLIED, AS_ASKED, prefers_representation
from .processors import postprocess
from .query import LISTS, read_query
from .relationship_pages import Pager
from .render import Codes, Document
from .single import postprocessed

GET, POST, PATCH, DELETE, QUERY = "GET", "POST", "PATCH", "DELETE", "QUERY"
COMMON = (("Content-Type", MEDIA_TYPE), ("Vary", "Accept"), ("X-Content-Type-Options", "nosniff"))
PLAIN = (("Content-Type", "application/json"), ("Vary", "Accept"), ("X-Content-Type-Options", "nosniff"))
"""The headers of what is no JSON:API document."""
VERSION = {"version": "1.1"}

LONGEST_HEADER = 3000
"""Characters of a Link header that is sent: proxies refuse answers with long ones, and the document has the links."""


class JsonApi:
    """JSON:API 1.1 for the APIs of one manager; keeps what it parsed and the row code it generated."""

    name = "jsonapi"
    media_type = MEDIA_TYPE

    def __init__(self) -> None:
        self._parser = Parser()
        self._codes = Codes()

    def routes(self, resource: Resource) -> Sequence[Route]:
        """Give the URLs of one API (J-4, J-5); relationships are changed where resources may be updated."""
        allowed = resource.options.methods
        reading = frozenset({GET, QUERY}) if GET in allowed else frozenset()
        routes = [
            Route("collection", "", reading | frozenset({POST}) & allowed),
            Route("resource", "/<id>", reading | frozenset({PATCH, DELETE}) & allowed),
            Route("related", "/<id>/<relation>", reading),
            Route("relationship", "/<id>/relationships/<relation>", reading | _relationship_methods(allowed)),
            Route("member", "/<id>/<relation>/<member>", reading),
        ]
        if resource.options.allow_functions:
            routes.append(Route("evaluation", f"/eval/{resource.name}", frozenset({GET}) & allowed, from_prefix=True))
        return [route for route in routes if route.methods]

    def shared_routes(self, resource: Resource) -> Sequence[Route]:
        """Give the URLs of the prefix as a whole: its index, and atomic operations where an API may be written."""
        index = Route("index", "", frozenset({GET}))
        if not resource.options.methods - {GET}:
            return (index,)
        return index, Route("operations", "/operations", frozenset({POST}))

    def describe(self, call: Call) -> Reply:
        """Tell what is served below a prefix: its collections, their URLs, and the name of each one's key."""
        negotiate(call)
        return self._reply(call, 200, index_document(call))

    def parse(self, call: Call) -> Operation:
        """Understand a request; media types come first, before any side effect (J-2.3.12)."""
        if call.endpoint == "operations":
            return self._batch(call)
        if call.resource.options.allow_jsonp:
            note_callback(call)
        if call.endpoint != "evaluation":
            negotiate(call)
        try:
            return self._parser.parse(call)
        except Rejected as rejected:
            raise Rejected(*with_types(call, rejected.problems)) from None

    def _batch(self, call: Call) -> Batch:
        """Read a batch, whose media type has to name the extension (A-1.6)."""
        media = negotiate(call, frozenset({EXTENSION}))
        if EXTENSION not in media.extensions:
            detail = f'operations are sent as {MEDIA_TYPE};ext="{EXTENSION}"'
            raise reject("unsupported-media-type", detail, CONTENT_TYPE if "content-type" in call.headers else None)
        return read_batch(call)

    def named_parts(self, call: Call) -> frozenset[str]:
        """Tell whether a page of a list is asked for, and included resources; how totals are made asks for neither."""
        query = read_query(call.query, LISTS, call.resource.registry.limits)
        named = {"page": query.page.keys() - {"total"}, "include": query.include}
        return frozenset(name for name, given in named.items() if given)

    def render(self, call: Call, operation: Operation, outcome: Outcome) -> Reply:
        """Write the answer to a request that succeeded."""
        reply = self._rendered(call, operation, outcome)
        return wrapped(call, reply) if call.notes else reply

    def _rendered(self, call: Call, operation: Operation, outcome: Outcome) -> Reply:
        match operation, outcome:
            case Fetch(), Fetched():
                return self._fetched(call, operation, outcome)
            case Create(), Written(rows) if rows is not None:
                return self._created(call, operation, rows)
            case Update(), Written(is_as_asked=True):
                return Reply(204, (*COMMON[1:], AS_ASKED))
            case Update(), Written(rows) if rows is not None:
                document = self._single(call, operation.selection, rows)
                return self._reply(call, 200, postprocess(call, document))
            case ((Delete() | Relate()), Written()):
                postprocess(call, {})
                return self._told(call, operation, outcome) if prefers_representation(call) else Reply(204, COMMON[1:])
            case Batch(operations), BatchWritten(results):
                return self._results(call, operations, results)
            case Aggregate(), Evaluated(values):
                return Reply(200, PLAIN, _dumps({"data": values}, pretty=False))
        raise NotImplementedError(f"{type(operation).__name__} has no JSON:API form")

    def refuse(self, call: Call | None, problems: Sequence[Problem], **extra: Any) -> Reply:
        """Write the answer to a request that failed."""
        body = _dumps(error_document(problems), pretty=False)
        return wrapped(call, Reply(error_status(problems), (*COMMON, *error_headers(problems)), body))

    def _fetched(self, call: Call, operation: Fetch, fetched: Fetched) -> Reply:
        links_wanted, is_many = operation.selection.links is not False, operation.is_many
        document = self._document(
            call, operation.selection, fetched.rows, (call.relation or "",) if operation.as_linkage else ()
        )
        data: list[dict[str, Any]]
        if operation.as_linkage:
            data = document.identifiers(fetched.rows, with_resources=operation.with_primary)
        else:
            data = document.resources(fetched.rows)
        links: dict[str, Any] = {"self": self_link(call)} if links_wanted else {}
        headers: tuple[tuple[str, str], ...] = ()
        if operation.as_linkage and links_wanted:
            links["related"] = _related_link(call)
        if operation.single and data:
            headers = (("Content-Location", self._url(call, fetched.rows)),)
        primary: Any = data if is_many else (data[0] if data else None)
        body: dict[str, Any] = {"data": primary, "links": links, "jsonapi": VERSION}
        if operation.selection.included:
            body["included"] = list(document.included.values())
        if fetched.total is not None:
            body["meta"] = {"total": fetched.total}
        type_ = MEDIA_TYPE
        page = operation.selection.page
        if is_many and page is not None:
            if page.spelling is Spelling.CURSOR:
                type_ = apply_profile(call, operation.selection, fetched, body)
            else:
                links |= page_links(call, page, fetched)
                if fetched.total is not None and page.total is Total.ESTIMATE:
                    body["meta"]["page"] = estimated(fetched.total)
            header = link_header(links)
            headers = (("Link", header),) if header and len(header) <= LONGEST_HEADER else ()
        if not links:
            del body["links"]
        return self._reply(call, 200, postprocess(call, body), headers, type_)

    def _told(self, call: Call, operation: Delete | Relate, written: Written) -> Reply:
        """Answer with a document where a 204 would do: the linkage, or what was deleted (J-5.3.10, J-5.4.1)."""
        links = {"self": self_link(call)}
        body: dict[str, Any]
        if isinstance(operation, Relate) and written.rows is not None:
            identifiers = Document(self._codes, call.root).identifiers(written.rows, with_resources=False)
            data = identifiers if operation.relationship.is_many else next(iter(identifiers), None)
            links["related"] = _related_link(call)
            body = {"data": data, "links": links, "jsonapi": VERSION}
        else:
            body = {"meta": {"deleted": {"type": call.resource.name, "id": call.id}}, "jsonapi": VERSION}
        return self._reply(call, 200, body, (APPLIED,))

    def _results(self, call: Call, operations: Sequence[Write], results: Sequence[Written]) -> Reply:
        """Write one result for each operation (A-4.5): the resource, or nothing where there is nothing to tell."""
        if isinstance(operations, Alike) and isinstance(results, AlikeWritten):
            document = self._document(call, operations.selection, results.rows)
            return self._as_results([{"data": one} for one in document.resources(results.rows)])
        members: list[dict[str, Any]] = []
        for operation, result in zip(operations, results, strict=True):
            member = {} if result.rows is None else self._result(call, result.rows)
            member = postprocessed(call, operation, _id_of(operation, result), member)
            members.append({name: member[name] for name in ("data", "meta") if name in member})
        return self._as_results(members)

    def _as_results(self, members: list[dict[str, Any]]) -> Reply:
        body = _dumps({"atomic:results": members, "jsonapi": {**VERSION, "ext": [EXTENSION]}}, pretty=False)
        return Reply(200, (("Content-Type", f'{MEDIA_TYPE};ext="{EXTENSION}"'), *COMMON[1:]), body)

    def _result(self, call: Call, rows: Rows) -> dict[str, Any]:
        """Give one result, and what it includes as its `meta`, for want of another place (A-1.1, A-3.1)."""
        document = Document(self._codes, call.root)
        (data,) = document.resources(rows)
        if not rows.layout.selection.included:
            return {"data": data}
        return {"data": data, "meta": {"included": list(document.included.values())}}

    def _created(self, call: Call, operation: Create, rows: Rows) -> Reply:
        document = self._single(call, operation.selection, rows)
        location = self._url(call, rows)
        if "links" in document:
            document["links"] = {"self": with_query(call, location)}
        return self._reply(call, 201, postprocess(call, document), (("Location", location),))

    def _document(self, call: Call, selection: Selection, rows: Rows, start: tuple[str, ...] = ()) -> Document:
        """Begin a document; include paths start beyond the path `start`."""
        is_read = bool(call.resource.options.postprocessors) or _is_pretty(call)
        text = not is_read and self._codes.of(rows.layout, selection.links).is_plain
        return Document(self._codes, call.root, selection.links, Pager(call.query, start), text)

    def _single(self, call: Call, selection: Selection, rows: Rows) -> dict[str, Any]:
        document = self._document(call, selection, rows)
        (data,) = document.resources(rows)
        body: dict[str, Any] = {"data": data, "links": {"self": self_link(call)}, "jsonapi": VERSION}
        if selection.links is False:
            del body["links"]
        if selection.included:
            body["included"] = list(document.included.values())
        return body

    def _url(self, call: Call, rows: Rows) -> str:
        """Give the URL of the one resource in `rows`; it equals the resource's self link (J-5.1.8)."""
        found = self._codes.of(rows.layout).identifier(rows.rows[0])
        index = next(
            (one.resource for one in rows.layout.variants if one.resource.name == found["type"]), call.resource
        )
        return f"{call.root}{index.url}/{quote(found['id'], safe='')}"

    def _reply(
        self,
        call: Call,
        status: int,
        document: dict[str, Any],
        headers: tuple[tuple[str, str], ...] = (),
        type_: str = MEDIA_TYPE,
    ) -> Reply:
        body = _dumps(document, pretty=_is_pretty(call))
        return Reply(status, (("Content-Type", type_), *COMMON[1:], *headers), body)


def _is_pretty(call: Call) -> bool:
    """Whether a browser asks."""
    return "text/html" in call.headers.get("accept", "")


def _related_link(call: Call) -> str:
    """Give the URL of the related resources, for a call to the relationship's own."""
    return f"{call.root}{call.resource.url}/{quote(call.id or '', safe='')}/{quote(call.relation or '', safe='')}"


def _id_of(operation: Write, result: Written) -> Id | None:
    """Give the key values of what an operation was about."""
    if result.rows is not None:
        row = result.rows.rows[0]
        return tuple(row[number] for number in result.rows.layout.variants[0].identity)
    return None if isinstance(operation, Create) else operation.target.id


def _relationship_methods(allowed: frozenset[str]) -> frozenset[str]:
    return frozenset({POST, PATCH, DELETE}) if PATCH in allowed else frozenset()


def _dumps(document: Any, *, pretty: bool) -> bytes:
    """Write a document; what orjson does not know is written by its Python type."""
    option = orjson.OPT_INDENT_2 if pretty else 0
    try:
        return orjson.dumps(document, default=encode_value, option=option)
    except TypeError:
        return orjson.dumps(encode_value(document), option=option)
