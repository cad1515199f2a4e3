"""Users and their documents in both protocols, JSON:API below /api and classic below /old: for the regression tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import Engine, ForeignKey, LargeBinary, Numeric, String
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, scoped_session, sessionmaker
from werkzeug.test import TestResponse

from conftest import CheckedClient, checked_client
from flask_restless import APIManager

METHODS = ["GET", "POST", "PATCH", "DELETE"]


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(20), unique=True)
    password: Mapped[str | None] = mapped_column(String(20))
    docs: Mapped[list[Doc]] = relationship(back_populates="owner", foreign_keys="Doc.owner_id")
    secrets: Mapped[list[Secret]] = relationship(back_populates="user")

    def shout(self) -> str:
        return f"{self.name}!"


class Doc(Base):
    __tablename__ = "docs"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str | None] = mapped_column(String(20))
    born: Mapped[date | None]
    price: Mapped[Decimal | None] = mapped_column(Numeric(8, 2))
    scan: Mapped[bytes | None] = mapped_column(LargeBinary)
    length: Mapped[timedelta | None]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    editor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    owner: Mapped[User | None] = relationship(back_populates="docs", foreign_keys=[owner_id])
    editor: Mapped[User | None] = relationship(foreign_keys=[editor_id])


class Secret(Base):
    """A model without an API."""

    __tablename__ = "secrets"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    user: Mapped[User] = relationship(back_populates="secrets")


@dataclass
class Estate:
    """What is served, and the rows below it."""

    app: Flask
    client: CheckedClient
    session: sessionmaker[Session]

    def get(self, path: str, **query: str) -> TestResponse:
        """Ask for something, with query parameters."""
        return self.client.get(path, query_string=query)

    def search(self, path: str, **search: Any) -> TestResponse:
        """Ask in the classic protocol."""
        return self.client.get(f"{path}?{urlencode({'q': json.dumps(search)})}")

    def write(self, method: str, path: str, document: Any, **kwargs: Any) -> TestResponse:
        """Send a document of the protocol that the path belongs to; None sends no body."""
        if document is None:
            return self.client.open(path, method=method, **kwargs)
        if path.startswith("/api"):
            return self.client.send(method, path, {"data": document}, **kwargs)
        kwargs.setdefault("content_type", "application/json")
        return self.client.open(path, method=method, data=json.dumps(document), **kwargs)

    def row(self, model: type[Any], id_: int) -> Any:
        """Read a row in a Session of its own."""
        with self.session() as session:
            return session.get(model, id_)

    def count(self, model: type[Any]) -> int:
        """Count the rows of a model."""
        with self.session() as session:
            return session.query(model).count()


def open_estate(
    engine: Engine, *, user: Mapping[str, Any] | None = None, doc: Mapping[str, Any] | None = None, **options: Any
) -> Estate:
    """Serve users (without passwords) and documents; `options` are those of the manager."""
    Base.metadata.create_all(engine)
    maker = sessionmaker(engine)
    with maker.begin() as session:
        session.add_all([User(id=1, name="mary", password="hush"), User(id=2, name="bob", password="boo")])
        session.flush()
        session.add_all(
            [
                Doc(id=1, title="a", born=date(2001, 1, 1), owner_id=1, editor_id=2),
                Doc(id=2, title="b", born=date(2002, 2, 2), owner_id=2, editor_id=1),
                Doc(id=3, title="c"),
                Secret(id=1, text="s", user_id=1),
            ]
        )
    app = Flask("estate")
    scoped = scoped_session(sessionmaker(engine))
    manager = APIManager(app, session=scoped, **options)
    hidden = {"jsonapi": {"exclude": ["password"]}, "classic": {"exclude_columns": ["password"]}}
    for protocol, prefix in (("jsonapi", "/api"), ("classic", "/old")):
        for model, given in ((User, {**hidden[protocol], **(user or {})}), (Doc, doc or {})):
            fit = {name: one for name, one in given.items() if _fits(name, protocol)}
            methods = fit.pop("methods", METHODS)
            manager.create_api(model, methods=methods, protocol=protocol, url_prefix=prefix, **fit)
    return Estate(app, checked_client(app), maker)


CLASSIC_ALONE = frozenset({"allow_patch_many", "allow_delete_many", "exclude_columns"})
JSONAPI_ALONE = frozenset(
    {
        "earlier_parameters",
        "page_size",
        "max_page_size",
        "allow_to_many_replacement",
        "allow_delete_from_to_many_relationships",
        "exclude",
    }
)


def _fits(name: str, protocol: str) -> bool:
    return name not in (CLASSIC_ALONE if protocol == "jsonapi" else JSONAPI_ALONE)
