"""`flask-restless serve` and `demo`, without their server."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, create_engine, inspect, text

from conftest import checked_client, fresh_database
from flask_restless.cli import main
from flask_restless.cli.demo import bookshop_app
from flask_restless.cli.serve import database_app, engine_of
from flask_restless.cli.server import base_of

CHINOOK = Path(__file__).parents[4] / "shared" / "data" / "chinook.sqlite"

SCHEMA = (
    "CREATE TABLE authors (id INTEGER PRIMARY KEY, name VARCHAR(50) NOT NULL, type VARCHAR(10))",
    """CREATE TABLE books (id INTEGER PRIMARY KEY, title VARCHAR(50), author_id INTEGER REFERENCES authors (id),
    editor_id INTEGER REFERENCES authors (id))""",
    "CREATE TABLE tags (name VARCHAR(20) PRIMARY KEY)",
    """CREATE TABLE book_tags (book_id INTEGER REFERENCES books (id), tag VARCHAR(20) REFERENCES tags (name),
    PRIMARY KEY (book_id, tag))""",
    "CREATE TABLE notes (body VARCHAR(50))",
    "INSERT INTO authors VALUES (1, 'Ada', 'x')",
    "INSERT INTO books VALUES (1, 'Notes', 1, NULL)",
    "INSERT INTO tags VALUES ('maths')",
    "INSERT INTO book_tags VALUES (1, 'maths')",
)


def fill(engine: Engine) -> None:
    with engine.begin() as connection:
        for statement in SCHEMA:
            connection.execute(text(statement))


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_tables_become_collections(kind: str, tmp_path: Path) -> None:
    """Foreign keys both ways, many-to-many, and what cannot be served is named."""
    with fresh_database(kind) as other:
        engine = create_engine(f"sqlite:///{tmp_path}/shop.sqlite") if kind == "sqlite" else other
        fill(engine)
        app, lines = database_app(engine, False, None, (), "")
        client = checked_client(app)

        assert any("notes" in line and "key" in line for line in lines)
        book = client.get("/api/books/1?include=author,tags,editor").json
        assert {(one["type"], one["id"]) for one in book["included"]} == {("authors", "1"), ("tags", "maths")}
        assert client.get("/api/authors/1/books_by_author_id").json["data"][0]["id"] == "1"
        assert client.get("/api/authors/1").json["data"]["attributes"] == {"name": "Ada", "authors_type": "x"}
        assert client.get("/api/tags/maths/books").json["data"][0]["id"] == "1"
        assert client.post("/api/books").status_code == 405
        engine.dispose()


def test_write_allows_changes(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/shop.sqlite")
    fill(engine)
    app, _ = database_app(engine, True, None, ("books", "authors"), "")
    client = checked_client(app)

    document = {"data": {"type": "books", "attributes": {"title": "New"}}}
    assert client.send("POST", "/api/books", document).status_code == 201
    assert client.get("/api/tags").status_code == 404
    engine.dispose()


def test_sqlite_keeps_no_reference_to_nothing(tmp_path: Path) -> None:
    """J-5.4.6: `serve --write` has SQLite enforce its foreign keys."""
    made = create_engine(f"sqlite:///{tmp_path}/shop.sqlite")
    fill(made)
    made.dispose()
    engine = engine_of(str(tmp_path / "shop.sqlite"))
    app, _ = database_app(engine, True, None, (), "")

    assert checked_client(app).delete("/api/authors/1").status_code == 409
    engine.dispose()


@pytest.mark.parametrize("place", ["towns (code)", "towns (absent)", "nowhere (id)"])
def test_what_a_broken_foreign_key_of_sqlite_forbids(
    place: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Threats, mapping: trying again is no use, the rows can be read, and the log tells the owner which key it is."""
    made = create_engine(f"sqlite:///{tmp_path}/map.sqlite")
    with made.begin() as connection:
        connection.execute(text("CREATE TABLE towns (id INTEGER PRIMARY KEY, code TEXT)"))
        connection.execute(text(f"CREATE TABLE roads (id INTEGER PRIMARY KEY, code TEXT REFERENCES {place})"))
        connection.execute(text("INSERT INTO towns VALUES (1, 'x'), (2, 'x')"))
        connection.execute(text("INSERT INTO roads VALUES (1, 'x')"))
    made.dispose()
    engine = engine_of(str(tmp_path / "map.sqlite"))
    app, _ = database_app(engine, True, None, (), "")
    client = checked_client(app)

    new = client.send("POST", "/api/roads", {"data": {"type": "roads", "attributes": {"code": "x"}}})
    gone = client.delete("/api/roads/1")

    for answer in (new, gone):
        (error,) = answer.json["errors"]
        assert (answer.status_code, error["code"], "Retry-After" in answer.headers) == (403, "broken-reference", False)
        assert f"error {error['id']} of the database" in caplog.text
    assert client.get("/api/roads").json["data"][0]["attributes"] == {"code": "x"}
    engine.dispose()


