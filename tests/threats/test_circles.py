"""Rows that refer to themselves or to each other: stored and deleted, or refused with a reason, never a 5xx (T52)."""

from __future__ import annotations

from time import perf_counter
from typing import Any, ClassVar

import pytest
from flask import Flask
from sqlalchemy import Engine, ForeignKey, ForeignKeyConstraint, String, event, select, text, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker

from conftest import JSONAPI, Shop, checked_client, open_shop
from flask_restless import APIManager

ATOMIC = f'{JSONAPI};ext="https://jsonapi.org/ext/atomic"'


class Base(DeclarativeBase):
    """The models of these tests."""


class Node(Base):
    """Knows what is below it, too."""

    __tablename__ = "node"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(9))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("node.id"))
    parent: Mapped[Node | None] = relationship(remote_side="Node.id", back_populates="children")
    children: Mapped[list[Node]] = relationship(back_populates="parent", lazy="raise")


class Leaf(Base):
    """Knows only what it refers to, so that it is deleted past the Session."""

    __tablename__ = "leaf"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(9))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("leaf.id"))
    parent: Mapped[Leaf | None] = relationship(remote_side="Leaf.id")


class Root(Base):
    """Knows only what refers to it."""

    __tablename__ = "root"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(9))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("root.id"))
    children: Mapped[list[Root]] = relationship()


class Passive(Base):
    """Has what is below it deleted by the database."""

    __tablename__ = "passive"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(9))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("passive.id", ondelete="CASCADE"))
    parent: Mapped[Passive | None] = relationship(remote_side="Passive.id", back_populates="children")
    children: Mapped[list[Passive]] = relationship(back_populates="parent", cascade="all", passive_deletes=True)


class Strict(Base):
    """Cannot be without what it refers to."""

    __tablename__ = "strict"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(9))
    parent_id: Mapped[int] = mapped_column(ForeignKey("strict.id"))
    parent: Mapped[Strict] = relationship(remote_side="Strict.id", back_populates="children")
    children: Mapped[list[Strict]] = relationship(back_populates="parent")


class Team(Base):
    __tablename__ = "team"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(9))
    head_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", use_alter=True, name="fk_head"))
    head: Mapped[Person | None] = relationship(foreign_keys=head_id)
    members: Mapped[list[Person]] = relationship(back_populates="team", foreign_keys="Person.team_id")


class Person(Base):
    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(9))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    team: Mapped[Team | None] = relationship(back_populates="members", foreign_keys=team_id)


class Thing(Base):
    __tablename__ = "thing"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(9))
    __mapper_args__: ClassVar[dict[str, Any]] = {"polymorphic_on": "kind", "polymorphic_identity": "thing"}


class Gear(Thing):
    """Refers to itself by a table of its own."""

    __tablename__ = "gear"
    thing_id: Mapped[int] = mapped_column("id", ForeignKey("thing.id"), primary_key=True)
    name: Mapped[str | None] = mapped_column(String(9))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("gear.id"))
    parent: Mapped[Gear | None] = relationship(foreign_keys=parent_id, remote_side=thing_id, back_populates="children")
    children: Mapped[list[Gear]] = relationship(foreign_keys=parent_id, back_populates="parent")
    __mapper_args__: ClassVar[dict[str, Any]] = {
        "polymorphic_identity": "gear",
        "inherit_condition": thing_id == Thing.id,
    }


class Cell(Base):
    """Refers to itself by two columns, and counts its versions."""

    __tablename__ = "cell"
    row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    up_row: Mapped[int | None] = mapped_column()
    up_number: Mapped[int | None] = mapped_column()
    version: Mapped[int] = mapped_column()
    up: Mapped[Cell | None] = relationship(remote_side=[row, number], back_populates="downs")
    downs: Mapped[list[Cell]] = relationship(back_populates="up")
    __table_args__ = (ForeignKeyConstraint(["up_row", "up_number"], ["cell.row", "cell.number"]),)
    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}


MODELS: tuple[Any, ...] = (Node, Leaf, Root, Passive, Strict, Team, Person, Gear, Cell)


