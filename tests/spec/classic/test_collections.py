"""Chapters 2.3 and 2.4 of the classic contract: collections and their pages."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import Engine

from classic_models import Computer, Office, Person, open_office
from conftest import fresh_database


@pytest.fixture
def office(sqlite: Engine) -> Office:
    return open_office(sqlite)


def numbers(document: dict[str, Any]) -> tuple[int, int, int, list[int]]:
    """Give what a collection says of itself."""
    ids = [one["id"] for one in document["objects"]]
    return document["num_results"], document["page"], document["total_pages"], ids


def test_page_of_a_collection(office: Office) -> None:
    """2.3"""
    response = office.get("/api/person?page=2&results_per_page=2")

    assert set(response.json) == {"num_results", "objects", "page", "total_pages"}
    assert numbers(response.json) == (6, 2, 3, [3, 4])
    assert response.headers["Link"] == (
        '<http://localhost/api/person?page=3&results_per_page=2>; rel="next", '
        '<http://localhost/api/person?page=3&results_per_page=2>; rel="last"'
    )


def test_empty_collection(office: Office) -> None:
    """2.3; the last page of nothing is the first one, not page 0 (C-14)"""
    response = office.search({"filters": [{"name": "id", "op": "eq", "val": 99}]})

    assert numbers(response.json) == (0, 1, 0, [])
    assert response.headers["Link"].startswith("<http://localhost/api/person?page=1&results_per_page=10&q=")


PAGES: list[tuple[dict[str, Any], str, tuple[int, int, int, list[int]]]] = [
    ({}, "", (6, 1, 1, [1, 2, 3, 4, 5, 6])),
    ({"results_per_page": 4}, "", (6, 1, 2, [1, 2, 3, 4])),
    ({"results_per_page": 4}, "?page=2", (6, 2, 2, [5, 6])),
    ({"results_per_page": 4}, "?results_per_page=abc", (6, 1, 2, [1, 2, 3, 4])),
    ({"results_per_page": 4}, "?results_per_page=0", (6, 1, 2, [1, 2, 3, 4])),
    ({"results_per_page": 4}, "?results_per_page=-3", (6, 1, 2, [1, 2, 3, 4])),
    ({"max_results_per_page": 3}, "?results_per_page=1000000000000000000000", (6, 1, 2, [1, 2, 3])),
    ({"max_results_per_page": 3}, "", (6, 1, 2, [1, 2, 3])),
    ({"results_per_page": 0}, "", (6, 1, 1, [1, 2, 3, 4, 5, 6])),
    ({"results_per_page": -1}, "?page=5", (6, 1, 1, [1, 2, 3, 4, 5, 6])),
    ({"results_per_page": None}, "?results_per_page=2", (6, 1, 3, [1, 2])),
    ({"max_results_per_page": 0}, "?results_per_page=2", (6, 1, 1, [1, 2, 3, 4, 5, 6])),
    ({}, "?page=9", (6, 9, 1, [])),
    ({"results_per_page": 4}, '?q={"limit":5}', (5, 1, 2, [1, 2, 3, 4])),
    ({"results_per_page": 4}, '?q={"limit":5}&page=2', (5, 2, 2, [5])),
    ({"results_per_page": 4}, '?q={"limit":5}&page=3', (5, 3, 2, [])),
    ({"results_per_page": 4}, '?q={"offset":1}', (5, 1, 2, [2, 3, 4, 5])),
    ({"results_per_page": 4}, '?q={"offset":1}&page=2', (5, 2, 2, [6])),
    ({"results_per_page": 4}, '?q={"offset":1,"limit":3}', (3, 1, 1, [2, 3, 4])),
    ({"results_per_page": 4}, '?q={"offset":99}', (0, 1, 0, [])),
    ({"results_per_page": 0}, '?q={"offset":4}', (2, 1, 1, [5, 6])),
    ({"results_per_page": 0}, '?q={"offset":4,"limit":1}', (1, 1, 1, [5])),
    ({}, '?q={"limit":0}', (6, 1, 1, [1, 2, 3, 4, 5, 6])),
]


@pytest.mark.parametrize(("options", "query", "expected"), PAGES, ids=[f"{a}{b}" for a, b, _ in PAGES])
def test_pages(sqlite: Engine, options: dict[str, Any], query: str, expected: tuple[Any, ...]) -> None:
    """2.4, and limit and offset of 2.5"""
    office = open_office(sqlite, **options)

    assert numbers(office.get(f"/api/person{query}").json) == expected


def test_pages_and_totals_on_every_database(database: Engine) -> None:
    office = open_office(database, results_per_page=4)

    seen = [numbers(office.get(f'/api/person?q={{"offset":1,"limit":5}}&page={page}').json) for page in (1, 2, 3)]

    assert seen == [(5, 1, 2, [2, 3, 4, 5]), (5, 2, 2, [6]), (5, 3, 2, [])]


def test_links_keep_the_search(office: Office) -> None:
    """2.4: `q` was lost (C-6)"""
    search = {"filters": [{"name": "name", "op": "like", "val": "%a&n%"}], "order_by": [{"field": "name"}]}
    response = office.search(search, results_per_page="2", page="1", other="é")

    last = urlsplit(response.headers["Link"].rpartition("<")[2].partition(">")[0])

    given = parse_qs(last.query)
    assert json.loads(given["q"][0]) == search
    assert (given["page"], given["results_per_page"], given["other"]) == (["1"], ["2"], ["é"])


def test_a_forged_host_is_refused(office: Office) -> None:
    """A-13"""
    response = office.get("/api/person", headers={"X-Forwarded-Host": "evil.example"})

    assert "evil" not in response.headers["Link"]


def test_statements_for_a_page(sqlite: Engine) -> None:
    """Issue 4: one for the page, one for each relation that is shown, one for the count"""
    office = open_office(sqlite, results_per_page=2, person={"exclude_columns": ["vendors"]})
    office.get("/api/computer")

    with office.counted() as person:
        office.get("/api/person")
    with office.counted() as computer:
        office.get("/api/computer?page=2")

    assert len(person) == 1 + 1 + 1, person.texts
    assert len(computer) <= 1 + 2 + 1, computer.texts


def test_a_deep_page_is_refused(office: Office) -> None:
    """T23"""
    response = office.get("/api/person?page=99999999999999")

    assert response.status_code == 400
    assert "into the list" in response.json["message"]


def test_parameters_that_nobody_knows_are_ignored(office: Office) -> None:
    """Contract, "Query parameters"; of one that is given twice the first counts"""
    response = office.get("/api/person?_=1700000000&sort=name&page=1&page=9&callback=f")

    assert numbers(response.json)[:2] == (6, 1)


@pytest.mark.parametrize("query", ["q=%ff", "page=%", "q=%00", "&".join(["a=1"] * 200)])
def test_broken_query_strings_are_no_failures(office: Office, query: str) -> None:
    assert office.get(f"/api/person?{query}").status_code == 400


def test_both_protocols_answer_with_the_same_rows() -> None:
    """Two APIs of one model, in two protocols, below two prefixes of one manager"""
    with fresh_database("sqlite") as engine:
        office = open_office(engine)
        for model in (Person, Computer):
            office.manager.create_api(
                model, protocol="jsonapi", url_prefix="/jsonapi", collection_name=model.__name__.lower()
            )

        classic = office.get("/api/person?results_per_page=4&page=2").json["objects"]
        standard = office.get("/jsonapi/person?page[size]=4&page[number]=2").json["data"]

    assert [str(one["id"]) for one in classic] == [one["id"] for one in standard] == ["5", "6"]
    for ours, theirs in zip(classic, standard, strict=True):
        assert {name: ours[name] for name in theirs["attributes"]} == theirs["attributes"]
