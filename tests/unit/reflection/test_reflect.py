"""Databases of every make become models: keys, relationships, names; what cannot be mapped is reported."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, inspect, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from conftest import fresh_database
from flask_restless.reflection import Reflected, read_any_text, reflect


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


def test_foreign_keys_and_association_tables_become_relationships(database: Engine) -> None:
    """Both ways, on every database."""
    run(database, *BOOKS)

    reflected = reflect(database)

    assert sorted(reflected.names.values()) == ["authors", "books", "tags"]
    assert relationships_of(reflected, "authors") == {"books": ("books", True)}
    assert relationships_of(reflected, "books") == {"author": ("authors", False), "tags": ("tags", True)}
    assert relationships_of(reflected, "tags") == {"books": ("books", True)}
    assert reflected.skipped == ()
    assert read_all(database, reflected)["books"] == [{"id": 1, "title": "Notes", "author_id": 1}]


def test_rows_can_be_written_and_linked(database: Engine) -> None:
    """The models work for writes: new rows, both kinds of links, and deletion."""
    run(database, *BOOKS)
    reflected = reflect(database)
    author, book, tag = (model_of(reflected, name) for name in ("authors", "books", "tags"))

    with Session(database) as session:
        session.add(book(id=2, title="Sketch", author=author(id=2, name="Mary"), tags=[tag(name="new")]))
        session.commit()
        session.delete(session.get(book, 1))
        session.commit()
        assert [one.title for one in session.get(author, 2).books] == ["Sketch"]
        assert session.get(author, 1).books == []

    with database.connect() as connection:
        links = connection.exec_driver_sql("SELECT book_id, tag FROM book_tags").all()
    assert [tuple(link) for link in links] == [(2, "new")]


def test_a_referred_row_is_not_orphaned_silently(database: Engine) -> None:
    """Deleting leaves the referring rows to the database: no foreign key is set to null behind its back."""
    run(database, *BOOKS)
    reflected = reflect(database)
    if database.dialect.name == "sqlite":
        run(database, "PRAGMA foreign_keys = ON")

    with Session(database) as session:
        session.delete(session.get(model_of(reflected, "authors"), 1))
        with pytest.raises(SQLAlchemyError):
            session.flush()


def test_composite_and_several_foreign_keys(database: Engine) -> None:
    """Each leads to its own target; the ways back are told apart."""
    run(
        database,
        "CREATE TABLE shelves (aisle VARCHAR(4), level INTEGER, PRIMARY KEY (aisle, level))",
        "CREATE TABLE books (id INTEGER PRIMARY KEY, shelf_aisle VARCHAR(4), shelf_level INTEGER, "
        "store_aisle VARCHAR(4), store_level INTEGER, "
        "FOREIGN KEY (shelf_aisle, shelf_level) REFERENCES shelves (aisle, level), "
        "FOREIGN KEY (store_aisle, store_level) REFERENCES shelves (aisle, level))",
        "INSERT INTO shelves VALUES ('A', 1), ('B', 2)",
        "INSERT INTO books VALUES (1, 'A', 1, 'B', 2)",
    )

    reflected = reflect(database)

    assert relationships_of(reflected, "books") == {"shelf": ("shelves", False), "store": ("shelves", False)}
    assert relationships_of(reflected, "shelves") == {
        "books_by_shelf_aisle_shelf_level": ("books", True),
        "books_by_store_aisle_store_level": ("books", True),
    }
    with Session(database) as session:
        book = session.get(model_of(reflected, "books"), 1)
        assert (book.shelf.aisle, book.store.aisle) == ("A", "B")


def test_self_references(database: Engine) -> None:
    """`parent` has `children`; other names are kept, and friends are many-to-many both ways."""
    run(
        database,
        "CREATE TABLE people (id INTEGER PRIMARY KEY, parent_id INTEGER, mentor_id INTEGER, "
        "FOREIGN KEY (parent_id) REFERENCES people (id), FOREIGN KEY (mentor_id) REFERENCES people (id))",
        "CREATE TABLE friends (person_id INTEGER, friend_id INTEGER, PRIMARY KEY (person_id, friend_id), "
        "FOREIGN KEY (person_id) REFERENCES people (id), FOREIGN KEY (friend_id) REFERENCES people (id))",
        "INSERT INTO people VALUES (1, NULL, NULL), (2, 1, 1)",
        "INSERT INTO friends VALUES (1, 2)",
    )

    reflected = reflect(database)

    assert relationships_of(reflected, "people") == {
        "parent": ("people", False),
        "children": ("people", True),
        "mentor": ("people", False),
        "people_by_mentor_id": ("people", True),
        "people_by_friend_id": ("people", True),
        "people_by_person_id": ("people", True),
    }
    with Session(database) as session:
        first = session.get(model_of(reflected, "people"), 1)
        assert [one.id for one in first.children] == [2]
        assert [one.id for one in first.people_by_friend_id] == [2]
        assert first.people_by_person_id == []


def test_foreign_keys_that_share_a_column(database: Engine) -> None:
    """Tables of several tenants: no warning, and each relationship finds its rows."""
    run(
        database,
        "CREATE TABLE nodes (tenant INTEGER, id INTEGER, parent_id INTEGER, PRIMARY KEY (tenant, id), "
        "FOREIGN KEY (tenant, parent_id) REFERENCES nodes (tenant, id))",
        "CREATE TABLE edges (tenant INTEGER, id INTEGER, head_id INTEGER, tail_id INTEGER, PRIMARY KEY (tenant, id), "
        "FOREIGN KEY (tenant, head_id) REFERENCES nodes (tenant, id), "
        "FOREIGN KEY (tenant, tail_id) REFERENCES nodes (tenant, id))",
        "INSERT INTO nodes VALUES (1, 1, NULL), (1, 2, 1), (2, 1, NULL)",
        "INSERT INTO edges VALUES (1, 1, 1, 2)",
    )

    reflected = reflect(database)

    assert set(relationships_of(reflected, "nodes")) == {
        "parent",
        "children",
        "edges_by_tenant_head_id",
        "edges_by_tenant_tail_id",
    }
    assert columns_of(reflected, "nodes") == {"tenant": "tenant", "nodes_id": "id", "parent_id": "parent_id"}
    with Session(database) as session:
        edge = session.get(model_of(reflected, "edges"), (1, 1))
        assert (edge.head.nodes_id, edge.tail.nodes_id) == (1, 2)
        assert edge.tail.parent is edge.head
        assert edge.head.children == [edge.tail]


def test_a_unique_foreign_key_makes_a_one_to_one_relationship(database: Engine) -> None:
    """The way back is to one row, where a unique key says so; also where the key itself is the foreign key."""
    run(
        database,
        "CREATE TABLE books (id INTEGER PRIMARY KEY)",
        "CREATE TABLE covers (book_id INTEGER PRIMARY KEY, FOREIGN KEY (book_id) REFERENCES books (id))",
        "CREATE TABLE blurbs (id INTEGER PRIMARY KEY, book_id INTEGER UNIQUE, "
        "FOREIGN KEY (book_id) REFERENCES books (id))",
        "INSERT INTO books VALUES (1)",
        "INSERT INTO covers VALUES (1)",
        "INSERT INTO blurbs VALUES (7, 1)",
    )

    reflected = reflect(database)

    assert relationships_of(reflected, "books") == {"blurbs": ("blurbs", False), "covers": ("covers", False)}
    with Session(database) as session:
        assert session.get(model_of(reflected, "books"), 1).blurbs.id == 7


def test_an_association_with_more_to_say_is_a_model(database: Engine) -> None:
    """A third column, or a foreign key to the table, makes it more than a link."""
    run(
        database,
        "CREATE TABLE orders (id INTEGER PRIMARY KEY)",
        "CREATE TABLE books (id INTEGER PRIMARY KEY)",
        "CREATE TABLE items (order_id INTEGER, book_id INTEGER, quantity INTEGER, PRIMARY KEY (order_id, book_id), "
        "FOREIGN KEY (order_id) REFERENCES orders (id), FOREIGN KEY (book_id) REFERENCES books (id))",
        "CREATE TABLE wishes (order_id INTEGER, book_id INTEGER, PRIMARY KEY (order_id, book_id), "
        "FOREIGN KEY (order_id) REFERENCES orders (id), FOREIGN KEY (book_id) REFERENCES books (id))",
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, order_id INTEGER, book_id INTEGER, "
        "FOREIGN KEY (order_id, book_id) REFERENCES wishes (order_id, book_id))",
    )

    reflected = reflect(database)

    assert sorted(reflected.names.values()) == ["books", "items", "notes", "orders", "wishes"]
    assert relationships_of(reflected, "wishes")["notes"] == ("notes", True)


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
    assert [(one.table, one.reason) for one in some.skipped] == [("boks", "there is no such table")]
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


def test_foreign_keys_as_sqlite_lets_them_be_written(sqlite: Engine) -> None:
    """Names in another case, no column named, a target that is not there, the same key twice."""
    run(
        sqlite,
        "CREATE TABLE Authors (Id INTEGER PRIMARY KEY)",
        "CREATE TABLE books (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES authors (ID), "
        "editor_id INTEGER REFERENCES AUTHORS, ghost_id INTEGER REFERENCES ghosts (id), "
        "lost_id INTEGER REFERENCES authors (nowhere), FOREIGN KEY (author_id) REFERENCES authors (id))",
        "INSERT INTO Authors VALUES (1)",
        "INSERT INTO books VALUES (1, 1, 1, 5, 6)",
    )

    reflected = reflect(sqlite)

    assert relationships_of(reflected, "books") == {"author": ("Authors", False), "editor": ("Authors", False)}
    with Session(sqlite) as session:
        book = session.get(model_of(reflected, "books"), 1)
        assert book.author is book.editor
        session.add(model_of(reflected, "books")(ghost_id=7))
        session.commit()


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


SQLITE_VALUES = ["'text'", "''", "17", "-9223372036854775808", "1.5", "1e999", "x'00ff'", "NULL", "'2024-01-02'"]
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


def test_text_that_is_not_utf_8_is_read(sqlite: Engine) -> None:
    """T39: SQLite stores any bytes as text; the driver would refuse them."""
    read_any_text(sqlite)
    run(
        sqlite,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)",
        "INSERT INTO t VALUES (1, CAST(x'5AFC726963680A' AS TEXT)), (2, 'Zürich')",
    )

    rows = read_all(sqlite, reflect(sqlite))["t"]

    assert [row["v"] for row in rows] == ["Z\ufffdrich\n", "Zürich"]
