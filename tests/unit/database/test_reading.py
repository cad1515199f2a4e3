"""Reading past a quiet Session: the same answers, and every reason to go through it after all."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import Engine, bindparam, create_engine, event, func, select, text, tuple_
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from conftest import Shop, fresh_database, open_shop
from flask_restless import APIManager
from flask_restless.database.execution import read, totals
from flask_restless.database.execution.prepared import prepared
from flask_restless.database.execution.reading import Reading
from flask_restless.database.execution.transaction import Transaction
from flask_restless.demo.models import Book, Tag
from racing import several_connections

BOOKS = select(Book.id, Book.title, Book.published_on, Book.price).where(Book.id == bindparam("p0"))
MAPPER: Any = Book.__mapper__
LOSING = {
    "postgresql": ("SELECT pg_backend_pid()", "SELECT pg_terminate_backend({})"),
    "mariadb": ("SELECT connection_id()", "KILL {}"),
}
"""By kind of database, what tells the number of a connection, and what ends it."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mariadb"])
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    with fresh_database(request.param) as engine:
        yield open_shop(engine)


def paths_of(shop: Shop) -> Iterator[str]:
    for resource in shop.manager.resources:
        yield resource.path
        with shop.session() as session:
            keys = [getattr(resource.model, key.key) for key in resource.identity.keys]
            row = session.execute(select(*keys).order_by(*keys).limit(1)).first()
        id_ = "" if row is None else quote(resource.identity.text(tuple(row)), safe="")
        for relationship in resource.relationships.values():
            yield f"{resource.path}?include={relationship.name}"
            yield f"{resource.path}?withLinks=none&include={relationship.name}"
            if id_:
                yield f"{resource.path}/{id_}?include={relationship.name}"
                yield f"{resource.path}/{id_}/relationships/{relationship.name}?include={relationship.name}"


