"""The Atomic Operations extension: what its answers hold, and what is told when an operation fails."""

from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from conftest import JSONAPI, Shop

TYPE = f'{JSONAPI};ext="https://jsonapi.org/ext/atomic"'


def send(shop: Shop, *operations: Any, **members: Any) -> TestResponse:
    document = {"atomic:operations": list(operations), **members}
    return shop.client.send("POST", "/api/operations", document, content_type=TYPE)


def add(name: str, lid: str | None = None, **members: Any) -> dict[str, Any]:
    data = {"type": "tags", "attributes": {"name": name}} | ({"lid": lid} if lid else {})
    return {"op": "add", "data": data, **members}


def ref(type_: str, id_: str, **members: str) -> dict[str, str]:
    return {"type": type_, "id": id_, **members}


def names(shop: Shop) -> set[str]:
    return {one["attributes"]["name"] for one in shop.get("/api/tags?page[size]=100").json["data"]}


def test_result_of_an_add_is_the_resource(shop: Shop) -> None:
    """A-6.3, A-11.4, A-3.1, J-3.10.4: with the id that it has from now on, and without the lid."""
    answer = send(shop, add("one", "a"), {"op": "add", "href": "/api/tags", "data": add("two")["data"]})

    first, second = (one["data"] for one in answer.json["atomic:results"])
    assert set(answer.json) == {"atomic:results", "jsonapi"}
    assert answer.json["jsonapi"]["ext"] == ["https://jsonapi.org/ext/atomic"]
    assert "lid" not in first
    assert shop.get(f"/api/tags/{first['id']}").json["data"] == first
    assert second["attributes"]["name"] == "two"


def test_local_ids_die_with_the_request(shop: Shop) -> None:
    """A-11.4."""
    assert send(shop, add("one", "a")).status_code == 200

    assert send(shop, {"op": "remove", "ref": {"type": "tags", "lid": "a"}}).status_code == 400


def test_local_ids_are_of_one_type(shop: Shop) -> None:
    """A-11.2: the same lid under another type is another resource."""
    category = {"type": "categories", "lid": "a", "attributes": {"name": "c", "position": 1}}
    change = {"type": "tags", "lid": "a", "attributes": {"name": "changed"}}

    answer = send(
        shop,
        add("one", "a"),
        {"op": "add", "data": category},
        {"op": "update", "ref": {"type": "tags", "lid": "a"}, "data": change},
    )

    results = [one["data"] for one in answer.json["atomic:results"]]
    assert [one["type"] for one in results] == ["tags", "categories", "tags"]
    assert results[0]["id"] == results[2]["id"]


@pytest.mark.parametrize("target", [{}, {"ref": ref("books", "1")}, {"href": "/api/books/1"}])
def test_result_of_an_update_is_the_resource(shop: Shop, target: dict[str, Any]) -> None:
    """A-7.1, A-7.2, A-7.3, A-7.4: the server changes `updated_at` too, so the resource is always sent."""
    change = {"op": "update", "data": {**ref("books", "1"), "attributes": {"title": "Changed"}}, **target}

    (result,) = send(shop, change).json["atomic:results"]

    assert result["data"] == shop.get("/api/books/1").json["data"]
    assert result["data"]["attributes"]["title"] == "Changed"
    assert result["data"]["attributes"]["updated_at"] is not None


@pytest.mark.parametrize("target", [{"ref": ref("tags", "1")}, {"href": "/api/tags/1"}, {"href": "tags/1"}])
def test_remove(shop: Shop, target: dict[str, Any]) -> None:
    """A-8.1, A-8.2, A-8.3, A-3.2, A-2.4, A-4.6: an empty result, in a 200 as always."""
    answer = send(shop, {"op": "remove", **target})

    assert (answer.status_code, answer.json["atomic:results"]) == (200, [{}])
    assert shop.get("/api/tags/1").status_code == 404


