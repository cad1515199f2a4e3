"""Answers that are sent as they were made are the same as those that Werkzeug completes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Response
from werkzeug.test import create_environ, run_wsgi_app

from conftest import Shop
from flask_restless.answers import Answer

FIELDS = (("Content-Type", "application/json"), ("ETag", '"1"'))
BODY = b'{"a":1}'


def sent(response: Response, method: str = "GET") -> tuple[list[bytes], str, dict[str, str]]:
    pieces, status, headers = run_wsgi_app(response, create_environ(method=method))
    return list(pieces), status, dict(headers)


def whole(status: int = 200, fields: tuple[tuple[str, str], ...] = FIELDS) -> Answer:
    return Answer(BODY, status, fields)


def test_an_answer_is_one_piece_with_its_length() -> None:
    answer = whole(201)
    assert sent(answer) == ([BODY], "201 CREATED", {**dict(FIELDS), "Content-Length": "7"})
    assert answer(create_environ(), lambda *_: lambda _: None) is answer.response


def test_head_has_the_fields_alone() -> None:
    assert sent(whole(), "HEAD") == ([], "200 OK", {**dict(FIELDS), "Content-Length": "7"})


def with_other_data(response: Response) -> None:
    response.set_data(b"other")


def with_other_status(response: Response) -> None:
    response.status_code = 204


def with_a_redirection(response: Response) -> None:
    response.status_code = 302
    response.location = "/\u00fcber"


def with_a_field(response: Response) -> None:
    response.headers["Access-Control-Allow-Origin"] = "*"


def with_a_cookie(response: Response) -> None:
    response.set_cookie("seen", "yes")


def without_a_field(response: Response) -> None:
    del response.headers["ETag"]


def with_a_stream(response: Response) -> None:
    response.response = iter([b"a", b"b"])
    del response.headers["Content-Length"]


@pytest.mark.parametrize(
    "change",
    [
        with_other_data,
        with_other_status,
        with_a_redirection,
        with_a_field,
        with_a_cookie,
        without_a_field,
        with_a_stream,
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_comes_after_the_view_is_heeded(change: Callable[[Response], Any], method: str) -> None:
    """As in a response of Flask's own."""
    ours, theirs = whole(), Response([BODY], 200, [*FIELDS, ("Content-Length", "7")])
    change(ours)
    change(theirs)
    assert sent(ours, method) == sent(theirs, method)
    assert sent(whole(), method) != sent(theirs, method)


def test_what_waits_for_the_end_is_called() -> None:
    called: list[bool] = []
    answer = whole()
    answer.call_on_close(lambda: called.append(True))
    pieces, _, _ = run_wsgi_app(answer, create_environ())
    assert (list(pieces), called) == ([BODY], [])
    pieces.close()  # type: ignore[attr-defined]  # it is Werkzeug's own iterator
    assert called == [True]


@pytest.mark.parametrize("text", ["a\r\nSet-Cookie: b", "a\nb", "a\rb"])
def test_a_line_break_in_a_field_is_refused(text: str) -> None:
    """T16."""
    with pytest.raises(ValueError, match="newline"):
        sent(whole(fields=(("Vary", text),)))


def test_a_class_of_responses_of_the_application_is_kept(shop: Shop) -> None:
    class Own(Response):
        """Sends one field more."""

        def get_wsgi_headers(self, environ: Any) -> Any:
            headers = super().get_wsgi_headers(environ)
            headers["X-Own"] = "yes"
            return headers

    assert "X-Own" not in shop.get("/api/books/1").headers
    shop.app.response_class = Own
    assert shop.get("/api/books/1").headers["X-Own"] == "yes"
    assert shop.get("/api/books/99999").headers["X-Own"] == "yes"
