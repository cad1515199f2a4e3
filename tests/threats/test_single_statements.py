"""PostgreSQL commits a write along with its statement only where nothing that comes after it could refuse (T55)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import (
    JSON,
    Boolean,
    DateTime,
    Engine,
    Float,
    ForeignKey,
    Integer,
    Numeric,
    String,
    TypeDecorator,
    func,
    select,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, sessionmaker

from conftest import Shop, checked_client, fresh_database
from flask_restless import APIManager
from flask_restless.database.execution.straight import StraightWriting
from flask_restless.schema.types import codec_of


class Base(DeclarativeBase):
    """The models of these tests."""


class Loud(TypeDecorator[str]):
    """Reads by code of the application's own, which may raise."""

    impl = String
    cache_ok = True


class Whispered(String):
    """Has a codec of the application's own."""


class Pad(Base):
    __tablename__ = "pad"
    id: Mapped[int] = mapped_column(primary_key=True)
    colour: Mapped[str] = mapped_column(String(20), unique=True)


class Memo(Base):
    __tablename__ = "memo"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    made: Mapped[Any] = mapped_column(DateTime, server_default=text("'infinity'"))
    pad_id: Mapped[int | None] = mapped_column(ForeignKey("pad.id"))
    pad: Mapped[Pad | None] = relationship()


class Doomed(Base):
    """To make a row ends the connection."""

    __tablename__ = "doomed"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    gone: Mapped[bool | None] = mapped_column(Boolean, server_default=text("pg_terminate_backend(pg_backend_pid())"))


class Signed(Base):
    """The same; and SQLAlchemy itself has to run the statement, since it makes a default."""

    __tablename__ = "signed"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    by: Mapped[str] = mapped_column(String(9), default=lambda: "me")
    gone: Mapped[bool | None] = mapped_column(Boolean, server_default=text("pg_terminate_backend(pg_backend_pid())"))


TYPES: dict[str, tuple[Any, Any, bool]] = {
    "integer": (Integer, 1, True),
    "text": (String, "a", True),
    "moment": (DateTime, "2026-01-02T03:04:05", True),
    "zoned": (DateTime(timezone=True), "2026-01-02T03:04:05Z", False),
    "float": (Float, 1.5, False),
    "decimal": (Numeric(5, 2), "1.50", False),
    "json": (JSON, {"a": 1}, False),
    "decorated": (Loud, "a", False),
    "own": (Whispered, "a", False),
}
"""A type, a value, and whether that can be answered after the commit, by the name of a model."""

MODELS = {
    name: type(
        f"Of{name.title()}",
        (Base,),
        {
            "__tablename__": f"of_{name}",
            "id": mapped_column(Integer, primary_key=True),
            "value": mapped_column(type_, nullable=True),
            "note": mapped_column(Integer, nullable=True),
        },
    )
    for name, (type_, _, _) in TYPES.items()
}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with fresh_database("postgresql") as engine:
        Base.metadata.create_all(engine)
        yield engine


@pytest.fixture(scope="module")
def shop(engine: Engine) -> Shop:
    app = Flask(__name__)
    session = sessionmaker(engine)
    own = replace(codec_of(String()), encode=str.upper)
    manager = APIManager(app, session=session, types={Whispered: own})
    for model in (Pad, Memo, Doomed, Signed, *MODELS.values()):
        manager.create_api(model, methods=["GET", "POST", "PATCH", "DELETE"])
    return Shop(app, manager, checked_client(app), engine, session)


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Note of each commit past the Session whether it came along with the statement."""
    noted: list[bool] = []
    commit = StraightWriting.commit

    def note(lane: StraightWriting) -> None:
        noted.append(lane.is_single)
        commit(lane)

    monkeypatch.setattr(StraightWriting, "commit", note)
    return noted


def send(shop: Shop, name: str, id_: str | None = None, pad: str | None = None, **attributes: Any) -> Any:
    data: dict[str, Any] = {"type": name, "attributes": attributes}
    if pad is not None:
        data["relationships"] = {"pad": {"data": {"type": "pad", "id": pad}}}
    if id_ is None:
        return shop.client.send("POST", f"/api/{name}", {"data": data})
    return shop.client.send("PATCH", f"/api/{name}/{id_}", {"data": data | {"id": id_}})


def known(shop: Shop, name: str, **attributes: Any) -> None:
    """Write once, so that the catalogue has been asked about the table's triggers."""
    assert send(shop, name, **attributes).status_code == 201


