"""Which state of the data an answer shows: replicas that lag, and one snapshot for one answer (T62, T64)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, request
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.orm import Session, sessionmaker

from conftest import JSONAPI, CheckedClient, checked_client
from flask_restless import APIManager
from racing import several_connections
from slow import Book, Shelf, served, slow_shop

PROFILE = "https://jsonapi.org/profiles/ethanresnick/cursor-pagination/"


@pytest.fixture
def lagging(tmp_path: Path) -> Iterator[CheckedClient]:
    """Serve reads from a copy that never catches up, except to who has just written: the recipe of the docs."""
    primary, replica = [create_engine(f"sqlite:///{tmp_path}/{name}.db") for name in ("primary", "replica")]
    for engine in (primary, replica):
        slow_shop(engine)
    from_primary, from_replica = sessionmaker(primary), sessionmaker(replica)

    def session() -> Session:
        is_read = request.method in {"GET", "HEAD"}
        return from_replica() if is_read and "has-written" not in request.cookies else from_primary()

    app = Flask(__name__)

    @app.after_request
    def remember(response: Response) -> Response:
        if request.method not in {"GET", "HEAD"}:
            response.set_cookie("has-written", "1", max_age=5, httponly=True, samesite="Lax")
        return response

    manager = APIManager(app, session=session)
    manager.create_api(Book, methods=["GET", "POST", "PATCH", "DELETE"])
    yield checked_client(app)
    primary.dispose()
    replica.dispose()


def test_who_has_written_reads_what_was_written(lagging: CheckedClient) -> None:
    """T62: the token is the application's, a cookie here; others read the copy."""
    data = {"type": "book", "attributes": {"title": "new"}}
    made = lagging.send("POST", "/api/book", {"data": data})

    mine = lagging.get(made.headers["Location"])
    theirs = lagging.application.test_client().get(made.headers["Location"])

    assert mine.json["data"]["attributes"]["title"] == "new"
    assert theirs.status_code == 404


def test_a_write_reads_nothing_from_a_copy(lagging: CheckedClient) -> None:
    """T62: what it changes, compares and answers all comes from one transaction."""
    data = {"type": "book", "attributes": {"title": "new"}}
    id_ = lagging.send("POST", "/api/book", {"data": data}).json["data"]["id"]
    lagging.delete_cookie("has-written")

    changed = lagging.send("PATCH", f"/api/book/{id_}", {"data": {"type": "book", "id": id_, "attributes": {}}})

    assert changed.json["data"]["attributes"]["title"] == "new"


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_one_answer_shows_one_snapshot(kind: str, tmp_path: Path) -> None:
    """T64: with REPEATABLE READ for the engine, what is committed between page, count and include is not seen."""
    with several_connections(kind, tmp_path) as plain:
        slow_shop(plain)
        engine = create_engine(plain.url, isolation_level="REPEATABLE READ")
        shop = served(engine, Shelf, Book)
        done: list[str] = []

        def interfere(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if "FROM shelf" in statement and not done:
                done.append(statement)
                with plain.begin() as other:
                    other.execute(text("DELETE FROM book WHERE id = 3"))
                    other.execute(text("INSERT INTO shelf (id) VALUES (2), (3)"))

        event.listen(engine, "after_cursor_execute", interfere)
        first = shop.get("/api/shelf?include=books&page[size]=1&sort=-id")
        second = shop.get("/api/shelf?include=books&page[size]=1&sort=id")
        engine.dispose()

    assert done
    assert [one["id"] for one in first.json["included"]] == ["1", "2", "3"]
    assert first.json["meta"]["total"] == 1
    assert [one["id"] for one in second.json["included"]] == ["1", "2"]
    assert second.json["meta"]["total"] == 3


def test_walking_by_cursor_while_others_write(database: Engine) -> None:
    """T64: rows that come and go on the way make no other row appear twice or not at all."""
    shop = slow_shop(database, rows=20)
    seen: list[str] = []
    path: str | None = "/api/book?page[size]=3&sort=title"
    while path:
        page = shop.get(path, headers={"Accept": f'{JSONAPI};profile="{PROFILE}"'}).json
        seen += [one["id"] for one in page["data"]]
        path = page["links"].get("next")
        with shop.session.begin() as session:
            session.add(Book(title="Book 0"))
            session.delete(session.get_one(Book, int(seen[-1])))

    first = [number for number in map(int, seen) if number <= 20]
    assert sorted(first) == list(range(1, 21))
    assert len(seen) == len(set(seen))
