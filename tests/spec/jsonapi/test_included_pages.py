"""`includedPage`, `includedSort`, `includedFilter`: what is sent of included to-many relationships (features.md 5)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from conftest import Shop

RELATIONS = [
    ("publishers", "books", "-price,id"),
    ("shelves", "books", "title"),
    ("books", "tags", "-name"),
    ("books", "reviews", "-rating"),
    ("books", "approved_reviews", "rating,-id"),
    ("books", "order_lines", "quantity"),
    ("orders", "lines", "-unit_price"),
    ("orders", "books", "-title"),
    ("orders", "payments", "-amount"),
    ("customers", "orders", "-placed_at"),
    ("employees", "moderated_reviews", "book.title"),
    ("categories", "children", "-position"),
    ("authors", "books", "publisher.name,-title"),
]
"""Collection, to-many relationship and order: each kind of key and of relationship that the bookshop has."""


def ids(document: Any, name: str) -> dict[str, list[str]]:
    """Give the ids in one relationship of each primary resource."""
    return {one["id"]: [ref["id"] for ref in one["relationships"][name]["data"]] for one in document["data"]}


@pytest.mark.parametrize(("collection", "name", "order"), RELATIONS, ids=lambda one: one.replace(".", "_"))
def test_page_of_each_parent_is_that_of_the_relationship_url(
    shop_everywhere: Shop, collection: str, name: str, order: str
) -> None:
    """J-3.4.7: in one statement for all parents; the bound is 1 + include paths + 1 (features.md 2)."""
    shop = shop_everywhere
    fields = f"title,{name}" if collection == "books" else "title"
    shaped = f"fields[books]={fields}&include={name}&includedPage[{name}][size]=2&includedSort[{name}]={order}"
    with shop.counted() as statements:
        document = shop.get(f"/api/{collection}?page[size]=50&{shaped}").json

    assert len(statements) <= 3, statements.texts
    assert any(ids(document, name).values())
    for one in document["data"][:6]:
        own = shop.get(f"{one['links']['self']}/relationships/{name}?sort={order}&page[size]=2").json
        links = one["relationships"][name]["links"]
        assert one["relationships"][name]["data"] == own["data"]
        assert (links["next"] is None) == (own["links"]["next"] is None)
        assert links["prev"] is None


def test_next_pages_walk_through_the_relationship(shop_everywhere: Shop) -> None:
    """J-3.4.7, J-4.6.7: identifiers, in the same order and under the same filter, each once."""
    query = "include=reviews&includedPage[reviews][size]=1&includedSort[reviews]=-rating"
    query += "&includedFilter[reviews][rating][ge]=2"
    wanted = "sort=-rating&filter[rating][ge]=2&page[size]=50"
    walked = 0
    for book in shop_everywhere.get(f"/api/books?page[size]=50&{query}").json["data"]:
        found, links = list(book["relationships"]["reviews"]["data"]), book["relationships"]["reviews"]["links"]
        while links["next"]:
            page = shop_everywhere.get(links["next"]).json
            assert {one["id"] for one in page["included"]} == {one["id"] for one in page["data"]}
            found, links, walked = found + page["data"], page["links"], walked + 1
        assert found == shop_everywhere.get(f"/api/books/{book['id']}/relationships/reviews?{wanted}").json["data"]
    assert walked


def test_second_page_leads_back(shop: Shop) -> None:
    """J-4.6.3, J-4.6.4: a parent whose list ends before the page has an empty one."""
    document = shop.get("/api/publishers?include=books&includedPage[books][size]=2&includedPage[books][number]=2").json

    for one in document["data"]:
        links = one["relationships"]["books"]["links"]
        everything = shop.get(f"/api/publishers/{one['id']}/relationships/books?page[size]=50").json["data"]
        assert one["relationships"]["books"]["data"] == everything[2:4]
        assert shop.get(links["prev"]).json["data"] == shop.get(links["first"]).json["data"] == everything[:2]
        assert (links["next"] is None) == (len(everything) <= 4)


def test_offset_is_answered_as_it_was_spelled(shop: Shop) -> None:
    """J-4.6.7: links keep to the client's spelling."""
    query = "include=books&includedPage[books][offset]=1&includedPage[books][limit]=1"
    document = shop.get(f"/api/publishers?{query}").json

    links = next(
        one["relationships"]["books"]["links"] for one in document["data"] if one["relationships"]["books"]["data"]
    )
    assert "page%5Boffset%5D=0&page%5Blimit%5D=1" in links["prev"]
    assert shop.get(links["prev"]).status_code == 200


def test_what_is_included_is_what_the_linkage_names(shop: Shop) -> None:
    """J-3.7.3: nothing beyond the page is sent."""
    document = shop.get("/api/publishers?include=books&includedPage[books][size]=1&page[size]=50").json

    named = {id_ for one in ids(document, "books").values() for id_ in one}
    assert {one["id"] for one in document["included"]} == named


