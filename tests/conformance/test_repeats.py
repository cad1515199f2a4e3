"""One request sent several times at once, over real connections on every database: carried out once (T51)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, String, event, func, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker
from werkzeug.test import TestResponse

from conftest import JSONAPI
from flask_restless import APIManager, IdempotencyTable
from racing import at_once, several_connections


class Base(DeclarativeBase):
    pass


class Payment(Base):
    __tablename__ = "payment"
    id: Mapped[int] = mapped_column(primary_key=True)
    amount: Mapped[str] = mapped_column(String(20))


@dataclass
class Bank:
    """A served table of payments."""

    app: Flask
    engine: Engine
    store: IdempotencyTable

    def pay(self, key: str = "k", amount: str = "1.00") -> TestResponse:
        document = {"data": {"type": "payment", "attributes": {"amount": amount}}}
        headers = {"Idempotency-Key": key}
        client = self.app.test_client()
        return client.post("/api/payment", data=json.dumps(document), content_type=JSONAPI, headers=headers)

    def count(self) -> int:
        with self.engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(Payment)) or 0

    def kept(self) -> int:
        with self.engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(self.store.table)) or 0


@contextmanager
def held(model: type) -> Iterator[tuple[Event, Event]]:
    """Hold every insert inside the block until the second event is set; the first one tells that one has begun."""
    begun, go = Event(), Event()

    def wait(*_: Any) -> None:
        begun.set()
        assert go.wait(30)

    event.listen(model, "after_insert", wait)
    try:
        yield begun, go
    finally:
        go.set()
        event.remove(model, "after_insert", wait)


def open_bank(engine: Engine, **options: Any) -> Bank:
    store = IdempotencyTable(Base.metadata if not options else None, table_name=f"keys_{len(options)}", **options)
    Base.metadata.create_all(engine)
    store.create(engine)
    app = Flask(__name__)
    APIManager(app, session=sessionmaker(engine), idempotency=store).create_api(Payment, methods=["GET", "POST"])
    return Bank(app, engine, store)


@pytest.fixture(params=["sqlite", "sqlite-wal", "postgresql", "mariadb"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An engine whose connections are real ones."""
    with several_connections(request.param, tmp_path) as found:
        yield found


def test_of_equal_requests_at_once_one_is_carried_out(engine: Engine) -> None:
    """2.7: all others are told 409, or the one answer."""
    bank = open_bank(engine, hold=timedelta(minutes=1))
    answers: list[TestResponse] = []

    at_once(*[lambda: answers.append(bank.pay())] * 5)

    done = [one for one in answers if one.status_code == 201]
    assert {one.status_code for one in answers} <= {201, 409, 503}, [one.text for one in answers]
    assert len({one.data for one in done}) == 1
    assert sum("Idempotent-Replayed" not in one.headers for one in done) == 1
    assert bank.count() == 1
    assert bank.pay().data == done[0].data


def test_running_request_is_told_at_once(engine: Engine) -> None:
    """The second request does not wait for the first one's transaction."""
    bank = open_bank(engine, hold=timedelta(minutes=1))
    with held(Payment) as (begun, go):
        answers: list[TestResponse] = []
        thread = Thread(target=lambda: answers.append(bank.pay()))
        thread.start()
        assert begun.wait(30)

        start = time.monotonic()
        second = bank.pay()
        waited = time.monotonic() - start

        go.set()
        thread.join(30)
    assert second.status_code == 409
    assert second.json["errors"][0]["code"] == "request-in-progress"
    assert 1 <= int(second.headers["Retry-After"]) <= 5
    assert waited < 3
    assert answers[0].status_code == 201
    assert bank.pay().headers["Idempotent-Replayed"] == "true"


def test_key_of_a_crashed_request_is_free_again(engine: Engine) -> None:
    """A reservation that nobody gave up ends by itself."""
    bank = open_bank(engine, hold=timedelta(milliseconds=200))
    session = sessionmaker(engine)()
    bank.store.reserve("0" * 64, "1" * 64, session, {})
    claims = {type(bank.store.reserve("0" * 64, "1" * 64, session, {})).__name__}
    time.sleep(0.25)
    claims.add(type(bank.store.reserve("0" * 64, "2" * 64, session, {})).__name__)
    session.close()

    assert claims == {"Running", "Reserved"}


def test_request_that_lost_its_key_stores_nothing(engine: Engine) -> None:
    """One that outlives its reservation, and whose key somebody else took, is rolled back: never two of one."""
    bank = open_bank(engine, hold=timedelta(milliseconds=50))
    with held(Payment) as (begun, go):
        answers: list[TestResponse] = []
        thread = Thread(target=lambda: answers.append(bank.pay()))
        thread.start()
        assert begun.wait(30)
        time.sleep(0.1)
        rivals: list[TestResponse] = []
        rival = Thread(target=lambda: rivals.append(bank.pay()))
        rival.start()
        time.sleep(0.3)
        go.set()
        thread.join(30)
        rival.join(30)

    codes = sorted(one.status_code for one in (*answers, *rivals))
    assert codes in ([201, 409], [201, 503], [201, 201]), [one.text for one in (*answers, *rivals)]
    assert bank.count() == 1


def test_failure_between_change_and_commit_frees_the_key(engine: Engine) -> None:
    """Change and answer are stored together, or neither is."""
    bank = open_bank(engine, hold=timedelta(minutes=1))

    def fail(*_: Any) -> None:
        raise RuntimeError("crash")

    event.listen(Payment, "after_insert", fail)
    try:
        assert bank.pay().status_code == 500
    finally:
        event.remove(Payment, "after_insert", fail)

    assert (bank.count(), bank.kept()) == (0, 0)
    assert bank.pay().status_code == 201


def test_different_keys_do_not_meet(engine: Engine) -> None:
    bank = open_bank(engine, hold=timedelta(minutes=1))
    answers: list[int] = []

    at_once(*[partial(lambda key: answers.append(bank.pay(key, key).status_code), f"key{n}") for n in range(5)])

    assert set(answers) <= {201, 503}
    assert bank.count() == answers.count(201) >= 1


def test_expired_rows_are_purged(engine: Engine) -> None:
    bank = open_bank(engine, hold=timedelta(minutes=1))
    rows = [{"name": f"{n:064}", "fingerprint": "0" * 64, "token": "0" * 32, "expires": 1} for n in range(150)]
    with engine.begin() as connection:
        connection.execute(insert(bank.store.table), rows)

    assert bank.pay().status_code == 201

    assert bank.kept() == 51
