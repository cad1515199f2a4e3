"""L1, the limit: a Flask view written by hand on the raw driver, for exactly the questions that are measured."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol

import orjson
from flask import Flask, Response, request

from .questions import ATOMIC, JSONAPI, Question, encoded, resource, standard

PACKAGES = ("Flask", "orjson", "psycopg")
PROTOCOL = "jsonapi"

COLUMNS = "id, title, body, views, published, created_at, author_id"
FIELDS = "title, body, views, published, created_at, author_id"
BASE = "http://localhost/api"
CHUNK = 1000

Row = tuple[Any, ...]


def questions(articles: int) -> dict[str, Question]:
    """Ask as JSON:API does; what only we answer too has paths of its own here."""
    return {
        **standard(articles),
        "cursor": Question("/api/articles/after", f"id={articles * 19 // 20}"),
        "export": Question("/api/comments.csv", accept="text/csv"),
        "atomic-100": adding(100),
        "atomic-1000": adding(1000),
    }


def adding(number: int) -> Question:
    """Ask to add so many articles in one request."""
    operations = [{"op": "add", "data": resource()} for _ in range(number)]
    body = encoded({"atomic:operations": operations})
    return Question("/api/operations", method="POST", body=body, accept=ATOMIC, content_type=ATOMIC)


class Driver(Protocol):
    """What differs between the two databases."""

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        """Give all rows of a query whose parameters are marked with `?`."""

    def among(self, column: str, keys: list[int]) -> tuple[str, list[Any]]:
        """Give a condition and its values."""

    def insert(self, fields: list[Any]) -> Row:
        """Insert an article and give its row, committed."""

    def update(self, id_: int, title: str) -> Row:
        """Change a title and give the row, committed."""

    def insert_all(self, rows: list[list[Any]]) -> None:
        """Insert articles, and commit."""

    def moment(self, value: Any) -> datetime:
        """Give what stands for a time."""

    def stream(self, query: str) -> Iterator[list[Row]]:
        """Give the rows in chunks."""


class Sqlite:
    """The standard library's driver."""

    INSERT = f"INSERT INTO articles ({FIELDS}) VALUES (?, ?, ?, ?, ?, ?)"

    def __init__(self, url: str) -> None:
        self.connection = sqlite3.connect(url.removeprefix("sqlite:///"), check_same_thread=False)

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        return self.connection.execute(query, values).fetchall()

    def among(self, column: str, keys: list[int]) -> tuple[str, list[Any]]:
        return f"{column} IN ({','.join('?' * len(keys))})", keys

    def insert(self, fields: list[Any]) -> Row:
        with self.connection as connection:
            key = connection.execute(self.INSERT, self._stored(fields)).lastrowid
            return self._article(key)

    def update(self, id_: int, title: str) -> Row:
        with self.connection as connection:
            connection.execute("UPDATE articles SET title = ? WHERE id = ?", (title, id_))
            return self._article(id_)

    def insert_all(self, rows: list[list[Any]]) -> None:
        with self.connection as connection:
            connection.executemany(self.INSERT, [self._stored(row) for row in rows])

    moment = staticmethod(datetime.fromisoformat)

    def stream(self, query: str) -> Iterator[list[Row]]:
        cursor = self.connection.execute(query)
        while rows := cursor.fetchmany(CHUNK):
            yield rows

    def _article(self, id_: int | None) -> Row:
        row: Row = self.connection.execute(f"SELECT {COLUMNS} FROM articles WHERE id = ?", (id_,)).fetchone()
        return row

    @staticmethod
    def _stored(fields: list[Any]) -> list[Any]:
        return [*fields[:4], fields[4].isoformat(" "), fields[5]]


