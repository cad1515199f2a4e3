"""The way of one request to its database: when a Session is made, and what is left of connections afterwards."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Delete, Engine, String, Update, create_engine, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, foreign, mapped_column, relationship, sessionmaker

from conftest import JSONAPI, Shop, open_shop
from flask_restless.database.execution import read
from flask_restless.database.execution.straight import Straight
from flask_restless.database.execution.time_limit import TimeLimit
from flask_restless.database.execution.transaction import NO_LIMITS
from flask_restless.database.execution.watchdog import Watchdog
from flask_restless.demo.models import Author, Tag
from racing import several_connections
from slow import served


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Session]:
    """Notes every Session that is made."""
    found: list[Session] = []
    make = Session.__init__

    def noting(self: Session, *args: Any, **kwargs: Any) -> None:
        found.append(self)
        make(self, *args, **kwargs)

    monkeypatch.setattr(Session, "__init__", noting)
    return found


def author(name: str) -> dict[str, Any]:
    return {"data": {"type": "authors", "attributes": {"name": name}}}


def tag(name: str) -> dict[str, Any]:
    return {"data": {"type": "tags", "attributes": {"name": name}}}


def test_reading_takes_no_session(sqlite: Engine, made: list[Session]) -> None:
    shop = open_shop(sqlite)
    shop.get("/api/publishers/1")
    made.clear()

    assert shop.get("/api/publishers?include=country&page[size]=3").status_code == 200
    assert made == []


def is_open(driver: Any, kind: str) -> bool:
    """Whether a driver's connection is in a transaction."""
    if kind == "sqlite":
        return bool(driver.in_transaction)
    if kind == "postgresql":
        return bool(driver.info.transaction_status.name != "IDLE")
    with driver.cursor() as cursor:
        cursor.execute("SELECT @@in_transaction")
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mariadb"])
def test_what_was_refused_is_undone_whatever_the_pool_does(kind: str, tmp_path: Path) -> None:
    """A pool that resets nothing hands a connection on as it comes."""
    with several_connections(kind, tmp_path) as made:
        engine = create_engine(made.url, pool_reset_on_return=None, pool_size=1, max_overflow=0)
        shop = open_shop(engine)
        country = {"data": {"type": "countries", "attributes": {"code": "XX", "name": "Nowhere", "currency": "XXX"}}}
        assert shop.client.send("POST", "/api/countries", country).status_code == 201
        assert shop.client.send("POST", "/api/countries", country).status_code == 409
        driver: Any = engine.raw_connection().driver_connection
        assert not is_open(driver, kind)
        engine.dispose()


@pytest.mark.parametrize("far", [0, 1000], ids=["from the end", "from the beginning"])
@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mariadb"])
def test_what_was_read_is_over_whatever_the_pool_does(
    kind: str, far: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read, "FAR", far)
    with several_connections(kind, tmp_path) as made:
        engine = create_engine(made.url, pool_reset_on_return=None, pool_size=1, max_overflow=0)
        shop = open_shop(engine)
        assert shop.get("/api/publishers?page[size]=1&page[number]=3&include=country").status_code == 200
        pooled = engine.raw_connection()
        assert not is_open(pooled.driver_connection, kind)
        pooled.close()
        assert shop.get("/api/publishers/1").status_code == 200
        assert not is_open(engine.raw_connection().driver_connection, kind)
        engine.dispose()


def test_a_session_that_is_listened_to_is_made(sqlite: Engine, made: list[Session]) -> None:
    shop = open_shop(sqlite)
    maker = shop.session
    shop.get("/api/books/1")
    event.listen(maker, "do_orm_execute", lambda _state: None)
    made.clear()

    assert shop.get("/api/books/1").status_code == 200
    assert len(made) == 1


def test_sessions_of_a_class_of_the_applications_own_are_made(sqlite: Engine) -> None:
    begun: list[Session] = []

    class Counted(Session):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            begun.append(self)

    shop = open_shop(sqlite)
    other = served(sqlite, Author, session=sessionmaker(sqlite, class_=Counted))
    begun.clear()

    assert other.get("/api/authors").status_code == 200
    assert len(begun) == 1
    assert shop.get("/api/books").status_code == 200


