"""The whole bookshop in the classic protocol: every kind of relationship, key, inheritance and column type."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from bookshop import MODELS
from classic_models import BOOKSHOP_NAMES, ClassicClient, open_classic_bookshop
from conftest import counted


@pytest.fixture
def client(database: Engine) -> ClassicClient:
    """A client of the bookshop in both protocols: the classic one below /api, JSON:API below /jsonapi."""
    return open_classic_bookshop(database, allow_functions=True)


def collections() -> list[str]:
    """Name every collection of the bookshop."""
    return [BOOKSHOP_NAMES.get(model) or str(model.__tablename__) for model in MODELS]


def test_every_collection_object_and_relation_is_served(client: ClassicClient, database: Engine) -> None:
    for name in collections():
        with counted(database) as statements:
            page = client.get(f"/api/{name}?results_per_page=3")
        assert page.status_code == 200, page.text
        standard = client.get(f"/jsonapi/{name}?page[size]=3").json
        assert len(page.json["objects"]) == len(standard["data"])
        assert page.json["num_results"] == standard["meta"]["total"]
        relations = {key for one in standard["data"] for key in one.get("relationships", {})}
        assert len(statements) <= 8 + 2 * len(relations), (name, statements.texts)
        for ours, theirs in zip(page.json["objects"], standard["data"], strict=True):
            shown = {key: ours.get(key) for key in theirs["attributes"] if key in ours}
            assert shown == {key: one for key, one in theirs["attributes"].items() if key in ours}
            assert client.get(f"/api/{name}/{theirs['id']}").json == ours
            _check_relations(client, f"/api/{theirs['type']}/{theirs['id']}", ours, theirs)


def _check_relations(client: ClassicClient, path: str, ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """Compare what is inside an object with what is at the URL of the relation, and with JSON:API's linkage."""
    for relation, one in theirs.get("relationships", {}).items():
        linkage = one.get("data")
        inside = ours[relation]
        response = client.get(f"{path}/{relation}?results_per_page=100")
        if isinstance(linkage, list):
            assert len(inside) == len(linkage), (path, relation)
            assert response.json["num_results"] == len(linkage), (path, relation)
        elif "data" in one:
            assert (inside is None) is (linkage is None), (path, relation)
            assert response.status_code == (404 if linkage is None else 200), (path, relation)


def test_every_object_may_be_put_back_without_what_is_read_only(client: ClassicClient) -> None:
    """A client that sends back what it got: scalars that may be changed, and relations by their keys"""
    book = client.get("/api/books/1").json
    scalars = {key: book[key] for key in ("title", "price", "pages", "published_on") if key in book}

    response = client.send(
        "PUT", "/api/books/1", {**scalars, "id": 1, "tags": [{"id": one["id"]} for one in book["tags"]]}
    )

    assert response.status_code == 200, response.text
    assert {key: response.json[key] for key in scalars} == scalars
    assert response.json["tags"] == book["tags"]
