"""Whatever a database stores can be read, and what fits its type has it."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from conftest import fresh_database
from flask_restless.reflection import read_any_value, reflect
from reflected import read_all, run

SQLITE_VALUES = [
    "'text'",
    "''",
    "17",
    "-9223372036854775808",
    "1.5",
    "1e300",
    "1e999",
    "x'00ff'",
    "NULL",
    "'2024-01-02'",
]
SQLITE_TYPES = (
    "INTEGER",
    "BIGINT",
    "TINYINT",
    "BOOLEAN",
    "DATE",
    "DATETIME",
    "TIMESTAMP",
    "TIME",
    "DECIMAL(10, 2)",
    "NUMERIC",
    "FLOAT",
    "REAL",
    "DOUBLE PRECISION",
    "VARCHAR(3)",
    "TEXT",
    "BLOB",
    "JSON",
    "",
    "MONEY",
    "GEOMETRY",
)


@pytest.mark.parametrize("declared", SQLITE_TYPES, ids=lambda declared: declared or "none")
def test_any_value_in_any_column_of_sqlite_is_read(sqlite: Engine, declared: str) -> None:
    """T39: a column's type binds nobody there."""
    run(sqlite, f"CREATE TABLE t (id INTEGER PRIMARY KEY, v {declared})")
    run(sqlite, *(f"INSERT INTO t (v) VALUES ({value})" for value in SQLITE_VALUES))

    reflected = reflect(sqlite)

    assert len(read_all(sqlite, reflected)["t"]) == len(SQLITE_VALUES)


def test_sqlite_values_that_fit_their_type_are_of_it(sqlite: Engine) -> None:
    """What is as declared has the type of its column, and can be written and found again."""
    run(
        sqlite,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INT, d DATE, m DATETIME, b BOOLEAN, p DECIMAL(10, 2), "
        "x BLOB, j JSON)",
        "INSERT INTO t VALUES (5000000000, 6000000000, '2024-01-02', '2024-01-02 03:04:05', 1, 1.5, x'00', "
        "'{\"a\": [1]}')",
    )
    reflected = reflect(sqlite)
    model: Any = reflected.models[0]
    expected = {
        "id": 5_000_000_000,
        "n": 6_000_000_000,
        "d": date(2024, 1, 2),
        "m": datetime(2024, 1, 2, 3, 4, 5),
        "b": True,
        "p": Decimal("1.50"),
        "x": b"\0",
        "j": {"a": [1]},
    }

    assert read_all(sqlite, reflected)["t"] == [expected]
    with Session(sqlite) as session:
        session.add(model(**{**expected, "id": 2}))
        session.commit()
        for name in ("n", "d", "m", "b", "p", "x"):
            found = session.scalars(select(model.id).where(getattr(model, name) == expected[name])).all()
            assert sorted(found) == [2, 5_000_000_000], name


def test_dates_of_zeros_in_mariadb_are_read() -> None:
    """T39: the driver gives text for them."""
    with fresh_database("mariadb") as engine:
        run(
            engine,
            "CREATE TABLE t (id INTEGER PRIMARY KEY, d DATE, m DATETIME)",
            "SET SESSION sql_mode = ''",
            "INSERT INTO t VALUES (1, '0000-00-00', '0000-00-00 00:00:00'), (2, '2024-01-02', '2024-01-02 03:04:05')",
        )

        rows = read_all(engine, reflect(engine))["t"]

    assert rows[0] == {"id": 1, "d": "0000-00-00", "m": "0000-00-00 00:00:00"}
    assert rows[1] == {"id": 2, "d": date(2024, 1, 2), "m": datetime(2024, 1, 2, 3, 4, 5)}


def test_types_of_postgresql_are_read() -> None:
    """Also those that SQLAlchemy does not know, which come as the driver gives them."""
    with fresh_database("postgresql") as engine:
        run(
            engine,
            "CREATE TYPE mood AS ENUM ('glad', 'sad')",
            "CREATE DOMAIN posint AS integer CHECK (value > 0)",
            "CREATE TABLE t (id INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY, m mood, d posint, a integer[], "
            "j jsonb, i inet, r int4range, v interval, u uuid, "
            "p point, x xml, b bit(3), y money, s tsvector, "
            "twice integer GENERATED ALWAYS AS (1 + 1) STORED)",
            "INSERT INTO t (m, d, a, j, i, r, v, u, p, x, b, y, s) VALUES ('sad', 3, '{1,2}', '{\"k\": 1}', "
            "'10.0.0.1', '[1,5)', '1 day', "
            "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '(1,2)', '<a/>', '101', 12.5, 'a b')",
        )
        reflected = reflect(engine)

        row = read_all(engine, reflected)["t"][0]
        with Session(engine) as session:
            session.add(reflected.models[0](d=4))
            session.commit()

    assert (row["m"], row["d"], row["a"], row["j"], row["p"], row["twice"]) == ("sad", 3, [1, 2], {"k": 1}, "(1,2)", 2)


def test_text_that_is_not_utf_8_is_read(sqlite: Engine) -> None:
    """T39: SQLite stores any bytes as text; the driver would refuse them."""
    read_any_value(sqlite)
    run(
        sqlite,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)",
        "INSERT INTO t VALUES (1, CAST(x'5AFC726963680A' AS TEXT)), (2, 'Zürich')",
    )

    rows = read_all(sqlite, reflect(sqlite))["t"]

    assert [row["v"] for row in rows] == ["Z\ufffdrich\n", "Zürich"]


def test_days_and_times_that_python_does_not_know_are_read() -> None:
    """T39: psycopg refuses them, and so the whole list."""
    with fresh_database("postgresql") as engine:
        read_any_value(engine)
        run(
            engine,
            "CREATE TABLE t (id INTEGER PRIMARY KEY, d DATE, m TIMESTAMP, z TIMESTAMPTZ, t TIME, o TIMETZ, l TIME[])",
            "INSERT INTO t VALUES (1, 'infinity', '-infinity', 'infinity', '24:00', '24:00-01', '{24:00}')",
            "INSERT INTO t VALUES (2, '2024-01-02', '2024-01-02 03:04:05', NULL, '23:59', NULL, '{23:59}')",
        )

        rows = [[*row.values()] for row in read_all(engine, reflect(engine))["t"]]

    assert rows[0] == [1, "infinity", "-infinity", "infinity", "24:00:00", "24:00:00-01", ["24:00:00"]]
    assert rows[1] == [2, date(2024, 1, 2), datetime(2024, 1, 2, 3, 4, 5), None, time(23, 59), None, [time(23, 59)]]


def test_times_of_mariadb_that_are_no_times_of_the_day_are_read() -> None:
    """T39: SQLAlchemy makes 17:59:59 of -30:00:01."""
    values = ["'-30:00:01'", "'838:59:59'", "'-00:00:00.5'", "'23:59:59'", "NULL"]
    with fresh_database("mariadb") as engine:
        run(engine, "CREATE TABLE t (id INTEGER PRIMARY KEY AUTO_INCREMENT, c TIME(1))")
        run(engine, *(f"INSERT INTO t (c) VALUES ({value})" for value in values))

        rows = read_all(engine, reflect(engine))["t"]

    assert [row["c"] for row in rows] == ["-30:00:01", "838:59:59", "-00:00:00.500000", time(23, 59, 59), None]
