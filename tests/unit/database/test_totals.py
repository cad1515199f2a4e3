"""Totals that are known already: SQLite counts a list once, and again after every change, whoever makes it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import (
    Column,
    Engine,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
    bindparam,
    column,
    create_engine,
    func,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker
from sqlalchemy.pool import QueuePool, StaticPool
from werkzeug.test import TestResponse

from conftest import JSONAPI, fresh_database
from flask_restless import APIManager
from flask_restless.database.execution import totals
from flask_restless.database.execution.straight import Straight
from flask_restless.database.execution.time_limit import TimeLimit
from flask_restless.database.execution.totals import counted, tables_of
from flask_restless.database.execution.transaction import NO_LIMITS
from flask_restless.database.execution.watchdog import Watchdog


class Base(DeclarativeBase):
    pass


class Folded(TypeDecorator[bytes]):
    """Compares by what a function makes of a value."""

    impl = LargeBinary
    cache_ok = True

    def bind_expression(self, bindparam: Any) -> Any:
        return func.random_of(bindparam)


class Word(Base):
    __tablename__ = "words"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    secret: Mapped[bytes | None] = mapped_column(Folded)


class Recent(Base):
    """A view: which rows it has is a matter of when it is asked."""

    __tablename__ = "recent"
    id: Mapped[int] = mapped_column(primary_key=True)


URL = "/api/words?page[size]=1&filter[text]=a"
COUNT = select(func.count()).select_from(Word)


def lane_on(engine: Engine) -> Straight:
    return Straight(engine, TimeLimit(NO_LIMITS), Watchdog())


class Words:
    """The words that are served; `counts` are the statements that counted them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.engine = create_engine(f"sqlite:///{path}")
        Base.metadata.tables["words"].create(self.engine)
        with self.engine.begin() as connection:
            connection.execute(text("CREATE VIEW recent AS SELECT id FROM words WHERE julianday('now') > 0"))
        self.write(*(f"INSERT INTO words (text) VALUES ('{one}')" for one in "aabaa"))
        app = Flask(__name__)
        manager = APIManager(app, session=sessionmaker(self.engine))
        manager.create_api(Word, methods=["GET", "POST", "DELETE"])
        manager.create_api(Recent)
        self.client = app.test_client()

    def write(self, *statements: str) -> None:
        """Write by another connection."""
        with closing(sqlite3.connect(self.path)) as connection, connection:
            for one in statements:
                connection.execute(one)

    def total(self, url: str = URL) -> tuple[int, int]:
        """Give the total of a list, and how many statements counted it."""
        statements: list[str] = []
        with closing(self.engine.raw_connection()) as pooled:
            driver: Any = pooled.driver_connection
            driver.set_trace_callback(statements.append)
        answer: TestResponse = self.client.get(url)
        driver.set_trace_callback(None)
        assert answer.json is not None
        return answer.json["meta"]["total"], sum("SELECT count(*) AS" in one for one in statements)


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Words]:
    """Serve words; each count seems to take long."""
    monkeypatch.setattr(totals, "SLOW", 0.0)
    made = Words(tmp_path / "words.sqlite")
    yield made
    made.engine.dispose()


def test_what_is_known_is_not_counted(words: Words) -> None:
    """The first count tells only that it takes long."""
    assert [words.total() for _ in range(4)] == [(4, 1), (4, 1), (4, 0), (4, 0)]


