"""Statements that take too long end in time, and leave nothing behind (T23, T60)."""

from __future__ import annotations

import json
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.orm import Session, scoped_session, sessionmaker
from sqlalchemy.pool import NullPool

from conftest import JSONAPI, Shop, fresh_database
from flask_restless import Limits
from flask_restless.database.execution.time_limit import _hinted
from racing import several_connections
from slow import SECONDS, SLOW, Book, served, slow_shop, slowly

SHORT = Limits(statement_seconds=0.3, export_seconds=0.3)
SETTING = {
    "postgresql": "SHOW statement_timeout",
    "mysql": "SELECT @@max_statement_time",
    "mariadb": "SELECT @@max_statement_time",
}


@pytest.fixture
def slow(database: Engine) -> Shop:
    return slow_shop(database, limits=SHORT)


def test_a_slow_read_is_refused_in_time(slow: Shop) -> None:
    """T60, T23: 503 with its own code and Retry-After, and the next request is answered."""
    begun = monotonic()

    answer = slowly(slow.client)

    assert monotonic() - begun < SECONDS / 3
    assert answer.status_code == 503, answer.text
    assert answer.headers["Retry-After"] == "1"
    assert answer.json["errors"][0]["code"] == "timeout"
    assert slow.get("/api/book?page[size]=2").status_code == 200


def test_a_slow_read_in_the_classic_protocol(slow: Shop) -> None:
    """T60."""
    query = {"q": json.dumps({"filters": [{"name": "id", "op": "slowly", "val": 1}]})}

    answer = slow.get("/classic/book", query_string=query)

    assert answer.status_code == 503, answer.text
    assert answer.headers["Retry-After"] == "1"
    assert slow.get("/classic/book").json["num_results"] == 3


@pytest.mark.parametrize("path", ["/api/book", "/api/operations"], ids=["alone", "batch"])
def test_a_slow_write_writes_nothing(slow: Shop, path: str) -> None:
    """T60: rolled back, and not tried again."""
    rows = [{"type": "book", "attributes": {"title": title}} for title in ("quick", "slow")]
    if path == "/api/book":
        document: object = {"data": rows[1]}
        kind = JSONAPI
    else:
        document = {"atomic:operations": [{"op": "add", "data": row} for row in rows]}
        kind = JSONAPI + '; ext="https://jsonapi.org/ext/atomic"'

    with slow.counted() as statements:
        answer = slow.client.post(path, data=json.dumps(document), content_type=kind, headers={"Accept": kind})

    assert answer.status_code == 503, answer.text
    assert answer.json["errors"][0]["code"] == "timeout"
    assert sum(SLOW[slow.engine.dialect.name] in one for one in statements.texts) == 1
    with slow.session() as session:
        assert session.query(Book).count() == 3


def test_a_row_that_is_locked_is_not_waited_for(tmp_path: Path) -> None:
    """T60: the wait for a lock of another transaction counts as well."""
    with several_connections("postgresql", tmp_path) as engine:
        slow = slow_shop(engine, limits=SHORT)
        with engine.begin() as other:
            other.execute(text("UPDATE book SET title = 'theirs' WHERE id = 1"))
            data = {"type": "book", "id": "1", "attributes": {"title": "ours"}}

            answer = slow.client.send("PATCH", "/api/book/1", {"data": data})

        assert answer.status_code == 503, answer.text
        assert slow.get("/api/book/1").json["data"]["attributes"]["title"] == "theirs"


def test_the_limit_of_a_lock_is_a_timeout_too(tmp_path: Path) -> None:
    """T60: `lock_timeout` (55P03), which the operator sets."""
    with several_connections("postgresql", tmp_path) as engine:

        @event.listens_for(engine, "connect")
        def limit_locks(connection: object, _record: object) -> None:
            connection.execute("SET lock_timeout = '200ms'")
            connection.commit()

        slow = slow_shop(engine)
        with engine.begin() as other:
            other.execute(text("UPDATE book SET title = 'theirs' WHERE id = 1"))
            data = {"type": "book", "id": "1", "attributes": {"title": "ours"}}

            answer = slow.client.send("PATCH", "/api/book/1", {"data": data})

        assert (answer.status_code, answer.json["errors"][0]["code"]) == (503, "timeout")


def test_an_idle_transaction_that_the_server_ended(tmp_path: Path) -> None:
    """T60: `idle_in_transaction_session_timeout` closes the connection; the next request gets another one."""
    with several_connections("postgresql", tmp_path) as engine:
        shared = scoped_session(sessionmaker(engine))
        slow = slow_shop(engine, session=shared)
        shared.execute(text("SET LOCAL idle_in_transaction_session_timeout = '50ms'"))
        shared.execute(text("SELECT 1"))
        with engine.connect() as other:
            other.execute(text("SELECT pg_sleep(0.4)"))

        first, second = slow.get("/api/book/1"), slow.get("/api/book/1")

        assert (first.status_code, second.status_code) == (503, 200), first.text
        assert first.headers["Retry-After"] == "1"


@pytest.mark.parametrize("accept", ["text/csv", "application/x-ndjson"])
def test_an_export_that_is_slow_from_the_first_row(slow: Shop, accept: str) -> None:
    """T60: an error document, as nothing was sent yet."""
    answer = slowly(slow.client, headers={"Accept": accept})

    assert answer.status_code == 503, answer.text
    assert answer.json["errors"][0]["code"] == "timeout"
    assert slow.get("/api/book", headers={"Accept": accept}).status_code == 200


def test_an_export_that_gets_slow_is_cut_off(database: Engine) -> None:
    """T60: no client takes a part for the whole, and the connection is usable afterwards."""
    slow = slow_shop(database, rows=2500, limits=SHORT)

    with pytest.raises(Exception, match=r"interrupted|timeout"):
        _ = slowly(slow.client, 2100, headers={"Accept": "text/csv"}).data

    assert slow.get("/api/book", headers={"Accept": "text/csv"}).text.count("\r\n") == 2501


