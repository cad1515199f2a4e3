"""Options of the earlier JSON:API generations that are still what they were (lineage 1.3, 1.4, 3.10)."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker, validates

from conftest import CheckedClient, checked_client
from flask_restless import APIManager, IllegalArgumentError


class Base(DeclarativeBase):
    """The tables of this module."""


class Said(Exception):
    """What a validation library raised: a message, and nothing else."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Guest(Base):
    """Somebody with an age that is looked at, and a name that could be an id."""

    __tablename__ = "guests"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(40), unique=True)
    age: Mapped[int | None]

    @validates("age")
    def _check_age(self, key: str, age: int | None) -> int | None:
        if age is not None and age < 0:
            raise Said('Guest is not valid: [age: "Must be positive"]')
        if age is not None and age > 200:
            raise Said("nobody is that old")
        return age


def serve(engine: Engine, **options: Any) -> CheckedClient:
    """Serve guests."""
    Base.metadata.create_all(engine)
    app = Flask(__name__)
    APIManager(app, session=sessionmaker(engine)).create_api(Guest, methods=["GET", "POST"], **options)
    return checked_client(app)


def test_an_id_that_is_no_part_of_the_key(sqlite: Engine) -> None:
    """1.4: NG wanted to be asked; whoever says no is heeded."""
    with pytest.raises(IllegalArgumentError, match="'name', which is no part of the primary key of Guest"):
        serve(sqlite, primary_key="name", allow_non_primary_key_id=False)

    assert serve(sqlite, primary_key="id", allow_non_primary_key_id=False).get("/api/guests").status_code == 200
    assert serve(sqlite, primary_key="name").get("/api/guests").status_code == 200


@pytest.mark.parametrize(
    ("age", "detail", "source"),
    [(-1, "age: Must be positive", {"pointer": "/data/attributes/age"}), (300, "nobody is that old", None)],
)
def test_fields_in_messages_of_validations(sqlite: Engine, age: int, detail: str, source: Any) -> None:
    """3.10: an error for the field that a message names at its end, as savalidation wrote them."""
    client = serve(sqlite, validation_exceptions=[Said])

    answer = client.send("POST", "/api/guests", {"data": {"type": "guests", "attributes": {"age": age}}})

    (error,) = answer.json["errors"]
    assert (answer.status_code, error["title"], error["detail"]) == (400, "Validation error", detail)
    assert error.get("source") == source


def test_no_prefix_means_that_of_the_manager(sqlite: Engine) -> None:
    """1.3: `url_prefix=None` was the default; 0.17 took it for the root, so it has to be said there."""
    Base.metadata.create_all(sqlite)
    app = Flask(__name__)
    manager = APIManager(app, session=sessionmaker(sqlite), url_prefix="/v1")

    manager.create_api(Guest, url_prefix=None)

    assert checked_client(app).get("/v1/guests").status_code == 200
    with pytest.raises(IllegalArgumentError, match="or ''"):
        manager.create_api(Guest, url_prefix=None, protocol="classic")
