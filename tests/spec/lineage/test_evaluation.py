"""Functions over a collection in the JSON:API generations: `/api/eval/<collection>` (lineage 3.3)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import Engine, func, select

from conftest import JSONAPI, Shop, open_shop
from flask_restless import APIManager, ProcessingException
from flask_restless.demo.models import Author, Book


def asked(*terms: tuple[str, str]) -> str:
    return "functions=" + quote(json.dumps([{"name": name, "field": field} for name, field in terms]))


def evaluating(shop: Shop, **options: Any) -> None:
    """Serve books below another prefix, functions included."""
    manager = APIManager(shop.app, session=shop.session, url_prefix="/v1")
    manager.create_api(Author)
    manager.create_api(Book, **{"allow_functions": True, **options})


def test_values_come_in_the_order_of_the_request(shop_everywhere: Shop) -> None:
    evaluating(shop_everywhere)
    with shop_everywhere.session() as session:
        count, pages = session.execute(select(func.count(Book.id), func.sum(Book.pages))).one()
        some = session.scalar(select(func.count(Book.id)).where(Book.in_print))

    response = shop_everywhere.get(f"/v1/eval/books?{asked(('sum', 'pages'), ('count', 'id'), ('sum', 'pages'))}")
    filtered = shop_everywhere.get(f"/v1/eval/books?{asked(('count', 'id'))}&filter[in_print]=true")

    assert (response.status_code, response.mimetype) == (200, "application/json")
    assert response.json == {"data": [int(pages), count, int(pages)]}
    assert filtered.json == {"data": [some]}
    assert 0 < some < count


def test_no_functions_give_no_values(shop: Shop) -> None:
    evaluating(shop)

    response = shop.get("/v1/eval/books?functions=[]", headers={"Accept": JSONAPI})

    assert response.json == {"data": []}
    assert response.headers["Vary"] == "Accept", "J-2.3.8: on all responses"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", "name the functions once"),
        ("functions=[]&functions=[]", "name the functions once"),
        ("functions={}", "list of objects"),
        ("functions=[1]", "a function is an object"),
        ("functions=", "functions"),
        (asked(("pg_sleep", "id")), 'No such function "pg_sleep"'),
        (asked(("count", "authors")), 'No such field "authors"'),
        (asked(("count", "__class__")), 'No such field "__class__"'),
        (asked(("count", "price")), 'No such field "price"'),
        (asked(("count", "titel")), 'No such field "titel"; did you mean "title"'),
        (asked(("cuont", "id")), 'No such function "cuont"; did you mean "count"?'),
        (asked(("stddev", "id")), 'allowed: "avg", "count", "max", "min", "sum"'),
        ("function=[]", 'there is no query parameter "function"; did you mean "functions"?'),
        (asked(("count", "id")) + "&sort=title", "not possible here"),
        (asked(("count", "id")) + "&filter[nothing]=1", "nothing"),
        (asked(("count", "id")) + "&filter[single]=1", "collections only"),
    ],
)
def test_what_makes_no_sense_is_refused_in_an_error_document(shop: Shop, query: str, told: str) -> None:
    """A-9, A-3: no function but those of the list, no field that cannot be read."""
    evaluating(shop, exclude=["price"])

    response = shop.get(f"/v1/eval/books?{query}")

    assert (response.status_code, response.mimetype) == (400, JSONAPI)
    assert told in response.json["errors"][0]["detail"]


def test_functions_are_off_by_default(shop: Shop) -> None:
    assert shop.get(f"/api/eval/books?{asked(('count', 'id'))}").status_code == 404


def test_preprocessors_of_lists_guard_functions(shop: Shop) -> None:
    """A-9"""

    def first_only(filters: list[Any], **_: Any) -> None:
        filters.append({"name": "id", "op": "eq", "val": 1})

    def nobody(**_: Any) -> None:
        raise ProcessingException(status=403, detail="no")

    evaluating(shop, preprocessors={"GET_COLLECTION": [first_only]})
    closed = APIManager(shop.app, session=shop.session, url_prefix="/v2")
    closed.create_api(Book, allow_functions=True, preprocessors={"GET_COLLECTION": [nobody]})

    assert shop.get(f"/v1/eval/books?{asked(('count', 'id'))}").json == {"data": [1]}
    assert shop.get(f"/v2/eval/books?{asked(('count', 'id'))}").status_code == 403


def test_a_collection_called_eval_is_still_served(sqlite: Engine) -> None:
    shop = open_shop(sqlite)
    manager = APIManager(shop.app, session=shop.session, url_prefix="/v3")
    manager.create_api(Author, collection_name="eval")
    manager.create_api(Book, allow_functions=True)

    assert shop.get("/v3/eval/1").json["data"]["type"] == "eval"
    assert len(shop.get(f"/v3/eval/books?{asked(('count', 'id'))}").json["data"]) == 1
