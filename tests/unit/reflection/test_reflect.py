"""Tables become models under legal names; what cannot be mapped is reported."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, create_engine, inspect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from conftest import fresh_database
from flask_restless.reflection import reflect
from reflected import BOOKS, columns_of, model_of, read_all, relationships_of, run


def test_two_ways_between_the_same_tables_have_different_names(sqlite: Engine) -> None:
    """A foreign key, two association tables and a column want the same name."""
    run(
        sqlite,
        "CREATE TABLE authors (id INTEGER PRIMARY KEY, books TEXT)",
        "CREATE TABLE books (id INTEGER PRIMARY KEY, author TEXT, author_id INTEGER REFERENCES authors (id))",
        "CREATE TABLE a_wrote (a INTEGER REFERENCES authors (id), b INTEGER REFERENCES books (id), PRIMARY KEY (a, b))",
        "CREATE TABLE b_read (a INTEGER REFERENCES authors (id), b INTEGER REFERENCES books (id), PRIMARY KEY (a, b))",
    )

    reflected = reflect(sqlite)

    assert set(relationships_of(reflected, "authors")) == {"books_by_author_id", "books_by_a_wrote", "books_by_b_read"}
    assert set(relationships_of(reflected, "books")) == {"author_authors", "authors", "authors_by_b_read"}


def test_names_that_are_not_legal_get_another_attribute(sqlite: Engine) -> None:
    """J-3.3.1, J-3.11.2, and what SQLAlchemy keeps to itself."""
    run(
        sqlite,
        'CREATE TABLE "_odd.table" ("key" INTEGER PRIMARY KEY, "id" TEXT, "type" TEXT, "metadata" TEXT, '
        '"registry" TEXT, "query" TEXT, "_secret" TEXT, "a.b" TEXT, "a_b" TEXT, "x[1]" TEXT, "__table__" TEXT, '
        '"__mapper_args__" TEXT, "__init__" TEXT, "from" TEXT, "größe" TEXT, "%s" TEXT, "unit price" TEXT, ":x" TEXT)',
        'INSERT INTO "_odd.table" ("key", "a.b", "%s", "unit price", ":x") '
        "VALUES (1, 'dot', 'per', 'two', 'col')",
    )

    reflected = reflect(sqlite)

    assert reflected.names[reflected.models[0]] == "odd_table"
    assert columns_of(reflected, "_odd.table") == {
        "key": "key",
        "odd_table_id": "id",
        "odd_table_type": "type",
        "odd_table_metadata": "metadata",
        "odd_table_registry": "registry",
        "odd_table_query": "query",
        "secret": "_secret",
        "a_b_2": "a.b",
        "a_b": "a_b",
        "x_1": "x[1]",
        "table": "__table__",
        "mapper_args": "__mapper_args__",
        "init": "__init__",
        "from": "from",
        "größe": "größe",
        "s": "%s",
        "unit_price": "unit price",
        "x": ":x",
    }
    row = read_all(sqlite, reflected)["odd_table"][0]
    assert (row["a_b_2"], row["s"], row["unit_price"], row["x"]) == ("dot", "per", "two", "col")
    with Session(sqlite) as session:
        session.add(reflected.models[0](key=2, odd_table_type="new", a_b_2="x", s="y"))
        session.commit()


def test_tables_with_like_names_have_different_types_and_classes(sqlite: Engine) -> None:
    """J-3.2.5: two tables never share a type; class names are identifiers."""
    names = ["a_b", "a b", "a.b", "2024", "class", "func", "Base", "metadata"]
    run(
        sqlite,
        *(f'CREATE TABLE "{name}" (id INTEGER PRIMARY KEY, "p_id" INTEGER REFERENCES "a_b" (id))' for name in names),
    )

    reflected = reflect(sqlite)

    assert len(reflected.models) == len(set(reflected.names.values())) == len(names)
    assert reflected.names[model_of(reflected, "a_b")] == "a_b"
    assert len({model.__name__ for model in reflected.models}) == len(names)
    assert all(model.__name__.isidentifier() for model in reflected.models)
    assert len(relationships_of(reflected, "a_b")) == len(names) + 1
    assert "metadata" not in relationships_of(reflected, "a_b")
    read_all(sqlite, reflected)


def test_a_foreign_key_called_type_id_stays_reachable(sqlite: Engine) -> None:
    """J-3.3.1: a relationship called `type` could not be shown."""
    run(
        sqlite,
        "CREATE TABLE kinds (id INTEGER PRIMARY KEY)",
        "CREATE TABLE books (id INTEGER PRIMARY KEY, type_id INTEGER REFERENCES kinds (id))",
    )

    assert set(relationships_of(reflect(sqlite), "books")) == {"books_type"}


def test_a_table_without_a_primary_key_uses_a_unique_key_or_is_skipped(database: Engine) -> None:
    """Only a unique key over whole rows and without nulls tells rows apart."""
    run(
        database,
        "CREATE TABLE codes (code VARCHAR(5) NOT NULL UNIQUE, label VARCHAR(20))",
        "CREATE TABLE slots (d INTEGER NOT NULL, n INTEGER NOT NULL, UNIQUE (d, n))",
        "CREATE TABLE loose (code VARCHAR(5) UNIQUE)",
        "CREATE TABLE heap (body VARCHAR(20))",
        "INSERT INTO codes VALUES ('a', 'A')",
    )

    reflected = reflect(database)

    assert sorted(reflected.names.values()) == ["codes", "slots"]
    assert [column.name for column in inspect(model_of(reflected, "codes")).primary_key] == ["code"]
    assert {column.name for column in inspect(model_of(reflected, "slots")).primary_key} == {"d", "n"}
    assert [one.table for one in reflected.skipped] == ["heap", "loose"]
    assert all("key" in one.reason for one in reflected.skipped)
    with Session(database) as session:
        assert session.get(model_of(reflected, "codes"), "a").label == "A"


@pytest.mark.parametrize("index", ["(a) WHERE a > 0", "(lower(b))", "(a, lower(b))"])
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_an_index_over_some_rows_or_expressions_is_no_key(
    kind: str, index: str, request: pytest.FixtureRequest
) -> None:
    """Rows that the index does not tell apart would be lost."""
    with fresh_database(kind) as engine:
        run(engine, "CREATE TABLE t (a INTEGER NOT NULL, b VARCHAR(5) NOT NULL)", f"CREATE UNIQUE INDEX u ON t {index}")

        assert [one.table for one in reflect(engine).skipped] == ["t"]


def test_views_are_skipped_and_reported_when_asked_for(database: Engine) -> None:
    run(database, *BOOKS, "CREATE VIEW titles AS SELECT title FROM books")

    assert reflect(database).skipped == ()
    assert [(one.table, "view" in one.reason) for one in reflect(database, views=True).skipped] == [("titles", True)]
    assert len(reflect(database, views=True).models) == 3


def test_tables_are_included_and_excluded_by_name(database: Engine) -> None:
    """What leads to a table that is left out is an ordinary column; a name that is no table is reported."""
    run(database, *BOOKS)

    some = reflect(database, include=["books", "boks"])
    rest = reflect(database, exclude=["authors", "tags"])

    assert [*some.names.values()] == ["books"]
    assert [(one.table, one.reason) for one in some.skipped] == [
        ("boks", "there is no such table; did you mean books?")
    ]
    assert relationships_of(some, "books") == {}
    assert not inspect(model_of(some, "books")).columns["author_id"].foreign_keys
    assert sorted(rest.names.values()) == ["book_tags", "books"]
    assert relationships_of(rest, "book_tags") == {"book": ("books", False)}
    with Session(database) as session:
        session.add(model_of(some, "books")(id=3, title="x", author_id=1))
        session.commit()


def test_a_schema_is_read_by_its_name() -> None:
    """PostgreSQL: tables of one schema, also of the same name as in the default one."""
    with fresh_database("postgresql") as engine:
        run(
            engine,
            "CREATE SCHEMA shop",
            "CREATE TABLE books (id INTEGER PRIMARY KEY)",
            "CREATE TABLE shop.books (id INTEGER PRIMARY KEY, isbn VARCHAR(13))",
            "CREATE TABLE shop.covers (id INTEGER PRIMARY KEY, book_id INTEGER REFERENCES shop.books (id), "
            "other_id INTEGER REFERENCES public.books (id))",
            "INSERT INTO shop.books VALUES (1, '978')",
        )

        reflected = reflect(engine, schema="shop")

        assert sorted(reflected.names.values()) == ["books", "covers"]
        assert relationships_of(reflected, "covers") == {"book": ("books", False)}
        assert read_all(engine, reflected)["books"] == [{"id": 1, "isbn": "978"}]


def test_an_empty_database_gives_nothing(database: Engine) -> None:
    reflected = reflect(database)

    assert (reflected.models, reflected.skipped, dict(reflected.names)) == ((), (), {})


def test_reflecting_twice_gives_models_that_do_not_meet(sqlite: Engine) -> None:
    """No state between two calls."""
    run(sqlite, *BOOKS)

    assert not set(reflect(sqlite).models) & set(reflect(sqlite).models)


def test_a_database_that_does_not_answer_is_an_error_of_sqlalchemy() -> None:
    with pytest.raises(SQLAlchemyError):
        reflect(create_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing"))


def test_a_table_that_sqlite_cannot_open_is_skipped(sqlite: Engine) -> None:
    """A virtual table whose module is not loaded does not take the others with it."""
    run(
        sqlite,
        *BOOKS,
        "PRAGMA writable_schema = ON",
        "INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) "
        "VALUES ('table', 'places', 'places', 0, 'CREATE VIRTUAL TABLE places USING nowhere(x)')",
        "PRAGMA writable_schema = RESET",
    )

    reflected = reflect(sqlite)

    assert len(reflected.models) == 3
    assert [(one.table, one.reason) for one in reflected.skipped] == [("places", "it could not be read")]


def test_a_column_without_a_name_is_left_out(sqlite: Engine) -> None:
    """SQLite has them, and SQLAlchemy does not: the other columns and tables stay."""
    run(sqlite, *BOOKS, 'CREATE TABLE odd (id INTEGER PRIMARY KEY, "" TEXT, name TEXT UNIQUE)')

    reflected = reflect(sqlite)

    assert len(reflected.models) == 4
    assert columns_of(reflected, "odd") == {"id": "id", "name": "name"}


def test_keys_that_are_no_ids() -> None:
    """Lists, ranges and JSON of PostgreSQL: writing such rows was a 500, and no URL led to them."""
    with fresh_database("postgresql") as engine:
        run(
            engine,
            "CREATE TABLE trees (k JSONB PRIMARY KEY)",
            "CREATE TABLE lists (k INTEGER[], v INTEGER, PRIMARY KEY (v, k))",
            "CREATE TABLE spans (k DATERANGE PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
        )

        reflected = reflect(engine)

        assert [*reflected.names.values()] == ["spans"]
        assert [column.name for column in inspect(reflected.models[0]).primary_key] == ["name"]
        assert [(one.table, "no id" in one.reason) for one in reflected.skipped] == [("lists", True), ("trees", True)]
