"""What happens to the database: connections are lost, transactions clash, disks fill up (T55 to T59, T63)."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from sqlalchemy import Engine, MetaData, String, create_engine, event, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from werkzeug.test import TestResponse

from conftest import JSONAPI, CheckedClient, Shop, checked_client
from flask_restless import IdempotencyTable, Limits
from racing import at_once, several_connections
from slow import Book, served, slow_shop


class Base(DeclarativeBase):
    """The models of these tests."""


class Plain(Base):
    """Is written past the Session."""

    __tablename__ = "plain"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str | None] = mapped_column(String(9))


KILL = {
    "postgresql": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    "mariadb": "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()",
}
"""What ends all other connections to a database, or finds them."""
GONE = "DECLARE CONTINUE HANDLER FOR 1094 BEGIN END;"
"""A connection that has ended by itself is as good as killed."""


def kill_all(engine: Engine) -> None:
    """End every other connection to this database alone."""
    other = create_engine(engine.url)
    with other.connect() as connection:
        found = connection.execute(text(KILL[engine.dialect.name])).scalars().all()
        if engine.dialect.name == "mariadb":
            for number in found:
                connection.exec_driver_sql(f"BEGIN NOT ATOMIC {GONE} KILL {int(number)}; END")
    other.dispose()
    sleep(0.1)


@pytest.fixture(params=["postgresql", "mariadb"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    with several_connections(request.param, tmp_path) as engine:
        yield engine


def post(client: CheckedClient, title: str, **kwargs: Any) -> TestResponse:
    return client.send("POST", "/api/book", {"data": {"type": "book", "attributes": {"title": title}}}, **kwargs)


def titles(shop: Shop) -> list[str | None]:
    with shop.session() as session:
        return [one.title for one in session.query(Book)]


def is_plain_503(answer: TestResponse) -> bool:
    """Whether an answer says that it may be tried again."""
    (error,) = answer.json["errors"]
    return answer.status_code == 503 and answer.headers["Retry-After"] == "1" and "meta" not in error


def test_an_idle_connection_that_was_lost_costs_a_read_nothing(server: Engine) -> None:
    """T55: nothing had been read yet, so that another connection is tried."""
    shop = slow_shop(server)
    kill_all(server)

    assert [shop.get("/api/book/1").status_code for _ in range(3)] == [200, 200, 200]


def test_idle_connections_that_were_lost_cost_one_write(server: Engine) -> None:
    """T55: 503 once, as nobody has asked the pool to look first; then all is well."""
    shop = slow_shop(server)
    kill_all(server)

    answers = [post(shop.client, "new") for _ in range(3)]

    assert is_plain_503(answers[0])
    assert [one.status_code for one in answers[1:]] == [201, 201]
    assert titles(shop).count("new") == 2


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_all_connections_that_were_lost_cost_one_request(server: Engine, method: str) -> None:
    """T55: past the Session too, one that is lost has the pool give up all that are as old; a read is tried again."""
    Plain.metadata.create_all(server)
    shop = served(server, Plain)
    assert shop.client.send("POST", "/api/plain", {"data": {"type": "plain"}}).status_code == 201
    idle = [server.connect() for _ in range(5)]
    for connection in idle:
        connection.close()
    kill_all(server)

    data = {"type": "plain", "attributes": {"text": "new"}} | ({"id": "1"} if method == "PATCH" else {})
    path, document = ("/api/plain" if method == "POST" else "/api/plain/1"), {"data": data}
    is_read = method == "GET"
    send = shop.client.send
    answers = [shop.get(path) if is_read else send(method, path, document) for _ in range(4)]

    good = 201 if method == "POST" else 200
    assert [one.status_code for one in answers] == [good if is_read else 503, good, good, good]


def test_idle_connections_that_were_lost_cost_nothing_with_pre_ping(server: Engine) -> None:
    """T55: what the documentation tells to set."""
    slow_shop(server)
    engine = create_engine(server.url, pool_pre_ping=True)
    shop = served(engine, Book)
    assert shop.get("/api/book/1").status_code == 200
    kill_all(engine)

    assert shop.get("/api/book/1").status_code == 200
    assert post(shop.client, "new").status_code == 201
    engine.dispose()


@pytest.fixture
def on_insert() -> Iterator[list[Callable[[], object]]]:
    """What is to happen between the flush of a book and its commit."""
    tasks: list[Callable[[], object]] = []

    def run(*_: object) -> None:
        for task in tasks:
            task()

    event.listen(Book, "after_insert", run)
    yield tasks
    event.remove(Book, "after_insert", run)


def test_a_connection_that_is_lost_in_the_middle(server: Engine, on_insert: list[Callable[[], object]]) -> None:
    """T55: between flush and the reading back, 503 and no row; the next request is answered."""
    shop = slow_shop(server)
    on_insert.append(lambda: kill_all(server))

    answer = post(shop.client, "lost")
    on_insert.clear()

    assert is_plain_503(answer)
    assert "lost" not in titles(shop)
    assert post(shop.client, "new").status_code == 201


def test_a_connection_that_is_lost_during_commit(server: Engine) -> None:
    """T55: 503 whose `meta.outcome` is `unknown`, and nothing that invites to repeat it."""
    shop = slow_shop(server)
    event.listen(server, "commit", lambda _connection: kill_all(server), once=True)

    answer = post(shop.client, "perhaps")

    assert answer.status_code == 503, answer.text
    (error,) = answer.json["errors"]
    assert (error["code"], error["meta"]) == ("unavailable", {"outcome": "unknown"})
    assert "Retry-After" not in answer.headers
    assert titles(shop).count("perhaps") <= 1
    assert post(shop.client, "new").status_code == 201


def test_an_unknown_outcome_can_be_asked_for_with_the_key(
    server: Engine, on_insert: list[Callable[[], object]]
) -> None:
    """T55, T51: a request with an `Idempotency-Key` may be repeated, and is stored once."""
    slow_shop(server)
    keys = IdempotencyTable(MetaData())
    keys.create(server)
    shop = served(server, Book, idempotency=keys)
    headers = {"Idempotency-Key": "k1"}
    on_insert.append(lambda: event.listen(server, "commit", lambda _connection: kill_all(server), once=True))

    first = post(shop.client, "once", headers=headers)
    on_insert.clear()
    second = post(shop.client, "once", headers=headers)

    assert first.json["errors"][0]["meta"] == {"outcome": "unknown"}
    assert second.status_code == 201, second.text
    assert titles(shop).count("once") == 1


def test_opposite_order_of_updates(server: Engine) -> None:
    """T56: of two that wait for each other at least one is stored, the other may be tried again at once."""
    shop = slow_shop(server)
    answers: list[TestResponse] = []

    def write(*ids: str) -> None:
        operations = [
            {"op": "update", "data": {"type": "book", "id": id_, "attributes": {"title": "/".join(ids)}}} for id_ in ids
        ]
        kind = JSONAPI + ';ext="https://jsonapi.org/ext/atomic"'
        client = checked_client(shop.app)
        answers.append(client.send("POST", "/api/operations", {"atomic:operations": operations}, content_type=kind))

    for _ in range(8):
        at_once(lambda: write("1", "2"), lambda: write("2", "1"))

    assert {one.status_code for one in answers} <= {200, 204, 503}
    assert sum(one.status_code < 300 for one in answers) >= 8
    assert all(is_plain_503(one) for one in answers if one.status_code == 503)
    with shop.session() as session:
        assert session.get_one(Book, 1).title == session.get_one(Book, 2).title


def test_write_skew_under_serializable(tmp_path: Path) -> None:
    """T56: 40001 is 503 with Retry-After, and nothing is stored."""
    with several_connections("postgresql", tmp_path) as engine:
        slow_shop(engine)
        serializable = create_engine(engine.url, isolation_level="SERIALIZABLE")
        shop = served(serializable, Book)

        def interfere(_mapper: object, connection: Any, _book: object) -> None:
            connection.execute(text("SELECT title FROM book WHERE id = 2"))
            with serializable.begin() as other:
                other.execute(text("SELECT title FROM book WHERE id = 1"))
                other.execute(text("UPDATE book SET title = 'theirs' WHERE id = 2"))

        event.listen(Book, "before_update", interfere)
        data = {"type": "book", "id": "1", "attributes": {"title": "ours"}}
        answer = shop.client.send("PATCH", "/api/book/1", {"data": data})
        event.remove(Book, "before_update", interfere)

        assert is_plain_503(answer)
        assert titles(shop).count("theirs") == 1
        assert "ours" not in titles(shop)
        serializable.dispose()


RAISING = {
    "postgresql": "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$",
    "mariadb": "BEGIN NOT ATOMIC SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213; END",
}


@pytest.mark.parametrize("path", ["/api/book", "/api/operations"])
def test_a_conflict_that_comes_every_time_is_tried_once(server: Engine, path: str) -> None:
    """T57: nothing is retried by the server; a deterministic conflict costs one execution."""
    shop = slow_shop(server)
    tried: list[object] = []

    def conflict(_mapper: object, connection: Any, _book: object) -> None:
        tried.append(connection)
        connection.exec_driver_sql(RAISING[server.dialect.name])

    event.listen(Book, "after_insert", conflict)
    begun = monotonic()
    if path == "/api/book":
        answer = post(shop.client, "x")
    else:
        kind = JSONAPI + ';ext="https://jsonapi.org/ext/atomic"'
        adding = [{"op": "add", "data": {"type": "book", "attributes": {"title": f"x{n}"}}} for n in range(3)]
        answer = shop.client.send("POST", path, {"atomic:operations": adding}, content_type=kind)
    event.remove(Book, "after_insert", conflict)

    assert is_plain_503(answer), answer.text
    assert len(tried) == 1
    assert monotonic() - begun < 2


def test_acknowledged_is_present_though_all_connections_are_ended(server: Engine) -> None:
    """T58: under load, every 201 is stored, every failure is a 503, and it recovers without anybody's help."""
    shop = slow_shop(server, rows=1)
    acknowledged: list[str] = []
    statuses: list[int] = []

    def write(name: str) -> None:
        client = checked_client(shop.app)
        for number in range(25):
            answer = post(client, f"{name}{number}")
            statuses.append(answer.status_code)
            if answer.status_code == 201:
                acknowledged.append(f"{name}{number}")

    def kill() -> None:
        for _ in range(4):
            kill_all(server)

    at_once(*[lambda name=name: write(name) for name in "abc"], kill)
    recovered = [shop.get("/api/book/1").status_code for _ in range(10)]

    assert set(statuses) == {201, 503}
    stored = titles(shop)
    assert set(acknowledged) <= set(stored)
    assert len(stored) == len(set(stored))
    assert recovered[-1] == 200


