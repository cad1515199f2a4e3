"""Types of columns as strangers have them, served: what is read can be sent back, and what is not fit is told (T35)."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from conftest import JSONAPI, CheckedClient, checked_client, fresh_database
from flask_restless.cli.serve import database_app
from flask_restless.reflection import read_any_value
from reflected import run


def served(engine: Engine, *statements: str) -> CheckedClient:
    """Fill a database, and serve it as `flask-restless serve` does."""
    read_any_value(engine)
    run(engine, *statements)
    app, _ = database_app(engine, True, None, (), "", True)
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


TYPES = (
    "CREATE TYPE mood AS ENUM ('happy', 'sad')",
    "CREATE DOMAIN posint AS integer CHECK (VALUE > 0)",
    "CREATE DOMAIN posarr AS posint[]",
    "CREATE DOMAIN domjson AS jsonb",
    "CREATE DOMAIN domenum AS mood",
    """CREATE TYPE "pair 100%%" AS (a integer, b text)""",
    "CREATE TYPE spans AS RANGE (subtype = float8)",
    "CREATE EXTENSION citext",
)
"""Types of a PostgreSQL database's own."""


def served_column(engine: Engine, type_: str, value: str) -> CheckedClient:
    """Serve a table `t` with two rows, and a column `v` of a type of PostgreSQL."""
    return served(
        engine,
        *TYPES,
        f"CREATE TABLE t (id integer PRIMARY KEY, v {type_})".replace("%", "%%"),
        f"INSERT INTO t VALUES (1, {value}), (2, NULL)",
    )


@pytest.mark.parametrize(
    ("type_", "value", "expected", "equal"),
    [
        ("posint", "5", 5, True),
        ("domjson", """'{"a": 1}'""", {"a": 1}, True),
        ("posarr", "'{1,2}'", [1, 2], True),
        ("posint[]", "'{1,2}'", [1, 2], True),
        ("domenum", "'happy'", "happy", False),
        ("domenum[]", "'{happy,sad}'", ["happy", "sad"], False),
        ("citext[]", """'{A,"b,c"}'""", ["A", "b,c"], True),
        ("point", "'(1,2)'", "(1,2)", False),
        ("point[]", """'{"(1,2)",NULL}'""", ["(1,2)", None], False),
        ("box[]", "'{(3,4),(1,2)}'", ["(3,4),(1,2)"], False),
        ("xml", "'<a>1</a>'", "<a>1</a>", False),
        ("json[]", """'{"{\\"a\\": 1}"}'""", [{"a": 1}], False),
        ("jsonb[]", """'{"{\\"a\\": 1}"}'""", [{"a": 1}], True),
        ('"pair 100%"', "'(1,a)'", "(1,a)", True),
        ('"pair 100%"[]', """'{"(1,a)"}'""", ["(1,a)"], True),
        ("spans", "'[1.5,2)'", "[1.5,2)", True),
        ("jsonpath", "'$.\"a\"'", '$."a"', False),
        ("integer[][]", "'{{1,2},{3,4}}'", [[1, 2], [3, 4]], True),
        ("text[][]", "'{{a,b}}'", [["a", "b"]], True),
        ("regclass", "'pg_class'", "pg_class", True),
        ("regtype", "'integer'", "integer", True),
        ("pg_lsn", "'16/B374D848'", "16/B374D848", True),
    ],
)
def test_what_is_read_can_be_sent_back_and_found(type_: str, value: str, expected: Any, equal: bool) -> None:
    """T35: lists of texts in any case came letter by letter; domains and lists took no value of their own."""
    with fresh_database("postgresql") as engine:
        client = served_column(engine, type_, value)

        assert value_of(client) == expected
        assert patch(client, "2", expected).json["data"]["attributes"]["v"] == expected
        assert patch(client, "1", expected).status_code == 200
        with engine.connect() as connection:
            stored = connection.exec_driver_sql("SELECT v::text FROM t ORDER BY id").scalars().all()
        assert stored[0] == stored[1] == engine_text(engine, type_, value)
        made = {"type": "t", "id": "3", "attributes": {"v": expected}}
        assert client.send("POST", "/api/t", {"data": made}).json["data"]["attributes"]["v"] == expected
        for op, right in (("eq", expected), ("in", [expected])):
            answer = search(client, op, right)
            if equal:
                assert [one["id"] for one in answer.json["data"]] == ["1", "2", "3"]
            else:
                (error,) = answer.json["errors"]
                assert error["detail"].startswith(f'the operator "{op}" needs any comparable type; "v" is of type ')
        for op, count in (("in", 0), ("not_in", 3)):
            answer = search(client, op, [])
            assert len(answer.json.get("data", ())) == (count if equal else 0), answer.text


