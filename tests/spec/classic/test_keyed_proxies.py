"""Association proxies to a dict (contract 2.7: dict-like proxies receive `key`/`value` objects)."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, ForeignKey, String
from sqlalchemy.ext.associationproxy import association_proxy
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    attribute_keyed_dict,
    mapped_column,
    relationship,
    scoped_session,
    sessionmaker,
)

from classic_models import EVERY, ClassicClient
from flask_restless import APIManager


class Base(DeclarativeBase):
    """The registry of these models."""


class Note(Base):
    """A value under a key."""

    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(20))
    size: Mapped[int | None]
    doc_id: Mapped[int | None] = mapped_column(ForeignKey("doc.id"))


class Doc(Base):
    """What has notes."""

    __tablename__ = "doc"

    id: Mapped[int] = mapped_column(primary_key=True)
    notes: Mapped[dict[str, Note]] = relationship(
        collection_class=attribute_keyed_dict("key"), cascade="all, delete-orphan"
    )
    sizes = association_proxy("notes", "size", creator=lambda key, size: Note(key=key, size=size))


@pytest.fixture
def client(database: Engine) -> Any:
    Base.metadata.create_all(database)
    app = Flask("notes")
    app.test_client_class = ClassicClient
    manager = APIManager(app, session=scoped_session(sessionmaker(database)), protocol="classic")
    for model in (Doc, Note):
        manager.create_api(model, methods=EVERY)
    return app.test_client()


SPELLINGS = {
    "pairs": [{"key": "a", "value": 1}, {"key": "b", "value": None}],
    "object": {"a": 1, "b": None},
}


@pytest.mark.parametrize("sizes", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_a_keyed_proxy_is_written(client: Any, sizes: object) -> None:
    """POST makes the objects in between, PATCH replaces them; the answer is an object."""
    made = client.send("POST", "/api/doc", {"sizes": sizes})
    changed = client.send("PATCH", "/api/doc/1", {"sizes": {"a": 3}})

    assert (made.status_code, made.json["sizes"]) == (201, {"a": 1, "b": None})
    assert (changed.status_code, changed.json["sizes"]) == (200, {"a": 3})
    assert [one["size"] for one in client.get("/api/note").json["objects"]] == [3]


WRONG: list[object] = [5, "a", [1], [{"key": "a"}], [{"key": ["a"], "value": 1}], {"a": "x"}, {"a": [1]}, {"\x00": 1}]


@pytest.mark.parametrize("sizes", WRONG, ids=str)
def test_what_is_no_dict_is_refused(client: Any, sizes: object) -> None:
    """Each wrong kind is a 400 that names the field."""
    response = client.send("POST", "/api/doc", {"sizes": sizes})

    assert response.status_code == 400
    assert '"sizes"' in response.json["message"]
