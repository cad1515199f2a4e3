"""Databases as strangers have them, served: values that no column should hold are read, and lose no other row (T39)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from conftest import JSONAPI, CheckedClient, checked_client, fresh_database
from flask_restless.cli.serve import database_app, engine_of
from reflected import run

BY_CURSOR = {"Accept": f'{JSONAPI};profile="https://jsonapi.org/profiles/ethanresnick/cursor-pagination/"'}


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Engine]:
    """An SQLite file as `serve` opens it."""
    path = tmp_path / "odd.sqlite"
    path.touch()
    engine = engine_of(str(path))
    yield engine
    engine.dispose()


def served(engine: Engine, *statements: str) -> CheckedClient:
    """Fill a database, and serve it."""
    run(engine, *statements)
    app, _ = database_app(engine, True, None, (), "", True)
    return checked_client(app)


def pages(client: CheckedClient, path: str) -> list[str]:
    """Give the ids of a list, page by page with cursors."""
    found: list[str] = []
    while path and len(found) < 100:
        page = client.get(path, headers=BY_CURSOR).json
        found += [one["id"] for one in page["data"]]
        path = page["links"]["next"]
    return found


def test_days_and_times_that_are_none_in_keys(file: Engine) -> None:
    """A-12: the list was a 500."""
    client = served(
        file,
        "CREATE TABLE days (day DATE PRIMARY KEY)",
        "CREATE TABLE moments (at DATETIME PRIMARY KEY)",
        "INSERT INTO days VALUES ('2024-01-02'), (5)",
        "INSERT INTO moments VALUES ('2024-01-02 03:04:05'), (1.5)",
    )

    assert [one["id"] for one in client.get("/api/days").json["data"]] == ["5", "2024-01-02"]
    assert [one["id"] for one in client.get("/api/moments").json["data"]] == ["1.5", "2024-01-02T03:04:05"]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_halves_of_characters_in_json(kind: str) -> None:
    """T39: escapes make them, and no document can hold them; the list was a 500.  MariaDB's JSON is a text."""
    with fresh_database(kind) as engine:
        client = served(
            engine,
            "CREATE TABLE trees (id INTEGER PRIMARY KEY, tree JSON)",
            r"""INSERT INTO trees VALUES (1, '{"\udc00": ["a\ud800", "\ud83d\ude00"]}')""",
        )
        tree = {"\ufffd": ["a\ufffd", "\U0001f600"]}

        assert client.get("/api/trees").json["data"][0]["attributes"] == {"tree": tree}
        lines = client.get("/api/trees", headers={"Accept": "application/x-ndjson"})
        assert json.loads(lines.text)["tree"] == tree
        assert "a\ufffd" in client.get("/api/trees", headers={"Accept": "text/csv"}).text


@pytest.mark.parametrize("declared", ["FLOAT", "INTEGER", "NUMERIC(5, 2)", "DATE", "VARCHAR(5)", "BLOB", ""])
@pytest.mark.parametrize("sort", ["v", "-v"])
def test_pages_by_cursor_hold_every_value(file: Engine, declared: str, sort: str) -> None:
    """C-4: texts among floats were left out."""
    client = served(
        file,
        f"CREATE TABLE t (id INTEGER PRIMARY KEY, v {declared})",
        "INSERT INTO t (v) VALUES ('zzz'), ('aaa'), (1.5), (-1), (x'00'), (NULL), (1e300), ('aaa'), (9e999)",
    )
    answer = client.get(f"/api/t?sort={sort}")
    if declared == "BLOB":
        assert answer.status_code == 400
        return

    assert pages(client, f"/api/t?sort={sort}&page[size]=1") == [one["id"] for one in answer.json["data"]]


def test_numbers_beyond_64_bits_in_columns_without_a_type(file: Engine) -> None:
    """T36: they never reach the driver."""
    client = served(file, "CREATE TABLE t (id INTEGER PRIMARY KEY, v)", "INSERT INTO t VALUES (1, 2)")

    written = client.send("PATCH", "/api/t/1", {"data": {"type": "t", "id": "1", "attributes": {"v": 2**63}}})
    asked = client.get("/api/t", query_string={"filter[objects]": f'[{{"name": "v", "op": "eq", "val": {2**63}}}]'})

    assert (written.status_code, written.json["errors"][0]["code"]) == (422, "out-of-range")
    assert (asked.status_code, asked.json["errors"][0]["code"]) == (400, "invalid-filter")


