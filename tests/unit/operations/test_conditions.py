"""Filter conditions: every spelling gives the same tree, and what makes no sense is refused before any SQL."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookshop import Base
from flask_restless.operations.conditions import ConditionBinder, all_of, text_value
from flask_restless.operations.filters import And, Comparison, Condition, Count, Has, Identified, Not, Or
from flask_restless.operations.operators import OPERATORS
from flask_restless.operations.problems import Source
from flask_restless.schema.introspect import inspect_model
from flask_restless.schema.options import Options
from flask_restless.schema.registry import Registry
from flask_restless.schema.resource import Resource
from parsed import problem_of, refusal_of, resource_of

SOURCE = Source(parameter="filter[objects]")
BOOK = resource_of("books")
LIMITS = BOOK.registry.limits


def bind(given: Any, resource: Resource = BOOK, *, hidden: bool = False) -> Condition:
    """Bind one filter object."""
    return ConditionBinder(SOURCE, resource.registry.limits, hidden=hidden).formula(resource, given)


def bind_text(path: str, op: str, text: Any, resource: Resource = BOOK) -> Condition:
    """Bind what a URL says."""
    binder = ConditionBinder(SOURCE, resource.registry.limits, text_value)
    return binder.path(resource, path.split("."), binder.operator(op), text)


def op(name: str) -> Any:
    return OPERATORS[name]


title, pages, price = (BOOK.attributes[name] for name in ("title", "pages", "price"))
publisher, tags, authors = (BOOK.relationships[name] for name in ("publisher", "tags", "authors"))

GOOD = {
    "eq": ({"name": "title", "op": "eq", "val": "A"}, Comparison(title, op("eq"), "A")),
    "every spelling of an operator": (
        {"name": "title", "op": "equal_to", "val": "A"},
        Comparison(title, op("eq"), "A"),
    ),
    "a decimal": ({"name": "price", "op": "ge", "val": "1.50"}, Comparison(price, op("ge"), Decimal("1.50"))),
    "in": ({"name": "pages", "op": "in", "val": [1, 2]}, Comparison(pages, op("in"), (1, 2))),
    "in nothing": ({"name": "pages", "op": "in", "val": []}, Or(())),
    "not in nothing": ({"name": "pages", "op": "not_in", "val": []}, And(())),
    "between": ({"name": "pages", "op": "between", "val": [1, 9]}, Comparison(pages, op("between"), (1, 9))),
    "is_null ignores a value": ({"name": "pages", "op": "is_null", "val": 1}, Comparison(pages, op("is_null"))),
    "isnull true": ({"name": "pages", "op": "isnull", "val": True}, Comparison(pages, op("is_null"))),
    "isnull false": ({"name": "pages", "op": "isnull", "val": False}, Comparison(pages, op("is_not_null"))),
    "id": ({"name": "id", "op": "eq", "val": 3}, Comparison(BOOK.identity.keys[0], op("eq"), 3)),
    "or": ({"or": []}, Or(())),
    "not": ({"not": {"and": []}}, Not(And(()))),
    "path over to-one": (
        {"name": "publisher.name", "op": "eq", "val": "A"},
        Has(publisher, Comparison(publisher.target.attributes["name"], op("eq"), "A")),
    ),
    "path over to-many means some member": (
        {"name": "authors.country.code", "op": "eq", "val": "de"},
        Has(
            authors,
            Has(
                authors.target.relationships["country"],
                Comparison(authors.target.relationships["country"].target.attributes["code"], op("eq"), "de"),
            ),
        ),
    ),
    "has": ({"name": "publisher", "op": "has"}, Has(publisher)),
    "any": (
        {"name": "tags", "op": "any", "val": {"not": {"name": "name", "op": "eq", "val": "x"}}},
        Has(tags, Not(Comparison(tags.target.attributes["name"], op("eq"), "x"))),
    ),
    "none": ({"name": "tags", "op": "none"}, Not(Has(tags))),
    "none behind a path": (
        {"name": "publisher.books", "op": "none"},
        Has(publisher, Not(Has(publisher.target.relationships["books"]))),
    ),
    "two fields": (
        {"name": "title", "op": "eq", "field": "subtitle"},
        Comparison(title, op("eq"), BOOK.attributes["subtitle"]),
    ),
    "two fields behind a path": (
        {"name": "publisher.name", "op": "ne", "field": "publisher.website"},
        Has(
            publisher, Comparison(publisher.target.attributes["name"], op("ne"), publisher.target.attributes["website"])
        ),
    ),
    "numbers of two types": ({"name": "pages", "op": "lt", "field": "price"}, Comparison(pages, op("lt"), price)),
    "count": ({"count": "tags", "op": "gt", "val": 2}, Comparison(Count(tags), op("gt"), 2)),
    "count in": ({"count": "tags", "op": "in", "val": [0, 2]}, Comparison(Count(tags), op("in"), (0, 2))),
    "count of some": (
        {"count": "tags", "op": "eq", "val": 0, "where": {"name": "name", "op": "eq", "val": "x"}},
        Comparison(Count(tags, Comparison(tags.target.attributes["name"], op("eq"), "x")), op("eq"), 0),
    ),
    "count and count": (
        {"count": "tags", "op": "gt", "field": {"count": "authors"}},
        Comparison(Count(tags), op("gt"), Count(authors)),
    ),
    "count and attribute": ({"count": "tags", "op": "gt", "field": "pages"}, Comparison(Count(tags), op("gt"), pages)),
    "attribute and count": (
        {"name": "pages", "op": "lt", "field": {"count": "tags"}},
        Comparison(pages, op("lt"), Count(tags)),
    ),
    "relationship by id": ({"name": "publisher", "op": "eq", "val": 1}, Has(publisher, Identified(((1,),)))),
    "relationship by ids": ({"name": "tags", "op": "in", "val": ["1", "2"]}, Has(tags, Identified(((1,), (2,))))),
    "relationship not by id": ({"name": "publisher", "op": "ne", "val": "1"}, Not(Has(publisher, Identified(((1,),))))),
    "an id that cannot exist matches nothing": (
        {"name": "publisher", "op": "eq", "val": "abc"},
        Has(publisher, Identified(())),
    ),
    "relationship is_null": ({"name": "publisher", "op": "is_null"}, Not(Has(publisher))),
    "relationship is_not_null": ({"name": "tags", "op": "is_not_null"}, Has(tags)),
    "composite id": (
        {"name": "shelf", "op": "eq", "val": "A,1"},
        Has(BOOK.relationships["shelf"], Identified((("A", 1),))),
    ),
    "id of several parts": (
        {"name": "shelf.id", "op": "in", "val": ["A,1", "B,2"]},
        Has(BOOK.relationships["shelf"], Identified((("A", 1), ("B", 2)))),
    ),
}


@pytest.mark.parametrize(("given", "expected"), GOOD.values(), ids=GOOD)
def test_filter_object_means(given: Any, expected: Condition) -> None:
    """Lineage 3.5; features 3."""
    assert bind(given) == expected


BAD = {
    "no object": (3, "invalid-filter"),
    "no name": ({"op": "eq", "val": 1}, "invalid-filter"),
    "no op": ({"name": "title", "val": 1}, "invalid-filter"),
    "name is no string": ({"name": ["title"], "op": "eq", "val": 1}, "invalid-filter"),
    "no val": ({"name": "title", "op": "eq"}, "invalid-filter"),
    "null": ({"name": "title", "op": "eq", "val": None}, "invalid-filter"),
    "null in a list": ({"name": "pages", "op": "in", "val": [1, None]}, "invalid-filter"),
    "null pattern": ({"name": "title", "op": "like", "val": None}, "invalid-filter"),
    "no list": ({"name": "pages", "op": "in", "val": 1}, "invalid-filter"),
    "or without a list": ({"or": {"name": "pages"}}, "invalid-filter"),
    "three bounds": ({"name": "pages", "op": "between", "val": [1, 2, 3]}, "invalid-filter"),
    "unknown field": ({"name": "titel", "op": "eq", "val": 1}, "unknown-field"),
    "empty name": ({"name": "", "op": "eq", "val": 1}, "unknown-field"),
    "empty step": ({"name": "publisher..name", "op": "eq", "val": 1}, "unknown-field"),
    "unknown field behind a path": ({"name": "publisher.nam", "op": "eq", "val": 1}, "unknown-field"),
    "attribute as a step": ({"name": "title.name", "op": "eq", "val": 1}, "invalid-filter"),
    "unknown operator": ({"name": "title", "op": "eqals", "val": 1}, "unknown-operator"),
    "dunder operator": ({"name": "title", "op": "__class__", "val": 1}, "unknown-operator"),
    "metadata": ({"name": "metadata", "op": "is_null"}, "unknown-field"),
    "wrong type": ({"name": "pages", "op": "eq", "val": "1"}, "invalid-filter"),
    "bool for int": ({"name": "pages", "op": "eq", "val": True}, "invalid-filter"),
    "order of JSON": ({"name": "details", "op": "gt", "val": 1}, "invalid-filter"),
    "equality of JSON": ({"name": "details", "op": "eq", "val": {}}, "invalid-filter"),
    "like of a number": ({"name": "pages", "op": "like", "val": "1%"}, "invalid-filter"),
    "computed": ({"name": "headline", "op": "eq", "val": "x"}, "invalid-filter"),
    "has of a to-many": ({"name": "tags", "op": "has"}, "invalid-filter"),
    "any of a to-one": ({"name": "publisher", "op": "any"}, "invalid-filter"),
    "has of an attribute": ({"name": "title", "op": "has"}, "invalid-filter"),
    "relationship greater": ({"name": "publisher", "op": "gt", "val": 1}, "invalid-filter"),
    "relationship null": ({"name": "publisher", "op": "eq", "val": None}, "invalid-filter"),
    "relationship true": ({"name": "publisher", "op": "eq", "val": True}, "invalid-filter"),
    "relationship and field": ({"name": "publisher", "op": "eq", "field": "title"}, "invalid-filter"),
    "fields of two resources": ({"name": "publisher.name", "op": "eq", "field": "title"}, "invalid-filter"),
    "fields of two types": ({"name": "title", "op": "eq", "field": "pages"}, "invalid-filter"),
    "in a field": ({"name": "title", "op": "in", "field": "subtitle"}, "invalid-filter"),
    "field is no name": ({"name": "title", "op": "eq", "field": 1}, "invalid-filter"),
    "text and count": ({"name": "title", "op": "eq", "field": {"count": "tags"}}, "invalid-filter"),
    "count of a to-one": ({"count": "publisher", "op": "eq", "val": 1}, "invalid-filter"),
    "count without op": ({"count": "tags", "val": 1}, "invalid-filter"),
    "count is null": ({"count": "tags", "op": "is_null"}, "invalid-filter"),
    "count of a text": ({"count": "tags", "op": "eq", "val": "1"}, "invalid-filter"),
    "count like": ({"count": "tags", "op": "like", "val": "1"}, "invalid-filter"),
    "NUL": ({"name": "title", "op": "like", "val": "a\x00"}, "invalid-filter"),
    "surrogate": ({"name": "title", "op": "eq", "val": "\ud800"}, "invalid-filter"),
    "tsquery of a number": ({"name": "pages", "op": "to_tsquery", "val": "x"}, "invalid-filter"),
    "integer beyond 64 bits": ({"name": "pages", "op": "eq", "val": 2**63}, "invalid-filter"),
}


@pytest.mark.parametrize(("given", "code"), BAD.values(), ids=BAD)
def test_filter_object_is_refused(given: Any, code: str) -> None:
    """J-4.7.3, T09, C-1: 400 at the parameter."""
    problem = problem_of(bind, given)

    assert (problem.code, problem.status, problem.source) == (code, 400, SOURCE)


HIDDEN = [
    lambda name: {"name": name, "op": "like", "val": "p%"},
    lambda name: {"name": name, "op": "is_null"},
    lambda name: {"name": "name", "op": "eq", "field": name},
    lambda name: {"not": {"name": name, "op": "eq", "val": 1}},
    lambda name: {"name": name, "op": "has"},
    lambda name: {"count": name, "op": "eq", "val": 1},
    lambda name: {"name": f"{name}.x", "op": "eq", "val": 1},
]


@pytest.mark.parametrize("spelling", HIDDEN)
def test_hidden_names_are_answered_like_unknown_ones(spelling: Any) -> None:
    """T01, A-1: byte for byte, but for the name itself."""
    customers = resource_of("customers", Customer={"exclude": ["credit", "loyalty_card"]})

    for hidden in ("credit", "loyalty_card"):
        unknown = hidden[:-1] + "q"
        expected = problem_of(bind, spelling(unknown), customers)
        found = problem_of(bind, spelling(hidden), customers)
        assert str(found).replace(hidden, "?") == str(expected).replace(unknown, "?")


def test_hidden_names_behind_relationships_are_unknown() -> None:
    """T02, A-2."""
    orders = resource_of("orders")

    for name in ("customer.credit", "lines.order.customer.credit"):
        assert problem_of(bind, {"name": name, "op": "gt", "val": 1}, orders).code == "unknown-field"


def test_relationship_to_a_model_without_api_is_unknown() -> None:
    """A-2: nothing is reached that is not served."""
    registry = Registry()
    for model in (one for one in Base.registry._class_registry.values() if getattr(one, "__name__", "") == "Book"):
        registry.add(inspect_model(model, Options.checked(model, {}), registry))
    (book,) = registry

    assert problem_of(bind, {"name": "publisher.name", "op": "eq", "val": "x"}, book).code == "unknown-field"


def test_processors_may_name_mapped_columns_that_clients_do_not_see() -> None:
    """Rows of one owner are what processors were used for most; the plan's key needs the same Attribute each time."""
    given = {"name": "publisher_id", "op": "eq", "val": 3}

    first, second = bind(given, hidden=True), bind(given, hidden=True)

    assert isinstance(first, Comparison)
    assert first == second
    assert first.left.key == "publisher_id"
    assert problem_of(bind, given).code == "unknown-field"


