"""J-3 and J-4: documents, resources, relationships, inclusion, fieldsets, sorting, paging, filters."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import text

from conftest import Shop


def test_document_of_a_resource(shop: Shop) -> None:
    """J-3.1.10, J-3.2.1, J-3.2.2, J-3.2.4, J-3.10.3, J-4.1.2, J-4.1.4."""
    document = shop.get("/api/books/1").json

    assert set(document) == {"data", "links", "jsonapi"}
    assert document["jsonapi"] == {"version": "1.1"}
    assert (document["data"]["type"], document["data"]["id"]) == ("books", "1")
    assert document["links"]["self"] == document["data"]["links"]["self"]


def test_attributes_leave_keys_and_foreign_keys_out(shop: Shop) -> None:
    """J-3.3.1, J-3.3.4."""
    attributes = shop.get("/api/books/1").json["data"]["attributes"]

    assert not {"id", "type", "publisher_id", "category_id", "format_slug"} & set(attributes)


def test_attribute_without_a_value_is_null(shop: Shop) -> None:
    """J-3.3.5."""
    books = shop.get("/api/books?filter[subtitle][isnull]=true").json["data"]

    assert books
    assert all(book["attributes"]["subtitle"] is None for book in books)


def test_discriminator_is_not_a_field(shop: Shop) -> None:
    """J-3.3.1: the column `type` of payments is no attribute."""
    assert "type" not in shop.get("/api/payments").json["data"][0]["attributes"]


def test_collection_of_one_is_a_list(shop: Shop) -> None:
    """J-3.1.11."""
    assert isinstance(shop.get("/api/books?filter[id]=1").json["data"], list)


def test_empty_collection_is_a_list(shop: Shop) -> None:
    """J-4.1.3."""
    assert shop.get("/api/books?filter[title]=nothing has this title").json["data"] == []


def test_self_link_reproduces_the_document(shop: Shop) -> None:
    """J-3.1.8, J-8.2."""
    document = shop.get("/api/books?sort=-price&fields[books]=title&page[size]=3&filter[price][gt]=1").json

    assert shop.get(document["links"]["self"]).json == document


@pytest.mark.parametrize(
    "path",
    ["999999", "abc", "1e3", "01", "+1", "%2B1", "1.0", "%D9%A1", "1%00", "9" * 400, "-0", "%20", "1%201"],
)
def test_resource_that_does_not_exist(shop: Shop, path: str) -> None:
    """J-4.1.6, T41, T36: also what could not be an id is just not there."""
    assert shop.get(f"/api/books/{path}").status_code == 404


@pytest.mark.parametrize("collection", ["reviews", "loyalty_cards", "shelves", "order_lines", "formats"])
def test_id_of_another_kind_is_not_found(shop: Shop, collection: str) -> None:
    """J-4.1.6 for UUIDs, composite and text keys."""
    assert shop.get(f"/api/{collection}/nothing-like-it").status_code == 404


def test_empty_to_one_is_null(shop: Shop) -> None:
    """J-4.1.5, J-3.4.8, J-3.4.10, J-4.2.6."""
    book = shop.get("/api/books?filter[shelf][isnull]=true").json["data"][0]
    links = book["relationships"]["shelf"]["links"]

    assert book["relationships"]["shelf"]["data"] is None
    assert shop.get(links["related"]).json["data"] is None
    assert shop.get(links["self"]).json["data"] is None


def test_empty_to_many_is_a_list(shop: Shop) -> None:
    """J-3.4.8, J-3.4.10, J-4.2.6."""
    shop.client.send("POST", "/api/tags", {"data": {"type": "tags", "attributes": {"name": "lonely"}}})
    tag = shop.get("/api/tags?filter[name]=lonely&include=books").json["data"][0]

    assert tag["relationships"]["books"]["data"] == []
    assert shop.get(tag["relationships"]["books"]["links"]["related"]).json["data"] == []
    assert shop.get(tag["relationships"]["books"]["links"]["self"]).json["data"] == []


@pytest.mark.parametrize(
    "path",
    [
        "999999/authors",
        "999999/publisher",
        "999999/relationships/authors",
        "999999/relationships/publisher",
        "1/nothing",
        "1/title",
        "1/relationships/nothing",
        "1/relationships/title",
        "1/authors/999999",
        "1/publisher/1",
    ],
)
def test_related_urls_that_do_not_exist(shop: Shop, path: str) -> None:
    """J-4.1.7, J-4.2.5."""
    assert shop.get(f"/api/books/{path}").status_code == 404


def test_relationship_document(shop: Shop) -> None:
    """J-4.2.2 to J-4.2.4, J-3.1.9, J-3.6.1, J-3.6.3, J-3.6.4."""
    answer = shop.get("/api/books/1/relationships/authors")

    assert answer.status_code == 200
    assert answer.json["links"]["self"] == "http://localhost/api/books/1/relationships/authors"
    assert answer.json["links"]["related"] == "http://localhost/api/books/1/authors"
    assert answer.json["data"]
    assert all(set(one) == {"type", "id"} for one in answer.json["data"])


def test_links_with_odd_ids_work(shop: Shop) -> None:
    """J-3.5.2: spaces, slashes, percent signs, letters outside ASCII."""
    for one in shop.get("/api/formats?page[size]=50").json["data"]:
        assert shop.get(one["links"]["self"]).json["data"]["id"] == one["id"]
        assert shop.get(one["relationships"]["books"]["links"]["related"]).status_code == 200
        assert shop.get(one["relationships"]["books"]["links"]["self"]).status_code == 200


def test_subtype_rows_have_one_identity(shop: Shop) -> None:
    """J-3.2.5, J-3.5.2, C-12: a manager is of type managers wherever it appears."""
    for one in shop.get("/api/people?page[size]=50").json["data"]:
        own = shop.get(one["links"]["self"]).json["data"]
        assert own == one
        assert shop.get(f"/api/people/{one['id']}").json["data"] == one


# ---------------------------------------------------------------- inclusion


def test_included_is_there_even_if_empty(shop: Shop) -> None:
    """J-4.3.4, J-4.3.7."""
    assert shop.get("/api/books?filter[publisher][isnull]=true&include=publisher").json["included"] == []
    assert shop.get("/api/books?filter[id]=999999&include=authors").json["included"] == []
    assert shop.get("/api/books/1?include=").json["included"] == []
    assert "included" not in shop.get("/api/books/1").json


@pytest.mark.parametrize(
    "include",
    ["nothing", "title", "authors,nothing", "authors.", "authors.nothing", ".", "authors..country", "Authors"],
)
def test_unknown_include_is_refused(shop: Shop, include: str) -> None:
    """J-4.3.8, J-3.11.1; C-1."""
    answer = shop.get(f"/api/books?include={include}")

    assert answer.status_code == 400
    assert answer.json["errors"][0]["source"] == {"parameter": "include"}


def test_include_brings_what_lies_between(shop: Shop) -> None:
    """J-4.3.9, J-3.7.3 (the client checks the linkage)."""
    document = shop.get("/api/books?include=authors.country&page[size]=50").json

    assert {one["type"] for one in document["included"]} == {"authors", "countries"}


def test_only_what_was_asked_for_is_included(shop: Shop) -> None:
    """J-4.3.5."""
    assert {one["type"] for one in shop.get("/api/books?include=publisher").json["included"]} == {"publishers"}


def test_primary_data_are_not_included_again(shop: Shop) -> None:
    """J-3.7.5 (the client checks that each resource is there once)."""
    document = shop.get("/api/books/1?include=authors.books").json

    assert ("books", "1") not in {(one["type"], one["id"]) for one in document["included"]}


def test_include_on_related_and_relationship_urls(shop: Shop) -> None:
    """J-4.3.3, J-4.3.10, J-4.3.11."""
    assert shop.get("/api/books/1/authors?include=country").json["included"] is not None
    document = shop.get("/api/books/1/relationships/authors?include=authors.country").json
    assert {"authors"} <= {one["type"] for one in document["included"]}
    assert shop.get("/api/books/1/relationships/authors?include=publisher").status_code == 400


def test_deep_and_wide_includes_are_refused(shop: Shop) -> None:
    """T20, T21: before any statement."""
    deep = ".".join(["authors", "books"] * 200)
    with shop.counted() as statements:
        assert shop.get(f"/api/books?include={deep}").status_code == 400
    assert len(statements) == 0


# ---------------------------------------------------------------- fieldsets


def test_fieldset_holds_for_attributes_and_relationships(shop: Shop) -> None:
    """J-4.4.2, J-4.4.4."""
    book = shop.get("/api/books/1?fields[books]=title,authors").json["data"]

    assert set(book["attributes"]) == {"title"}
    assert set(book["relationships"]) == {"authors"}


def test_empty_fieldset_sends_no_field(shop: Shop) -> None:
    """J-4.4.3."""
    book = shop.get("/api/books/1?fields[books]=").json["data"]

    assert not {"attributes", "relationships"} & set(book)


def test_fieldset_holds_in_included(shop: Shop) -> None:
    """J-4.4.4."""
    document = shop.get("/api/books?include=authors&fields[authors]=name&page[size]=50").json

    assert all(set(one["attributes"]) == {"name"} for one in document["included"])
    assert all("relationships" not in one for one in document["included"])


def test_include_without_its_field(shop: Shop) -> None:
    """J-4.4.7, J-3.7.4."""
    document = shop.get("/api/books/1?include=authors&fields[books]=title").json

    assert document["included"]
    assert "relationships" not in document["data"]


@pytest.mark.parametrize(
    "query", ["fields[books]=nothing", "fields[nothing]=a", "fields=title", "fields[]=x", "fields[a][b]=c"]
)
def test_wrong_fieldsets_are_refused(shop: Shop, query: str) -> None:
    """J-4.4.8, J-4.4.9."""
    assert shop.get(f"/api/books?{query}").status_code == 400


def test_deferred_attribute_is_sent_when_named(shop: Shop) -> None:
    """Performance trap: deferred columns stay unselected unless named."""
    assert "description" not in shop.get("/api/books/1").json["data"]["attributes"]
    assert "description" in shop.get("/api/books/1?fields[books]=description").json["data"]["attributes"]


# ---------------------------------------------------------------- sorting


def values(shop: Shop, path: str, name: str) -> list[Any]:
    return [one["attributes"][name] for one in shop.get(path).json["data"]]


def test_sort_ascending_and_descending(shop: Shop) -> None:
    """J-4.5.4, J-4.5.6."""
    ascending = values(shop, "/api/tags?sort=name&page[size]=100", "name")
    descending = values(shop, "/api/tags?sort=-name&page[size]=100", "name")

    assert ascending == sorted(ascending) == descending[::-1]


def test_sort_by_several_fields_in_order(shop: Shop) -> None:
    """J-4.5.2, J-4.5.3."""
    books = shop.get("/api/books?sort=in_print,-pages&page[size]=50&filter[pages][isnull]=false").json["data"]
    keys = [(one["attributes"]["in_print"], -one["attributes"]["pages"]) for one in books]

    assert keys == sorted(keys, key=lambda key: (key[0] is not None, key))


@pytest.mark.parametrize(
    "sort", ["nothing", "authors", "authors.name", "publisher", "publisher.nothing", "", "-", "details"]
)
@pytest.mark.parametrize("path", ["/api/books", "/api/authors/1/books", "/api/authors/1/relationships/books"])
def test_unsupported_sort_is_refused(shop: Shop, path: str, sort: str) -> None:
    """J-4.5.5."""
    answer = shop.get(f"{path}?sort={sort}")

    assert answer.status_code == 400
    assert answer.json["errors"][0]["source"] == {"parameter": "sort"}


def test_sort_where_there_is_no_list_is_refused(shop: Shop) -> None:
    """J-6.3.4."""
    assert shop.get("/api/books/1?sort=title").status_code == 400


# ---------------------------------------------------------------- paging


def test_page_links_of_the_edges(shop: Shop) -> None:
    """J-4.6.2 to J-4.6.5: no prev on the first page, no next on the last."""
    first = shop.get("/api/tags?page[size]=5").json
    last = shop.get(first["links"]["last"]).json

    assert {"first", "last", "prev", "next"} <= set(first["links"])
    assert first["links"]["prev"] is None
    assert last["links"]["next"] is None
    assert shop.get(last["links"]["prev"]).json["links"]["next"].endswith(last["links"]["self"].rpartition("?")[2])


def test_page_links_keep_the_query(shop: Shop) -> None:
    """J-4.6.7, J-3.9.2, C-6."""
    link = shop.get("/api/books?page[size]=2&sort=-title&filter[title][ne]=a%26b%2B%25&fields[books]=title").json[
        "links"
    ]["next"]

    assert "[" not in link
    assert "sort=-title" in link
    assert "filter%5Btitle%5D%5Bne%5D=a%26b%2B%25" in link
    assert shop.get(link).status_code == 200


def test_link_header_agrees(shop: Shop) -> None:
    """J-9.7."""
    answer = shop.get("/api/tags?page[size]=5")

    assert f'<{answer.json["links"]["next"]}>; rel="next"' in answer.headers["Link"]


@pytest.mark.parametrize("name", ["size", "number", "limit"])
def test_a_page_of_nothing_is_named(shop: Shop, name: str) -> None:
    (error,) = shop.get(f"/api/books?page[{name}]=00").json["errors"]
    assert error["detail"].endswith(', not "00"')
    assert error["source"] == {"parameter": f"page[{name}]"}


@pytest.mark.parametrize("name", ["offset", "limit", "size"])
def test_a_page_beyond_all_limits_is_named(shop: Shop, name: str) -> None:
    (error,) = shop.get(f"/api/books?page[{name}]=7654321").json["errors"]
    assert "7654321" in error["detail"]


@pytest.mark.parametrize(
    "query",
    [
        "page[size]=abc",
        "page[size]=-1",
        "page[size]=0",
        "page[size]=1.5",
        "page[size]=",
        "page[size]=101",
        "page[size]=%2B5",
        "page[size]=" + "9" * 400,
        "page[number]=0",
        "page[number]=-1",
        "page[number]=abc",
        "page[number]=9223372036854775807",
        "page[offset]=-1",
        "page[offset]=99999999999",
        "page[offset]=1&page[number]=1",
        "page[foo]=1",
        "page[total]=x",
        "page=1",
        "page[]=1",
        "page[size][x]=1",
    ],
)
def test_bad_pages_are_refused(shop: Shop, query: str) -> None:
    """J-4.6.9, T22, T23, A-14, C-1."""
    answer = shop.get(f"/api/books?{query}")

    assert answer.status_code == 400
    assert answer.json["errors"][0]["source"]["parameter"].startswith("page")


def test_page_beyond_the_end_is_empty(shop: Shop) -> None:
    document = shop.get("/api/books?page[number]=1000").json

    assert document["data"] == []
    assert document["links"]["next"] is None
    assert document["meta"]["total"] == 13


def test_offset_paging(shop: Shop) -> None:
    everything = [one["id"] for one in shop.get("/api/books?page[size]=100").json["data"]]

    document = shop.get("/api/books?page[offset]=3&page[limit]=4").json

    assert [one["id"] for one in document["data"]] == everything[3:7]
    assert [one["id"] for one in shop.get(document["links"]["next"]).json["data"]] == everything[7:11]
    assert [one["id"] for one in shop.get(document["links"]["prev"]).json["data"]] == everything[:4]


def test_page_without_a_total(shop: Shop) -> None:
    """features.md 16: no count, `next` still right, no `last`."""
    with shop.counted() as statements:
        document = shop.get("/api/tags?page[total]=none&page[size]=5").json

    assert not any("count(" in text.lower() for text in statements.texts)
    assert "meta" not in document
    assert document["links"]["next"] is not None
    assert "last" not in document["links"]


def test_page_with_an_estimate(shop_everywhere: Shop) -> None:
    """J-4.6.4, J-4.6.5: an estimate says that it is one, and names no last page, which might be none."""
    with shop_everywhere.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("ANALYZE tags"))
            connection.execute(text("DELETE FROM book_tags"))
            connection.execute(text("DELETE FROM tags WHERE id > 5"))

    document = shop_everywhere.get("/api/tags?page[size]=2&page[total]=estimate").json

    guess = document["meta"]["total"]
    assert document["meta"] == {"total": guess, "page": {"estimatedTotal": {"bestGuess": guess}}}
    assert set(document["links"]) == {"self", "first", "prev", "next"}
    assert guess == (38 if shop_everywhere.engine.dialect.name == "postgresql" else counted_tags(shop_everywhere))


def counted_tags(shop: Shop) -> int:
    """Count the tags."""
    return int(shop.get("/api/tags?page[size]=1").json["meta"]["total"])


def test_relationship_lists_are_paged(shop: Shop) -> None:
    """J-4.6.10, J-3.4.7."""
    for path in ("/api/categories/1/children", "/api/categories/1/relationships/children"):
        document = shop.get(f"{path}?page[size]=1").json
        following = shop.get(document["links"]["next"]).json

        assert len(document["data"]) == len(following["data"]) == 1
        assert document["data"] != following["data"]
        assert document["meta"]["total"] > 1


# ---------------------------------------------------------------- filters and parameters


def test_filters_are_anded(shop: Shop) -> None:
    """R-7, J-4.7.2."""
    titles = values(shop, "/api/books?filter[pages][gt]=100&filter[pages][lt]=300&page[size]=50", "pages")

    assert titles
    assert all(100 < pages < 300 for pages in titles)


def test_filter_by_association(shop: Shop) -> None:
    """R-7: one id, or several."""
    one = shop.get("/api/books?filter[publisher]=1").json["meta"]["total"]
    other = shop.get("/api/books?filter[publisher]=2").json["meta"]["total"]

    assert shop.get("/api/books?filter[publisher]=1,2").json["meta"]["total"] == one + other


@pytest.mark.parametrize(
    "query",
    [
        "filter[nothing]=1",
        "filter[title][nothing]=1",
        "filter[authors.nothing]=1",
        "filter[pages]=abc",
        "filter[published_on]=2023-02-30",
        "filter[published_on][gt]=infinity",
        "filter[id]=99999999999999999999",
        "filter[weight]=NaN",
        "filter[language]=nothing",
        "filter[details]=1",
        "filter[objects]=",
        "filter[objects]=x",
        "filter[objects]={}",
        "filter[objects]=[1]",
        "filter[objects]=[{}]",
        "filter[single]=x",
        "filter[title]=%00",
        "filter[title]=%ff",
        "filter[title]=%zz",
        "filter[title][like]=" + "%25" * 11,
        "filter[title]=a&filter[title]=b",
        "filter[]=x",
        "filter=x",
        "filter[a",
        "filter]x[=1",
        "filter[__class__]=1",
        "filter[metadata]=1",
        "filter[objects]=" + "[" * 2000,
    ],
)
def test_filters_that_cannot_be_processed_are_refused(shop: Shop, query: str) -> None:
    """J-4.7.3, J-6.1.2, J-6.3.4, T09, T24, T25, T27, T35, T37, C-2."""
    with shop.counted() as statements:
        answer = shop.get(f"/api/books?{query}")

    assert answer.status_code == 400
    assert "filter" in answer.json["errors"][0]["source"]["parameter"]
    assert len(statements) == 0


@pytest.mark.parametrize(
    "query", ["foo=1", "foo[bar]=1", "_=1", "inclde=x", "include[x]=y", "sort[x]=y", "q=1", "callback=f"]
)
@pytest.mark.parametrize(
    "path", ["/api/books", "/api/books/1", "/api/books/1/authors", "/api/books/1/relationships/authors"]
)
def test_illegal_parameters_are_refused(shop: Shop, path: str, query: str) -> None:
    """J-6.3.2, J-6.3.4, T10, T14: on every endpoint."""
    assert shop.get(f"{path}?{query}").status_code == 400


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_illegal_parameters_are_refused_on_writes(shop: Shop, method: str) -> None:
    """J-6.3.4; nothing is changed."""
    path = "/api/tags" if method == "POST" else "/api/tags/1"
    document = {"data": {"type": "tags", "id": "1", "attributes": {"name": "changed"}}}

    assert shop.client.send(method, f"{path}?foo=1", document).status_code == 400
    assert shop.get("/api/tags?filter[name]=changed").json["data"] == []
    assert shop.get("/api/tags/1").status_code == 200


def test_custom_parameters_are_ignored(shop: Shop) -> None:
    """J-6.3.5."""
    assert shop.get("/api/books?fooBar=1&utm_source=x").status_code == 200


def test_both_spellings_of_brackets(shop: Shop) -> None:
    """J-8.3, J-8.4."""
    raw, encoded = shop.get("/api/tags?page[size]=2").json, shop.get("/api/tags?page%5Bsize%5D=2").json

    assert raw == encoded


def test_plus_is_a_space(shop: Shop) -> None:
    """J-8.1."""
    name = "award winner"
    assert shop.get(f"/api/tags?filter[name]={name.replace(' ', '+')}").json["meta"]["total"] == 1
    assert shop.get(f"/api/tags?filter[name]={quote(name)}").json["meta"]["total"] == 1


def test_single(shop: Shop) -> None:
    """features.md, lineage 3.4: exactly one resource, or an error."""
    assert shop.get("/api/books?filter[single]=1&filter[id]=1").json["data"]["id"] == "1"
    assert shop.get("/api/books?filter[single]=1&filter[id]=999").status_code == 404
    assert shop.get("/api/books?filter[single]=1").status_code == 404


def test_one_search_in_three_spellings(shop: Shop) -> None:
    """features.md 4."""
    objects = json.dumps([{"name": "authors", "op": "any", "val": {"name": "name", "op": "contains", "val": "a"}}])
    nested = json.dumps([{"name": "authors.name", "op": "contains", "val": "a"}])

    found = [
        shop.get(f"/api/books?page[size]=50&{query}").data.partition(b'"links":{"self":"http://localhost/api/books?')[0]
        for query in (
            "filter[authors.name][contains]=a",
            f"filter[objects]={quote(objects)}",
            f"filter[objects]={quote(nested)}",
        )
    ]

    assert found[0] == found[1] == found[2]


def test_head_is_get_without_a_body(shop: Shop) -> None:
    """J-9.1."""
    get, head = shop.get("/api/books/1"), shop.client.head("/api/books/1")

    assert head.status_code == 200
    assert head.data == b""
    assert head.headers["Content-Length"] == str(len(get.data))
