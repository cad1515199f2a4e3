"""Foreign keys become relationships both ways, association tables many-to-many."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from conftest import fresh_database
from flask_restless.reflection import reflect
from reflected import BOOKS, columns_of, model_of, read_all, relationships_of, run


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


@pytest.mark.parametrize("kind", ["sqlite", "mariadb"])
def test_a_foreign_key_to_what_several_rows_may_have_is_a_column(kind: str) -> None:
    """J-3.7: one row would lead to several, which are no to-one relationship; PostgreSQL has no such keys."""
    with fresh_database(kind) as engine:
        run(
            engine,
            "CREATE TABLE towns (id INTEGER PRIMARY KEY, code VARCHAR(5), name VARCHAR(5), UNIQUE (code, name))",
            "CREATE TABLE roads (id INTEGER PRIMARY KEY, code VARCHAR(5), FOREIGN KEY (code) REFERENCES towns (code))",
            "INSERT INTO towns VALUES (1, 'x', 'a'), (2, 'x', 'b')",
            "INSERT INTO roads VALUES (1, 'x')",
        )

        reflected = reflect(engine)

        assert relationships_of(reflected, "roads") == relationships_of(reflected, "towns") == {}
        assert read_all(engine, reflected)["roads"] == [{"id": 1, "code": "x"}]


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