def test_a_maker_that_is_bound_later_leads_to_its_new_engine(sqlite: Engine, tmp_path: Path) -> None:
    other = create_engine(f"sqlite:///{tmp_path}/other.db")
    Tag.metadata.create_all(other)
    Tag.metadata.create_all(sqlite)
    maker = sessionmaker(sqlite)
    shop = served(sqlite, Tag, session=maker)
    with Session(other) as session, session.begin():
        session.add(Tag(id=1, name="there"))

    assert shop.get("/api/tags").json["data"] == []
    maker.configure(bind=other)
    assert [one["id"] for one in shop.get("/api/tags").json["data"]] == ["1"]
    other.dispose()


@pytest.mark.parametrize("level", [None, "REPEATABLE READ", "AUTOCOMMIT"])
def test_a_connection_is_given_back_as_it_was(tmp_path: Path, level: str | None) -> None:
    """PostgreSQL's statements commit by themselves while they are read past the Session, and only then."""
    with several_connections("postgresql", tmp_path) as server:
        engine = create_engine(server.url, pool_size=1, **({"isolation_level": level} if level else {}))
        shop = open_shop(engine)
        raw = engine.raw_connection()
        before = raw.driver_connection.autocommit
        raw.close()

        assert shop.get("/api/books/1").status_code == 200
        assert shop.get("/api/books/0").status_code == 404
        assert shop.client.send("POST", "/api/authors", author("new")).status_code in (201, 409)

        raw = engine.raw_connection()
        assert raw.driver_connection.autocommit is before
        assert str(raw.driver_connection.info.transaction_status.name) == "IDLE"
        raw.close()
        engine.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mariadb"])
def test_a_listener_to_the_pool_may_begin_a_transaction(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as one that tells the server who asks; what it says then is part of the transaction that is used."""
    monkeypatch.setattr(read, "FAR", 0)
    with several_connections(kind, tmp_path) as made:
        engine = create_engine(made.url, pool_size=1, max_overflow=0)
        shop = open_shop(engine)

        @event.listens_for(engine, "checkout")
        def begin(driver: Any, _record: Any, _pooled: Any) -> None:
            with closing(driver.cursor()) as cursor:
                cursor.execute("SELECT count(*) FROM tags")

        asked = [
            shop.get("/api/publishers/1"),
            shop.get("/api/publishers?page[size]=1&page[number]=3"),
            shop.client.send("POST", "/api/authors", author("new")),
            shop.client.send("POST", "/api/authors", author("newer")),
            shop.client.send(
                "PATCH", "/api/tags/1", {"data": {"type": "tags", "id": "1", "attributes": {"name": "x"}}}
            ),
        ]
        assert [one.status_code for one in asked] == [200, 200, 201, 201, 200]
        event.remove(engine, "checkout", begin)
        assert not is_open(engine.raw_connection().driver_connection, kind)
        engine.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mariadb"])
def test_a_transaction_that_is_over_is_not_ended_again(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pool is told, as by SQLAlchemy's own Connection, and so are its listeners; MariaDB's reads leave one open."""
    with several_connections(kind, tmp_path) as made:
        engine = create_engine(made.url, pool_size=1, max_overflow=0)
        shop = open_shop(engine)
        for name in ("one", "two"):
            assert shop.get("/api/publishers/1").status_code == 200
            assert shop.client.send("POST", "/api/tags", tag(name)).status_code == 201
        rollbacks: list[Any] = []
        told: list[bool] = []
        monkeypatch.setattr(engine.dialect, "do_rollback", rollbacks.append)
        event.listen(engine, "reset", lambda _raw, _record, state: told.append(state.transaction_was_reset))

        assert shop.get("/api/publishers/1").status_code == 200
        assert (len(rollbacks), told) == ((1, [False]) if kind == "mariadb" else (0, [True]))
        monkeypatch.undo()
        assert shop.client.send("POST", "/api/tags", tag("three")).status_code == 201
        assert told[1:] == [True]
        assert not is_open(engine.raw_connection().driver_connection, kind)
        engine.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mariadb"])
def test_what_holds_still_holds_for_all_statements(kind: str, tmp_path: Path) -> None:
    """Of an engine whose statements commit by themselves each would see rows of its own, if none is begun for them."""
    with several_connections(kind, tmp_path) as made:
        engine = create_engine(made.url, isolation_level="AUTOCOMMIT")
        with closing(Straight(engine, TimeLimit(NO_LIMITS), Watchdog())) as lane:
            assert lane.hold_still() == (kind == "sqlite")
        engine.dispose()


def test_a_write_past_the_session_that_fails_leaves_nothing(database: Engine) -> None:
    shop: Shop = open_shop(database)
    before = shop.get("/api/tags").json["meta"]["total"]

    answer = shop.client.send("POST", "/api/tags", {"data": {"type": "tags", "attributes": {"name": None}}})

    assert answer.status_code == 422
    assert shop.get("/api/tags").json["meta"]["total"] == before


class Apart(DeclarativeBase):
    """Models in two databases."""


class Town(Apart):
    __tablename__ = "town"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))


