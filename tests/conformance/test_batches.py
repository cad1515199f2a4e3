"""Batches on every database: like operations together, with the same effects and answers as one by one."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, String, TypeDecorator, event, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from conftest import Shop, fresh_database, open_shop
from flask_restless import APIManager
from flask_restless.demo import models
from operations_url import add, names, send
from slow import served


def category(parent: str | None = None, **attributes: Any) -> dict[str, Any]:
    data: dict[str, Any] = {"type": "categories", "attributes": attributes}
    if parent is not None:
        data["relationships"] = {"parent": {"data": {"type": "categories", "id": parent}}}
    return {"op": "add", "data": data}


def test_the_database_refuses_one_of_many(shop_everywhere: Shop) -> None:
    """A-4.3, A-5.2: it is told which one, and at which attribute."""
    before = names(shop_everywhere)
    taken = next(iter(before))

    answer = send(shop_everywhere, add("a"), add("b"), add(taken), add("c"))

    assert answer.status_code == 409
    assert answer.json["errors"][0]["source"] == {"pointer": "/atomic:operations/2/data/attributes/name"}
    assert names(shop_everywhere) == before


def test_the_database_refuses_one_of_its_kind(shop_everywhere: Shop) -> None:
    """A-5.2."""
    taken = next(iter(names(shop_everywhere)))

    answer = send(shop_everywhere, category(name="x"), add(taken))

    assert answer.status_code == 409
    assert answer.json["errors"][0]["source"] == {"pointer": "/atomic:operations/1/data/attributes/name"}


def test_two_of_a_batch_that_cannot_both_be(shop_everywhere: Shop) -> None:
    answer = send(shop_everywhere, add("twin"), add("other"), add("twin"))

    assert answer.status_code == 409
    assert answer.json["errors"][0]["source"] == {"pointer": "/atomic:operations/2/data/attributes/name"}
    assert not names(shop_everywhere) & {"twin", "other"}


def test_every_missing_target_is_told(shop_everywhere: Shop) -> None:
    """J-5.1.13: before anything is inserted."""
    with shop_everywhere.counted() as statements:
        answer = send(shop_everywhere, *[category(id_, name="x") for id_ in ("99998", "1", "99999")])

    assert answer.status_code == 404
    assert [one["source"]["pointer"] for one in answer.json["errors"]] == [
        f"/atomic:operations/{number}/data/relationships/parent/data" for number in (0, 2)
    ]
    assert not any(text.startswith("INSERT") for text in statements.texts)


def test_what_is_missing_is_told_of_every_operation(shop_everywhere: Shop) -> None:
    answer = send(shop_everywhere, category(position=1), category(position=2))

    assert answer.status_code == 422
    assert [one["source"]["pointer"] for one in answer.json["errors"]] == [
        "/atomic:operations/0/data",
        "/atomic:operations/1/data",
    ]


def test_a_run_takes_few_statements(shop_everywhere: Shop) -> None:
    """One test for all that it refers to, one select to read it back; inserts go as the database lets them."""
    with shop_everywhere.counted() as statements:
        answer = send(shop_everywhere, *[category("1", name=f"category {number}") for number in range(200)])

    assert answer.status_code == 200
    assert sum(text.startswith("SELECT") for text in statements.texts) == 2
    if shop_everywhere.engine.dialect.name == "postgresql":
        assert len(statements) <= 2 + 1


SPECIAL = st.sampled_from(["", "ä", "%", "'", '"', "\\", "\u2028", "line\nbreak"])
CATEGORIES = st.lists(
    st.fixed_dictionaries(
        {"name": st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=80) | SPECIAL},
        optional={"position": st.integers(-(2**15), 2**15 - 1)},
    ),
    min_size=2,
    max_size=6,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given=CATEGORIES, linked=st.booleans())
def test_rows_of_a_batch_are_those_of_single_requests(shop: Shop, given: list[dict[str, Any]], linked: bool) -> None:
    """Inserted together or one by one: the same resources, but for the ids."""
    operations = [category("1" if linked else None, **attributes) for attributes in given]
    together = [one["data"] for one in send(shop, *operations).json["atomic:results"]]
    single = [shop.client.send("POST", "/api/categories", {"data": one["data"]}).json["data"] for one in operations]

    assert [(one["attributes"], one["relationships"]["parent"].get("data")) for one in together] == [
        (one["attributes"], one["relationships"]["parent"].get("data")) for one in single
    ]
    assert all(shop.get(f"/api/categories/{one['id']}").json["data"] == one for one in together)


def never(*_arguments: Any) -> None:
    """Watch, and do nothing."""


WATCHERS: dict[str, Any] = {
    "before_insert": lambda: (models.Tag, "before_insert"),
    "after_insert": lambda: (models.Tag, "after_insert"),
    "init": lambda: (models.Tag, "init"),
    "attribute": lambda: (models.Tag.name, "set"),
}


@pytest.mark.parametrize("watcher", WATCHERS.values(), ids=WATCHERS)
def test_whoever_watches_instances_sees_every_one(shop: Shop, watcher: Any) -> None:
    """What is listened to takes the unit of work, in a batch too."""
    seen: list[Any] = []

    def watch(*arguments: Any, **_: Any) -> None:
        seen.append(arguments)

    event.listen(*watcher(), watch)
    try:
        assert send(shop, add("one"), add("two"), add("three")).status_code == 200
    finally:
        event.remove(*watcher(), watch)

    assert len(seen) == 3


def test_session_listeners_see_the_flush(shop: Shop) -> None:
    stored: list[Any] = []

    @event.listens_for(shop.session, "before_flush")
    def before_flush(session: Any, *_: Any) -> None:
        stored.extend(one.name for one in session.new)

    assert send(shop, add("one"), add("two")).status_code == 200

    assert sorted(stored) == ["one", "two"]


def test_defaults_are_made_for_every_row(shop_everywhere: Shop) -> None:
    """Python-side and server-side defaults alike."""
    results = send(shop_everywhere, category(name="a"), category(name="b")).json["atomic:results"]

    assert [one["data"]["attributes"]["position"] for one in results] == [0, 0]
    assert len({one["data"]["id"] for one in results}) == 2


def test_numbers_at_random(shop: Shop) -> None:
    """Once the greatest number is taken, SQLite tries others: their order tells nothing of that of the rows."""
    with shop.engine.begin() as connection:
        connection.execute(insert(models.Tag).values(id=2**63 - 1, name="last"))

    results = send(shop, *[add(f"tag {number}") for number in range(9)]).json["atomic:results"]

    assert [one["data"]["attributes"]["name"] for one in results] == [f"tag {number}" for number in range(9)]


KEEPING_OUT = {
    "sqlite": ["CREATE TRIGGER keep_out BEFORE INSERT ON tags WHEN new.name = 'out' BEGIN SELECT raise(IGNORE); END"],
    "postgresql": [
        """CREATE FUNCTION keep_out() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN IF new.name = 'out' THEN RETURN NULL; END IF; RETURN new; END $$""",
        "CREATE TRIGGER keep_out BEFORE INSERT ON tags FOR EACH ROW EXECUTE FUNCTION keep_out()",
    ],
}
"""By kind of database, what makes a trigger that keeps rows out."""


@pytest.mark.parametrize("kind", KEEPING_OUT)
def test_a_row_that_a_trigger_keeps_out(kind: str) -> None:
    """A-4.2: all or nothing, and never fewer results than operations."""
    with fresh_database(kind) as database:
        shop = open_shop(database)
        with database.begin() as connection:
            for one in KEEPING_OUT[kind]:
                connection.exec_driver_sql(one)

        assert send(shop, add("a"), add("out"), add("b")).status_code == 500
        assert not names(shop) & {"a", "b"}


class Own(DeclarativeBase):
    pass


class Picky(TypeDecorator[str]):
    """Has no form of an empty text."""

    impl = String(20)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        if value == "":
            raise ValueError("empty")
        return value


class Label(Own):
    __tablename__ = "label"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Picky)


def test_a_value_that_a_type_refuses(database: Engine) -> None:
    """It is SQLAlchemy that says so, as of a single row."""
    Own.metadata.create_all(database)
    shop = served(database, Label)
    adds = [{"op": "add", "data": {"type": "label", "attributes": {"text": one}}} for one in ("a", "", "b")]

    single = shop.client.send("POST", "/api/label", {"data": adds[1]["data"]}).json["errors"][0]
    several = send(shop, *adds).json["errors"][0]

    assert single["status"] == "500"
    assert single["detail"] == several["detail"]
    assert shop.get("/api/label").json["data"] == []


def test_ids_that_clients_choose(shop: Shop) -> None:
    """A-6.4: an id that is taken is a conflict at its operation."""
    app = Flask("ids")
    manager = APIManager(app, session=shop.session)
    manager.create_api(models.Format, methods=["GET", "POST"], allow_client_generated_ids=True)
    chosen = Shop(app, manager, shop.client, shop.engine, shop.session)
    taken = app.test_client().get("/api/formats").json["data"][0]["id"]

    def add_format(id_: str) -> dict[str, Any]:
        return {"op": "add", "data": {"type": "formats", "id": id_, "attributes": {"name": "New"}}}

    assert [one["data"]["id"] for one in send(chosen, add_format("b"), add_format("a")).json["atomic:results"]] == [
        "b",
        "a",
    ]
    answer = send(chosen, add_format("c"), add_format(taken))
    assert answer.status_code == 409
    assert answer.json["errors"][0]["source"] == {"pointer": "/atomic:operations/1/data/id"}


def test_validation_of_one_of_many(shop: Shop) -> None:
    """A-5.2: the application's own exception is told at the operation whose row it is about."""

    class Invalid(Exception):
        errors = {"name": "too loud"}

    def refuse(_mapper: Any, _connection: Any, tag: Any) -> None:
        if tag.name.isupper():
            raise Invalid

    app = Flask("validated")
    manager = APIManager(app, session=shop.session)
    manager.create_api(models.Tag, methods=["GET", "POST"], validation_exceptions=[Invalid])
    event.listen(models.Tag, "before_insert", refuse)
    try:
        answer = send(Shop(app, manager, shop.client, shop.engine, shop.session), add("a"), add("B"), add("c"))
    finally:
        event.remove(models.Tag, "before_insert", refuse)

    assert (answer.status_code, answer.json["errors"][0]["detail"]) == (400, "name: too loud")
    assert answer.json["errors"][0]["source"] == {"pointer": "/atomic:operations/1/data/attributes/name"}
    assert not names(shop) & {"a", "B", "c"}