def test_values_that_sqlite_should_not_hold_are_read(tmp_path: Path) -> None:
    """T39: text in date, decimal and integer columns."""
    engine = create_engine(f"sqlite:///{tmp_path}/odd.sqlite")
    with engine.begin() as connection:
        connection.execute(
            text("CREATE TABLE odd (id INTEGER PRIMARY KEY, at DATETIME, day DATE, price NUMERIC(5, 2), n INTEGER)")
        )
        connection.execute(text("INSERT INTO odd VALUES (3000000000, 'yesterday', 'never', 'cheap', 'many')"))
        connection.execute(text("INSERT INTO odd VALUES (2, '2024-01-02 03:04:05', '2024-01-02', 1.5, 7)"))
    app, _ = database_app(engine, False, None, (), "")
    client = checked_client(app)

    assert client.get("/api/odd/3000000000").json["data"]["attributes"] == {
        "at": "yesterday",
        "day": "never",
        "price": "cheap",
        "n": "many",
    }
    assert client.get("/api/odd?filter[at][gt]=2024-01-01&filter[price]=1.5").json["data"][0]["id"] == "2"
    engine.dispose()


def test_no_name_of_a_database_is_none() -> None:
    """`flask-restless serve "$DATABASE"` where nobody has set it: to SQLAlchemy that is a database in memory."""
    with pytest.raises(click.ClickException, match="the URL is empty"):
        engine_of("")


@pytest.mark.parametrize(
    "url",
    [
        "nothing.sqlite",
        "nonsense://x",
        "sqlite:///nothing.sqlite",
        "postgresql://127.0.0.1:1/x",
        "postgresql://127.0.0.1:port/x",
    ],
)
def test_what_is_no_database_is_told_in_a_line(url: str) -> None:
    with pytest.raises(click.ClickException) as caught:
        database_app(engine_of(url), False, None, (), "")
    assert "\n" not in caught.value.message


def test_no_table_to_serve_is_told_with_the_reasons(sqlite: Engine) -> None:
    fill(sqlite)

    with pytest.raises(click.ClickException) as caught:
        database_app(sqlite, False, None, ("notes", "boks"), "")

    assert "boks (there is no such table; did you mean books?)" in caught.value.message
    assert "notes (it has neither a primary key" in caught.value.message


def test_a_table_by_its_name_in_another_case_and_a_view_are_told(sqlite: Engine) -> None:
    fill(sqlite)
    with sqlite.begin() as connection:
        connection.execute(text("CREATE VIEW titles AS SELECT title FROM books"))

    with pytest.raises(click.ClickException) as caught:
        database_app(sqlite, False, None, ("Books", "titles"), "")

    assert "Books (there is no such table; did you mean books?)" in caught.value.message
    assert "titles (it is a view" in caught.value.message


