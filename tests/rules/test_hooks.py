"""Hooks around an operation: what they see, in which order, and how each kind of failure in them ends (T52, T53)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from flask import abort
from sqlalchemy import Engine, event, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from conftest import JSONAPI, Shop
from flask_restless import Hooks, IllegalArgumentError, ProcessingException
from flask_restless.demo.models import Publisher, Tag
from flask_restless.operations.filters import Comparison
from flask_restless.operations.operation import Assignment, Create, Delete, Fetch, Relate, Update
from flask_restless.operations.operators import OPERATORS
from flask_restless.operations.outcome import Fetched, Written
from ruled import fill, serve

ATOMIC = f'{JSONAPI};ext="https://jsonapi.org/ext/atomic"'
TAG = {"data": {"type": "tags", "attributes": {"name": "hooked"}}}


@pytest.fixture
def session(sqlite: Engine) -> sessionmaker[Session]:
    return fill(sqlite)


def _stored(session: Any) -> bool:
    with session() as fresh:
        return fresh.scalar(select(Tag).where(Tag.name == "hooked")) is not None


def test_hooks_see_every_kind_of_operation(sqlite: Engine, session: sessionmaker[Session]) -> None:
    seen: list[Any] = []
    hooks = Hooks(before=lambda operation: seen.append(type(operation)), after=lambda *given: seen.append(given[1]))
    shop = serve(sqlite, session, {Tag: {"hooks": hooks}})

    shop.get("/api/tags")
    id_ = shop.client.send("POST", "/api/tags", TAG).json["data"]["id"]
    shop.client.send("PATCH", f"/api/tags/{id_}", {"data": {"type": "tags", "id": id_, "attributes": {"name": "x"}}})
    shop.client.send("POST", f"/api/tags/{id_}/relationships/books", {"data": [{"type": "books", "id": "1"}]})
    shop.client.delete(f"/api/tags/{id_}")

    kinds = [one if isinstance(one, type) else type(one) for one in seen]
    assert kinds == [Fetch, Fetched, Create, Written, Update, Written, Relate, Written, Delete, Written]


def test_the_manager_s_hooks_stand_outside(sqlite: Engine, session: sessionmaker[Session]) -> None:
    """First before, last after."""
    order: list[str] = []

    def named(name: str) -> Hooks:
        return Hooks(before=[lambda _: order.append(f"{name} before")], after=lambda *_: order.append(f"{name} after"))

    shop = serve(sqlite, session, {Tag: {"hooks": named("tag")}}, hooks=named("all"))

    shop.get("/api/tags")
    assert order == ["all before", "tag before", "tag after", "all after"]
    order.clear()
    shop.get("/api/publishers")
    assert order == ["all before", "all after"]


def test_a_hook_may_change_the_operation(sqlite: Engine, session: sessionmaker[Session]) -> None:
    """It returns another operation of the same kind: here one more condition, one more value."""

    def only_founded(operation: Any) -> Any:
        resource = operation.selection.resource
        condition = Comparison(resource.attributes["founded"], OPERATORS["gt"], 1900)
        return replace(operation, selection=replace(operation.selection, filter=condition))

    def stamped(operation: Any) -> Any:
        if not isinstance(operation, Create):
            return None
        attribute = operation.resource.unlisted("website")
        return replace(operation, assignments=(*operation.assignments, Assignment(attribute, "https://stamped")))

    shop = serve(sqlite, session, {Publisher: {"hooks": Hooks(before=stamped), "exclude": ["website"]}})
    filtered = serve(sqlite, session, {Publisher: {"hooks": Hooks(before=only_founded)}})

    created = shop.client.send("POST", "/api/publishers", {"data": {"type": "publishers", "attributes": {"name": "x"}}})
    founded = [one["attributes"]["founded"] for one in filtered.get("/api/publishers").json["data"]]

    with session() as fresh:
        assert fresh.get(Publisher, int(created.json["data"]["id"])).website == "https://stamped"
    assert founded
    assert all(one > 1900 for one in founded)


def test_a_batch_has_the_hooks_of_each_of_its_writes(sqlite: Engine, session: sessionmaker[Session]) -> None:
    """Once for each write, with its own outcome; a veto of the last undoes the first."""
    seen: list[Any] = []

    def veto(operation: Any, outcome: Any) -> None:
        seen.append(outcome.rows.rows[0])
        if len(seen) == 2:
            raise ProcessingException(detail="not that one", status=409)

    shop = serve(sqlite, session, {Tag: {"hooks": Hooks(after=veto)}})
    adds = [{"op": "add", "data": {"type": "tags", "attributes": {"name": name}}} for name in ("hooked", "other")]

    answer = shop.client.post("/api/operations", data=json.dumps({"atomic:operations": adds}), content_type=ATOMIC)

    assert answer.status_code == 409
    assert len(seen) == 2
    assert not _stored(session)


FAILURES = {
    "processing": (lambda: ProcessingException(detail="no", status=402), 402),
    "abort": (lambda: abort(403), 403),
    "teapot": (lambda: abort(418), 418),
    "key": (lambda: KeyError("secret words"), 500),
    "database": (lambda: OperationalError("SELECT secret", {}, Exception("secret")), 500),
    "type": (lambda: TypeError("secret words"), 500),
}


@pytest.mark.parametrize("stage", ["before", "after"])
@pytest.mark.parametrize("kind", sorted(FAILURES))
@pytest.mark.parametrize("shared", [False, True], ids=["own session", "scoped session"])
def test_a_failure_undoes_everything_and_leaves_the_session_clean(
    sqlite: Engine, session: sessionmaker[Session], stage: str, kind: str, shared: bool
) -> None:
    """T53, T54: rollback, the right status, nothing told of what is inside, and the next request works."""
    make, status = FAILURES[kind]

    def fail(*_: Any) -> None:
        raise make()

    source = scoped_session(session) if shared else session
    shop = serve(sqlite, source, {Tag: {"hooks": Hooks(**{stage: fail})}})

    answer = shop.client.send("POST", "/api/tags", TAG)

    assert answer.status_code == status
    assert "secret" not in answer.text
    assert not _stored(session)
    if status == 500:
        assert answer.json["errors"][0]["id"]
    assert shop.get("/api/publishers").status_code == 200
    if shared:
        assert not source().in_transaction()


def test_after_stands_between_flush_and_commit(sqlite: Engine, session: sessionmaker[Session]) -> None:
    order: list[str] = []
    event.listen(session, "after_flush", lambda *_: order.append("flush"))
    event.listen(session, "after_commit", lambda *_: order.append("commit"))
    shop = serve(sqlite, session, {Tag: {"hooks": Hooks(after=lambda *_: order.append("hook"))}})

    shop.client.send("POST", "/api/tags", TAG)

    assert order == ["flush", "hook", "commit"]


def test_a_hook_that_gives_another_kind_of_operation_is_a_defect(
    sqlite: Engine, session: sessionmaker[Session]
) -> None:
    shop: Shop = serve(sqlite, session, {Tag: {"hooks": Hooks(before=lambda _: "nonsense")}})

    assert shop.get("/api/tags").status_code == 500


def test_wrong_hooks_are_refused_at_registration(sqlite: Engine, session: sessionmaker[Session]) -> None:
    with pytest.raises(IllegalArgumentError, match="takes functions"):
        Hooks(before=[1])
    with pytest.raises(IllegalArgumentError, match="Hooks value"):
        serve(sqlite, session, {Tag: {"hooks": print}})
    with pytest.raises(IllegalArgumentError, match="Hooks value"):
        serve(sqlite, session, {}, hooks=print)
