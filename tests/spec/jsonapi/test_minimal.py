"""`Prefer: return=minimal` (RFC 7240): 204 for an update that did what was asked, and nothing else (J-5.2.9)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from conftest import Shop

MINIMAL = {"Prefer": "return=minimal"}


def patch(shop: Shop, path: str, headers: dict[str, str] | None = None, **members: Any) -> Any:
    """Update a resource of that path."""
    _, _, type_, id_ = path.split("/")
    document = {"data": {"type": type_, "id": id_, **members}}
    return shop.client.send("PATCH", path, document, headers=MINIMAL if headers is None else headers)


def refs(type_: str, *ids: str) -> list[dict[str, str]]:
    return [{"type": type_, "id": one} for one in ids]


def assert_minimal(answer: Any) -> None:
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Preference-Applied"] == "return=minimal"
    assert "Content-Type" not in answer.headers


def assert_full(answer: Any) -> None:
    assert answer.status_code == 200
    assert answer.json["data"]["id"]
    assert "Preference-Applied" not in answer.headers


def test_update_that_did_what_was_asked(shop_everywhere: Shop) -> None:
    """J-5.2.10, J-5.2.11, J-9.3: and it is done."""
    assert_minimal(patch(shop_everywhere, "/api/tags/1", attributes={"name": "another"}))
    assert shop_everywhere.get("/api/tags/1").json["data"]["attributes"] == {"name": "another"}


def test_relationships_count_like_attributes(shop_everywhere: Shop) -> None:
    """To-one by key, to-many, and both at once."""
    shop = shop_everywhere
    assert_minimal(patch(shop, "/api/tags/1", relationships={"books": {"data": refs("books", "1", "2")}}))
    assert_minimal(patch(shop, "/api/publishers/1", relationships={"country": {"data": None}}))
    country = shop.get("/api/countries?page[size]=1").json["data"][0]["id"]
    change = {"country": {"data": refs("countries", country)[0]}, "books": {"data": refs("books", "3")}}
    assert_minimal(patch(shop, "/api/publishers/1", attributes={"name": "New"}, relationships=change))
    assert {one["id"] for one in shop.get("/api/tags/1/relationships/books").json["data"]} == {"1", "2"}


@pytest.mark.parametrize(
    ("path", "attributes"),
    [
        ("/api/books/1", {"stock": 7}),
        ("/api/employees/{employee}", {"salary": "5.5"}),
        ("/api/orders/1", {"note": "other"}),
        ("/api/customers/{customer}", {"first_name": "Someone"}),
    ],
    ids=["onupdate column", "stored otherwise", "version counted up", "computed attribute"],
)
def test_anything_else_that_changed_is_told(shop_everywhere: Shop, path: str, attributes: dict[str, Any]) -> None:
    """J-5.2.9."""
    customer = shop_everywhere.get("/api/customers?page[size]=1").json["data"][0]["id"]
    people = shop_everywhere.get("/api/employees").json["data"]
    employee = next(one["id"] for one in people if one["type"] == "employees")

    answer = patch(shop_everywhere, path.format(customer=customer, employee=employee), attributes=attributes)

    assert_full(answer)


def test_what_a_listener_changed_is_told(shop: Shop) -> None:
    """J-5.2.9: also where only linkage tells of it, and where the fieldset does not show it."""
    from flask_restless.demo.models import Publisher

    def clear_country(_mapper: Any, _connection: Any, publisher: Publisher) -> None:
        publisher.country_code = None

    shop.client.send("PATCH", "/api/publishers/1/relationships/country", {"data": refs("countries", "FR")[0]})
    event.listen(Publisher, "before_update", clear_country)
    try:
        _, *_ = path = ["/api/publishers/1", "fields[publishers]=name"]
        document = {"data": {"type": "publishers", "id": "1", "attributes": {"name": "Other"}}}
        answer = shop.client.send("PATCH", "?".join(path), document, headers=MINIMAL)
    finally:
        event.remove(Publisher, "before_update", clear_country)

    assert_full(answer)


@pytest.mark.parametrize(
    "prefer",
    [
        "",
        "return=representation",
        "return",
        "returns=minimal",
        "respond-async",
        'return="representation", return=minimal',
    ],
)
def test_other_preferences_change_nothing(shop: Shop, prefer: str) -> None:
    """RFC 7240, section 2: of several of one name the first holds."""
    assert_full(patch(shop, "/api/tags/1", {"Prefer": prefer}, attributes={"name": "x"}))


@pytest.mark.parametrize(
    "prefer", ["return=minimal", 'Return="minimal"', "respond-async, return=minimal", "return=minimal;a=b, wait=1"]
)
def test_spellings(shop: Shop, prefer: str) -> None:
    """RFC 7240, section 2."""
    assert_minimal(patch(shop, "/api/tags/1", {"Prefer": prefer}, attributes={"name": "x"}))


def test_refusals_are_told(shop: Shop) -> None:
    """J-5.2.14, J-5.1.18: errors are the same."""
    assert patch(shop, "/api/tags/999999", attributes={"name": "x"}).status_code == 404
    assert patch(shop, "/api/tags/1", attributes={"name": None}).status_code == 422


def test_created_resource_is_always_sent(shop: Shop) -> None:
    """J-5.1.6."""
    document = {"data": {"type": "tags", "attributes": {"name": "made"}}}
    answer = shop.client.send("POST", "/api/tags", document, headers=MINIMAL)

    assert answer.status_code == 201
    assert answer.json["data"]["id"]
    assert "Preference-Applied" not in answer.headers


def test_processors_have_the_resource_sent(shop: Shop) -> None:
    """B-1: they see the document, and may change what the client sent."""
    from flask_restless.demo import models

    def shout(data: Any, **_: Any) -> None:
        data["data"]["attributes"]["name"] = data["data"]["attributes"]["name"].upper()

    shop.manager.create_api(
        models.Tag, url_prefix="/own", methods=["GET", "PATCH"], preprocessors={"PATCH_RESOURCE": [shout]}
    )
    answer = patch(shop, "/own/tags/1", attributes={"name": "loud"})

    assert_full(answer)
    assert answer.json["data"]["attributes"]["name"] == "LOUD"
