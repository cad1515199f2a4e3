"""Signals of changes: after the commit, one for each row, with what has changed; never after a rollback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session, sessionmaker

from conftest import JSONAPI
from flask_restless import Hooks, ProcessingException, signals
from flask_restless.demo.models import Book, Tag
from ruled import fill, serve

ATOMIC = f'{JSONAPI};ext="https://jsonapi.org/ext/atomic"'


@pytest.fixture
def session(sqlite: Engine) -> sessionmaker[Session]:
    return fill(sqlite)


@contextmanager
def heard(manager: Any) -> Iterator[list[Any]]:
    """Collect the signals of a manager."""
    found: list[Any] = []

    def receiver_of(word: str) -> Any:
        return lambda sender, **given: found.append((word, given["resource"].name, given["id"], given["changes"]))

    receivers = {
        signals.created: receiver_of("created"),
        signals.updated: receiver_of("updated"),
        signals.deleted: receiver_of("deleted"),
    }
    for signal, receiver in receivers.items():
        signal.connect(receiver, sender=manager)
    try:
        yield found
    finally:
        for signal, receiver in receivers.items():
            signal.disconnect(receiver, sender=manager)


def test_each_kind_of_change_is_told_with_its_change_set(sqlite: Engine, session: sessionmaker[Session]) -> None:
    shop = serve(sqlite, session, {})
    with heard(shop.manager) as found:
        created = shop.client.send("POST", "/api/tags", {"data": {"type": "tags", "attributes": {"name": "fresh"}}})
        id_ = created.json["data"]["id"]
        changed = {"data": {"type": "tags", "id": id_, "attributes": {"name": "newer"}}}
        shop.client.send("PATCH", f"/api/tags/{id_}", changed)
        shop.client.send("PATCH", f"/api/tags/{id_}", changed)
        shop.client.delete(f"/api/tags/{id_}")
        shop.get("/api/tags")

    assert found == [
        ("created", "tags", id_, {"name": (None, "fresh")}),
        ("updated", "tags", id_, {"name": ("fresh", "newer")}),
        ("deleted", "tags", id_, {"id": (int(id_), None), "name": ("newer", None)}),
    ]


def test_relationships_are_changes(sqlite: Engine, session: sessionmaker[Session]) -> None:
    shop = serve(sqlite, session, {})
    with session() as fresh:
        before = {tag.id for tag in fresh.get(Book, 1).tags}
        fresh_id = fresh.scalar(select(Tag.id).where(Tag.id.not_in(before)))
    with heard(shop.manager) as found:
        link = {"data": [{"type": "tags", "id": str(fresh_id)}]}
        shop.client.send("POST", "/api/books/1/relationships/tags", link)
        shop.client.send("PATCH", "/api/books/1/relationships/publisher", {"data": None})

    assert [one[:3] for one in found if one[1] == "books"] == [("updated", "books", "1")] * 2
    gone, came = found[0][3]["tags"]
    assert (gone, came) == ((), (str(fresh_id),))
    assert found[-1][3]["publisher_id"][1] is None


def test_a_batch_sends_one_for_each_row_after_the_commit(sqlite: Engine, session: sessionmaker[Session]) -> None:
    shop = serve(sqlite, session, {})
    order: list[str] = []
    event.listen(session, "after_commit", lambda *_: order.append("commit"))
    adds = [{"op": "add", "data": {"type": "tags", "attributes": {"name": name}}} for name in ("a1", "a2", "a3")]

    def receive(sender: Any, **_: Any) -> None:
        assert sender is shop.manager
        order.append("signal")

    signals.created.connect(receive, sender=shop.manager)
    shop.client.post("/api/operations", data=json.dumps({"atomic:operations": adds}), content_type=ATOMIC)
    signals.created.disconnect(receive, sender=shop.manager)

    assert order == ["commit", "signal", "signal", "signal"]


def test_nothing_is_told_of_what_was_undone(sqlite: Engine, session: sessionmaker[Session]) -> None:
    """T52: neither by a veto, nor by the database, nor to the receivers of another manager."""

    def veto(*_: Any) -> None:
        raise ProcessingException(detail="no")

    shop = serve(sqlite, session, {Tag: {"hooks": Hooks(after=veto)}})
    other = serve(sqlite, session, {})
    data = {"data": {"type": "tags", "attributes": {"name": "fresh"}}}
    with heard(shop.manager) as found:
        assert shop.client.send("POST", "/api/tags", data).status_code == 400
        twice = {"data": {"type": "publishers", "attributes": {"name": "Twice"}}}
        assert other.client.send("POST", "/api/publishers", twice).status_code == 201
        assert shop.client.send("POST", "/api/publishers", twice).status_code == 409

    assert found == []


def test_savepoints_that_were_undone_are_not_told(sqlite: Engine, session: sessionmaker[Session]) -> None:
    """The application's own savepoints: what was inside is not told, what was around is."""
    from flask_restless.signals import recorded

    shop = serve(sqlite, session, {})
    (tags,) = (one for one in shop.manager.resources if one.name == "tags")
    with session() as work, recorded(work, tags) as recorder:
        work.add(Tag(name="outside"))
        work.flush()
        nested = work.begin_nested()
        work.add(Tag(name="inside"))
        work.flush()
        nested.rollback()
        with work.begin_nested():
            work.add(Tag(name="kept"))
        assert recorder.committed == []
        work.commit()

    assert [changes["name"][1] for *_, changes in recorder.committed] == ["outside", "kept"]


def test_nothing_is_recorded_when_nobody_listens(
    sqlite: Engine, session: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = serve(sqlite, session, {})
    monkeypatch.delattr(signals.Recorder, "flushed")

    answer = shop.client.send("POST", "/api/tags", {"data": {"type": "tags", "attributes": {"name": "fresh"}}})

    assert answer.status_code == 201
