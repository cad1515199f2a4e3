"""What the application and its extensions refuse below an API's prefix is a document of the API (feature 49)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, Response, abort, jsonify, make_response, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import TooManyRequests, Unauthorized

from conftest import JSONAPI, Shop
from flask_restless import ProcessingException

URLS = ["/api/books", "/api/books/1", "/api/books/99999", "/api/nothing", "/api/nothing/at/all", "/api"]


class Denied(Exception):
    pass


class StronglyDenied(Denied):
    pass


def guarded(shop: Shop, guard: Callable[[], Any]) -> Flask:
    """Have `guard` run before each request below the prefix; that the API was there first makes no difference."""
    shop.app.before_request(lambda: guard() if request.path.startswith("/api") else None)
    return shop.app


@pytest.mark.parametrize("url", URLS)
def test_a_guard_that_aborts(shop: Shop, url: str) -> None:
    """Also where no view serves the URL, and in the same words: nobody learns which URLs there are."""
    guarded(shop, lambda: abort(401, description="log in", www_authenticate=WWWAuthenticate("basic", {"realm": "x"})))

    response = shop.get(url)

    assert (response.status_code, response.mimetype) == (401, JSONAPI)
    assert response.json["errors"][0]["code"] == "unauthorized"
    assert response.headers["WWW-Authenticate"] == "Basic realm=x"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("url", URLS)
def test_a_guard_that_limits(shop: Shop, url: str) -> None:
    def limit() -> None:
        raise TooManyRequests("slower", retry_after=7)

    guarded(shop, limit)

    response = shop.get(url)

    assert (response.status_code, response.mimetype) == (429, JSONAPI)
    assert response.json["errors"][0]["code"] == "too-many-requests"
    assert response.headers["Retry-After"] == "7"


@pytest.mark.parametrize("error", [Denied, StronglyDenied])
@pytest.mark.parametrize("url", URLS)
def test_exceptions_that_the_application_has_handlers_for(shop: Shop, error: type[Exception], url: str) -> None:
    """Flask-JWT-Extended registers its handlers that way."""

    def deny() -> None:
        raise error

    guarded(shop, deny)
    shop.app.register_error_handler(Denied, lambda _: (jsonify(msg="no token"), 403, {"X-Own": "1"}))

    response = shop.get(url)

    assert (response.status_code, response.mimetype) == (403, JSONAPI)
    assert response.json["errors"][0]["code"] == "forbidden"
    assert response.json["errors"][0]["detail"] == "no token"
    assert "X-Own" not in response.headers


def test_processing_exceptions_of_a_guard(shop: Shop) -> None:
    def deny() -> None:
        raise ProcessingException(detail="not today", status=403)

    guarded(shop, deny)

    response = shop.get("/api/books")

    assert (response.status_code, response.mimetype) == (403, JSONAPI)
    assert response.json["errors"][0]["detail"] == "not today"


@pytest.mark.parametrize("url", ["/api/books/99999", "/api/nothing"])
def test_pages_of_the_application_are_for_its_own_urls(shop: Shop, url: str) -> None:
    shop.app.register_error_handler(404, lambda _: ("<h1>nothing here</h1>", 404))

    assert shop.get(url).mimetype == JSONAPI
    assert shop.get("/elsewhere").text == "<h1>nothing here</h1>"


def test_errors_beside_the_prefix_are_the_applications(shop: Shop) -> None:
    @shop.app.before_request
    def deny() -> None:
        if request.path.startswith("/apiary"):
            raise Unauthorized

    response = shop.get("/apiary")

    assert (response.status_code, response.mimetype) == (401, "text/html")


def test_a_response_of_the_application_is_sent_as_it_is(shop: Shop) -> None:
    """A redirection to a login, for instance."""
    guarded(shop, lambda: abort(make_response("see there", 303, {"Location": "/login"})))

    response = shop.get("/api/books")

    assert (response.status_code, response.text, response.headers["Location"]) == (303, "see there", "/login")


def test_a_handler_for_everything_knows_nothing(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    """A defect stays one: an id in the log, and nothing of it in the answer (T08)."""
    shop.app.register_error_handler(Exception, lambda error: Response(f"told: {error}", 418))

    def fail() -> None:
        raise KeyError("SELECT secret FROM table")

    guarded(shop, fail)

    response = shop.get("/api/books")

    assert (response.status_code, response.mimetype) == (500, JSONAPI)
    assert response.json["errors"][0]["id"] in caplog.text


def test_a_handler_that_lets_pass_leaves_a_defect(shop: Shop) -> None:
    """What a handler answers with success is no refusal, and no document either."""

    def fail() -> None:
        raise Denied

    guarded(shop, fail)
    shop.app.register_error_handler(Denied, lambda _: ("fine", 200))

    assert shop.get("/api/books").status_code == 500
