"""L1, the limit: a Flask view written by hand on the raw driver, for exactly the questions that are measured."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any

import orjson
from flask import Flask, Response, request

COLUMNS = "id, title, body, views, published, created_at, author_id"
BASE = "http://localhost/api"


def create_app(path: str) -> Flask:
    """Serve the blog in the SQLite file at `path`."""
    app = Flask("by_hand")
    connection = sqlite3.connect(path, check_same_thread=False)

    def respond(document: dict[str, Any], status: int = 200) -> Response:
        return Response(orjson.dumps(document), status, content_type="application/vnd.api+json")

    def related(kind: str, owner: str, name: str) -> dict[str, str]:
        return {
            "self": f"{BASE}/{kind}/{owner}/relationships/{name}",
            "related": f"{BASE}/{kind}/{owner}/{name}",
        }

    def article(row: tuple[Any, ...], linkage: dict[str, dict[Any, list[Any]]] | None = None) -> dict[str, Any]:
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
                "created_at": datetime.fromisoformat(row[5]),
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

    def author(row: tuple[Any, ...]) -> dict[str, Any]:
        id_ = str(row[0])
        return {
            "type": "authors",
            "id": id_,
            "attributes": {"name": row[1], "email": row[2]},
            "relationships": {"articles": {"links": related("authors", id_, "articles")}},
            "links": {"self": f"{BASE}/authors/{id_}"},
        }

    def marks(values: list[Any]) -> str:
        return ",".join("?" * len(values))

    def included(rows: list[tuple[Any, ...]], wanted: list[str]) -> tuple[list[Any], dict[str, Any]]:
        found: list[Any] = []
        linkage: dict[str, dict[Any, list[Any]]] = {"comments": {}, "tags": {}}
        ids = [row[0] for row in rows]
        keys = list({row[6] for row in rows})
        query = f"SELECT id, name, email FROM authors WHERE id IN ({marks(keys)})"
        found += [author(row) for row in connection.execute(query, keys)]
        if "comments" in wanted:
            query = f"SELECT id, body, article_id FROM comments WHERE article_id IN ({marks(ids)}) ORDER BY id"
            for row in connection.execute(query, ids):
                id_ = str(row[0])
                linkage["comments"].setdefault(row[2], []).append({"type": "comments", "id": id_})
                found.append(
                    {
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
                )
            query = (
                "SELECT tags.id, tags.name, article_id FROM tags JOIN article_tags ON tag_id = tags.id "
                f"WHERE article_id IN ({marks(ids)}) ORDER BY tags.id"
            )
            seen = set()
            for row in connection.execute(query, ids):
                id_ = str(row[0])
                linkage["tags"].setdefault(row[2], []).append({"type": "tags", "id": id_})
                if id_ not in seen:
                    seen.add(id_)
                    found.append(
                        {
                            "type": "tags",
                            "id": id_,
                            "attributes": {"name": row[1]},
                            "relationships": {"articles": {"links": related("tags", id_, "articles")}},
                            "links": {"self": f"{BASE}/tags/{id_}"},
                        }
                    )
        return found, linkage

    @app.get("/api/articles")
    def collection() -> Response:
        size = int(request.args.get("page[size]", "10"))
        rows = connection.execute(f"SELECT {COLUMNS} FROM articles ORDER BY id LIMIT ?", (size,)).fetchall()
        total = connection.execute("SELECT count(*) FROM articles").fetchone()[0]
        last = -(-total // size)
        url = f"{BASE}/articles?{request.query_string.decode()}"
        page = f"{url}&page%5Bnumber%5D="
        document: dict[str, Any] = {
            "links": {"self": url, "first": f"{page}1", "last": f"{page}{last}", "prev": None, "next": f"{page}2"},
            "meta": {"total": total},
            "jsonapi": {"version": "1.1"},
        }
        include = request.args.get("include")
        if include is None:
            document["data"] = [article(row) for row in rows]
        else:
            wanted = include.split(",")
            document["included"], linkage = included(rows, wanted)
            document["data"] = [article(row, linkage if "comments" in wanted else None) for row in rows]
        return respond(document)

    @app.get("/api/articles/<int:id_>")
    def one(id_: int) -> Response:
        row = connection.execute(f"SELECT {COLUMNS} FROM articles WHERE id = ?", (id_,)).fetchone()
        return respond(
            {"data": article(row), "links": {"self": f"{BASE}/articles/{id_}"}, "jsonapi": {"version": "1.1"}}
        )

    @app.post("/api/articles")
    def create() -> Response:
        data = orjson.loads(request.get_data())["data"]
        fields = data["attributes"]
        with connection:
            cursor = connection.execute(
                "INSERT INTO articles (title, body, views, published, created_at, author_id) VALUES (?, ?, ?, ?, ?, ?)",
                (
                    fields["title"],
                    fields["body"],
                    fields["views"],
                    fields["published"],
                    datetime.fromisoformat(fields["created_at"]).isoformat(" "),
                    int(data["relationships"]["author"]["data"]["id"]),
                ),
            )
            row = connection.execute(f"SELECT {COLUMNS} FROM articles WHERE id = ?", (cursor.lastrowid,)).fetchone()
        document = {"data": article(row), "links": {"self": f"{BASE}/articles/{row[0]}"}, "jsonapi": {"version": "1.1"}}
        return respond(document, 201)

    @app.patch("/api/articles/<int:id_>")
    def update(id_: int) -> Response:
        data = orjson.loads(request.get_data())["data"]
        with connection:
            connection.execute("UPDATE articles SET title = ? WHERE id = ?", (data["attributes"]["title"], id_))
            row = connection.execute(f"SELECT {COLUMNS} FROM articles WHERE id = ?", (id_,)).fetchone()
        return respond(
            {"data": article(row), "links": {"self": f"{BASE}/articles/{id_}"}, "jsonapi": {"version": "1.1"}}
        )

    return app
