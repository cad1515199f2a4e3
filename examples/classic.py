"""An application in the manner of Flask-Restless 0.17, for clients that speak its simple JSON.

Run it with `flask --app examples/classic run`, and ask it with `curl http://127.0.0.1:5000/api/person`.
"""

from datetime import date
from typing import Any

from flask import Flask, request
from sqlalchemy import Engine, ForeignKey, create_engine
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    mapped_column,
    relationship,
    scoped_session,
    sessionmaker,
    validates,
)

from flask_restless import APIManager, ProcessingException


class Base(DeclarativeBase):
    pass


class InvalidName(Exception):
    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.errors = {"name": message}


class Person(Base):
    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(unique=True)
    birth_date: Mapped[date | None]
    password: Mapped[str | None]
    computers: Mapped[list["Computer"]] = relationship(back_populates="owner")

    @validates("name")
    def validate_name(self, key: str, name: str) -> str:
        if not name:
            raise InvalidName("must not be empty")
        return name

    def greeting(self) -> str:
        return f"Hello, {self.name}!"


class Computer(Base):
    __tablename__ = "computer"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(unique=True)
    vendor: Mapped[str | None]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    owner: Mapped[Person | None] = relationship(back_populates="computers")


def check_user(**kw: Any) -> None:
    """Let only those write who know the word."""
    if request.headers.get("X-Password") != "please":
        raise ProcessingException(description="Not authorized", code=401)


def hide_drafts(search_params: dict[str, Any], **kw: Any) -> None:
    """Show only computers that have an owner."""
    search_params.setdefault("filters", []).append({"name": "owner_id", "op": "is_not_null"})


def create_app(engine: Engine | None = None) -> Flask:
    engine = engine or create_engine("sqlite:///classic.sqlite")
    Base.metadata.create_all(engine)
    app = Flask(__name__)
    session = scoped_session(sessionmaker(engine))
    guards = {name: [check_user] for name in ("POST", "PATCH_SINGLE", "DELETE_SINGLE")}
    manager = APIManager(app, session=session, protocol="classic", preprocessors=guards)
    manager.create_api(
        Person,
        methods=["GET", "POST", "PUT", "DELETE"],
        exclude_columns=["password"],
        include_methods=["greeting"],
        validation_exceptions=[InvalidName],
        allow_functions=True,
    )
    manager.create_api(Computer, methods=["GET", "POST"], preprocessors={"GET_MANY": [hide_drafts]})
    return app
