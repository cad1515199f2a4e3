"""What can go wrong, as values: a `Problem` each, and the one exception that carries them.

Every stage may raise `Rejected`; the protocol that parsed the request turns the problems into its own kind of
error body.  The codes live in one table, `CODES`; a code is stable and never used for a second meaning.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from .records import record


@record
class Source:
    """Where in the request the problem lies; at most one member is set (J-7.2.8).

    `pointer` is a JSON pointer (RFC 6901) to a value that exists in the request document, `parameter` the decoded
    name of a query parameter, `header` the name of a request header.
    """

    pointer: str | None = None
    parameter: str | None = None
    header: str | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """One row of the catalogue: the HTTP status, a title that never changes, and what it means."""

    status: int
    title: str
    explanation: str


CODES: Mapping[str, Code] = MappingProxyType(
    {
        "malformed-document": Code(400, "Malformed document", "The body is not JSON, or not of the required shape."),
        "missing-member": Code(400, "Missing member", "A member that the document must have is not there."),
        "unknown-parameter": Code(400, "Unknown query parameter", "No such query parameter exists here."),
        "invalid-parameter": Code(400, "Invalid query parameter", "A query parameter has a value that it cannot have."),
        "unknown-field": Code(400, "Unknown field", "The resource has no field of that name."),
        "unknown-relationship": Code(400, "Unknown relationship", "The resource has no relationship of that name."),
        "unknown-operator": Code(400, "Unknown operator", "No such filter operator exists."),
        "invalid-filter": Code(400, "Invalid filter", "The filter is not of the required shape, or makes no sense."),
        "invalid-sort": Code(400, "Invalid sort", "The resources cannot be sorted that way."),
        "invalid-include": Code(400, "Invalid include", "That relationship path cannot be included here."),
        "not-included": Code(400, "Path not included", "The parameter is about a path that is not included."),
        "invalid-count": Code(
            400, "Invalid count", "There are no members to count: only those of to-many relationships."
        ),
        "invalid-fieldset": Code(400, "Invalid fieldset", "That set of fields cannot be sent."),
        "invalid-page": Code(400, "Invalid page", "There is no such page, or paging that way is not possible."),
        "limit-exceeded": Code(400, "Limit exceeded", "The request asks for more than the server allows at once."),
        "page-too-large": Code(400, "Page too large", "The page size is above the greatest that the server allows."),
        "invalid-header": Code(400, "Invalid header", "A header field has a value that it cannot have."),
        "malformed-host": Code(400, "Malformed host", "The Host header is none that a link could begin with."),
        "missing-header": Code(400, "Missing header", "A header field that the request must have is not there."),
        "invalid-value": Code(422, "Invalid value", "The value does not fit the type of the attribute."),
        "out-of-range": Code(422, "Value out of range", "The value is of the right type, but too small or too large."),
        "too-long": Code(422, "Value too long", "The text, list or binary value is longer than the attribute allows."),
        "missing-value": Code(422, "Missing value", "The attribute or relationship must have a value."),
        "refused-value": Code(422, "Value refused", "A rule of the model or of the database refuses the value."),
        "circular-reference": Code(
            422, "Circular reference", "Rows would refer to each other in a circle that cannot be written in one step."
        ),
        "validation-failed": Code(400, "Validation error", "The model's own validation refuses the value."),
        "invalid-identifier": Code(400, "Invalid identifier", "The identifier lacks a member or has a wrong one."),
        "not-found": Code(404, "Not found", "There is no such resource, or it is not visible to the caller."),
        "unknown-url": Code(404, "Not found", "Nothing is served at this URL."),
        "related-not-found": Code(
            404, "Related resource not found", "A resource that the document refers to is missing."
        ),
        "no-result": Code(404, "No result found", "Exactly one resource was asked for; none matches."),
        "multiple-results": Code(404, "Multiple results found", "Exactly one resource was asked for; several match."),
        "method-not-allowed": Code(405, "Method not allowed", "The URL exists, but not with this method."),
        "not-acceptable": Code(406, "Not acceptable", "The server cannot answer in a media type that is accepted."),
        "unsupported-media-type": Code(
            415, "Unsupported media type", "The body is of a media type that is not read here."
        ),
        "payload-too-large": Code(413, "Payload too large", "The body is larger than the server accepts."),
        "client-id-forbidden": Code(403, "Client-generated id not allowed", "The server makes the ids of this type."),
        "not-writable": Code(403, "Field not writable", "The field can be read, but not be written this way."),
        "replacement-forbidden": Code(403, "Replacement not allowed", "The to-many relationship cannot be replaced."),
        "removal-forbidden": Code(403, "Removal not allowed", "Members of the relationship cannot be removed."),
        "forbidden": Code(403, "Forbidden", "The caller may not do this."),
        "unauthorized": Code(401, "Unauthorized", "The request needs valid credentials."),
        "wrong-type": Code(409, "Type conflict", "The resource type is not the one that belongs here."),
        "wrong-id": Code(409, "Id conflict", "The id in the document is not the one of the URL."),
        "already-exists": Code(409, "Already exists", "Another resource has the same id or unique value."),
        "still-referenced": Code(
            409, "Reference conflict", "Other resources refer to this one, or what it refers to is gone."
        ),
        "broken-reference": Code(
            403, "Broken reference", "The database has a foreign key to what is no key, so rows cannot be written."
        ),
        "edit-conflict": Code(409, "Edit conflict", "The resource was changed by somebody else in the meantime."),
        "request-in-progress": Code(
            409, "Request in progress", "A request with the same Idempotency-Key is still being carried out."
        ),
        "idempotency-key-reused": Code(
            422, "Idempotency-Key reused", "The Idempotency-Key belongs to another request that was carried out before."
        ),
        "precondition-failed": Code(412, "Precondition failed", "The resource is no longer in the expected state."),
        "precondition-required": Code(428, "Precondition required", "The request must say which state it expects."),
        "too-many-requests": Code(429, "Too many requests", "The caller has sent too many requests; try again later."),
        "timeout": Code(503, "Time limit exceeded", "The database did not answer within the time allowed."),
        "unavailable": Code(503, "Temporarily unavailable", "The database cannot be used at the moment; try again."),
        "internal-error": Code(500, "Internal server error", "The server failed; the id of the error is in its log."),
    }
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one request.

    `detail` names the offending text and what was allowed; `meta` holds machine-readable extras; `id` is the one
    under which the server logged the failure; `headers` are added to the answer (`Allow`, `Retry-After`); `cause` is
    the application's own exception, where a protocol may know more of it to tell.
    `status` and `title` come from the catalogue unless an application's own exception says otherwise.
    """

    code: str | None
    detail: str | None
    source: Source | None = None
    status: int = 0
    title: str | None = None
    meta: Mapping[str, Any] | None = None
    links: Mapping[str, Any] | None = None
    id: str | None = None
    headers: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    cause: BaseException | None = field(default=None, compare=False, repr=False)

    def at(self, source: Source | None) -> Problem:
        """Give the same problem with `source`, unless it has one already."""
        return self if self.source is not None else replace(self, source=source)


