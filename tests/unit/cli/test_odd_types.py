"""Types of columns as strangers have them, served: what is read can be sent back, and what is not fit is told (T35)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from conftest import CheckedClient, checked_client, fresh_database
from flask_restless.cli.serve import database_app, engine_of
from flask_restless.reflection import read_any_value
from reflected import run


def served(engine: Engine, *statements: str) -> CheckedClient:
    """Fill a database, and serve it as `flask-restless serve` does."""
    run(engine, *statements)
    opened = engine_of(engine.url.render_as_string(hide_password=False))
    read_any_value(opened)
    app, _ = database_app(opened, True, None, (), "", True)
    return checked_client(app)


def patch(client: CheckedClient, id_: str, value: Any) -> TestResponse:
    """Give `v` of a row of `t` a value."""
    return client.send("PATCH", f"/api/t/{id_}", {"data": {"type": "t", "id": id_, "attributes": {"v": value}}})


def value_of(client: CheckedClient, id_: str = "1") -> Any:
    """Give `v` of a row of `t`."""
    return client.get(f"/api/t/{id_}").json["data"]["attributes"]["v"]


def search(client: CheckedClient, op: str, value: Any) -> TestResponse:
    """Ask for the rows of `t` whose `v` is so."""
    given = json.dumps([{"name": "v", "op": op, "val": value}])
    return client.get("/api/t", query_string={"filter[objects]": given})


def found(client: CheckedClient, op: str, value: Any) -> list[str]:
    """Give the ids of the rows of `t` whose `v` is so."""
    answer = search(client, op, value)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json["data"]]


@pytest.mark.parametrize("type_", ["TINYBLOB", "BLOB", "MEDIUMBLOB", "LONGBLOB"])
def test_bytes_of_every_size_in_mariadb(type_: str) -> None:
    """T35: texts were a 500, and a number n was stored as n zeros."""
    with fresh_database("mariadb") as engine:
        client = served(engine, f"CREATE TABLE t (id INT PRIMARY KEY, v {type_})", "INSERT INTO t VALUES (1, x'00ff')")

        assert value_of(client) == "AP8="
        assert found(client, "eq", "AP8=") == ["1"]
        assert patch(client, "1", 5).json["errors"][0]["code"] == "invalid-value"
        assert patch(client, "1", "AQID").status_code == 200
        assert value_of(client) == "AQID"


@pytest.mark.filterwarnings("ignore:Type object.*YEAR.*operator_classes:sqlalchemy.exc.SADeprecationWarning")
def test_years_of_mariadb() -> None:
    """T35: 5 was stored as 2005."""
    with fresh_database("mariadb") as engine:
        client = served(engine, "CREATE TABLE t (id INT PRIMARY KEY, v YEAR)", "INSERT INTO t VALUES (1, 2024)")

        refused = patch(client, "1", 5)
        kept = [patch(client, "1", year).json["data"]["attributes"]["v"] for year in (0, 1901, 2155)]

        (error,) = refused.json["errors"]
        assert (refused.status_code, error["code"]) == (422, "out-of-range")
        assert error["detail"] == 'the attribute "v" takes 0, or a year from 1901 to 2155, not 5'
        assert kept == [0, 1901, 2155]
        assert found(client, "gt", 5) == ["1"]


@pytest.mark.parametrize("op", ["to_tsquery", "plainto_tsquery"])
def test_operators_of_postgresql_in_mariadb(op: str) -> None:
    """T35: a 500 with the newer releases of PyMySQL, which give a SQLSTATE too."""
    with fresh_database("mariadb") as engine:
        client = served(engine, "CREATE TABLE t (id INT PRIMARY KEY, v TEXT)")

        refused = search(client, op, "a")

        assert (refused.status_code, refused.json["errors"][0]["code"]) == (400, "invalid-filter")
