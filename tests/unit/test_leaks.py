"""The guard of error bodies: it sees every application and every client, and it can fail."""

from __future__ import annotations

import threading

import pytest
from flask import Flask, Response, abort
from werkzeug.serving import make_server

from leaks import CONSTRAINTS, guarded, leak_in

SAYINGS = [
    "UNIQUE constraint failed: books.isbn",
    "(1062, \"Duplicate entry '1' for key 'isbn'\")",
    'duplicate key value violates unique constraint "x"',
    "SELECT books.id FROM books",
    "DELETE FROM books",
    "(Background on this error at: https://sqlalche.me/e/20/gkpj)",
    "<class 'app.models.Book'>",
    "<Book object at 0x7f0012>",
    'File "/srv/app.py", line 3',
    "books_isbn_key",
    "book_tags_tag_id_fkey",
    "ck_books_price",
]


@pytest.mark.parametrize("saying", SAYINGS)
def test_what_must_not_be_said_is_found(saying: str) -> None:
    assert leak_in(400, f'{{"message": "{saying}"}}'.encode())
    assert leak_in(200, saying.encode()) is None


@pytest.mark.parametrize("body", [b"", b"{}", b'{"message": "there is no books with the id 1"}', *CONSTRAINTS])
def test_what_may_be_said_is_not(body: bytes) -> None:
    assert leak_in(409, body) is None


@pytest.fixture
def talkative() -> Flask:
    """An application that tells what its database said; `/handled` by way of an error handler."""
    app = Flask("talkative")

    @app.get("/plain")
    def plain() -> Response:
        return Response("UNIQUE constraint failed: books.isbn", 409)

    @app.get("/handled")
    def handled() -> Response:
        abort(400, "INSERT INTO books")

    return app


@pytest.mark.parametrize("path", ["/plain", "/handled"])
def test_a_leak_fails_whoever_asks(talkative: Flask, path: str) -> None:
    """A client that checks nothing itself."""
    with pytest.raises(AssertionError, match=path), guarded():
        talkative.test_client().get(path)


def test_a_leak_of_a_server_in_a_thread_fails(talkative: Flask) -> None:
    from urllib.error import HTTPError
    from urllib.request import urlopen

    server = make_server("127.0.0.1", 0, talkative)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with pytest.raises(AssertionError, match="/plain"), guarded(), pytest.raises(HTTPError):
            urlopen(f"http://127.0.0.1:{server.port}/plain", timeout=10)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_every_test_is_guarded(request: pytest.FixtureRequest) -> None:
    assert "no_leaks" in request.fixturenames
