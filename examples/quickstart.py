"""The quickstart: two models, one relationship, a complete API.  Run it with `flask --app examples/quickstart run`."""

from flask import Flask
from sqlalchemy import Engine, ForeignKey, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, sessionmaker

from flask_restless import APIManager


class Base(DeclarativeBase):
    pass


class Person(Base):
    __tablename__ = "people"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    articles: Mapped[list["Article"]] = relationship(back_populates="author")


class Article(Base):
    __tablename__ = "articles"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    author: Mapped[Person | None] = relationship(back_populates="articles")


def create_app(engine: Engine | None = None) -> Flask:
    engine = engine or create_engine("sqlite:///articles.sqlite")
    Base.metadata.create_all(engine)
    app = Flask(__name__)
    manager = APIManager(app, session=sessionmaker(engine))
    manager.create_api(Person, methods=["GET", "POST", "PATCH", "DELETE"])
    manager.create_api(Article, methods=["GET", "POST", "PATCH", "DELETE"])
    return app
