"""PostgreSQL commits a write along with its statement only where nothing that comes after it could refuse (T55)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Computed,
    Date,
    DateTime,
    Engine,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Time,
    TypeDecorator,
    func,
    select,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, sessionmaker

from conftest import Shop, checked_client, fresh_database
from flask_restless import APIManager
from flask_restless.database.execution.straight import StraightWriting
from flask_restless.schema.types import codec_of


class Base(DeclarativeBase):
    """The models of these tests."""


class Loud(TypeDecorator[str]):
    """Reads by code of the application's own, which may raise."""

    impl = String
    cache_ok = True


class Whispered(String):
    """Has a codec of the application's own."""


class Pad(Base):
    __tablename__ = "pad"
    id: Mapped[int] = mapped_column(primary_key=True)
    colour: Mapped[str] = mapped_column(String(20), unique=True)


class Memo(Base):
    __tablename__ = "memo"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    made: Mapped[Any] = mapped_column(DateTime, server_default=text("'infinity'"))
    pad_id: Mapped[int | None] = mapped_column(ForeignKey("pad.id"))
    pad: Mapped[Pad | None] = relationship()


class Doomed(Base):
    """To make a row ends the connection."""

    __tablename__ = "doomed"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    gone: Mapped[bool | None] = mapped_column(Boolean, server_default=text("pg_terminate_backend(pg_backend_pid())"))


class Signed(Base):
    """The same; and SQLAlchemy itself has to run the statement, since it makes a default."""

    __tablename__ = "signed"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    by: Mapped[str] = mapped_column(String(9), default=lambda: "me")
    gone: Mapped[bool | None] = mapped_column(Boolean, server_default=text("pg_terminate_backend(pg_backend_pid())"))


class Generated(Base):
    """Has a moment that changes with another column."""

    __tablename__ = "generated"
    id: Mapped[int] = mapped_column(primary_key=True)
    days: Mapped[int]
    until: Mapped[Any] = mapped_column(
        DateTime, Computed("CASE WHEN days > 9 THEN 'infinity' ELSE TIMESTAMP '2026-01-01' END", persisted=True)
    )


class Written(Base):
    """Has a moment that is a text in the database."""

    __tablename__ = "written"
    id: Mapped[int] = mapped_column(primary_key=True)
    note: Mapped[str | None]
    made: Mapped[Any] = mapped_column(DateTime().with_variant(String(40), "postgresql"), nullable=True)


class Read(Base):
    """The same table to whom it is a moment."""

    __table__ = Table(
        "written",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("note", String),
        Column("made", DateTime),
    )


TYPES: dict[str, tuple[Any, Any, bool]] = {
    "integer": (Integer, 1, True),
    "text": (String, "a", True),
    "moment": (DateTime, "2026-01-02T03:04:05", True),
    "zoned": (DateTime(timezone=True), "2026-01-02T03:04:05Z", True),
    "ancient": (DateTime(timezone=True), "0001-01-01T00:00:00Z", False),
    "day": (Date, "2026-01-02", True),
    "time": (Time, "03:04:05", True),
    "zoned_time": (Time(timezone=True), "03:04:05Z", False),
    "float": (Float, 1.5, False),
    "decimal": (Numeric(5, 2), "1.50", False),
    "json": (JSON, {"a": 1}, False),
    "decorated": (Loud, "a", False),
    "own": (Whispered, "a", False),
}
"""A type, a value, and whether that can be answered after the commit, by the name of a model."""

MOMENTS = {"moment", "zoned", "day", "time"}

MODELS = {
    name: type(
        f"Of{name.title()}",
        (Base,),
        {
            "__tablename__": f"of_{name}",
            "id": mapped_column(Integer, primary_key=True),
            "value": mapped_column(type_, nullable=True),
            "note": mapped_column(Integer, nullable=True),
        },
    )
    for name, (type_, _, _) in TYPES.items()
}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with fresh_database("postgresql") as engine:
        Base.metadata.create_all(engine)
        yield engine


