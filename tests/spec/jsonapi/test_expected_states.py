"""Preconditions that are demanded, hidden versions, and what operations of a batch expect (RFC 6585, 3; feature 10)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, ForeignKey, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, deferred, mapped_column, relationship, sessionmaker
from werkzeug.test import TestResponse

from conftest import CheckedClient, Shop, checked_client
from flask_restless import APIManager, DefaultSerializer

ATOMIC = 'application/vnd.api+json;ext="https://jsonapi.org/ext/atomic"'


def perform(client: CheckedClient, *operations: dict[str, Any]) -> TestResponse:
    return client.post("/api/operations", data=json.dumps({"atomic:operations": operations}), content_type=ATOMIC)


class Base(DeclarativeBase):
    pass


class Team(Base):
    __tablename__ = "team"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))


class Player(Base):
    __tablename__ = "player"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    notes: Mapped[str | None] = deferred(mapped_column(Text))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    version: Mapped[int] = mapped_column()
    team: Mapped[Team | None] = relationship()
    __mapper_args__ = {"version_id_col": version}


def serve(engine: Engine, **options: Any) -> CheckedClient:
    """Serve players with `options`, and teams; there is one of each."""
    Base.metadata.create_all(engine)
    session = sessionmaker(engine)
    with session.begin() as filling:
        filling.add(Player(id=1, name="Ada", team=Team(id=1, name="A")))
    app = Flask(__name__)
    manager = APIManager(app, session=session)
    manager.create_api(Player, methods=["GET", "POST", "PATCH", "DELETE"], **options)
    manager.create_api(Team, methods=["GET", "POST", "PATCH"])
    return checked_client(app)


ADA = {"data": {"type": "player", "id": "1", "attributes": {"name": "Bob"}}}


def test_precondition_can_be_demanded(sqlite: Engine) -> None:
    """RFC 6585, 3: 428 for every kind of write of what is there; creating needs none."""
    client = serve(sqlite, require_if_match=True)
    team = {"data": {"type": "team", "id": "1"}}

    for answer in (
        client.send("PATCH", "/api/player/1", ADA),
        client.send("PATCH", "/api/player/1", ADA, headers={"If-None-Match": '"x"'}),
        client.send("PATCH", "/api/player/1/relationships/team", team),
        client.delete("/api/player/1"),
    ):
        assert (answer.status_code, answer.json["errors"][0]["code"]) == (428, "precondition-required")
    assert client.send("PATCH", "/api/player/1", ADA, headers={"If-Match": '"1"'}).status_code == 200
    assert client.delete("/api/player/1", headers={"If-Match": "*"}).status_code == 204
    assert (
        client.send("POST", "/api/player", {"data": {"type": "player", "attributes": {"name": "C"}}}).status_code == 201
    )


def test_hidden_version_is_told_nowhere(sqlite: Engine) -> None:
    client = serve(sqlite, exclude=["version"])
    before = client.get("/api/player/1")
    assert "meta" not in before.json["data"]

    assert client.send("PATCH", "/api/player/1", ADA, headers={"If-Match": '"1"'}).status_code == 412
    late = client.send("PATCH", "/api/player/1", ADA, headers={"If-Match": '"x"'})
    assert "meta" not in late.json["errors"][0]
    assert client.send("PATCH", "/api/player/1", ADA, headers={"If-Match": before.headers["ETag"]}).status_code == 200


def test_version_is_told_with_a_serializer_of_the_applications_own(sqlite: Engine) -> None:
    client = serve(sqlite, serializer_class=DefaultSerializer)

    answer = client.get("/api/player/1")
    assert answer.json["data"]["meta"] == {"version": 1}
    assert answer.headers["ETag"].startswith('"1-')
    assert client.send("PATCH", "/api/player/1", ADA, headers={"If-Match": answer.headers["ETag"]}).status_code == 200


# ---------------------------------------------------------------- atomic operations


def update(**meta: Any) -> dict[str, Any]:
    return {"op": "update", "data": ADA["data"], "meta": meta}


@pytest.mark.parametrize("meta", [{"version": 1}, {"ifMatch": '"1"'}, {"ifMatch": "*"}, {"ifMatch": '"7", "1"'}])
def test_operation_expects_a_state(sqlite: Engine, meta: dict[str, Any]) -> None:
    client = serve(sqlite, require_if_match=True)

    assert perform(client, update(**meta)).status_code == 200


def test_batch_of_which_one_expects_another_state_stores_nothing(shop_everywhere: Shop) -> None:
    """Feature 10: the pointer leads to the operation, and every one is named."""
    note = {"type": "orders", "id": "1", "attributes": {"note": "from a batch"}}
    version = shop_everywhere.get("/api/orders/1").json["data"]["meta"]["version"]
    add = {"op": "add", "data": {"type": "tags", "attributes": {"name": "batched"}}}
    good = {"op": "update", "data": note, "meta": {"version": version}}
    late = {"op": "update", "data": note, "meta": {"version": version - 1}}
    remove = {"op": "remove", "ref": {"type": "tags", "id": "1"}, "meta": {"ifMatch": '"x"'}}

    answer = perform(shop_everywhere.client, add, good, late, remove)

    assert answer.status_code == 412
    found = [(one["code"], one["source"]["pointer"]) for one in answer.json["errors"]]
    assert found == [("precondition-failed", f"/atomic:operations/{number}") for number in (2, 3)]
    assert answer.json["errors"][0]["meta"] == {"version": version, "expectedVersion": version - 1}
    assert shop_everywhere.get("/api/orders/1").json["data"]["meta"]["version"] == version
    assert shop_everywhere.get("/api/tags?filter[name]=batched").json["data"] == []


def test_operations_on_one_resource_mean_its_state_before_the_batch(sqlite: Engine) -> None:
    client = serve(sqlite)

    answer = perform(client, update(version=1), update(ifMatch='"1"'))

    assert answer.status_code == 200
    assert perform(client, update(version=1)).status_code == 412


def test_demand_holds_for_operations(sqlite: Engine) -> None:
    client = serve(sqlite, require_if_match=True)
    made = {"op": "add", "data": {"type": "player", "lid": "p", "attributes": {"name": "P"}}}
    own = {
        "op": "update",
        "ref": {"type": "player", "lid": "p"},
        "data": {"type": "player", "attributes": {"name": "Q"}},
    }

    answer = perform(client, made, update())

    assert answer.status_code == 428
    assert answer.json["errors"][0]["source"] == {"pointer": "/atomic:operations/1"}
    assert perform(client, made, own).status_code == 200, "what the batch itself creates has no state to know"
    answer = perform(client, made, {**own, "meta": {"version": 1}})
    assert answer.status_code == 400
    assert answer.json["errors"][0]["source"] == {"pointer": "/atomic:operations/1/meta/version"}


@pytest.mark.parametrize(
    ("operation", "pointer"),
    [
        (update(ifMatch="1"), "/meta/ifMatch"),
        (update(ifMatch=1), "/meta/ifMatch"),
        (update(version=None), "/meta/version"),
        (update(version=True), "/meta/version"),
        (update(version=1, ifMatch="*"), "/meta"),
        (
            {"op": "add", "data": {"type": "team", "attributes": {"name": "B"}}, "meta": {"ifMatch": "*"}},
            "/meta/ifMatch",
        ),
        ({"op": "update", "data": {"type": "team", "id": "1"}, "meta": {"version": 1}}, "/meta/version"),
    ],
)
def test_malformed_expectations_of_operations(sqlite: Engine, operation: dict[str, Any], pointer: str) -> None:
    answer = perform(serve(sqlite), operation)

    assert answer.status_code == 400
    assert answer.json["errors"][0]["source"] == {"pointer": f"/atomic:operations/0{pointer}"}
