"""Flask-Restless-NG."""

from __future__ import annotations

from functools import partial

from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy.orm import scoped_session, sessionmaker

from flask_restless import APIManager

from ..blog import Article, Author, Comment, Tag
from ..questions import Question, standard

PACKAGES = ("Flask-Restless-NG", "Flask", "SQLAlchemy", "psycopg")
PROTOCOL = "jsonapi"

FILTER = 'filter[objects]=[{"name":"published","op":"eq","val":true}]'
questions: partial[dict[str, Question]] = partial(standard, filtered=FILTER)


def create_app(url: str) -> Flask:
    """Serve the blog at `url`."""
    app = Flask("restless_ng")
    session = scoped_session(sessionmaker(create_engine(url)))
    app.teardown_appcontext(lambda _error: session.remove())
    manager = APIManager(app, session=session)
    for model, name in ((Author, "authors"), (Article, "articles"), (Comment, "comments"), (Tag, "tags")):
        manager.create_api(
            model, collection_name=name, methods=["GET", "POST", "PATCH", "DELETE"], max_page_size=10_000
        )
    return app