class Postgresql:
    """psycopg: each statement commits by itself, and psycopg prepares those that come again."""

    INSERT = f"INSERT INTO articles ({FIELDS}) VALUES (%s, %s, %s, %s, %s, %s)"

    def __init__(self, url: str) -> None:
        import psycopg

        self.connection = psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True)

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        return self.connection.execute(query.replace("?", "%s"), values).fetchall()

    def among(self, column: str, keys: list[int]) -> tuple[str, list[Any]]:
        return f"{column} = ANY(?)", [keys]

    def insert(self, fields: list[Any]) -> Row:
        return self._first(f"{self.INSERT} RETURNING {COLUMNS}", fields)

    def update(self, id_: int, title: str) -> Row:
        return self._first(f"UPDATE articles SET title = %s WHERE id = %s RETURNING {COLUMNS}", (title, id_))

    def insert_all(self, rows: list[list[Any]]) -> None:
        with self.connection.transaction(), self.connection.cursor() as cursor:
            cursor.executemany(self.INSERT, rows)

    def moment(self, value: Any) -> datetime:
        found: datetime = value
        return found

    def stream(self, query: str) -> Iterator[list[Row]]:
        with self.connection.transaction(), self.connection.cursor("export") as cursor:
            cursor.execute(query)
            while rows := cursor.fetchmany(CHUNK):
                yield rows

    def _first(self, query: str, values: Sequence[Any]) -> Row:
        row: Row = self.connection.execute(query, values).fetchone()
        return row