def test_a_quick_count_is_made_each_time(words: Words, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(totals, "SLOW", 60.0)
    assert [words.total() for _ in range(3)] == [(4, 1)] * 3


def test_a_count_that_was_slow_by_chance(words: Words, monkeypatch: pytest.MonkeyPatch) -> None:
    words.total()
    monkeypatch.setattr(totals, "SLOW", 60.0)
    assert words.total() == (4, 1)
    with closing(words.engine.raw_connection()) as pooled:
        assert not pooled.info[totals.KEY]


def inserted(words: Words) -> None:
    words.write("INSERT INTO words (text) VALUES ('a')")


def moved_out(words: Words) -> None:
    words.write("UPDATE words SET text = 'b' WHERE id = 1")


def emptied(words: Words) -> None:
    words.write("DELETE FROM words")


def made_anew(words: Words) -> None:
    """The connection itself changes no row."""
    with words.engine.begin() as connection:
        connection.execute(text("DROP VIEW recent"))
        connection.execute(text("ALTER TABLE words RENAME TO old_words"))
        connection.execute(text("CREATE TABLE words AS SELECT * FROM old_words LIMIT 2"))


def posted(words: Words) -> None:
    document = {"data": {"type": "words", "attributes": {"text": "a"}}}
    assert words.client.post("/api/words", json=document, content_type=JSONAPI).status_code == 201


def deleted(words: Words) -> None:
    assert words.client.delete("/api/words/1").status_code == 204


def shadowed(words: Words) -> None:
    """A temporary table stands before the file's own."""
    with words.engine.begin() as connection:
        connection.execute(text("CREATE TEMP TABLE words (id INTEGER PRIMARY KEY, text TEXT, secret BLOB)"))
        connection.execute(text("INSERT INTO words (text) VALUES ('a'), ('a'), ('a')"))


def hidden(words: Words) -> None:
    """A temporary table stands before the file's own; no number tells so."""
    with words.engine.begin() as connection:
        connection.execute(text("CREATE TEMP TABLE words (id INTEGER PRIMARY KEY, text TEXT, secret BLOB)"))


def put_back(words: Words) -> None:
    """Another connection puts a whole other file in the place of this one's pages."""
    with closing(sqlite3.connect(":memory:")) as other, closing(sqlite3.connect(words.path)) as target:
        other.execute("CREATE TABLE words (id INTEGER PRIMARY KEY, text TEXT, secret BLOB)")
        other.executemany("INSERT INTO words (text) VALUES (?)", [("a",)] * 9)
        other.commit()
        other.backup(target)


@pytest.mark.parametrize(
    ("change", "total"),
    [
        (inserted, 5),
        (moved_out, 3),
        (emptied, 0),
        (made_anew, 2),
        (posted, 5),
        (deleted, 3),
        (shadowed, 3),
        (hidden, 0),
        (put_back, 9),
    ],
    ids=lambda one: getattr(one, "__name__", str(one)),
)
def test_every_change_is_counted(words: Words, change: Callable[[Words], None], total: int) -> None:
    for _ in range(3):
        words.total()
    change(words)
    assert [words.total()[0] for _ in range(3)] == [total] * 3


def test_values_that_are_equal_are_not_the_same() -> None:
    """What is equal in Python may differ to SQLite, which compares a text with a number as texts."""
    texts = select(func.count()).where(literal_column("x") == 1)
    assert totals._key(texts, ("", (1,))) != totals._key(texts, ("", (True,)))
    assert totals._key(texts, ("", (1,))) != totals._key(texts, ("", (1.0,)))
    assert totals._key(texts, ("", (bytearray(b"x"),))) == ()
    assert totals._key(texts, ("", range(1000))) == ()


class Written(TypeDecorator[Decimal]):
    """Keeps numbers as they are written."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return str(value)


def test_equal_values_of_which_a_type_makes_several(words: Words) -> None:
    """What is compared is what the type makes of them."""
    words.write("UPDATE words SET text = '1.0'", "UPDATE words SET text = '1.00' WHERE id < 3")
    figures = Table("words", MetaData(), Column("text", Written))
    statement = select(func.count()).select_from(figures).where(figures.c.text == bindparam("p0", type_=Written))
    with closing(lane_on(words.engine)) as lane:
        found = [counted(lane, statement, {"p0": Decimal(one)}) for one in ("1.0", "1.00") * 4]
    assert found == [3, 2] * 4


def test_what_was_not_committed_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one connection for all, another user may undo what is there now."""
    monkeypatch.setattr(totals, "SLOW", 0.0)
    engine = create_engine(
        f"sqlite:///{tmp_path / 'one.sqlite'}", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )
    Base.metadata.tables["words"].create(engine)
    driver: Any = engine.raw_connection().driver_connection
    lane = lane_on(engine)
    assert [counted(lane, COUNT, {}) for _ in range(3)] == [0, 0, 0]
    driver.execute("INSERT INTO words (text) VALUES ('a')")
    assert [counted(lane, COUNT, {}) for _ in range(3)] == [1, 1, 1]
    driver.rollback()
    assert [counted(lane, COUNT, {}) for _ in range(3)] == [0, 0, 0]
    lane.close()
    engine.dispose()


def test_others_begin_while_changes_are_looked_at(words: Words, monkeypatch: pytest.MonkeyPatch) -> None:
    """What they change on the connection that all share is no change that was committed before."""

    class Shared:
        total_changes = 1

        @property
        def in_transaction(self) -> bool:
            self.total_changes = 2
            return False

    lane = lane_on(words.engine)
    raw = lane._raw
    monkeypatch.setattr(lane, "_raw", Shared())
    assert lane.changes == 1
    monkeypatch.setattr(lane, "_raw", raw)
    lane.close()


def test_what_others_have_not_committed_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a shared cache a connection can see what another one may undo."""
    monkeypatch.setattr(totals, "SLOW", 0.0)
    engine = create_engine(
        "sqlite:///file:seen?mode=memory&cache=shared&uri=true", poolclass=QueuePool, isolation_level="READ UNCOMMITTED"
    )
    Base.metadata.tables["words"].create(engine)
    with closing(lane_on(engine)) as lane, engine.connect() as other:
        assert [counted(lane, COUNT, {}) for _ in range(3)] == [0, 0, 0]
        other.execute(text("INSERT INTO words (text) VALUES ('a')"))
        assert [counted(lane, COUNT, {}) for _ in range(3)] == [1, 1, 1]
        other.rollback()
        assert [counted(lane, COUNT, {}) for _ in range(3)] == [0, 0, 0]
    engine.dispose()


def test_a_view_is_counted_each_time(words: Words) -> None:
    """The second time SQLite says that it is no table, and is not asked about it any more."""
    url = "/api/recent?page[size]=1"
    assert [words.total(url) for _ in range(5)] == [(5, 1), (5, 2), (5, 1), (5, 1), (5, 1)]


@pytest.mark.parametrize(
    "statement",
    [
        COUNT.where(Word.text == func.random()),
        COUNT.where(Word.text < func.now()),
        COUNT.where(literal_column("random()") > 0),
        COUNT.where(text("random() > 0")),
        COUNT.where(Word.text.op("GLOB")("a*")),
        COUNT.where(Word.secret == b"x"),
        COUNT.where(Word.id.in_(select(table("recent", column("id")).c.id))),
    ],
    ids=["function", "now", "literal", "text", "operator", "type", "name"],
)
def test_what_may_change_by_itself_goes_by_no_table(statement: Any) -> None:
    assert tables_of(statement) == ()


def test_a_plain_condition_goes_by_its_tables() -> None:
    plain = COUNT.where(Word.text.ilike("a%"), Word.id.in_(select(Recent.id)), func.lower(Word.text) == "a")
    assert {one.name for one in tables_of(plain)} == {"words", "recent"}


def test_a_few_totals_are_kept(words: Words, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(totals, "KEPT", 3)
    lane = lane_on(words.engine)
    statement = COUNT.where(Word.id > 0)
    for number in range(10):
        counted(lane, statement, {"id_1": number})
    assert len(lane.info[totals.KEY]) == 3
    lane.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mariadb"])
def test_a_list_that_holds_still(kind: str, tmp_path: Path) -> None:
    """Both statements of a far page see the same rows, and the connection goes back as it came."""
    if kind == "sqlite":
        engine = create_engine(f"sqlite:///{tmp_path / 'still.sqlite'}")
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")  # or the reader would keep the writer out
        _check_stillness(engine)
        engine.dispose()
        return
    with fresh_database(kind) as engine:
        _check_stillness(engine)


def _check_stillness(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE words (id INTEGER PRIMARY KEY, text VARCHAR(9))")
    for number in range(1, 4):
        with closing(lane_on(engine)) as lane:
            assert lane.hold_still()
            before = lane.rows(COUNT, {})
            with engine.begin() as connection:
                connection.exec_driver_sql(f"INSERT INTO words VALUES ({number}, 'a')")
            assert before is not None
            assert list(before) == [(number - 1,)]
            assert lane.rows(COUNT, {}) == before
        with closing(lane_on(engine)) as lane:
            assert list(lane.rows(COUNT, {}) or ()) == [(number,)]
        with engine.connect() as connection:
            assert connection.execute(COUNT).scalar() == number
