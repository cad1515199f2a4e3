"""The same search said in both protocols means the same (issue 4)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import classic_models
from conftest import fresh_database
from flask_restless.operations.filters import And, Comparison, Condition, Count, Has, Identified, Not, Or
from flask_restless.operations.operation import Fetch
from flask_restless.protocols.base import Call
from flask_restless.protocols.classic.parsing import Parser as ClassicParser
from flask_restless.protocols.jsonapi.parsing import Parser as JsonApiParser
from flask_restless.schema.classic_options import ClassicOptions
from flask_restless.schema.introspect import inspect_model
from flask_restless.schema.options import Options
from flask_restless.schema.registry import Registry
from flask_restless.schema.resource import Attribute, Resource


def resource_in(protocol: str) -> Resource:
    """Serve the contract's models in one protocol, and give that of people."""
    registry = Registry()
    vocabulary: Any = ClassicOptions if protocol == "classic" else Options
    for model in classic_models.MODELS:
        registry.add(inspect_model(model, vocabulary.checked(model, {}), registry))
    return next(iter(registry))


CLASSIC, JSONAPI = resource_in("classic"), resource_in("jsonapi")

TEXTS = st.text("abc%_é", max_size=4)
NUMBERS = st.floats(-100, 100).map(lambda value: round(value, 2))
COMPARISONS = ("==", "eq", "!=", "neq", ">", "gt", "<", "le", ">=", "not_equal_to")


def entry(name: str, op: str, val: Any) -> dict[str, Any]:
    """Make one filter."""
    return {"name": name, "op": op, "val": val}


def leaves(texts: tuple[str, ...], numbers: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """Make conditions of single fields."""
    return st.one_of(
        st.builds(entry, st.sampled_from(texts), st.sampled_from(("eq", "like", "ilike", "<")), TEXTS),
        st.builds(entry, st.sampled_from(texts), st.sampled_from(("in", "not_in")), st.lists(TEXTS, max_size=3)),
        st.builds(
            lambda name, op: {"name": name, "op": op},
            st.sampled_from(texts),
            st.sampled_from(("is_null", "is_not_null")),
        ),
        *([st.builds(entry, st.sampled_from(numbers), st.sampled_from(COMPARISONS), NUMBERS)] if numbers else []),
        *(
            [st.builds(lambda op: {"name": numbers[0], "op": op, "field": numbers[-1]}, st.sampled_from(COMPARISONS))]
            if numbers
            else []
        ),
    )


def formulas(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Make conditions of conditions."""
    return st.one_of(
        st.lists(inner, max_size=3).map(lambda ones: {"or": ones}),
        st.lists(inner, max_size=3).map(lambda ones: {"and": ones}),
        inner.map(lambda one: {"not": one}),
    )


COMPUTERS = st.recursive(leaves(("name", "vendor"), ()), formulas, max_leaves=4)
PEOPLE = st.recursive(
    leaves(("name",), ("age", "other")) | COMPUTERS.map(lambda one: entry("computers", "any", one)),
    formulas,
    max_leaves=8,
)
ORDERS = st.lists(st.tuples(st.sampled_from(("name", "age", "other", "birth_date")), st.booleans()), max_size=3)


@settings(max_examples=60, deadline=None)
@given(st.lists(PEOPLE, max_size=3), ORDERS, st.integers(1, 5), st.integers(1, 50))
def test_a_search_gives_equal_operations(filters: list[Any], order: list[Any], number: int, size: int) -> None:
    search: dict[str, Any] = {"filters": filters}
    search["order_by"] = [{"field": name, "direction": "desc" if down else "asc"} for name, down in order]
    classic = urlencode({"q": json.dumps(search), "page": number, "results_per_page": size})
    standard = {"filter[objects]": json.dumps(filters), "page[number]": number, "page[size]": size}
    if order:
        standard["sort"] = ",".join(f"{'-' if down else ''}{name}" for name, down in order)

    ours = ClassicParser().parse(Call("GET", "collection", CLASSIC, classic))
    theirs = JsonApiParser().parse(Call("GET", "collection", JSONAPI, urlencode(standard)))

    assert isinstance(ours, Fetch)
    assert isinstance(theirs, Fetch)
    assert told(ours.selection.filter) == told(theirs.selection.filter)
    assert [(told(one.operand), one.descending) for one in ours.selection.sort] == [
        (told(one.operand), one.descending) for one in theirs.selection.sort
    ]
    assert ours.selection.page == theirs.selection.page
    assert (ours.origin, ours.single) == (theirs.origin, theirs.single)


def told(one: Condition | Attribute | Count | object) -> Any:
    """Say a condition with names in place of the fields, which belong to one API each."""
    match one:
        case Attribute():
            return one.name
        case Comparison(left, operator, right):
            return told(left), operator.name, told(right)
        case And(inner) | Or(inner):
            return type(one).__name__, [told(each) for each in inner]
        case Not(condition):
            return "Not", told(condition)
        case Has(relationship, condition):
            return "Has", relationship.name, told(condition)
        case Count() | Identified():
            raise NotImplementedError(one)
    return one


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mariadb"])
def office(request: pytest.FixtureRequest) -> Iterator[classic_models.Office]:
    """The same rows in both protocols: classic below /api, JSON:API below /v2."""
    with fresh_database(request.param) as engine:
        office = classic_models.open_office(engine, allow_functions=True)
        for model in classic_models.MODELS:
            office.manager.create_api(model, protocol="jsonapi", url_prefix="/v2", allow_functions=True)
        yield office


@settings(max_examples=25, deadline=None)
@given(st.lists(PEOPLE, max_size=2), ORDERS, st.integers(1, 3), st.integers(1, 6))
def test_a_search_gives_equal_rows(
    office: classic_models.Office, filters: list[Any], order: list[Any], number: int, size: int
) -> None:
    search: dict[str, Any] = {"filters": filters}
    search["order_by"] = [{"field": name, "direction": "desc" if down else "asc"} for name, down in order]
    classic = {"q": json.dumps(search), "page": str(number), "results_per_page": str(size)}
    standard = {"filter[objects]": json.dumps(filters), "page[number]": str(number), "page[size]": str(size)}
    if order:
        standard["sort"] = ",".join(f"{'-' if down else ''}{name}" for name, down in order)

    ours = office.client.get("/api/person", query_string=classic).json
    theirs = office.client.get("/v2/person", query_string=standard).json

    assert [str(one["id"]) for one in ours["objects"]] == [one["id"] for one in theirs["data"]]
    assert ours["num_results"] == theirs["meta"]["total"]


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(["count", "min", "max", "sum", "avg"]), st.sampled_from(["age", "other"]), PEOPLE)
def test_a_function_gives_equal_values(office: classic_models.Office, name: str, field: str, condition: Any) -> None:
    terms = [{"name": name, "field": field}]
    classic = {"q": json.dumps({"functions": terms, "filters": [condition]})}
    standard = {"functions": json.dumps(terms), "filter[objects]": json.dumps([condition])}

    ours = office.client.get("/api/eval/person", query_string=classic)
    theirs = office.client.get("/v2/eval/person", query_string=standard)

    assert (ours.status_code, theirs.status_code) == (200, 200)
    assert list(ours.json.values()) == theirs.json["data"]
