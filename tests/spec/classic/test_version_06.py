"""Chapter 2.14 of the classic contract: what Flask-Restless 0.6 did otherwise."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from classic_models import Office, open_office


@pytest.fixture
def office(sqlite: Engine) -> Office:
    return open_office(sqlite, classic_version="0.6", allow_functions=True, allow_patch_many=True, results_per_page=4)


def test_collection_is_lean(office: Office) -> None:
    response = office.get("/api/person?page=2&results_per_page=2")

    assert set(response.json) == {"objects", "page"}
    assert (response.json["page"], [one["id"] for one in response.json["objects"]]) == (2, [5, 6])
    assert "Link" not in response.headers


def test_created_object_is_told_by_its_key(office: Office) -> None:
    response = office.send("POST", "/api/person", {"name": "New"})

    assert (response.status_code, response.json) == (201, {"id": 7})
    assert "Location" not in response.headers


def test_single_is_200_with_a_message(office: Office) -> None:
    none = office.search({"single": True, "filters": [{"name": "id", "op": "eq", "val": 99}]})
    several = office.search({"single": True})

    assert (none.status_code, none.json) == (200, {"message": "No result found"})
    assert (several.status_code, several.json) == (200, {"message": "Multiple results found"})


def test_deleting_what_is_missing_is_204(office: Office) -> None:
    assert office.client.delete("/api/person/99").status_code == 204
    assert office.get("/api/person/99").status_code == 404


@pytest.mark.parametrize("path", ["/api/person/1/computers", "/api/person/1/computers/1"])
def test_relations_have_no_urls(office: Office, path: str) -> None:
    assert office.get(path).status_code == 404


def test_functions_are_read_from_the_body(office: Office) -> None:
    """1.1; a `q` is read as well"""
    functions = {"functions": [{"name": "count", "field": "id"}]}

    body = office.client.get("/api/eval/person", json=functions)

    assert (body.status_code, body.json) == (200, {"count__id": 6})
    assert office.search(functions, "/api/eval/person").json == {"count__id": 6}
    assert office.client.get("/api/eval/person", data="xx").json == {"message": "Unable to decode data"}
    assert office.client.get("/api/eval/person", json={}).status_code == 204


def test_updates_answer_as_ever(office: Office) -> None:
    assert office.send("PUT", "/api/person/1", {"age": 3}).json["age"] == 3.0
    search = {"filters": [{"name": "id", "op": "<", "val": 3}]}
    assert office.send("PATCH", "/api/person", {"age": 1, "q": search}).json == {"num_modified": 2}


def test_who_is_asked_first(sqlite: Engine) -> None:
    """1.1, authentication_required_for and authentication_function"""
    known = False

    def authenticate() -> bool:
        return known

    office = open_office(
        sqlite,
        classic_version="0.6",
        authentication_required_for=["post", "DELETE"],
        authentication_function=authenticate,
    )

    refused = office.send("POST", "/api/person", {"name": "New"})

    assert (refused.status_code, refused.json) == (401, {"message": "401: Unauthorized"})
    assert office.client.delete("/api/person/1").status_code == 401
    assert office.get("/api/person").status_code == 200
    known = True
    assert office.send("POST", "/api/person", {"name": "New"}).status_code == 201


def test_post_form_preprocessor_returns_the_data(sqlite: Engine) -> None:
    """1.1"""

    def upper(data: dict[str, Any]) -> dict[str, Any]:
        return {"name": data["name"].upper()}

    office = open_office(sqlite, post_form_preprocessor=upper)

    assert office.send("POST", "/api/person", {"name": "new", "bogus": 1}).json["name"] == "NEW"
