"""The models of the classic contract's examples, an application that serves them, and a client that checks bodies."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Date, DateTime, Engine, Float, ForeignKey, Interval, LargeBinary, Numeric, String, Uuid, text
from sqlalchemy.ext.associationproxy import association_proxy
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    DeclarativeBase,
    DynamicMapped,
    Mapped,
    Session,
    mapped_column,
    relationship,
    sessionmaker,
    validates,
)
from werkzeug.test import TestResponse

import bookshop
from conftest import Statements, counted
from flask_restless import APIManager


class Base(DeclarativeBase):
    """The registry of these models."""


class Invalid(Exception):
    """What the models' validation raises."""

    def __init__(self, errors: dict[str, Any]) -> None:
        super().__init__(str(errors))
        self.errors = errors


class Person(Base):
    """Somebody who owns computers."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(60), unique=True)
    age: Mapped[float | None] = mapped_column(Float)
    other: Mapped[float | None] = mapped_column(Float)
    birth_date: Mapped[date | None] = mapped_column(Date)
    computers: Mapped[list[Computer]] = relationship(back_populates="owner", order_by="Computer.id")
    secret: Mapped[Secret | None] = relationship(back_populates="person", uselist=False)
    vendors = association_proxy("computers", "vendor")

    @hybrid_property
    def is_adult(self) -> bool | None:
        """Whether the person is of age."""
        return None if self.age is None else self.age >= 18

    @is_adult.inplace.expression
    @classmethod
    def _is_adult(cls) -> Any:
        return cls.age >= 18

    @validates("name")
    def _check_name(self, _key: str, value: str | None) -> str | None:
        if value == "invalid":
            raise Invalid({"name": "is not a name"})
        return value

    def greeting(self) -> str:
        """Say hello."""
        return f"Hello, {self.name}"

    def first_computer(self) -> Computer | None:
        """Give a mapped object."""
        return self.computers[0] if self.computers else None


class Computer(Base):
    """Something that a person may own."""

    __tablename__ = "computer"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(60))
    vendor: Mapped[str | None] = mapped_column(String(60))
    buy_date: Mapped[datetime | None] = mapped_column(DateTime)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    owner: Mapped[Person | None] = relationship(back_populates="computers")
    programs: Mapped[list[Program]] = relationship(back_populates="computer", order_by="Program.id")
    program_names = association_proxy("programs", "name", creator=lambda name: Program(name=name))

    def label(self) -> str:
        """Name the computer."""
        return f"{self.vendor} {self.name}"


class Program(Base):
    """Something that runs on a computer."""

    __tablename__ = "program"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(60))
    computer_id: Mapped[int | None] = mapped_column(ForeignKey("computer.id"))
    computer: Mapped[Computer | None] = relationship(back_populates="programs")


class Secret(Base):
    """What a person keeps: a model that has no API unless a test gives it one."""

    __tablename__ = "secret"

    id: Mapped[int] = mapped_column(primary_key=True)
    password: Mapped[str] = mapped_column(String(60))
    hint: Mapped[str | None] = mapped_column(String(60))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    person: Mapped[Person | None] = relationship(back_populates="secret")


class Thing(Base):
    """Columns of the types that Flask-Restless 0.17 could not write, and one with an unlucky name."""

    __tablename__ = "thing"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    price: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    data: Mapped[bytes | None] = mapped_column(LargeBinary)
    span: Mapped[timedelta | None] = mapped_column(Interval)
    headers: Mapped[str | None] = mapped_column(String(60))
    type: Mapped[str | None] = mapped_column(String(60))


class Word(Base):
    """Something whose key is a text."""

    __tablename__ = "word"

    text: Mapped[str] = mapped_column(String(60), primary_key=True)
    meanings: DynamicMapped[Meaning] = relationship(order_by="Meaning.id")


class Meaning(Base):
    """What a word means; words load theirs on demand."""

    __tablename__ = "meaning"

    id: Mapped[int] = mapped_column(primary_key=True)
    gloss: Mapped[str | None] = mapped_column(String(60))
    word: Mapped[str | None] = mapped_column(ForeignKey("word.text"))


EVERY = ("GET", "POST", "PATCH", "PUT", "DELETE")
MODELS = (Person, Computer, Program)


class ClassicClient(FlaskClient):
    """A client that looks at the frame of every answer."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        response = super().open(*args, **kwargs)
        if response.status_code != 308:  # Werkzeug leads away from doubled slashes
            assert response.headers.get("X-Content-Type-Options") == "nosniff"
        if response.mimetype == "application/json" and response.data:
            assert response.data.isascii()
            assert isinstance(response.json, dict), "never a list at the top (2.1.3)"
        return response

    def send(self, method: str, path: str, document: object, **kwargs: Any) -> TestResponse:
        """Send a JSON body."""
        return self.open(path, method=method, data=json.dumps(document), content_type="application/json", **kwargs)

    def search(self, path: str, search: object, method: str = "GET", **kwargs: Any) -> TestResponse:
        """Send a search as `q`."""
        return self.open(path, method=method, query_string={"q": json.dumps(search), **kwargs})


