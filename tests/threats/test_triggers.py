"""Answers to writes show what is stored, whatever the database itself makes of a row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, String, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from conftest import JSONAPI, Shop
from flask_restless.database.execution import stillness
from racing import several_connections
from slow import served


class Base(DeclarativeBase):
    """The models of these tests."""


class Word(Base):
    __tablename__ = "word"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(20))
    loud: Mapped[str | None] = mapped_column(String(20))


TRIGGERS = {
    "sqlite": [
        (
            "CREATE TRIGGER louder_{0} AFTER {0} ON word WHEN NEW.loud IS NOT upper(NEW.text) "
            "BEGIN UPDATE word SET loud = upper(text) WHERE id = NEW.id; END"
        ),
    ],
    "postgresql": [
        (
            "CREATE OR REPLACE FUNCTION louder() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN UPDATE word SET loud = upper(text) WHERE id = NEW.id; RETURN NULL; END $$"
        ),
        (
            "CREATE TRIGGER louder_{0} AFTER {0} ON word FOR EACH ROW WHEN (pg_trigger_depth() = 0) "
            "EXECUTE FUNCTION louder()"
        ),
    ],
}


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    with several_connections(request.param, tmp_path) as engine:
        Base.metadata.create_all(engine)
        yield engine


def listen(engine: Engine) -> None:
    """Have the database change each row after it was written."""
    with engine.begin() as connection:
        for event in ("INSERT", "UPDATE"):
            for statement in TRIGGERS[engine.dialect.name]:
                connection.execute(text(statement.format(event)))


def word(value: str, id_: str | None = None) -> dict[str, Any]:
    return {"data": {"type": "word", "attributes": {"text": value}} | ({"id": id_} if id_ else {})}


def written(shop: Shop) -> list[Any]:
    """Give the loud words of the answers to a POST, a PATCH and a GET."""
    made = shop.client.send("POST", "/api/word", word("one")).json["data"]
    changed = shop.client.send("PATCH", f"/api/word/{made['id']}", word("two", made["id"])).json["data"]
    return [one["attributes"]["loud"] for one in (made, changed, shop.get(f"/api/word/{made['id']}").json["data"])]


def test_what_triggers_make_of_a_row_is_shown(engine: Engine) -> None:
    listen(engine)

    assert written(served(engine, Word)) == ["ONE", "TWO", "TWO"]


def test_a_trigger_that_comes_later_is_noticed(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while: the catalogue of PostgreSQL is not asked with each write."""
    shop = served(engine, Word)
    assert written(shop) == [None, None, None]

    monkeypatch.setattr(stillness, "monotonic", lambda: 1e12)
    listen(engine)

    assert written(shop) == ["ONE", "TWO", "TWO"]


GONE = {
    "sqlite": ["CREATE TRIGGER gone AFTER INSERT ON word BEGIN DELETE FROM word WHERE id = NEW.id; END"],
    "postgresql": [
        (
            "CREATE FUNCTION gone() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN DELETE FROM word WHERE id = NEW.id; RETURN NULL; END $$"
        ),
        "CREATE TRIGGER gone AFTER INSERT ON word FOR EACH ROW EXECUTE FUNCTION gone()",
    ],
}


def test_a_row_that_the_database_takes_away_again_is_no_500(engine: Engine) -> None:
    """T55: alone and among others."""
    with engine.begin() as connection:
        for statement in GONE[engine.dialect.name]:
            connection.execute(text(statement))
    shop = served(engine, Word)
    kind = f'{JSONAPI};ext="https://jsonapi.org/ext/atomic"'
    adds = {"atomic:operations": [{"op": "add", **word("one")}] * 3}

    alone = shop.client.send("POST", "/api/word", word("one"))
    together = shop.client.post("/api/operations", json=adds, content_type=kind, headers={"Accept": kind})

    assert (alone.status_code, together.status_code) == (403, 403), together.text
