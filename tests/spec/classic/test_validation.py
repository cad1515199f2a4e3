"""Chapter 2.13 of the classic contract: validation."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, validates

from classic_models import Invalid, Office, Person, open_office
from conftest import Shop
from flask_restless import APIManager


@pytest.fixture
def office(sqlite: Engine) -> Office:
    return open_office(sqlite, validation_exceptions=[Invalid])


@pytest.mark.parametrize(
    ("method", "path", "document"),
    [
        ("POST", "/api/person", {"name": "invalid"}),
        ("PATCH", "/api/person/1", {"name": "invalid"}),
        ("PUT", "/api/person/1", {"name": "invalid"}),
        ("POST", "/api/computer", {"owner": {"name": "invalid"}}),
        ("PATCH", "/api/computer/1", {"owner": {"id": 2, "name": "invalid"}}),
    ],
)
def test_errors_of_the_exception(office: Office, method: str, path: str, document: dict[str, Any]) -> None:
    """2.13: in POST and PATCH, relations and scalars; everything is rolled back"""
    response = office.send(method, path, document)

    assert (response.status_code, response.json) == (400, {"validation_errors": {"name": "is not a name"}})
    office.send("PATCH", "/api/person/3", {"age": 1})
    assert office.ids({"name": "name", "op": "eq", "val": "invalid"}) == []


def test_validation_of_a_deserializer(sqlite: Engine) -> None:
    """2.13: the application's own way of making an instance may refuse the data as well"""

    def make(data: dict[str, Any]) -> Person:
        return Person(name=data["name"])

    office = open_office(sqlite, Person, validation_exceptions=[Invalid], deserializer=make)

    response = office.send("POST", "/api/person", {"name": "invalid"})

    assert (response.status_code, response.json) == (400, {"validation_errors": {"name": "is not a name"}})
    assert office.send("POST", "/api/person", {"name": "valid"}).status_code == 201


class Base(DeclarativeBase):
    """The registry of the model below."""


class Told(Exception):
    """An exception that names a field in its message."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Silent(Exception):
    """An exception that tells nothing."""


class Listed(Exception):
    """An exception with several messages for a field."""

    errors = {"text": ["too short", "too dull"]}


class Note(Base):
    """Something that is never valid."""

    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str | None] = mapped_column(String(20))

    @validates("text")
    def _check(self, _key: str, value: str) -> str:
        raise {"told": Told('Validation failed [text: "is bad"]'), "silent": Silent("x"), "listed": Listed()}.get(
            value, Told(value)
        )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("told", {"text": "is bad"}),
        ("wrong [text: is bad]", {"text": "is bad"}),
        ("silent", "Could not determine specific validation errors"),
        ("nothing", "Could not determine specific validation errors"),
        ("listed", {"text": ["too short", "too dull"]}),
    ],
)
def test_what_an_exception_may_tell(sqlite: Engine, text: str, expected: Any) -> None:
    """2.13"""
    office = open_office(sqlite)
    Base.metadata.create_all(sqlite)
    office.manager.create_api(Note, methods=["POST"], validation_exceptions=[Told, Silent, Listed])

    response = office.send("POST", "/api/note", {"text": text})

    assert (response.status_code, response.json) == (400, {"validation_errors": expected})


def test_other_protocols_are_not_told_more(shop: Shop) -> None:
    """The exception itself stays inside"""
    Base.metadata.create_all(shop.engine)
    manager = APIManager(shop.app, session=shop.session, url_prefix="/notes")
    manager.create_api(Note, methods=["POST"], validation_exceptions=[Listed])

    response = shop.client.send("POST", "/notes/note", {"data": {"type": "note", "attributes": {"text": "listed"}}})

    assert [one["detail"] for one in response.json["errors"]] == ["text: too short; too dull"]
