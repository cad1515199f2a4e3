"""What processors of earlier JSON:API generations may be declared with (lineage 1.3, 1.4; C-8)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import Engine

from conftest import Shop
from estate import open_estate
from flask_restless import APIManager
from flask_restless.demo.models import Book, Review, Tag
from flask_restless.migration.processors import ARGUMENTS

LINKAGE = {"data": [{"type": "tags", "id": "1"}]}


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_relationship_processors_may_say_instance_id(shop: Shop, method: str) -> None:
    """C-8: these two got `instance_id`, and were documented to get `resource_id`."""
    seen: list[Any] = []

    def by_code(instance_id: str, relation_name: str) -> None:
        seen.append(("code", instance_id, relation_name))

    def by_manual(resource_id: str | None = None, **_: Any) -> None:
        seen.append(("manual", resource_id, sorted(_)))

    manager = APIManager(shop.app, session=shop.session, url_prefix="/v1")
    manager.create_api(Tag)
    manager.create_api(
        Book,
        methods=["GET", "PATCH"],
        preprocessors={f"{method}_RELATIONSHIP": [by_code, by_manual]},
        allow_to_many_replacement=True,
        allow_delete_from_to_many_relationships=True,
    )

    assert shop.client.send(method, "/v1/books/2/relationships/tags", LINKAGE).status_code == 204
    others = ["data", "relation_name"] if method == "PATCH" else ["relation_name"]
    assert seen == [("code", "2", "tags"), ("manual", "2", others)]


@pytest.mark.parametrize("path", ["/v1/books?include=reviews", "/v1/books/1?include=reviews", "/v1/books/1/reviews"])
def test_postprocessors_see_the_values_that_are_sent(shop: Shop, path: str) -> None:
    """Lineage 3.2: dates, times and UUIDs as texts."""
    seen: list[Any] = []

    def keep(result: dict[str, Any], **_: Any) -> None:
        seen.append(json.loads(json.dumps(result)))

    manager = APIManager(shop.app, session=shop.session, url_prefix="/v1")
    names = ("GET_COLLECTION", "GET_RESOURCE", "GET_TO_MANY_RELATION")
    for model in (Book, Review):
        manager.create_api(model, postprocessors={name: [keep] for name in names})

    assert [shop.get(path).json] == seen


def test_processors_of_ng_need_not_take_what_ng_did_not_give(shop: Shop) -> None:
    """NG had neither `group_by` nor `single`, and its lower-case keys were dead (C-8)."""
    seen: list[Any] = []

    def before(filters: list[Any], sort: list[Any]) -> None:
        seen.append((filters, sort))

    def after(result: dict[str, Any], filters: list[Any], sort: list[Any]) -> None:
        result["meta"]["seen"] = True

    manager = APIManager(shop.app, session=shop.session, url_prefix="/v1")
    manager.create_api(Tag, preprocessors={"get_collection": [before]}, postprocessors={"GET_COLLECTION": [after]})

    assert shop.get("/v1/tags?sort=-name").json["meta"]["seen"] is True
    assert seen == [([], [("-", "name")])]


REQUESTS: list[tuple[str, str, Any]] = [
    ("GET", "/api/users", None),
    ("GET", "/api/users/1", None),
    ("GET", "/api/users/1/docs", None),
    ("GET", "/api/docs/1/owner", None),
    ("GET", "/api/users/1/docs/1", None),
    ("GET", "/api/users/1/relationships/docs", None),
    ("GET", "/api/docs/1/relationships/owner", None),
    ("POST", "/api/users", {"type": "users"}),
    ("PATCH", "/api/users/1", {"type": "users", "id": "1", "attributes": {"name": "x"}}),
    ("POST", "/api/users/1/relationships/docs", [{"type": "docs", "id": "1"}]),
    ("PATCH", "/api/users/1/relationships/docs", [{"type": "docs", "id": "1"}]),
    ("DELETE", "/api/users/1/relationships/docs", [{"type": "docs", "id": "1"}]),
    ("DELETE", "/api/users/2", None),
    ("GET", "/old/docs", None),
    ("GET", "/old/docs/1", None),
    ("POST", "/old/docs", {"title": "x"}),
    ("PATCH", "/old/docs/1", {"title": "x"}),
    ("PATCH", "/old/docs", {"title": "x", "q": {"filters": [{"name": "id", "op": "eq", "val": 1}]}}),
    ("DELETE", '/old/docs?q={"filters":[{"name":"id","op":"eq","val":1}]}', None),
    ("DELETE", "/old/docs/2", None),
]


def test_tables_tell_what_processors_get(sqlite: Engine) -> None:
    """Lineage 1.3, classic "Processors": the tables of the docs and of check-migration are what happens."""
    seen: dict[str, dict[str, set[str]]] = {"preprocessors": {}, "postprocessors": {}}

    def noting(kind: str, key: str) -> Any:
        return lambda **given: seen[kind].setdefault(key, set()).update(given) or None

    processors = {
        kind: {key: [noting(kind, key)] for protocol in ("jsonapi", "classic") for key in tables[protocol]}
        for kind, tables in ARGUMENTS.items()
    }
    switches = {"allow_to_many_replacement": True, "allow_delete_from_to_many_relationships": True}
    many = {"allow_patch_many": True, "allow_delete_many": True}
    estate = open_estate(sqlite, user=switches, doc=many, **processors)

    for method, path, document in REQUESTS:
        response = estate.write(method, path, document)
        assert response.status_code < 300, (method, path, response.text)

    for kind, tables in ARGUMENTS.items():
        expected = {key: set(names) for protocol in ("jsonapi", "classic") for key, names in tables[protocol].items()}
        assert seen[kind] == expected