def problem(code: str, detail: str, source: Source | None = None, **extra: Any) -> Problem:
    """Make a Problem of a catalogued `code`; `extra` are further members of Problem."""
    row = CODES[code]
    extra.setdefault("status", row.status)
    extra.setdefault("title", row.title)
    return Problem(code, detail, source, **extra)


class Rejected(Exception):
    """The request cannot be carried out; `problems` is never empty."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(str(one.detail) for one in problems))
        self.problems = problems


def reject(code: str, detail: str, source: Source | None = None, **extra: Any) -> Rejected:
    """Make the exception for one catalogued problem, to be raised."""
    return Rejected(problem(code, detail, source, **extra))


def general_status(problems: Iterable[Problem]) -> int:
    """Give the status of an answer that reports all `problems` (J-7.1.2): their own if equal, else 400 or 500."""
    statuses = {one.status for one in problems}
    if len(statuses) == 1:
        return statuses.pop()
    return 500 if any(status >= 500 for status in statuses) else 400


def did_you_mean(name: str, allowed: Iterable[str]) -> str:
    """Give the end of a sentence that helps: the nearest names, else all of them when they are few.

    >>> did_you_mean("titel", ["title", "price"])
    '; did you mean "title"?'
    """
    names = sorted(allowed)
    close = get_close_matches(name[:100], names, n=2, cutoff=0.6)
    if close:
        return "; did you mean " + " or ".join(f'"{one}"' for one in close) + "?"
    if not names:
        return "; there are none"
    shown = ", ".join(f'"{one}"' for one in names[:12])
    return f"; allowed: {shown}" + (", ..." if len(names) > 12 else "")


def quote(text: object, limit: int = 80) -> str:
    """Give client text in quotation marks for a detail: printable, and cut after `limit` characters."""
    shown = "".join(char if char.isprintable() else "\ufffd" for char in str(text)[: limit + 1])
    return f'"{shown[:limit]}..."' if len(shown) > limit else f'"{shown}"'
