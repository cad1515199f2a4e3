"""Exports read from a driver's cursor: the same rows as SQLAlchemy gives, and the same end where something breaks."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import JSON, CursorResult, Engine, Numeric, String, create_engine, delete, event, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from werkzeug.test import EnvironBuilder, run_wsgi_app

from conftest import counted, fresh_database
from flask_restless import APIManager
from flask_restless.database.execution.chunks import CHUNK, chunks_of

CSV, NDJSON = "text/csv", "application/x-ndjson"


class Base(DeclarativeBase):
    pass


class Record(Base):
    """Has columns of types that drivers do not give as they are mapped."""

    __tablename__ = "record"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str | None] = mapped_column(String(40))
    price: Mapped[Decimal | None] = mapped_column(Numeric(8, 2))
    day: Mapped[date | None]
    moment: Mapped[datetime | None]
    flag: Mapped[bool | None]
    data: Mapped[Any | None] = mapped_column(JSON)


def record(number: int) -> dict[str, Any]:
    if number % 7 == 0:
        return {"id": number, **dict.fromkeys(("title", "price", "day", "moment", "flag", "data"))}
    return {
        "id": number,
        "title": "=1" if number % 11 == 0 else f"Nº {number}",
        "price": Decimal(number) / 100,
        "day": date(2024, 1, 1 + number % 28),
        "moment": datetime(2024, 1, 1, number % 24, 30),
        "flag": number % 2 == 0,
        "data": {"n": [number]},
    }


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mariadb"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with fresh_database(request.param) as found:
        Base.metadata.create_all(found)
        yield found


@pytest.fixture
def app(engine: Engine) -> Flask:
    app = Flask("chunks")
    APIManager(app, session=sessionmaker(engine)).create_api(Record, exports=True)
    return app


def fill(engine: Engine, number: int) -> None:
    with engine.begin() as connection:
        connection.execute(delete(Record))
        if number:
            connection.execute(insert(Record), [record(one) for one in range(1, number + 1)])


def exported(app: Flask, accept: str) -> bytes:
    response = app.test_client().get("/api/record?sort=id", headers={"Accept": accept})
    assert response.status_code == 200
    return response.data


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note how many rows SQLAlchemy's own results have given, time after time."""
    found: list[int] = []
    fetch = CursorResult.fetchmany

    def fetchmany(result: Any, size: int | None = None) -> Any:
        rows = fetch(result, size)
        found.append(len(rows))
        return rows

    monkeypatch.setattr(CursorResult, "fetchmany", fetchmany)
    return found


@pytest.mark.parametrize("number", [0, 1, 2, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 500])
def test_both_ways_export_the_same(engine: Engine, app: Flask, number: int) -> None:
    """SQLAlchemy reads where somebody listens to it."""
    fill(engine, number)
    for accept in (CSV, NDJSON):
        short = exported(app, accept)
        with counted(engine) as statements:
            long = exported(app, accept)

        assert short == long
        assert short.count(b"\n") == number + (accept == CSV)
        assert len(statements) == 1


def test_the_driver_reads_all_but_the_first_chunk(engine: Engine, app: Flask, fetched: list[int]) -> None:
    """Else the test before would compare SQLAlchemy's rows with themselves."""
    fill(engine, 2500)

    exported(app, CSV)

    assert fetched == [CHUNK]


@contextmanager
def listener(engine: Engine) -> Iterator[None]:
    def heard(_context: Any) -> None:
        """Be there, which is enough."""

    event.listen(engine.dialect, "handle_error", heard)
    try:
        yield
    finally:
        event.remove(engine.dialect, "handle_error", heard)


def test_listeners_have_sqlalchemy_read(engine: Engine, fetched: list[int]) -> None:
    fill(engine, 2500)
    statement = select(Record.id).order_by(Record.id)

    def lengths() -> list[int]:
        with engine.connect() as connection:
            result = connection.execute(statement, execution_options={"yield_per": CHUNK})
            found = [len(rows) for rows in chunks_of(result, statement, connection)]
            result.close()
            return found

    assert lengths() == [CHUNK, CHUNK, 500]
    assert fetched == [CHUNK]
    with listener(engine):
        assert lengths() == [CHUNK, CHUNK, 500]
    assert fetched == [CHUNK]  # partitions() has a method of its own


def test_listeners_to_the_session_get_the_whole_statement(engine: Engine) -> None:
    """As tenancy and soft deletes need it."""
    fill(engine, 1500)
    maker = sessionmaker(engine)
    app = Flask("tenancy")
    APIManager(app, session=maker).create_api(Record, exports=True)

    @event.listens_for(maker, "do_orm_execute")
    def narrow(state: Any) -> None:
        state.statement = state.statement.where(Record.id <= 1200)

    assert exported(app, NDJSON).count(b"\n") == 1200


# ---------------------------------------------------------------- what breaks on the way

KILLING = {
    "postgresql": ("SELECT pg_backend_pid()", "SELECT pg_terminate_backend({})"),
    "mariadb": ("SELECT connection_id()", "KILL {}"),
}


def test_a_connection_that_is_cut_leaves_no_result_to_be_read() -> None:
    """PyMySQL reads an unbuffered result to its end when it is freed; pytest tells of what fails then."""
    with fresh_database("mariadb") as engine:
        Base.metadata.create_all(engine)
        fill(engine, 9 * CHUNK)
        statement = select(Record.id, Record.title)
        for is_heard in (False, True):
            with listener(engine) if is_heard else nullcontext(), engine.connect() as connection:
                result = connection.execute(statement, execution_options={"yield_per": CHUNK})
                chunks = chunks_of(result, statement, connection)
                next(chunks)
                driver: Any = connection.connection.dbapi_connection
                unread = driver._result
                driver._sock.shutdown(socket.SHUT_RDWR)
                with pytest.raises(DBAPIError) as caught:
                    list(chunks)
                assert caught.value.connection_invalidated
                assert not unread.unbuffered_active


@pytest.mark.parametrize("kind", KILLING)
def test_a_connection_that_is_lost_cuts_the_answer(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """It is given up, and the pool makes another one."""
    asking, killing = KILLING[kind]
    with fresh_database(kind) as database:
        Base.metadata.create_all(database)
        fill(database, 9 * CHUNK)
        engine = create_engine(database.url, pool_size=1, max_overflow=0)
        app = Flask("lost")
        APIManager(app, session=sessionmaker(engine)).create_api(Record, exports=True)
        with Session(engine) as session:
            number = session.scalar(text(asking))
        environ = EnvironBuilder(path="/api/record", headers={"Accept": NDJSON}).get_environ()

        with caplog.at_level(logging.ERROR, "flask_restless"):
            body, status, _headers = run_wsgi_app(app, environ)
            pieces = iter(body)
            first = next(pieces)
            with database.connect() as connection:
                connection.execute(text(killing.format(number)))
            with pytest.raises(DBAPIError) as caught:
                b"".join(pieces)
            body.close()

        assert status.startswith("200")
        assert first.count(b"\n") == CHUNK
        assert caught.value.connection_invalidated
        assert "an answer was cut off" in caplog.text
        assert engine.pool.checkedout() == 0
        assert exported(app, NDJSON).count(b"\n") == 9 * CHUNK
        engine.dispose()
