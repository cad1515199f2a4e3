"""Rows that are written past the unit of work: the same rows, answers and problems as through it (issue 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    ForeignKey,
    LargeBinary,
    Numeric,
    String,
    delete,
    event,
    select,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker, validates

from conftest import JSONAPI, CheckedClient, checked_client, fresh_database
from flask_restless import APIManager
from flask_restless.database.execution import executor


class Base(DeclarativeBase):
    """The models of these tests."""


class Shelf(Base):
    """Has items that hang on it: never deleted directly."""

    __tablename__ = "shelf"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    items: Mapped[list[Item]] = relationship(back_populates="shelf", foreign_keys="Item.shelf_id")


class Item(Base):
    """Every kind of column that a write may meet: with defaults of all kinds, needed ones and foreign keys."""

    __tablename__ = "item"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column("headline", String(12))
    note: Mapped[str | None] = mapped_column(String(40))
    number: Mapped[int | None] = mapped_column(default=5)
    stored: Mapped[int | None] = mapped_column(server_default="7")
    price: Mapped[Decimal | None] = mapped_column(Numeric(8, 2))
    day: Mapped[date | None]
    flag: Mapped[bool | None]
    code: Mapped[str | None] = mapped_column(String(12), unique=True)
    shelf_id: Mapped[int | None] = mapped_column(ForeignKey("shelf.id"))
    owner_id: Mapped[int] = mapped_column(ForeignKey("shelf.id"))
    shelf: Mapped[Shelf | None] = relationship(back_populates="items", foreign_keys=shelf_id)
    owner: Mapped[Shelf] = relationship(foreign_keys=owner_id)


class Stamped(Base):
    """Has defaults that Python makes: SQLAlchemy has to."""

    __tablename__ = "stamped"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(12))
    made: Mapped[str | None] = mapped_column(String(12), default=lambda: "made")
    changed: Mapped[str | None] = mapped_column(String(12), onupdate=lambda: "changed")


class Watched(Base):
    """Checks its values."""

    __tablename__ = "watched"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(12))

    @validates("title")
    def check(self, _key: str, value: str) -> str:
        """Refuse a text, and change all others."""
        if value == "a":
            raise ValueError("no a")
        return value.upper()


class Hue(Enum):
    """The members that a row may have."""

    RED = "r"
    DEEP_BLUE = "b"


class Moment(Base):
    """Has what databases and drivers tell in ways of their own."""

    __tablename__ = "moment"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str | None] = mapped_column(String(12))
    at: Mapped[datetime | None] = mapped_column(DateTime)
    zoned: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    hour: Mapped[time | None]
    span: Mapped[timedelta | None]
    hue: Mapped[Hue | None]
    mark: Mapped[UUID | None]
    ratio: Mapped[float | None]
    extra: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    raw: Mapped[bytes | None] = mapped_column(LargeBinary(20))
    big: Mapped[int | None] = mapped_column(BigInteger)
    made: Mapped[datetime | None] = mapped_column(DateTime, server_default="2024-02-29 12:00:00")


COUNTING = {
    "postgresql": "SELECT setval('{0}_id_seq', 100)",
    "mysql": "ALTER TABLE {0} AUTO_INCREMENT = 101",
    "mariadb": "ALTER TABLE {0} AUTO_INCREMENT = 101",
}
"""How the databases are told which number comes next, of those that remember it."""

Answer = tuple[int, Any, tuple[str | None, str | None]]
JSON = "application/json"
ATOMIC = f'{JSONAPI};ext="https://jsonapi.org/ext/atomic"'
MODELS: dict[str, type[Base]] = {one.__tablename__: one for one in (Shelf, Item, Stamped, Watched, Moment)}


@dataclass
class World:
    """One application on a database of its own; `ways` are those that its writes have taken."""

    engine: Any
    client: CheckedClient
    ways: list[bool] = field(default_factory=list)

    def send(self, method: str, path: str, document: Any, kind: str = JSONAPI) -> Answer:
        """Give the status, the document, and the headers that tell of the row."""
        answer = self.client.open(path, method=method, json=document, content_type=kind, headers={"Accept": kind})
        told = (answer.headers.get("ETag"), answer.headers.get("Location"))
        return answer.status_code, answer.json if answer.data else None, told

    def rows(self) -> dict[str, list[Any]]:
        """Give all there is."""
        with self.engine.connect() as connection:
            return {
                name: [tuple(row) for row in connection.execute(select(table).order_by(table.c.id))]
                for name, table in Base.metadata.tables.items()
            }

    def refill(self) -> None:
        """Begin anew, with two shelves and three items; new rows get the ids from 101 on."""
        with self.engine.begin() as connection:
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(delete(table))
        with Session(self.engine) as session, session.begin():
            session.add_all([Shelf(id=number, name=f"s{number}") for number in (1, 2)])
            session.flush()
            session.add_all([Item(id=n, title=f"i{n}", code=f"c{n}", shelf_id=1, owner_id=2) for n in (1, 2, 3)])
            session.add_all([Stamped(id=1, title="one"), Watched(id=1, title="one"), Moment(id=1, title="one")])
            session.flush()
            for name in COUNTING.get(self.engine.dialect.name, ()) and MODELS:
                session.execute(text(COUNTING[self.engine.dialect.name].format(name)))


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mariadb"])
def worlds(request: pytest.FixtureRequest) -> Iterator[tuple[World, World]]:
    """An application whose writes may be direct, and one whose Sessions are listened to, so that they may not."""
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        found = []
        for is_direct in (True, False):
            engine = stack.enter_context(fresh_database(request.param))
            Base.metadata.create_all(engine)
            maker = sessionmaker(engine)
            if not is_direct:
                event.listen(maker, "before_commit", lambda _session: None)
            app = Flask(f"direct-{is_direct}")
            manager = APIManager(app, session=maker)
            for model in MODELS.values():
                methods = ["GET", "POST", "PATCH", "DELETE"]
                manager.create_api(model, methods=methods, allow_client_generated_ids=True, linkage="always")
                manager.create_api(model, methods=methods, protocol="classic", url_prefix="/classic")
            found.append(World(engine, checked_client(app)))
        for name in ("write_straight", "write_alike"):
            patch.setattr(executor, name, counting(getattr(executor, name), found))
        yield found[0], found[1]


def counting(perform: Callable[..., Any], worlds: list[World]) -> Callable[..., Any]:
    """Have each world note whether its writes were direct."""

    def counted(operation: Any, transaction: Any, *rest: Any) -> Any:
        written = perform(operation, transaction, *rest)
        engine = transaction.bind_of(Item.__mapper__)
        next(one for one in worlds if one.engine is engine).ways.append(written is not None)
        return written

    return counted


TEXTS = st.sampled_from(["a", "b", "é", "", "too long for its column", "c1", "c2", "x", 5, None])
NUMBERS = st.sampled_from([0, 1, 5, -3, 2**40, "x", None])
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "title": TEXTS,
    "note": TEXTS,
    "number": NUMBERS,
    "stored": NUMBERS,
    "price": st.sampled_from(["1.50", "2.00", "0.10", "x", None]),
    "day": st.sampled_from(["2024-05-06", "2024-13-01", None]),
    "flag": st.sampled_from([True, False, None, 1]),
    "code": st.sampled_from(["c1", "c2", "new", None]),
    "name": TEXTS,
    "made": TEXTS,
    "changed": TEXTS,
    "nothing": TEXTS,
}
DAYS = ["2024-02-29", "0001-01-01", "9999-12-31", "1582-10-10", "0044-02-29"]
HOURS = ["00:00:00", "23:59:59.999999", "12:34:56.5", "03:04"]
ZONES = ["", "Z", "+14:00", "-12:00", "+05:45"]
ODD: dict[str, st.SearchStrategy[Any]] = {
    "title": st.sampled_from(
        ["b", "\u00e9", "e\u0301", "\U0001f600", "\u202e", "'; --", "\\", "%s", "a\tb", "\0", None]
    ),
    "at": st.sampled_from([f"{day}T{hour}{zone}" for day in DAYS for hour in HOURS for zone in ZONES[:3]] + [None]),
    "zoned": st.sampled_from([f"{day}T{hour}{zone}" for day in DAYS for hour in HOURS for zone in ZONES] + [None, 5]),
    "hour": st.sampled_from([*HOURS, "24:00", "12:34:56+01:00", None]),
    "span": st.sampled_from([0, 1.5, -1, 86400 * 400, 10**15, None]),
    "hue": st.sampled_from(["RED", "DEEP_BLUE", "r", None]),
    "mark": st.sampled_from(["123E4567-e89b-12d3-a456-426614174000", "x", None]),
    "ratio": st.sampled_from([0, -0.0, 0.1, 1e300, 5e-324, 3, None]),
    "extra": st.sampled_from([None, {}, [], {"a": [1, None, "\u00e9"]}, "x", 5, False]),
    "raw": st.sampled_from(["", "AAEC/w==", "x", None]),
    "big": st.sampled_from([2**63 - 1, -(2**63), 2**63, None]),
    "made": st.sampled_from(["2024-02-29T12:00:00", None]),
}
FIELDS = {
    "item": ("title", "note", "number", "stored", "price", "day", "flag", "code"),
    "shelf": ("name",),
    "stamped": ("title", "made", "changed"),
    "watched": ("title",),
    "moment": tuple(ODD),
}
GOOD: dict[str, st.SearchStrategy[Any]] = {
    "title": st.sampled_from(["b", "é", ""]),
    "note": st.sampled_from(["b", None]),
    "number": st.sampled_from([0, 2**31 - 1]),
    "stored": st.sampled_from([0, -3]),
    "price": st.sampled_from(["1.50", None]),
    "day": st.sampled_from(["2024-05-06", None]),
    "flag": st.sampled_from([True, False, None]),
    "code": st.just("n"),
    "name": st.sampled_from(["b", "é"]),
    "made": st.just("x"),
    "changed": st.sampled_from(["x", None]),
}
INCLUDED = {"item": ["?include=shelf", "?include=owner.items,shelf"], "shelf": ["?include=items"]}
INCLUDED |= {"stamped": [], "watched": [], "moment": []}
SHELVES = st.sampled_from([{"id": 1}, {"id": 1}, {"id": 2}, {"id": 2}, {"id": 8}, None, {"name": "b"}, {"id": "x"}, {}])
IDS = st.sampled_from(["1", "2", "3", "9", "x"])


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, str, Any]:
    """Make a write: its method, path and document."""
    kind = draw(st.sampled_from(["item", "item", "item", "shelf", "stamped", "watched"]))
    method = draw(st.sampled_from(["POST", "POST", "PATCH", "PATCH", "DELETE"]))
    id_ = draw(IDS)
    if method == "DELETE":
        return method, f"/api/{kind}/{id_}", None
    names = draw(st.sets(st.sampled_from(FIELDS[kind] * 6 + ("nothing",))))
    if method == "POST":
        names |= draw(st.sampled_from([{"title"} & set(FIELDS[kind]), set()]))
    data: dict[str, Any] = {"type": kind, "attributes": {name: draw(VALUES[name]) for name in sorted(names)}}
    if method == "PATCH" or draw(st.booleans()):
        data["id"] = id_
    if kind == "item":
        linked = draw(st.sets(st.sampled_from(["shelf", "owner"])))
        linked |= {"owner"} if method == "POST" and draw(st.booleans()) else set()
        links = {name: draw(st.sampled_from(["1", "2", "8", None])) for name in sorted(linked)}
        data["relationships"] = {
            name: {"data": None if one is None else {"type": "shelf", "id": one}} for name, one in links.items()
        }
    query = draw(st.sampled_from(["", "", *INCLUDED[kind]]))
    return method, (f"/api/{kind}" if method == "POST" else f"/api/{kind}/{id_}") + query, {"data": data}


@st.composite
def classic_requests(draw: st.DrawFn) -> tuple[str, str, Any, str]:
    """Make a write in the classic format, whose answers show what is related; that may be described in the body."""
    kind = draw(st.sampled_from(["item", "item", "item", "shelf", "stamped", "watched"]))
    method = draw(st.sampled_from(["POST", "POST", "PATCH", "PATCH", "DELETE"]))
    path = f"/classic/{kind}" if method == "POST" else f"/classic/{kind}/{draw(IDS)}"
    if method == "DELETE":
        return method, path, None, JSON
    names = draw(st.sets(st.sampled_from(FIELDS[kind] * 6 + ("nothing",))))
    if method == "POST":
        names |= draw(st.sampled_from([{"title"} & set(FIELDS[kind]), set()]))
    values = VALUES if draw(st.booleans()) else VALUES | GOOD
    data: dict[str, Any] = {name: draw(values[name]) for name in sorted(names)}
    if kind == "item":
        linked = draw(st.sets(st.sampled_from(["shelf", "owner"])))
        linked |= {"owner"} if method == "POST" and draw(st.booleans()) else set()
        data |= {name: draw(SHELVES) for name in sorted(linked)}
    if kind == "shelf" and draw(st.booleans()):
        data["items"] = draw(st.lists(st.sampled_from([{"id": 1}, {"id": 2}, {"id": 9}]), max_size=2))
    return method, path, data, JSON


def comparable(answer: Answer) -> Any:
    """Leave out what no two requests have alike, and the order of problems, which nobody promises."""
    status, document, _ = answer
    if document is None or "errors" not in document:
        return answer
    return status, sorted((one["code"], str(one.get("source")), one["detail"]) for one in document["errors"])


@st.composite
def odd_requests(draw: st.DrawFn) -> tuple[str, str, Any]:
    """Make a write of values that differ most between databases and drivers."""
    method = draw(st.sampled_from(["POST", "PATCH", "PATCH"]))
    id_ = draw(st.sampled_from(["1", "1", "101", "102", "9"]))
    names = draw(st.sets(st.sampled_from(list(ODD)), min_size=1, max_size=4))
    data: dict[str, Any] = {"type": "moment", "attributes": {name: draw(ODD[name]) for name in sorted(names)}}
    if method == "PATCH":
        data["id"] = id_
    query = draw(st.sampled_from(["", "", "?fields[moment]=title,at,hue"]))
    return method, ("/api/moment" if method == "POST" else f"/api/moment/{id_}") + query, {"data": data}


SETTINGS = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def check_equal(worlds: tuple[World, World], writes: Sequence[tuple[Any, ...]]) -> None:
    """Send writes both ways, and compare the answers and the rows after each."""
    direct, long = worlds
    for world in worlds:
        world.refill()
    for write in writes:
        answers = [comparable(world.send(*write)) for world in worlds]
        assert answers[0] == answers[1], write
        assert direct.rows() == long.rows(), write


@SETTINGS
@given(writes=st.lists(requests(), min_size=1, max_size=12))
def test_both_ways_write_the_same(worlds: tuple[World, World], writes: list[tuple[str, str, Any]]) -> None:
    check_equal(worlds, writes)


@SETTINGS
@given(writes=st.lists(odd_requests(), min_size=1, max_size=12))
def test_both_ways_write_the_same_moments(worlds: tuple[World, World], writes: list[tuple[str, str, Any]]) -> None:
    check_equal(worlds, writes)


@SETTINGS
@given(writes=st.lists(classic_requests(), min_size=1, max_size=12))
def test_both_ways_write_the_same_in_the_classic_format(
    worlds: tuple[World, World], writes: list[tuple[str, str, Any, str]]
) -> None:
    check_equal(worlds, writes)


@st.composite
def batches(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Make adds of one type that give the same fields, good values or bad, and sometimes another one among them."""
    kind = draw(st.sampled_from(["item", "item", "shelf", "stamped", "watched"]))
    names = sorted(draw(st.sets(st.sampled_from(FIELDS[kind]), min_size=1)) | ({"title"} & set(FIELDS[kind])))
    are_good = draw(st.sampled_from([True, True, False]))
    size = draw(st.integers(2, 9))
    adds = []
    for number in range(size):
        values = {name: draw(GOOD[name] if are_good else VALUES[name]) for name in names}
        if are_good and "code" in values:
            values["code"] = f"n{number}"
        data: dict[str, Any] = {"type": kind, "attributes": values}
        if kind == "item":
            owner = draw(st.sampled_from(["1", "2"] if are_good else ["1", "2", "8"]))
            data["relationships"] = {"owner": {"data": {"type": "shelf", "id": owner}}}
        adds.append({"op": "add", "data": data})
    if draw(st.sampled_from([False, False, True])):
        adds[draw(st.integers(0, size - 1))] = draw(
            st.sampled_from(
                [
                    {"op": "add", "data": {"type": "shelf", "attributes": {"name": "b"}}},
                    {"op": "remove", "ref": {"type": "item", "id": "1"}},
                    {"op": "add", "data": {"type": kind, "lid": "one", "attributes": {names[0]: "x"}}},
                    {"op": "add", "data": {"type": kind}},
                    {"op": "add", "data": {"type": kind, "attributes": {names[0]: "x"}}, "meta": {}},
                    {"op": "add", "data": {"type": kind, "attributes": []}},
                    {"op": "add"},
                    {"op": "add", "data": None},
                    5,
                ]
            )
        )
    return adds


