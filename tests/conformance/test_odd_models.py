"""Models that SQLAlchemy allows and few people write: served, or refused with a reason, and never a 5xx."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import Engine, ForeignKey, Identity, String
from sqlalchemy.ext.declarative import AbstractConcreteBase
from sqlalchemy.ext.mutable import MutableDict
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    MappedAsDataclass,
    Session,
    attribute_keyed_dict,
    configure_mappers,
    mapped_column,
    relationship,
    sessionmaker,
    synonym,
    validates,
)

from conftest import CheckedClient, checked_client
from flask_restless import APIManager

METHODS = ["GET", "POST", "PATCH", "DELETE"]


class Base(DeclarativeBase):
    pass


class Ego(Base):
    """A column with the name of every method's first parameter."""

    __tablename__ = "egos"
    id: Mapped[int] = mapped_column(primary_key=True)
    self: Mapped[str | None] = mapped_column(String(20))


class Coded(Base):
    """A key that nobody makes but the client."""

    __tablename__ = "coded"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str | None] = mapped_column(String(20))


class Counted(Base):
    """A key that nobody makes but the database."""

    __tablename__ = "counted"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    name: Mapped[str | None] = mapped_column(String(20))


class Drawer(Base):
    """Members by a key, which are deleted when they leave."""

    __tablename__ = "drawers"
    id: Mapped[int] = mapped_column(primary_key=True)
    papers: Mapped[dict[str, Paper]] = relationship(
        collection_class=attribute_keyed_dict("label"), cascade="all, delete-orphan"
    )


class Paper(Base):
    __tablename__ = "papers"
    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(String(20))
    drawer_id: Mapped[int | None] = mapped_column(ForeignKey("drawers.id"))


class Noted(Base):
    """A type that refuses what it cannot watch, and spans of time."""

    __tablename__ = "noted"
    id: Mapped[int] = mapped_column(primary_key=True)
    notes: Mapped[dict[str, Any] | None] = mapped_column(MutableDict.as_mutable(sa.JSON()))
    remarks = synonym("notes")
    span: Mapped[timedelta | None]


class Strict(MappedAsDataclass, Base):
    """A constructor with parameters, and validators."""

    __tablename__ = "stricts"
    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    note: Mapped[str | None] = mapped_column(String(20), init=False, default=None)

    @validates("name", "note")
    def check(self, _key: str, value: str | None) -> str | None:
        if value == "bad":
            raise ValueError("not that")
        return value


class Document(AbstractConcreteBase, Base):
    """Tables of their own, whose keys count for themselves."""


class Memo(Document):
    __tablename__ = "memos"
    __mapper_args__ = {"polymorphic_identity": "memo", "concrete": True}
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str | None] = mapped_column(String(20))


class Letter(Document):
    __tablename__ = "letters"
    __mapper_args__ = {"polymorphic_identity": "letter", "concrete": True}
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str | None] = mapped_column(String(20))


configure_mappers()  # it is then that the union of the concrete tables is mapped
MODELS: tuple[type, ...] = (Ego, Coded, Counted, Drawer, Paper, Memo, Letter, Noted, Strict)


@pytest.fixture
def client(database: Engine) -> CheckedClient:
    """A client of all these models, each of which may be written."""
    Base.metadata.create_all(database)
    app = Flask("odd")
    manager = APIManager(app, session=sessionmaker(database))
    for model in MODELS:
        manager.create_api(model, methods=METHODS, allow_client_generated_ids=model is not Coded)
    manager.create_api(Document, methods=METHODS, collection_name="documents")
    manager.create_api(Document, protocol="classic", url_prefix="/old", collection_name="documents")
    manager.create_api(Noted, url_prefix="/sums", allow_functions=True)
    return checked_client(app)


def create(client: CheckedClient, type_: str, id_: str | None = None, **attributes: Any) -> Any:
    data = {"type": type_, "attributes": attributes} | ({} if id_ is None else {"id": id_})
    return client.send("POST", f"/api/{type_}", {"data": data})


def test_an_attribute_called_self_is_written(client: CheckedClient) -> None:
    """A-4: no keyword of a constructor can give it."""
    created = create(client, "egos", self="me")

    assert (created.status_code, created.json["data"]["attributes"]) == (201, {"self": "me"})


def test_a_key_that_nobody_gives_is_told(client: CheckedClient) -> None:
    """A-12: such a row is refused before any statement."""
    refused = create(client, "coded", name="x")

    assert (refused.status_code, refused.json["errors"][0]["code"]) == (422, "missing-value")
    assert client.get("/api/coded").json["data"] == []


