"""Exports are streams: memory that does not grow, sessions that end, and what happens when something breaks (T61)."""

from __future__ import annotations

import http.client
import logging
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask, Response
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy_lite import SQLAlchemy as SQLAlchemyLite
from sqlalchemy import Engine, ForeignKey, String, create_engine, event, insert, select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    relationship,
    scoped_session,
    sessionmaker,
)
from werkzeug.test import EnvironBuilder, run_wsgi_app

from conftest import fresh_database
from flask_restless import APIManager
from serving import waitress

CSV, NDJSON = "text/csv", "application/x-ndjson"


class Base(DeclarativeBase):
    pass


class Row(Base):
    __tablename__ = "rows"
    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str] = mapped_column(String(100))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("rows.id"))
    parent: Mapped[Row | None] = relationship(remote_side="Row.id")

    @property
    def shout(self) -> str:
        return self.body.upper()

    @property
    def above(self) -> str | None:
        return self.parent and self.parent.body

    @property
    def fragile(self) -> str:
        if self.id == 1500:
            raise RuntimeError("the row of the defect")
        return self.body


def fill(engine: Engine, number: int) -> None:
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        for start in range(0, number, 10_000):
            ids = range(start + 1, min(start + 10_000, number) + 1)
            rows = [{"id": id_, "body": f"body of the row {id_} " * 4, "parent_id": 1} for id_ in ids]
            connection.execute(insert(Row), rows)


def served(source: Any, **options: Any) -> Flask:
    app = Flask("streaming")
    manager = APIManager(app, session=source)
    manager.create_api(Row, exports=True, **options)
    return app


@contextmanager
def begun(app: Flask, path: str = "/api/rows", accept: str = NDJSON, **options: Any) -> Iterator[Iterable[bytes]]:
    """Give the iterable that a WSGI server reads, and close it as a server does, read or not."""
    environ = EnvironBuilder(path=path, headers={"Accept": accept}, **options).get_environ()
    body, status, _ = run_wsgi_app(app, environ)
    assert status.startswith("200"), (status, b"".join(body))
    try:
        yield body
    finally:
        body.close()


def read(body: Iterable[bytes]) -> list[bytes]:
    return b"".join(body).splitlines()


# ---------------------------------------------------------------- memory


@pytest.mark.parametrize("accept", [CSV, NDJSON])
def test_memory_does_not_grow_with_the_table(database: Engine, accept: str) -> None:
    """Issue 6: the peak of 40,000 rows is that of 4,000, whichever the database."""
    app = served(sessionmaker(database))
    fill(database, 40_000)

    def peak(path: str) -> tuple[int, int]:
        length = 0
        tracemalloc.start()
        try:
            with begun(app, path, accept) as body:
                for piece in body:
                    length += piece.count(b"\n")
            return length, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak("/api/rows?filter[id][lt]=10")
    few, small = peak("/api/rows?filter[id][lte]=4000")
    many, large = peak("/api/rows")

    assert (few // 1000, many // 1000) == (4, 40)
    assert large < 1.3 * small


# ---------------------------------------------------------------- sessions

SOURCES: dict[str, Callable[[Engine], Any]] = {
    "sessionmaker": sessionmaker,
    "scoped_session": lambda engine: scoped_session(sessionmaker(engine)),
    "session": Session,
    "function": lambda engine: lambda: Session(engine),
}


@pytest.fixture
def pooled(tmp_path: Any) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path}/rows.sqlite")
    fill(engine, 3500)
    yield engine
    engine.dispose()


def checked_out(engine: Engine) -> int:
    return engine.pool.checkedout()