def test_a_schema_that_is_not_there_is_told_with_those_that_are(database: Engine) -> None:
    """PostgreSQL has no table in it, SQLite no `nowhere.sqlite_master`."""
    with pytest.raises(click.ClickException) as caught:
        database_app(database, False, "nowhere", (), "")

    assert "there is no schema nowhere; there are " in caught.value.message


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--port", "99999"], id="no such port"),
        pytest.param(["--port", "-1"], id="negative port"),
        pytest.param(["--host", "nowhere.invalid"], id="no such host"),
        pytest.param(["--database", "there/is/no/folder.sqlite"], id="no such folder"),
        pytest.param(["--database", "text.sqlite"], id="no database"),
    ],
)
def test_what_a_demo_cannot_do_is_told_without_a_traceback(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.sqlite").write_text("this is no database" * 100)

    result = CliRunner().invoke(main, ["demo", *arguments])

    assert isinstance(result.exception, SystemExit), result.exception
    assert arguments[0] in result.output or arguments[1] in result.output


def test_urls_are_told_as_a_client_writes_them() -> None:
    assert base_of("::1", 5000) == "http://[::1]:5000"
    assert base_of("127.0.0.1", 5000) == "http://127.0.0.1:5000"
    assert base_of("127.0.0.1", 0) == ""


@pytest.mark.skipif(not CHINOOK.exists(), reason="Chinook lies beside the project in development only")
def test_chinook() -> None:
    """Every table answers, every relationship resolves, two levels of include take four statements."""
    engine = engine_of(str(CHINOOK))
    app, _ = database_app(engine, False, None, (), "")
    client = checked_client(app)
    manager = app.extensions["restless"][0]

    assert len(manager.resources) == 10
    for resource in manager.resources:
        first = client.get(f"{resource.path}?page[size]=1").json["data"][0]
        for relationship in first["relationships"].values():
            for link in relationship["links"].values():
                assert client.get(link).status_code == 200
    document = client.get("/api/Album?include=Artist,Track.Genre&page[size]=20").json
    assert {one["type"] for one in document["included"]} == {"Artist", "Track", "Genre"}
    engine.dispose()


def test_demo_makes_a_bookshop_once(tmp_path: Path) -> None:
    for _ in range(2):
        engine = create_engine(f"sqlite:///{tmp_path}/shop.sqlite")
        app, lines = bookshop_app(engine, "")
        client = checked_client(app)
        assert client.get("/api/books").json["meta"]["total"] == 420
        engine.dispose()
    assert any("/api/books" in line for line in lines)


def test_demo_serves_what_the_documentation_asks_it(tmp_path: Path) -> None:
    """docs/how-to/reading.md and export.md send these to `make demo`."""
    engine = create_engine(f"sqlite:///{tmp_path}/shop.sqlite")
    client = checked_client(bookshop_app(engine, "")[0])

    functions = client.get('/api/eval/books?functions=[{"name":"count","field":"id"}]&filter[in_print]=true')
    exported = client.get("/api/books?fields[books]=title,price", headers={"Accept": "text/csv"})
    engine.dispose()

    assert functions.status_code == exported.status_code == 200


def test_demo_writes_nothing_into_a_database_of_something_else(tmp_path: Path) -> None:
    file = tmp_path / "own.sqlite"
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE invoices (id INTEGER PRIMARY KEY)"))

    result = CliRunner().invoke(main, ["demo", "--database", str(file), "--host", "nowhere.invalid"])

    assert "is no bookshop: it has a table invoices" in result.output
    assert inspect(engine).get_table_names() == ["invoices"]
    engine.dispose()


def test_commands_have_help() -> None:
    assert set(main.commands) == {"check-migration", "demo", "serve"}


def test_tables_are_exported_where_it_is_allowed(sqlite: Engine) -> None:
    fill(sqlite)

    for export, status in ((False, 406), (True, 200)):
        app, _ = database_app(sqlite, False, None, (), "http://127.0.0.1:1", export)
        assert checked_client(app).get("/api/books", headers={"Accept": "text/csv"}).status_code == status


def test_a_row_without_a_key_is_refused(tmp_path: Path) -> None:
    """A-12: SQLite takes nulls for keys that are no integers, and SQLAlchemy does not."""
    engine = create_engine(f"sqlite:///{tmp_path}/keys.sqlite")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE words (word TEXT PRIMARY KEY, meaning TEXT)"))
    app, _ = database_app(engine, True, None, (), "")

    document = {"data": {"type": "words", "attributes": {"meaning": "none"}}}
    refused = checked_client(app).send("POST", "/api/words", document)

    assert (refused.status_code, refused.json["errors"][0]["code"]) == (422, "missing-value")
    engine.dispose()


def test_ids_that_the_database_always_makes_are_left_to_it() -> None:
    """A-12: `GENERATED ALWAYS AS IDENTITY`."""
    with fresh_database("postgresql") as engine:
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE t (id INT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name TEXT)"))
        app, _ = database_app(engine, True, None, (), "")
        client = checked_client(app)

        chosen = client.send("POST", "/api/t", {"data": {"type": "t", "id": "7", "attributes": {"name": "x"}}})
        left = client.send("POST", "/api/t", {"data": {"type": "t", "attributes": {"name": "x"}}})

        assert (chosen.status_code, chosen.json["errors"][0]["code"]) == (403, "client-id-forbidden")
        assert left.status_code == 201


def test_a_filter_on_a_composite_type_is_no_500() -> None:
    """T39: PostgreSQL does not read texts as values of such a column."""
    with fresh_database("postgresql") as engine:
        with engine.begin() as connection:
            connection.execute(text("CREATE TYPE pair AS (one int, two int)"))
            connection.execute(text("CREATE TABLE pairs (id int PRIMARY KEY, pair pair)"))
            connection.execute(text("INSERT INTO pairs VALUES (1, ROW(1, 2))"))
        app, _ = database_app(engine, False, None, (), "")
        client = checked_client(app)

        assert client.get("/api/pairs/1").status_code == 200
        assert client.get("/api/pairs?filter[pair]=1").status_code == 400