@pytest.mark.parametrize(
    ("type_", "value", "id_"),
    [("inet", "'10.0.0.0/8'", "10.0.0.0/8"), ("kind", "'on/off'", "on/off"), ("kind", "''", ""), ("bytea", "''", "")],
)
def test_links_of_keys_with_slashes_that_are_no_texts(type_: str, value: str, id_: str) -> None:
    """J-3.5.2: networks, enums and bytes; the link was a 404."""
    with fresh_database("postgresql") as engine:
        client = served(
            engine,
            "CREATE TYPE kind AS ENUM ('on/off', '')",
            f"CREATE TABLE t (k {type_} PRIMARY KEY)",
            f"INSERT INTO t VALUES ({value})",
        )
        (row,) = client.get("/api/t").json["data"]

        assert client.get(row["links"]["self"]).json["data"] == row
        assert row["id"] == id_
        assert client.delete(row["links"]["self"]).status_code == 204


@pytest.mark.parametrize("type_", ["ltree", "tsquery"])
def test_values_that_postgresql_itself_cannot_read(type_: str) -> None:
    """A-12: it calls them errors of syntax, which looks like a fault of ours; the answer was a 500."""
    with fresh_database("postgresql") as engine:
        client = served(
            engine,
            "CREATE EXTENSION ltree",
            f"CREATE TABLE t (id INTEGER PRIMARY KEY, v {type_})",
            "INSERT INTO t VALUES (1, 'a')",
        )

        assert client.get("/api/t?filter[v]=a").json["data"][0]["id"] == "1"
        refused = client.get("/api/t?filter[v]=a%26%26b..")
        changed = client.send("PATCH", "/api/t/1", {"data": {"type": "t", "id": "1", "attributes": {"v": "a &&"}}})
        assert [(one.status_code, one.json["errors"][0]["code"]) for one in (refused, changed)] == [
            (400, "invalid-filter"),
            (400, "invalid-value"),
        ]


RAISING = {
    "sqlite": ["CREATE TRIGGER no_{0} BEFORE {0} ON words BEGIN SELECT RAISE(ABORT, 'secret'); END"],
    "postgresql": [
        "CREATE OR REPLACE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'secret'; END $$",
        "CREATE TRIGGER no_{0} BEFORE {0} ON words FOR EACH ROW EXECUTE FUNCTION no()",
    ],
    "mariadb": [
        "CREATE TRIGGER no_{0} BEFORE {0} ON words FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'secret'"
    ],
}


@pytest.mark.parametrize("kind", RAISING)
def test_what_triggers_refuse(kind: str) -> None:
    """Threats, mapping: a rule of the database like any other; the answer was a 500."""
    with fresh_database(kind) as engine:
        client = served(
            engine,
            "CREATE TABLE words (id INTEGER PRIMARY KEY, word VARCHAR(9))",
            "INSERT INTO words VALUES (1, 'a')",
            *(one.format(event) for event in ("INSERT", "UPDATE", "DELETE") for one in RAISING[kind]),
        )
        row = {"type": "words", "id": "1", "attributes": {"word": "b"}}

        made = client.send("POST", "/api/words", {"data": row | {"id": "2"}})
        changed = client.send("PATCH", "/api/words/1", {"data": row})
        gone = client.delete("/api/words/1")

        assert [(one.status_code, one.json["errors"][0]["code"]) for one in (made, changed, gone)] == [
            (422, "refused-value"),
            (422, "refused-value"),
            (403, "forbidden"),
        ]
        assert not any("secret" in one.text for one in (made, changed, gone))
        assert [one["attributes"] for one in client.get("/api/words").json["data"]] == [{"word": "a"}]


def test_doubles_of_mariadb_have_all_their_digits() -> None:
    """T38: they were decimals of ten places, and reading and writing one back lost the others."""
    with fresh_database("mariadb") as engine:
        client = served(
            engine,
            "CREATE TABLE t (id DOUBLE PRIMARY KEY, v DOUBLE, r REAL, f FLOAT)",
            "INSERT INTO t VALUES (0.1, 1.2345678901234567, 1e-20, 0.5)",
        )
        values = {"v": 1.2345678901234567, "r": 1e-20, "f": 0.5}

        row = client.get("/api/t/0.1").json["data"]
        assert (row["id"], row["attributes"]) == ("0.1", values)
        assert client.send("PATCH", "/api/t/0.1", {"data": row}).json["data"] == row
        assert client.get("/api/t?filter[r]=1e-20").json["meta"]["total"] == 1


def test_bits_of_mariadb_are_numbers() -> None:
    """T38: the text `1` was stored as its letter, 49, and no filter found a row."""
    with fresh_database("mariadb") as engine:
        client = served(engine, "CREATE TABLE t (id BIT(9) PRIMARY KEY, v BIT(64))", "INSERT INTO t VALUES (5, 1)")
        row = client.get("/api/t?filter[v]=1").json["data"][0]
        document = {"data": {"type": "t", "id": "5", "attributes": {"v": "1"}}}

        assert (row["id"], row["attributes"]) == ("5", {"v": 1})
        assert client.get(row["links"]["self"]).json["data"] == row
        assert client.send("PATCH", "/api/t/5", document).status_code == 422
        document["data"] |= {"attributes": {"v": 2**64 - 1}}
        assert client.send("PATCH", "/api/t/5", document).json["data"]["attributes"] == {"v": 2**64 - 1}
        too_wide = client.send("POST", "/api/t", {"data": {"type": "t", "id": "512"}})
        assert (too_wide.status_code, too_wide.json["errors"][0]["code"]) == (400, "invalid-value")


