"""Rows that would refer to themselves or to each other: stored, or refused with a reason, never a 5xx."""

from __future__ import annotations

from typing import Any

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