def stored(shop: Shop, model: Any) -> int:
    with shop.session() as session:
        return int(session.scalar(select(func.count()).select_from(model)) or 0)


@pytest.mark.parametrize("name", list(TYPES))
def test_only_what_is_sure_to_be_answered_is_committed_before(shop: Shop, commits: list[bool], name: str) -> None:
    """A moment is sure only if it was just written: what is there already may be infinite."""
    _, value, is_sure = TYPES[name]
    known(shop, f"of_{name}", value=value)
    commits.clear()

    made = send(shop, f"of_{name}", value=value)
    changed = send(shop, f"of_{name}", made.json["data"]["id"], value=value)
    without = send(shop, f"of_{name}", note=1)

    assert (made.status_code, changed.status_code, without.status_code) == (201, 200, 201)
    if is_sure:
        assert commits == [True, True, name != "moment"]
    assert is_sure or not any(commits)
    assert shop.get(f"/api/of_{name}/{made.json['data']['id']}").json["data"] == changed.json["data"]


def test_a_value_that_cannot_be_read_is_not_stored(shop: Shop, commits: list[bool]) -> None:
    known(shop, "memo", text="first", made="2026-01-02T03:04:05")
    before = stored(shop, Memo)
    commits.clear()

    answer = send(shop, "memo", text="no moment")

    assert answer.status_code == 400, answer.text
    assert commits == []
    assert stored(shop, Memo) == before


@pytest.mark.parametrize("name", ["doomed", "signed"])
def test_a_connection_that_is_lost_in_the_statement(shop: Shop, commits: list[bool], name: str) -> None:
    """T55: nobody knows whether a statement was stored that commits by itself."""
    known(shop, name, text="spared", gone=False)
    commits.clear()

    answer = send(shop, name, text="lost")

    assert answer.status_code == 503, answer.text
    (error,) = answer.json["errors"]
    assert (error["code"], error["meta"]) == ("unavailable", {"outcome": "unknown"})
    assert "Retry-After" not in answer.headers
    assert send(shop, name, text="spared", gone=False).status_code == 201
    assert commits == [True]


def test_what_is_refused_is_not_stored(shop: Shop, commits: list[bool]) -> None:
    """Constraints and related rows are looked at by the same statement; the connection goes on to be used."""
    known(shop, "pad", colour="red")
    known(shop, "memo", text="first", made="2026-01-02T03:04:05")
    pads, memos = stored(shop, Pad), stored(shop, Memo)
    commits.clear()

    assert send(shop, "pad", colour="red").status_code == 409
    assert send(shop, "memo", text="a", made="2026-01-02T03:04:05", pad="9999").status_code == 404
    assert send(shop, "pad", "9999", colour="blue").status_code == 404
    assert commits == []
    assert (stored(shop, Pad), stored(shop, Memo)) == (pads, memos)
    assert send(shop, "memo", text="b", made="2026-01-02T03:04:05", pad="1").status_code == 201
    assert commits == [True]


def test_the_connection_goes_back_as_it_came(shop: Shop, engine: Engine, commits: list[bool]) -> None:
    known(shop, "of_text", value="a")
    commits.clear()
    assert send(shop, "of_text", value="b").status_code == 201
    assert commits == [True]
    pooled = engine.raw_connection()
    driver: Any = pooled.driver_connection
    assert driver.autocommit is False
    pooled.close()
