"""The classic protocol: routes, and the doors to parsing and rendering."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...operations.operation import (
    Aggregate,
    Create,
    Delete,
    DeleteMany,
    Fetch,
    Operation,
    Relate,
    Update,
    UpdateMany,
)
from ...operations.outcome import Counted, Evaluated, Fetched, Outcome, Rows, Written
from ...operations.problems import Problem, Rejected, problem, reject
from ...schema.resource import Resource
from ..base import Call, Reply, Route
from ..callback import JAVASCRIPT
from .errors import refusal
from .evaluation import results
from .framing import body_of, callback_of, is_compact, wrapped
from .links import Link, link_header, location, page_links
from .paging import Window
from .parsing import Parser
from .processors import after
from .query import read_query
from .render import Codes
from .representation import classic_of
from .routes import routes
from .search import read_search

CONTENT_TYPE = ("Content-Type", "application/json")
VARY = ("Vary", "Accept")
NOSNIFF = ("X-Content-Type-Options", "nosniff")


class Classic:
    """The wire format of Flask-Restless 0.6 to 0.17 for the APIs of one manager."""

    name = "classic"
    media_type = "application/json"

    def __init__(self) -> None:
        self._parser = Parser()
        self._codes = Codes()

    def routes(self, resource: Resource) -> Sequence[Route]:
        """Give the URLs of one API."""
        return tuple(routes(resource))

    def shared_routes(self, resource: Resource) -> Sequence[Route]:
        """Give the URLs that belong to the prefix as a whole: none."""
        return ()

    def describe(self, call: Call) -> Reply:
        """Answer the shared URL `index`, of which this protocol has none."""
        raise reject("unknown-url", "nothing is served here")

    def parse(self, call: Call) -> Operation:
        """Understand a request."""
        return self._parser.parse(call)

    def named_parts(self, call: Call) -> frozenset[str]:
        """Tell whether a page is asked for, or another part of the list by the search itself."""
        query = read_query(call.query, call.resource.registry.limits)
        search = read_search(query.q, call.resource)
        named = query.page or query.results_per_page or search.get("limit") or search.get("offset")
        return frozenset({"page"}) if named else frozenset()

    def render(self, call: Call, operation: Operation, outcome: Outcome) -> Reply:
        """Write the answer to a request that succeeded; Rejected where there is nothing to show after all."""
        match operation, outcome:
            case Fetch(), Fetched():
                return self._fetched(call, operation, outcome)
            case Create(), Written(rows) if rows is not None:
                return self._created(call, rows)
            case Update(), Written(rows) if rows is not None:
                return self._one(call, rows, "PATCH_SINGLE")
            case ((Delete() | Relate()), Written()):
                after(call, "DELETE_SINGLE", was_deleted=True)
                return _empty()
            case UpdateMany(), Counted(number):
                return _changed(call, number)
            case DeleteMany(), Counted(number):
                return _deleted(call, number)
            case Aggregate(), Evaluated(values):
                return _reply(call, 200, results(operation, values)) if values else _empty()
        raise NotImplementedError(f"{type(operation).__name__} has no classic form")

    def refuse(self, call: Call | None, problems: Sequence[Problem], **extra: Any) -> Reply:
        """Write the answer to a request that failed (contract 2.1 and 2.14)."""
        options = None if call is None else classic_of(call.resource)
        method = None if call is None else call.method
        found = refusal(problems, method, details=options is not None and options.error_details)
        status = found.status
        if options is not None and options.classic_version == "0.6":
            if problems[0].code in ("no-result", "multiple-results"):
                status = 200
            elif problems[0].code == "not-found" and method == "DELETE":
                return _empty()
        headers = tuple(header for one in problems for header in one.headers)
        if found.is_own:
            return Reply(status, (CONTENT_TYPE, NOSNIFF, *headers), body_of(found.body, compact=is_compact(call)))
        return _reply(call, status, found.body, headers=headers)

    # ------------------------------------------------------------ what was read

    def _fetched(self, call: Call, operation: Fetch, fetched: Fetched) -> Reply:
        if call.notes.get("single"):
            return self._single(call, fetched.rows)
        if operation.is_many:
            return self._listed(call, fetched)
        if not fetched.rows.rows:
            raise reject("not-found", "nothing is related")
        return self._one(call, fetched.rows, "GET_SINGLE")

    def _listed(self, call: Call, fetched: Fetched) -> Reply:
        """Write a list (contract 2.3); lists of related objects have no Link header (2.6)."""
        window: Window = call.notes["window"]
        count = window.count(fetched)
        pages = window.pages(count)
        document: dict[str, Any] = {"objects": self._codes.objects(fetched.rows), "page": window.number}
        lean = classic_of(call.resource).classic_version == "0.6"
        if not lean:
            document |= {"num_results": count, "total_pages": pages}
        if call.endpoint == "related":
            after(call, "GET_SINGLE", result=document)
            return _reply(call, 200, document)
        after(call, "GET_MANY", result=document, search_params=call.notes.get("search", {}))
        return _reply(call, 200, document, links=() if lean else page_links(call, window, pages))

    def _single(self, call: Call, rows: Rows) -> Reply:
        objects = self._codes.objects(rows)
        if not objects:
            raise reject("no-result", "exactly one object was asked for, and none matches")
        after(call, "GET_MANY", result=objects[0], search_params=call.notes.get("search", {}))
        return _reply(call, 200, objects[0], place=location(call, rows))

    def _one(self, call: Call, rows: Rows, processors: str) -> Reply:
        found, *others = self._codes.objects(rows)
        if others:  # such as rows of concrete subclasses that count for themselves
            raise Rejected(problem("multiple-results", "several objects have this primary key", status=409))
        after(call, processors, result=found)
        return _reply(call, 200, found)

    def _created(self, call: Call, rows: Rows) -> Reply:
        """Write a new object (contract 2.7); Flask-Restless 0.6 told its primary key alone (2.14)."""
        (found,) = self._codes.objects(rows)
        if classic_of(call.resource).classic_version == "0.6":
            found = {key.name: found.get(key.name) for key in call.resource.identity.keys}
            after(call, "POST", result=found)
            return _reply(call, 201, found)
        after(call, "POST", result=found)
        return _reply(call, 201, found, place=location(call, rows))


def _changed(call: Call, number: int) -> Reply:
    _check_single(call, number)
    document = {"num_modified": number}
    notes = call.notes
    after(call, "PATCH_MANY", query=None, data=notes["data"], result=document, search_params=notes["search"])
    return _reply(call, 200, document)


def _deleted(call: Call, number: int) -> Reply:
    """Write how many objects were deleted; it is an error if none was."""
    _check_single(call, number)
    if not number:
        raise reject("not-found", "no object meets the filters")
    document = {"num_deleted": number}
    after(call, "DELETE_MANY", result=document, search_params=call.notes["search"])
    return _reply(call, 200, document)


def _check_single(call: Call, number: int) -> None:
    """Refuse, and so roll back, what has touched another number of objects than the `single` one."""
    if call.notes.get("single") and number != 1:
        raise reject("multiple-results" if number else "no-result", "the search asks for exactly one object")


def _empty() -> Reply:
    return Reply(204, (CONTENT_TYPE, VARY, NOSNIFF))


def _reply(
    call: Call | None,
    status: int,
    document: Any,
    *,
    links: tuple[Link, ...] = (),
    place: str | None = None,
    headers: tuple[tuple[str, str], ...] = (),
) -> Reply:
    """Frame a document: plain, or wrapped for JSONP."""
    if links:
        headers = (*headers, ("Link", link_header(links)))
    if place is not None:
        headers = (*headers, ("Location", place))
    callback = callback_of(call)
    if callback is not None:
        body = wrapped(callback, document, status, links, place)
        return Reply(status, (("Content-Type", JAVASCRIPT), VARY, NOSNIFF, *headers), body)
    return Reply(status, (CONTENT_TYPE, VARY, NOSNIFF, *headers), body_of(document, compact=is_compact(call)))
