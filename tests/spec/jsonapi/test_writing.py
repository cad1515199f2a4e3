"""J-5: creating, updating, relating, deleting; J-7: errors."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from conftest import Shop, checked_client
from flask_restless import APIManager


def tag(**attributes: Any) -> dict[str, Any]:
    return {"data": {"type": "tags", "attributes": attributes}}


def book(relationships: dict[str, Any] | None = None, **attributes: Any) -> dict[str, Any]:
    fields = {"title": "Title", "price": "9.99", **attributes}
    return {"data": {"type": "books", "attributes": fields, "relationships": relationships or {}}}


def ref(type_: str, id_: str) -> dict[str, str]:
    return {"type": type_, "id": id_}


def count(shop: Shop, name: str) -> int:
    return int(shop.get(f"/api/{name}").json["meta"]["total"])


def test_create(shop: Shop) -> None:
    """J-5.1.6 to J-5.1.8, J-5.1.10, J-9.4."""
    answer = shop.client.send("POST", "/api/tags", tag(name="brand new"))

    assert answer.status_code == 201
    assert answer.headers["Location"] == answer.json["data"]["links"]["self"]
    assert shop.get(answer.headers["Location"]).json["data"] == answer.json["data"]
    assert answer.json["data"]["attributes"] == {"name": "brand new"}


@pytest.mark.parametrize(
    ("document", "status", "pointer"),
    [
        pytest.param([], 400, "", id="root J-3.1.1"),
        pytest.param("x", 400, "", id="root text J-3.1.1"),
        pytest.param(None, 400, "", id="root null J-3.1.1"),
        pytest.param({}, 400, "", id="no data J-5.1.1"),
        pytest.param({"data": None}, 400, "/data", id="null J-5.1.1"),
        pytest.param({"data": []}, 400, "/data", id="list J-5.1.1"),
        pytest.param({"data": {}}, 400, "/data", id="no type J-5.1.2 J-7.2.9"),
        pytest.param({"data": {"type": 1}}, 400, "/data/type", id="type no string"),
        pytest.param({"data": {"type": "books"}}, 409, "/data/type", id="another type J-5.1.15"),
        pytest.param({"data": {"type": "tags", "id": "77"}}, 403, "/data/id", id="client id J-5.1.5"),
        pytest.param({"data": {"type": "tags", "id": 77}}, 400, "/data/id", id="id no string J-3.2.4"),
        pytest.param({"data": {"type": "tags", "attributes": []}}, 400, "/data/attributes", id="attributes J-3.3.2"),
        pytest.param(tag(nothing=1, name="x"), 400, "/data/attributes/nothing", id="unknown J-5.1.19"),
        pytest.param(tag(id="5", name="x"), 400, "/data/attributes/id", id="id as attribute A-4"),
        pytest.param(tag(name=None), 422, "/data/attributes/name", id="null J-5.1.18"),
        pytest.param(tag(name=1), 422, "/data/attributes/name", id="wrong type T38"),
        pytest.param(tag(name="a\x00b"), 422, "/data/attributes/name", id="NUL T35"),
        pytest.param(tag(), 422, "/data", id="required J-5.1.18 J-7.2.9"),
    ],
)
def test_documents_that_are_refused(shop: Shop, document: Any, status: int, pointer: str) -> None:
    """J-5.1, J-7.2.8, J-7.2.9: the right status and pointer, and nothing is stored."""
    before = count(shop, "tags")

    answer = shop.client.send("POST", "/api/tags", document)

    assert answer.status_code == status
    assert answer.json["errors"][0]["source"] == {"pointer": pointer}
    assert count(shop, "tags") == before


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="truncated"),
        pytest.param(b"\xff", id="not UTF-8 T35"),
        pytest.param(b"\xef\xbb\xbf{}", id="byte order mark T35"),
        pytest.param('{"data":{}}'.encode("utf-16"), id="UTF-16 T35"),
        pytest.param(b'{"data":{"type":"tags"},"data":{}}', id="duplicate key T34"),
        pytest.param(b'{"data":NaN}', id="NaN T28"),
        pytest.param(b'{"data":Infinity}', id="infinity T28"),
        pytest.param(b'{"data":{"type":"tags","attributes":{"name":1e999}}}', id="exponent T28"),
        pytest.param(b'{"data":' + b"9" * 5000 + b"}", id="digits T28"),
        pytest.param(b"[" * 100_000, id="nesting T27"),
        pytest.param(b'{"a":' * 5000, id="object nesting T27"),
    ],
)
def test_bodies_that_are_not_read(shop: Shop, body: bytes) -> None:
    """C-1, T27, T28, T34, T35, J-9.8."""
    answer = shop.client.post("/api/tags", data=body, content_type="application/vnd.api+json")

    assert answer.status_code == 400


def test_body_that_is_too_large(shop: Shop) -> None:
    """T26."""
    answer = shop.client.post("/api/tags", data=b" " * 3_000_000, content_type="application/vnd.api+json")

    assert answer.status_code == 413


def test_members_that_the_standard_does_not_know_are_ignored(shop: Shop) -> None:
    """J-3.0.2, J-3.11.5, J-3.2.8."""
    document = tag(**{"name": "kept", "@context": "x"})
    document["data"] |= {"foo": 1, "lid": "a", "relationships": {"@y": 1}}
    document["bar"] = 2

    assert shop.client.send("POST", "/api/tags", document).json["data"]["attributes"] == {"name": "kept"}


def test_all_problems_are_told_at_once(shop: Shop) -> None:
    """J-7.1.1, J-7.1.2, J-7.2."""
    answer = shop.client.send("POST", "/api/books", book(price="x", pages="many", nothing=1))

    assert answer.status_code == 400
    assert {one["status"] for one in answer.json["errors"]} == {"400", "422"}
    assert len(answer.json["errors"]) == 3


def test_titles_do_not_change(shop: Shop) -> None:
    """J-7.2.7."""
    titles = {shop.get(f"/api/books/{number}").json["errors"][0]["title"] for number in (900, 901)}

    assert len(titles) == 1


@pytest.mark.parametrize(
    ("relationships", "status"),
    [
        pytest.param({"publisher": {}}, 400, id="no data J-5.1.3"),
        pytest.param({"publisher": {"links": {}}}, 400, id="links only J-5.1.3"),
        pytest.param({"publisher": {"data": []}}, 400, id="list for to-one J-5.2.19"),
        pytest.param({"authors": {"data": None}}, 400, id="null for to-many J-5.2.19"),
        pytest.param({"authors": {"data": ref("authors", "1")}}, 400, id="object for to-many J-5.2.19"),
        pytest.param({"publisher": {"data": {"id": "1"}}}, 400, id="no type J-3.6.5"),
        pytest.param({"publisher": {"data": {"type": "publishers"}}}, 400, id="no id J-3.6.5"),
        pytest.param({"publisher": {"data": {"type": "publishers", "id": 1}}}, 400, id="id no string J-3.6.3"),
        pytest.param({"publisher": {"data": ref("tags", "1")}}, 409, id="wrong type J-5.1.17"),
        pytest.param({"publisher": {"data": ref("publishers", "999")}}, 404, id="to-one missing J-5.1.13 B-7"),
        pytest.param({"publisher": {"data": ref("publishers", "x")}}, 404, id="to-one not an id J-5.1.13"),
        pytest.param(
            {"authors": {"data": [ref("authors", "1"), ref("authors", "999")]}}, 404, id="to-many missing J-5.1.13"
        ),
        pytest.param({"nothing": {"data": None}}, 400, id="unknown J-5.1.19"),
        pytest.param({"title": {"data": None}}, 400, id="an attribute"),
        pytest.param({"approved_reviews": {"data": []}}, 403, id="view only J-5.2.13"),
    ],
)
def test_linkage_that_is_refused(shop: Shop, relationships: dict[str, Any], status: int) -> None:
    """J-5.0.2, J-5.1: the whole request fails."""
    before = count(shop, "books")

    assert shop.client.send("POST", "/api/books", book(relationships)).status_code == status
    change = {"data": {"type": "books", "id": "1", "attributes": {"title": "Not so"}, "relationships": relationships}}
    assert shop.client.send("PATCH", "/api/books/1", change).status_code == status

    assert count(shop, "books") == before
    assert shop.get("/api/books/1").json["data"]["attributes"]["title"] != "Not so"


def test_create_with_linkage_and_include(shop: Shop) -> None:
    """J-4.3.11, J-4.4.6, J-5.1.6: also composite, text and many-to-many targets."""
    links = {
        "publisher": {"data": ref("publishers", "1")},
        "shelf": {"data": ref("shelves", "A,1")},
        "format": {"data": ref("formats", "ж x/y")},
        "authors": {"data": [ref("authors", "1"), ref("authors", "2"), ref("authors", "1")]},
    }

    answer = shop.client.send("POST", "/api/books?include=authors,shelf&fields[books]=title,authors,shelf", book(links))

    assert answer.status_code == 201
    assert {(one["type"], one["id"]) for one in answer.json["included"]} == {
        ("authors", "1"),
        ("authors", "2"),
        ("shelves", "A,1"),
    }
    assert len(answer.json["data"]["relationships"]["authors"]["data"]) == 2
    assert set(answer.json["data"]["attributes"]) == {"title"}


def test_bad_include_of_a_write_stores_nothing(shop: Shop) -> None:
    """J-4.3.3, T52."""
    before = count(shop, "books")

    assert shop.client.send("POST", "/api/books?include=nothing", book()).status_code == 400
    assert count(shop, "books") == before


def test_client_id_where_it_is_allowed(shop: Shop) -> None:
    """J-5.1.4, J-5.1.14."""
    document = {
        "data": {"type": "countries", "id": "XX", "attributes": {"name": "Nowhere", "currency": "XXX", "population": 0}}
    }

    assert shop.client.send("POST", "/api/countries", document).json["data"]["id"] == "XX"
    assert shop.client.send("POST", "/api/countries", document).status_code == 409


def test_unique_value_that_is_taken(shop: Shop) -> None:
    """J-5.1.18, T51, C-11: 409, at the attribute."""
    shop.client.send("POST", "/api/tags", tag(name="twice"))

    answer = shop.client.send("POST", "/api/tags", tag(name="twice"))

    assert answer.status_code == 409
    assert answer.json["errors"][0]["source"] == {"pointer": "/data/attributes/name"}


# ---------------------------------------------------------------- updating


def test_update_keeps_what_is_not_named(shop: Shop) -> None:
    """J-5.2.2 to J-5.2.5, J-5.2.9, J-5.2.11."""
    before = shop.get("/api/books/1?include=authors").json["data"]

    change = {"data": {"type": "books", "id": "1", "attributes": {"title": "Changed"}}}
    answer = shop.client.send("PATCH", "/api/books/1?include=authors", change)

    assert answer.status_code == 200
    assert answer.json["data"]["attributes"]["title"] == "Changed"
    assert answer.json["data"]["attributes"]["isbn"] == before["attributes"]["isbn"]
    assert answer.json["data"]["relationships"] == before["relationships"]


def test_update_replaces_relationships(shop: Shop) -> None:
    """J-5.2.6."""
    change = {
        "data": ref("books", "1")
        | {"relationships": {"publisher": {"data": None}, "authors": {"data": [ref("authors", "2")]}}}
    }

    data = shop.client.send("PATCH", "/api/books/1?include=authors", change).json["data"]

    assert data["relationships"]["publisher"]["data"] is None
    assert data["relationships"]["authors"]["data"] == [ref("authors", "2")]


@pytest.mark.parametrize(
    ("path", "data", "status"),
    [
        pytest.param("1", {"type": "books"}, 400, id="no id J-5.2.1"),
        pytest.param("1", {"id": "1"}, 400, id="no type J-5.2.1"),
        pytest.param("1", [], 400, id="list J-5.2.1"),
        pytest.param("1", None, 400, id="null J-5.2.1"),
        pytest.param("1", {"type": "books", "id": "2"}, 409, id="another id J-5.2.17"),
        pytest.param("1", {"type": "tags", "id": "1"}, 409, id="another type J-5.2.17"),
        pytest.param("999", {"type": "books", "id": "999"}, 404, id="missing J-5.2.14"),
        pytest.param("1", {"type": "books", "id": "1", "attributes": {"title": None}}, 422, id="null"),
        pytest.param("1", {"type": "books", "id": "1", "attributes": {"available": True}}, 403, id="read only T11"),
        pytest.param("1", {"type": "books", "id": "1", "attributes": {"Title": "x"}}, 400, id="case J-3.11.1"),
        pytest.param("1", {"type": "books", "id": "1", "attributes": {"pages": -1}}, 422, id="validator"),
    ],
)
def test_updates_that_are_refused(shop: Shop, path: str, data: Any, status: int) -> None:
    """J-5.2."""
    before = shop.get("/api/books/1").json["data"]

    assert shop.client.send("PATCH", f"/api/books/{path}", {"data": data}).status_code == status
    assert shop.get("/api/books/1").json["data"] == before


# ---------------------------------------------------------------- relationships


def members(shop: Shop, path: str) -> set[str]:
    return {one["id"] for one in shop.get(f"{path}?page[size]=100").json["data"]}


TAGS = "/api/books/1/relationships/tags"


def test_to_many_members_are_added_once(shop: Shop) -> None:
    """J-5.3.2, J-5.3.5, J-5.3.6, J-5.3.17."""
    before = members(shop, TAGS)
    document = {"data": [ref("tags", "5"), ref("tags", "5"), ref("tags", "6")]}

    for _ in range(2):
        assert shop.client.send("POST", TAGS, document).status_code == 204

    assert members(shop, TAGS) == before | {"5", "6"}
    assert "1" in members(shop, "/api/tags/5/relationships/books")


def test_to_many_members_are_replaced(shop: Shop) -> None:
    """J-5.3.3, J-5.3.4."""
    shop.client.send("PATCH", TAGS, {"data": [ref("tags", "7"), ref("tags", "8")]})
    assert members(shop, TAGS) == {"7", "8"}

    assert shop.client.send("PATCH", TAGS, {"data": [ref("tags", "7"), ref("tags", "999")]}).status_code == 404
    assert members(shop, TAGS) == {"7", "8"}

    shop.client.send("PATCH", TAGS, {"data": []})
    assert members(shop, TAGS) == set()


def test_to_many_members_are_removed(shop: Shop) -> None:
    """J-5.3.7, J-5.3.8, J-5.3.16: absent and missing members are no mistake."""
    shop.client.send("PATCH", TAGS, {"data": [ref("tags", "7"), ref("tags", "8")]})

    document = {"data": [ref("tags", "7"), ref("tags", "9"), ref("tags", "999"), ref("tags", "x")]}
    assert shop.client.send("DELETE", TAGS, document).status_code == 204

    assert members(shop, TAGS) == {"8"}
    assert shop.get("/api/tags/7").status_code == 200


def test_removing_somebody_elses_member_changes_nothing(shop: Shop) -> None:
    """B-3."""
    line = shop.get("/api/categories/1/children").json["data"][0]["id"]

    answer = shop.client.send("DELETE", "/api/categories/2/relationships/children", {"data": [ref("categories", line)]})

    assert answer.status_code == 204
    assert line in members(shop, "/api/categories/1/relationships/children")


def test_to_one_is_set_and_cleared(shop: Shop) -> None:
    """J-5.3.1."""
    path = "/api/books/1/relationships/publisher"
    assert shop.client.send("PATCH", path, {"data": ref("publishers", "2")}).status_code == 204
    assert shop.get(path).json["data"] == ref("publishers", "2")

    assert shop.client.send("PATCH", path, {"data": None}).status_code == 204
    assert shop.get(path).json["data"] is None


@pytest.mark.parametrize(
    ("method", "path", "document", "status"),
    [
        pytest.param("PATCH", "1/relationships/publisher", {}, 400, id="no data J-5.3.1"),
        pytest.param("PATCH", "1/relationships/tags", {}, 400, id="to-many no data"),
        pytest.param("POST", "1/relationships/tags", {"data": None}, 400, id="null J-5.3.3"),
        pytest.param("POST", "1/relationships/tags", {"data": ref("tags", "1")}, 400, id="object J-5.3.3"),
        pytest.param("POST", "1/relationships/tags", {"data": [{"type": "tags"}]}, 400, id="no id J-5.3.14"),
        pytest.param("POST", "1/relationships/tags", {"data": [ref("books", "1")]}, 409, id="type J-5.3.14"),
        pytest.param("POST", "1/relationships/tags", {"data": [ref("tags", "999")]}, 404, id="missing"),
        pytest.param("POST", "999/relationships/tags", {"data": []}, 404, id="no parent J-5.3.14"),
        pytest.param("POST", "1/relationships/nothing", {"data": []}, 404, id="unknown J-5.3.14"),
        pytest.param("POST", "1/relationships/publisher", {"data": ref("publishers", "1")}, 403, id="to-one J-5.3.15"),
        pytest.param("DELETE", "1/relationships/publisher", {"data": None}, 403, id="to-one delete J-5.3.15"),
        pytest.param("POST", "1/relationships/approved_reviews", {"data": []}, 403, id="view only J-5.3.13"),
        pytest.param(
            "PATCH", "1/relationships/publisher", {"data": ref("publishers", "999")}, 404, id="to-one missing"
        ),
    ],
)
def test_relationship_updates_that_are_refused(shop: Shop, method: str, path: str, document: Any, status: int) -> None:
    """J-5.3."""
    before = shop.get("/api/books/1?include=tags").json["data"]

    assert shop.client.send(method, f"/api/books/{path}", document).status_code == status
    assert shop.get("/api/books/1?include=tags").json["data"] == before


def test_switches_refuse_replacement_and_removal(shop: Shop) -> None:
    """J-5.2.7, J-5.2.8, J-5.3.13, T17: off by default."""
    from flask_restless.demo import models

    app = Flask("strict")
    manager = APIManager(app, session=shop.session)
    for model in (models.Book, models.Tag):
        manager.create_api(model, methods=["GET", "POST", "PATCH"])
    client = checked_client(app)
    change = {"data": ref("books", "1") | {"attributes": {"title": "Not so"}, "relationships": {"tags": {"data": []}}}}

    assert client.send("PATCH", "/api/books/1", change).status_code == 403
    assert client.send("PATCH", TAGS, {"data": []}).status_code == 403
    assert client.send("DELETE", TAGS, {"data": []}).status_code == 403
    assert client.send("POST", TAGS, {"data": [ref("tags", "1")]}).status_code == 204
    assert client.get("/api/books/1").json["data"]["attributes"]["title"] != "Not so"
    assert client.delete("/api/books/1").status_code == 405


# ---------------------------------------------------------------- deleting


def test_delete(shop: Shop) -> None:
    """J-5.4.3, J-5.4.4, J-5.4.5, J-9.3."""
    answer = shop.client.delete("/api/tags/1")

    assert (answer.status_code, answer.data) == (204, b"")
    assert "Content-Type" not in answer.headers
    assert shop.get("/api/tags/1").status_code == 404
    assert shop.client.delete("/api/tags/1").status_code == 404


def test_delete_that_others_depend_on(shop: Shop) -> None:
    """J-5.4.6: a clear conflict, and the next request works."""
    line = shop.get("/api/order_lines?page[size]=1").json["data"][0]

    answer = shop.client.delete(f"/api/books/{line['relationships']['book']['data']['id']}")
    assert answer.status_code == 409
    assert shop.get("/api/books").status_code == 200


def test_collections_cannot_be_deleted_or_changed(shop: Shop) -> None:
    """T17."""
    assert shop.client.delete("/api/tags").status_code == 405
    assert shop.client.patch("/api/tags").status_code == 405
    assert shop.client.delete("/api/tags?filter[objects]=[]").status_code == 405


def test_a_document_of_a_subtype_that_the_resource_is_not_of(shop_everywhere: Shop) -> None:
    """J-5.2.17: the row is of another type than the document says."""
    for one in shop_everywhere.get("/api/people?page[size]=50").json["data"]:
        other = "employees" if one["type"] == "customers" else "customers"
        document = {"data": {"type": other, "id": one["id"], "attributes": {}}}

        answer = shop_everywhere.client.send("PATCH", f"/api/people/{one['id']}", document)

        assert (answer.status_code, answer.json["errors"][0]["code"]) == (409, "wrong-type"), answer.text
        document["data"]["type"] = one["type"]
        assert shop_everywhere.client.send("PATCH", f"/api/people/{one['id']}", document).status_code == 200