def test_both_ways_give_the_same_documents(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The long way is taken where somebody listens, and objects are dicts where a browser asks."""
    asked = 0
    for path in paths_of(shop):
        short = shop.get(path)
        with shop.counted() as statements:
            long = shop.get(path)
        pretty = shop.get(path, headers={"Accept": "text/html,*/*"})

        assert statements
        assert short.status_code == 200
        assert short.data == long.data, path
        assert short.json == pretty.json, path
        asked += 1
    assert asked > 150


def read_in(session: Session) -> Reading:
    """Read as a request does that has this Session."""
    return Reading(Transaction(lambda: session))


@pytest.fixture
def engine(shop: Shop) -> Engine:
    return shop.engine


def is_apart(session: Session, engine: Engine) -> bool:
    """Whether a statement ran beside the Session."""
    with read_in(session) as reading:
        (row,) = reading.run(BOOKS, {"p0": 1}, MAPPER)
        with engine.connect() as connection:
            assert tuple(row) == tuple(connection.execute(BOOKS, {"p0": 1}).one())
        return not session.in_transaction()


def test_a_quiet_session_is_passed_by(engine: Engine) -> None:
    with Session(engine) as session:
        assert is_apart(session, engine)


def begun(session: Session) -> None:
    session.execute(text("SELECT 1"))


def listening(name: str) -> Callable[[Session], None]:
    return lambda session: event.listen(session, name, lambda *_: None)


@pytest.mark.parametrize(
    "change",
    [
        begun,
        listening("do_orm_execute"),
        listening("after_begin"),
        listening("after_transaction_create"),
        listening("after_transaction_end"),
    ],
    ids=["begun", "do_orm_execute", "after_begin", "after_transaction_create", "after_transaction_end"],
)
def test_a_session_with_something_to_say_is_asked(engine: Engine, change: Callable[[Session], None]) -> None:
    with Session(engine) as session:
        change(session)
        assert not is_apart(session, engine)


def test_a_session_with_a_connection_of_its_own_is_asked(engine: Engine) -> None:
    class Routed(Session):
        def connection(self, *args: Any, **kwargs: Any) -> Any:
            return super().connection(*args, **kwargs)

    with Routed(engine) as session:
        assert not is_apart(session, engine)


def test_a_session_bound_to_a_connection_is_asked(engine: Engine) -> None:
    with engine.connect() as connection, Session(connection) as session:
        assert not is_apart(session, engine)


@pytest.mark.parametrize("target", ["engine", "class"])
@pytest.mark.parametrize("name", ["before_cursor_execute", "before_execute", "engine_connect", "begin"])
def test_an_engine_that_is_listened_to_hears_all(engine: Engine, name: str, target: str) -> None:
    heard: list[object] = []
    heeded = engine if target == "engine" else Engine

    def listener(*_: Any) -> None:
        heard.append(_)

    event.listen(heeded, name, listener)
    try:
        with Session(engine) as session, read_in(session) as reading:
            reading.run(BOOKS, {"p0": 1}, MAPPER)
    finally:
        event.remove(heeded, name, listener)
    assert heard


def test_statements_are_logged_where_they_are_to_be(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    with (
        caplog.at_level(logging.INFO, "sqlalchemy.engine"),
        Session(engine) as session,
        read_in(session) as reading,
    ):
        reading.run(BOOKS, {"p0": 1}, MAPPER)

    assert "FROM books" in caplog.text


def test_connections_go_back(shop: Shop) -> None:
    """T54: whatever the answer is."""
    pool: Any = shop.engine.pool
    for path in ("/api/books", "/api/books/1", "/api/books/0", "/api/books?sort=nothing"):
        for _ in range(20):
            shop.get(path)
    if hasattr(pool, "checkedout"):
        assert pool.checkedout() == 0


def test_what_the_driver_raises_is_wrapped(engine: Engine) -> None:
    """The table of failures goes by SQLAlchemy's classes."""
    statement = select(text("nothing")).select_from(text("nowhere"))
    with (
        Session(engine) as session,
        read_in(session) as reading,
        pytest.raises(DBAPIError) as caught,
    ):
        reading.run(statement, {}, MAPPER)

    assert caught.value.orig is not None
    with Session(engine) as session:
        assert is_apart(session, engine)


def test_a_lost_connection_is_replaced() -> None:
    """T55: nobody notices, for nothing had been read yet."""
    with fresh_database("postgresql") as other:
        engine = create_engine(other.url, pool_size=1, max_overflow=1)
        Tag.metadata.create_all(engine)
        session = sessionmaker(engine)
        with session.begin() as filling:
            filling.add(Tag(id=1, name="one"))
        with engine.connect() as connection:
            id_ = connection.scalar(text("SELECT pg_backend_pid()"))
        with other.connect() as connection:
            connection.execute(text("SELECT pg_terminate_backend(:id)"), {"id": id_})
        with session() as reader, read_in(reader) as reading:
            ((name,),) = reading.run(select(Tag.name).where(Tag.id == bindparam("p0")), {"p0": 1}, Tag.__mapper__)

        assert name == "one"
        engine.dispose()


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_far_page_gets_another_connection(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """T55: its first statement is a count, or what holds the rows still; both may find the connection lost."""
    monkeypatch.setattr(read, "FAR", 0)
    asking, killing = LOSING[kind]
    with fresh_database(kind) as other:
        engine = create_engine(other.url, pool_size=1, max_overflow=0)
        shop = open_shop(engine)
        url = "/api/publishers?page[size]=1&page[number]=3"
        whole = shop.get(url)
        assert whole.status_code == 200
        with engine.connect() as connection:
            number = connection.scalar(text(asking))
        with other.connect() as connection:
            connection.execute(text(killing.format(number)))

        assert shop.get(url).data == whole.data
        assert shop.get(url).data == whole.data
        engine.dispose()


@pytest.mark.parametrize("ids", [[1], [3, 1, 2], list(range(1, 200)), []], ids=["one", "three", "many", "none"])
def test_the_values_of_a_list_are_spread(engine: Engine, ids: list[int]) -> None:
    """An empty list has a form of its own, which is SQLAlchemy's to know; PostgreSQL gets an array."""
    several = select(Book.id).where(Book.id.in_(bindparam("keys", expanding=True))).order_by(Book.id)
    with Session(engine) as session, read_in(session) as reading:
        found = reading.run(several, {"keys": ids}, MAPPER)
        assert session.in_transaction() == (not ids and engine.dialect.name != "postgresql")
    with Session(engine) as session:
        assert [tuple(row) for row in found] == [tuple(row) for row in session.execute(several, {"keys": ids})]


@pytest.mark.parametrize(
    ("kind", "style"),
    [
        ("sqlite", "named"),
        ("sqlite", "numeric"),
        ("postgresql", "format"),
        ("postgresql", "pyformat"),
        ("mariadb", "pyformat"),
    ],
)
def test_values_stand_in_the_text_in_whatever_style(
    kind: str, style: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLAlchemy can be told to write other marks than those that a driver's dialect prefers."""
    monkeypatch.setattr(totals, "SLOW", 0.0)
    with several_connections(kind, tmp_path) as made:
        engine = create_engine(made.url, paramstyle=style)
        shop = open_shop(engine)
        later = quote('[{"name": "id", "op": "ge", "val": 2}]')
        for query in ("filter[id]=1,2,3", f"filter[objects]={later}", "include=country"):
            path = f"/api/publishers?page[size]=1&{query}"
            answers = {shop.get(path).data for _ in range(4)}
            with shop.counted():
                assert {shop.get(path).data} == answers
        engine.dispose()


def test_what_needs_more_than_text_and_types_is_left_to_sqlalchemy(engine: Engine) -> None:
    pairs = tuple_(Book.id, Book.title).in_(bindparam("keys", expanding=True))

    assert prepared(select(Book.id).where(pairs), engine.dialect) is None
    assert prepared(BOOKS, engine.dialect) is prepared(BOOKS, engine.dialect) is not None


def test_values_that_are_made_for_each_execution(shop: Shop, engine: Engine) -> None:
    """A condition of the mapping's own may go by who asks: what it said to the first one is not for all others."""
    asked: list[int] = []

    def next_id() -> int:
        asked.append(0)
        return len(asked)

    books = select(Book.id).where(Book.id == bindparam("own", callable_=next_id, type_=Book.id.type))
    with shop.session() as session:
        first, second = session.scalars(select(Book.id).order_by(Book.id).limit(2))
    assert (first, second) == (1, 2)

    for number in (1, 2):
        with Session(engine) as session, read_in(session) as reading:
            assert [tuple(row) for row in reading.run(books, {}, MAPPER)] == [(number,)]
    with Session(engine) as session, read_in(session) as reading:
        assert reading.count(select(func.count()).select_from(books.subquery()), {}, MAPPER) == 1
    assert len(asked) == 3


def test_values_without_a_form_for_the_driver_are_left_to_sqlalchemy(sqlite: Engine) -> None:
    statement = select(Book.id).where(Book.published_on == bindparam("p0", type_=Book.published_on.type))
    short = prepared(statement, sqlite.dialect)

    assert short is not None
    assert short.bound({"p0": "no date"}) is None


def test_manager_still_sees_pending_changes_of_a_shared_session(sqlite: Engine) -> None:
    """What the application has added to a Session that it shares is in the answer."""
    from flask import Flask

    Tag.metadata.create_all(sqlite)
    session = Session(sqlite)
    app = Flask("shared")
    APIManager(app, session=session).create_api(Tag)
    session.add(Tag(id=7, name="pending"))

    assert app.test_client().get("/api/tags/7").json["data"]["attributes"]["name"] == "pending"
    session.close()