def test_a_client_that_reads_an_export_slowly_is_waited_for(sqlite: Engine) -> None:
    """The clock of SQLite begins anew with each chunk: it is the database that is limited, not the client."""
    slow = slow_shop(sqlite, rows=2500, limits=Limits(statement_seconds=0.5))
    answer = slow.get("/api/book", headers={"Accept": "text/csv"}, buffered=False)
    pieces = []
    for piece in answer.response:
        pieces.append(piece)
        with fresh_database("sqlite") as engine, engine.connect() as other:
            other.exec_driver_sql(f"SELECT {SLOW['sqlite'].replace('1000000000', '3000000')}")

    assert b"".join(pieces).count(b"\r\n") == 2501


def test_nothing_of_the_limit_stays_on_the_connection(tmp_path: Path, database: Engine) -> None:
    """T60: what the application does later takes as long as it takes, on the same connection."""
    kind = database.dialect.name
    slow = slow_shop(database, limits=Limits(statement_seconds=0.2))
    assert slow.get("/api/book/1").status_code == 200
    assert slowly(slow.client).status_code == 503

    with database.connect() as connection:
        if kind in SETTING:
            assert str(connection.execute(text(SETTING[kind])).scalar()) in {"0", "0.0"}
        else:
            counting = SLOW["sqlite"].replace("1000000000", "3000000")
            assert connection.exec_driver_sql(f"SELECT {counting}").scalar() == 3_000_000


def test_the_application_may_go_on_with_its_own_session(database: Engine) -> None:
    """T60: a shared Session is limited in requests alone, also where it is in a transaction already."""
    kind = database.dialect.name
    shared = scoped_session(sessionmaker(database))
    slow = slow_shop(database, limits=Limits(statement_seconds=0.2), session=shared)
    shared.execute(text("SELECT 1"))

    assert slowly(slow.client).status_code == 503

    if kind in SETTING:
        assert str(shared.execute(text(SETTING[kind])).scalar()) in {"0", "0.0"}
    else:
        counting = SLOW["sqlite"].replace("1000000000", "3000000")
        assert shared.execute(text(f"SELECT {counting}")).scalar() == 3_000_000
    shared.remove()


def test_a_connection_that_was_handed_in_is_left_as_it_was(database: Engine) -> None:
    """T60: no listener and no function of ours stays on it."""
    slow_shop(database)
    with database.connect() as connection, Session(connection) as mine:
        slow = served(database, Book, session=mine)
        assert slow.get("/api/book/1").status_code == 200
        assert not list(connection.dispatch.before_cursor_execute)
        assert not mine.info


def test_the_application_may_close_the_session_on_the_way(tmp_path: Path) -> None:
    """T60: there is nothing to take back from a connection that is closed, and the next transaction is limited too."""
    engine = create_engine(f"sqlite:///{tmp_path}/shop.db", poolclass=NullPool)
    shared = scoped_session(sessionmaker(engine))

    def close(**_: object) -> None:
        shared.execute(text("SELECT 1"))
        shared().close()

    processors = {"GET_COLLECTION": [close], "GET_RESOURCE": [close]}
    slow = slow_shop(engine, session=shared, limits=SHORT, preprocessors=processors)

    assert slow.get("/api/book/1").status_code == 200
    assert slowly(slow.client).status_code == 503


def test_a_shorter_limit_of_the_operator_stays(tmp_path: Path) -> None:
    """T60: what the role may use is not stretched."""
    with several_connections("postgresql", tmp_path) as engine:

        @event.listens_for(engine, "connect")
        def limit(connection: object, _record: object) -> None:
            connection.execute("SET statement_timeout = '200ms'")
            connection.commit()

        slow = slow_shop(engine, limits=Limits(statement_seconds=20))
        begun = monotonic()

        assert slowly(slow.client).status_code == 503
        assert monotonic() - begun < 5


def test_no_limit_costs_nothing(database: Engine) -> None:
    """None turns it off: not a statement more, and none changed."""
    slow = slow_shop(database, limits=Limits(statement_seconds=None, export_seconds=None))
    seen: list[str] = []
    event.listen(database, "before_cursor_execute", lambda _c, _k, statement, *_: seen.append(statement))

    assert slow.get("/api/book/1").status_code == 200

    assert len(seen) == 1
    assert seen[0].startswith("SELECT book.id")


def test_small_reads_of_sqlite_cost_no_statement_more(tmp_path: Path) -> None:
    """The limit is on by default, and is a function that SQLite calls."""
    engine = create_engine(f"sqlite:///{tmp_path}/shop.db")
    slow = slow_shop(engine)
    seen: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _k, statement, *_: seen.append(statement))

    assert slow.get("/api/book/1").status_code == 200
    assert not [one for one in seen if not one.startswith("SELECT book")]
    seen.clear()
    assert slow.client.send("PATCH", "/api/book/1", {"data": {"type": "book", "id": "1"}}).status_code == 200
    assert seen.count("BEGIN IMMEDIATE") == 1  # the row is kept from other writers before it is read
    assert not [one for one in seen if not one.startswith(("SELECT book", "UPDATE book", "BEGIN IMMEDIATE"))]
    engine.dispose()


def test_hint_of_mysql() -> None:
    """MySQL takes the limit of a SELECT as a hint after its first word, in milliseconds."""
    assert _hinted("SELECT a FROM b", 1.5) == "SELECT /*+ MAX_EXECUTION_TIME(1500) */ a FROM b"
    assert _hinted("UPDATE a SET b = 1", 1.5) == "UPDATE a SET b = 1"
