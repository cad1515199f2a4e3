"""The query parameters of the earlier JSON:API generations (lineage 3.4): refused with the cure, or understood."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, select

from conftest import JSONAPI, Shop
from estate import Doc, open_estate
from flask_restless import APIManager
from flask_restless.demo.models import Author, Book, Publisher


@pytest.fixture
def earlier(shop: Shop) -> Shop:
    """The books once more at /v1, for clients of earlier generations."""
    serve(shop)
    return shop


def serve(shop: Shop, **options: Any) -> None:
    manager = APIManager(shop.app, session=shop.session, url_prefix="/v1", earlier_parameters=True)
    manager.create_api(Author)
    manager.create_api(Publisher)
    manager.create_api(Book, **options)


@pytest.mark.parametrize(
    ("query", "cure"),
    [
        ("group=language", "groupBy="),
        ("ignorecase=1", "ignoreCase=true"),
        ("sort=0", "leave sort out"),
        ("page[size]=0", "from 1 to"),
        ("callback=f", "JSONP is not enabled"),
        ("functions=[]", "/eval/"),
    ],
)
def test_earlier_parameter_is_refused_with_the_cure(shop: Shop, query: str, cure: str) -> None:
    """C-2: never ignored"""
    response = shop.get(f"/api/books?{query}")

    assert response.status_code == 400
    assert cure in response.json["errors"][0]["detail"]


def test_group_by_gives_one_resource_of_each_group(shop_everywhere: Shop) -> None:
    with shop_everywhere.session() as session:
        languages = {one and one.name for one in session.scalars(select(Book.language))}

    response = shop_everywhere.get("/api/books?groupBy=language&page[size]=100")

    found = [one["attributes"]["language"] for one in response.json["data"]]
    assert len(found) == len(languages)
    assert set(found) == languages
    assert response.json["meta"]["total"] == len(languages)


def test_earlier_parameters_mean_what_they_did(earlier: Shop) -> None:
    for theirs, ours in [
        ("group=language", "groupBy=language"),
        ("group=publisher.name,language", "groupBy=publisher.name,language"),
        ("sort=title&ignorecase=1", "sort=title&ignoreCase=true"),
        ("sort=0&filter[in_print]=true", "filter[in_print]=true"),
        ("page%5Bsize%5D=0", "page[size]=100"),
        ("filter[id]=1,3", "filter[id][in]=1,3"),
        ("filter%5Bpublisher%5D=1%2C2", "filter[publisher][in]=1,2"),
        ("filter[language]=ENGLISH", "filter[language]=ENGLISH"),
    ]:
        response = earlier.get(f"/v1/books?{theirs}")
        assert response.status_code == 200, response.text
        assert response.json["data"] == earlier.get(f"/v1/books?{ours}").json["data"]


def test_links_of_an_earlier_spelling_lead_on(earlier: Shop) -> None:
    """A-14: `page[size]=0` is capped"""
    serve_small = APIManager(earlier.app, session=earlier.session, url_prefix="/v4", earlier_parameters=True)
    serve_small.create_api(Author)
    serve_small.create_api(Book, page_size=2, max_page_size=3)

    first = earlier.get("/v4/books?group=title&sort=0&page[size]=0").json
    second = earlier.get(first["links"]["next"]).json

    assert len(first["data"]) == 3
    assert not {one["id"] for one in first["data"]} & {one["id"] for one in second["data"]}


def test_case_counts_unless_it_is_ignored(shop: Shop) -> None:
    with shop.session.begin() as session:
        for name in ("b", "A", "C"):
            session.add(Publisher(name=f"~{name}"))

    def names(query: str) -> list[str]:
        rows = shop.get(f"/api/publishers?filter[name][startswith]=~&{query}").json["data"]
        return [one["attributes"]["name"] for one in rows]

    assert names("sort=name") == ["~A", "~C", "~b"]
    assert names("sort=name&ignoreCase=true") == ["~A", "~b", "~C"]
    assert names("sort=-name&ignoreCase=1") == ["~C", "~b", "~A"]


@pytest.mark.parametrize(
    "query",
    ["groupBy=nothing", "groupBy=authors.name", "groupBy=authors", "groupBy=", "ignoreCase=perhaps", "groupBy[a]=b"],
)
def test_senseless_groups_and_flags_are_refused(shop: Shop, query: str) -> None:
    assert shop.get(f"/api/books?{query}").status_code == 400


def test_hidden_field_cannot_be_grouped_by(earlier: Shop) -> None:
    """A-1: the answer equals that for a name that does not exist."""
    manager = APIManager(earlier.app, session=earlier.session, url_prefix="/v5")
    manager.create_api(Book, exclude=["price"])

    hidden, absent = (earlier.get(f"/v5/books?groupBy={name}") for name in ("price", "prize"))

    assert hidden.text.replace("price", "prize") == absent.text


def test_processors_see_and_change_groups(shop: Shop) -> None:
    seen: list[Any] = []

    def group(group_by: list[str], **_: Any) -> None:
        seen.append(list(group_by))
        group_by[:] = ["language"]

    serve(shop, preprocessors={"GET_COLLECTION": [group]})

    grouped = shop.get("/v1/books?group=title&page[size]=100").json["data"]

    assert seen == [["title"]]
    assert len({one["attributes"]["language"] for one in grouped}) == len(grouped)


def test_jsonp_is_an_option(shop: Shop) -> None:
    """A-10: and takes names of functions alone"""
    serve(shop, allow_jsonp=True)

    plain = shop.get("/v1/books/1")
    with shop.session.begin() as session:
        session.get(Book, 2).subtitle = "line\u2028end"
    wrapped = shop.get("/v1/books/1?callback=a.b")
    refused = shop.get("/v1/books/0?callback=a.b")
    evil = shop.get("/v1/books/1?callback=alert(1)//(")

    assert wrapped.mimetype == "application/javascript"
    assert wrapped.text.startswith('a.b({"data":')
    assert wrapped.text.endswith(")")
    assert f'"id":"{plain.json["data"]["id"]}"' in wrapped.text
    assert "line\\u2028end" in shop.get("/v1/books/2?callback=f").text
    assert (refused.status_code, refused.text[:14]) == (404, 'a.b({"errors":')
    assert (evil.status_code, evil.mimetype) == (400, JSONAPI)


def test_related_resources_can_be_grouped_over_relationships(database: Engine) -> None:
    """Also by the way back to where they were asked for."""
    estate = open_estate(database)
    with estate.session.begin() as session:
        session.add(Doc(id=11, title="z", owner_id=1, editor_id=2))
        session.add(Doc(id=12, title="z", owner_id=1, editor_id=1))

    def ids(query: str) -> list[str]:
        return [one["id"] for one in estate.client.get(f"/api/users/1/docs?{query}").json["data"]]

    assert ids("groupBy=owner.name") == ["1"]
    assert ids("groupBy=editor.name") == ["1", "12"]
    assert ids("groupBy=editor.name,title&sort=-id") == ["12", "11", "1"]