@pytest.fixture(scope="module")
def shop(engine: Engine) -> Shop:
    app = Flask(__name__)
    session = sessionmaker(engine)
    own = replace(codec_of(String()), encode=str.upper)
    manager = APIManager(app, session=session, types={Whispered: own})
    for model in (Pad, Memo, Doomed, Signed, Generated, Read, *MODELS.values()):
        manager.create_api(model, methods=["GET", "POST", "PATCH", "DELETE"])
    return Shop(app, manager, checked_client(app), engine, session)


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Note of each commit past the Session whether it came along with the statement."""
    noted: list[bool] = []
    commit = StraightWriting.commit

    def note(lane: StraightWriting) -> None:
        noted.append(lane.is_single)
        commit(lane)

    monkeypatch.setattr(StraightWriting, "commit", note)
    return noted


def send(shop: Shop, name: str, id_: str | None = None, pad: str | None = None, **attributes: Any) -> Any:
    data: dict[str, Any] = {"type": name, "attributes": attributes}
    if pad is not None:
        data["relationships"] = {"pad": {"data": {"type": "pad", "id": pad}}}
    if id_ is None:
        return shop.client.send("POST", f"/api/{name}", {"data": data})
    return shop.client.send("PATCH", f"/api/{name}/{id_}", {"data": data | {"id": id_}})


def known(shop: Shop, name: str, **attributes: Any) -> None:
    """Write once, so that the catalogue has been asked about the table's triggers."""
    assert send(shop, name, **attributes).status_code == 201


def stored(shop: Shop, model: Any) -> int:
    with shop.session() as session:
        return int(session.scalar(select(func.count()).select_from(model)) or 0)


@pytest.mark.parametrize("name", list(TYPES))
def test_only_what_is_sure_to_be_answered_is_committed_before(shop: Shop, commits: list[bool], name: str) -> None:
    """A moment that a database makes is not: it may be infinite."""
    _, value, is_sure = TYPES[name]
    known(shop, f"of_{name}", value=value)
    commits.clear()

    made = send(shop, f"of_{name}", value=value)
    changed = send(shop, f"of_{name}", made.json["data"]["id"], value=value)
    without = send(shop, f"of_{name}", note=1)

    assert (made.status_code, changed.status_code, without.status_code) == (201, 200, 201)
    if is_sure:
        assert commits == [True, True, name not in MOMENTS]
    assert is_sure or not any(commits)
    assert shop.get(f"/api/of_{name}/{made.json['data']['id']}").json["data"] == changed.json["data"]


def test_a_value_that_cannot_be_read_is_not_stored(shop: Shop, commits: list[bool]) -> None:
    known(shop, "memo", text="first", made="2026-01-02T03:04:05")
    before = stored(shop, Memo)
    commits.clear()

    answer = send(shop, "memo", text="no moment")

    assert answer.status_code == 400, answer.text
    assert commits == []
    assert stored(shop, Memo) == before


@pytest.mark.parametrize(
    ("name", "held", "is_known"),
    [
        ("moment", "'2026-01-02T03:04:05'", True),
        ("moment", "NULL", True),
        ("moment", "'infinity'", False),
        ("moment", "'0044-03-15 BC'", False),
        ("moment", "'9998-12-31T00:00:00'", True),
        ("zoned", "'2026-01-02T03:04:05Z'", True),
        ("zoned", "'-infinity'", False),
        ("zoned", "'12345-01-01'", False),
        ("day", "'2026-01-02'", True),
        ("day", "'infinity'", False),
        ("time", "'23:59:59.999999'", True),
        ("time", "'24:00'", False),
    ],
)
def test_a_moment_that_was_there_before(
    shop: Shop, commits: list[bool], name: str, held: str, *, is_known: bool
) -> None:
    """The statement that changes a row demands of the moments in it that Python knows them."""
    table, value = f"of_{name}", TYPES[name][1]
    known(shop, table, value=value)
    with shop.engine.begin() as connection:
        id_ = connection.scalar(text(f"INSERT INTO {table} (value, note) VALUES ({held}, 1) RETURNING id"))
    commits.clear()

    answer = send(shop, table, str(id_), note=2)

    with shop.engine.connect() as connection:
        note = connection.scalar(text(f"SELECT note FROM {table} WHERE id = {id_}"))
    if is_known:
        assert answer.status_code == 200, answer.text
        assert (note, commits) == (2, [True])
    else:
        assert answer.status_code == 400, answer.text
        assert (note, commits) == (1, [])
    assert send(shop, table, str(id_), note=3, value=value).status_code == 200
    assert commits[-1:] == [True]