def test_nested_paths_have_pages_of_their_own(shop_everywhere: Shop) -> None:
    """J-4.3.9: the links of a nested path start at its own parent."""
    query = "include=books.reviews&includedPage[books][size]=2&includedPage[books.reviews][size]=1"
    query += "&includedSort[books.reviews]=-rating&includedFilter[books.reviews][rating][gt]=1"
    with shop_everywhere.counted() as statements:
        document = shop_everywhere.get(f"/api/publishers?page[size]=50&fields[books]=title,reviews&{query}").json

    assert len(statements) <= 4, statements.texts
    books = [one for one in document["included"] if one["type"] == "books"]
    assert books
    for one in books:
        found = one["relationships"]["reviews"]
        own = f"/api/books/{one['id']}/relationships/reviews"
        everything = shop_everywhere.get(f"{own}?sort=-rating&filter[rating][gt]=1&page[size]=50").json["data"]
        assert found["data"] == everything[:1]
        assert (found["links"]["next"] is None) == (len(everything) < 2)
        if found["links"]["next"]:
            assert shop_everywhere.get(found["links"]["next"]).json["data"] == everything[1:2]


@pytest.mark.parametrize(
    ("filter_", "wanted"),
    [
        ("[approved]=true", "filter[approved]=true"),
        ("[rating][ge]=4", "filter[rating][ge]=4"),
        ("[reviewer.first_name][contains]=a", "filter[reviewer.first_name][contains]=a"),
        (
            "[objects]=" + quote(json.dumps([{"or": [{"name": "rating", "op": "eq", "val": 5}]}])),
            "filter[rating]=5",
        ),
    ],
)
def test_filter_keeps_parents_and_narrows_linkage(shop_everywhere: Shop, filter_: str, wanted: str) -> None:
    """Features.md 5: without a page there are no pagination links."""
    document = shop_everywhere.get(f"/api/books?page[size]=50&include=reviews&includedFilter[reviews]{filter_}").json

    assert len(document["data"]) == shop_everywhere.get("/api/books?page[size]=1").json["meta"]["total"]
    for one in document["data"]:
        own = shop_everywhere.get(f"/api/books/{one['id']}/relationships/reviews?{wanted}&page[size]=50").json
        assert sorted(ids(document, "reviews")[one["id"]]) == sorted(ref["id"] for ref in own["data"])
        assert "next" not in one["relationships"]["reviews"]["links"]


def test_single_resources_related_and_relationship_urls(shop: Shop) -> None:
    """J-4.3.10: on a relationship URL the paths start at the parent."""
    whole = shop.get("/api/books?filter[reviews][isnull]=false&page[size]=1&include=reviews").json["data"][0]
    book, expected = whole["id"], sorted(ref["id"] for ref in whole["relationships"]["reviews"]["data"])[:1]
    page = "includedPage[{0}][size]=1&includedSort[{0}]=id".format

    single = shop.get(f"/api/books/{book}?include=reviews&{page('reviews')}").json["data"]
    assert [ref["id"] for ref in single["relationships"]["reviews"]["data"]] == expected
    publisher = single["relationships"]["publisher"]["data"]["id"]
    related = shop.get(f"/api/publishers/{publisher}/books?include=reviews&{page('reviews')}&filter[id]={book}").json
    assert ids(related, "reviews")[book] == expected
    linkage = shop.get(
        f"/api/publishers/{publisher}/relationships/books?include=books.reviews&{page('books.reviews')}&filter[id]={book}"
    ).json
    (found,) = [one for one in linkage["included"] if one["type"] == "books"]
    assert [ref["id"] for ref in found["relationships"]["reviews"]["data"]] == expected
    following = found["relationships"]["reviews"]["links"]["first"]
    assert [ref["id"] for ref in shop.get(following).json["data"]] == expected


def test_answers_of_writes(shop: Shop) -> None:
    """J-4.3.11: `include` and what refines it hold for POST and PATCH too."""
    query = "?include=tags&includedPage[tags][size]=1&includedSort[tags]=name&withCount=tags"
    tags = [{"type": "tags", "id": id_} for id_ in ("1", "2", "3")]
    document = {
        "type": "books",
        "attributes": {"title": "A", "price": "1.00"},
        "relationships": {"tags": {"data": tags}},
    }
    made = shop.client.send("POST", f"/api/books{query}", {"data": document})
    changed = shop.client.send(
        "PATCH",
        f"/api/books/{made.json['data']['id']}{query}",
        {"data": made.json["data"] | {"attributes": {}, "relationships": {}}},
    )

    for answer, status in ((made, 201), (changed, 200)):
        assert answer.status_code == status
        found = answer.json["data"]["relationships"]["tags"]
        assert (len(found["data"]), found["meta"]) == (1, {"count": 3, "page": {"total": 3}})
        assert len(shop.get(found["links"]["next"]).json["data"]) == 1


def test_default_includes_have_pages_too(shop: Shop) -> None:
    """J-4.3.1: the paths are those that are included, whoever named them; the links name them."""
    from flask_restless.demo import models

    shop.manager.create_api(models.Publisher, collection_name="houses", includes=["books"], url_prefix="/other")
    shop.manager.create_api(models.Book, url_prefix="/other")
    document = shop.get("/other/houses?includedPage[books][size]=1").json

    one = next(one for one in document["data"] if one["relationships"]["books"]["links"]["next"])
    assert len(shop.get(one["relationships"]["books"]["links"]["next"]).json["included"]) == 1