@SETTINGS
@given(adds=batches())
def test_both_ways_add_the_same_together(worlds: tuple[World, World], adds: list[dict[str, Any]]) -> None:
    direct, long = worlds
    answers = []
    for world in worlds:
        world.refill()
        answers.append(comparable(world.send("POST", "/api/operations", {"atomic:operations": adds}, ATOMIC)))
    assert answers[0] == answers[1]
    assert direct.rows() == long.rows()


def test_like_adds_were_written_together(worlds: tuple[World, World]) -> None:
    """Else the test before would compare the long way with itself."""
    for world in worlds:
        world.refill()
        world.ways.clear()
        owner = {"owner": {"data": {"type": "shelf", "id": "1"}}}
        for kind, fields in FIELDS.items():
            data = {"type": kind, "attributes": {fields[0]: "x"}}
            data |= {"relationships": owner} if kind == "item" else {}
            adds = [{"op": "add", "data": data}] * 250
            assert world.send("POST", "/api/operations", {"atomic:operations": adds}, ATOMIC)[0] == 200

    assert worlds[0].ways == [True, True, True, False, True]
    assert worlds[1].ways == [False] * 5
    assert worlds[0].rows() == worlds[1].rows()


def test_each_way_was_taken(worlds: tuple[World, World]) -> None:
    """Else the test before would compare the long way with itself."""
    direct, long = worlds
    for world in worlds:
        world.refill()
        world.ways.clear()
    for kind, fields in FIELDS.items():
        owner = {"relationships": {"owner": {"data": {"type": "shelf", "id": "1"}}}} if kind == "item" else {}
        data = {"type": kind, "id": "9", "attributes": {fields[0]: "x"}, **owner}
        for world in worlds:
            assert world.send("POST", f"/api/{kind}", {"data": data})[0] == 201
            assert world.send("PATCH", f"/api/{kind}/9", {"data": {**data, "attributes": {fields[0]: "y"}}})[0] == 200
            assert world.send("DELETE", f"/api/{kind}/9", None)[0] == 204

    assert direct.ways == [True] * 3 + [True, True, False] + [True] * 3 + [False] * 3 + [True] * 3
    assert long.ways == [False] * 15


