"""Requests to the operations URL."""

from __future__ import annotations

from typing import Any

from werkzeug.test import TestResponse

from conftest import JSONAPI, Shop, checked_client

TYPE = f'{JSONAPI};ext="https://jsonapi.org/ext/atomic"'


def send(shop: Shop, *operations: Any, **members: Any) -> TestResponse:
    """Send a batch."""
    document = {"atomic:operations": list(operations), **members}
    return checked_client(shop.app).send(
        "POST", "/api/operations", document, content_type=TYPE, headers={"Accept": TYPE}
    )


def add(name: str, lid: str | None = None) -> dict[str, Any]:
    """Make an operation that adds a tag."""
    data = {"type": "tags", "attributes": {"name": name}} | ({"lid": lid} if lid else {})
    return {"op": "add", "data": data}


def names(shop: Shop) -> set[str]:
    """Give the names of all tags."""
    found = shop.app.test_client().get("/api/tags?page[size]=100").json
    return {one["attributes"]["name"] for one in found["data"]}
