"""What `APIManager` and `create_api` say of wrong options, and what the right ones do."""

from __future__ import annotations

from dataclasses import fields
from inspect import getsource
from re import findall
from typing import Any

import pytest
from flask import Blueprint, Flask
from sqlalchemy import Engine, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker, synonym

from conftest import Shop, checked_client
from flask_restless import APIManager, DefaultSerializer, IllegalArgumentError
from flask_restless.demo.models import Author, Book, Publisher, Tag
from flask_restless.schema.classic_options import ClassicOptions
from flask_restless.schema.options import Limits, Options


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({"metods": ["GET"]}, "did you mean methods"),
        ({"methods": "GET"}, "list of names"),
        ({"methods": ["PUT"]}, "no method PUT"),
        ({"only": ["title"], "exclude": ["price"]}, "either only or exclude"),
        ({"only": ["titel"]}, "does not have"),
        ({"exclude": "title"}, "list of field names"),
        ({"page_size": "10"}, "whole number"),
        ({"page_size": 200}, "max_page_size"),
        ({"linkage": "never"}, "'included' or 'always'"),
        ({"url_prefix": "api"}, "path such as"),
        ({"primary_key": "nothing"}, "no column"),
        ({"additional_attributes": ["nothing"]}, "does not have"),
        ({"additional_attributes": ["_sa_class_manager"]}, "private"),
        ({"additional_attributes": ["headline"], "exclude": ["headline"]}, "drop one"),
        ({"preprocessors": {"GET_RESOURCE": [1]}}, "not callable"),
        ({"validation_exceptions": [1]}, "exception class"),
        ({"collection_name": ""}, "empty"),
        ({"collection_name": "operations", "methods": ["POST"]}, "another collection_name"),
        ({"includes": "authors"}, "list of field names"),
        ({"includes": ["title"]}, "no relationship"),
        ({"includes": ["authors.country", "nothing"]}, "no relationship"),
    ],
)
def test_wrong_option_raises_with_the_cure(shop: Shop, options: dict[str, Any], hint: str) -> None:
    manager = APIManager(Flask("wrong"), session=shop.session)

    with pytest.raises(IllegalArgumentError, match=hint):
        manager.create_api(Book, **options)


@pytest.mark.parametrize("arguments", [{}, {"session": 1}, {"session": lambda: None, "protocol": "soap"}])
def test_wrong_manager_raises(arguments: dict[str, Any]) -> None:
    with pytest.raises(IllegalArgumentError):
        APIManager(Flask("wrong"), **arguments)


def test_not_a_model_and_the_same_api_twice(shop: Shop) -> None:
    manager = APIManager(Flask("wrong"), session=shop.session)
    manager.create_api(Book)

    with pytest.raises(IllegalArgumentError, match="not a mapped class"):
        manager.create_api(dict)
    with pytest.raises(IllegalArgumentError, match="served at /api/books already"):
        manager.create_api(Book)


@pytest.mark.parametrize("class_", [Options, ClassicOptions, Limits])
def test_every_option_is_documented(class_: Any) -> None:
    documented = set(findall(r"    (\w+): .*?\n    \"\"\"", getsource(class_)))

    assert {one.name for one in fields(class_)} == documented


def client_of(shop: Shop, **options: Any) -> Any:
    app = Flask("options")
    manager = APIManager(app, session=shop.session)
    manager.create_api(Book, **options)
    for model in (Author, Publisher, Tag):
        manager.create_api(model)
    return checked_client(app)


def test_only_and_exclude(shop: Shop) -> None:
    data = client_of(shop, only=["title", "authors"]).get("/api/books/1").json["data"]
    assert (set(data["attributes"]), set(data["relationships"])) == ({"title"}, {"authors"})

    data = client_of(shop, exclude=[Book.title, "authors"]).get("/api/books/1").json["data"]
    assert "title" not in data["attributes"]
    assert "authors" not in data["relationships"]


