"""The same blog, served by Flask-Restless."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

from flask_restless import APIManager, Limits

from .blog import Article, Author, Comment, Tag
from .by_hand import adding
from .questions import CURSOR, Question, standard

PACKAGES = ("Flask-Restless", "Flask", "SQLAlchemy", "orjson", "psycopg")
PROTOCOL = "jsonapi"


def serve(url: str, **options: Any) -> Flask:
    """Make an application that serves the blog in the database at `url`."""
    app = Flask("ours")
    manager = APIManager(app, session=sessionmaker(create_engine(url)), limits=Limits(included=1_000_000))
    for model in (Author, Article, Comment, Tag):
        manager.create_api(model, methods=["GET", "POST", "PATCH", "DELETE"], max_page_size=10_000, **options)
    app.extensions["benchmarked"] = manager
    return app


def create_app(url: str) -> Flask:
    """Serve the blog with the options as they are."""
    return serve(url, exports=True)


def plans(app: Flask) -> tuple[int, int]:
    """Give the hits and the misses of the plan cache."""
    found = app.extensions["benchmarked"].plan_cache
    return found.hits, found.misses


def questions(articles: int) -> dict[str, Question]:
    """Ask as JSON:API does."""
    place = f"filter[id][ge]={articles * 19 // 20}&page[size]=1"
    return {
        **standard(articles),
        "cursor": Question("/api/articles", place, accept=CURSOR),
        "export": Question("/api/comments", accept="text/csv"),
        "atomic-100": adding(100),
        "atomic-1000": adding(1000),
    }


def prepare(asked: dict[str, Question], ask: Callable[[Question], tuple[int, dict[str, str], bytes]]) -> None:
    """Put the cursor of the place in the table where the question about the page after it needs it."""
    _status, _headers, body = ask(asked["cursor"])
    cursor = json.loads(body)["data"][0]["meta"]["page"]["cursor"]
    query = f"page[size]=20&page[after]={cursor}"
    asked["cursor"] = Question("/api/articles", query, accept=CURSOR)