def test_unknown_types_of_mariadb_are_not_warned_of() -> None:
    """Nor is a value a 500 that MariaDB cannot cast to one."""
    with fresh_database("mariadb") as engine:
        client = served(
            engine,
            "CREATE TABLE t (id INTEGER PRIMARY KEY, place POINT, address INET6)",
            "INSERT INTO t VALUES (1, POINT(1, 2), '::1')",
        )

        assert client.get("/api/t").json["data"][0]["attributes"]["address"] == "::1"
        for name, value in (("place", "x"), ("place", True), ("address", "x"), ("address", 1.5)):
            document = {"data": {"type": "t", "id": "1", "attributes": {name: value}}}
            assert client.send("PATCH", "/api/t/1", document).status_code == 400, (name, value)


def test_decimals_that_end_before_the_point() -> None:
    """T38: PostgreSQL's `numeric(3, -2)`; every value was refused."""
    with fresh_database("postgresql") as engine:
        client = served(engine, "CREATE TABLE t (id INTEGER PRIMARY KEY, v NUMERIC(3, -2))", "INSERT INTO t VALUES (1)")

        for value, status in (("12300", 200), ("0", 200), ("-100", 200), ("12340", 422), ("0.5", 422), ("100000", 422)):
            document = {"data": {"type": "t", "id": "1", "attributes": {"v": value}}}
            answer = client.send("PATCH", "/api/t/1", document)
            assert answer.status_code == status, value
            assert status == 422 or answer.json["data"]["attributes"] == {"v": value}


@pytest.mark.parametrize("key", ["INT PRIMARY KEY", "BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY DESC"])
def test_keys_that_sqlite_does_not_make(file: Engine, key: str) -> None:
    """A-12: it makes those of an `INTEGER PRIMARY KEY` alone; that a row would not be visible was no good reason."""
    client = served(file, f"CREATE TABLE t (id {key}, v TEXT)", "CREATE TABLE made (id INTEGER PRIMARY KEY)")

    refused = client.send("POST", "/api/t", {"data": {"type": "t"}})

    assert (refused.status_code, refused.json["errors"][0]["code"]) == (422, "missing-value")
    assert client.send("POST", "/api/t", {"data": {"type": "t", "id": "7"}}).json["data"]["id"] == "7"
    assert client.send("POST", "/api/made", {"data": {"type": "made"}}).json["data"]["id"] == "1"
    assert [one["id"] for one in client.get("/api/t").json["data"]] == ["7"]


def test_a_table_called_operations(file: Engine) -> None:
    """Its rows could not be created, since several writes at once are sent to the URL of that name."""
    client = served(
        file, "CREATE TABLE operations (id INTEGER PRIMARY KEY)", "CREATE TABLE operations_2 (id INTEGER PRIMARY KEY)"
    )

    made = client.send("POST", "/api/operations_3", {"data": {"type": "operations_3"}})

    assert (made.status_code, made.headers["Location"]) == (201, "http://localhost/api/operations_3/1")
    assert client.get("/api/operations_2").status_code == 200


def test_rows_without_a_key_are_left_out(file: Engine) -> None:
    """J-3.7.5: SQLite allows nulls in keys; all such rows had the id `None`, which led to none."""
    run(
        file,
        "CREATE TABLE words (word TEXT PRIMARY KEY, n INTEGER)",
        "CREATE TABLE pairs (a TEXT, b TEXT, PRIMARY KEY (a, b))",
        "CREATE TABLE whole (word TEXT PRIMARY KEY)",
        "INSERT INTO words VALUES (NULL, 1), (NULL, 2), ('a', 3)",
        "INSERT INTO pairs VALUES ('x', NULL), ('x', 'y')",
    )
    app, lines = database_app(file, False, None, (), "", True)
    client = checked_client(app)

    words = client.get("/api/words").json
    assert ([one["id"] for one in words["data"]], words["meta"]["total"]) == (["a"], 1)
    assert [one["id"] for one in client.get("/api/pairs").json["data"]] == ["x,y"]
    assert client.get("/api/words", headers={"Accept": "text/csv"}).text.splitlines()[1:] == ["a,a,3"]
    assert [one.split(": ")[1] for one in lines if "without a key" in one] == ["pairs", "words"]
