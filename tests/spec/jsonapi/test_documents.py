"""J-1 to J-7, the rules that need a whole API to be seen: what is handed out works, what is odd is told apart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

from conftest import JSONAPI, Shop, checked_client, fresh_database, open_shop
from flask_restless import APIManager
from flask_restless.demo import models


def ref(type_: str, id_: str) -> dict[str, str]:
    return {"type": type_, "id": id_}


@pytest.fixture(scope="module")
def standing() -> Iterator[Shop]:
    """One bookshop for all tests that only read."""
    with fresh_database("sqlite") as engine:
        yield open_shop(engine)


def objects_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    data = document["data"]
    primary = data if isinstance(data, list) else [] if data is None else [data]
    return [*primary, *document.get("included", [])]


def links_of(document: dict[str, Any]) -> Iterator[str]:
    """Every link that a document hands out."""
    yield from filter(None, document["links"].values())
    for one in objects_of(document):
        yield from one.get("links", {}).values()
        for relationship in one.get("relationships", {}).values():
            yield from relationship.get("links", {}).values()


# ---------------------------------------------------------------- what is handed out works


def test_every_link_works(standing: Shop) -> None:
    """J-4.1.1, J-4.2.1, J-3.4.4, J-3.1.12, R-2 to R-6: crawled from one page of each collection."""
    for resource in standing.manager.resources:
        document = standing.get(f"{resource.path}?page[size]=1").json
        for link in set(links_of(document)):
            answer = standing.get(link)
            assert answer.status_code == 200, link
            is_linkage = "/relationships/" in urlsplit(link).path
            for one in objects_of(answer.json):
                assert ("links" not in one) == is_linkage, link


def test_types_are_spelled_alike_everywhere(standing: Shop) -> None:
    """J-3.2.7, J-3.2.5: in resources, linkage and included, a type is the name of an API."""
    names = {one.name for one in standing.manager.resources}
    for path in ("/api/books?include=authors,publisher,tags,shelf,format", "/api/people", "/api/payments"):
        for one in objects_of(standing.get(path).json):
            assert one["type"] in names
            for relationship in one.get("relationships", {}).values():
                data = relationship.get("data") or []
                assert all(each["type"] in names for each in (data if isinstance(data, list) else [data]))


def test_reading_changes_nothing(standing: Shop) -> None:
    """J-9.5: no statement of a GET or HEAD writes."""
    with standing.counted() as statements:
        for path in ("/api/books?include=authors&page[size]=3", "/api/books/1", "/api/books/1/relationships/tags"):
            standing.get(path)
            standing.client.head(path)

    assert statements.texts
    assert all(text.lstrip().upper().startswith("SELECT") for text in statements.texts)


def test_order_without_a_sort_is_that_of_the_keys(standing: Shop) -> None:
    """J-4.5.7, J-4.6.8, J-4.5.1: so that pages do not overlap, and together give everything."""
    ids = [int(one["id"]) for one in standing.get("/api/tags?page[size]=100").json["data"]]
    pages, link = [], "/api/tags?page[size]=7"
    while link:
        document = standing.get(link).json
        pages += [int(one["id"]) for one in document["data"]]
        link = document["links"]["next"]

    assert pages == ids == sorted(ids)


def test_page_links_have_their_four_names(standing: Shop) -> None:
    """J-3.1.6, J-4.6.1, J-4.6.3, J-4.6.4, J-4.6.6, J-6.1.1: first, last, prev, next, all of the page family."""
    first = standing.get("/api/tags?page[size]=5").json["links"]
    middle = standing.get(first["next"]).json["links"]

    assert set(first) == set(middle) == {"self", "first", "last", "prev", "next"}
    assert first["prev"] is None
    assert middle["prev"] == first["first"]
    for name in ("first", "last", "prev", "next"):
        query = urlsplit(middle[name]).query
        assert {part.partition("%5B")[0] for part in query.split("&")} == {"page"}
    assert standing.get(first["last"]).json["links"]["next"] is None


def test_filters_are_of_the_filter_family(standing: Shop) -> None:
    """J-4.7.1, J-6.3.1: nothing else narrows a list."""
    everything = standing.get("/api/tags").json["meta"]["total"]

    assert standing.get("/api/tags?filter[name]=classic").json["meta"]["total"] == 1
    assert standing.get("/api/tags?searchFor=classic&tagName=classic").json["meta"]["total"] == everything


def test_profiles_change_nothing(standing: Shop) -> None:
    """J-1.3.1, J-1.3.2, J-1.3.3, J-2.3.6, J-3.1.7: an unknown profile is not applied, and changes nothing."""
    path = "/api/books?include=authors&fields[books]=title,authors&sort=-title&page[size]=2&filter[pages][gt]=1"
    plain = standing.get(path)

    asked = standing.get(path, headers={"Accept": f'{JSONAPI};profile="https://example.com/p https://example.com/q"'})

    assert asked.data == plain.data
    assert asked.headers["Content-Type"] == JSONAPI
    assert isinstance(asked.json["links"]["self"], str)


@pytest.mark.parametrize(
    ("uris", "status"),
    [
        ("https://jsonapi.org/ext/atomic", 200),
        (" https://jsonapi.org/ext/atomic ", 200),
        ("https://jsonapi.org/ext/atomic urn:x", 415),
        ("https://jsonapi.org/ext/atomic,urn:x", 415),
        ("https://jsonapi.org/ext/atomic\tx", 415),
        ("https://jsonapi.org/ext/atomic/", 415),
        ("HTTPS://jsonapi.org/ext/atomic", 415),
    ],
)
def test_extensions_are_a_list_of_uris(shop: Shop, uris: str, status: int) -> None:
    """J-1.1.2, J-1.1.4, J-2.3.2: separated by spaces, compared as strings."""
    body = json.dumps({"atomic:operations": [{"op": "remove", "ref": ref("tags", "1")}]})

    answer = shop.client.post("/api/operations", data=body, content_type=f'{JSONAPI};ext="{uris}"')

    assert answer.status_code == status
    assert shop.get("/api/tags/1").status_code == (404 if status == 200 else 200)


def test_extensions_and_profiles_may_be_asked_for(shop: Shop) -> None:
    """J-2.2.1, J-2.2.2, J-1.2.3."""
    atomic = f'{JSONAPI};ext="https://jsonapi.org/ext/atomic"'
    body = json.dumps({"atomic:operations": [{"op": "remove", "ref": ref("tags", "1")}]})

    answer = shop.client.post(
        "/api/operations", data=body, content_type=atomic, headers={"Accept": f'{atomic};profile="urn:x"'}
    )

    assert answer.headers["Content-Type"] == atomic


def test_range_that_is_refused_is_not_taken_for_any(standing: Shop) -> None:
    """J-2.3.9, RFC 9110 12.5.1: the most specific range decides."""
    assert standing.get("/api/tags", headers={"Accept": f"{JSONAPI};q=0, */*"}).status_code == 406
    assert standing.get("/api/tags", headers={"Accept": f"{JSONAPI};q=0.001, */*;q=0"}).status_code == 200


@pytest.mark.parametrize("path", ["/api/tags", "/api/tags/1", "/api/tags/1/relationships/books", "/api/operations"])
def test_options_vary_too(standing: Shop, path: str) -> None:
    """J-2.3.8."""
    answer = standing.client.options(path)

    assert answer.headers["Vary"] == "Accept"
    assert "POST" in answer.headers["Allow"] or "PATCH" in answer.headers["Allow"]
    assert "Content-Type" not in answer.headers


# ---------------------------------------------------------------- what is odd is told apart


def test_at_members_are_ignored_everywhere(shop: Shop) -> None:
    """J-3.11.5, J-3.0.2: at every place of a document but inside of a value, which is the client's own."""
    details = {"@kept": 1, "links": {"a": 1}, "relationships": [1], "type": "t", "id": None}
    publisher = {"@y": 1, "links": {"@l": 1}, "data": {"@z": 1, **ref("publishers", "1"), "meta": {"@m": 1}}}
    document = {
        "@context": "x",
        "jsonapi": {"@v": 1},
        "data": {
            "@id": 1,
            "type": "books",
            "attributes": {"@a": 1, "title": "At", "price": "1", "details": details},
            "relationships": {"@r": 1, "publisher": publisher, "tags": {"data": [{"@z": 1, **ref("tags", "1")}]}},
        },
    }

    answer = shop.client.send("POST", "/api/books?include=publisher,tags", document)

    assert answer.status_code == 201
    assert answer.json["data"]["attributes"]["details"] == details
    assert "@" not in json.dumps({**answer.json["data"], "attributes": {}})
    assert {(one["type"], one["id"]) for one in answer.json["included"]} == {("publishers", "1"), ("tags", "1")}


