"""SAFRS, by its Flask adapter."""

from __future__ import annotations

from dataclasses import replace

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from safrs import SAFRSAPI, SAFRSBase

from .. import blog
from ..questions import Question, attributes, encoded, standard

PACKAGES = ("safrs", "Flask", "SQLAlchemy", "Flask-SQLAlchemy", "psycopg")
PROTOCOL = "jsonapi"
TYPES = {"Article": "articles", "Author": "authors", "Comment": "comments", "Tag": "tags"}

db = SQLAlchemy()


class Author(SAFRSBase, db.Model):
    """The blog's author."""

    __table__ = blog.Author.__table__
    articles = db.relationship("Article", back_populates="author")


class Article(SAFRSBase, db.Model):
    """The blog's article."""

    __table__ = blog.Article.__table__
    author = db.relationship("Author", back_populates="articles")
    comments = db.relationship("Comment", back_populates="article")
    tags = db.relationship("Tag", secondary=blog.article_tags, back_populates="articles")


class Comment(SAFRSBase, db.Model):
    """The blog's comment."""

    __table__ = blog.Comment.__table__
    article = db.relationship("Article", back_populates="comments")


class Tag(SAFRSBase, db.Model):
    """The blog's tag."""

    __table__ = blog.Tag.__table__
    articles = db.relationship("Article", secondary=blog.article_tags, back_populates="tags")


def questions(articles: int) -> dict[str, Question]:
    """Ask in SAFRS's names; the author of a new article is told by the foreign key, since a linkage makes an author."""
    moment = str(attributes()["created_at"]).replace("T", " ")  # of one with a T it makes the current time
    new = {"type": "Article", "attributes": {**attributes(), "created_at": moment, "author_id": 1}}
    asked = standard(
        articles,
        collection="/api/article",
        ending="/",
        types=("Article", "Author"),
        size="page[limit]={}".format,
        filtered='filter=[{"name":"published","op":"eq","val":true}]',
        place=lambda _number, offset: f"page[offset]={offset}",
    )
    return {**asked, "POST": replace(asked["POST"], body=encoded({"data": new}))}


def create_app(url: str) -> Flask:
    """Serve the blog at `url`."""
    app = Flask("safrs_app")
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    db.init_app(app)
    with app.app_context():
        api = SAFRSAPI(app, host="localhost", port=80, prefix="/api")
        for model in (Author, Article, Comment, Tag):
            api.expose_object(model)
    return app
