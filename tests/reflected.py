"""What tests of the reflection share: a small database, and ways to look at the models made of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, inspect, select
from sqlalchemy.orm import Session

from flask_restless.reflection import Reflected


def run(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def model_of(reflected: Reflected, table: str) -> Any:
    return next(model for model in reflected.models if inspect(model).local_table.name == table)


def columns_of(reflected: Reflected, table: str) -> dict[str, str]:
    """Give the column of each attribute."""
    return {one.key: one.columns[0].name for one in inspect(model_of(reflected, table)).column_attrs}


def relationships_of(reflected: Reflected, table: str) -> dict[str, tuple[str, bool]]:
    """Give target and cardinality of each relationship."""
    return {
        one.key: (one.mapper.local_table.name, bool(one.uselist))
        for one in inspect(model_of(reflected, table)).relationships
    }


def read_all(engine: Engine, reflected: Reflected) -> dict[str, list[dict[str, Any]]]:
    """Read every row of every model, and every relationship of it."""
    found: dict[str, list[dict[str, Any]]] = {}
    with Session(engine) as session:
        for model in reflected.models:
            rows = session.scalars(select(model)).all()
            for row in rows:
                for one in inspect(model).relationships:
                    getattr(row, one.key)
            keys = inspect(model).column_attrs.keys()
            found[reflected.names[model]] = [{key: getattr(row, key) for key in keys} for row in rows]
    return found


BOOKS = (
    "CREATE TABLE authors (id INTEGER PRIMARY KEY, name VARCHAR(50))",
    """CREATE TABLE books (id INTEGER PRIMARY KEY, title VARCHAR(50), author_id INTEGER,
    FOREIGN KEY (author_id) REFERENCES authors (id))""",
    "CREATE TABLE tags (name VARCHAR(20) PRIMARY KEY)",
    """CREATE TABLE book_tags (book_id INTEGER, tag VARCHAR(20), PRIMARY KEY (book_id, tag),
    FOREIGN KEY (book_id) REFERENCES books (id), FOREIGN KEY (tag) REFERENCES tags (name))""",
    "INSERT INTO authors VALUES (1, 'Ada')",
    "INSERT INTO books VALUES (1, 'Notes', 1)",
    "INSERT INTO tags VALUES ('maths')",
    "INSERT INTO book_tags VALUES (1, 'maths')",
)
