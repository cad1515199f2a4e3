"""PostgreSQL's tables that are not what the models say, and rows that change once more after their statement (T55).

A write is answered as it is stored, and what cannot be answered is not stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import DateTime, Engine, Integer, String, Time, Uuid, create_engine, event, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker

from conftest import Shop, checked_client, fresh_database
from flask_restless import APIManager


class Base(DeclarativeBase):
    """The models of these tests."""


ODD: dict[str, tuple[Any, str, str]] = {
    "decimal": (Integer, "numeric", "1.5"),
    "no_number": (Integer, "numeric", "'NaN'"),
    "bytes": (String, "bytea", "'abc'"),
    "span": (String, "interval", "'1 day'"),
    "day": (String, "date", "'infinity'"),
    "code": (Uuid(native_uuid=False), "text", "'none'"),
    "moment": (DateTime, "time", "'03:04'"),
    "hour": (Time, "timestamp", "'2026-01-02'"),
}
"""The type of a model's column, that of the table's, and a value in it, by the name of a model."""

OF_ODD = [
    type(
        f"Of{name.title()}",
        (Base,),
        {
            "__tablename__": f"of_{name}",
            "id": mapped_column(Integer, primary_key=True),
            "note": mapped_column(String(9)),
            "odd": mapped_column(type_, nullable=True),
        },
    )
    for name, (type_, _, _) in ODD.items()
]


class Opening(Base):
    """Has a time that the table keeps in whole seconds."""

    __tablename__ = "opening"
    id: Mapped[int] = mapped_column(primary_key=True)
    opens: Mapped[Any] = mapped_column(Time, nullable=True)
    note: Mapped[str | None]


class Meeting(Base):
    __tablename__ = "meeting"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[Any] = mapped_column(DateTime(timezone=True))


class Place(Base):
    """May lie in itself; what it lies in is known by a code that may change."""

    __tablename__ = "place"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(9), unique=True)
    in_code: Mapped[str | None] = mapped_column(String(9))


class Word(Base):
    __tablename__ = "word"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(9))


MODELS: tuple[Any, ...] = (*OF_ODD, Opening, Meeting, Place, Word)

LOUD = """
CREATE SCHEMA loud;
CREATE TABLE loud.word (LIKE word INCLUDING ALL);
CREATE FUNCTION loud.louder() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN UPDATE loud.word SET text = upper(text) WHERE id = NEW.id; RETURN NULL; END $$;
CREATE TRIGGER louder AFTER INSERT OR UPDATE ON loud.word FOR EACH ROW WHEN (pg_trigger_depth() = 0)
EXECUTE FUNCTION loud.louder()
"""
"""A tenant whose words are changed once more after they were written."""


@pytest.fixture(params=["psycopg", "psycopg2"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param == "psycopg2":
        pytest.importorskip("psycopg2")
    with fresh_database("postgresql") as made:
        engine = create_engine(made.url.set(drivername=f"postgresql+{request.param}"))
        Base.metadata.create_all(engine)
        with engine.begin() as connection:
            for name, (_, type_, _) in ODD.items():
                connection.execute(text(f"ALTER TABLE of_{name} DROP COLUMN odd, ADD COLUMN odd {type_}"))
            connection.execute(text("ALTER TABLE opening ALTER opens TYPE time(0)"))
            connection.execute(
                text("ALTER TABLE place ADD FOREIGN KEY (in_code) REFERENCES place (code) ON UPDATE CASCADE")
            )
        yield engine
        engine.dispose()


@pytest.fixture
def shop(engine: Engine) -> Shop:
    return served(engine)


def served(engine: Engine) -> Shop:
    app = Flask(__name__)
    session = sessionmaker(engine)
    manager = APIManager(app, session=session)
    for model in MODELS:
        manager.create_api(model, methods=["GET", "POST", "PATCH", "DELETE"])
    return Shop(app, manager, checked_client(app), engine, session)


def send(shop: Shop, name: str, id_: str | None = None, **attributes: Any) -> Any:
    data: dict[str, Any] = {"type": name, "attributes": attributes}
    if id_ is None:
        return shop.client.send("POST", f"/api/{name}", {"data": data})
    return shop.client.send("PATCH", f"/api/{name}/{id_}", {"data": data | {"id": id_}})


def run(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement))


def column(engine: Engine, statement: str) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.scalars(text(statement)))


@pytest.mark.parametrize("name", list(ODD))
def test_a_value_of_another_type_than_the_models(shop: Shop, name: str) -> None:
    """What keeps the row from being answered keeps it from being changed."""
    held = ODD[name][2]
    run(shop.engine, f"INSERT INTO of_{name} (note, odd) VALUES ('first', NULL), ('second', {held})")
    assert send(shop, f"of_{name}", "1", note="known").status_code == 200

    shown = shop.get(f"/api/of_{name}/2").status_code
    answer = send(shop, f"of_{name}", "2", note="changed")

    assert answer.status_code == shown, answer.text
    notes = column(shop.engine, f"SELECT note FROM of_{name} WHERE id = 2")
    assert notes == ["changed" if answer.status_code == 200 else "second"]


@pytest.mark.parametrize("opens", ["23:59:58.9", "23:59:59", "23:59:59.4"])
def test_a_time_that_the_table_rounds(shop: Shop, opens: str) -> None:
    assert send(shop, "opening", opens="08:00").status_code == 201

    assert send(shop, "opening", opens=opens).json["data"]["attributes"]["opens"] in ("23:59:59", "23:59:59.4")
    assert send(shop, "opening", "1", opens=opens).status_code == 200


def test_a_time_that_the_table_rounds_to_midnight(shop: Shop) -> None:
    """PostgreSQL tells that midnight as 24:00, which Python cannot read: no success, nothing is stored."""
    assert send(shop, "opening", opens="08:00").status_code == 201

    made = send(shop, "opening", opens="23:59:59.5")
    changed = send(shop, "opening", "1", opens="23:59:59.999999")

    stored = column(shop.engine, "SELECT opens::text FROM opening ORDER BY id")
    assert [one.status_code < 300 for one in (made, changed)] == [len(stored) > 1, stored[0] != "08:00:00"]


def test_moments_in_a_style_that_drivers_do_not_read(engine: Engine) -> None:
    """psycopg reads no moment with a zone that is not told in ISO's style, and psycopg2 does."""
    german = create_engine(engine.url, connect_args={"options": "-c datestyle=German"})
    shop = served(german)
    answers = [send(shop, "meeting", at="2026-01-02T03:04:05Z") for _ in range(3)]

    stored = column(engine, "SELECT count(*) FROM meeting")
    german.dispose()
    assert stored == [sum(one.status_code == 201 for one in answers)]


