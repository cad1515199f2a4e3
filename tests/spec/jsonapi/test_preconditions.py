"""Entity tags and preconditions over HTTP (RFC 9110, 8.8.3 and 13; RFC 6585, 3; threat T50; feature 10)."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy import update as update_of
from werkzeug.test import TestResponse

from bookshop import Book, Customer, Tag
from conftest import Shop, checked_client, open_shop
from flask_restless import APIManager

MALFORMED = ["", "abc", '"abc', "'1'", 'W/"1', '"a" "b"', '*, "a"', '"a b"', "1"]


def change(shop: Shop, path: str, attributes: dict[str, Any], **headers: str) -> TestResponse:
    """PATCH a resource; underscores in header names stand for hyphens."""
    _, _, type_, id_ = path.partition("?")[0].split("/")
    document = {"data": {"type": type_, "id": id_, "attributes": attributes}}
    return shop.client.send("PATCH", path, document, headers=named(headers))


def named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def tag_of(shop: Shop, path: str) -> str:
    return shop.get(path).headers["ETag"]


# ---------------------------------------------------------------- entity tags


def test_single_resources_have_strong_tags(shop: Shop) -> None:
    """RFC 9110, 8.8.3."""
    for path in ("/api/books/1", "/api/orders/1", "/api/books/1/publisher", "/api/books/1/authors/1"):
        answer = shop.get(path)
        if answer.status_code == 200 and answer.json["data"]:
            assert answer.headers["ETag"].startswith('"'), path


@pytest.mark.parametrize("path", ["/api/books", "/api/books/1/tags", "/api/books/1/relationships/publisher"])
def test_lists_and_linkage_have_none(shop: Shop, path: str) -> None:
    assert "ETag" not in shop.get(path).headers


def test_the_same_answer_has_the_same_tag_and_another_another(shop: Shop) -> None:
    """A strong tag names one sequence of bytes."""
    tags = [tag_of(shop, f"/api/books/1{query}") for query in ("", "", "?include=tags", "?fields[books]=title")]

    assert tags[0] == tags[1]
    assert len(set(tags)) == 3
    assert len({tag.rpartition("-")[0] for tag in tags}) == 1, "the state is the same with any fields"


def test_created_and_changed_resources_have_the_tag_of_their_next_reading(shop: Shop) -> None:
    created = shop.client.send("POST", "/api/tags", {"data": {"type": "tags", "attributes": {"name": "fresh"}}})
    assert created.headers["ETag"] == tag_of(shop, created.headers["Location"])

    changed = change(shop, "/api/books/1", {"title": "Other"})
    assert changed.headers["ETag"] == tag_of(shop, "/api/books/1")


def test_tag_of_a_hidden_column_is_no_oracle(shop: Shop) -> None:
    """T07: what is not exposed does not show in the tag."""
    url = shop.get("/api/customers").json["data"][0]["links"]["self"]
    before = tag_of(shop, url)
    with shop.engine.begin() as connection:
        assert connection.execute(update_of(Customer).values(credit=Customer.credit + 7)).rowcount

    assert tag_of(shop, url) == before
    with shop.engine.begin() as connection:
        connection.execute(update_of(Customer).values(newsletter=Customer.newsletter.is_not(True)))
    assert tag_of(shop, url) != before


def test_reading_a_tag_costs_no_statement(shop: Shop) -> None:
    with shop.counted() as statements:
        shop.get("/api/books/1?fields[books]=title")

    assert len(statements) == 1
    assert "description" not in statements.texts[0], "deferred columns stay unselected unless named"


# ---------------------------------------------------------------- reading


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("form", ["{}", "W/{}", '"x", {}', '"x",W/"y" , {},', "*"])
def test_known_resource_is_not_sent_again(shop: Shop, method: str, form: str) -> None:
    """RFC 9110, 13.1.2 and 15.4.5: weak comparison, 304 without a body."""
    tag = tag_of(shop, "/api/books/1")

    answer = shop.client.open("/api/books/1", method=method, headers={"If-None-Match": form.format(tag)})

    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["ETag"] == tag
    assert "Accept" in answer.headers["Vary"]
    assert "Content-Type" not in answer.headers


def test_other_fields_are_sent_although_the_state_is_known(shop: Shop) -> None:
    tag = tag_of(shop, "/api/books/1?fields[books]=title")

    assert shop.get("/api/books/1", headers={"If-None-Match": tag}).status_code == 200


def test_reading_with_if_match(shop: Shop) -> None:
    """RFC 9110, 13.1.1: also a GET is not carried out."""
    assert shop.get("/api/books/1", headers={"If-Match": tag_of(shop, "/api/books/1")}).status_code == 200
    assert shop.get("/api/books/1", headers={"If-Match": '"x"'}).status_code == 412


LISTS = [
    "/api/books?page[size]=2&include=authors",
    "/api/books/3/tags",
    "/api/books/3/relationships/tags",
    "/api/books/3/relationships/publisher",
    "/api/books/2/cover",
    "/api/books?filter[title]=nothing",
]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_known_list_is_not_sent_again(shop: Shop, path: str, method: str) -> None:
    """RFC 9110, 13.1.2, J-9.1: who asks is given a tag, and a 304 for it, without a statement more."""
    with shop.counted() as plain:
        assert "ETag" not in shop.get(path).headers
    with shop.counted() as asking:
        first = shop.client.open(path, method=method, headers={"If-None-Match": '"-"'})

    again = shop.client.open(path, method=method, headers={"If-None-Match": first.headers["ETag"]})

    assert (first.status_code, again.status_code, again.data) == (200, 304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert "Accept" in again.headers["Vary"]
    assert "Content-Type" not in again.headers
    assert len(asking) == len(plain)


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(("form", "status"), [("W/{}", 304), ('"x", {}', 304), ("*", 304), ('"x"', 200)])
def test_tags_of_lists_are_compared_weakly(shop: Shop, path: str, form: str, status: int) -> None:
    """RFC 9110, 13.1.2."""
    tag = shop.get(path, headers={"If-None-Match": '"-"'}).headers["ETag"]

    assert shop.get(path, headers={"If-None-Match": form.format(tag)}).status_code == status


def test_changed_list_is_sent(shop: Shop) -> None:
    """RFC 9110, 8.8.1: each sequence of bytes has its tag, and each list."""
    path = "/api/books?page[size]=3&fields[books]=title"
    tag = shop.get(path, headers={"If-None-Match": '"-"'}).headers["ETag"]

    assert shop.get(f"{path}&page[number]=2", headers={"If-None-Match": tag}).status_code == 200
    change(shop, "/api/books/2", {"pages": 12})
    assert shop.get(path, headers={"If-None-Match": tag}).status_code == 304
    change(shop, "/api/books/2", {"title": "Changed"})
    assert shop.get(path, headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("form", ["{}", "*", '"x", {}'])
def test_list_with_if_match(shop: Shop, form: str) -> None:
    """RFC 9110, 13.1.1: strong comparison."""
    tag = shop.get("/api/tags", headers={"If-Match": "*"}).headers["ETag"]

    assert shop.get("/api/tags", headers={"If-Match": form.format(tag)}).status_code == 200
    answer = shop.get("/api/tags", headers={"If-Match": f'"x", W/{tag}'})
    assert answer.status_code == 412
    assert answer.json["errors"][0]["source"] == {"header": "If-Match"}


def test_lists_are_tagged_for_everybody_where_the_api_says_so(sqlite: Engine) -> None:
    """The option of the API whose resources are listed decides."""
    shop = open_shop(sqlite)
    app = Flask(__name__)
    manager = APIManager(app, session=shop.session)
    manager.create_api(Book)
    manager.create_api(Tag, tag_lists=True)
    client = checked_client(app)

    assert "ETag" in client.get("/api/tags").headers
    assert "ETag" in client.get("/api/books/3/tags").headers
    assert "ETag" not in client.get("/api/books").headers
    assert "ETag" not in client.get("/api/tags/1/books").headers


# ---------------------------------------------------------------- writing


@pytest.mark.parametrize("query", ["", "?include=publisher,tags", "?fields[books]=title"])
def test_write_expects_the_state_not_the_representation(shop_everywhere: Shop, query: str) -> None:
    """T50: the tag of any representation does, once."""
    tag = tag_of(shop_everywhere, f"/api/books/1{query}")

    first = change(shop_everywhere, "/api/books/1", {"title": "First"}, If_Match=tag)
    second = change(shop_everywhere, "/api/books/1", {"title": "Second"}, If_Match=tag)

    assert (first.status_code, second.status_code) == (200, 412)
    (error,) = second.json["errors"]
    assert (error["code"], error["source"]) == ("precondition-failed", {"header": "If-Match"})
    assert shop_everywhere.get("/api/books/1").json["data"]["attributes"]["title"] == "First"
    assert (
        change(shop_everywhere, "/api/books/1", {"title": "Third"}, If_Match=first.headers["ETag"]).status_code == 200
    )


def test_version_is_told_and_expected(shop_everywhere: Shop) -> None:
    """Feature 10: `meta.version`, and 412 with both versions."""
    order = shop_everywhere.get("/api/orders/1").json["data"]
    version = order["meta"]["version"]
    assert order["attributes"]["version"] == version
    assert {one["meta"]["version"] for one in shop_everywhere.get("/api/orders").json["data"]}

    changed = change(shop_everywhere, "/api/orders/1", {"note": "x"}, If_Match=f'"{version}"')
    assert changed.status_code == 200
    assert changed.json["data"]["meta"]["version"] == version + 1
    assert changed.headers["ETag"].startswith(f'"{version + 1}-')

    late = change(shop_everywhere, "/api/orders/1", {"note": "y"}, If_Match=order_tag(version))
    assert late.status_code == 412
    assert late.json["errors"][0]["meta"] == {"version": version + 1, "expectedVersion": version}


def order_tag(version: int) -> str:
    return f'"{version}-{"0" * 16}"'


@pytest.mark.parametrize(
    ("given", "status"),
    [("*", 200), ("{}", 200), ('"x", {}', 200), ("W/{}", 412), ('"x"', 412), ('""', 412), ('"x", W/{}', 412)],
)
def test_lists_any_and_weak_tags(shop: Shop, given: str, status: int) -> None:
    """RFC 9110, 13.1.1: strong comparison."""
    given = given.format(tag_of(shop, "/api/books/1"))

    assert change(shop, "/api/books/1", {"title": "New"}, If_Match=given).status_code == status


@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
@pytest.mark.parametrize("value", MALFORMED)
def test_malformed_preconditions(shop: Shop, header: str, value: str) -> None:
    for answer in (
        change(shop, "/api/books/1", {"title": "New"}, **{header.replace("-", "_"): value}),
        shop.get("/api/books/1", headers={header: value}),
    ):
        assert answer.status_code == 400
        assert answer.json["errors"][0]["source"] == {"header": header}


def test_write_only_if_there_is_none(shop: Shop) -> None:
    """RFC 9110, 13.1.2: `If-None-Match` of a write is answered with 412."""
    tag = tag_of(shop, "/api/books/1")
    for given in ("*", tag, f"W/{tag}"):
        answer = change(shop, "/api/books/1", {"title": "New"}, If_None_Match=given)
        assert answer.status_code == 412
        assert answer.json["errors"][0]["source"] == {"header": "If-None-Match"}

    assert change(shop, "/api/books/1", {"title": "New"}, If_None_Match='"x"').status_code == 200


def test_missing_resource_is_missing_whatever_is_expected(shop: Shop) -> None:
    """RFC 9110, 13.2.1: preconditions are tested where the answer would be a success."""
    assert change(shop, "/api/books/99999", {"title": "New"}, If_Match='"x"').status_code == 404
    assert shop.client.delete("/api/books/99999", headers={"If-Match": "*"}).status_code == 404


def test_delete_expects(shop: Shop) -> None:
    tag = tag_of(shop, "/api/tags/1")
    change(shop, "/api/tags/1", {"name": "renamed"})

    assert shop.client.delete("/api/tags/1", headers={"If-Match": tag}).status_code == 412
    assert shop.client.delete("/api/tags/1", headers={"If-Match": tag_of(shop, "/api/tags/1")}).status_code == 204


def test_relationship_writes_expect_the_state_of_the_parent(shop: Shop) -> None:
    url, tag = "/api/books/1/relationships/publisher", tag_of(shop, "/api/books/1")
    publisher = shop.get("/api/books/1").json["data"]["relationships"]["publisher"]["data"]["id"]
    other = {"data": {"type": "publishers", "id": "1" if publisher != "1" else "2"}}

    assert shop.client.send("PATCH", url, other, headers={"If-Match": '"x"'}).status_code == 412
    assert shop.client.send("PATCH", url, other, headers={"If-Match": tag}).status_code == 204
    assert shop.client.send("PATCH", url, {"data": None}, headers={"If-Match": tag}).status_code == 412
    members = {"data": [{"type": "tags", "id": "1"}]}
    assert (
        shop.client.send("POST", "/api/books/1/relationships/tags", members, headers={"If-Match": tag}).status_code
        == 412
    )


def test_linkage_of_to_many_relationships_is_no_part_of_the_state(shop: Shop) -> None:
    tag = tag_of(shop, "/api/books/1")
    members = {"data": [{"type": "tags", "id": "1"}, {"type": "tags", "id": "2"}]}

    for method in ("POST", "PATCH", "DELETE"):
        url = "/api/books/1/relationships/tags"
        assert shop.client.send(method, url, members, headers={"If-Match": tag}).status_code == 204


def test_subtype_has_one_state_at_every_url(shop: Shop) -> None:
    """A row of a hierarchy is guarded whichever of its URLs it was read from."""
    payment = shop.get("/api/card_payments").json["data"][0]["id"]
    tag = tag_of(shop, f"/api/payments/{payment}")
    assert tag.rpartition("-")[0] == tag_of(shop, f"/api/card_payments/{payment}").rpartition("-")[0]

    document = {"data": {"type": "card_payments", "id": payment, "attributes": {"amount": "1.00"}}}
    for url, status in ((f"/api/payments/{payment}", 200), (f"/api/card_payments/{payment}", 412)):
        assert shop.client.send("PATCH", url, document, headers={"If-Match": tag}).status_code == status


def test_joined_subtype_is_guarded_at_every_url(shop_everywhere: Shop) -> None:
    """The row that all resources of a hierarchy share is the one that is locked."""
    customer = shop_everywhere.get("/api/customers").json["data"][0]
    id_, newsletter = customer["id"], customer["attributes"]["newsletter"]
    tag = tag_of(shop_everywhere, f"/api/people/{id_}")

    own = {"data": {"type": "customers", "id": id_, "attributes": {"newsletter": not newsletter}}}
    shared = {"data": {"type": "customers", "id": id_}}
    for url, document, status in ((f"/api/customers/{id_}", own, 200), (f"/api/people/{id_}", shared, 412)):
        assert shop_everywhere.client.send("PATCH", url, document, headers={"If-Match": tag}).status_code == status


def test_deferred_attributes_are_guarded_for_those_who_have_seen_them(shop: Shop) -> None:
    plain = tag_of(shop, "/api/authors/1")
    seen = tag_of(shop, "/api/authors/1?fields[authors]=biography")
    mine = change(shop, "/api/authors/1", {"biography": "Mine"})
    assert mine.status_code == 200

    assert change(shop, "/api/authors/1", {"biography": "Stale"}, If_Match=seen).status_code == 412
    assert change(shop, "/api/authors/1", {"born": "1900-01-01"}, If_Match=plain).status_code == 200

    other = change(shop, "/api/authors/1", {"biography": "Other"})
    assert change(shop, "/api/authors/1", {"biography": "Mine"}, If_Match=mine.headers["ETag"]).status_code == 412
    assert change(shop, "/api/authors/1", {"biography": "Mine"}, If_Match=other.headers["ETag"]).status_code == 200
