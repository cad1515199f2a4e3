"""Problems to bodies."""

from __future__ import annotations

from typing import Any

import pytest

from flask_restless.operations.problems import CODES, Problem, Source, problem
from flask_restless.protocols.classic.errors import refusal

Q, NAME, BODY = Source(parameter="q"), Source(pointer="/na~1me"), Source(pointer="")


@pytest.mark.parametrize(
    ("code", "source", "method", "status", "body"),
    [
        ("unknown-field", Q, "GET", 400, {"message": "Unable to construct query"}),
        ("unknown-field", Source(pointer="/q"), "PATCH", 400, {"message": "Unable to construct query"}),
        ("unknown-field", NAME, "PATCH", 400, {"message": "Model does not have field 'na/me'"}),
        ("unknown-field", NAME, "POST", 400, {"validation_errors": "Could not determine specific validation errors"}),
        ("malformed-document", Q, "GET", 400, {"message": "Unable to decode data"}),
        ("malformed-document", Q, "DELETE", 400, {"message": "Unable to decode search query"}),
        ("malformed-document", BODY, "POST", 400, {"message": "Unable to decode data"}),
        ("malformed-document", NAME, "POST", 400, {"message": "why"}),
        ("already-exists", NAME, "POST", 400, {"message": "IntegrityError"}),
        ("not-found", None, "GET", 404, {}),
        ("unknown-url", None, "GET", 404, {"message": "why"}),
        ("invalid-value", NAME, "POST", 400, {"message": "why"}),
        ("edit-conflict", None, "PATCH", 400, {"message": "why"}),
        ("limit-exceeded", Q, "GET", 400, {"message": "why"}),
        ("payload-too-large", None, "POST", 413, {"message": "why"}),
        ("forbidden", None, "POST", 403, {"message": "why"}),
        ("unavailable", None, "GET", 503, {"message": "why"}),
        ("internal-error", None, None, 500, {"message": "why"}),
    ],
)
def test_bodies(code: str, source: Source | None, method: str | None, status: int, body: dict[str, Any]) -> None:
    found = refusal([problem(code, "why", source)], method)

    assert (found.status, found.body, found.is_own) == (status, body, False)


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_has_a_body_and_a_classic_status(code: str) -> None:
    found = refusal([problem(code, "why")], "GET")

    assert found.status in (400, 401, 403, 404, 405, 406, 412, 413, 415, 428, 429, 500, 503)
    assert found.body == {} or set(found.body) <= {"message", "validation_errors"}


@pytest.mark.parametrize(
    ("status", "detail", "message"),
    [
        (401, "", "401: Unauthorized"),
        (451, None, "451: Unavailable For Legal Reasons"),
        (299, None, "299: Error"),
        (403, "x", "x"),
    ],
)
def test_the_applications_own_refusals(status: int, detail: str | None, message: str) -> None:
    found = refusal([Problem(None, detail, status=status)], "GET")

    assert (found.status, found.body, found.is_own) == (status, {"message": message}, True)


def test_details() -> None:
    found = refusal([problem("invalid-value", "why", NAME), problem("unknown-field", "what", Q)], "POST", details=True)

    assert found.body["errors"] == [
        {"code": "invalid-value", "detail": "why", "pointer": "/na~1me"},
        {"code": "unknown-field", "detail": "what", "parameter": "q"},
    ]
