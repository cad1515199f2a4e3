"""Chapter 2.11 of the classic contract: functions."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from classic_models import Computer, Office, open_office
from flask_restless import ProcessingException


@pytest.fixture
def office(sqlite: Engine) -> Office:
    return open_office(sqlite, allow_functions=True)


def evaluate(office: Office, *terms: tuple[str, str], path: str = "/api/eval/person", **search: Any) -> Any:
    """Ask for functions."""
    functions = [{"name": name, "field": field} for name, field in terms]
    return office.search({"functions": functions, **search}, path)


def test_functions(office: Office) -> None:
    """2.11"""
    response = evaluate(office, ("sum", "age"), ("count", "id"), ("avg", "age"), ("min", "name"), ("max", "birth_date"))

    assert response.json == {
        "sum__age": 125.0,
        "count__id": 6,
        "avg__age": 25.0,
        "min__name": "Ann",
        "max__birth_date": "1996-01-02",
    }


def test_functions_obey_filters(office: Office) -> None:
    """2.11 ignored them; issue 4 asks for them"""
    old = {"name": "age", "op": ">", "val": 20}

    assert evaluate(office, ("count", "id"), filters=[old]).json == {"count__id": 3}
    assert evaluate(office, ("sum", "age"), filters=[{"name": "id", "op": "eq", "val": 99}]).json == {"sum__age": None}


@pytest.mark.parametrize("query", ["{}", "null", '{"functions":[]}', '{"other":1}'])
def test_nothing_to_evaluate_is_204(office: Office, query: str) -> None:
    """2.11"""
    response = office.get("/api/eval/person", query_string={"q": query})

    assert (response.status_code, response.data) == (204, b"")


def test_duplicates_collapse(office: Office) -> None:
    """2.11"""
    assert evaluate(office, ("count", "id"), ("count", "id")).json == {"count__id": 6}


@pytest.mark.parametrize(
    ("name", "field", "message"),
    [
        ("hex", "name", 'No such function "hex"'),
        ("pg_sleep", "id", 'No such function "pg_sleep"'),
        ("load_extension", "name", 'No such function "load_extension"'),
        ("sum(1);--", "age", 'No such function "sum(1);--"'),
        ("sum", "name", 'The function "sum" needs numbers, which "name" does not hold'),
        ("count", "computers", 'No such field "computers"'),
        ("count", "greeting", 'No such field "greeting"'),
        ("count", "metadata", 'No such field "metadata"'),
        ("count", "vendors", 'No such field "vendors"'),
    ],
)
def test_only_known_functions_of_columns(office: Office, name: str, field: str, message: str) -> None:
    """A-9: neither any SQL function nor a relation, which made a product of the tables"""
    response = evaluate(office, (name, field))

    assert (response.status_code, response.json) == (400, {"message": message})


def test_more_functions_are_an_option(sqlite: Engine) -> None:
    office = open_office(sqlite, allow_functions=["count", "upper"])

    assert evaluate(office, ("count", "id")).status_code == 200
    assert evaluate(office, ("sum", "age")).status_code == 400


@pytest.mark.parametrize("filters", [[], [{"name": "id", "op": "eq", "val": 99}]], ids=["many rows", "none"])
def test_functions_that_gather_no_rows_are_refused(database: Engine, filters: list[Any]) -> None:
    """2.11: what an application allows may not be a function over rows; a client cannot make that a 500"""
    office = open_office(database, allow_functions=["upper"])

    response = evaluate(office, ("upper", "name"), **({"filters": filters} if filters else {}))

    detail = 'among "upper" is a function that gives no single value for all rows'
    assert (response.status_code, response.json) == (400, {"message": detail})


def test_excluded_columns_are_not_evaluated(sqlite: Engine) -> None:
    """A-1"""
    office = open_office(sqlite, allow_functions=True, person={"exclude_columns": ["age"]})

    assert evaluate(office, ("max", "age")).json == {"message": 'No such field "age"'}
    hidden = {"name": "age", "op": ">", "val": 20}
    assert evaluate(office, ("count", "id"), filters=[hidden]).status_code == 400


def test_preprocessors_of_searches_hold(sqlite: Engine) -> None:
    """A-9: evaluation had no processors at all"""

    def mine(search_params: dict[str, Any]) -> None:
        search_params.setdefault("filters", []).append({"name": "owner_id", "op": "eq", "val": 1})

    def nobody(**_: Any) -> None:
        raise ProcessingException("Go away", code=403)

    guarded = open_office(sqlite, Computer, allow_functions=True, preprocessors={"GET_MANY": [mine]})
    counted = evaluate(guarded, ("count", "id"), path="/api/eval/computer")
    closed = open_office(sqlite, Computer, allow_functions=True, preprocessors={"GET_MANY": [nobody]})

    assert counted.json == {"count__id": 2}
    assert evaluate(closed, ("count", "id"), path="/api/eval/computer").status_code == 403


def test_functions_are_off_by_default(sqlite: Engine) -> None:
    assert open_office(sqlite).get("/api/eval/person?q={}").status_code == 404


def test_functions_on_every_database(database: Engine) -> None:
    office = open_office(database, allow_functions=True)

    response = evaluate(office, ("sum", "age"), ("avg", "id"), ("count", "name"), ("max", "id"), ("sum", "id"))

    assert response.json == {"sum__age": 125.0, "avg__id": 3.5, "count__name": 6, "max__id": 6, "sum__id": 21}
