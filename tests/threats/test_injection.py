"""SQL in every name and value (T18)."""

from __future__ import annotations

import json
from time import monotonic
from urllib.parse import quote

import pytest
from sqlalchemy import Engine

from conftest import Shop
from slow import slow_shop

TEXTS = (
    "'",
    '"',
    "`",
    "; DROP TABLE book; --",
    "' OR '1'='1",
    "1 + pg_sleep(5)",
    "' || pg_sleep(5) || '",
    "' AND SLEEP(5) AND '",
    "%(x)s %s %%",
    ":x",
    "$1 ?",
    "/* */ -- #",
    "\\'",
)


@pytest.fixture
def shop(database: Engine) -> Shop:
    return slow_shop(database)


@pytest.mark.parametrize("text", TEXTS)
def test_values_mean_themselves(shop: Shop, text: str) -> None:
    """T18: stored, found by its text and by nothing else, without a delay."""
    begun = monotonic()
    data = {"type": "book", "attributes": {"title": text}}
    made = shop.client.send("POST", "/api/book", {"data": data})
    assert made.json["data"]["attributes"]["title"] == text

    filters = json.dumps([{"name": "title", "op": "eq", "val": text}])
    found = shop.get("/api/book", query_string={"filter[objects]": filters}).json["data"]
    simple = shop.get("/api/book", query_string={"filter[title]": text}).json["data"]
    query = json.dumps({"filters": [{"name": "title", "op": "==", "val": text}]})
    classic = shop.get("/classic/book", query_string={"q": query}).json["objects"]

    assert [one["id"] for one in found] == [made.json["data"]["id"]] == [one["id"] for one in simple]
    assert [one["title"] for one in classic] == [text]
    assert monotonic() - begun < 4


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(
    "parameter", ["sort", "include", "fields[book]", "filter[{}]", "page[number]", "page[after]", "name", "op"]
)
def test_names_come_from_tables(shop: Shop, parameter: str, text: str) -> None:
    """T18: 400, and no statement runs for it."""
    if parameter in {"name", "op"}:
        condition = {"name": "title", "op": "eq", "val": "x"} | {parameter: text}
        query = {"filter[objects]": json.dumps([condition])}
    elif parameter == "filter[{}]":
        query = {f"filter[{text}]": "x"}
    else:
        query = {parameter: text}

    with shop.counted() as statements:
        answer = shop.get("/api/book", query_string=query)

    assert answer.status_code == 400, answer.text
    assert not len(statements)


@pytest.mark.parametrize("text", [one for one in TEXTS if "/" not in one])
def test_ids_and_relationships(shop: Shop, text: str) -> None:
    """T18: 404 for what is no id, or no name."""
    part = quote(text, safe="")

    assert shop.get(f"/api/book/{part}").status_code == 404
    assert shop.get(f"/api/book/1/{part}").status_code == 404
    assert shop.get(f"/api/book/1/relationships/{part}").status_code == 404
    assert shop.get("/api/book").json["meta"]["total"] == 3