def create_app(url: str) -> Flask:
    """Serve the blog in the database at `url`."""
    app = Flask("by_hand")
    driver: Driver = Sqlite(url) if url.startswith("sqlite") else Postgresql(url)
    moment, read = driver.moment, driver.rows

    def respond(document: dict[str, Any], status: int = 200) -> Response:
        return Response(orjson.dumps(document), status, content_type=JSONAPI)

    def related(kind: str, owner: str, name: str) -> dict[str, str]:
        return {
            "self": f"{BASE}/{kind}/{owner}/relationships/{name}",
            "related": f"{BASE}/{kind}/{owner}/{name}",
        }

    def article(row: Row, linkage: dict[str, dict[Any, list[Any]]] | None = None) -> dict[str, Any]:
        id_ = str(row[0])
        comments: dict[str, Any] = {"links": related("articles", id_, "comments")}
        tags: dict[str, Any] = {"links": related("articles", id_, "tags")}
        if linkage is not None:
            comments["data"] = linkage["comments"].get(row[0], [])
            tags["data"] = linkage["tags"].get(row[0], [])
        return {
            "type": "articles",
            "id": id_,
            "attributes": {
                "title": row[1],
                "body": row[2],
                "views": row[3],
                "published": bool(row[4]),
                "created_at": moment(row[5]),
            },
            "relationships": {
                "author": {
                    "data": {"type": "authors", "id": str(row[6])},
                    "links": related("articles", id_, "author"),
                },
                "comments": comments,
                "tags": tags,
            },
            "links": {"self": f"{BASE}/articles/{id_}"},
        }

    def author(row: Row) -> dict[str, Any]:
        id_ = str(row[0])
        return {
            "type": "authors",
            "id": id_,
            "attributes": {"name": row[1], "email": row[2]},
            "relationships": {"articles": {"links": related("authors", id_, "articles")}},
            "links": {"self": f"{BASE}/authors/{id_}"},
        }

    def comment(row: Row) -> dict[str, Any]:
        id_ = str(row[0])
        return {
            "type": "comments",
            "id": id_,
            "attributes": {"body": row[1]},
            "relationships": {
                "article": {
                    "data": {"type": "articles", "id": str(row[2])},
                    "links": related("comments", id_, "article"),
                }
            },
            "links": {"self": f"{BASE}/comments/{id_}"},
        }

    def tag(row: Row) -> dict[str, Any]:
        id_ = str(row[0])
        return {
            "type": "tags",
            "id": id_,
            "attributes": {"name": row[1]},
            "relationships": {"articles": {"links": related("tags", id_, "articles")}},
            "links": {"self": f"{BASE}/tags/{id_}"},
        }

    def included(rows: list[Row], wanted: list[str]) -> tuple[list[Any], dict[str, Any]]:
        linkage: dict[str, dict[Any, list[Any]]] = {"comments": {}, "tags": {}}
        test, values = driver.among("id", list({row[6] for row in rows}))
        found = [author(row) for row in read(f"SELECT id, name, email FROM authors WHERE {test}", values)]
        if "comments" in wanted:
            test, values = driver.among("article_id", [row[0] for row in rows])
            for row in read(f"SELECT id, body, article_id FROM comments WHERE {test} ORDER BY id", values):
                linkage["comments"].setdefault(row[2], []).append({"type": "comments", "id": str(row[0])})
                found.append(comment(row))
            query = "SELECT tags.id, tags.name, article_id FROM tags JOIN article_tags ON tag_id = tags.id"
            seen = set()
            for row in read(f"{query} WHERE {test} ORDER BY tags.id", values):
                linkage["tags"].setdefault(row[2], []).append({"type": "tags", "id": str(row[0])})
                if row[0] not in seen:
                    seen.add(row[0])
                    found.append(tag(row))
        return found, linkage

    def page_links(number: int, last: int) -> dict[str, str | None]:
        url = f"{BASE}/articles?{request.query_string.decode()}"
        before, sign, _number = url.partition("&page%5Bnumber%5D=")
        page = f"{before if sign else url}&page%5Bnumber%5D="
        return {
            "self": url,
            "first": f"{page}1",
            "last": f"{page}{last}",
            "prev": f"{page}{number - 1}" if number > 1 else None,
            "next": f"{page}{number + 1}" if number < last else None,
        }

    @app.get("/api/articles")
    def collection() -> Response:
        asked = request.args
        size, number = int(asked.get("page[size]", "10")), int(asked.get("page[number]", "1"))
        published, order = asked.get("filter[published]"), "title DESC, id DESC" if asked.get("sort") else "id"
        test, values = (" WHERE published = ?", [published == "true"]) if published else ("", [])
        query = f"SELECT {COLUMNS} FROM articles{test} ORDER BY {order} LIMIT ? OFFSET ?"
        rows = read(query, [*values, size, (number - 1) * size])
        total = read(f"SELECT count(*) FROM articles{test}", values)[0][0]
        document: dict[str, Any] = {
            "links": page_links(number, -(-total // size)),
            "meta": {"total": total},
            "jsonapi": {"version": "1.1"},
        }
        include = asked.get("include")
        if include is None:
            document["data"] = [article(row) for row in rows]
        else:
            wanted = include.split(",")
            document["included"], linkage = included(rows, wanted)
            document["data"] = [article(row, linkage if "comments" in wanted else None) for row in rows]
        return respond(document)

    @app.get("/api/articles/after")
    def after() -> Response:
        query = f"SELECT {COLUMNS} FROM articles WHERE id > ? ORDER BY id LIMIT 20"
        rows = read(query, (int(request.args["id"]),))
        links = {"next": f"{BASE}/articles/after?id={rows[-1][0]}"}
        return respond({"data": [article(row) for row in rows], "links": links, "jsonapi": {"version": "1.1"}})

    @app.get("/api/articles/<int:id_>")
    def one(id_: int) -> Response:
        return single(read(f"SELECT {COLUMNS} FROM articles WHERE id = ?", (id_,))[0])

    def single(row: Row, status: int = 200) -> Response:
        links = {"self": f"{BASE}/articles/{row[0]}"}
        return respond({"data": article(row), "links": links, "jsonapi": {"version": "1.1"}}, status)

    def stored(data: dict[str, Any]) -> list[Any]:
        fields = data["attributes"]
        return [
            fields["title"],
            fields["body"],
            fields["views"],
            fields["published"],
            datetime.fromisoformat(fields["created_at"]),
            int(data["relationships"]["author"]["data"]["id"]),
        ]

    @app.post("/api/articles")
    def create() -> Response:
        return single(driver.insert(stored(orjson.loads(request.get_data())["data"])), 201)

    @app.patch("/api/articles/<int:id_>")
    def update(id_: int) -> Response:
        data = orjson.loads(request.get_data())["data"]
        return single(driver.update(id_, data["attributes"]["title"]))

    @app.post("/api/operations")
    def operations() -> Response:
        asked = orjson.loads(request.get_data())["atomic:operations"]
        driver.insert_all([stored(one["data"]) for one in asked])
        return Response(status=204)

    @app.get("/api/comments.csv")
    def export() -> Response:
        def lines() -> Iterator[str]:
            yield "id,body,article\r\n"
            for rows in driver.stream("SELECT id, body, article_id FROM comments ORDER BY id"):
                buffer = io.StringIO()
                csv.writer(buffer).writerows(rows)
                yield buffer.getvalue()

        return Response(lines(), content_type="text/csv")

    return app
