"""What is done to requests on their way: smuggling, slow and short bodies, line ends (T16, T19, T30, T40, T43)."""

from __future__ import annotations

import io
import json
import socket
from typing import Any

import pytest
from sqlalchemy import Engine, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker
from werkzeug.test import EnvironBuilder, run_wsgi_app

from conftest import JSONAPI, CheckedClient, Shop, checked_client, fresh_database
from flask_restless import APIManager
from serving import waitress
from slow import Book, slow_shop

DOCUMENT = json.dumps({"data": {"type": "book", "attributes": {"title": "new"}}}).encode()


@pytest.fixture
def shop(sqlite: Engine) -> Shop:
    return slow_shop(sqlite)


def number_of_books(shop: Shop) -> int:
    with shop.session() as session:
        return session.query(Book).count()


# ---------------------------------------------------------------- T16


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "note"
    id: Mapped[str] = mapped_column(String(60), primary_key=True)
    title: Mapped[str | None] = mapped_column(String(60))


@pytest.fixture
def notes(sqlite: Engine) -> CheckedClient:
    from flask import Flask

    Base.metadata.create_all(sqlite)
    app = Flask(__name__)
    manager = APIManager(app, session=sessionmaker(sqlite))
    manager.create_api(Note, methods=["GET", "POST"], allow_client_generated_ids=True)
    return checked_client(app)


@pytest.mark.parametrize("path", ["/api/note/1%0d%0aSet-Cookie:%20a=1", "/api/no%0d%0aX-Evil:%201te"])
def test_line_ends_in_paths_end_no_header(notes: CheckedClient, path: str) -> None:
    """T16: 404, and nothing of it becomes a header."""
    answer = notes.get(path)

    assert answer.status_code == 404
    assert not {"Set-Cookie", "X-Evil"} & set(answer.headers.keys())


def test_line_ends_in_ids_and_values(notes: CheckedClient) -> None:
    """T16: `Location` and links are percent-encoded; a title is text like any other."""
    evil = "a\r\nSet-Cookie: a=1"
    data = {"type": "note", "id": evil, "attributes": {"title": evil}}

    answer = notes.send("POST", "/api/note", {"data": data})

    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"].endswith("/api/note/a%0D%0ASet-Cookie:%20a=1") or answer.headers[
        "Location"
    ].endswith("/api/note/a%0D%0ASet-Cookie%3A%20a%3D1")
    assert "Set-Cookie" not in answer.headers
    assert notes.get(answer.headers["Location"]).json["data"]["attributes"]["title"] == evil


# ---------------------------------------------------------------- T19, over a real server


def sent(port: int, *parts: bytes, shut: bool = False) -> bytes:
    """Send bytes, and give all that comes back until the server closes or falls silent."""
    with socket.create_connection(("127.0.0.1", port), timeout=2) as client:
        for part in parts:
            client.sendall(part)
        if shut:
            client.shutdown(socket.SHUT_WR)
        received = b""
        try:
            while piece := client.recv(65536):
                received += piece
        except TimeoutError:
            received += b"<open>"
        return received


HEAD = b"POST /api/book HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + JSONAPI.encode() + b"\r\n"
SMUGGLED = b"DELETE /api/book/1 HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize(
    "request_",
    [
        HEAD + b"Content-Length: 5\r\nContent-Length: 60\r\n\r\n" + SMUGGLED,
        HEAD + b"Content-Length: +5\r\n\r\n" + SMUGGLED,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + SMUGGLED,
        HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    ],
    ids=["two lengths", "signed length", "bad chunk", "unknown coding"],
)
def test_requests_whose_end_is_in_doubt(shop: Shop, request_: bytes) -> None:
    """T19: refused, the connection closed, and what follows is no request."""
    with waitress(shop.app) as port:
        received = sent(port, request_)

    status = int(received.split(b" ", 2)[1])
    assert status in {400, 501}, received
    assert not received.endswith(b"<open>")
    assert received.count(b"HTTP/1.1 ") + received.count(b"HTTP/1.0 ") == 1
    assert number_of_books(shop) == 3


