"""How many related rows one answer may hold (T21)."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import Engine, event

from conftest import Shop
from flask_restless import Limits
from slow import slow_shop

ALLOWED = 40


@pytest.fixture
def shop(database: Engine) -> Shop:
    return slow_shop(database, rows=ALLOWED + 1, limits=Limits(included=ALLOWED))


@pytest.mark.parametrize(
    "path",
    ["/api/shelf?include=books", "/api/shelf/1?include=books", "/api/book?page[size]=1&include=shelf.books"],
    ids=["list", "one", "deep"],
)
def test_too_many_included_resources_are_refused(shop: Shop, path: str) -> None:
    """T21: 400 at `include`, and no half answer."""
    answer = shop.get(path)

    assert answer.status_code == 400, answer.text
    (error,) = answer.json["errors"]
    assert (error["code"], error["source"]) == ("limit-exceeded", {"parameter": "include"})
    assert str(ALLOWED) in error["detail"]


def test_as_many_as_are_allowed_are_included(database: Engine) -> None:
    """T21: the limit itself is allowed; rows of all branches count together."""
    shop = slow_shop(database, rows=ALLOWED, limits=Limits(included=ALLOWED))

    assert len(shop.get("/api/shelf?include=books").json["included"]) == ALLOWED
    assert shop.get("/api/book?page[size]=1&include=shelf.books").status_code == 400


def test_not_all_rows_are_read_to_find_out(database: Engine) -> None:
    """T21: the database sends one row more than is allowed, not all that there are."""
    shop = slow_shop(database, rows=500, limits=Limits(included=ALLOWED))
    seen: list[object] = []
    event.listen(database, "before_cursor_execute", lambda _c, _k, text, values, *_: seen.append((text, values)))

    assert shop.get("/api/shelf?include=books").status_code == 400

    text, values = seen[-1]
    assert "LIMIT" in text
    assert ALLOWED + 1 in (values.values() if isinstance(values, dict) else values)


def test_pages_of_related_rows_count_what_is_sent(shop: Shop) -> None:
    """T21: the row that tells of a next page is not counted."""
    answer = shop.get(f"/api/shelf?include=books&includedPage[books][size]={ALLOWED}")

    assert answer.status_code == 200, answer.text
    assert len(answer.json["included"]) == ALLOWED


def test_linkage_counts_as_well(database: Engine) -> None:
    """T21: what is read for linkage is read; nobody asked for it, so no parameter is named."""
    shop = slow_shop(database, rows=ALLOWED + 1, limits=Limits(included=ALLOWED), linkage="always")

    answer = shop.get("/api/shelf")

    assert answer.status_code == 400, answer.text
    assert "source" not in answer.json["errors"][0]


def test_what_the_classic_protocol_shows_is_limited_alike(shop: Shop) -> None:
    """T21: its resources show what is related to them; the same refusal."""
    answer = shop.get("/classic/shelf/1")

    assert answer.status_code == 400, answer.text
    assert f"more than {ALLOWED}" in answer.json["message"]


def test_a_write_whose_answer_would_be_too_large_writes_nothing(shop: Shop) -> None:
    """T21: no half answer, and no half truth about what was stored."""
    query = json.dumps({"data": {"type": "book", "id": "1", "attributes": {"title": "new"}}})

    answer = shop.client.patch("/api/book/1?include=shelf.books", data=query, content_type="application/vnd.api+json")

    assert answer.status_code == 400, answer.text
    assert shop.get("/api/book/1").json["data"]["attributes"]["title"] == "Book 1"