@pytest.mark.parametrize(
    ("href", "status"),
    [
        ("http://localhost/api/tags/1", 200),
        ("HTTP://LOCALHOST/api/tags/1", 200),
        ("//localhost/api/tags/1", 200),
        ("/api/tags/%31", 200),
        ("./tags/1", 200),
        ("../api/x/../tags/1", 200),
        ("http://localhost:81/api/tags/1", 404),
        ("https://localhost/api/tags/1", 404),
        ("//elsewhere.example/api/tags/1", 404),
        ("http://localhost@elsewhere.example/api/tags/1", 404),
        ("http://[/api/tags/1", 404),
        ("/api/tags/1?x=1", 404),
        ("/api/tags/1#x", 404),
        ("/api/books/1/tags", 404),
        ("/api/tags/%zz", 404),
        ("", 404),
    ],
)
def test_references_are_resolved(shop: Shop, href: str, status: int) -> None:
    """A-2.4, RFC 3986 5.2: against the operations URL; what leads elsewhere is nothing here."""
    answer = send(shop, {"op": "remove", "href": href})

    assert answer.status_code == status
    assert shop.get("/api/tags/1").status_code == (404 if status == 200 else 200)


def test_remove_of_what_is_not_there_undoes_all(shop: Shop) -> None:
    """A-8.4, A-4.3."""
    answer = send(
        shop, add("never"), {"op": "remove", "ref": ref("tags", "1")}, {"op": "remove", "href": "/api/tags/999"}
    )

    assert answer.status_code == 404
    assert answer.json["errors"][0]["source"] == {"pointer": "/atomic:operations/2/href"}
    assert "never" not in names(shop)
    assert shop.get("/api/tags/1").status_code == 200


@pytest.mark.parametrize("data", [None, ref("publishers", "2")])
@pytest.mark.parametrize(
    "target",
    [{"ref": ref("books", "1", relationship="publisher")}, {"href": "/api/books/1/relationships/publisher"}],
    ids=["ref", "href"],
)
def test_to_one_relationship(shop: Shop, target: dict[str, Any], data: Any) -> None:
    """A-9.1, A-9.2, A-9.3: the result is empty."""
    answer = send(shop, {"op": "update", "data": data, **target})

    assert answer.json["atomic:results"] == [{}]
    assert shop.get("/api/books/1/relationships/publisher").json["data"] == data


@pytest.mark.parametrize(
    "target",
    [{"ref": ref("books", "1", relationship="tags")}, {"href": "/api/books/1/relationships/tags"}],
    ids=["ref", "href"],
)
def test_to_many_relationship(shop: Shop, target: dict[str, Any]) -> None:
    """A-10.1, A-10.2, A-10.3: the results are empty; nothing is there twice."""
    four, five = ref("tags", "4"), ref("tags", "5")

    answer = send(
        shop,
        {"op": "update", "data": [four], **target},
        {"op": "add", "data": [four, five, five], **target},
        {"op": "remove", "data": [four], **target},
    )

    assert answer.json["atomic:results"] == [{}, {}, {}]
    assert shop.get("/api/books/1/relationships/tags").json["data"] == [five]


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(
            {
                "op": "update",
                "ref": {"type": "publishers", "id": "1", "relationship": "country"},
                "data": ref("countries", "QQ"),
            },
            id="to-one",
        ),
        pytest.param(
            {
                "op": "add",
                "data": {
                    "type": "publishers",
                    "attributes": {"name": "Q"},
                    "relationships": {"country": {"data": ref("countries", "QQ")}},
                },
            },
            id="new",
        ),
    ],
)
def test_removed_id_is_not_there(shop: Shop, after: Any) -> None:
    """A-4.2: what the batch itself has added by an id, and removed again, cannot be linked to."""
    country = {"type": "countries", "id": "QQ", "attributes": {"name": "Nowhere", "currency": "QQQ"}}

    answer = send(
        shop, {"op": "add", "data": country}, {"op": "remove", "ref": ref("countries", "QQ")}, add("after"), after
    )

    assert (answer.status_code, answer.json["errors"][0]["code"]) == (404, "related-not-found"), answer.text
    assert answer.json["errors"][0]["source"]["pointer"].startswith("/atomic:operations/3/data")
    assert "after" not in names(shop)