def test_a_full_disk_refuses_writes_and_reads_go_on(tmp_path: Path) -> None:
    """T59: SQLite's own."""
    engine = create_engine(f"sqlite:///{tmp_path}/full.db")
    shop = slow_shop(engine, rows=300)

    @event.listens_for(engine, "checkout")
    def fill(connection: Any, *_: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    answers = [post(shop.client, "x" * 50) for _ in range(300)]
    refused = [one for one in answers if one.status_code != 201]

    assert refused
    assert all(is_plain_503(one) for one in refused)
    assert shop.get("/api/book/1").status_code == 200
    engine.dispose()


READ_ONLY = {
    "sqlite": "PRAGMA query_only = ON",
    "postgresql": "SET default_transaction_read_only = on",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
}


@pytest.mark.parametrize("kind", list(READ_ONLY))
def test_a_replica_refuses_writes_and_reads_go_on(kind: str, tmp_path: Path) -> None:
    """T59: 25006 and its like are 503."""
    with several_connections(kind, tmp_path) as writable:
        slow_shop(writable)
        engine = create_engine(writable.url)

        @event.listens_for(engine, "connect")
        def close(connection: Any, _record: object) -> None:
            connection.cursor().execute(READ_ONLY[kind])
            connection.commit()

        shop = served(engine, Book)
        data = {"type": "book", "id": "1", "attributes": {"title": "new"}}

        assert is_plain_503(post(shop.client, "new"))
        assert is_plain_503(shop.client.send("PATCH", "/api/book/1", {"data": data}))
        assert is_plain_503(shop.client.delete("/api/book/1"))
        assert shop.get("/api/book").json["meta"]["total"] == 3
        engine.dispose()


HOLES = {
    "postgresql": ("postgresql+psycopg", {"connect_timeout": 2}),
    "mariadb": ("mariadb+pymysql", {"connect_timeout": 1, "read_timeout": 1}),
}


@pytest.mark.parametrize("kind", list(HOLES))
def test_a_database_that_swallows_all(kind: str) -> None:
    """T63: with the driver's settings that the documentation names, 503 in time."""
    driver, arguments = HOLES[kind]
    with socket.socket() as hole:
        hole.bind(("127.0.0.1", 0))
        hole.listen()
        engine = create_engine(f"{driver}://x@127.0.0.1:{hole.getsockname()[1]}/x", connect_args=arguments)
        shop = served(engine, Book)
        begun = monotonic()

        answer = shop.get("/api/book/1")

        assert is_plain_503(answer)
        assert monotonic() - begun < 6
        engine.dispose()


def test_a_connection_that_falls_silent(tmp_path: Path) -> None:
    """T63: PyMySQL's `read_timeout` ends the wait, whatever the server does; the next request is answered."""
    with several_connections("mariadb", tmp_path) as open_engine:
        slow_shop(open_engine)
        engine = create_engine(open_engine.url, connect_args={"read_timeout": 1})
        shop = served(engine, Book, limits=Limits(statement_seconds=None))
        silent = event.listens_for(Book, "before_insert")
        calls: list[object] = []

        def wait(_mapper: object, connection: Any, _book: object) -> None:
            calls.append(connection.exec_driver_sql("SELECT SLEEP(5)"))

        silent(wait)
        answer = post(shop.client, "x")
        event.remove(Book, "before_insert", wait)

        assert is_plain_503(answer)
        assert not calls
        assert shop.get("/api/book/1").status_code == 200
        engine.dispose()
