"""Rows that are deleted stay in the table: `scope` hides them, and DELETE only marks them."""

from datetime import UTC, datetime

from flask import Flask
from sqlalchemy import Engine, ForeignKey, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker

from flask_restless import APIManager, Rules


class Base(DeclarativeBase):
    pass


class Deletable:
    """A row that is marked in place of being deleted."""

    deleted_at: Mapped[datetime | None] = mapped_column(default=None)


class Author(Deletable, Base):
    __tablename__ = "authors"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    articles: Mapped[list["Article"]] = relationship(back_populates="author")


class Article(Deletable, Base):
    __tablename__ = "articles"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("authors.id"))
    author: Mapped[Author | None] = relationship(back_populates="articles")


class KeepingSession(Session):
    """Marks what is to be deleted, and keeps it."""


@event.listens_for(KeepingSession, "before_flush")
def mark(session: Session, _context: object, _instances: object) -> None:
    for row in list(session.deleted):
        if isinstance(row, Deletable):
            session.add(row)
            row.deleted_at = datetime.now(UTC).replace(tzinfo=None)


def create_app(engine: Engine | None = None) -> Flask:
    engine = engine or create_engine("sqlite:///articles.sqlite")
    Base.metadata.create_all(engine)
    app = Flask(__name__)
    manager = APIManager(app, session=sessionmaker(engine, class_=KeepingSession))
    for model in (Author, Article):
        manager.create_api(
            model,
            methods=["GET", "POST", "PATCH", "DELETE"],
            exclude=["deleted_at"],
            exports=True,
            rules=Rules(scope=lambda model: model.deleted_at.is_(None)),
        )
    return app