def test_length_and_chunks_together(shop: Shop) -> None:
    """T19: one reading of both, and it is not the length: nothing is smuggled."""
    body = b"0\r\n\r\n"
    request_ = HEAD + b"Connection: close\r\nContent-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n" % (
        len(body) + len(SMUGGLED)
    )
    with waitress(shop.app) as port:
        received = sent(port, request_ + body + SMUGGLED)

    assert received.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400")), received
    assert number_of_books(shop) == 3


def test_chunks_are_read(shop: Shop) -> None:
    """T19: the honest kind."""
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(DOCUMENT), DOCUMENT)
    with waitress(shop.app) as port:
        received = sent(port, HEAD + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked)

    assert received.startswith(b"HTTP/1.1 201"), received


# ---------------------------------------------------------------- T30, T43


class Dripping(io.RawIOBase):
    """A body of one byte at a time; `look` is called before each."""

    def __init__(self, body: bytes, look: Any) -> None:
        self.left = body
        self.look = look

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.look()
        if not self.left:
            return 0
        buffer[0:1] = self.left[:1]
        self.left = self.left[1:]
        return 1


def test_no_connection_is_held_while_a_body_comes_in() -> None:
    """T30: not before the body is complete; the front buffers bodies, and this is what it cannot do."""
    with fresh_database("postgresql") as engine:
        shop = slow_shop(engine)
        held: list[int] = []
        body = Dripping(DOCUMENT, lambda: held.append(engine.pool.checkedout()))

        environ = {"wsgi.input": body, "CONTENT_LENGTH": str(len(DOCUMENT))}

        answer = shop.client.post("/api/book", content_type=JSONAPI, environ_overrides=environ)

        assert answer.status_code == 201, answer.text
        assert len(held) >= len(DOCUMENT)
        assert set(held) == {0}


@pytest.mark.parametrize("path", ["/api/book", "/classic/book"])
def test_a_body_shorter_than_it_says(shop: Shop, path: str) -> None:
    """T43: 400, nothing stored, although the JSON is complete."""
    document = DOCUMENT if path == "/api/book" else b'{"title": "new"}'
    kind = JSONAPI if path == "/api/book" else "application/json"
    environ = {"wsgi.input": io.BytesIO(document), "CONTENT_LENGTH": str(len(document) + 50)}

    answer = shop.client.post(path, content_type=kind, environ_overrides=environ)

    assert answer.status_code == 400, answer.text
    assert number_of_books(shop) == 3


def test_a_body_cut_off_on_the_way(shop: Shop) -> None:
    """T43: over a real server, which never hands it on."""
    with waitress(shop.app) as port:
        received = sent(port, HEAD + b"Content-Length: %d\r\n\r\n" % (len(DOCUMENT) + 50) + DOCUMENT, shut=True)

    assert b" 201 " not in received
    assert number_of_books(shop) == 3


# ---------------------------------------------------------------- T40


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (JSONAPI + "; charset=utf-8", 415),
        (JSONAPI + '; ext="https://example.org/none"', 415),
        (JSONAPI + '; profile="https://example.org/none"', 201),
        ("application/json", 415),
    ],
)
def test_content_type(shop: Shop, kind: str, status: int) -> None:
    """T40: no parameter but `ext` and `profile`, and no unknown extension."""
    assert shop.client.post("/api/book", data=DOCUMENT, content_type=kind).status_code == status


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (JSONAPI + "; charset=utf-8", 406),
        (JSONAPI + '; ext="https://example.org/none"', 406),
        (JSONAPI + "; charset=utf-8, " + JSONAPI, 200),
        ("*/*", 200),
    ],
)
def test_accept(shop: Shop, accept: str, status: int) -> None:
    """T40: 406 where every instance of the media type has parameters that are not known."""
    assert shop.get("/api/book", headers={"Accept": accept}).status_code == status


@pytest.mark.parametrize("host", ["[::1", "[::1]x", "a b", 'a"b', "a/b", "a@b", "a:b", "a:999999"])
def test_a_malformed_host_is_refused(shop: Shop, host: str) -> None:
    """T15: asked without the test client, whose older versions cannot read such hosts themselves."""
    environ = EnvironBuilder(path="/api/book").get_environ() | {"HTTP_HOST": host}

    body, status, _headers = run_wsgi_app(shop.app, environ, buffered=True)

    error = json.loads(b"".join(body))["errors"][0]
    assert (status[:3], error["code"], error["title"]) == ("400", "malformed-host", "Malformed host")