class House(Apart):
    __tablename__ = "house"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]
    town_id: Mapped[int]
    town: Mapped[Town] = relationship(primaryjoin=lambda: foreign(House.town_id) == Town.id)


@pytest.mark.parametrize("size", [1, 3])
def test_what_is_referred_to_is_looked_for_in_its_own_database(tmp_path: Path, size: int) -> None:
    engines = {model: create_engine(f"sqlite:///{tmp_path}/{model.__name__}.db") for model in (Town, House)}
    for model, engine in engines.items():
        model.__table__.create(engine)
    shop = served(engines[House], Town, House, session=sessionmaker(binds=engines))
    assert (
        shop.client.send("POST", "/api/town", {"data": {"type": "town", "attributes": {"name": "Ulm"}}}).status_code
        == 201
    )
    kind = f'{JSONAPI};ext="https://jsonapi.org/ext/atomic"'

    for id_, expected in (("1", {200, 201}), ("2", {404})):
        town = {"data": {"type": "town", "id": id_}}
        house = {"type": "house", "attributes": {"number": 1}, "relationships": {"town": town}}
        if size == 1:
            answer = shop.client.send("POST", "/api/house", {"data": house})
        else:
            adds = {"atomic:operations": [{"op": "add", "data": house}] * size}
            answer = shop.client.post("/api/operations", json=adds, content_type=kind, headers={"Accept": kind})
        assert answer.status_code in expected, answer.text
    for engine in engines.values():
        engine.dispose()


def test_sessions_that_read_from_replicas_write_to_the_leader(tmp_path: Path) -> None:
    """As in SQLAlchemy's recipe: a flush has an engine of its own."""
    engines = [create_engine(f"sqlite:///{tmp_path}/{name}.db") for name in ("leader", "replica")]
    leader, replica = engines
    for engine in engines:
        Tag.metadata.create_all(engine)
        with Session(engine) as session, session.begin():
            session.add(Tag(id=1, name="old"))

    class Routing(Session):
        def get_bind(self, *_: Any, clause: Any = None, **_more: Any) -> Any:
            return leader if self._flushing or isinstance(clause, Update | Delete) else replica

    shop = served(leader, Tag, session=sessionmaker(class_=Routing))

    new = {"data": {"type": "tags", "id": "1", "attributes": {"name": "new"}}}
    assert shop.client.send("PATCH", "/api/tags/1", new).status_code == 200
    names = []
    for engine in engines:
        with engine.connect() as connection:
            names.append(connection.scalar(select(Tag.name)))
        engine.dispose()
    assert names == ["new", "old"]


class Marking(Session):
    """Marks what it stores, and keeps what it is to delete."""

    def add(self, instance: Any, **options: Any) -> None:
        instance.name += "!"
        super().add(instance, **options)

    def delete(self, instance: Any) -> None:
        instance.name += "?"


@pytest.mark.parametrize("size", [1, 2])
def test_sessions_that_write_in_their_own_way_do_so(database: Engine, size: int) -> None:
    Apart.metadata.create_all(database)
    shop = served(database, Town, session=sessionmaker(database, class_=Marking))
    town = {"type": "town", "attributes": {"name": "Ulm"}}
    kind = f'{JSONAPI};ext="https://jsonapi.org/ext/atomic"'

    if size == 1:
        assert shop.client.send("POST", "/api/town", {"data": town}).status_code == 201
    else:
        adds = {"atomic:operations": [{"op": "add", "data": town}] * size}
        answer = shop.client.post("/api/operations", json=adds, content_type=kind, headers={"Accept": kind})
        assert answer.status_code == 200
    assert shop.client.delete("/api/town/1").status_code == 204

    names = [one["attributes"]["name"] for one in shop.get("/api/town").json["data"]]
    assert names == ["Ulm!?", "Ulm!"][:size]
