"""A moment that is set to what it is already is no change, also where the database keeps no time zones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from flask import Flask
from sqlalchemy import DateTime, Engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker, validates

from conftest import Shop, checked_client
from flask_restless import APIManager
from flask_restless.database.execution.moments import as_held

NOON = datetime(2024, 5, 1, 12, 0)


class Base(DeclarativeBase):
    pass


class Meeting(Base):
    """Written straight: no unit of work looks at it."""

    __tablename__ = "meetings"
    id: Mapped[int] = mapped_column(primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    moved: Mapped[int] = mapped_column(default=0, onupdate=1)


class Checked(Base):
    """Written by the unit of work, since there is a validator."""

    __tablename__ = "checked"
    id: Mapped[int] = mapped_column(primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    moved: Mapped[int] = mapped_column(default=0, onupdate=1)

    @validates("starts_at")
    def _check(self, _key: str, value: datetime) -> datetime:
        return value


@pytest.fixture
def served(database: Engine) -> Iterator[Shop]:
    Base.metadata.create_all(database)
    session = sessionmaker(database)
    with session.begin() as filling:
        filling.add_all([one(id=1, starts_at=NOON.replace(tzinfo=UTC)) for one in (Meeting, Checked)])
    app = Flask("meetings")
    manager = APIManager(app, session=session)
    for model in (Meeting, Checked):
        manager.create_api(model, methods=["GET", "PATCH"])
    yield Shop(app, manager, checked_client(app), database, session)
    Base.metadata.drop_all(database)


@pytest.mark.parametrize("type_", ["meetings", "checked"])
@pytest.mark.parametrize(
    ("given", "moved"),
    [
        pytest.param(None, 0, id="as it was sent"),
        pytest.param("2024-05-01T14:00:00+02:00", 0, id="in another zone"),
        pytest.param("2024-05-01T12:00:01Z", 1, id="another one"),
    ],
)
def test_the_same_moment_again(served: Shop, type_: str, given: str | None, moved: int) -> None:
    """J-5.2: who sends back what was fetched changes nothing, and calls no `onupdate`."""
    path = f"/api/{type_}/1"
    fetched = served.get(path).json["data"]["attributes"]["starts_at"]
    document = {"data": {"type": type_, "id": "1", "attributes": {"starts_at": given or fetched}}}

    answer = served.client.send("PATCH", path, document)

    assert answer.status_code == 200
    assert served.get(path).json["data"]["attributes"]["moved"] == moved


def test_a_version_is_not_counted_up_by_the_same_moment(shop_everywhere: Shop) -> None:
    """T50: others who hold the version are not told that somebody has changed the row."""
    before = shop_everywhere.get("/api/orders/1").json["data"]
    same = {"placed_at": before["attributes"]["placed_at"]}

    shop_everywhere.client.send("PATCH", "/api/orders/1", {"data": {"type": "orders", "id": "1", "attributes": same}})

    assert shop_everywhere.get("/api/orders/1").json["data"] == before


@pytest.mark.parametrize(
    ("held", "value", "same"),
    [
        (NOON, NOON.replace(tzinfo=UTC), True),
        (NOON, NOON.replace(tzinfo=UTC) + timedelta(seconds=1), False),
        (NOON, NOON.replace(tzinfo=timezone(timedelta(hours=2))), True),
        (NOON.replace(tzinfo=UTC), NOON.replace(tzinfo=UTC), False),
        (NOON, NOON, False),
        (None, NOON.replace(tzinfo=UTC), False),
        ("noon", "midnight", False),
    ],
)
def test_as_held(held: object, value: object, same: bool) -> None:
    """What is stored of a moment is its text without the zone, whatever the zone."""
    assert as_held(held, value) is (held if same else value)