def engine_text(engine: Engine, type_: str, value: str) -> str:
    """Give what PostgreSQL itself makes of a value."""
    with engine.connect() as connection:
        return str(connection.exec_driver_sql(f"SELECT {value}::{type_}::text".replace("%", "%%")).scalar())


@pytest.mark.parametrize("type_", ["json", "xml", "point", "box", "circle", "jsonpath", "xid", "point[]"])
def test_an_order_by_what_has_none(type_: str) -> None:
    """T35: PostgreSQL refused it, and the answer named nothing."""
    with fresh_database("postgresql") as engine:
        client = served_column(engine, type_, "NULL")

        refused = client.get("/api/t?sort=-v")

        (error,) = refused.json["errors"]
        assert (error["code"], error["source"]) == ("invalid-sort", {"parameter": "sort"})
        assert error["detail"] == 't cannot be sorted by "v": it has no order'


def test_pages_and_links_of_types_of_a_database_s_own() -> None:
    """C-4, J-3.5.2: cursors and ids were read as of no type; commas are part of the value."""
    cursors = {"Accept": f'{JSONAPI};profile="https://jsonapi.org/profiles/ethanresnick/cursor-pagination/"'}
    with fresh_database("postgresql") as engine:
        client = served(
            engine,
            *TYPES,
            """CREATE TABLE t (v "pair 100%%" PRIMARY KEY)""",
            "INSERT INTO t VALUES ('(2,a)'), ('(10,a)'), ('(1,b)')",
        )

        ids, path = [], "/api/t?sort=v&page[size]=1"
        while path:
            page = client.get(path, headers=cursors).json
            ids += [one["id"] for one in page["data"]]
            path = page["links"]["next"]

        assert ids == ["(1,b)", "(2,a)", "(10,a)"]
        (row,) = client.get("/api/t?filter[id]=(2,a)").json["data"]
        assert client.get(row["links"]["self"]).json["data"] == row
        assert client.get("/api/t?filter[v]=(2,a)").json["data"] == [row]
        assert client.delete(row["links"]["self"]).status_code == 204


def test_lists_as_keys_are_no_ids() -> None:
    """T35: their links led nowhere."""
    with fresh_database("postgresql") as engine:
        client = served(
            engine,
            *TYPES,
            "CREATE TABLE t (id integer PRIMARY KEY)",
            "CREATE TABLE lists (v posarr PRIMARY KEY)",
            "CREATE TABLE names (v citext[] PRIMARY KEY)",
        )

        assert client.get("/api/t").status_code == 200
        assert [client.get(f"/api/{name}").status_code for name in ("lists", "names")] == [404, 404]


@pytest.mark.parametrize("name", ["a`b", "50%", "%s", "a:b", "?", 'a"b', "a'b", "a.b", "a[0]", "\\"])
def test_odd_names_in_mariadb(name: str) -> None:
    """A-12: a backtick in a name made its whole table a 500."""
    with fresh_database("mariadb") as engine:
        column = f"`{name.replace('`', '``')}`".replace("%", "%%")
        client = served(
            engine,
            f"CREATE TABLE parents ({column} INT PRIMARY KEY, n INT)",
            f"CREATE TABLE kids (id INT PRIMARY KEY, {column} INT UNIQUE, "
            f"FOREIGN KEY ({column}) REFERENCES parents ({column}))",
            "INSERT INTO parents VALUES (1, 1)",
            "INSERT INTO kids VALUES (1, 1), (2, NULL)",
        )
        kid, _ = client.get("/api/kids").json["data"]
        ((link, parent),) = kid["relationships"].items()
        type_ = parent["data"]["type"]

        both = client.get(f"/api/kids/1?include={link}").json
        assert [one["id"] for one in both["included"]] == ["1"]
        changed = {"type": "kids", "id": "2", "relationships": {link: {"data": {"type": type_, "id": "1"}}}}
        assert client.send("PATCH", "/api/kids/2", {"data": changed}).json["errors"][0]["code"] == "already-exists"
        assert client.send("POST", f"/api/{type_}", {"data": {"type": type_, "id": "2"}}).status_code == 201
        changed["relationships"][link]["data"]["id"] = "2"
        assert client.send("PATCH", "/api/kids/2", {"data": changed}).status_code == 200
        for path in (f"/api/kids?sort=-{link}.n", f"/api/kids?filter[{link}.n][in]=1", f"/api/{type_}?filter[id]=1"):
            assert client.get(path).json["data"][0]["id"] == "1"
        assert len(client.get(f"/api/{type_}?include=kids").json["included"]) == 2
        assert client.delete("/api/kids/2").status_code == 204