TEXTS = {
    "number": ("pages", "eq", "3", Comparison(pages, op("eq"), 3)),
    "date": (
        "published_on",
        "lt",
        "2020-01-01",
        Comparison(BOOK.attributes["published_on"], op("lt"), date(2020, 1, 1)),
    ),
    "list": ("pages", "in", ["1", "2"], Comparison(pages, op("in"), (1, 2))),
    "isnull": ("pages", "isnull", "true", Comparison(pages, op("is_null"))),
    "isnull 0": ("pages", "isnull", "0", Comparison(pages, op("is_not_null"))),
    "is_null": ("pages", "is_null", "", Comparison(pages, op("is_null"))),
    "relationship": ("publisher", "eq", "1", Has(publisher, Identified(((1,),)))),
    "relationship isnull": ("publisher", "isnull", "true", Not(Has(publisher))),
}


@pytest.mark.parametrize(("path", "operator", "text", "expected"), TEXTS.values(), ids=TEXTS)
def test_text_means(path: str, operator: str, text: Any, expected: Condition) -> None:
    """Features 4: the bracket form gives the tree that the JSON form gives."""
    assert bind_text(path, operator, text) == expected


@pytest.mark.parametrize(
    ("path", "operator", "text"),
    [
        ("pages", "eq", "x"),
        ("pages", "eq", ""),
        ("pages", "isnull", "maybe"),
        ("pages", "is_null", "false"),
        ("tags", "is_not_null", "false"),
        ("pages", "eq", "+1"),
        ("pages", "eq", "٣"),
    ],
)
def test_text_is_refused(path: str, operator: str, text: str) -> None:
    """T41 spellings, and null tests that contradict themselves."""
    assert problem_of(bind_text, path, operator, text).code == "invalid-filter"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["title", "tags", "eq", "any"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "op", "val", "field", "and", "or", "not", "count", "where"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_any_json_binds_or_is_refused(value: Any) -> None:
    """J-9.8: nothing a client sends fails otherwise."""
    problems = refusal_of(ConditionBinder(SOURCE, LIMITS).objects, BOOK, value)

    assert {one.status for one in problems} <= {400}


def test_conditions_join_flat() -> None:
    """Equal searches in two spellings are equal trees."""
    one, two = bind({"name": "pages", "op": "is_null"}), bind({"name": "title", "op": "is_null"})

    assert all_of([]) is None
    assert all_of([And((one,))]) == one
    assert all_of([And((one, two))]) == all_of([one, two]) == And((one, two))