def test_each_way_was_taken_for_answers_that_show_what_is_related(worlds: tuple[World, World]) -> None:
    """What is nested is read after the write; a related object that is described is left to the unit of work."""
    direct, long = worlds
    for world in worlds:
        world.refill()
        world.ways.clear()
        named, described = {"title": "x", "owner": {"id": 1}}, {"title": "x", "owner": {"name": "new"}}
        answer = world.send("POST", "/classic/item", named, JSON)
        assert (answer[0], answer[1]["owner"], answer[1]["shelf"]) == (201, {"id": 1, "name": "s1"}, None)
        assert world.send("PATCH", "/classic/item/1", {"shelf": {"id": 2}}, JSON)[1]["shelf"]["name"] == "s2"
        assert world.send("PATCH", "/classic/shelf/1", {"name": "x"}, JSON)[1]["items"][0]["id"] == 2
        assert world.send("POST", "/classic/item", described, JSON)[1]["owner"]["name"] == "new"
        data = {"type": "item", "id": "2", "relationships": {"owner": {"data": {"type": "shelf", "id": "1"}}}}
        document = world.send("PATCH", "/api/item/2?include=owner", {"data": data})[1]
        assert document["included"][0]["attributes"] == {"name": "x"}

    assert direct.ways == [True, True, True, False, True]
    assert long.ways == [False] * 5