def test_additional_attributes(shop: Shop) -> None:
    attributes = (
        client_of(shop, additional_attributes=["headline", "citation"]).get("/api/books/1").json["data"]["attributes"]
    )

    assert attributes["headline"].startswith(attributes["title"])
    assert attributes["title"] in attributes["citation"]


def test_linkage_always(shop: Shop) -> None:
    """Lineage 3.2: linkage always present; one statement for each relationship, none for each row."""
    client = client_of(shop, linkage="always", exclude=["tag_names"])
    with shop.counted() as statements:
        document = client.get("/api/books?page[size]=50").json

    assert all("data" in one for book in document["data"] for one in book["relationships"].values())
    assert "included" not in document
    assert len(statements) <= 1 + 2 + 1


def test_without_links(shop: Shop) -> None:
    data = client_of(shop, include_links=False).get("/api/books/1").json["data"]

    assert "links" not in data
    assert set(data["relationships"]) == {"publisher"}


def test_default_includes(shop: Shop) -> None:
    """J-4.3.1, J-4.3.5."""
    client = client_of(shop, includes=["authors"])

    assert {one["type"] for one in client.get("/api/books").json["included"]} == {"authors"}
    assert client.get("/api/books?include=").json["included"] == []


def test_another_primary_key(shop: Shop) -> None:
    """A unique attribute as id, also in linkage."""
    isbn = shop.get("/api/books/1").json["data"]["attributes"]["isbn"]
    client = client_of(shop, primary_key="isbn")

    assert client.get(f"/api/books/{isbn}").json["data"]["id"] == isbn
    related = client.get(f"/api/books/{isbn}/authors?include=books").json
    assert {"type": "books", "id": isbn} in related["data"][0]["relationships"]["books"]["data"]


def test_foreign_keys_can_be_shown(shop: Shop) -> None:
    assert "publisher_id" in client_of(shop, show_foreign_keys=True).get("/api/books/1").json["data"]["attributes"]


def test_page_sizes(shop: Shop) -> None:
    client = client_of(shop, page_size=2, max_page_size=5)
    assert len(client.get("/api/books").json["data"]) == 2
    assert client.get("/api/books?page[size]=6").status_code == 400

    unlimited = client_of(shop, page_size=0, max_page_size=0)
    document = unlimited.get("/api/books").json
    assert len(document["data"]) == document["meta"]["total"] == 13


def test_serializer_and_deserializer(shop: Shop) -> None:
    class Upper:
        def serialize(self, instance: Tag, only: Any = None) -> dict[str, Any]:
            return {"type": "tags", "id": str(instance.id), "attributes": {"name": instance.name.upper()}}

        def deserialize(self, document: dict[str, Any]) -> Tag:
            return Tag(name=document["data"]["attributes"]["name"] + "!")

    app = Flask("serializers")
    manager = APIManager(app, session=shop.session)
    manager.create_api(Tag, methods=["GET", "POST"], serializer=Upper(), deserializer=Upper())
    client = checked_client(app)

    document = {"data": {"type": "tags", "attributes": {"name": "loud"}}}
    assert client.send("POST", "/api/tags", document).json["data"]["attributes"]["name"] == "LOUD!"
    assert all(one["attributes"]["name"].isupper() for one in client.get("/api/tags?filter[name]=loud!").json["data"])


def test_validation_exceptions(shop: Shop) -> None:
    """One error for each field of the exception's `errors`."""

    class Invalid(Exception):
        errors = {"title": "too dull", "price": ["too low", "not round"]}

    def refuse(_mapper: Any, _connection: Any, _book: Any) -> None:
        raise Invalid

    from sqlalchemy import event

    app = Flask("validation")
    APIManager(app, session=shop.session).create_api(Book, methods=["POST"], validation_exceptions=[Invalid])
    event.listen(Book, "before_insert", refuse)
    try:
        document = {"data": {"type": "books", "attributes": {"title": "x", "price": "1"}}}
        errors = checked_client(app).send("POST", "/api/books", document).json["errors"]
    finally:
        event.remove(Book, "before_insert", refuse)

    assert [(one["status"], one["detail"], one["source"]["pointer"]) for one in errors] == [
        ("400", "title: too dull", "/data/attributes/title"),
        ("400", "price: too low; not round", "/data/attributes/price"),
    ]


