"""Rows that would refer to themselves or to each other: stored, or refused with a reason, never a 5xx."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from conftest import Shop, open_shop


def refers(id_: int) -> dict[str, Any]:
    return {"type": "categories", "id": str(id_)}


def parent_of(shop: Shop, id_: int) -> Any:
    return shop.get(f"/api/categories/{id_}").json["data"]["relationships"]["parent"]["data"]


def test_a_row_as_its_own_member_is_refused(database: Engine) -> None:
    """T52: the unit of work cannot write such a circle; nothing is stored."""
    shop = open_shop(database)
    before = parent_of(shop, 1)

    answer = shop.client.send("PATCH", "/api/categories/1/relationships/children", {"data": [refers(1)]})

    assert (answer.status_code, answer.json["errors"][0]["code"]) == (422, "circular-reference")
    assert parent_of(shop, 1) == before


def test_a_row_as_its_own_parent_is_stored(database: Engine) -> None:
    """T52: a foreign key may point at its own row."""
    shop = open_shop(database)

    answer = shop.client.send("PATCH", "/api/categories/1/relationships/parent", {"data": refers(1)})

    assert answer.status_code == 204
    assert parent_of(shop, 1) == refers(1)


@pytest.mark.parametrize("path", ["/api/categories/1", "/api/categories/1/relationships/children"])
def test_a_circle_is_pointed_at(shop: Shop, path: str) -> None:
    """J-7.2.8: it is in the document, whether that is a resource or the members of a relationship."""
    members = [refers(1)]
    whole = {**refers(1), "relationships": {"children": {"data": members}}}

    answer = shop.client.send("PATCH", path, {"data": members if path.endswith("children") else whole})

    assert (answer.status_code, answer.json["errors"][0]["code"]) == (422, "circular-reference")
    assert answer.json["errors"][0]["source"] == {"pointer": "/data"}