def test_an_id_where_the_database_takes_none_is_refused(client: CheckedClient, database: Engine) -> None:
    """A-12: `GENERATED ALWAYS AS IDENTITY`; other databases take the id."""
    answer = create(client, "counted", "7", name="x")

    assert answer.status_code == (422 if database.dialect.name == "postgresql" else 201)
    assert create(client, "counted", name="y").status_code == 201


def test_a_member_never_puts_out_another_with_its_key(client: CheckedClient, database: Engine) -> None:
    """B-3: adding to a dict would delete the member that has the key."""
    create(client, "drawers")
    for _ in range(2):
        create(client, "papers", label="a")
    url = "/api/drawers/1/relationships/papers"
    assert client.send("POST", url, {"data": [{"type": "papers", "id": "1"}]}).status_code == 204

    refused = client.send("POST", url, {"data": [{"type": "papers", "id": "2"}]})

    assert (refused.status_code, refused.json["errors"][0]["code"]) == (409, "already-exists")
    with Session(database) as session:
        assert [one.drawer_id for one in session.scalars(sa.select(Paper).order_by(Paper.id))] == [1, None]


def test_the_key_of_a_member_that_leaves_is_free(client: CheckedClient, database: Engine) -> None:
    """B-3: a replacement is one change."""
    app = Flask("replacing")
    manager = APIManager(app, session=sessionmaker(database))
    manager.create_api(Drawer, methods=METHODS, allow_to_many_replacement=True)
    manager.create_api(Paper, methods=METHODS)
    create(client, "drawers")
    for _ in range(2):
        create(client, "papers", label="a")
    url = "/api/drawers/1/relationships/papers"
    client.send("POST", url, {"data": [{"type": "papers", "id": "1"}]})

    answer = checked_client(app).send("PATCH", url, {"data": [{"type": "papers", "id": "2"}]})

    assert answer.status_code == 204
    assert [one["id"] for one in client.get(url).json["data"]] == ["2"]


def test_a_model_without_rows_of_its_own_is_not_created(client: CheckedClient) -> None:
    refused = create(client, "documents")

    assert (refused.status_code, refused.json["errors"][0]["code"]) == (403, "forbidden")


def test_rows_of_concrete_subclasses_are_written_by_an_id_that_is_clear(client: CheckedClient) -> None:
    """T52: which row is meant by an id that two tables know?  None is changed; PostgreSQL cannot lock a union."""
    create(client, "memos", title="memo")
    create(client, "letters", title="letter")
    create(client, "letters", title="other")

    assert client.delete("/api/documents/1").status_code == 409
    assert client.get("/old/documents/1").status_code in (400, 409)
    assert client.get("/api/documents/1").status_code == 409
    assert client.get("/api/documents/2").json["data"]["attributes"] == {"title": "other"}
    assert sorted(one["type"] for one in client.get("/api/documents").json["data"]) == ["letters", "letters", "memos"]
    assert client.delete("/api/documents/2").status_code == 204
    assert [one["id"] for one in client.get("/api/letters").json["data"]] == ["1"]
    assert [one["id"] for one in client.get("/api/memos").json["data"]] == ["1"]


@pytest.mark.parametrize("name", ["notes", "remarks"])
def test_what_a_mutable_type_refuses_is_told_at_the_value(client: CheckedClient, name: str) -> None:
    """A-4: also of a new row, and by a synonym."""
    refused = create(client, "noted", **{name: "none"})
    created = create(client, "noted", **{name: {"a": 1}})

    assert (refused.status_code, refused.json["errors"][0]["source"]["pointer"]) == (422, f"/data/attributes/{name}")
    assert (created.status_code, created.json["data"]["attributes"]["notes"]) == (201, {"a": 1})


@pytest.mark.parametrize(("name", "note"), [("bad", None), ("good", "bad")])
def test_what_a_validator_of_a_dataclass_refuses_is_told(client: CheckedClient, name: str, note: str | None) -> None:
    """A-4: whether its constructor takes the value or not."""
    refused = create(client, "stricts", name=name, note=note)

    assert (refused.status_code, refused.json["errors"][0]["detail"]) == (422, "not that")
    assert client.get("/api/stricts").json["data"] == []


@pytest.mark.parametrize("function", ["sum", "avg"])
def test_spans_are_added_up_where_they_are_spans(client: CheckedClient, database: Engine, function: str) -> None:
    """B-10: elsewhere they are stored as moments, which nobody can add up."""
    for span in (60.0, 120.0):
        create(client, "noted", span=span)

    answer = client.get(f'/sums/eval/noted?functions=[{{"name":"{function}","field":"span"}}]')

    if database.dialect.name == "postgresql":
        assert answer.json["data"] == [180.0 if function == "sum" else 90.0]
    else:
        assert (answer.status_code, answer.json["errors"][0]["code"]) == (400, "invalid-parameter")