def test_one_resource_over_two_paths_has_all_that_is_included(shop: Shop) -> None:
    """J-3.7.3, J-3.7.5: different members of one relationship are put together (the validator checks full linkage)."""
    query = "include=children,parent.children&includedPage[children][size]=1&includedSort[children]=-position"
    document = shop.get(f"/api/categories?page[size]=50&{query}").json

    shown = {one["id"] for one in (*document["data"], *document.get("included", ()))}
    assert len(shown) == len([*document["data"], *document["included"]])


@pytest.mark.parametrize(
    ("query", "code", "parameter", "hint"),
    [
        ("includedPage[tags][size]=1", "not-included", "includedPage[tags][size]", "there are none"),
        ("include=tags&includedSort[tag]=name", "not-included", "includedSort[tag]", 'did you mean "tags"'),
        ("include=tags&includedFilter[nosuch][a]=1", "not-included", "includedFilter[nosuch][a]", '"tags"'),
        (
            "include=publisher&includedPage[publisher][size]=1",
            "invalid-parameter",
            "includedPage[publisher][size]",
            "to-one",
        ),
        ("include=publisher&includedSort[publisher]=name", "invalid-parameter", "includedSort[publisher]", "to-one"),
        (
            "include=publisher&includedFilter[publisher][name]=a",
            "invalid-parameter",
            "includedFilter[publisher][name]",
            "to-one",
        ),
        ("include=tags&includedPage[tags][size]=0", "invalid-page", "includedPage[tags][size]", "from 1 to 100"),
        ("include=tags&includedPage[tags][size]=-1", "invalid-page", "includedPage[tags][size]", "whole number"),
        ("include=tags&includedPage[tags][size]=101", "page-too-large", "includedPage[tags][size]", "at most 100"),
        ("include=tags&includedPage[tags][number]=0", "invalid-page", "includedPage[tags][number]", "from 1"),
        ("include=tags&includedPage[tags][after]=x", "unknown-parameter", "includedPage[tags][after]", '"size"'),
        ("include=tags&includedPage[tags]=1", "invalid-parameter", "includedPage[tags]", "includedPage[path][size]"),
        ("include=tags&includedPage=1", "invalid-parameter", "includedPage", "includedPage[path][size]"),
        ("include=tags&includedSort[tags]=nosuch", "invalid-sort", "includedSort[tags]", '"name"'),
        ("include=tags&includedSort[tags]=books", "invalid-sort", "includedSort[tags]", "relationship"),
        ("include=tags&includedFilter[tags][nosuch]=1", "unknown-field", "includedFilter[tags][nosuch]", '"name"'),
        (
            "include=tags&includedFilter[tags][name][nosuch]=1",
            "unknown-operator",
            "includedFilter[tags][name][nosuch]",
            "",
        ),
        ("include=tags&includedFilter[tags][id]=x", "invalid-filter", "includedFilter[tags][id]", ""),
        ("include=tags&includedFilter[tags][objects]={", "invalid-filter", "includedFilter[tags][objects]", ""),
        ("include=tags&includedFilter[tags][single]=1", "unknown-field", "includedFilter[tags][single]", ""),
        (
            "include=tags&includedSort[tags]=name&includedSort[tags]=id",
            "invalid-parameter",
            "includedSort[tags]",
            "twice",
        ),
    ],
)
def test_refusals(shop: Shop, query: str, code: str, parameter: str, hint: str) -> None:
    """J-6.3.4, C-3.3: at the parameter, with what would do; before any statement runs."""
    with shop.counted() as statements:
        answer = shop.get(f"/api/books?{query}")

    (error,) = answer.json["errors"]
    assert (answer.status_code, error["source"]) == (400, {"parameter": parameter})
    assert error["code"] in {code, "malformed-document"} if "objects" in parameter else error["code"] == code
    assert hint in error["detail"]
    assert not len(statements)


def test_hidden_path_is_as_unknown_as_one_that_does_not_exist(shop: Shop) -> None:
    """T02, T04: byte-identical but for the name."""
    hidden = shop.get("/api/customers?include=orders&includedFilter[orders][customer.credit]=1")
    unknown = shop.get("/api/customers?include=orders&includedFilter[orders][customer.cradit]=1")

    assert hidden.text.replace("credit", "cradit") == unknown.text
    assert hidden.status_code == 400


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/api/books/1"), ("PATCH", "/api/books/1/relationships/tags")])
def test_endpoints_that_include_nothing_refuse(shop: Shop, method: str, path: str) -> None:
    """J-4.3.3."""
    answer = shop.client.send(method, f"{path}?includedPage[tags][size]=1", {"data": []})

    assert answer.status_code == 400


def test_primary_data_of_a_relationship_url_is_paged_by_page(shop: Shop) -> None:
    """J-4.3.10: the parent's path is the primary data there."""
    answer = shop.get("/api/books/1/relationships/tags?include=tags&includedPage[tags][size]=1")

    assert answer.status_code == 400
    assert "primary data" in answer.json["errors"][0]["detail"]