@dataclass
class Office:
    """The contract's models, served."""

    app: Flask
    manager: APIManager
    client: ClassicClient
    engine: Engine
    session: Callable[[], Session]

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        """GET below the application's root."""
        return self.client.get(path, **kwargs)

    def send(self, method: str, path: str, document: object, **kwargs: Any) -> TestResponse:
        """Send a JSON body."""
        return self.client.send(method, path, document, **kwargs)

    def search(self, search: object, path: str = "/api/person", method: str = "GET", **kwargs: Any) -> TestResponse:
        """Send a search."""
        return self.client.search(path, search, method, **kwargs)

    def ids(self, *filters: object, path: str = "/api/person", **search: Any) -> list[Any]:
        """Give the ids of the objects that meet some filters."""
        response = self.search({"filters": list(filters), **search} if filters else search, path)
        assert response.status_code == 200, response.text
        return [one["id"] for one in response.json["objects"]]

    def counted(self) -> Any:
        """Count statements inside the block."""
        return counted(self.engine)

    def one(self, model: type, key: Any) -> Any:
        """Read a row past the API."""
        with self.session() as session:
            return session.get(model, key)


def open_office(engine: Engine, *models: type, manager: dict[str, Any] | None = None, **options: Any) -> Office:
    """Fill `engine` and serve `models` (the contract's three if none is named) with every method.

    `options` are those of every API; one that bears the name of a model in lower case holds those of its API alone.
    """
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    session = sessionmaker(engine)
    with session.begin() as filling:
        filling.add_all(rows())
        filling.flush()
        if engine.dialect.name == "postgresql":
            for model in (Person, Computer, Program, Secret):
                table = model.__tablename__
                filling.execute(text(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))"))
    app = Flask("office")
    app.test_client_class = ClassicClient
    served = models or MODELS
    known = {model.__name__.lower() for model in (*served, *MODELS)}
    shared = {name: value for name, value in options.items() if name not in known}
    made = APIManager(app, session=session, protocol="classic", **(manager or {}))
    for model in served:
        made.create_api(model, **{"methods": EVERY, **shared, **options.get(model.__name__.lower(), {})})
    client = app.test_client()
    assert isinstance(client, ClassicClient)
    return Office(app, made, client, engine, session)


def open_classic_bookshop(engine: Engine, **options: Any) -> ClassicClient:
    """Fill `engine` with a small bookshop and serve it in both protocols; give a client.

    The classic APIs are below /api and allow every method, JSON:API is below /jsonapi; `options` are those of the
    classic ones.
    """
    bookshop.Base.metadata.create_all(engine)
    session = sessionmaker(engine)
    with session.begin() as filling:
        bookshop.populate(filling, small=True)
    app = Flask("classic bookshop")
    app.test_client_class = ClassicClient
    manager = APIManager(app, session=session)
    for model in bookshop.MODELS:
        name = BOOKSHOP_NAMES.get(model)
        manager.create_api(model, protocol="classic", collection_name=name, methods=EVERY, **options)
        manager.create_api(model, url_prefix="/jsonapi", collection_name=name, linkage="always")
    client = app.test_client()
    assert isinstance(client, ClassicClient)
    return client


BOOKSHOP_NAMES: dict[type, str] = {
    bookshop.CardPayment: "card_payments",
    bookshop.TransferPayment: "transfer_payments",
}


def rows() -> list[Base]:
    """Make the rows, always the same."""
    names = ["Ann", "Mary", "Lucy", "Katy", "Joe", "Zoë"]
    people = [
        Person(
            id=number,
            name=name,
            age=float(10 + 5 * number),
            other=float(20 + number),
            birth_date=date(1990 + number, 1, 2),
        )
        for number, name in enumerate(names, 1)
    ]
    people[1].birth_date = None
    people[5].age = None
    computers = [
        Computer(id=1, name="one", vendor="Dell", buy_date=datetime(2020, 1, 2, 3, 4, 5), owner=people[0]),
        Computer(id=2, name="two", vendor="Apple", owner=people[0]),
        Computer(id=3, name="three", vendor="Dell", owner=people[1]),
        Computer(id=4, name="four", vendor=None),
    ]
    programs = [Program(id=1, name="vim", computer=computers[0]), Program(id=2, name="emacs", computer=computers[2])]
    secret = Secret(id=1, password="hidden", hint="a word", person=people[0])
    return [*people, *computers, *programs, secret]


__all__ = ["EVERY", "MODELS", "ClassicClient", "Office", "Statements", "open_office"]
