"""J-3.2.8, J-3.2.9: a new resource that goes by a local id, and refers to itself by it."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Column, Engine, ForeignKey, Table
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, sessionmaker

from conftest import CheckedClient, Shop, checked_client
from flask_restless import APIManager

ATOMIC = "https://jsonapi.org/ext/atomic"


class Base(DeclarativeBase):
    """The tables of this module."""


likes = Table(
    "likes",
    Base.metadata,
    Column("left_id", ForeignKey("nodes.id"), primary_key=True),
    Column("right_id", ForeignKey("nodes.id"), primary_key=True),
)


class Node(Base):
    """A row that may refer to itself; `root` is written in a step of its own."""

    __tablename__ = "nodes"

    id: Mapped[int] = mapped_column(primary_key=True)
    root_id: Mapped[int | None] = mapped_column(ForeignKey("nodes.id"))
    root: Mapped[Node | None] = relationship(remote_side="Node.id", post_update=True, back_populates="branches")
    branches: Mapped[list[Node]] = relationship(post_update=True, back_populates="root")
    likes: Mapped[list[Node]] = relationship(
        secondary=likes, primaryjoin="Node.id == likes.c.left_id", secondaryjoin="Node.id == likes.c.right_id"
    )


@pytest.fixture
def client(database: Engine) -> CheckedClient:
    """Nodes, on every kind of database."""
    Base.metadata.create_all(database)
    app = Flask(__name__)
    manager = APIManager(app, session=sessionmaker(database))
    manager.create_api(Node, methods=["GET", "POST"])
    return checked_client(app)


def node(relation: str, lid: str = "a") -> dict[str, Any]:
    """Make a new node that refers to the one with that lid."""
    other: Any = {"type": "nodes", "lid": lid}
    linkage = other if relation == "root" else [other]
    return {"type": "nodes", "lid": "a", "relationships": {relation: {"data": linkage}}}


@pytest.mark.parametrize("relation", ["root", "branches", "likes"])
def test_new_resource_refers_to_itself(client: CheckedClient, relation: str) -> None:
    """J-3.2.9: the same lid is the same resource, wherever it stands in the document."""
    answer = client.send("POST", f"/api/nodes?include={relation}", {"data": node(relation)})

    assert answer.status_code == 201
    found = answer.json["data"]["relationships"][relation]["data"]
    itself = {"type": "nodes", "id": answer.json["data"]["id"]}
    assert found == (itself if relation == "root" else [itself])


@pytest.mark.parametrize("relation", ["root", "branches", "likes"])
def test_operation_refers_to_what_it_adds(client: CheckedClient, relation: str) -> None:
    """A-11.1, J-3.2.9: so it is in a batch."""
    document = {"atomic:operations": [{"op": "add", "data": node(relation)}]}

    answer = client.send("POST", "/api/operations", document, content_type=f'application/vnd.api+json;ext="{ATOMIC}"')

    assert answer.status_code == 200
    id_ = answer.json["atomic:results"][0]["data"]["id"]
    found = client.get(f"/api/nodes/{id_}/relationships/{relation}").json["data"]
    assert found == ({"type": "nodes", "id": id_} if relation == "root" else [{"type": "nodes", "id": id_}])


def test_lid_of_nothing(client: CheckedClient) -> None:
    """J-3.6.2: a lid stands for what the document creates, and for nothing else; nothing is stored."""
    answer = client.send("POST", "/api/nodes", {"data": node("root", "b")})

    assert answer.status_code == 400
    assert answer.json["errors"][0]["source"] == {"pointer": "/data/relationships/root/data"}
    assert client.get("/api/nodes").json["meta"]["total"] == 0


@pytest.mark.parametrize(
    ("verb", "members"),
    [("update", ["2"]), ("remove", ["1"]), ("add", ["1"])],
    ids=["replace", "remove", "add"],
)
def test_members_are_those_of_the_moment(shop_everywhere: Shop, verb: str, members: list[str]) -> None:
    """A-4.2: what left a new resource by an operation in between is no member of it any more, and stays where it is."""
    publisher = {"type": "publishers", "lid": "p"}
    books = [{"type": "books", "id": one} for one in ("1", "2")]
    elsewhere = {"type": "publishers", "id": "3"}
    new = {**publisher, "attributes": {"name": "New"}, "relationships": {"books": {"data": books}}}
    given = [one for one in books if one["id"] in members]
    operations = [
        {"op": "add", "data": new},
        {"op": "update", "ref": {**books[0], "relationship": "publisher"}, "data": elsewhere},
        {"op": verb, "ref": {**publisher, "relationship": "books"}, "data": given},
    ]

    answer = shop_everywhere.client.send(
        "POST",
        "/api/operations",
        {"atomic:operations": operations},
        content_type=f'application/vnd.api+json;ext="{ATOMIC}"',
    )

    assert answer.status_code == 200, answer.text
    found = shop_everywhere.get("/api/books/1/relationships/publisher").json["data"]
    new_id = answer.json["atomic:results"][0]["data"]["id"]
    assert found == ({"type": "publishers", "id": new_id} if verb == "add" else elsewhere)


def test_a_new_resource_may_refer_to_itself(shop: Shop) -> None:
    """J-3.2.9: by its local id, as long as that stands for no other one."""
    itself = {"type": "categories", "lid": "a"}
    data = {**itself, "attributes": {"name": "loop"}, "relationships": {"parent": {"data": itself}}}

    answer = shop.client.send("POST", "/api/categories", {"data": data})

    assert answer.status_code == 201, answer.text
    made = answer.json["data"]
    assert made["relationships"]["parent"]["data"] == {"type": "categories", "id": made["id"]}
