"""Chapter 2.10 of the classic contract: DELETE."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from classic_models import Computer, Office, Person, open_office


@pytest.fixture
def office(sqlite: Engine) -> Office:
    return open_office(sqlite, allow_delete_many=True)


def test_object_is_deleted(office: Office) -> None:
    """2.10"""
    gone = office.client.delete("/api/person/3")

    assert (gone.status_code, gone.data) == (204, b"")
    assert office.client.delete("/api/person/3").status_code == 404
    assert office.one(Person, 3) is None


def test_many_are_deleted_with_what_the_mapping_says(office: Office) -> None:
    """2.10; the bulk statement went past the mapping (B-6)"""
    response = office.search({"filters": [{"name": "id", "op": "in", "val": [1, 2]}]}, method="DELETE")

    assert (response.status_code, response.json) == (200, {"num_deleted": 2})
    assert office.one(Computer, 1).owner_id is None


def test_none_to_delete_is_404(office: Office) -> None:
    """2.10, as it was documented"""
    response = office.search({"filters": [{"name": "id", "op": "eq", "val": 99}]}, method="DELETE")

    assert (response.status_code, response.json) == (404, {})


def test_limit_and_order_hold(office: Office) -> None:
    """2.10: 500 with a limit, and the order was ignored"""
    search = {
        "filters": [{"name": "id", "op": ">", "val": 2}],
        "order_by": [{"field": "id", "direction": "desc"}],
        "limit": 2,
        "offset": 1,
    }

    assert office.search(search, method="DELETE").json == {"num_deleted": 2}
    assert office.ids() == [1, 2, 3, 6]


def test_single_deletes_exactly_one(office: Office) -> None:
    """2.10"""

    def delete(*ids: int) -> Any:
        return office.search({"single": True, "filters": [{"name": "id", "op": "in", "val": ids}]}, method="DELETE")

    assert delete(3).json == {"num_deleted": 1}
    assert (delete(3).status_code, delete(3).json) == (404, {"message": "No result found"})
    assert (delete(4, 5).status_code, delete(4, 5).json) == (400, {"message": "Multiple results found"})
    assert office.ids() == [1, 2, 4, 5, 6]


@pytest.mark.parametrize("query", ["", "?q={}", '?q={"filters":[]}', '?q={"filter":[{}]}', '?q={"limit":5}'])
def test_deleting_everything_is_refused(office: Office, query: str) -> None:
    """A-11"""
    response = office.client.delete(f"/api/person{query}")

    assert response.status_code == 400
    assert "filters" in response.json["message"]
    assert len(office.ids()) == 6


def test_deleting_everything_is_an_option(sqlite: Engine) -> None:
    office = open_office(sqlite, allow_delete_many=True, allow_unfiltered_many=True)

    assert office.client.delete("/api/person").json == {"num_deleted": 6}


def test_many_are_deleted_only_where_it_is_allowed(sqlite: Engine) -> None:
    assert open_office(sqlite).client.delete("/api/person").status_code == 405


def test_deleting_on_every_database(database: Engine) -> None:
    office = open_office(database, allow_delete_many=True)

    office.client.delete("/api/person/3")
    many = office.search({"filters": [{"name": "computers__vendor", "op": "any", "val": "Dell"}]}, method="DELETE")

    assert many.json == {"num_deleted": 2}
    assert office.ids() == [4, 5, 6]
