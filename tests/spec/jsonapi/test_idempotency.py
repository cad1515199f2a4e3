"""Requests that are carried out once, over HTTP (draft-ietf-httpapi-idempotency-key-header; threat T51; feature 14)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, request
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import sessionmaker
from werkzeug.test import TestResponse

from bookshop import Tag
from conftest import Shop, open_shop
from flask_restless import APIManager, IdempotencyTable, IllegalArgumentError, ProcessingException

ATOMIC = 'application/vnd.api+json;ext="https://jsonapi.org/ext/atomic"'
TAG = {"data": {"type": "tags", "attributes": {"name": "once"}}}
OTHER = {"data": {"type": "tags", "attributes": {"name": "other"}}}


def open_guarded(engine: Engine, **options: Any) -> Shop:
    """Serve the bookshop with a table of keys."""
    store = IdempotencyTable(**options)
    store.create(engine)
    return open_shop(engine, idempotency=store)


@pytest.fixture
def guarded(database: Engine) -> Shop:
    """The bookshop with a table of keys, on every database."""
    return open_guarded(database)


def post(shop: Shop, document: Any = TAG, key: str = '"k"', path: str = "/api/tags", **headers: str) -> TestResponse:
    return shop.client.send("POST", path, document, headers={"Idempotency-Key": key, **headers})


def count(shop: Shop) -> int:
    with shop.session() as session:
        return session.scalar(select(func.count()).select_from(Tag)) or 0


def test_same_request_gets_the_same_answer(guarded: Shop) -> None:
    """Feature 14: body, status and header fields; the second says that it is a replay."""
    before = count(guarded)

    first, second = post(guarded), post(guarded, key="k")

    assert first.status_code == second.status_code == 201
    assert first.data == second.data
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert [one for one in second.headers if one[0] != "Idempotent-Replayed"] == list(first.headers)
    assert {"Location", "ETag", "Content-Type"} <= set(second.headers.keys())
    assert count(guarded) == before + 1


def test_same_key_for_another_request(guarded: Shop) -> None:
    """2.7: 422."""
    post(guarded)

    for answer in (post(guarded, OTHER), post(guarded, path="/api/tags?include=books")):
        assert answer.status_code == 422
        (error,) = answer.json["errors"]
        assert (error["code"], error["source"]) == ("idempotency-key-reused", {"header": "Idempotency-Key"})


def test_failures_are_not_kept(guarded: Shop) -> None:
    """Nothing was stored, so that carrying it out again does nothing twice: the key is free."""
    name = guarded.get("/api/tags/1").json["data"]["attributes"]["name"]
    taken = {"data": {"type": "tags", "attributes": {"name": name}}}
    assert post(guarded, taken).status_code == 409
    assert post(guarded, {"data": {"type": "tags", "attributes": {"name": 1}}}).status_code == 422

    answer = post(guarded)

    assert answer.status_code == 201
    assert "Idempotent-Replayed" not in answer.headers


def test_atomic_operations_and_relationships(guarded: Shop) -> None:
    body = json.dumps({"atomic:operations": [{"op": "add", "data": TAG["data"]}]})
    options: Any = {"data": body, "content_type": ATOMIC, "headers": {"Idempotency-Key": '"batch"'}}
    first, second = (guarded.client.post("/api/operations", **options) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.data == second.data

    members = {"data": [{"type": "tags", "id": "1"}]}
    answers = [post(guarded, members, '"r"', "/api/books/1/relationships/tags") for _ in range(2)]
    assert [one.status_code for one in answers] == [204, 204]
    assert answers[1].headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("key", ["", '""', "a b", "x" * 256])
def test_malformed_key(sqlite: Engine, key: str) -> None:
    answer = post(open_guarded(sqlite), key=key)

    assert answer.status_code == 400
    assert answer.json["errors"][0]["source"] == {"header": "Idempotency-Key"}


def test_other_methods_ignore_the_key(sqlite: Engine) -> None:
    shop = open_guarded(sqlite)
    header = {"Idempotency-Key": "a b"}

    assert shop.get("/api/tags/1", headers=header).status_code == 200
    change = {"data": {"type": "tags", "id": "1", "attributes": {"name": "changed"}}}
    assert shop.client.send("PATCH", "/api/tags/1", change, headers=header).status_code == 200
    assert shop.client.delete("/api/tags/1", headers=header).status_code == 204


def test_without_a_store_the_key_is_ignored(shop: Shop) -> None:
    assert [post(shop).status_code for _ in range(2)] == [201, 409]


def test_answers_expire(sqlite: Engine) -> None:
    """2.3: the key is new again."""
    shop = open_guarded(sqlite, lifetime=timedelta(0))

    assert post(shop).status_code == 201
    assert post(shop, OTHER).status_code == 201


def test_keys_belong_to_callers(sqlite: Engine) -> None:
    """Section 5: nobody gets somebody else's answer."""
    shop = open_guarded(sqlite)
    assert post(shop, Authorization="Bearer a").status_code == 201

    other = post(shop, OTHER, Authorization="Bearer b")

    assert other.status_code == 201
    assert "Idempotent-Replayed" not in other.headers


