"""Filters: how much one may ask for, and which operators fit which types."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import JSON, ForeignKey, Integer, String
from sqlalchemy.dialects.postgresql import ARRAY, INET, INT4RANGE, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from flask_restless.operations.conditions import ConditionBinder, check_size
from flask_restless.operations.filters import Comparison, Condition
from flask_restless.operations.operands import fitting
from flask_restless.operations.operators import OPERATORS
from flask_restless.operations.problems import Source
from flask_restless.schema.introspect import inspect_model
from flask_restless.schema.options import Limits, Options
from flask_restless.schema.registry import Registry
from flask_restless.schema.resource import Resource
from parsed import problem_of, resource_of

BOOK = resource_of("books")
SOURCE = Source(parameter="filter")


def bind(given: Any, resource: Resource = BOOK) -> Condition:
    """Bind one filter object."""
    return ConditionBinder(SOURCE, resource.registry.limits).formula(resource, given)


def test_conditions_are_limited_in_depth() -> None:
    """T24: 20 deep by default, also where a path makes the depth."""
    nested: Any = {"name": "title", "op": "eq", "val": "x"}
    for _ in range(19):
        nested = {"not": nested}

    bind(nested)

    assert problem_of(bind, {"not": nested}).code == "limit-exceeded"


def test_paths_are_limited_in_length() -> None:
    """T02, T20."""
    path = "publisher.books.publisher.books.title"

    assert problem_of(bind, {"name": path, "op": "eq", "val": "x"}).code == "limit-exceeded"
    assert problem_of(bind, {"name": ".".join(["publisher", "books"] * 2000), "op": "any"}).code == "limit-exceeded"


def test_terms_are_limited_and_paths_do_not_count_twice() -> None:
    """T24: 100 terms by default."""
    term = {"name": "publisher.name", "op": "eq", "val": "x"}

    check_size(bind({"or": [term] * 100}), BOOK, SOURCE)

    assert problem_of(check_size, bind({"or": [term] * 101}), BOOK, SOURCE).code == "limit-exceeded"
    assert problem_of(check_size, bind({"or": [{"or": []}] * 101}), BOOK, SOURCE).code == "limit-exceeded"


def test_lists_are_limited_each_and_together() -> None:
    """T24: drivers limit the parameters of one statement."""
    full = {"name": "pages", "op": "in", "val": [1] * 1000}

    check_size(bind({"or": [full] * 10}), BOOK, SOURCE)

    assert problem_of(bind, {"name": "pages", "op": "in", "val": [1] * 1001}).code == "limit-exceeded"
    assert problem_of(bind, {"name": "tags", "op": "in", "val": [1] * 1001}).code == "limit-exceeded"
    assert problem_of(check_size, bind({"or": [full] * 11}), BOOK, SOURCE).code == "limit-exceeded"


def test_patterns_are_limited() -> None:
    """T25: 256 characters, 10 wildcards."""
    bind({"name": "title", "op": "like", "val": "%" * 10 + "x" * 246})
    bind({"name": "title", "op": "startswith", "val": "%" * 11})

    assert problem_of(bind, {"name": "title", "op": "like", "val": "%_" * 6}).code == "limit-exceeded"
    assert problem_of(bind, {"name": "title", "op": "icontains", "val": "x" * 257}).code == "limit-exceeded"


def test_pattern_ends_with_no_open_escape() -> None:
    """T25: PostgreSQL refuses it only when the statement runs."""
    bind({"name": "title", "op": "like", "val": "a\\\\"})
    bind({"name": "title", "op": "endswith", "val": "a\\"})

    problem = problem_of(bind, {"name": "title", "op": "not_ilike", "val": "a\\"})

    assert (problem.code, problem.source) == ("invalid-filter", SOURCE)
    assert problem.detail == r'a pattern cannot end with a single backslash, as "a\" does; write two'


def test_limits_are_options() -> None:
    """Threats: each limit is an option."""
    book = resource_of("books", Limits(filter_depth=1, list_length=1, pattern_wildcards=0))

    assert problem_of(bind, {"not": {"and": []}}, book).code == "limit-exceeded"
    assert problem_of(bind, {"name": "pages", "op": "in", "val": [1, 2]}, book).code == "limit-exceeded"
    assert problem_of(bind, {"name": "title", "op": "like", "val": "a%"}, book).code == "limit-exceeded"


# ---------------------------------------------------------------- operators and types


class PostgresBase(DeclarativeBase):
    pass


class Owner(PostgresBase):
    __tablename__ = "owners"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)


class Thing(PostgresBase):
    __tablename__ = "things"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("owners.id"))
    words: Mapped[list[str]] = mapped_column(ARRAY(String))
    address: Mapped[str] = mapped_column(INET)
    span: Mapped[Any] = mapped_column(INT4RANGE)
    blob: Mapped[Any] = mapped_column(JSONB)
    plain: Mapped[Any] = mapped_column(JSON)
    name: Mapped[str] = mapped_column(String)


@pytest.mark.parametrize(
    ("name", "possible", "impossible"),
    [
        ("words", {"@>", "<@", "&&", "eq", "in"}, {"<<", "gt", "like", "to_tsquery"}),
        ("address", {"<<", "<<=", ">>", ">>=", "&&", "eq", "gt"}, {"@>", "like"}),
        ("span", {"<<", ">>", "&&", "@>"}, {"<<=", "gt", "to_tsquery"}),
        ("blob", {"@>", "<@", "!@>", "is_null", "eq"}, {"&&", "<<", "gt"}),
        ("plain", {"is_null", "isnull"}, {"@>", "<@", "eq", "in", "gt"}),
        ("name", {"like", "ieq", "to_tsquery", "plainto_tsquery"}, {"@>", "&&"}),
        ("id", {"eq", "between", "isnull"}, {"@>", "like", "to_tsquery"}),
    ],
)
def test_operators_fit_types(name: str, possible: set[str], impossible: set[str]) -> None:
    """An operator that a database would not know for the type is refused before it gets there."""
    registry = Registry()
    thing = inspect_model(Thing, Options.checked(Thing, {}), registry)
    attribute = thing.queryable[name]

    names = set(fitting(attribute.codec))

    assert possible <= names
    assert not impossible & names


def test_network_and_array_operands_are_decoded() -> None:
    """Lineage 3.5: PostgreSQL's operators of earlier generations."""
    registry = Registry()
    thing = inspect_model(Thing, Options.checked(Thing, {}), registry)

    inside = bind({"name": "address", "op": "<<", "val": "10.0.0.0/8"}, thing)
    overlap = bind({"name": "words", "op": "&&", "val": ["a", "b"]}, thing)

    assert inside == Comparison(thing.attributes["address"], OPERATORS["<<"], "10.0.0.0/8")
    assert overlap == Comparison(thing.attributes["words"], OPERATORS["&&"], ["a", "b"])
    assert problem_of(bind, {"name": "address", "op": "<<", "val": "there"}, thing).code == "invalid-filter"
