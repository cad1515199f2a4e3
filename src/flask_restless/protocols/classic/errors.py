"""Problems to error bodies: the status table of contract 2.1, row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from ...operations.exceptions import field_message
from ...operations.problems import Problem
from ...schema.codec import encode_value
from .document import COMPUTED, CONTENT_TYPE

UNDECODABLE = "Unable to decode data"
UNSEARCHABLE = "Unable to construct query"
UNKNOWN = "Could not determine specific validation errors"

MESSAGES: Mapping[str, str] = MappingProxyType(
    {
        "no-result": "No result found",
        "multiple-results": "Multiple results found",
        "unsupported-media-type": CONTENT_TYPE,
        "already-exists": "IntegrityError",
        "still-referenced": "IntegrityError",
        "missing-value": "IntegrityError",
    }
)
"""Code -> the message that clients of 0.17 know; constraints of the database went by the exception's name."""

SEARCHES = frozenset(
    {"invalid-filter", "invalid-sort", "unknown-field", "unknown-operator", "unknown-relationship", "invalid-value"}
)
"""Codes of what may be wrong in a search object."""

STATUSES: Mapping[str, int] = MappingProxyType({"multiple-results": 400, "related-not-found": 400, "not-writable": 400})
"""Codes whose status differs from that of the catalogue."""

KEPT = frozenset({400, 401, 403, 404, 405, 406, 412, 413, 415, 428, 429})
"""Statuses under 500 that the classic protocol sends; all others it knew as 400."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The answer to a request that failed; `is_own` means that the application's own exception made it."""

    status: int
    body: dict[str, Any]
    is_own: bool = False


def refusal(problems: Sequence[Problem], method: str | None, *, details: bool = False) -> Refusal:
    """Write an error body: its message tells the first problem; with `details` all of them stand beside it."""
    first = problems[0]
    body = _body(problems, first, method)
    if details:
        body = {**body, "errors": [_detailed(one) for one in problems]}
    return Refusal(_status(first), body, first.code is None)


def _status(one: Problem) -> int:
    if one.code is None:
        return one.status
    status = STATUSES.get(one.code, one.status)
    return status if status >= 500 or status in KEPT else 400


def _body(problems: Sequence[Problem], first: Problem, method: str | None) -> dict[str, Any]:
    if first.code is None:
        return {"message": first.detail or f"{first.status}: {_phrase(first.status)}"}
    if first.code == "not-found":
        return {}
    invalid = [one for one in problems if one.code == "validation-failed"]
    if invalid:
        return {"validation_errors": _validation_errors(invalid)}
    return _bodied(first, method)


def _bodied(one: Problem, method: str | None) -> dict[str, Any]:
    pointer = one.source.pointer if one.source is not None else None
    in_search = one.source is not None and (one.source.parameter == "q" or pointer == "/q")
    if one.code == "invalid-filter" or (in_search and one.code in SEARCHES):
        return {"message": UNSEARCHABLE}
    if one.code == "malformed-document" and (in_search or pointer == ""):
        return {"message": "Unable to decode search query" if in_search and method == "DELETE" else UNDECODABLE}
    if one.source is not None and one.source.header == "Content-Encoding":
        return {"message": one.detail}  # which 0.17 did not look at: no message of its own says so
    if one.title == COMPUTED and method == "POST":
        return {"validation_errors": UNKNOWN}
    if one.code == "unknown-field" and pointer:
        name = pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
        return {"validation_errors": UNKNOWN} if method == "POST" else {"message": _no_field(name)}
    return {"message": MESSAGES.get(one.code or "") or one.detail or one.title or "Error"}


def _no_field(name: str) -> str:
    return f"Model does not have field '{name[:80]}'"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def _validation_errors(problems: Sequence[Problem]) -> Any:
    """Give what the application's validation says (contract 2.13): its `errors`, or the field its message names."""
    for one in problems:
        cause = one.cause
        errors = getattr(cause, "errors", None)
        if errors is not None:
            return encode_value(errors() if callable(errors) else errors)
        found = field_message(str(getattr(cause, "message", "") and cause))
        if found is not None:
            return dict([found])
    return UNKNOWN


def _detailed(one: Problem) -> dict[str, Any]:
    source = one.source
    places = (
        {} if source is None else {"pointer": source.pointer, "parameter": source.parameter, "header": source.header}
    )
    members = {"code": one.code, "detail": one.detail, **places, "id": one.id}
    return {name: value for name, value in members.items() if value is not None}
