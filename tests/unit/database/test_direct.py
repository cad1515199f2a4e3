"""Writes past the Session: what they leave as it is, and what they say is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, ForeignKey, String, event, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, sessionmaker

from conftest import JSONAPI, checked_client, fresh_database
from flask_restless import APIManager


class Base(DeclarativeBase):
    pass


class Paper(Base):
    """Has a value that SQL makes, and one that Python makes, whenever a row is changed."""

    __tablename__ = "paper"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(12))
    touched: Mapped[str | None] = mapped_column(String(12), onupdate=func.lower("TOUCHED"))
    changed: Mapped[str | None] = mapped_column(String(12), onupdate=lambda: "changed")


class Note(Base):
    """Refers to two papers."""

    __tablename__ = "note"
    id: Mapped[int] = mapped_column(primary_key=True)
    first_id: Mapped[int] = mapped_column(ForeignKey("paper.id"))
    second_id: Mapped[int | None] = mapped_column(ForeignKey("paper.id"))
    first: Mapped[Paper] = relationship(foreign_keys=first_id)
    second: Mapped[Paper | None] = relationship(foreign_keys=second_id)


def made_of_title(context: Any) -> str:
    """Make a value of another one; of what is not given, the unit of work says that it is null."""
    values = context.get_current_parameters()
    return f"{values['title'][0]}{values.get('aside', 'unknown')}"


class Slip(Base):
    """Has values that are made of others."""

    __tablename__ = "slip"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(12))
    aside: Mapped[str | None] = mapped_column(String(12))
    initial: Mapped[str | None] = mapped_column(String(12), default=made_of_title)
    last: Mapped[str | None] = mapped_column(String(12), onupdate=made_of_title)


def test_values_that_are_made_of_others(database: Engine) -> None:
    """The functions that make them go by the names of the unit of work."""
    Base.metadata.create_all(database)
    app = Flask("slips")
    APIManager(app, session=sessionmaker(database)).create_api(Slip, methods=["GET", "POST", "PATCH"])
    client, path = checked_client(app), "/api/slip"
    data = {"type": "slip", "attributes": {"title": "one"}}
    kind = f'{JSONAPI};ext="https://jsonapi.org/ext/atomic"'

    answer = client.send("POST", path, {"data": data})
    assert (answer.status_code, answer.json["data"]["attributes"]["initial"]) == (201, "oNone")
    changed = data | {"id": answer.json["data"]["id"], "attributes": {"title": "two"}}
    answer = client.send("PATCH", f"{path}/{changed['id']}", {"data": changed})
    assert (answer.status_code, answer.json["data"]["attributes"]["last"]) == (200, "tunknown")
    adds = {"atomic:operations": [{"op": "add", "data": data}] * 3}
    answer = client.post("/api/operations", json=adds, content_type=kind, headers={"Accept": kind})
    assert [one["data"]["attributes"]["initial"] for one in answer.json["atomic:results"]] == ["oNone"] * 3


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"title": "one"}, ("one", None, None)),
        ({"title": "one", "touched": None, "changed": None}, ("one", None, None)),
        ({"title": "two"}, ("two", "touched", "changed")),
        ({"title": "two", "changed": None}, ("two", "touched", "changed")),
        ({"title": "one", "changed": "x"}, ("one", "touched", "x")),
        ({"changed": None}, ("one", None, None)),
    ],
)
def test_columns_with_values_for_changes(
    database: Engine, attributes: dict[str, Any], expected: tuple[str | None, ...]
) -> None:
    """As the unit of work has it: what is as it was is no change, and takes nobody's place."""
    Base.metadata.create_all(database)
    session = sessionmaker(database)
    with session.begin() as filling:
        filling.add(Paper(id=1, title="one"))
    app = Flask("papers")
    APIManager(app, session=session).create_api(Paper, methods=["GET", "PATCH"])

    data = {"type": "paper", "id": "1", "attributes": attributes}
    answer = checked_client(app).patch("/api/paper/1", json={"data": data}, content_type=JSONAPI)

    assert answer.status_code == 200
    found = answer.json["data"]["attributes"]
    assert (found["title"], found["touched"], found["changed"]) == expected
    with database.connect() as connection:
        assert tuple(connection.execute(select(Paper.title, Paper.touched, Paper.changed)).one()) == expected