def test_values_are_any_json(shop: Shop) -> None:
    """J-3.3.3, J-3.3.5: nested, empty, and null."""
    for value in ({"links": {}, "a": [1, {"b": None}], "": ""}, {"é": "\u2028"}, {}, None):
        change = {"data": {**ref("books", "1"), "attributes": {"details": value}}}
        shop.client.send("PATCH", "/api/books/1", change)
        assert shop.get("/api/books/1").json["data"]["attributes"]["details"] == value


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/api/tags/1?include=books"),
        ("DELETE", "/api/tags/1?fields[tags]=name"),
        ("POST", "/api/books/1/relationships/tags?include=tags"),
        ("PATCH", "/api/books/1/relationships/tags?sort=name"),
        ("DELETE", "/api/books/1/relationships/tags?page[size]=1"),
        ("POST", "/api/tags?sort=name"),
        ("PATCH", "/api/tags/1?page[size]=1"),
        ("PATCH", "/api/tags/1?filter[name]=x"),
    ],
)
def test_parameters_without_a_meaning_are_refused(shop: Shop, method: str, path: str) -> None:
    """J-4.3.3, J-4.5.5, J-6.3.4: where they can do nothing they are not ignored either."""
    answer = shop.client.send(method, path, {"data": []})

    assert answer.status_code == 400
    assert answer.json["errors"][0]["source"] == {"parameter": path.partition("?")[2].partition("=")[0]}
    assert shop.get("/api/tags/1").status_code == 200


