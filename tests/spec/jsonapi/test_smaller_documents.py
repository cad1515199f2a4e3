"""`excludedFields`, `withLinks`, `withLinkage`: smaller and fuller documents (features.md 12, 32)."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import Shop


def links_of(document: Any) -> list[str]:
    """Give the names of every link anywhere in a document."""
    if isinstance(document, dict):
        own = [*document.get("links", ())] if isinstance(document.get("links"), dict) else []
        return own + [name for value in document.values() for name in links_of(value)]
    return [name for one in document for name in links_of(one)] if isinstance(document, list) else []


def test_excluded_fields_are_not_sent_nor_selected(shop: Shop) -> None:
    """Features.md 32."""
    with shop.counted() as statements:
        excluded = shop.get("/api/tags?excludedFields[tags]=name").json["data"][0]

    assert "attributes" not in excluded
    assert set(excluded["relationships"]) == {"books"}
    assert not any("tags.name" in text for text in statements.texts)


def test_excluded_fields_hold_for_included_resources(shop: Shop) -> None:
    """J-4.4.4."""
    document = shop.get("/api/books?include=tags&excludedFields[tags]=books").json

    assert all(set(one) == {"type", "id", "attributes", "links"} for one in document["included"])


def test_what_is_sent_on_demand_only_stays_so(shop: Shop) -> None:
    """A deferred attribute is none of the fields that are left when others are excluded."""
    plain = shop.get("/api/books/1").json["data"]["attributes"]
    fewer = shop.get("/api/books/1?excludedFields[books]=price").json["data"]["attributes"]

    assert set(plain) - set(fewer) == {"price"}
    assert "description" not in fewer


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("excludedFields[books]=titel", 'did you mean "title"'),
        ("excludedFields[boks]=title", 'did you mean "books"'),
        ("excludedFields[books]=title&fields[books]=price", "fields[books] is given too"),
        ("excludedFields[customers]=credit", 'no field "credit"'),
    ],
)
def test_refused_exclusions(shop: Shop, query: str, hint: str) -> None:
    """J-4.4.8; hidden names are unknown."""
    (error,) = shop.get(f"/api/books?{query}").json["errors"]

    assert (error["status"], error["code"]) == ("400", "invalid-fieldset")
    assert error["source"] == {"parameter": query.partition("=")[0]}
    assert hint in error["detail"]


def test_document_without_links_is_smaller_by_two_fifths(shop: Shop) -> None:
    """Features.md 12: no links but those between pages, no to-many linkage; 40 % at the least."""
    usual = shop.get("/api/books?page[size]=10")
    bare = shop.get("/api/books?page[size]=10&withLinks=none")

    assert len(bare.data) <= 0.6 * len(usual.data)
    assert set(links_of(bare.json)) == {"first", "last", "prev", "next"}
    assert {"self", "related"} <= set(links_of(usual.json))
    assert all("tags" not in one["relationships"] for one in bare.json["data"])
    assert bare.json["data"][0]["attributes"] == usual.json["data"][0]["attributes"]


@pytest.mark.parametrize("path", ["books/1", "books/1/publisher", "books/1/relationships/publisher"])
def test_single_documents_without_links(shop: Shop, path: str) -> None:
    """J-3.8.1: no empty `links` either."""
    assert links_of(shop.get(f"/api/{path}?withLinks=none").json) == []
    assert "links" not in shop.get(f"/api/{path}?withLinks=none").json


def test_created_resource_without_links_has_a_location(shop: Shop) -> None:
    """J-5.1.7, J-5.1.8."""
    answer = shop.client.send(
        "POST", "/api/tags?withLinks=none", {"data": {"type": "tags", "attributes": {"name": "z"}}}
    )

    assert answer.status_code == 201
    assert links_of(answer.json) == []
    assert shop.get(answer.headers["Location"]).json["data"]["id"] == answer.json["data"]["id"]


def test_pages_of_included_relationships_keep_their_links(shop: Shop) -> None:
    """J-3.4.3: beside the `self` that the standard demands."""
    document = shop.get("/api/books?include=tags&includedPage[tags][size]=1&withLinks=none").json

    assert set(document["data"][0]["relationships"]["tags"]["links"]) == {"self", "first", "prev", "next"}
    assert "links" not in document["data"][0]
    assert all(links_of(one) == [] for one in document["included"])


def test_links_on_request(sqlite: Any) -> None:
    """`withLinks=all` where the API sends none by itself."""
    from conftest import open_shop

    shop = open_shop(sqlite, include_links=False)

    assert "links" not in shop.get("/api/tags/1").json["data"]
    assert links_of(shop.get("/api/tags/1?withLinks=all").json["data"]) == ["self", "self", "related"]


def test_full_linkage_on_request(shop_everywhere: Shop) -> None:
    """Features.md 12: one statement for each relationship whose linkage is not in the row."""
    books = next(one for one in shop_everywhere.manager.resources if one.name == "books")
    read = [one for one in books.relationships.values() if one.is_many or one.name == "cover"]
    with shop_everywhere.counted() as plain:
        shop_everywhere.get("/api/books?page[size]=50")
    with shop_everywhere.counted() as statements:
        document = shop_everywhere.get("/api/books?page[size]=50&withLinkage=all").json

    assert len(statements) == len(plain) + len(read), statements.texts
    assert "included" not in document
    for one in document["data"][:5]:
        for name, relationship in one["relationships"].items():
            found, own = (
                relationship["data"],
                shop_everywhere.get(f"/api/books/{one['id']}/relationships/{name}").json["data"],
            )
            key = str
            assert sorted(found, key=key) == sorted(own, key=key) if isinstance(found, list) else found == own


def test_full_linkage_holds_for_included_resources(shop: Shop) -> None:
    """As the option `linkage="always"` does."""
    document = shop.get("/api/books?include=publisher&withLinkage=all&page[size]=5").json

    assert all("data" in one["relationships"]["books"] for one in document["included"])


def test_linkage_is_not_read_for_any_number_of_relationships(sqlite: Any) -> None:
    """T21: each is a statement."""
    from conftest import open_shop
    from flask_restless.schema.options import Limits

    shop = open_shop(sqlite, limits=Limits(linkages=7))

    assert shop.get("/api/books?include=publisher&withLinkage=all").status_code == 200
    (error,) = shop.get("/api/books?include=publisher.country,shelf&withLinkage=all").json["errors"]
    assert (error["status"], error["code"]) == ("400", "limit-exceeded")


def test_sparse_linkage_on_request(sqlite: Any) -> None:
    """`withLinkage=included` where the API sends all of it."""
    from conftest import open_shop
    from flask_restless.demo import models

    shop = open_shop(sqlite)
    shop.manager.create_api(models.Tag, url_prefix="/full", linkage="always")
    shop.manager.create_api(models.Book, url_prefix="/full")

    assert "data" in shop.get("/full/tags/1").json["data"]["relationships"]["books"]
    assert "data" not in shop.get("/full/tags/1?withLinkage=included").json["data"]["relationships"]["books"]


@pytest.mark.parametrize(("parameter", "allowed"), [("withLinks", "all, none"), ("withLinkage", "all, included")])
@pytest.mark.parametrize("value", ["", "None", "yes", "all,none"])
def test_values_that_are_refused(shop: Shop, parameter: str, allowed: str, value: str) -> None:
    """J-6.3.4."""
    answer = shop.get(f"/api/books?{parameter}={value}")

    (error,) = answer.json["errors"]
    assert (answer.status_code, error["source"]) == (400, {"parameter": parameter})
    assert allowed in error["detail"]