@pytest.fixture
def shop(database: Engine) -> Shop:
    if database.dialect.name == "sqlite":
        event.listen(database, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys=ON"))
    Base.metadata.create_all(database)
    app, session = Flask(__name__), sessionmaker(database)
    manager = APIManager(app, session=session)
    for model in MODELS:
        manager.create_api(
            model, methods=["GET", "POST", "PATCH", "DELETE"], allow_to_many_replacement=True, linkage="always"
        )
    return Shop(app, manager, checked_client(app), database, session)


def refers(id_: int) -> dict[str, Any]:
    return {"type": "categories", "id": str(id_)}


def parent_of(shop: Shop, id_: int) -> Any:
    return shop.get(f"/api/categories/{id_}").json["data"]["relationships"]["parent"]["data"]


def lid(kind: str, name: str) -> dict[str, Any]:
    return {"type": kind, "lid": name}


def add(kind: str, name: str, **relationships: Any) -> dict[str, Any]:
    data = {name: {"data": one} for name, one in relationships.items()}
    return {"op": "add", "data": {**lid(kind, name), "attributes": {"name": name}, "relationships": data}}


def atomic(shop: Shop, *operations: Any) -> Any:
    return shop.client.send("POST", "/api/operations", {"atomic:operations": list(operations)}, content_type=ATOMIC)


def rows(shop: Shop, statement: Any) -> list[tuple[Any, ...]]:
    with shop.session() as session:
        return [tuple(row) for row in session.execute(statement)]


def plant(shop: Shop, model: Any) -> None:
    """Make one row below itself, and two others below it."""
    with Session(shop.engine) as session, session.begin():
        first = model(name="first")
        session.add(first)
        if model is Strict:
            first.parent_id = 1
        session.flush()
        first.parent_id = first.id
        session.add_all([model(name=name, parent_id=first.id) for name in ("second", "third")])


# ---------------------------------------------------------------- stored


def test_a_row_as_its_own_member_is_stored(database: Engine) -> None:
    shop = open_shop(database)

    answer = shop.client.send("PATCH", "/api/categories/1/relationships/children", {"data": [refers(1)]})

    assert answer.status_code == 204, answer.text
    assert parent_of(shop, 1) == refers(1)
    assert shop.get("/api/categories/1/relationships/children").json["data"] == [refers(1)]


def test_a_row_as_its_own_parent_is_stored(database: Engine) -> None:
    """T52: a foreign key may point at its own row."""
    shop = open_shop(database)

    answer = shop.client.send("PATCH", "/api/categories/1/relationships/parent", {"data": refers(1)})

    assert answer.status_code == 204
    assert parent_of(shop, 1) == refers(1)


@pytest.mark.parametrize("path", ["/api/root/1", "/api/root/1/relationships/children"])
def test_a_circle_that_is_refused_is_pointed_at(shop: Shop, path: str) -> None:
    """J-7.2.8: it is in the document, whether that is a resource or the members of a relationship.

    Where the model does not know what a row refers to, there is nothing to set in a second step.
    """
    with Session(shop.engine) as session, session.begin():
        session.add(Root(id=1, name="first"))
    itself = {"type": "root", "id": "1"}
    whole = {**itself, "relationships": {"children": {"data": [itself]}}}

    answer = shop.client.send("PATCH", path, {"data": [itself] if path.endswith("children") else whole})

    assert (answer.status_code, answer.json["errors"][0]["code"]) == (422, "circular-reference")
    assert answer.json["errors"][0]["source"] == {"pointer": "/data"}
    assert rows(shop, select(Root.parent_id)) == [(None,)]


@pytest.mark.parametrize("relation", ["parent", "children"])
def test_a_new_row_that_refers_to_itself(shop: Shop, relation: str) -> None:
    """J-3.2.9: it is stored, and refers to itself then."""
    itself = lid("node", "a")
    linkage = itself if relation == "parent" else [itself]

    answer = shop.client.send("POST", "/api/node", {"data": {**itself, "relationships": {relation: {"data": linkage}}}})

    assert answer.status_code == 201, answer.text
    ((id_, parent),) = rows(shop, select(Node.id, Node.parent_id))
    assert parent == id_
    assert answer.json["data"]["relationships"]["parent"]["data"] == {"type": "node", "id": str(id_)}


def test_new_rows_that_refer_to_each_other(shop: Shop) -> None:
    a = lid("node", "a")

    answer = atomic(shop, add("node", "a"), add("node", "c", parent=a), add("node", "b", parent=a, children=[a]))

    assert answer.status_code == 200, answer.text
    found = {name: (id_, parent) for id_, name, parent in rows(shop, select(Node.id, Node.name, Node.parent_id))}
    assert found["a"][1] == found["b"][0]
    assert found["b"][1] == found["c"][1] == found["a"][0]


def test_new_rows_of_two_types_that_refer_to_each_other(shop: Shop) -> None:
    """The person is there already when the team is stored, and comes to it afterwards."""
    person = lid("person", "p")

    answer = atomic(shop, add("person", "p"), add("team", "t", head=person, members=[person]))

    assert answer.status_code == 200, answer.text
    ((team, head, head_team),) = rows(shop, select(Team.id, Team.head_id, Person.team_id).join(Team.head))
    assert head_team == team
    assert answer.json["atomic:results"][1]["data"]["relationships"]["members"]["data"] == [
        {"type": "person", "id": str(head)}
    ]


def test_nested_rows_that_refer_to_each_other(shop: Shop) -> None:
    """In the classic format, where a new row and a new row inside it are each other's."""
    for model in (Team, Person):
        shop.manager.create_api(
            model,
            protocol="classic",
            url_prefix="/classic",
            methods=["POST"],
            allow_client_generated_ids=True,
            allow_nested_writes_anywhere=True,
        )

    document = {"name": "t", "head": {"id": 5, "name": "p"}, "members": [{"id": 5}, {"id": 6, "name": "q"}]}
    answer = shop.client.post("/classic/team", json=document)

    assert answer.status_code == 201, answer.text
    ((team, head),) = rows(shop, select(Team.id, Team.head_id))
    assert head == 5
    assert rows(shop, select(Person.id, Person.team_id).order_by(Person.id)) == [(5, team), (6, team)]


def test_a_failure_after_the_first_step_leaves_nothing(shop: Shop) -> None:
    person = lid("person", "p")
    gone = {"op": "remove", "ref": {"type": "team", "id": "9999"}}

    answer = atomic(shop, add("person", "p"), add("team", "t", head=person, members=[person]), gone)

    assert answer.status_code == 404
    assert (rows(shop, select(Person.id)), rows(shop, select(Team.id))) == ([], [])


def test_a_row_that_cannot_be_without_itself_is_refused(shop: Shop) -> None:
    """J-9.8: a foreign key that may not be null would have to be written along with the row."""
    itself = lid("strict", "a")

    answer = shop.client.send(
        "POST", "/api/strict", {"data": {**itself, "relationships": {"parent": {"data": itself}}}}
    )

    assert (answer.status_code, answer.json["errors"][0]["code"]) == (422, "circular-reference")
    assert rows(shop, select(Strict.id)) == []


def test_many_circles_are_found_soon(shop: Shop) -> None:
    operations = [add("node", "n0")]
    operations += [
        add(
            "node",
            f"n{number}",
            children=[lid("node", f"n{number - 1}")],
            parent=lid("node", f"n{number - 1}"),
        )
        for number in range(1, 300)
    ]
    begun = perf_counter()

    answer = atomic(shop, *operations)

    assert answer.status_code == 200, answer.text
    assert perf_counter() - begun < 10


# ---------------------------------------------------------------- deleted


@pytest.mark.parametrize("model", [Node, Leaf, Root, Passive, Strict, Gear])
def test_a_row_that_refers_to_itself_is_deleted(shop: Shop, model: Any) -> None:
    """As far as the others let it go: those below it lose it, go along, or keep it, as the mapping says."""
    plant(shop, model)
    name = model.__tablename__

    answer = shop.client.delete(f"/api/{name}/1")

    left = rows(shop, select(model.name, model.parent_id).order_by(model.id))
    match model.__name__:
        case "Node" | "Root" | "Gear":
            assert (answer.status_code, left) == (204, [("second", None), ("third", None)])
        case "Passive":
            assert (answer.status_code, left) == (204, [])
        case _:
            assert (answer.status_code, answer.json["errors"][0]["code"]) == (409, "still-referenced")
            assert left == [("first", 1), ("second", 1), ("third", 1)]


@pytest.mark.parametrize("model", [Leaf, Strict])
def test_a_row_that_nothing_else_refers_to_is_deleted(shop: Shop, model: Any) -> None:
    """MariaDB does not delete a row that refers to itself; it has to let go of itself first, if it may."""
    plant(shop, model)
    name = model.__tablename__
    assert [shop.client.delete(f"/api/{name}/{one}").status_code for one in (2, 3)] == [204, 204]

    answer = shop.client.delete(f"/api/{name}/1")

    is_kept = model is Strict and shop.engine.dialect.name not in ("sqlite", "postgresql")
    assert answer.status_code == (409 if is_kept else 204), answer.text
    assert len(rows(shop, select(model.id))) == is_kept


def test_a_row_that_refers_to_itself_by_several_columns(shop: Shop) -> None:
    """Others that refer to themselves keep that."""
    with Session(shop.engine) as session, session.begin():
        session.add_all([Cell(row=1, number=number) for number in (1, 2, 3)])
        session.flush()
        session.execute(update(Cell).values(up_row=Cell.row, up_number=Cell.number))
        session.execute(update(Cell).where(Cell.number == 3).values(up_number=1))
    id_ = shop.get("/api/cell").json["data"][0]["id"]

    assert shop.client.delete(f"/api/cell/{id_}").status_code == 204

    left = rows(shop, select(Cell.number, Cell.up_row, Cell.up_number).order_by(Cell.number))
    assert left == [(2, 1, 2), (3, None, None)]


def test_rows_that_refer_to_themselves_are_deleted_together(shop: Shop) -> None:
    plant(shop, Node)
    with shop.engine.begin() as connection:
        connection.execute(text("UPDATE node SET parent_id = 2 WHERE id = 2"))
    operations = [{"op": "remove", "ref": {"type": "node", "id": str(id_)}} for id_ in (1, 2)]

    answer = atomic(shop, *operations)

    assert answer.status_code in (200, 204), answer.text
    assert rows(shop, select(Node.name, Node.parent_id)) == [("third", None)]