@pytest.mark.parametrize(
    "name", ["page%5Bsize%5D%5D", "filter[_]", "fooBar[_]", "fooBar[", "x.y", "_foo", "page[size][]", "filter[a]b"]
)
def test_family_names_are_legal_or_refused(standing: Shop, name: str) -> None:
    """J-6.1.2, J-7.2.10."""
    assert standing.get(f"/api/tags?{name}=1").status_code == 400


def test_parameter_names_are_told_decoded(standing: Shop) -> None:
    """J-7.2.10, J-8.3."""
    for spelling in ("page[size]", "page%5Bsize%5D", "page%5bsize%5d"):
        assert standing.get(f"/api/tags?{spelling}=x").json["errors"][0]["source"] == {"parameter": "page[size]"}


def test_parameter_without_a_value_is_an_empty_one(standing: Shop) -> None:
    """J-8.1, J-4.3.7, J-4.4.3: as the form parser has it; empty pairs are none."""
    assert standing.get("/api/books/1?include").json["included"] == []
    assert "attributes" not in standing.get("/api/books/1?fields[books]").json["data"]
    assert len(standing.get("/api/tags?&&page[size]=2&").json["data"]) == 2
    assert standing.get("/api/tags?page[size]=2;sort=name").status_code == 400


def test_type_is_required_everywhere(shop: Shop) -> None:
    """J-5.0.3, J-5.1.2, J-5.2.1, J-3.6.1."""
    for method, path, data in (
        ("POST", "/api/tags", {"attributes": {"name": "x"}}),
        ("PATCH", "/api/tags/1", {"id": "1", "attributes": {"name": "x"}}),
        ("POST", "/api/books/1/relationships/tags", [{"id": "1"}]),
        ("PATCH", "/api/books/1/relationships/publisher", {"id": "1"}),
    ):
        assert shop.client.send(method, path, {"data": data}).status_code == 400


# ---------------------------------------------------------------- writing


def test_missing_attributes_keep_their_values(shop: Shop) -> None:
    """J-5.2.3, J-5.2.5, J-5.2.10: an update of nothing changes nothing, and one attribute only itself."""
    before = shop.get("/api/books/1?include=authors,tags").json["data"]

    shop.client.send("PATCH", "/api/books/1", {"data": ref("books", "1")})
    shop.client.send("PATCH", "/api/books/1", {"data": {**ref("books", "1"), "attributes": {"stock": 77}}})

    after = shop.get("/api/books/1?include=authors,tags").json["data"]
    changed = {name for name in before["attributes"] if before["attributes"][name] != after["attributes"][name]}
    assert changed <= {"stock", "updated_at", "available"}
    assert after["attributes"]["stock"] == 77
    assert after["relationships"] == before["relationships"]


