"""Serializers and deserializers of an application's own, as earlier generations hand them in (lineage 1.3, 1.4)."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from conftest import CheckedClient, Shop, checked_client
from flask_restless import (
    APIManager,
    DefaultDeserializer,
    DefaultSerializer,
    DeserializationException,
    IllegalArgumentError,
    MultipleExceptions,
    SerializationException,
    Serializer,
    serializer_for,
    simple_serialize,
    simple_serialize_many,
)
from flask_restless.demo.models import Author, Book, Publisher, Tag

WRITABLE = ["GET", "POST", "PATCH"]


def served(shop: Shop, **options: Any) -> CheckedClient:
    app = Flask("own objects")
    manager = APIManager(app, session=shop.session)
    manager.create_api(Book, methods=WRITABLE, **options)
    for model in (Author, Publisher, Tag):
        manager.create_api(model)
    return checked_client(app)


class Marked(DefaultSerializer):
    """As a subclass for the master generation is written: `serialize` gives the whole document."""

    def serialize(self, instance: Any, only: Any = None) -> dict[str, Any]:
        document = super().serialize(instance, only=only)
        document["data"].setdefault("attributes", {})["mark"] = f"book {instance.id}"
        return document


class MarkedObject(DefaultSerializer):
    """As a subclass for NG is written: `serialize` gives the resource object."""

    def serialize(self, instance: Any, only: Any = None) -> dict[str, Any]:
        resource = super().serialize(instance, only=only)
        resource.setdefault("attributes", {})["mark"] = f"book {instance.id}"
        return resource


class MarkedDump(DefaultSerializer):
    """The other point of change of the master generation."""

    def _dump(self, instance: Any, only: Any = None) -> dict[str, Any]:
        resource = super()._dump(instance, only)
        resource.setdefault("attributes", {})["mark"] = f"book {instance.id}"
        return resource


def mark(instance: Any, only: Any = None) -> dict[str, Any]:
    """As for 1.0.0b1: a plain function."""
    return {"type": "books", "id": "7000", "attributes": {"mark": f"book {instance.id}"}}


OWN: dict[str, dict[str, Any]] = {
    "class": {"serializer_class": Marked},
    "object": {"serializer": MarkedObject(Book, "books")},
    "dump": {"serializer_class": MarkedDump},
    "function": {"serializer": mark},
}


@pytest.mark.parametrize("options", OWN.values(), ids=OWN)
def test_own_serializer_is_used_everywhere(shop: Shop, options: dict[str, Any]) -> None:
    """C-9: in lists, searches, single resources, included and related ones, and in answers to writes."""
    client = served(shop, **options)
    wanted = {"data": {"type": "books", "id": "1", "attributes": {"title": "Marked"}}}

    listed = client.get("/api/books?filter[id]=1").json["data"]
    single = [client.get("/api/books/1").json["data"], client.send("PATCH", "/api/books/1", wanted).json["data"]]
    author = listed[0].get("relationships", {}).get("authors") or client.get("/api/books/1/authors").json["data"][0]
    related = client.get(f"/api/authors/{author['id']}/books").json["data"]
    included = client.get("/api/tags?include=books").json["included"]

    for one in (*listed, *single, *related, *included):
        assert one["attributes"]["mark"] == f"book {one['id']}"
        assert one["links"]["self"] == f"http://localhost/api/books/{one['id']}"


def test_default_serializer_writes_what_the_api_writes(shop: Shop) -> None:
    plain, own = (served(shop, exclude=["tag_names"], **one) for one in ({}, {"serializer_class": DefaultSerializer}))

    for path in ("/api/books/1", "/api/books?page[size]=5", "/api/books/1?include=authors,publisher"):
        expected, found = plain.get(path).json, own.get(path).json
        assert attributes_of(found) == attributes_of(expected)
        assert linkage_of(found) == linkage_of(expected)


def attributes_of(document: dict[str, Any]) -> list[Any]:
    data = document["data"]
    return [one["attributes"] for one in (data if isinstance(data, list) else [data])]


def linkage_of(document: dict[str, Any]) -> list[Any]:
    data = document["data"]
    return [
        {name: related["data"] for name, related in one["relationships"].items() if "data" in related}
        for one in (data if isinstance(data, list) else [data])
    ]


def test_only_what_a_fieldset_names_is_written(shop: Shop) -> None:
    """J-4.4.4."""
    data = served(shop, serializer_class=DefaultSerializer).get("/api/books/1?fields[books]=title").json["data"]

    assert set(data["attributes"]) == {"title"}
    assert "relationships" not in data


def test_statements_do_not_grow_with_the_page(shop: Shop) -> None:
    client = served(shop, serializer_class=DefaultSerializer, exclude=["tag_names"])
    counts = []
    for size in (2, 12):
        with shop.counted() as statements:
            client.get(f"/api/books?page[size]={size}&include=authors")
        counts.append(len(statements))

    assert counts[0] == counts[1] <= 3


def test_serializer_of_ng_is_narrowed_by_its_own_arguments(shop: Shop) -> None:
    serializer = DefaultSerializer(Book, "books", only=[Book.title, "publisher"], additional_attributes=["headline"])
    data = served(shop, serializer=serializer).get("/api/books/1").json["data"]

    assert set(data["attributes"]) == {"title", "headline"}
    assert set(data["relationships"]) == {"publisher"}
    assert set(serializer.attributes_columns) == {"title"}
    assert serializer.relationship_columns == ("publisher",)


def test_a_serializer_may_refuse(shop: Shop) -> None:
    class Refusing(Serializer):
        def serialize(self, instance: Any, only: Any = None) -> dict[str, Any]:
            raise SerializationException(instance, "the cover is missing")

    errors = served(shop, serializer=Refusing()).get("/api/books").json["errors"]

    assert [(one["status"], one["detail"]) for one in errors] == [("500", "the cover is missing")]


def test_what_is_no_serializer_is_refused_at_registration(shop: Shop) -> None:
    with pytest.raises(IllegalArgumentError, match=r"serialize\(instance, only=None\)"):
        served(shop, serializer="json")
    with pytest.raises(IllegalArgumentError, match="either serializer or serializer_class"):
        served(shop, serializer=mark, serializer_class=Marked)
    with pytest.raises(IllegalArgumentError, match=r"deserialize\(document\)"):
        served(shop, deserializer=7)


def test_serializers_outside_requests(shop: Shop) -> None:
    with shop.session() as session, shop.app.app_context():
        book, other = session.get(Book, 1), session.get(Book, 2)
        document = serializer_for(Book).serialize(book)
        simple = simple_serialize(book, only=["title"])

        assert document["attributes"]["title"] == book.title
        assert simple == {"type": "books", "id": "1", "attributes": {"title": book.title}}
        assert document["attributes"]["published_on"] == book.published_on.isoformat()
        assert [one["id"] for one in simple_serialize_many([book, other])] == ["1", "2"]
        whole = DefaultSerializer().serialize_many([book, other], only={"books": ["title"]})
        assert [one["attributes"] for one in whole["data"]] == [{"title": book.title}, {"title": other.title}]


# ---------------------------------------------------------------- deserializers


class Loud(DefaultDeserializer):
    def _extract_attributes(self, data: dict[str, Any]) -> dict[str, Any]:
        values = super()._extract_attributes(data)
        return values | {"title": values["title"].upper()}


def document_of(**members: Any) -> dict[str, Any]:
    return {"data": {"type": "books", "attributes": {"title": "soft", "price": "1.00"}, **members}}


def test_own_deserializer_makes_the_instance(shop: Shop) -> None:
    """The steps run in the transaction of the request, by the rules of the API."""
    client = served(shop, deserializer_class=Loud)
    publisher = client.get("/api/publishers").json["data"][0]["id"]
    tags = [{"type": "tags", "id": one["id"]} for one in client.get("/api/tags").json["data"][:2]]
    links = {"publisher": {"data": {"type": "publishers", "id": publisher}}, "tags": {"data": tags}}

    made = client.send("POST", "/api/books?include=tags,publisher", document_of(relationships=links))

    assert made.status_code == 201, made.text
    assert made.json["data"]["attributes"]["title"] == "SOFT"
    assert made.json["data"]["relationships"]["publisher"]["data"]["id"] == publisher
    assert made.json["data"]["relationships"]["tags"]["data"] == tags


WRONG: dict[str, tuple[dict[str, Any], int, str]] = {
    "no data": ({}, 400, ""),
    "null data": ({"data": None}, 400, "/data"),
    "no type": ({"data": {"attributes": {}}}, 400, "/data"),
    "wrong type": ({"data": {"type": "tags"}}, 409, "/data/type"),
    "client id": (document_of(id="9"), 403, "/data/id"),
    "unknown attribute": (document_of(attributes={"titel": "x"}), 400, "/data/attributes/titel"),
    "unknown relationship": (document_of(relationships={"autor": {}}), 400, "/data/relationships/autor"),
    "relationship without data": (document_of(relationships={"tags": {}}), 400, "/data/relationships/tags"),
    "no list": (document_of(relationships={"tags": {"data": None}}), 400, "/data/relationships/tags/data"),
    "value": (document_of(attributes={"title": 7}), 422, "/data/attributes/title"),
    "missing related": (
        document_of(relationships={"tags": {"data": [{"type": "tags", "id": "99999"}]}}),
        404,
        "/data/relationships/tags/data/0",
    ),
    "attributes no object": (document_of(attributes=[]), 400, "/data/attributes"),
}


@pytest.mark.parametrize(("document", "status", "pointer"), WRONG.values(), ids=WRONG)
def test_documents_the_default_deserializer_refuses(
    shop: Shop, document: dict[str, Any], status: int, pointer: str
) -> None:
    """The statuses of lineage 3.7; J-7.2.9."""
    client = served(shop, deserializer_class=DefaultDeserializer)
    before = client.get("/api/books").json["meta"]["total"]

    answer = client.send("POST", "/api/books", document)

    assert answer.status_code == status, answer.text
    assert answer.json["errors"][0]["source"] == {"pointer": pointer}
    assert client.get("/api/books").json["meta"]["total"] == before


def test_several_unknown_fields_are_told_together(shop: Shop) -> None:
    client = served(shop, deserializer_class=DefaultDeserializer)

    errors = client.send("POST", "/api/books", document_of(attributes={"a": 1, "b": 2})).json["errors"]

    assert [one["source"]["pointer"] for one in errors] == ["/data/attributes/a", "/data/attributes/b"]
    assert errors[0]["detail"].startswith("Failed to deserialize object: model has no attribute")


def test_hidden_attributes_are_unknown(shop: Shop) -> None:
    """A-4: what the API does not expose cannot be written through a deserializer either."""
    client = served(shop, deserializer_class=DefaultDeserializer, exclude=["price"])

    assert client.send("POST", "/api/books", document_of()).json["errors"][0]["source"] == {
        "pointer": "/data/attributes/price"
    }


def test_own_exceptions_answer_with_their_status(shop: Shop) -> None:
    def refuse(document: dict[str, Any]) -> Any:
        raise MultipleExceptions([DeserializationException(409, "taken"), DeserializationException(409, "gone")])

    errors = served(shop, deserializer=refuse).send("POST", "/api/books", document_of()).json["errors"]

    assert [(one["status"], one["detail"]) for one in errors] == [
        ("409", "Failed to deserialize object: taken"),
        ("409", "Failed to deserialize object: gone"),
    ]


def test_session_of_a_deserializer_is_that_of_the_request(shop: Shop) -> None:
    class Counting(DefaultDeserializer):
        def _get_or_create(self, attributes: dict[str, Any]) -> Any:
            found = self.session.query(Book).filter_by(title=attributes["title"]).first()
            return found or super()._get_or_create(attributes)

    client = served(shop, deserializer_class=Counting)
    first = client.send("POST", "/api/books", document_of()).json["data"]["id"]

    assert client.send("POST", "/api/books", document_of()).json["data"]["id"] == first
    with pytest.raises(RuntimeError, match="only while a request"):
        Counting(client.application.extensions["restless"][0]._session, Book).session.query(Book)
