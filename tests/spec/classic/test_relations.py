"""Chapter 2.6 of the classic contract: the URLs of relations and of their members."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from classic_models import Computer, Office, open_office


@pytest.fixture
def office(sqlite: Engine) -> Office:
    return open_office(sqlite)


def test_to_many_relation_is_a_page(office: Office) -> None:
    """2.6: objects with their own relations, and no Link header"""
    response = office.get("/api/person/1/computers?results_per_page=1&page=2")

    document = response.json
    assert (document["num_results"], document["page"], document["total_pages"]) == (2, 2, 2)
    (computer,) = document["objects"]
    assert computer["id"] == 2
    assert computer["owner"]["name"] == "Ann"
    assert computer["programs"] == []
    assert "Link" not in response.headers


def test_to_many_relation_of_nobody_is_empty(office: Office) -> None:
    assert office.get("/api/person/3/computers").json["objects"] == []


def test_to_one_relation_is_an_object(office: Office) -> None:
    """2.6"""
    owner = office.get("/api/computer/1/owner").json

    assert (owner["name"], len(owner["computers"])) == ("Ann", 2)


def test_member_is_served_if_it_is_one(office: Office) -> None:
    """2.6; 0.17 served every object that there is (A-6)"""
    assert office.get("/api/person/1/computers/2").json["name"] == "two"
    assert office.get("/api/person/1/computers/3").status_code == 404
    assert office.get("/api/computer/1/owner/1").json["name"] == "Ann"
    assert office.get("/api/computer/1/owner/2").status_code == 404


def test_columns_stay_hidden_at_the_urls_of_relations(sqlite: Engine) -> None:
    """A-5: those of the related API, and those that the owner's API hides of the relation"""
    office = open_office(
        sqlite,
        computer={"exclude_columns": ["buy_date"]},
        person={"exclude_columns": ["computers.vendor", "computers.owner"]},
    )

    (first, _) = office.get("/api/person/1/computers").json["objects"]

    assert first.keys() == {"id", "name", "owner_id", "programs", "program_names"}
    assert office.get("/api/person/1/computers/1").json == first


def test_excluded_relation_is_not_served(sqlite: Engine) -> None:
    """A-5"""
    office = open_office(sqlite, person={"exclude_columns": ["computers", "vendors"]})

    assert office.get("/api/person/1/computers").status_code == 404
    assert office.get("/api/person/1/computers/1").status_code == 404


def test_member_is_removed_and_stays(office: Office) -> None:
    """2.6"""
    response = office.client.delete("/api/person/1/computers/2")

    assert response.status_code == 204
    assert office.one(Computer, 2).owner_id is None
    assert office.client.delete("/api/person/1/computers/2").status_code == 404


def test_removing_a_stranger_cuts_nobodys_link(office: Office) -> None:
    """B-3"""
    assert office.client.delete("/api/person/1/computers/3").status_code == 404
    assert office.one(Computer, 3).owner_id == 2


def test_to_one_relation_is_not_deleted(office: Office) -> None:
    response = office.client.delete("/api/computer/1/owner/1")

    assert (response.status_code, response.json) == (
        400,
        {"message": '"owner" is a to-one relation; set it to null by PATCH'},
    )


@pytest.mark.parametrize("path", ["/api/person/1/computers", "/api/person/1/computers/2"])
@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_updates_at_a_relation_change_its_owner(office: Office, method: str, path: str) -> None:
    """2.6"""
    response = office.send(method, path, {"age": 1})

    assert (response.status_code, response.json["id"], response.json["age"]) == (200, 1, 1.0)


def test_a_relation_takes_a_search_too(office: Office) -> None:
    """Beyond 2.6, which knew none"""
    response = office.search({"filters": [{"name": "vendor", "op": "eq", "val": "Apple"}]}, "/api/person/1/computers")

    assert [one["id"] for one in response.json["objects"]] == [2]


def test_a_relation_is_never_single(office: Office) -> None:
    response = office.search({"single": True}, "/api/person/1/computers")

    assert (response.status_code, response.json) == (400, {"message": "Unable to construct query"})


def test_methods_of_relations_are_those_of_the_api(sqlite: Engine) -> None:
    office = open_office(sqlite, methods=["GET"])

    assert office.client.delete("/api/person/1/computers/1").status_code == 405
    assert office.send("PATCH", "/api/person/1/computers", {}).status_code == 405
