"""Operations of a batch and what an API has of its own: processors, serializers and deserializers (A-10.4)."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from conftest import Shop
from flask_restless import APIManager, DefaultDeserializer, ProcessingException
from flask_restless.demo import models
from operations_url import add, names, send


def watched(shop: Shop, **options: Any) -> Shop:
    app = Flask("watched")
    manager = APIManager(app, session=shop.session)
    everything = {"allow_to_many_replacement": True, "allow_delete_from_to_many_relationships": True}
    for model in (models.Tag, models.Book, models.Publisher):
        manager.create_api(model, methods=["GET", "POST", "PATCH", "DELETE"], **everything, **options)
    return Shop(app, manager, shop.client, shop.engine, shop.session)


def recorder(calls: list[tuple[str, dict[str, Any]]], name: str) -> Any:
    def record(**arguments: Any) -> None:
        calls.append((name, arguments))

    return record


EACH = ("POST_RESOURCE", "PATCH_RESOURCE", "DELETE_RESOURCE", "PATCH_RELATIONSHIP")
OPERATIONS: list[dict[str, Any]] = [
    add("watched"),
    {"op": "update", "data": {"type": "tags", "id": "1", "attributes": {"name": "seen"}}},
    {"op": "update", "ref": {"type": "books", "id": "1", "relationship": "publisher"}, "data": None},
    {"op": "remove", "ref": {"type": "tags", "id": "2"}},
]


def test_processors_see_each_operation_as_its_single_request(shop: Shop) -> None:
    """The names and arguments of lineage 1.3."""
    before: list[tuple[str, dict[str, Any]]] = []
    after: list[tuple[str, dict[str, Any]]] = []
    shop = watched(
        shop,
        preprocessors={name: [recorder(before, name)] for name in EACH},
        postprocessors={name: [recorder(after, name)] for name in EACH},
    )

    assert send(shop, *OPERATIONS).status_code == 200

    assert before == [
        ("POST_RESOURCE", {"data": {"data": OPERATIONS[0]["data"]}}),
        ("PATCH_RESOURCE", {"resource_id": "1", "data": {"data": OPERATIONS[1]["data"]}}),
        ("PATCH_RELATIONSHIP", {"resource_id": "1", "relation_name": "publisher", "data": {"data": None}}),
        ("DELETE_RESOURCE", {"resource_id": "2"}),
    ]
    assert [(name, set(arguments)) for name, arguments in after] == [
        ("POST_RESOURCE", {"result"}),
        ("PATCH_RESOURCE", {"result"}),
        ("PATCH_RELATIONSHIP", set()),
        ("DELETE_RESOURCE", {"was_deleted"}),
    ]
    assert after[0][1]["result"]["data"]["attributes"]["name"] == "watched"


def test_processors_change_data_ids_and_results(shop: Shop) -> None:
    def louder(data: dict[str, Any], **_: Any) -> None:
        data["data"]["attributes"]["name"] += "!"

    def sign(result: dict[str, Any]) -> None:
        result["data"]["attributes"]["signed"] = True
        result["links"] = {"self": "nowhere"}

    shop = watched(
        shop,
        preprocessors={"POST_RESOURCE": [louder], "DELETE_RESOURCE": [lambda **_: "3"]},
        postprocessors={"POST_RESOURCE": [sign]},
    )

    answer = send(shop, add("loud"), {"op": "remove", "ref": {"type": "tags", "id": "2"}})

    result = answer.json["atomic:results"][0]
    assert (set(result), result["data"]["attributes"]["signed"]) == ({"data"}, True)
    assert "loud!" in names(shop)
    client = shop.app.test_client()
    assert [client.get(f"/api/tags/{number}").status_code for number in (2, 3)] == [200, 404]


@pytest.mark.parametrize("key", ["preprocessors", "postprocessors"])
def test_a_processor_that_refuses_one_operation_refuses_the_batch(shop: Shop, key: str) -> None:
    """A-4.3, B-1."""

    def refuse(**_: Any) -> None:
        raise ProcessingException(status=403, detail="not today")

    shop = watched(shop, **{key: {"DELETE_RESOURCE": [refuse]}})

    answer = send(shop, add("never"), {"op": "remove", "ref": {"type": "tags", "id": "2"}})

    assert (answer.status_code, answer.json["errors"][0]["detail"]) == (403, "not today")
    assert "never" not in names(shop)


def test_a_processor_that_takes_the_data_away_leaves_nothing_to_do(shop: Shop) -> None:
    """A-5.3: the answer is that of an operation without data."""
    shop = watched(shop, preprocessors={"POST_RESOURCE": [lambda data, **_: data.clear()]})

    answer = send(shop, add("never"))

    error = answer.json["errors"][0]
    assert (answer.status_code, error["code"]) == (400, "missing-member")
    assert error["source"] == {"pointer": "/atomic:operations/0"}


def test_a_processor_that_needs_an_id_is_not_passed_by_with_a_lid(shop: Shop) -> None:
    shop = watched(shop, preprocessors={"PATCH_RESOURCE": [lambda **_: None]})
    change = {"op": "update", "data": {"type": "tags", "lid": "x", "attributes": {"name": "never"}}}

    answer = send(shop, add("never", "x"), change)

    assert (answer.status_code, answer.json["errors"][0]["source"]) == (403, {"pointer": "/atomic:operations/1"})
    assert "never" not in names(shop)


def test_deserializers_make_the_instances(shop: Shop) -> None:
    class Loud(DefaultDeserializer):
        def _extract_attributes(self, data: dict[str, Any]) -> dict[str, Any]:
            return {name: value.upper() for name, value in super()._extract_attributes(data).items()}

    app = Flask("deserialized")
    manager = APIManager(app, session=shop.session)
    manager.create_api(models.Tag, methods=["GET", "POST", "PATCH"], deserializer_class=Loud)
    shop = Shop(app, manager, shop.client, shop.engine, shop.session)
    change = {"op": "update", "data": {"type": "tags", "lid": "x", "attributes": {"name": "quiet again"}}}

    results = send(shop, add("quiet", "x"), add("still"), change).json["atomic:results"]

    assert [one["data"]["attributes"]["name"] for one in results] == ["QUIET", "STILL", "quiet again"]
    assert send(shop, add("a", "x"), add("b", "x")).status_code == 400
