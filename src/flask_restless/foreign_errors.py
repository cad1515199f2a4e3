"""Errors of the application's own code and of its extensions below an API's prefix: what they say, as problems.

Authentication, rate limits and the like raise exceptions of their own, or abort, before a view is reached.  What they
decide - the status, and header fields that belong to it - is kept; the document is the protocol's.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, request

from .operations.exceptions import ProcessingException
from .operations.problems import CODES, Problem, problem

CODE_OF_STATUS = {
    401: "unauthorized",
    403: "forbidden",
    404: "unknown-url",
    405: "method-not-allowed",
    413: "payload-too-large",
    415: "unsupported-media-type",
    429: "too-many-requests",
}

KEPT = ("Allow", "Retry-After", "WWW-Authenticate")
"""Header fields that belong to a status."""

MESSAGES = ("msg", "message", "description", "detail", "error")
"""The members in which extensions put what they have to say."""


def problems_of_application(app: Flask, error: Exception) -> tuple[Problem, ...]:
    """Give the problems that an exception of the application's own stands for; none if nobody knows it.

    Extensions such as Flask-JWT-Extended raise exceptions for which they have registered handlers with the
    application.  Such a handler is asked; one for all exceptions is none that knows this one.
    """
    if isinstance(error, ProcessingException):
        return error.problems()
    handlers = app.error_handler_spec[None][None]
    known = (one for one in type(error).__mro__ if one not in (Exception, BaseException, object))
    handler: Any = next((handlers[one] for one in known if one in handlers), None)
    if handler is None:
        return ()
    response = app.make_response(app.ensure_sync(handler)(error))
    return (problem_of_response(response),) if response.status_code >= 400 else ()


def problem_of_response(response: Response) -> Problem:
    """Give the problem that an answer reports which is no document."""
    headers = tuple((name, value) for name, value in response.headers if name in KEPT)
    return problem_of_status(response.status_code, _message(response), response.status, headers)


def problem_of_status(status: int, detail: str | None, title: str, headers: tuple[tuple[str, str], ...]) -> Problem:
    """Give the problem of a status: the catalogued one, if there is."""
    if status in CODE_OF_STATUS:
        code = CODE_OF_STATUS[status]
        return problem(code, detail or CODES[code].explanation, headers=headers)
    return Problem(None, detail, status=status, title=title, headers=headers)


def _message(response: Response) -> str | None:
    document = response.get_json(silent=True)
    if not isinstance(document, dict):
        return None
    return next((document[name] for name in MESSAGES if isinstance(document.get(name), str)), None)


def is_foreign_refusal(response: Response, media_type: str) -> bool:
    """Whether an answer refuses a URL that no view serves, and is no document of the protocol.

    Routing's own refusals are documents; that of an application's guard which came first is not.
    """
    return request.url_rule is None and response.status_code >= 400 and response.mimetype != media_type
