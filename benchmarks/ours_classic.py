"""The same blog, served by Flask-Restless's classic protocol: articles alone, and articles with their relations."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

from flask_restless import APIManager

from .blog import Article, Author, Comment, Tag
from .ours import PACKAGES
from .questions import NUMBER, Question, attributes, encoded

__all__ = ["PACKAGES", "PROTOCOL", "create_app", "questions"]

PROTOCOL = "classic"
JSON = "application/json"
COLUMNS = ["id", "title", "body", "views", "published", "created_at", "author_id"]
RELATIONS = ["author", "comments", "tags"]


def create_app(url: str) -> Flask:
    """Serve the blog in the database at `url`."""
    app = Flask("ours_classic")
    manager = APIManager(app, session=sessionmaker(create_engine(url)), protocol="classic")
    served = {"articles": [], "articles_with_author": ["author"], "articles_with_all": RELATIONS}
    for model in (Author, Comment, Tag):
        manager.create_api(model)
    for name, relations in served.items():
        manager.create_api(
            Article,
            collection_name=name,
            methods=["GET", "POST", "PATCH"],
            include_columns=[*COLUMNS, *relations],
            max_results_per_page=10_000,
        )
    return app


def questions(articles: int) -> dict[str, Question]:
    """Ask in the classic way."""

    def page(number: int, query: str = "", name: str = "articles") -> Question:
        return Question(f"/api/{name}", f"results_per_page={number}{query}", accept=JSON)

    ordered = (
        '{"filters":[{"name":"published","op":"eq","val":true}],"order_by":[{"field":"title","direction":"desc"}]}'
    )
    new = encoded(attributes() | {"author": {"id": 1}})
    change = encoded({"title": f"Changed {NUMBER.decode()}"})
    return {
        "one": Question("/api/articles/7", accept=JSON),
        "20": page(20),
        "100": page(100),
        "100+author": page(100, name="articles_with_author"),
        "50+3": page(50, name="articles_with_all"),
        "1000": page(1000),
        "filter+sort": page(20, f"&q={ordered}"),
        "deep": page(20, f"&page={articles * 19 // 20 // 20 + 1}"),
        "POST": Question("/api/articles_with_author", method="POST", body=new, accept=JSON, content_type=JSON),
        "PATCH": Question("/api/articles/7", method="PATCH", body=change, accept=JSON, content_type=JSON),
    }