def test_application_tells_the_callers_apart(sqlite: Engine) -> None:
    shop = open_guarded(sqlite, caller=lambda: request.headers.get("X-User"))
    assert post(shop, **{"X-User": "a", "Authorization": "old"}).status_code == 201

    assert post(shop, **{"X-User": "a", "Authorization": "new"}).headers["Idempotent-Replayed"] == "true"
    assert post(shop, OTHER, **{"X-User": "b"}).status_code == 201


def test_replay_passes_the_preprocessors(sqlite: Engine) -> None:
    """Who may not create is not shown what was created."""
    allowed = {"now": True}

    def guard(**_: Any) -> None:
        if not allowed["now"]:
            raise ProcessingException(detail="no", status=403)

    store = IdempotencyTable()
    store.create(sqlite)
    Tag.metadata.create_all(sqlite)
    app = Flask(__name__)
    manager = APIManager(app, session=sessionmaker(sqlite), idempotency=store)
    manager.create_api(Tag, methods=["POST"], preprocessors={"POST_RESOURCE": [guard]})
    options: Any = {"data": json.dumps(TAG), "content_type": "application/vnd.api+json"}
    client = app.test_client()
    assert client.post("/api/tags", headers={"Idempotency-Key": "k"}, **options).status_code == 201

    allowed["now"] = False

    assert client.post("/api/tags", headers={"Idempotency-Key": "k"}, **options).status_code == 403


def test_key_can_be_demanded(sqlite: Engine) -> None:
    """2.7: 400, for batches too."""
    store = IdempotencyTable()
    store.create(sqlite)
    Tag.metadata.create_all(sqlite)
    app = Flask(__name__)
    manager = APIManager(app, session=sessionmaker(sqlite), idempotency=store)
    manager.create_api(Tag, methods=["GET", "POST", "PATCH"], require_idempotency_key=True)
    client = app.test_client()
    single: Any = {"data": json.dumps(TAG), "content_type": "application/vnd.api+json"}
    batch: Any = {"data": json.dumps({"atomic:operations": [{"op": "add", **TAG}]}), "content_type": ATOMIC}

    for path, options in (("/api/tags", single), ("/api/operations", batch)):
        answer = client.post(path, **options)
        assert answer.status_code == 400
        assert answer.json["errors"][0]["code"] == "missing-header"
    assert client.post("/api/tags", headers={"Idempotency-Key": "k"}, **single).status_code == 201


def test_demand_needs_a_store(sqlite: Engine) -> None:
    manager = APIManager(Flask(__name__), session=sessionmaker(sqlite))

    with pytest.raises(IllegalArgumentError, match="idempotency=IdempotencyTable"):
        manager.create_api(Tag, methods=["POST"], require_idempotency_key=True)