@pytest.mark.parametrize("is_direct", [True, False])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_all_references_to_nothing_are_told(database: Engine, method: str, is_direct: bool) -> None:
    """Whichever way it is written."""
    Base.metadata.create_all(database)
    maker = sessionmaker(database)
    with maker.begin() as filling:
        filling.add(Note(id=1, first=Paper(id=1, title="one")))
    if not is_direct:
        event.listen(maker, "before_commit", lambda _session: None)
    app = Flask("notes")
    manager = APIManager(app, session=maker)
    for model in (Paper, Note):
        manager.create_api(model, methods=["GET", "POST", "PATCH"])

    missing = {"data": {"type": "paper", "id": "9"}}
    data: dict[str, Any] = {"type": "note", "relationships": {"first": missing, "second": missing}}
    path = "/api/note" if method == "POST" else "/api/note/1"
    data |= {} if method == "POST" else {"id": "1"}
    answer = checked_client(app).open(path, method=method, json={"data": data}, content_type=JSONAPI)

    assert answer.status_code == 404
    assert sorted((one["code"], one["source"]["pointer"]) for one in answer.json["errors"]) == [
        ("related-not-found", "/data/relationships/first/data"),
        ("related-not-found", "/data/relationships/second/data"),
    ]


class Essay(Base):
    """Has a text that is read only where it is asked for."""

    __tablename__ = "essay"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(12))
    text: Mapped[str | None] = mapped_column(String(99), deferred=True)


def test_who_has_created_a_row_has_seen_its_deferred_attributes(database: Engine) -> None:
    Base.metadata.create_all(database)
    app = Flask("essays")
    APIManager(app, session=sessionmaker(database)).create_api(Essay, methods=["GET", "POST", "PATCH"])
    client, data = checked_client(app), {"type": "essay", "attributes": {"title": "one", "text": "mine"}}
    tag = client.send("POST", "/api/essay", {"data": data}).headers["ETag"]

    def change(text: str, **headers: str) -> int:
        document = {"data": {"type": "essay", "id": "1", "attributes": {"text": text}}}
        return client.send("PATCH", "/api/essay/1", document, headers=headers).status_code

    assert change("other") == 200
    assert change("stale", **{"If-Match": tag}) == 412


MARK = "UPDATE paper SET touched = 'gone' WHERE id = old.id"
INSTEAD = {
    "postgresql": [
        f"CREATE FUNCTION hide() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {MARK}; RETURN NULL; END $$",
        "CREATE TRIGGER hide BEFORE DELETE ON paper FOR EACH ROW EXECUTE FUNCTION hide()",
    ],
    "sqlite": [f"CREATE TRIGGER hide BEFORE DELETE ON paper BEGIN {MARK}; SELECT raise(IGNORE); END"],
}
"""By kind of database, what makes a trigger that keeps a row and marks it."""


@pytest.mark.filterwarnings("ignore:DELETE statement on table:sqlalchemy.exc.SAWarning")
@pytest.mark.parametrize("kind", INSTEAD)
def test_a_trigger_that_marks_rows_in_place_of_deleting_them(kind: str) -> None:
    """The database counts no row that it has deleted, though there is one."""
    with fresh_database(kind) as database:
        Base.metadata.create_all(database)
        session = sessionmaker(database)
        with session.begin() as filling:
            filling.add(Paper(id=1, title="one"))
            for one in INSTEAD[kind]:
                filling.connection().exec_driver_sql(one)
        app = Flask("papers")
        APIManager(app, session=session).create_api(Paper, methods=["GET", "DELETE"])
        client = checked_client(app)

        assert client.delete("/api/paper/1").status_code == 204
        assert client.get("/api/paper/1").json["data"]["attributes"]["touched"] == "gone"
        assert client.delete("/api/paper/2").status_code == 404
