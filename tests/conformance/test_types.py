"""Every column type, written and read through the API on every database: nothing is lost (B-5)."""

from __future__ import annotations

import enum
import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column, relationship, sessionmaker

from conftest import checked_client, fresh_database
from flask_restless import APIManager


class Color(enum.Enum):
    RED = 1
    GREEN = "g"


class Base(DeclarativeBase):
    pass


class Thing(Base):
    __tablename__ = "things"
    id = mapped_column(sa.Uuid, primary_key=True)
    small = mapped_column(sa.SmallInteger)
    whole = mapped_column(sa.Integer)
    big = mapped_column(sa.BigInteger)
    real = mapped_column(sa.Float)
    double = mapped_column(sa.Double)
    price = mapped_column(sa.Numeric(30, 10))
    rough = mapped_column(sa.Numeric(10, 2, asdecimal=False))
    flag = mapped_column(sa.Boolean)
    short = mapped_column(sa.String(10))
    text = mapped_column(sa.Text)
    letters = mapped_column(sa.Unicode(10))
    day = mapped_column(sa.Date)
    at = mapped_column(sa.DateTime)
    zoned = mapped_column(sa.DateTime(timezone=True))
    clock = mapped_column(sa.Time)
    span = mapped_column(sa.Interval)
    raw = mapped_column(sa.LargeBinary)
    color = mapped_column(sa.Enum(Color))
    word = mapped_column(sa.Enum("yes", "no", name="word"))
    tree = mapped_column(sa.JSON)
    other = mapped_column(sa.Uuid(as_uuid=False))


class Special(Base):
    __tablename__ = "specials"
    id: Mapped[int] = mapped_column(primary_key=True)
    numbers = mapped_column(pg.ARRAY(sa.Integer))
    grid = mapped_column(pg.ARRAY(sa.Numeric(5, 2), dimensions=2))
    doc = mapped_column(pg.JSONB)
    address = mapped_column(pg.INET)
    net = mapped_column(pg.CIDR)
    mac = mapped_column(pg.MACADDR)
    ints = mapped_column(pg.INT4RANGE)
    days = mapped_column(pg.DATERANGE)
    holidays = mapped_column(pg.DATEMULTIRANGE)
    uuids = mapped_column(pg.ARRAY(pg.UUID))


class Texts(Base):
    __tablename__ = "texts"
    id: Mapped[int] = mapped_column(primary_key=True)
    short = mapped_column(sa.String(10))
    words = mapped_column(pg.TSVECTOR)
    numbers = mapped_column(pg.ARRAY(sa.Integer))
    uuids = mapped_column(pg.ARRAY(pg.UUID))
    color = mapped_column(sa.Enum(Color))
    word = mapped_column(sa.Enum("yes", "no", name="word"))


VALUES: dict[str, list[Any]] = {
    "small": [0, -(2**15), 2**15 - 1],
    "whole": [-(2**31), 2**31 - 1],
    "big": [-(2**63), 2**63 - 1],
    "real": [0.5, -1.25],
    "double": [1.7976931348623157e308, 5e-300],
    "price": ["12345678901234567890.0123456789", "-0.0000000001", "0.0000000000"],
    "rough": [1.25],
    "flag": [True, False],
    "short": ["", "0123456789", "жЖ😀'\"%_\\"],
    "text": ["x" * 10_000],
    "letters": ["été"],
    "day": ["0001-01-01", "9999-12-31", "2024-02-29"],
    "at": ["2024-02-29T23:59:59", "1970-01-01T00:00:00", "2024-02-29T12:24:00"],
    "clock": ["00:00:00", "23:59:59", "12:24:00"],
    "span": [0.0, 3600.0, 86400.0],
    "raw": ["", "AAEC/w=="],
    "color": ["RED", "GREEN"],
    "word": ["yes"],
    "tree": [{"a": [1, None, "ж", {"b": 1.5}]}, [], "text", 0, False],
    "other": ["123e4567-e89b-12d3-a456-426614174000"],
}


def client_of(engine: Engine, model: Any) -> Any:
    Base.metadata.tables[model.__tablename__].create(engine)
    app = Flask("types")
    manager = APIManager(app, session=sessionmaker(engine))
    manager.create_api(model, methods=["GET", "POST", "PATCH"], allow_client_generated_ids=True)
    return checked_client(app)


def test_values_survive(database: Engine) -> None:
    client = client_of(database, Thing)
    number = 0
    for name, values in VALUES.items():
        for value in [*values, None]:
            if database.dialect.name == "sqlite" and name == "price" and len(value or "") > 16:
                continue  # SQLite has no decimal numbers: SQLAlchemy stores floating point ones there
            number += 1
            id_ = str(UUID(int=number))
            document = {"data": {"type": "things", "id": id_, "attributes": {name: value}}}

            created = client.send("POST", "/api/things", document)

            assert created.status_code == 201, (name, value, created.text)
            found = client.get(f"/api/things/{id_}").json["data"]["attributes"]
            assert found[name] == value, (name, value, found[name])