def test_removed_id_may_be_added_again(shop: Shop) -> None:
    """A-4.2: operations see what earlier ones did."""
    country = {"type": "countries", "id": "QQ", "attributes": {"name": "Nowhere", "currency": "QQQ"}}

    answer = send(
        shop,
        {"op": "add", "data": country},
        {"op": "remove", "ref": ref("countries", "QQ")},
        {"op": "add", "data": {**country, "attributes": {"name": "Elsewhere", "currency": "QQQ"}}},
    )

    assert answer.status_code == 200, answer.text
    assert shop.get("/api/countries/QQ").json["data"]["attributes"]["name"] == "Elsewhere"


@pytest.mark.parametrize(
    ("operation", "pointer"),
    [
        pytest.param({"op": "add", "data": {"type": "tags"}, "meta": 1}, "/meta", id="meta A-2.5"),
        pytest.param({"op": "add", "data": {"type": "tags"}, "meta": None}, "/meta", id="meta null A-2.5"),
        pytest.param({"op": 1}, "/op", id="op no string A-2.1"),
        pytest.param({"op": "remove", "ref": []}, "/ref", id="ref no object A-2.3"),
        pytest.param({"op": "remove", "href": 1}, "/href", id="href no string A-2.4"),
        pytest.param(
            {"op": "update", "ref": {**ref("books", "1"), "relationship": None}, "data": None},
            "/ref/relationship",
            id="relationship no string A-2.3",
        ),
        pytest.param({"op": "update", "href": "/api/tags", "data": ref("tags", "1")}, "/href", id="collection A-7.5"),
    ],
)
def test_malformed_operations(shop: Shop, operation: Any, pointer: str) -> None:
    """A-5.3."""
    answer = send(shop, operation)

    assert answer.status_code == 400
    assert answer.json["errors"][0]["source"] == {"pointer": f"/atomic:operations/0{pointer}"}


def test_meta_and_strange_members_are_ignored(shop: Shop) -> None:
    """A-2.5, A-2.6, J-3.0.3: `ref` beside the data of an add, `meta`, and what nobody knows."""
    answer = send(shop, add("kept", "a", ref={"type": "tags", "lid": "a"}, meta={"a": 1}, foo=2), jsonapi={}, bar=3)

    assert answer.status_code == 200
    assert "kept" in names(shop)


@pytest.mark.parametrize("member", ["atomic:results", "errors", "included", "data"])
def test_operations_go_with_nothing_else(shop: Shop, member: str) -> None:
    """A-1.1, A-1.2, A-1.5."""
    assert send(shop, add("never"), **{member: []}).status_code == 400
    assert "never" not in names(shop)


def test_base_rules_hold_inside(shop: Shop) -> None:
    """J-1.2.1, J-1.2.2, A-5.1: statuses and error objects are those of single requests, and only `atomic:` is new."""
    for operation, method, path, document in (
        (add("x") | {"data": {"type": "tags", "id": "7"}}, "POST", "/api/tags", {"data": {"type": "tags", "id": "7"}}),
        (
            {"op": "update", "ref": ref("tags", "1"), "data": {**ref("tags", "1"), "attributes": {"name": 1}}},
            "PATCH",
            "/api/tags/1",
            {"data": {**ref("tags", "1"), "attributes": {"name": 1}}},
        ),
        ({"op": "remove", "ref": ref("tags", "999")}, "DELETE", "/api/tags/999", None),
    ):
        batch, single = send(shop, operation), shop.client.send(method, path, document)
        assert batch.status_code == single.status_code
        assert batch.json["errors"][0]["code"] == single.json["errors"][0]["code"]
        assert set(batch.json) == {"errors", "jsonapi"}


@pytest.mark.parametrize("parameter", ["include=nothing", "fields[tags]=no", "sort=name", "page[size]=1", "foo=1"])
def test_parameters_are_not_possible(shop: Shop, parameter: str) -> None:
    """J-4.3.3, J-6.3.4: honoured or refused, never ignored."""
    answer = shop.client.send(
        "POST", f"/api/operations?{parameter}", {"atomic:operations": [add("never")]}, content_type=TYPE
    )

    assert answer.status_code == 400
    assert "never" not in names(shop)