def test_what_the_database_alone_can_judge_is_named() -> None:
    """T35: the answers named neither the attribute nor the value."""
    with fresh_database("postgresql") as engine:
        client = served_column(engine, "tsquery", "'a'")

        one = search(client, "eq", "a && b").json["errors"][0]
        several = json.dumps([{"name": "v", "op": "eq", "val": text} for text in ("a", "a ||")])
        many = client.get("/api/t", query_string={"filter[objects]": several}).json["errors"][0]
        written = patch(client, "1", "a &&").json["errors"][0]

        known = 'the database does not know the operator "eq" for "v", or cannot read'
        assert (one["detail"], one["source"]) == (f'{known} "a && b"', {"parameter": "filter"})
        assert many["detail"] == f'{known} "a ||"'
        assert written["detail"] == 'the database does not take "a &&" for the attribute "v"'
        assert (written["code"], written["source"]) == ("invalid-value", {"pointer": "/data/attributes/v"})


@pytest.mark.parametrize(("type_", "value"), [("BIT(1)", 5), ("TINYTEXT", "x" * 300), ("DOUBLE UNSIGNED", -1.5)])
def test_what_mariadb_does_not_take_is_named(type_: str, value: Any) -> None:
    """T35: the answer named neither the attribute nor the value, and what was not stored is not."""
    with fresh_database("mariadb") as engine:
        client = served(
            engine, f"CREATE TABLE t (id INT PRIMARY KEY, w INT, v {type_})", "INSERT INTO t VALUES (1, 1, NULL)"
        )
        attributes = {"w": 2, "v": value}

        refused = client.send("PATCH", "/api/t/1", {"data": {"type": "t", "id": "1", "attributes": attributes}})

        (error,) = refused.json["errors"]
        assert error["detail"].startswith("the database does not take ")
        assert (refused.status_code, error["source"]) == (400, {"pointer": "/data/attributes/v"})
        assert client.get("/api/t/1").json["data"]["attributes"] == {"w": 1, "v": None}


COLLATED = {
    "mariadb": ("VARCHAR(9)", "VARCHAR(9)"),
    "sqlite": ("VARCHAR(9) COLLATE NOCASE", "VARCHAR(9) COLLATE NOCASE"),
    "postgresql": ("CITEXT", "CITEXT"),
}


@pytest.mark.parametrize("kind", COLLATED)
def test_references_that_are_spelled_otherwise(kind: str) -> None:
    """J-3.7.3: 'A' refers to 'a', which was included without a linkage that leads there."""
    with fresh_database(kind) as engine:
        above, below = COLLATED[kind]
        client = served(
            engine,
            *(["CREATE EXTENSION citext"] if kind == "postgresql" else []),
            f"CREATE TABLE parents (k {above} PRIMARY KEY)",
            f"CREATE TABLE kids (id INT PRIMARY KEY, p {below}, FOREIGN KEY (p) REFERENCES parents (k))",
            "INSERT INTO parents VALUES ('a'), ('b'), ('c')",
            "INSERT INTO kids VALUES (1, 'A'), (2, 'a'), (3, 'B'), (4, NULL)",
        )

        kids = client.get("/api/kids?include=p_parents&sort=id").json
        parents = client.get("/api/parents?include=kids&sort=k").json

        linked = [(one["relationships"]["p_parents"]["data"] or {}).get("id") for one in kids["data"]]
        assert linked == ["a", "a", "b", None]
        assert sorted(one["id"] for one in kids["included"]) == ["a", "b"]
        members = [[one["id"] for one in row["relationships"]["kids"]["data"]] for row in parents["data"]]
        assert members == [["1", "2"], ["3"], []]
        assert len(parents["included"]) == 3