@pytest.mark.parametrize(
    ("method", "path", "data", "pointer"),
    [
        (
            "POST",
            "/api/countries",
            {**ref("countries", "FR"), "attributes": {"name": "F", "currency": "X"}},
            "/data/id",
        ),
        (
            "POST",
            "/api/countries",
            {**ref("countries", "QQ"), "attributes": {"name": "France", "currency": "X"}},
            "/data/attributes/name",
        ),
        ("POST", "/api/tags", {"type": "books"}, "/data/type"),
        ("PATCH", "/api/tags/1", {**ref("tags", "1"), "attributes": {"name": "classic"}}, "/data/attributes/name"),
        ("PATCH", "/api/tags/1", ref("books", "1"), "/data/type"),
        ("PATCH", "/api/tags/1", ref("tags", "2"), "/data/id"),
    ],
)
def test_conflicts_say_where_they_are(
    shop_everywhere: Shop, method: str, path: str, data: dict[str, Any], pointer: str
) -> None:
    """J-5.1.14, J-5.1.16, J-5.2.16, J-5.2.18: 409, at the id, type or value that is in the way."""
    answer = shop_everywhere.client.send(method, path, {"data": data})

    assert answer.status_code == 409
    assert answer.json["errors"][0]["source"] == {"pointer": pointer}
    assert answer.json["errors"][0]["detail"]


def test_created_resource_is_told_in_full(shop: Shop) -> None:
    """J-5.1.7, J-5.1.9, J-5.1.8: Location, and the document, also where nothing but the client's own was stored."""
    data = {**ref("countries", "QQ"), "attributes": {"name": "Nowhere", "currency": "QQQ", "population": 1}}

    answer = shop.client.send("POST", "/api/countries", {"data": data})

    assert answer.status_code == 201
    assert answer.headers["Location"] == "http://localhost/api/countries/QQ" == answer.json["data"]["links"]["self"]
    assert answer.json["data"]["attributes"] == {"code": "QQ", **data["attributes"]}


def test_methods_are_allowed_for_each_type(shop: Shop) -> None:
    """J-5.0.1, J-5.1.12, J-9.2: what is not allowed answers 405 with what is."""
    app = Flask("read")
    APIManager(app, session=shop.session).create_api(models.Tag)
    client = checked_client(app)

    for method, path in (("POST", "/api/tags"), ("PATCH", "/api/tags/1"), ("DELETE", "/api/tags/1")):
        answer = client.send(method, path, {"data": {}})
        assert answer.status_code == 405
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "QUERY"}


def test_removal_detaches_and_does_not_delete(shop: Shop) -> None:
    """J-3.4.5, J-5.3.16."""
    shop.client.send("DELETE", "/api/books/1/relationships/tags", {"data": [ref("tags", str(n)) for n in range(1, 39)]})

    assert shop.get("/api/books/1/tags").json["data"] == []
    assert shop.get("/api/tags").json["meta"]["total"] == 38


def test_order_of_linkage_has_no_meaning(shop: Shop) -> None:
    """J-3.4.11: however the members are given."""
    path = "/api/books/1/relationships/tags"
    found = []
    for ids in (("3", "1", "2"), ("2", "3", "1")):
        shop.client.send("PATCH", path, {"data": [ref("tags", one) for one in ids]})
        found.append({one["id"] for one in shop.get(path).json["data"]})

    assert found == [{"1", "2", "3"}] * 2


def test_members_that_may_be_there(standing: Shop) -> None:
    """J-3.1.4, J-3.5.1, J-3.7.1, J-4.3.2, J-4.4.1, J-4.4.5, J-3.10.1: they are, each where it is asked for."""
    document = standing.get("/api/books/1?include=publisher&fields[books]=title,publisher").json

    assert set(document) == {"data", "included", "links", "jsonapi"}
    assert document["jsonapi"]["version"] == "1.1"
    assert document["data"]["links"] == {"self": "http://localhost/api/books/1"}
    assert set(document["data"]["attributes"]) == {"title"}
    assert set(document["included"][0]["attributes"]) == {"name", "founded", "website"}
    assert all(isinstance(one, str) for one in document["data"]["relationships"]["publisher"]["links"].values())
