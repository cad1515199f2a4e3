"""Writes on every database: conflicts are told where they are, and races lose nothing."""

from __future__ import annotations

from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine

from conftest import JSONAPI, Shop, checked_client, fresh_database, open_shop
from flask_restless import APIManager
from flask_restless.demo import models
from ruled import fill


def test_unique_conflict_points_at_the_attribute(shop_everywhere: Shop) -> None:
    """C-11, T08, T51: 409 on every database."""
    document = {"data": {"type": "tags", "attributes": {"name": "twice"}}}
    assert shop_everywhere.client.send("POST", "/api/tags", document).status_code == 201

    answer = shop_everywhere.client.send("POST", "/api/tags", document)

    assert answer.status_code == 409
    assert answer.json["errors"][0]["source"] == {"pointer": "/data/attributes/name"}


def test_a_conflict_of_a_relationship_points_at_its_members(shop_everywhere: Shop) -> None:
    """J-5.1.16: the members are what another row has already; a batch has pointed at them before."""
    first, second, *_ = [one["id"] for one in shop_everywhere.get("/api/covers").json["data"]]
    document = {"data": {"type": "books", "id": second}}

    answer = shop_everywhere.client.send("PATCH", f"/api/covers/{first}/relationships/book", document)

    assert answer.status_code == 409
    assert answer.json["errors"][0]["source"] == {"pointer": "/data"}


@pytest.mark.parametrize("collection", ["books", "publishers", "people", "orders", "countries"])
def test_deleting_is_done_or_refused(shop_everywhere: Shop, collection: str) -> None:
    """J-5.4.6: 204 or 409, and the session is usable afterwards."""
    for one in shop_everywhere.get(f"/api/{collection}?page[size]=50").json["data"]:
        status = shop_everywhere.client.delete(one["links"]["self"]).status_code
        assert status in (204, 409)
        assert shop_everywhere.get(one["links"]["self"]).status_code == (404 if status == 204 else 200)


def test_check_constraint(shop_everywhere: Shop) -> None:
    """23514, 4025: a rule of the database is 422."""
    change = {"data": {"type": "books", "id": "1", "attributes": {"price": "-1.00"}}}

    answer = shop_everywhere.client.send("PATCH", "/api/books/1", change)

    assert answer.status_code == 422


def test_round_trip(shop_everywhere: Shop) -> None:
    client = shop_everywhere.client
    attributes = {"title": "Round trip", "price": "12.30", "details": {"a": [1]}, "published_on": "2024-02-29"}
    links = {
        "authors": {"data": [{"type": "authors", "id": "1"}]},
        "format": {"data": {"type": "formats", "id": "ж x/y"}},
        "shelf": {"data": {"type": "shelves", "id": "A,1"}},
    }
    document = {"data": {"type": "books", "attributes": attributes, "relationships": links}}
    created = client.send("POST", "/api/books?include=authors,format,shelf", document)
    assert created.status_code == 201
    assert {name: created.json["data"]["attributes"][name] for name in attributes} == attributes
    assert {one["id"] for one in created.json["included"]} == {"1", "ж x/y", "A,1"}
    url = created.headers["Location"]

    id_ = created.json["data"]["id"]
    changed = client.send("PATCH", url, {"data": {"type": "books", "id": id_, "attributes": {"title": "Changed"}}})
    assert changed.json["data"]["attributes"]["title"] == "Changed"
    tags = {"data": [{"type": "tags", "id": "1"}, {"type": "tags", "id": "2"}]}
    assert client.send("POST", f"{url}/relationships/tags", tags).status_code == 204
    assert client.send("DELETE", f"{url}/relationships/tags", {"data": tags["data"][:1]}).status_code == 204
    assert client.get(f"{url}/relationships/tags").json["data"] == [{"type": "tags", "id": "2"}]
    assert client.delete(url).status_code == 204
    assert client.get(url).status_code == 404


@pytest.mark.parametrize("path", ["/api/customers/{}/orders", "/api/employees/{}/moderated_reviews"])
def test_write_only_and_dynamic_relationships(shop_everywhere: Shop, path: str) -> None:
    """Collections that are never loaded as a whole: adding works, and adding twice changes nothing."""
    collection = path.split("/")[2]
    owners = [one["id"] for one in shop_everywhere.get(f"/api/{collection}").json["data"]]
    name = path.rpartition("/")[2]
    before = {owner: {one["id"] for one in shop_everywhere.get(path.format(owner)).json["data"]} for owner in owners}
    giver = max(owners, key=lambda owner: len(before[owner]))
    taker = next(owner for owner in owners if owner != giver)
    moved = shop_everywhere.get(path.format(giver)).json["data"][0]
    url = path.format(taker).replace(name, f"relationships/{name}")

    for _ in range(2):
        document = {"data": [{"type": moved["type"], "id": moved["id"]}]}
        assert shop_everywhere.client.send("POST", url, document).status_code == 204

    assert {one["id"] for one in shop_everywhere.get(path.format(taker)).json["data"]} == before[taker] | {moved["id"]}
    assert moved["id"] not in {one["id"] for one in shop_everywhere.get(path.format(giver)).json["data"]}


@pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)
def test_one_of_two_equal_creates_wins(shop_everywhere: Shop) -> None:
    """T51: exactly one 201, the other 409."""
    statuses = []
    barrier = Barrier(2)

    def create() -> None:
        client: Any = shop_everywhere.app.test_client()
        barrier.wait()
        document = {"data": {"type": "tags", "attributes": {"name": "raced"}}}
        statuses.append(client.send("POST", "/api/tags", document).status_code)

    threads = [Thread(target=create) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [201, 409]


@pytest.mark.parametrize(
    ("method", "path", "batched"),
    [
        ("POST", "/api/books", False),
        ("PATCH", "/api/books/1", False),
        ("POST", "/api/operations", True),
    ],
    ids=["create", "update", "batch"],
)
def test_mariadb_tells_which_value_does_not_fit(method: str, path: str, batched: bool) -> None:
    """J-5.1.18: a FLOAT of MariaDB holds less than a double of Python; its error names the column."""
    book: dict[str, Any] = {"type": "books", "attributes": {"title": "Heavy", "price": "1.00", "weight": 1e39}}
    if method == "PATCH":
        book["id"] = "1"
    document = {"atomic:operations": [{"op": "add", "data": book}]} if batched else {"data": book}
    media_type = f'{JSONAPI};ext="https://jsonapi.org/ext/atomic"' if batched else JSONAPI
    with fresh_database("mariadb") as engine:
        shop = open_shop(engine)

        answer = shop.client.send(method, path, document, content_type=media_type)

    assert answer.status_code == 400
    (error,) = answer.json["errors"]
    assert error["detail"] == 'the database does not take 1e+39 for the attribute "weight"'
    assert error["source"]["pointer"].endswith("/data/attributes/weight")


def test_a_taken_id_that_is_another_key_is_pointed_at(database: Engine) -> None:
    """J-5.1.14, J-5.1.16: the id is what is taken, whatever column it stands in."""
    session = fill(database)
    app = Flask("keyed")
    manager = APIManager(app, session=session)
    manager.create_api(models.Tag, methods=["POST"], primary_key="name", allow_client_generated_ids=True)
    document = {"data": {"type": "tags", "id": "twice"}}
    client = checked_client(app)
    assert client.send("POST", "/api/tags", document).status_code == 201

    answer = client.send("POST", "/api/tags", document)

    assert answer.status_code == 409
    assert answer.json["errors"][0]["source"] == {"pointer": "/data/id"}