def test_a_day_that_python_knows_and_the_statement_does_not(shop: Shop, commits: list[bool]) -> None:
    """The years 1 and 9999 take a transaction: told in another zone, a moment of theirs may be of another year."""
    known(shop, "of_day", value="2026-01-02")
    first = send(shop, "of_day", value="0001-01-01").json["data"]["id"]
    last = send(shop, "of_day", value="9999-12-31").json["data"]["id"]
    commits.clear()
    assert [send(shop, "of_day", one, note=2).status_code for one in (first, last)] == [200, 200]
    assert commits == [False, False]
    assert send(shop, "of_day", "9999999", note=2).status_code == 404


def test_a_moment_that_changes_with_another_column(shop: Shop, commits: list[bool]) -> None:
    known(shop, "generated", days=1)
    id_ = send(shop, "generated", days=2).json["data"]["id"]
    commits.clear()

    assert send(shop, "generated", id_, days=3).status_code == 200
    assert commits == [False]
    assert send(shop, "generated", id_, days=10).status_code == 400
    with shop.engine.connect() as connection:
        assert connection.scalar(text(f"SELECT days FROM generated WHERE id = {id_}")) == 3


def test_a_moment_that_is_none_in_the_database(shop: Shop, commits: list[bool]) -> None:
    """A text compared with a day would be an error of the statement."""
    with shop.engine.begin() as connection:
        connection.execute(text("INSERT INTO written (id, note) VALUES (1, 'a'), (2, 'b')"))
    assert send(shop, "written", "1", note="c").status_code == 200
    commits.clear()
    assert send(shop, "written", "2", note="d").status_code == 200
    assert commits == [False]


@pytest.mark.parametrize("name", ["doomed", "signed"])
def test_a_connection_that_is_lost_in_the_statement(shop: Shop, commits: list[bool], name: str) -> None:
    """T55: nobody knows whether a statement was stored that commits by itself."""
    known(shop, name, text="spared", gone=False)
    commits.clear()

    answer = send(shop, name, text="lost")

    assert answer.status_code == 503, answer.text
    (error,) = answer.json["errors"]
    assert (error["code"], error["meta"]) == ("unavailable", {"outcome": "unknown"})
    assert "Retry-After" not in answer.headers
    assert [send(shop, name, text="spared", gone=False).status_code for _ in range(2)] == [201, 201]
    assert commits == [False, True]


def test_what_is_refused_is_not_stored(shop: Shop, commits: list[bool]) -> None:
    """Constraints and related rows are looked at by the same statement; the connection goes on to be used."""
    known(shop, "pad", colour="red")
    known(shop, "memo", text="first", made="2026-01-02T03:04:05")
    pads, memos = stored(shop, Pad), stored(shop, Memo)
    commits.clear()

    assert send(shop, "pad", colour="red").status_code == 409
    assert send(shop, "memo", text="a", made="2026-01-02T03:04:05", pad="9999").status_code == 404
    assert send(shop, "pad", "9999", colour="blue").status_code == 404
    assert commits == []
    assert (stored(shop, Pad), stored(shop, Memo)) == (pads, memos)
    assert send(shop, "memo", text="b", made="2026-01-02T03:04:05", pad="1").status_code == 201
    assert commits == [True]


def test_the_connection_goes_back_as_it_came(shop: Shop, engine: Engine, commits: list[bool]) -> None:
    known(shop, "of_text", value="a")
    commits.clear()
    assert send(shop, "of_text", value="b").status_code == 201
    assert commits == [True]
    pooled = engine.raw_connection()
    driver: Any = pooled.driver_connection
    assert driver.autocommit is False
    pooled.close()
