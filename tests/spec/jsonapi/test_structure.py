"""J-3: what concerns names, identifiers, links and the document as a whole."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker

from conftest import Shop
from flask_restless import APIManager, IllegalArgumentError
from flask_restless.demo import models
from jsonapi_validator import MEMBER


class Base(DeclarativeBase):
    pass


class Thing(Base):
    __tablename__ = "things"
    id: Mapped[int] = mapped_column(primary_key=True)
    _secret: Mapped[str]
    x_: Mapped[str]
    name: Mapped[str]


@pytest.mark.parametrize("name", ["a/b", "_x", "x_", "a.b", "a b!", "", "-", "a+b", "a,b", "a[b]", "a&b", "a@b"])
def test_illegal_type_names_are_refused_at_registration(shop: Shop, name: str) -> None:
    """J-3.2.6, J-3.11.2, J-3.11.3."""
    manager = APIManager(Flask("names"), session=shop.session)

    with pytest.raises(IllegalArgumentError, match="collection"):
        manager.create_api(models.Tag, collection_name=name)


def test_every_name_we_define_is_legal(shop: Shop) -> None:
    """J-3.11.2, J-3.11.3, J-3.11.6: types, attributes, relationships; none holds a colon."""
    for resource in shop.manager.resources:
        for name in (resource.name, *resource.attributes, *resource.relationships):
            assert MEMBER.fullmatch(name)


def test_illegal_column_names_are_not_published(sqlite: Any) -> None:
    """J-3.11.2: `_secret` and `x_`."""
    Base.metadata.create_all(sqlite)
    manager = APIManager(Flask("columns"), session=sessionmaker(sqlite))
    manager.create_api(Thing)

    assert set(manager.resources[0].attributes) == {"name"}


@pytest.mark.parametrize("identifier", [{"type": "categories", "lid": "b"}, {"type": "categories"}])
def test_identifiers_without_an_id_are_refused(shop: Shop, identifier: dict[str, str]) -> None:
    """J-3.2.9, J-3.6.2: neither an id, nor the local id of what the document creates, is a clean 400."""
    document = {
        "data": {
            "type": "categories",
            "lid": "a",
            "attributes": {"name": "x", "position": 1},
            "relationships": {"parent": {"data": identifier}},
        }
    }

    answer = shop.client.send("POST", "/api/categories", document)

    assert answer.status_code == 400
    assert answer.json["errors"][0]["source"]["pointer"].startswith("/data/relationships/parent/data")


def test_related_link_does_not_change_with_the_content(shop: Shop) -> None:
    """J-3.4.9."""
    before = shop.get("/api/books/1").json["data"]["relationships"]["publisher"]["links"]
    shop.client.send("PATCH", "/api/books/1/relationships/publisher", {"data": None})

    assert shop.get("/api/books/1").json["data"]["relationships"]["publisher"]["links"] == before


def test_included_resources_of_all_paths_sit_in_one_array(shop: Shop) -> None:
    """J-3.7.2, J-4.3.6: paths separated by commas, names by dots."""
    document = shop.get("/api/books?include=authors.country,publisher,tags&page[size]=50").json

    assert {one["type"] for one in document["included"]} == {"authors", "countries", "publishers", "tags"}


def test_links_are_plain_uris(shop: Shop) -> None:
    """J-3.9.5, J-3.9.9: no link object is sent, so no `rel` or `hreflang` can be wrong."""
    document = shop.get("/api/books?include=authors&page[size]=2").json
    every = [document, *document["data"], *document["included"]]

    assert all(link is None or isinstance(link, str) for one in every for link in one["links"].values())


def test_extension_parameters_are_not_known_here(shop: Shop) -> None:
    """J-6.2.1: no extension with parameters is supported, so such a name is no legal one."""
    assert shop.get("/api/books?atomic:foo=1").status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "document", "status"),
    [
        ("POST", "/api/tags", {"data": {"type": "tags", "attributes": {"name": "done"}}}, 201),
        ("PATCH", "/api/tags/1", {"data": {"type": "tags", "id": "1", "attributes": {"name": "done"}}}, 200),
        ("POST", "/api/tags/1/relationships/books", {"data": [{"type": "books", "id": "1"}]}, 204),
        ("DELETE", "/api/tags/1", None, 204),
    ],
)
def test_writes_are_finished_when_they_are_answered(
    shop: Shop, method: str, path: str, document: Any, status: int
) -> None:
    """J-5.1.11, J-5.2.12, J-5.3.12, J-5.4.2: never 202; J-4.1.9, J-5.3.11, J-9.3: a 204 has no body."""
    answer = shop.client.send(method, path, document) if document else shop.client.delete(path)

    assert answer.status_code == status
    assert bool(answer.data) == (status != 204)


def test_relationship_write_changes_nothing_but_what_was_asked(shop: Shop) -> None:
    """J-5.3.9: that is why 204 is enough."""
    path = "/api/books/1/relationships/tags"
    shop.client.send("PATCH", path, {"data": [{"type": "tags", "id": "3"}]})
    shop.client.send("POST", path, {"data": [{"type": "tags", "id": "4"}]})

    assert {one["id"] for one in shop.get(path).json["data"]} == {"3", "4"}


def test_update_with_a_missing_related_resource_changes_nothing(shop: Shop) -> None:
    """J-5.2.15."""
    before = shop.get("/api/books/1").json["data"]
    links = {"publisher": {"data": {"type": "publishers", "id": "999"}}}
    change = {"data": {"type": "books", "id": "1", "attributes": {"title": "x"}, "relationships": links}}

    assert shop.client.send("PATCH", "/api/books/1", change).status_code == 404
    assert shop.get("/api/books/1").json["data"] == before
