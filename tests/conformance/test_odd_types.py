"""Odd types of declared models: arrays of what has no order, bits, multiranges."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker
from sqlalchemy.types import UserDefinedType
from werkzeug.test import TestResponse

from conftest import CheckedClient, checked_client, fresh_database
from flask_restless import APIManager


class Base(DeclarativeBase):
    pass


class Switch(Base):
    __tablename__ = "switches"
    id: Mapped[int] = mapped_column(primary_key=True)
    on = mapped_column(mysql.BIT(1))
    many = mapped_column(mysql.BIT(64))


class Point(UserDefinedType[str]):
    cache_ok = True

    def get_col_spec(self, **_options: Any) -> str:
        return "POINT"


class Spot(Base):
    __tablename__ = "spots"
    id: Mapped[int] = mapped_column(primary_key=True)
    at = mapped_column(Point)


class Odd(Base):
    __tablename__ = "odds"
    id: Mapped[int] = mapped_column(primary_key=True)
    trees = mapped_column(sa.ARRAY(sa.JSON))
    docs = mapped_column(pg.ARRAY(pg.JSONB))
    numbers = mapped_column(sa.ARRAY(sa.Integer))
    grid = mapped_column(pg.ARRAY(sa.BigInteger, dimensions=2))
    holidays = mapped_column(pg.DATEMULTIRANGE)
    words = mapped_column(pg.HSTORE)


def client_of(engine: Engine, model: Any) -> CheckedClient:
    """Serve one model."""
    Base.metadata.tables[model.__tablename__].create(engine)
    app = Flask("types")
    manager = APIManager(app, session=sessionmaker(engine))
    manager.create_api(model, methods=["GET", "POST", "PATCH"])
    return checked_client(app)


def search(client: CheckedClient, type_: str, name: str, op: str, value: Any) -> TestResponse:
    """Ask for the rows with such a value."""
    given = json.dumps([{"name": name, "op": op, "val": value}])
    return client.get(f"/api/{type_}", query_string={"filter[objects]": given})


@pytest.mark.filterwarnings("ignore:Type object.*BIT.*operator_classes:sqlalchemy.exc.SADeprecationWarning")
def test_bits_of_mariadb() -> None:
    """B-5: the text "1" was stored as 49, the number of its letter."""
    with fresh_database("mariadb") as engine:
        client = client_of(engine, Switch)
        made = {"type": "switches", "attributes": {"on": 1, "many": 2**64 - 1}}

        assert client.send("POST", "/api/switches", {"data": made}).status_code == 201
        refused = client.send("POST", "/api/switches", {"data": {"type": "switches", "attributes": {"on": "1"}}})
        over = client.send("POST", "/api/switches", {"data": {"type": "switches", "attributes": {"on": 2}}})

        assert (refused.status_code, refused.json["errors"][0]["source"]) == (422, {"pointer": "/data/attributes/on"})
        assert over.json["errors"][0]["detail"] == 'the attribute "on" takes an integer from 0 to 1, not 2'
        (row,) = client.get("/api/switches").json["data"]
        assert row["attributes"] == {"on": 1, "many": 2**64 - 1}
        assert search(client, "switches", "many", "eq", 2**64 - 1).json["data"] == [row]
        assert client.get("/api/switches?filter[on]=1").json["data"] == [row]


@pytest.fixture
def odds() -> Iterator[CheckedClient]:
    """Serve one row of what PostgreSQL alone has."""
    with fresh_database("postgresql") as engine:
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE EXTENSION hstore")
        engine.dispose()
        client = client_of(engine, Odd)
        values = {"trees": [{"a": 1}], "docs": [{"a": 1}], "numbers": [1, 2], "grid": [[1, 2]]}
        made = {"data": {"type": "odds", "attributes": {**values, "holidays": [], "words": {"a": "b"}}}}
        assert client.send("POST", "/api/odds", made).status_code == 201
        yield client


@pytest.mark.parametrize("op", ["eq", "ne", "in", "&&", "@>"])
def test_lists_of_json_are_not_compared(odds: CheckedClient, op: str) -> None:
    """T35: PostgreSQL compares JSONB, not JSON; the answer named nothing, and the log had a warning."""
    value = [[{"a": 1}]] if op == "in" else [{"a": 1}]

    refused = search(odds, "odds", "trees", op, value)

    (error,) = refused.json["errors"]
    assert (refused.status_code, error["code"]) == (400, "invalid-filter")
    assert error["detail"].startswith(f'the operator "{op}" needs ')
    assert search(odds, "odds", "docs", op, value).status_code == 200


@pytest.mark.parametrize(("name", "value"), [("numbers", [1, 2]), ("grid", [[1, 2]]), ("docs", [{"a": 1}])])
def test_lists_among_lists(odds: CheckedClient, name: str, value: Any) -> None:
    """Lineage 3.5: PostgreSQL took lists of numbers for such of smaller ones, and refused to compare them."""
    assert [one["id"] for one in search(odds, "odds", name, "in", [value, []]).json["data"]] == ["1"]
    assert search(odds, "odds", name, "not_in", [value]).json["data"] == []


def test_multiranges_have_no_nulls(odds: CheckedClient) -> None:
    """T35: a 500, as a filter and as a value."""
    attributes = {"holidays": [None]}
    refused = search(odds, "odds", "holidays", "eq", [None])
    changed = odds.send("PATCH", "/api/odds/1", {"data": {"type": "odds", "id": "1", "attributes": attributes}})

    detail = "takes a list (range) without nulls, not a list"
    assert (refused.status_code, refused.json["errors"][0]["detail"]) == (400, f'"holidays" {detail}')
    assert (changed.status_code, changed.json["errors"][0]["detail"]) == (422, f'the attribute "holidays" {detail}')


def test_objects_of_texts_in_urls(odds: CheckedClient) -> None:
    """T35: a text that PostgreSQL cannot read was a 500."""
    refused = odds.get("/api/odds?filter[words]=a")

    (error,) = refused.json["errors"]
    assert (refused.status_code, error["source"]) == (400, {"parameter": "filter[words]"})
    assert error["detail"] == '"words" takes an object of strings and nulls, not "a"'


def test_an_order_that_only_the_database_knows_there_is_none_of() -> None:
    """T35: the answer was that a value does not fit."""
    with fresh_database("postgresql") as engine:
        client = client_of(engine, Spot)

        refused = client.get("/api/spots?sort=-at")

        (error,) = refused.json["errors"]
        assert (refused.status_code, error["code"], error["source"]) == (400, "invalid-sort", {"parameter": "sort"})
        assert error["detail"] == 'the database cannot sort by "at": it knows no order of it'
