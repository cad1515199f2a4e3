"""Chapter 2.5 of the classic contract: the search object."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from classic_models import Office, Person, open_office


@pytest.fixture
def office(sqlite: Engine) -> Office:
    return open_office(sqlite)


def entry(name: str, op: str, val: Any) -> dict[str, Any]:
    """Make one filter."""
    return {"name": name, "op": op, "val": val}


NULL = {"name": "birth_date", "op": "is_null"}
DELL = entry("vendor", "eq", "Dell")
OPERATORS: list[tuple[list[str], dict[str, Any], list[int]]] = [
    (["is_null"], {"name": "birth_date"}, [2]),
    (["is_null"], {"name": "birth_date", "val": 7}, [2]),
    (["is_not_null"], {"name": "birth_date"}, [1, 3, 4, 5, 6]),
    (["==", "eq", "equals", "equal_to"], {"name": "age", "val": 20}, [2]),
    (["!=", "ne", "neq", "not_equal_to", "does_not_equal"], {"name": "age", "val": 20}, [1, 3, 4, 5]),
    ([">", "gt"], {"name": "age", "val": 25}, [4, 5]),
    (["<", "lt"], {"name": "age", "val": 20}, [1]),
    ([">=", "ge", "gte", "geq"], {"name": "age", "val": 30.0}, [4, 5]),
    (["<=", "le", "lte", "leq"], {"name": "age", "val": 20}, [1, 2]),
    (["ilike"], {"name": "name", "val": "%Y"}, [2, 3, 4]),
    (["like"], {"name": "name", "val": "_a%"}, [2, 4]),
    (["in"], {"name": "id", "val": [1, 3, 99]}, [1, 3]),
    (["in"], {"name": "id", "val": []}, []),
    (["not_in"], {"name": "id", "val": [1, 3]}, [2, 4, 5, 6]),
    (["any"], {"name": "computers", "val": DELL}, [1, 2]),
    (["any"], {"name": "computers__vendor", "val": "Dell"}, [1, 2]),
]


@pytest.mark.parametrize(
    ("op", "rest", "expected"),
    [(op, rest, expected) for names, rest, expected in OPERATORS for op in names],
    ids=[f"{op} {rest}" for names, rest, _ in OPERATORS for op in names],
)
def test_every_operator(office: Office, op: str, rest: dict[str, Any], expected: list[int]) -> None:
    """2.5, "Operators, exhaustive" """
    assert office.ids({"op": op, **rest}) == expected


FORMULAS: list[tuple[list[Any], list[int]]] = [
    ([entry("age", ">", 15), entry("age", "<", 30)], [2, 3]),
    ([{"or": [entry("id", "eq", 1), entry("id", "eq", 2)]}], [1, 2]),
    ([{"and": [entry("age", ">", 15), entry("age", "<", 30)]}], [2, 3]),
    ([{"or": [entry("id", "eq", 6), {"and": [entry("age", ">", 15), entry("age", "<", 25)]}]}], [2, 6]),
    ([{"or": [entry("id", "eq", 1)], "and": [entry("id", "eq", 2)]}], [1]),
    ([{"or": []}], []),
    ([{"not": entry("id", "in", [1, 2])}], [3, 4, 5, 6]),
    ([], [1, 2, 3, 4, 5, 6]),
    ([{"name": "age", "op": "<", "field": "other"}], [1, 2]),
    ([{"name": "age", "op": "<", "field": "other", "val": 5}], [1, 2]),
    ([{"or": [entry("birth_date", "eq", "1993-01-02"), NULL]}], [2, 3]),
    ([entry("birth_date", "in", ["1993-01-02", "2 January 1994"])], [3, 4]),
    ([entry("computers", "any", {"or": [DELL, {"name": "vendor", "op": "is_null"}]})], [1, 2]),
    ([{"or": [entry("computers__vendor", "any", "Apple"), entry("id", "eq", 5)]}], [1, 5]),
    ([entry("computers", "any", entry("programs", "any", entry("name", "eq", "emacs")))], [2]),
    ([entry("computers", "any", entry("programs__name", "any", "vim"))], [1]),
    ([entry("computers", "any", entry("owner", "has", entry("name", "eq", "Ann")))], [1]),
    ([entry("age", "eq", "20")], [2]),
    ([entry("age", "eq", "20.0")], [2]),
    ([entry("id", "in", ["1", 2.0])], [1, 2]),
    ([entry("is_adult", "eq", False)], [1]),
]


@pytest.mark.parametrize(("filters", "expected"), FORMULAS, ids=[str(one[0]) for one in FORMULAS])
def test_formulas(office: Office, filters: list[Any], expected: list[int]) -> None:
    """2.5"""
    response = office.search({"filters": filters, "disjunction": True, "whatever": 1})

    assert [one["id"] for one in response.json["objects"]] == expected
    assert response.json["num_results"] == len(expected)


def test_has_of_a_to_one_relation(office: Office) -> None:
    """2.5"""
    assert office.ids(entry("owner", "has", entry("name", "eq", "Ann")), path="/api/computer") == [1, 2]
    assert office.ids(entry("owner__name", "has", "Mary"), path="/api/computer") == [3]


DATES = [
    "2020-01-02T03:04:05",
    "2020-01-02 03:04:05",
    "20200102T030405",
    "2020/01/02 03:04:05",
    "2 January 2020 03:04:05",
    "2nd Jan. 2020, 03:04:05",
    "Jan 2, 2020 3:04:05 am",
    "Thu, 02 Jan 2020 03:04:05 GMT",
    "Thu Jan 02 2020 04:04:05 GMT+0100 (CET)",
    "2020-01-02T03:04:05Z",
    "2020-01-02T05:04:05+02:00",
    "2020-01-02T03:04:05.000",
]


@pytest.mark.parametrize("text", DATES)
def test_dates_in_many_forms(office: Office, text: str) -> None:
    """2.5: ISO 8601, and what else cannot be misread"""
    assert office.ids(entry("buy_date", "eq", text), path="/api/computer") == [1]


@pytest.mark.parametrize(
    "text", ["01/02/2020", "2.1.2020", "tomorrow", "2020", "Jan 2", "2 Jan 20", "2020-02-30", "13:00 pm"]
)
def test_dates_that_could_be_misread_are_refused(office: Office, text: str) -> None:
    """2.5: unparsable -> 400"""
    response = office.search({"filters": [entry("buy_date", "eq", text)]}, "/api/computer")

    assert (response.status_code, response.json) == (400, {"message": "Unable to construct query"})


def test_present_in_a_filter_is_never_kept(office: Office) -> None:
    """CURRENT_TIMESTAMP; twice, since searches are kept"""
    for _ in range(2):
        assert office.ids(entry("buy_date", "<", "CURRENT_TIMESTAMP"), path="/api/computer") == [1]
        assert office.ids(entry("birth_date", ">", "CURRENT_DATE")) == []


WRONG: list[Any] = [
    {"filters": [entry("age", "bogus", 1)]},
    {"filters": [entry("age", "EQ", 1)]},
    {"filters": [entry("age", "desc", 1)]},
    {"filters": [entry("age", "asc", 1)]},
    {"filters": [{"name": "bogus", "op": "is_null"}]},
    {"filters": [{"name": "age", "op": "eq"}]},
    {"filters": [{"name": "age", "val": 1}]},
    {"filters": [{"op": "eq", "val": 1}]},
    {"filters": [{"name": 5, "op": "eq", "val": 1}]},
    {"filters": [entry("age", "eq", None)]},
    {"filters": [entry("age", "in", [None])]},
    {"filters": [entry("age", "in", 5)]},
    {"filters": {"name": "age"}},
    {"filters": "x"},
    {"filters": ["x"]},
    {"filters": [{"or": entry("age", "eq", 1)}]},
    {"filters": [{"name": "age", "op": "eq", "field": "bogus"}]},
    {"filters": [entry("computers", "any", 5)]},
    {"filters": [entry("computers", "any", None)]},
    {"filters": [{"name": "computers", "op": "any"}]},
    {"filters": [entry("computers", "has", DELL)]},
    {"filters": [entry("age", "any", DELL)]},
    {"filters": [entry("computers__vendor", "eq", "Dell")]},
    {"filters": [entry("computers__programs__name", "any", "vim")]},
    {"filters": [entry("bogus__vendor", "any", "Dell")]},
    {"filters": [entry("metadata", "eq", 1)]},
    {"filters": [entry("__init__", "eq", 1)]},
    {"filters": [entry("greeting", "eq", 1)]},
    {"filters": [entry("name", "like", 5)]},
    {"filters": [entry("age", "eq", "abc")]},
    {"filters": [entry("age", "eq", "１")]},
    {"order_by": [{"field": "age", "direction": "down"}]},
    {"order_by": [{"field": "bogus"}]},
    {"order_by": [{"field": "age", "extra": 1}]},
    {"order_by": [{"direction": "asc"}]},
    {"order_by": "age"},
    {"order_by": ["age"]},
    {"order_by": [{"field": "computers"}]},
    {"order_by": [{"field": "computers__vendor"}]},
    {"group_by": [{"field": "bogus"}]},
    {"group_by": [{"field": "computers"}]},
    {"group_by": [{"field": "age", "direction": "asc"}]},
    {"group_by": "age"},
    {"limit": -1},
    {"limit": "2"},
    {"limit": True},
    {"offset": 1.5},
    {"offset": "x"},
]


@pytest.mark.parametrize("search", WRONG, ids=[str(one) for one in WRONG])
def test_whatever_is_wrong_in_a_search(office: Office, search: Any) -> None:
    """2.1, 2.5; methods and attributes of the class are no fields (A-3)"""
    response = office.search(search)

    assert (response.status_code, response.json) == (400, {"message": "Unable to construct query"})


def test_order_by(office: Office) -> None:
    """2.5: several terms, directions, and the primary key where nothing else is said"""
    assert office.ids(order_by=[{"field": "name"}]) == [1, 5, 4, 3, 2, 6]
    assert office.ids(order_by=[{"field": "name", "direction": "desc"}]) == [6, 2, 3, 4, 5, 1]
    by_both = [{"field": "is_adult", "direction": "asc"}, {"field": "id", "direction": "desc"}]
    assert office.ids(entry("id", "<", 4), order_by=by_both) == [1, 3, 2]


def test_order_by_a_related_column_loses_no_row(office: Office) -> None:
    """2.5; 0.17 dropped the objects without a related one (C-4)"""
    ids = office.ids(path="/api/computer", order_by=[{"field": "owner__name", "direction": "desc"}])

    assert sorted(ids) == [1, 2, 3, 4]
    assert [one for one in ids if one != 4] == [3, 2, 1]


def test_group_by(office: Office) -> None:
    """2.5; the number of results is that of the groups (B-10)"""
    response = office.search({"group_by": [{"field": "vendor"}]}, "/api/computer")

    assert sorted(one["id"] for one in response.json["objects"]) == [1, 2, 4]
    assert response.json["num_results"] == 3


def test_single(office: Office) -> None:
    """2.5: the bare object and its place, after limit and offset"""
    found = office.search({"single": True, "filters": [entry("name", "eq", "Mary")]})
    first = office.search({"single": True, "limit": 1, "offset": 2})
    none = office.search({"single": True, "filters": [entry("id", "eq", 99)]})
    several = office.search({"single": True})

    assert (found.json["id"], found.headers["Location"]) == (2, "http://localhost/api/person/2")
    assert "Link" not in found.headers
    assert first.json["id"] == 3
    assert (none.status_code, none.json) == (404, {"message": "No result found"})
    assert (several.status_code, several.json) == (400, {"message": "Multiple results found"})


def test_excluded_columns_are_no_oracle(sqlite: Engine) -> None:
    """A-1, A-2"""
    office = open_office(sqlite, person={"exclude_columns": ["name", "vendors"]})

    filters: list[Any] = [entry("name", "like", "A%"), {"name": "age", "op": "<", "field": "name"}]
    searches: list[Any] = [{"filters": [one]} for one in filters]
    searches += [{"order_by": [{"field": "name"}]}, {"group_by": [{"field": "name"}]}]
    assert {office.search(one).status_code for one in searches} == {400}
    through = {"filters": [entry("owner", "has", entry("name", "like", "A%"))]}
    assert office.search(through, "/api/computer").status_code == 400
    assert office.search({"order_by": [{"field": "owner__name"}]}, "/api/computer").status_code == 400


def test_a_hidden_primary_key_is_no_oracle(sqlite: Engine) -> None:
    """A-1: not by the name `id` either"""
    office = open_office(sqlite, Person, methods=["GET"], exclude_columns=["id"])

    assert office.search({"filters": [entry("id", "<", 3)]}).status_code == 400
    assert office.search({"order_by": [{"field": "id"}]}).status_code == 400


def test_deep_searches_are_refused(office: Office) -> None:
    """A-14"""
    deep: Any = entry("id", "eq", 1)
    for _ in range(30):
        deep = {"and": [deep]}

    assert office.search({"filters": [deep]}).status_code == 400
    assert office.get("/api/person", query_string={"q": "[" * 100_000}).status_code == 400


def test_searches_on_every_database(database: Engine) -> None:
    office = open_office(database)

    assert office.ids({"or": [entry("birth_date", "eq", "1993-01-02"), NULL]}) == [2, 3]
    assert office.ids(entry("computers", "any", DELL), entry("age", "<", "20")) == [1]
    by_owner = office.ids(path="/api/computer", order_by=[{"field": "owner__age"}, {"field": "id"}])
    assert [one for one in by_owner if one != 4] == [1, 2, 3]
    groups = office.search({"group_by": [{"field": "vendor"}], "order_by": [{"field": "vendor"}]}, "/api/computer")
    assert groups.json["num_results"] == 3
