"""What holds without any rule: an API shows and takes no more than it was told to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from conftest import CheckedClient, checked_client, fresh_database
from flask_restless import APIManager
from flask_restless.demo.models import Book
from ruled import METHODS, fill

Filled = tuple[Engine, sessionmaker[Session]]


@pytest.fixture(scope="module")
def filled() -> Iterator[Filled]:
    with fresh_database("sqlite") as engine:
        yield engine, fill(engine)


def _books(filled: Filled, **options: Any) -> CheckedClient:
    """Serve books alone."""
    app = Flask("defaults")
    APIManager(app, session=filled[1]).create_api(Book, **options)
    return checked_client(app)


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/api/books", "/api/books/1", "/api/operations"])
def test_get_is_all_that_is_served(filled: Filled, method: str, path: str) -> None:
    """T17, OWASP 5: nothing can be written unless the methods say so."""
    client = _books(filled)
    document = {"data": {"type": "books", "id": "1", "attributes": {"title": "x"}}}

    assert client.send(method, path, document).status_code == (404 if path == "/api/operations" else 405)
    assert client.get("/api/books/1").json["data"]["attributes"]["title"] != "x"


@pytest.mark.parametrize(
    "query",
    [
        "filter[NAME]=1",
        "filter[NAME][gt]=1",
        "filter[objects]=" + quote('[{"name":"NAME","op":"like","val":"p%"}]'),
        "filter[objects]=" + quote('[{"name":"NAME","op":"is_null"}]'),
        "filter[objects]=" + quote('[{"or":[{"not":{"name":"NAME","op":"in","val":[1]}}]}]'),
        "filter[objects]=" + quote('[{"name":"pages","op":"eq","field":"NAME"}]'),
        "filter[authors.NAME]=1",
        "sort=NAME",
        "sort=-authors.NAME",
        "include=NAME",
        "fields[books]=NAME",
    ],
)
def test_a_hidden_name_is_answered_like_an_unknown_one(filled: Filled, query: str) -> None:
    """T01 to T04: byte for byte, but for the name itself."""
    client = _books(filled, exclude=["stock"])

    answers = [client.get(f"/api/books?{query.replace('NAME', name)}") for name in ("stock", "stoke")]

    assert [one.status_code for one in answers] == [400, 400]
    assert answers[0].text == answers[1].text.replace("stoke", "stock")


@pytest.mark.parametrize(
    "query",
    [
        "include=publisher",
        "sort=publisher.name",
        "filter[publisher.name]=x",
        "filter[publisher]=1",
        "filter[objects]=" + quote('[{"name":"publisher","op":"has","val":{"name":"name","op":"eq","val":"x"}}]'),
        "filter[objects]=" + quote('[{"count":"tags","op":"gt","val":1}]'),
        "fields[publishers]=name",
    ],
)
def test_a_model_without_an_api_cannot_be_reached(filled: Filled, query: str) -> None:
    """T02, T04: over no path of another resource; not even its ids are told."""
    client = _books(filled)

    assert client.get(f"/api/books?{query}").status_code == 400
    assert client.get("/api/books/1/publisher").status_code == 404
    assert client.get("/api/books/1/relationships/publisher").status_code == 404
    assert "publisher" not in client.get("/api/books/1").text


@pytest.mark.parametrize(
    "name",
    [
        *("id", "publisher_id", "shelf_level", "created_at_", "__dict__", "_sa_instance_state", "metadata", "registry"),
        *("headline", "citation", "available", "tag_names", "stock", "__class__", "query", "publisher"),
    ],
)
@pytest.mark.parametrize("method", ["PATCH", "POST"])
def test_no_attribute_is_assigned_that_is_not_meant_to_be(filled: Filled, method: str, name: str) -> None:
    """T11: keys, foreign keys, computed and hidden attributes, and all else that the class has."""
    client = _books(filled, methods=METHODS, exclude=["stock"])
    before = client.get("/api/books?page[size]=100").data
    document: Any = {"data": {"type": "books", "attributes": {"title": "x", "price": "1.00", name: 3}}}
    document["data"] |= {"id": "1"} if method == "PATCH" else {}

    answer = client.send(method, "/api/books/1" if method == "PATCH" else "/api/books", document)

    assert answer.status_code in (400, 403)
    assert client.get("/api/books?page[size]=100").data == before


@pytest.mark.parametrize("name", ["citation", "_sa_class_manager", "metadata", "registry", "__init__", "_check_pages"])
def test_methods_and_private_attributes_are_no_fields(filled: Filled, name: str) -> None:
    """T09: names come from the mapping, never from the class."""
    client = _books(filled)

    assert name not in client.get("/api/books/1").json["data"]["attributes"]
    for query in (f"fields[books]={name}", f"sort={name}", f"filter[{name}]=1", f"filter[title][{name}]=1"):
        assert client.get(f"/api/books?{query}").status_code == 400


@pytest.mark.parametrize("callback", ["callback", "jsonp"])
def test_jsonp_is_not_served(filled: Filled, callback: str) -> None:
    """T14."""
    answer = _books(filled).get(f"/api/books?{callback}=alert")

    assert answer.status_code == 400
    assert "javascript" not in answer.headers["Content-Type"]