def test_a_row_that_follows_itself(shop: Shop) -> None:
    """`ON UPDATE CASCADE` changes a row that refers to itself after the statement, which does not see it."""
    run(shop.engine, "INSERT INTO place (code, in_code) VALUES ('a', 'a')")
    assert send(shop, "place", code="other").status_code == 201

    answer = send(shop, "place", "1", code="b")

    assert answer.status_code == 200
    assert column(shop.engine, "SELECT in_code FROM place WHERE id = 1") == ["b"]
    assert answer.json["data"] == shop.get("/api/place/1").json["data"]
    assert answer.json["data"]["attributes"]["in_code"] == "b"


@pytest.mark.parametrize("kind", ["checkout", "connect"])
def test_tenants_have_tables_of_their_own(shop: Shop, kind: str) -> None:
    """What is known of one tenant's table says nothing of another's, where listeners to the pool tell them apart."""
    run(shop.engine, LOUD)
    tenant: ContextVar[str] = ContextVar("tenant", default="public")

    def enter(connection: Any, *_: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET search_path TO {tenant.get()}")
        connection.commit()

    event.listen(shop.engine, kind, enter)
    answers = []
    for name in ("public", "loud", "public"):
        token = tenant.set(name)
        if kind == "connect":
            shop.engine.dispose()
        made = send(shop, "word", text="one").json["data"]
        changed = send(shop, "word", made["id"], text="two").json["data"]
        answers.append([one["attributes"]["text"] for one in (made, changed)])
        tenant.reset(token)

    assert answers == [["one", "two"], ["ONE", "TWO"], ["one", "two"]]


def test_a_connection_for_reading_alone(shop: Shop) -> None:
    """Drivers keep that setting for transactions; a statement that commits by itself would pass it by."""
    assert send(shop, "word", text="one").status_code == 201

    def only_read(connection: Any, *_: Any) -> None:
        if hasattr(connection, "set_session"):
            connection.set_session(readonly=True)
        else:
            connection.read_only = True

    event.listen(shop.engine, "connect", only_read)
    shop.engine.dispose()
    answers = [
        send(shop, "word", "1", text="two"),
        send(shop, "word", "1", text="two"),
        send(shop, "word", text="three"),
    ]

    assert [one.status_code for one in answers] == [503, 503, 503], answers[1].text
    assert column(shop.engine, "SELECT text FROM word") == ["one"]
