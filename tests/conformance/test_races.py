"""Two clients at once, over real connections on every database: one wins, the other is told, nothing is lost (T50)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Column, Engine, ForeignKey, String, Table, create_engine, update
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, sessionmaker
from werkzeug.test import TestResponse

from conftest import JSONAPI
from flask_restless import APIManager
from racing import at_once, several_connections

ATOMIC = f'{JSONAPI};ext="https://jsonapi.org/ext/atomic"'
WRITERS, ROUNDS = 4, 5


class Base(DeclarativeBase):
    pass


class Plain(Base):
    """Without versions: the state is what is shown."""

    __tablename__ = "plain"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(default=0)
    name: Mapped[str] = mapped_column(String(20), default="x")


class Versioned(Base):
    __tablename__ = "versioned"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": version}


belonging = Table(
    "belonging",
    Base.metadata,
    Column("circle", ForeignKey("circle.id"), primary_key=True),
    Column("plain", ForeignKey("plain.id"), primary_key=True),
)


class Circle(Base):
    __tablename__ = "circle"
    id: Mapped[int] = mapped_column(primary_key=True)
    members: Mapped[list[Plain]] = relationship(secondary=belonging)


@pytest.fixture(params=["sqlite", "sqlite-wal", "postgresql", "mariadb"])
def clients(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], FlaskClient]]:
    """Give clients of one application, each for a thread of its own."""
    with several_connections(request.param, tmp_path) as engine:
        Base.metadata.create_all(engine)
        yield serve(engine)


def serve(engine: Engine, *, fill: bool = True) -> Callable[[], FlaskClient]:
    """Serve both models, with a row each; give what makes clients."""
    session = sessionmaker(engine)
    if fill:
        with session.begin() as filling:
            filling.add_all([*[Plain(id=number) for number in (1, 2, 3, 4)], Versioned(id=1), Circle(id=1)])
    app = Flask(__name__)
    manager = APIManager(app, session=session)
    for model in (Plain, Versioned, Circle):
        manager.create_api(model, methods=["GET", "PATCH", "DELETE"], allow_to_many_replacement=True)
    return app.test_client


def patch(client: FlaskClient, type_: str, number: int, tag: str | None) -> TestResponse:
    document = {"data": {"type": type_, "id": "1", "attributes": {"number": number}}}
    headers = {} if tag is None else {"If-Match": tag}
    return client.patch(f"/api/{type_}/1", data=json.dumps(document), content_type=JSONAPI, headers=headers)


def perform(client: FlaskClient, type_: str, number: int, tag: str) -> TestResponse:
    data = {"type": type_, "id": "1", "attributes": {"number": number}}
    body = {"atomic:operations": [{"op": "update", "data": data, "meta": {"ifMatch": tag}}]}
    return client.post("/api/operations", data=json.dumps(body), content_type=ATOMIC)


@pytest.mark.parametrize("write", [patch, perform])
@pytest.mark.parametrize("type_", ["plain", "versioned"])
def test_no_acknowledged_increment_is_lost(
    clients: Callable[[], FlaskClient], type_: str, write: Callable[..., TestResponse]
) -> None:
    """T50: each 200 is one increment; all others are 412, or 503 where a lock could not be had."""
    done: list[int] = []

    def count() -> None:
        client = clients()
        for _ in range(ROUNDS):
            seen = client.get(f"/api/{type_}/1")
            number = seen.json["data"]["attributes"]["number"]
            done.append(write(client, type_, number + 1, seen.headers["ETag"]).status_code)

    at_once(*[count] * WRITERS)

    assert set(done) <= {200, 412, 503}, done
    assert len(done) == WRITERS * ROUNDS
    assert done.count(200) >= 1
    assert clients().get(f"/api/{type_}/1").json["data"]["attributes"]["number"] == done.count(200)


@pytest.mark.parametrize("type_", ["plain", "versioned"])
def test_of_two_that_expect_the_same_state_one_wins(clients: Callable[[], FlaskClient], type_: str) -> None:
    """T50: exactly one."""
    for round_ in range(ROUNDS):
        tag = clients().get(f"/api/{type_}/1").headers["ETag"]
        answers: list[TestResponse] = []

        def change(number: int, tag: str = tag, answers: list[TestResponse] = answers) -> None:
            answers.append(patch(clients(), type_, number, tag))

        at_once(partial(change, round_ * 2 + 1), partial(change, round_ * 2 + 2))

        assert sorted(one.status_code for one in answers) == [200, 412], [one.text for one in answers]
        (winner,) = [one.json for one in answers if one.status_code == 200]
        assert clients().get(f"/api/{type_}/1").json["data"] == winner["data"]


def members(client: FlaskClient) -> list[str]:
    return sorted(one["id"] for one in client.get("/api/circle/1/relationships/members").json["data"])


@pytest.mark.parametrize("path", ["/api/circle/1/relationships/members", "/api/circle/1"])
def test_of_two_that_replace_the_members_one_holds(clients: Callable[[], FlaskClient], path: str) -> None:
    """T50: what is left is what one of them has asked for, and no mixture."""
    pairs = (["1", "2"], ["3", "4"])

    def replace(ids: list[str]) -> None:
        linkage: Any = {"data": [{"type": "plain", "id": one} for one in ids]}
        if path == "/api/circle/1":
            linkage = {"data": {"type": "circle", "id": "1", "relationships": {"members": linkage}}}
        answer = clients().patch(path, data=json.dumps(linkage), content_type=JSONAPI)
        assert answer.status_code in (200, 204), answer.text

    for _ in range(ROUNDS):
        clients().patch("/api/circle/1/relationships/members", data='{"data": []}', content_type=JSONAPI)
        at_once(*[partial(replace, ids) for ids in pairs * 2])
        assert members(clients()) in pairs


def test_members_that_several_add_at_once(clients: Callable[[], FlaskClient]) -> None:
    """J-5.3.6: to add what is there already is no mistake, whoever has added it."""
    statuses: list[int] = []

    def add() -> None:
        linkage = {"data": [{"type": "plain", "id": one} for one in "12"]}
        path = "/api/circle/1/relationships/members"
        statuses.append(clients().post(path, data=json.dumps(linkage), content_type=JSONAPI).status_code)

    for _ in range(ROUNDS):
        clients().patch("/api/circle/1/relationships/members", data='{"data": []}', content_type=JSONAPI)
        at_once(*[add] * WRITERS)

    assert set(statuses) == {204}
    assert members(clients()) == ["1", "2"]


def test_change_and_deletion(clients: Callable[[], FlaskClient]) -> None:
    """T50: who changes and who deletes cannot both be told that it went well on the same state."""
    tag = clients().get("/api/plain/1").headers["ETag"]
    answers: dict[str, Any] = {}

    at_once(
        lambda: answers.update(changed=patch(clients(), "plain", 1, tag).status_code),
        lambda: answers.update(deleted=clients().delete("/api/plain/1", headers={"If-Match": tag}).status_code),
    )

    assert (answers["changed"], answers["deleted"]) in {(200, 412), (404, 204)}


def test_lock_that_cannot_be_had(tmp_path: Path) -> None:
    """SQLite's one write lock: 503 with Retry-After, and nothing is written, neither lost."""
    engine = create_engine(f"sqlite:///{tmp_path}/locked.db", connect_args={"timeout": 0.1})
    Base.metadata.create_all(engine)
    client = serve(engine)().get
    tag = client("/api/plain/1").headers["ETag"]
    with engine.begin() as other:
        other.execute(update(Plain).values(number=7))
        answer = patch(serve(engine, fill=False)(), "plain", 1, tag)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")

    assert patch(serve(engine, fill=False)(), "plain", 1, tag).status_code == 412
    assert client("/api/plain/1").json["data"]["attributes"]["number"] == 7
    engine.dispose()


def test_versioned_rows_need_no_precondition(clients: Callable[[], FlaskClient]) -> None:
    """StaleDataError is 409; what is acknowledged is a version more each time."""
    before = clients().get("/api/versioned/1").json["data"]["meta"]["version"]
    done: list[int] = []

    def change(start: int) -> None:
        client = clients()
        for number in range(ROUNDS):
            done.append(patch(client, "versioned", start + number, None).status_code)

    at_once(*[partial(change, 100 * one) for one in range(1, WRITERS + 1)])

    assert set(done) <= {200, 409, 503}, done
    after = clients().get("/api/versioned/1").json["data"]["meta"]["version"]
    assert after - before == done.count(200)