@pytest.mark.parametrize("type_", ["regtype", "regclass", "regrole", "regconfig", "regnamespace"])
def test_names_that_nothing_in_the_database_has(type_: str) -> None:
    """A-12: a 500, as if a table of ours were missing."""
    with fresh_database("postgresql") as engine:
        client = served_column(engine, type_, "NULL")

        refused = [search(client, "eq", "zzz"), search(client, "in", ["zzz"]), patch(client, "1", "zzz")]

        assert [(one.status_code, one.json["errors"][0]["code"]) for one in refused] == [
            (400, "invalid-filter"),
            (400, "invalid-filter"),
            (400, "invalid-value"),
        ]


@pytest.mark.parametrize(("kind", "type_"), [("mariadb", "DECIMAL(65, 0)"), ("postgresql", "NUMERIC")])
@pytest.mark.parametrize("value", ["9" * 65, "-" + "123456789" * 7])
def test_decimals_of_many_digits(kind: str, type_: str, value: str) -> None:
    """B-5: those of more than 40 digits were read, and refused as what is no decimal number."""
    with fresh_database(kind) as engine:
        client = served(engine, f"CREATE TABLE t (id INT PRIMARY KEY, v {type_})", f"INSERT INTO t VALUES (1, {value})")

        assert value_of(client) == value
        assert patch(client, "1", value).json["data"]["attributes"]["v"] == value
        assert found(client, "eq", value) == ["1"]
        assert [one["id"] for one in client.get(f"/api/t?filter[v]={value}").json["data"]] == ["1"]
        refused = patch(client, "1", "9" * 500)
        assert refused.status_code == 422
        assert "at most 400 digits" in refused.json["errors"][0]["detail"] or kind == "mariadb"


@pytest.mark.parametrize("declared", ["NUMERIC", "DECIMAL(20, 0)", "NUMERIC(30, 2)"])
def test_whole_numbers_among_decimals_of_sqlite(sqlite: Engine, declared: str) -> None:
    """B-5: SQLite has them whole; those beyond 2^53 were written with other digits, and not found."""
    client = served(
        sqlite, f"CREATE TABLE t (id INTEGER PRIMARY KEY, v {declared})", "INSERT INTO t VALUES (1, 9007199254740993)"
    )
    value = value_of(client)

    assert found(client, "eq", value) == ["1"]
    assert patch(client, "1", value).json["data"]["attributes"]["v"] == value
    with sqlite.connect() as connection:
        assert connection.exec_driver_sql("SELECT v, typeof(v) FROM t").one() == (9007199254740993, "integer")


def test_places_behind_many_digits() -> None:
    """B-5: beyond 28 digits, places that the column does not keep were rounded away."""
    with fresh_database("postgresql") as engine:
        client = served(engine, "CREATE TABLE t (id INT PRIMARY KEY, v NUMERIC(40, 2))", "INSERT INTO t VALUES (1, 1)")
        many = "123456789012345678901234567890"

        refused = patch(client, "1", f"{many}.125")

        assert (refused.status_code, refused.json["errors"][0]["code"]) == (422, "out-of-range")
        assert patch(client, "1", f"{many}.120").json["data"]["attributes"]["v"] == f"{many}.12"


@pytest.mark.parametrize("value", ["1e350", "9" * 390, "12345678901234567890.5", "0.12345678901234567"])
def test_decimals_that_sqlite_would_round(sqlite: Engine, value: str) -> None:
    """B-5: they were stored with other digits, or as infinity, which was answered as null."""
    client = served(sqlite, "CREATE TABLE t (id INTEGER PRIMARY KEY, v NUMERIC)", "INSERT INTO t VALUES (1, 1.5)")

    refused = patch(client, "1", value)

    assert (refused.status_code, refused.json["errors"][0]["code"]) == (422, "out-of-range")
    assert "a decimal number of at most 15 digits" in refused.json["errors"][0]["detail"]
    assert value_of(client) == "1.5"
    for kept in ("0.1", "1e300", "-123456789012.345", "9223372036854775807"):
        assert patch(client, "1", kept).status_code == 200
        assert Decimal(value_of(client)) == Decimal(kept)
