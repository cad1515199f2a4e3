"""The same blog, served by Flask-Restless."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

from flask_restless import APIManager

from .blog import Article, Author, Comment, Tag


def create_app(path: str) -> Flask:
    """Serve the blog in the SQLite file at `path`."""
    app = Flask("ours")
    engine = create_engine(f"sqlite:///{path}")
    manager = APIManager(app, session=sessionmaker(engine))
    for model in (Author, Article, Comment, Tag):
        manager.create_api(model, methods=["GET", "POST", "PATCH", "DELETE"], max_page_size=10_000)
    return app