def test_lookups(shop: Shop) -> None:
    manager = shop.manager

    assert manager.url_for(Book) == "/api/books"
    assert manager.url_for(Book, 1, "authors") == "/api/books/1/authors"
    assert manager.url_for(Book, 1, "authors", relationship=True) == "/api/books/1/relationships/authors"
    assert manager.url_for(Book, 1, "authors", 2) == "/api/books/1/authors/2"
    assert manager.collection_name(Book) == "books"
    assert manager.model_for("books") is Book
    assert manager.primary_key_for(Book) == "id"
    assert isinstance(manager.serializer_for(Book), DefaultSerializer)
    with pytest.raises(ValueError, match="no API"):
        manager.url_for(dict)
    with pytest.raises(ValueError, match="did you mean 'books'"):
        manager.model_for("boks")


def test_deferred_application(shop: Shop) -> None:
    """`create_api` before the application exists, and for two applications."""
    manager = APIManager(session=shop.session)
    manager.create_api(Tag)
    apps = [Flask("one"), Flask("two")]
    for app in apps:
        manager.init_app(app)

    assert all(checked_client(app).get("/api/tags").status_code == 200 for app in apps)
    with pytest.raises(IllegalArgumentError, match="already"):
        manager.init_app(apps[0])


def test_blueprint_for_the_caller(shop: Shop) -> None:
    app = Flask("blueprint")
    manager = APIManager(session=shop.session)
    app.register_blueprint(manager.create_api_blueprint("mine", Tag, url_prefix="/mine"))

    assert checked_client(app).get("/mine/tags").status_code == 200


def test_a_blueprint_below_another_prefix_is_refused(shop: Shop) -> None:
    """C-7.6: its links, and those that lead to it, would be wrong."""
    app, manager = Flask("prefixes"), APIManager(session=shop.session)
    mine = manager.create_api_blueprint("mine", Tag, url_prefix="/mine")
    outer = Blueprint("outer", __name__, url_prefix="/outer")
    outer.register_blueprint(mine)

    for refused in (lambda: app.register_blueprint(mine, url_prefix="/v2"), lambda: app.register_blueprint(outer)):
        with pytest.raises(IllegalArgumentError, match="create_api_blueprint"):
            refused()


def test_what_is_no_model_or_application_is_told(shop: Shop) -> None:
    manager = APIManager(session=shop.session)

    for wrong in (None, Tag(), Tag.__table__):
        with pytest.raises(IllegalArgumentError, match="takes a SQLAlchemy model"):
            manager.create_api(wrong)  # type: ignore[arg-type]  # that is the mistake
    with pytest.raises(IllegalArgumentError, match="no Flask application"):
        APIManager(shop.session)


def test_a_field_that_cannot_be_shown_is_not_asked_for(sqlite: Engine) -> None:
    """J-3.11.2: `only` would list a field that is never served; a synonym gives it a name."""

    class Base(DeclarativeBase):
        pass

    class Event(Base):
        __tablename__ = "events"
        id: Mapped[int] = mapped_column(primary_key=True)
        type_: Mapped[str] = mapped_column("type", String(20))
        kind = synonym("type_")

    Base.metadata.create_all(sqlite)
    app = Flask("synonyms")
    manager = APIManager(app, session=sessionmaker(sqlite))

    with pytest.raises(IllegalArgumentError, match="synonym"):
        manager.create_api(Event, only=["id", "type_"])
    manager.create_api(Event, methods=["GET", "POST"], only=["id", "kind"])
    document = {"data": {"type": "events", "attributes": {"kind": "fair"}}}
    created = checked_client(app).send("POST", "/api/events", document)

    assert (created.status_code, created.json["data"]["attributes"]) == (201, {"kind": "fair"})