def test_moments_with_an_offset(database: Engine) -> None:
    """A column without time zones gets UTC, and so does one with them where the database keeps none."""
    client = client_of(database, Thing)
    moment = "2024-06-01T12:00:00+02:00"
    id_ = str(UUID(int=1))
    document = {"data": {"type": "things", "id": id_, "attributes": {"at": moment, "zoned": moment}}}

    found = client.send("POST", "/api/things", document).json["data"]["attributes"]

    assert found["at"] == "2024-06-01T10:00:00"
    zoned = datetime.fromisoformat(found["zoned"])
    kept = zoned if zoned.tzinfo is not None else zoned.replace(tzinfo=UTC)
    assert kept == datetime.fromisoformat(moment)
    same = client.get(f"/api/things?filter[zoned]={quote(moment)}").json["data"]
    assert [one["id"] for one in same] == [id_]


@pytest.mark.parametrize(
    ("name", "value"), [("clock", "24:00"), ("at", "2024-02-29T24:00:00"), ("at", "2024-02-29 24:24")]
)
def test_no_day_has_an_hour_24(sqlite: Engine, name: str, value: str) -> None:
    """T37; Python takes it for the next day from version 3.13 on."""
    client = client_of(sqlite, Thing)

    answer = client.send("POST", "/api/things", {"data": {"type": "things", "attributes": {name: value}}})

    assert (answer.status_code, answer.json["errors"][0]["code"]) == (422, "invalid-value")


@pytest.mark.parametrize(
    "attributes",
    [
        {"numbers": [1, None, 3], "grid": [["1.50", "2.25"]], "doc": {"a": [1, {"b": None}]}},
        {"address": "10.0.0.1/24", "net": "10.0.0.0/8", "mac": "08:00:2b:01:02:03"},
        {"address": "::1", "uuids": ["123e4567-e89b-12d3-a456-426614174000"]},
        {
            "ints": {"lower": 1, "upper": 5, "bounds": "[)"},
            "days": {"lower": "2024-01-01", "upper": None, "bounds": "[)"},
            "holidays": [
                {"lower": "2024-07-01", "upper": "2024-08-01", "bounds": "[)"},
                {"lower": "2024-12-24", "upper": None, "bounds": "[)"},
            ],
        },
        {"ints": {"empty": True}, "numbers": [], "holidays": []},
    ],
)
def test_postgresql_types(attributes: dict[str, Any]) -> None:
    with fresh_database("postgresql") as engine:
        client = client_of(engine, Special)

        created = client.send("POST", "/api/specials", {"data": {"type": "specials", "attributes": attributes}})

        assert created.status_code == 201, created.text
        found = client.get("/api/specials/1").json["data"]["attributes"]
        assert {name: found[name] for name in attributes} == attributes


def test_postgresql_operators() -> None:
    """Lineage 3.5: the operators of arrays, ranges and networks, and text search."""
    with fresh_database("postgresql") as engine:
        client = client_of(engine, Special)
        attributes = {"numbers": [1, 2, 3], "address": "10.1.2.3", "doc": {"a": 1}}
        client.send("POST", "/api/specials", {"data": {"type": "specials", "attributes": attributes}})

        for query, total in (
            ('[{"name":"numbers","op":"@>","val":[1,2]}]', 1),
            ('[{"name":"numbers","op":"!@>","val":[1,2]}]', 0),
            ('[{"name":"numbers","op":"&&","val":[3,4]}]', 1),
            ('[{"name":"numbers","op":"<@","val":[1,2,3,4]}]', 1),
            ('[{"name":"doc","op":"@>","val":{"a":1}}]', 1),
            ('[{"name":"address","op":"<<","val":"10.0.0.0/8"}]', 1),
            ('[{"name":"address","op":">>=","val":"10.1.2.3"}]', 1),
        ):
            answer = client.get("/api/specials", query_string={"filter[objects]": query})
            assert answer.status_code == 200, answer.text
            assert answer.json["meta"]["total"] == total, query