@pytest.mark.parametrize("kind", SOURCES)
def test_the_session_lives_as_long_as_the_stream(pooled: Engine, kind: str) -> None:
    """T54: the connection is out while rows are read, and back at the end, for every kind of session."""
    app = served(SOURCES[kind](pooled))

    with begun(app) as body:
        pieces = iter(body)
        next(pieces)
        assert checked_out(pooled) == 1
        assert sum(piece.count(b"\n") for piece in pieces) == 2500
        assert checked_out(pooled) == 0


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize("pieces", [0, 1, 2])
def test_a_client_that_goes_away_gives_the_session_back(pooled: Engine, kind: str, pieces: int) -> None:
    """Servers close the body of a client that has gone, be it before the first piece."""
    app = served(SOURCES[kind](pooled))

    for _ in range(10):
        with begun(app, "/api/rows") as body:
            for _, _ in zip(range(pieces), body, strict=False):
                pass
        assert checked_out(pooled) == 0

    with begun(app) as body:
        assert len(read(body)) == 3500


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_client_that_goes_away_closes_the_cursor(kind: str) -> None:
    with fresh_database(kind) as engine:
        fill(engine, 3500)
        app = served(sessionmaker(engine))

        for _ in range(10):
            with begun(app) as body:
                next(iter(body))
            assert checked_out(engine) == 0

        with begun(app) as body:
            assert len(read(body)) == 3500
        with engine.connect() as connection:
            assert connection.scalar(select(Row.id).limit(1)) is not None


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("lite", [False, True])
def test_sessions_of_the_application_context(pooled: Engine, lite: bool, method: str) -> None:
    """Flask-SQLAlchemy removes its session with the context, which lasts as long as the stream."""
    app = Flask("context")
    if lite:
        app.config["SQLALCHEMY_ENGINES"] = {"default": str(pooled.url)}
        db: Any = SQLAlchemyLite(app)
    else:
        app.config["SQLALCHEMY_DATABASE_URI"] = str(pooled.url)
        db = SQLAlchemy(app)
    APIManager(app, session=db).create_api(Row, exports=True)
    with app.app_context():
        engine = db.engine

    with begun(app, method=method) as body:
        assert len(read(body)) == (3500 if method == "GET" else 0)
    with begun(app) as body:
        next(iter(body))
    assert checked_out(engine) == 0
    engine.dispose()


def test_teardown_functions_run_after_the_last_row(pooled: Engine) -> None:
    session = scoped_session(sessionmaker(pooled))
    app = served(session)
    app.teardown_appcontext(lambda _error: session.remove())

    with begun(app) as body:
        assert len(read(body)) == 3500


def test_the_transaction_is_committed_at_the_end(pooled: Engine) -> None:
    """A session that others may use is left as after every other answer: nothing pending, nothing open."""
    session = Session(pooled)
    ends: list[str] = []
    event.listen(session, "after_commit", lambda _: ends.append("commit"))
    event.listen(session, "after_rollback", lambda _: ends.append("rollback"))
    app = served(session)

    with begun(app) as body:
        read(body)
    assert (ends, session.in_transaction()) == (["commit"], False)

    with begun(app):
        pass
    assert (ends, session.in_transaction()) == (["commit", "rollback"], False)


def test_an_engine_in_autocommit() -> None:
    """PostgreSQL knows cursors in transactions alone."""
    with fresh_database("postgresql") as plain:
        fill(plain, 2500)
        engine = create_engine(plain.url, isolation_level="AUTOCOMMIT")

        with begun(served(sessionmaker(engine))) as body:
            assert len(read(body)) == 2500

        engine.dispose()


# ---------------------------------------------------------------- computed columns


def test_computed_columns_are_streamed(database: Engine) -> None:
    """What reads a relationship costs statements for each chunk, not for each row."""
    fill(database, 2500)
    app = served(sessionmaker(database), additional_attributes=["shout", "above"])

    with begun(app, "/api/rows?fields[rows]=shout,above&sort=-id") as body:
        lines = read(body)

    assert len(lines) == 2500
    assert lines[0].startswith(b'{"id":"2500","shout":"BODY OF THE ROW 2500 ')
    assert lines[-1].startswith(b'{"id":"1",')
    assert all(b'"above":"body of the row 1 ' in line for line in lines)


