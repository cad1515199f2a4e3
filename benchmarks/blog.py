"""The database that is measured: authors, articles, tags and comments."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Column, Engine, ForeignKey, String, Table, Text, func, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """The blog's models."""


article_tags = Table(
    "article_tags",
    Base.metadata,
    Column("article_id", ForeignKey("articles.id"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id"), primary_key=True, index=True),
)


class Author(Base):
    """Somebody who writes articles and comments."""

    __tablename__ = "authors"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str] = mapped_column(String(120))
    articles: Mapped[list[Article]] = relationship(back_populates="author")


class Article(Base):
    """A text, with comments and tags."""

    __tablename__ = "articles"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(120), index=True)
    body: Mapped[str] = mapped_column(Text)
    views: Mapped[int]
    published: Mapped[bool]
    created_at: Mapped[datetime]
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"), index=True)
    author: Mapped[Author] = relationship(back_populates="articles")
    comments: Mapped[list[Comment]] = relationship(back_populates="article")
    tags: Mapped[list[Tag]] = relationship(secondary=article_tags, back_populates="articles")


class Comment(Base):
    """A remark on an article."""

    __tablename__ = "comments"
    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str] = mapped_column(Text)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), index=True)
    article: Mapped[Article] = relationship(back_populates="comments")


class Tag(Base):
    """A keyword."""

    __tablename__ = "tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    articles: Mapped[list[Article]] = relationship(secondary=article_tags, back_populates="tags")


def fill(engine: Engine, articles: int) -> None:
    """Make the tables and `articles` articles, with a fiftieth as many authors, five comments and three tags each."""
    Base.metadata.create_all(engine)
    start = datetime(2024, 1, 1)
    authors, tags = max(articles // 50, 1), 200
    text = "All happy families resemble one another, every unhappy one is unhappy after its own fashion. "
    rows: dict[object, list[dict[str, object]]] = {
        Author.__table__: [
            {"id": n, "name": f"Author {n}", "email": f"a{n}@example.org"} for n in range(1, authors + 1)
        ],
        Tag.__table__: [{"id": n, "name": f"tag {n}"} for n in range(1, tags + 1)],
        Article.__table__: [
            {
                "id": n,
                "title": f"Article {n * 7919 % articles}",
                "body": text * 3,
                "views": n * 31 % 1000,
                "published": n % 3 != 0,
                "created_at": start + timedelta(minutes=n * 7919 % articles),
                "author_id": n % authors + 1,
            }
            for n in range(1, articles + 1)
        ],
        Comment.__table__: [{"body": text, "article_id": n // 5 + 1} for n in range(articles * 5)],
        article_tags: [
            {"article_id": n, "tag_id": (n * 7 + k * 13) % tags + 1} for n in range(1, articles + 1) for k in range(3)
        ],
    }
    with engine.begin() as connection:
        for table, values in rows.items():
            connection.execute(insert(table), values)
        if engine.name == "postgresql":
            for model, last in ((Author, authors), (Tag, tags), (Article, articles)):
                sequence = func.pg_get_serial_sequence(model.__tablename__, "id")
                connection.execute(select(func.setval(sequence, last)))