@pytest.mark.parametrize("before", [0, 1, 3])
def test_what_the_database_refuses_is_named(shop_everywhere: Shop, before: int) -> None:
    """A-5.2, A-4.3: the operation and the value, also where rows are written together; nothing is left behind."""
    known = names(shop_everywhere)
    operations = [*[add(f"never {number}") for number in range(before)], add("classic"), add("never at all")]

    answer = send(shop_everywhere, *operations)

    assert answer.status_code == 409
    pointer = f"/atomic:operations/{before}/data/attributes/name"
    assert [one["source"] for one in answer.json["errors"]] == [{"pointer": pointer}]
    assert names(shop_everywhere) == known


def test_refusal_of_an_update_or_removal_is_named(shop_everywhere: Shop) -> None:
    """A-5.2: a value that is taken, a rule of the table, a row that others refer to."""
    line = shop_everywhere.get("/api/order_lines?page[size]=1").json["data"][0]
    book = line["relationships"]["book"]["data"]
    for operation, status, pointer in (
        (
            {"op": "update", "data": {**ref("tags", "1"), "attributes": {"name": "classic"}}},
            409,
            "/data/attributes/name",
        ),
        ({"op": "update", "data": {**ref("books", "1"), "attributes": {"price": "-1"}}}, 422, "/data"),
        ({"op": "remove", "ref": ref(type_=book["type"], id_=book["id"])}, 409, "/ref"),
    ):
        answer = send(shop_everywhere, add("never"), operation)
        assert answer.status_code == status, answer.text
        assert answer.json["errors"][0]["source"] == {"pointer": f"/atomic:operations/1{pointer}"}
    assert "never" not in names(shop_everywhere)


def ask(shop: Shop, query: str, *operations: Any) -> Any:
    body = json.dumps({"atomic:operations": list(operations)})
    return shop.client.post(f"/api/operations?{query}", data=body, content_type=TYPE, headers={"Accept": TYPE})


BOOK = {
    "op": "add",
    "data": {
        "type": "books",
        "attributes": {"title": "T", "price": "1.00"},
        "relationships": {
            "publisher": {"data": {"type": "publishers", "id": "3"}},
            "tags": {"data": [{"type": "tags", "id": "1"}, {"type": "tags", "id": "2"}]},
        },
    },
}


def test_results_with_fields_and_included_resources(shop: Shop) -> None:
    """A-3.1, J-4.3.11, J-4.4.6: what a result includes is in its meta; a path need not fit every type."""
    results = ask(
        shop, "include=tags,publisher&fields[tags]=name&fields[books]=title,tags", BOOK, add("never seen")
    ).json["atomic:results"]

    book, tag = results
    assert set(book["data"]["attributes"]) == {"title"}
    assert [one["id"] for one in book["data"]["relationships"]["tags"]["data"]] == ["1", "2"]
    assert [(one["type"], one["id"]) for one in book["meta"]["included"]] == [
        ("tags", "1"),
        ("tags", "2"),
        ("publishers", "3"),
    ]
    assert all(set(one["attributes"]) == {"name"} for one in book["meta"]["included"][:2])
    assert tag["meta"] == {"included": []}


def test_without_include_results_have_no_meta(shop: Shop) -> None:
    (result,) = ask(shop, "excludedFields[books]=price", BOOK).json["atomic:results"]

    assert set(result) == {"data"}
    assert "price" not in result["data"]["attributes"]


def test_a_path_that_no_type_has_is_refused(shop: Shop) -> None:
    """J-4.3.8: before anything is written."""
    for query, parameter in (
        ("include=nothing", "include"),
        ("include=tags,tags.nothing", "include"),
        ("fields[books]=nothing", "fields[books]"),
        ("sort=title", "sort"),
    ):
        answer = ask(shop, query, BOOK, add("never"))
        assert (answer.status_code, answer.json["errors"][0]["source"]) == (400, {"parameter": parameter})
    assert "never" not in names(shop)