@pytest.mark.parametrize("lazy", ["joined", "subquery", "selectin", "immediate"])
def test_relationships_that_load_eagerly(database: Engine, lazy: str) -> None:
    class Own(DeclarativeBase):
        pass

    class Leaf(Own):
        __tablename__ = "leaves"
        id: Mapped[int] = mapped_column(primary_key=True)
        tree_id: Mapped[int] = mapped_column(ForeignKey("trees.id"))

    class Tree(Own):
        __tablename__ = "trees"
        id: Mapped[int] = mapped_column(primary_key=True)
        leaves: Mapped[list[Leaf]] = relationship(lazy=lazy)

        @property
        def size(self) -> int:
            return len(self.leaves)

    Own.metadata.create_all(database)
    with Session(database) as session, session.begin():
        session.add_all([Tree(id=id_, leaves=[Leaf() for _ in range(2)]) for id_ in range(1, 6)])
    app = Flask("eager")
    APIManager(app, session=sessionmaker(database)).create_api(Tree, exports=True, additional_attributes=["size"])

    with begun(app, "/api/trees") as body:
        assert read(body) == [b'{"id":"%d","size":2}' % id_ for id_ in range(1, 6)]


# ---------------------------------------------------------------- failures


def test_what_fails_at_once_is_a_document(pooled: Engine, caplog: pytest.LogCaptureFixture) -> None:
    with pooled.begin() as connection:
        connection.execute(text("DROP TABLE rows"))
    app = served(sessionmaker(pooled))

    response = app.test_client().get("/api/rows", headers={"Accept": CSV})

    assert response.status_code == 500
    assert response.mimetype == "application/vnd.api+json"
    assert checked_out(pooled) == 0


def test_what_fails_on_the_way_is_logged_and_cuts_the_answer(pooled: Engine, caplog: pytest.LogCaptureFixture) -> None:
    app = served(sessionmaker(pooled), additional_attributes=["fragile"])

    with caplog.at_level(logging.ERROR, "flask_restless"), begun(app) as body:
        pieces = iter(body)
        assert next(pieces).count(b"\n") == 1000
        with pytest.raises(RuntimeError, match="the row of the defect"):
            next(pieces)
        assert checked_out(pooled) == 0

    assert "an answer was cut off" in caplog.text
    assert "the row of the defect" in caplog.text


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_transaction_that_others_end_cuts_the_answer(kind: str) -> None:
    """Code that shares the session, such as an `after_request` function that commits, cannot shorten an export."""
    with fresh_database(kind) as engine, shared(engine) as (app, session):

        @app.after_request
        def audit(response: Response) -> Response:
            session.commit()
            return response

        with begun(app) as body, pytest.raises((RuntimeError, ProgrammingError), match=r"transaction ended|cursor"):
            read(body)


def test_a_statement_beside_an_unbuffered_cursor_cuts_the_answer() -> None:
    """PyMySQL throws the other rows away then, with a warning only."""
    with fresh_database("mariadb") as engine, shared(engine) as (app, session):

        @app.after_request
        def audit(response: Response) -> Response:
            with pytest.warns(UserWarning, match="unbuffered"):
                session.execute(text("SELECT 1"))
            return response

        with begun(app) as body, pytest.raises(RuntimeError, match="used otherwise"):
            read(body)


@contextmanager
def shared(engine: Engine) -> Iterator[tuple[Flask, Any]]:
    """Give an application whose other code uses the same scoped session."""
    fill(engine, 2500)
    session = scoped_session(sessionmaker(engine))
    try:
        yield served(session), session
    finally:
        session.remove()


# ---------------------------------------------------------------- a real server


def fetched(port: int, path: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers={"Accept": NDJSON})
    return connection.getresponse()


def test_a_server_tells_a_part_from_the_whole(pooled: Engine) -> None:
    """Over HTTP/1.1 the last chunk is missing where an export was cut, so that clients notice."""
    app = served(sessionmaker(pooled), additional_attributes=["fragile"])

    with waitress(app) as port:
        response = fetched(port, "/api/rows?fields[rows]=body")
        assert response.headers["Transfer-Encoding"] == "chunked"
        assert response.read().count(b"\n") == 3500
        with pytest.raises(http.client.IncompleteRead):
            fetched(port, "/api/rows?fields[rows]=fragile").read()
        assert fetched(port, "/api/rows?fields[rows]=body").read().count(b"\n") == 3500


def test_a_server_closes_the_stream_of_a_client_that_went_away(pooled: Engine) -> None:
    app = served(sessionmaker(pooled))

    with waitress(app) as port:
        for _ in range(5):
            fetched(port, "/api/rows").close()
        assert fetched(port, "/api/rows").read().count(b"\n") == 3500

    assert checked_out(pooled) == 0
