"""Odd types of declared models: arrays of what has no order, bits, multiranges."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker
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
