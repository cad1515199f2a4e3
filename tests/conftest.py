"""Fixtures of the whole suite: the databases, an application over the bookshop, and a client that checks what it gets.

A database that is not there is skipped by name on a user's machine; where `FLASK_RESTLESS_REQUIRE` lists it, its
absence is a failure.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import StaticPool
from werkzeug.test import TestResponse

from jsonapi_validator import check_document, check_pointers
from leaks import guarded

JSONAPI = "application/vnd.api+json"

SERVERS = {
    "postgresql": os.environ.get("FLASK_RESTLESS_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"),
    "mariadb": os.environ.get("FLASK_RESTLESS_MARIADB", "mariadb+pymysql://root@127.0.0.1:3306/mysql"),
}
REQUIRED = frozenset(filter(None, os.environ.get("FLASK_RESTLESS_REQUIRE", "").split(",")))


def require(name: str, reason: str) -> None:
    """Skip for want of a service, unless it is required here."""
    if name in REQUIRED:
        pytest.fail(f"{name} is required here, but {reason}")
    pytest.skip(f"{name}: {reason}")


@contextmanager
def fresh_database(kind: str) -> Iterator[Engine]:
    """Give an engine on an empty database of that kind, which is dropped afterwards."""
    if kind == "sqlite":
        engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        yield engine
        engine.dispose()
        return
    name = f"restless_{uuid4().hex[:12]}"
    server = create_engine(SERVERS[kind], isolation_level="AUTOCOMMIT")
    try:
        with server.connect() as connection:
            connection.execute(
                text(f"CREATE DATABASE {name}" + (" CHARACTER SET utf8mb4" if kind == "mariadb" else ""))
            )
    except OperationalError as error:
        server.dispose()
        require(kind, f"no server answers ({str(error.orig).strip().splitlines()[0]})")
    engine = create_engine(server.url.set(database=name))
    try:
        yield engine
    finally:
        engine.dispose()
        with server.connect() as connection:
            force = " WITH (FORCE)" if kind == "postgresql" else ""
            connection.execute(text(f"DROP DATABASE {name}{force}"))
        server.dispose()


@pytest.fixture(autouse=True)
def no_leaks() -> Iterator[None]:
    """Fail every test in which an error body said too much, whoever sent and whoever got it."""
    with guarded():
        yield


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def database(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine on an empty database, once for each kind."""
    with fresh_database(request.param) as engine:
        yield engine


@pytest.fixture
def sqlite() -> Iterator[Engine]:
    """An engine on an empty SQLite database in memory."""
    with fresh_database("sqlite") as engine:
        yield engine


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mariadb"])
def filled(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine on a small bookshop, once for each kind and module: for tests that commit nothing."""
    from flask_restless.demo.data import populate
    from flask_restless.demo.models import Base

    with fresh_database(request.param) as engine:
        Base.metadata.create_all(engine)
        with Session(engine) as session, session.begin():
            populate(session, small=True)
        yield engine


LIMIT = re.compile(r"SET STATEMENT max_statement_time=.*? FOR ")
"""What stands before a statement on MariaDB: how long it may take."""


@dataclass
class Statements:
    """The SQL that an engine ran; transaction control is not counted, nor the limit of time."""

    texts: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.texts)


@contextmanager
def counted(engine: Engine) -> Iterator[Statements]:
    """Collect every statement that `engine` runs inside the block."""
    statements = Statements()

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "set_config('statement_timeout'" not in statement:
            statements.texts.append(LIMIT.sub("", statement))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


class CheckedClient(FlaskClient):
    """A client that runs every answer through the document validator."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        response = super().open(*args, **kwargs)
        if response.mimetype == JSONAPI and response.data:
            check_document(json.loads(response.data))
        if response.data and response.status_code >= 400 and response.mimetype == JSONAPI:
            assert "errors" in response.json, response.text
        if response.mimetype == JSONAPI:
            assert "Accept" in response.headers.get("Vary", ""), "Vary lacks Accept (J-2.3.8)"
        return response

    def send(self, method: str, path: str, document: object, **kwargs: Any) -> TestResponse:
        """Send `document` as a JSON:API body; what an error points at has to be in it."""
        kwargs.setdefault("content_type", JSONAPI)
        response = self.open(path, method=method, data=json.dumps(document), **kwargs)
        if response.status_code >= 400:
            check_pointers(response.json, document)
        return response


def checked_client(app: Flask) -> CheckedClient:
    """Give a checking client for `app`."""
    app.test_client_class = CheckedClient
    client = app.test_client()
    assert isinstance(client, CheckedClient)
    return client


@dataclass
class Shop:
    """A bookshop that is served: the application, a checking client, and the database behind them."""

    app: Flask
    manager: Any
    client: CheckedClient
    engine: Engine
    session: Callable[[], Session]

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        """GET below the application's root."""
        return self.client.get(path, **kwargs)

    def counted(self) -> Any:
        """Count statements inside the block."""
        return counted(self.engine)


def open_shop(engine: Engine, **options: Any) -> Shop:
    """Fill `engine` with a small bookshop and serve it with every method and permission."""
    from flask_restless.cli.bookshop import create_bookshop
    from flask_restless.demo.data import populate
    from flask_restless.demo.models import Base

    Base.metadata.create_all(engine)
    session = sessionmaker(engine)
    with session.begin() as filling:
        populate(filling, small=True)
    app, manager = create_bookshop(session, **options)
    return Shop(app, manager, checked_client(app), engine, session)


@pytest.fixture
def shop(sqlite: Engine) -> Shop:
    """A small bookshop on SQLite, served with every method and permission."""
    return open_shop(sqlite)


@pytest.fixture
def shop_everywhere(database: Engine) -> Shop:
    """The same on every kind of database."""
    return open_shop(database)