@pytest.mark.parametrize(
    "given",
    [
        {"name": "words", "op": "eq", "val": "\\"},
        {"name": "words", "op": "in", "val": ["12:24:00"]},
        {"name": "short", "op": "to_tsquery", "val": "a &"},
        {"name": "numbers", "op": "eq", "field": "uuids"},
        {"name": "color", "op": "eq", "field": "word"},
    ],
    ids=lambda given: f"{given['name']} {given['op']}",
)
def test_what_postgresql_alone_can_judge_is_a_wrong_filter(given: dict[str, Any]) -> None:
    """T35: 400 with its place in both protocols, from lists, functions and deletions."""
    with fresh_database("postgresql") as engine:
        Base.metadata.tables["texts"].create(engine)
        app = Flask("texts")
        manager = APIManager(app, session=sessionmaker(engine))
        manager.create_api(Texts, url_prefix="/new")
        options: dict[str, Any] = {"methods": ["GET", "DELETE"], "allow_delete_many": True, "allow_functions": True}
        manager.create_api(Texts, protocol="classic", url_prefix="/old", **options)
        client = app.test_client()

        new = client.get("/new/texts", query_string={"filter[objects]": json.dumps([given])})
        search = {"q": json.dumps({"filters": [given], "functions": [{"name": "count", "field": "id"}]})}
        old = [client.get(f"/old/{path}", query_string=search) for path in ("texts", "eval/texts")]
        old.append(client.delete("/old/texts", query_string=search))

        (error,) = new.json["errors"]
        assert (new.status_code, error["code"], error["source"]) == (400, "invalid-filter", {"parameter": "filter"})
        assert [(one.status_code, one.json) for one in old] == [(400, {"message": "Unable to construct query"})] * 3


class DataBase(MappedAsDataclass, DeclarativeBase):
    pass


class Owner(DataBase):
    __tablename__ = "owners"
    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20))
    pets: Mapped[list[Pet]] = relationship(default_factory=list, back_populates="owner")


class Pet(DataBase):
    __tablename__ = "pets"
    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20))
    owner: Mapped[Owner] = relationship(back_populates="pets")
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("owners.id"), init=False)
    born: Mapped[date | None] = mapped_column(default=None)


def test_models_that_are_dataclasses(database: Engine) -> None:
    """Constructors that demand their arguments get them, or the document is refused."""
    DataBase.metadata.create_all(database)
    app = Flask("dataclasses")
    manager = APIManager(app, session=sessionmaker(database))
    for model in (Owner, Pet):
        manager.create_api(model, methods=["GET", "POST", "PATCH"])
    client = checked_client(app)
    owner = client.send("POST", "/api/owners", {"data": {"type": "owners", "attributes": {"name": "Ada"}}})
    assert owner.status_code == 201, owner.text
    links = {"owner": {"data": {"type": "owners", "id": owner.json["data"]["id"]}}}
    pet = {"data": {"type": "pets", "attributes": {"name": "Rex"}, "relationships": links}}

    assert client.send("POST", "/api/pets", pet).status_code == 201
    assert client.get("/api/owners?include=pets").json["included"][0]["attributes"]["name"] == "Rex"
    assert (
        client.send("POST", "/api/pets", {"data": {"type": "pets", "attributes": {"name": "Rex"}}}).status_code == 422
    )
    assert client.send("POST", "/api/owners", {"data": {"type": "owners"}}).status_code == 422


def test_python_values_behind_the_wire() -> None:
    """The database holds real values, not texts."""
    with fresh_database("sqlite") as engine:
        client = client_of(engine, Thing)
        attributes = {
            "price": "1.5",
            "day": "2024-01-02",
            "clock": "01:02:03",
            "span": 1.5,
            "color": "RED",
            "raw": "AAE=",
        }
        client.send(
            "POST", "/api/things", {"data": {"type": "things", "id": str(UUID(int=1)), "attributes": attributes}}
        )

        with sessionmaker(engine)() as session:
            thing = session.scalars(sa.select(Thing)).one()
            assert (thing.price, thing.day, thing.clock) == (Decimal("1.5"), date(2024, 1, 2), time(1, 2, 3))
            assert (thing.span, thing.color, thing.raw) == (timedelta(seconds=1.5), Color.RED, b"\x00\x01")


class Choice(Base):
    __tablename__ = "choices"
    id: Mapped[int] = mapped_column(primary_key=True)
    days = mapped_column(mysql.SET("mon", "tue", "wed"))


def test_sets_of_mariadb() -> None:
    """Lists in the order of the column: what is sent back is what was read."""
    with fresh_database("mariadb") as engine:
        client = client_of(engine, Choice)
        for given in (["wed", "mon"], [], None):
            document = {"data": {"type": "choices", "attributes": {"days": given}}}
            assert client.send("POST", "/api/choices", document).status_code == 201
        unknown = {"data": {"type": "choices", "attributes": {"days": ["sun"]}}}

        days = [one["attributes"]["days"] for one in client.get("/api/choices").json["data"]]

        assert days == [["mon", "wed"], [], None]
        assert client.send("POST", "/api/choices", unknown).status_code == 422
        for search in ("filter[days]=wed,mon", 'filter[objects]=[{"name": "days", "op": "eq", "val": ["wed", "mon"]}]'):
            assert [one["id"] for one in client.get(f"/api/choices?{search}").json["data"]] == ["1"]
