"""Calls to operations, as values."""

from __future__ import annotations

from typing import Any

import pytest

from classic_calls import call, classic, parsed
from flask_restless.operations.filters import Comparison, Has
from flask_restless.operations.operation import (
    Action,
    Aggregate,
    Collection,
    Create,
    Delete,
    DeleteMany,
    Fetch,
    Link,
    Matching,
    Nested,
    One,
    Relate,
    Related,
    Target,
    Update,
    UpdateMany,
)
from flask_restless.operations.operators import OPERATORS
from flask_restless.operations.paging import Page, Total
from flask_restless.protocols.classic.parsing import Parser
from parsed import problem_of, problems_of

PERSON, COMPUTER = classic(), classic("computer")
ADULT = {"filters": [{"name": "age", "op": ">=", "val": 18}]}
AGE = Comparison(PERSON.attributes["age"], OPERATORS["ge"], 18.0)


def test_lists_are_fetches() -> None:
    fetch = parsed(PERSON, q={**ADULT, "limit": 15, "offset": 3}, query={"page": 2})

    assert isinstance(fetch, Fetch)
    assert (fetch.origin, fetch.single, fetch.selection.filter) == (Collection(), False, AGE)
    assert fetch.selection.page == Page(5, 13)
    assert [branch.relationship.name for branch in fetch.selection.branches] == ["computers"]
    assert [branch.selection.branches for branch in fetch.selection.branches] == [()]


@pytest.mark.parametrize(("limit", "size", "single"), [(None, 2, True), (0, 2, True), (1, 1, False), (7, 2, True)])
def test_single_looks_for_a_second_one(limit: int | None, size: int, single: bool) -> None:
    fetch = parsed(PERSON, q={"single": True, "limit": limit})

    assert isinstance(fetch, Fetch)
    assert (fetch.selection.page, fetch.single) == (Page(size, total=Total.NONE), single)


def test_query_strings_that_were_seen_give_the_same_selection() -> None:
    """So that plans are found without computing their shape"""
    parser = Parser()

    first, second = (parser.parse(call(PERSON, q=ADULT)) for _ in range(2))
    now, later = (
        parser.parse(call(PERSON, q={"filters": [{"name": "birth_date", "op": "<", "val": "CURRENT_DATE"}]}))
        for _ in range(2)
    )

    assert isinstance(first, Fetch)
    assert isinstance(second, Fetch)
    assert first.selection is second.selection
    assert isinstance(now, Fetch)
    assert isinstance(later, Fetch)
    assert now.selection is not later.selection


def test_single_objects_and_relations() -> None:
    computers = PERSON.relationships["computers"]

    one = parsed(PERSON, endpoint="resource", id="5")
    related = parsed(PERSON, endpoint="related", id="5", relation="computers")
    member = parsed(PERSON, endpoint="member", id="5", relation="computers", member="7")

    assert isinstance(one, Fetch)
    assert isinstance(related, Fetch)
    assert isinstance(member, Fetch)
    assert one.origin == One((5,))
    assert related.origin == Related(PERSON, (5,), computers)
    assert member.origin == Related(PERSON, (5,), computers, (7,))


def test_nested_values() -> None:
    create = parsed(
        PERSON,
        "POST",
        body={"name": "x", "computers": [{"id": 1}, {"id": 2, "name": "two"}, {"name": "new"}, {"id": 1}]},
    )

    assert isinstance(create, Create)
    (link,) = create.links
    first, second, third = link.targets
    assert first == Target(first.resource, (1,))
    assert isinstance(second, Nested)
    assert isinstance(third, Nested)
    assert (second.id, [one.value for one in second.assignments]) == ((2,), ["two"])
    assert (third.id, [one.value for one in third.assignments]) == (None, ["new"])


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_changes(method: str) -> None:
    removed = [{"id": 1}, {"name": "two", "vendor": None}, {"id": 3, "__delete__": True}]
    body = {"computers": {"add": {"id": 4}, "remove": removed}, "age": 5}
    update = parsed(PERSON, method, "resource", id="5", body=body)

    assert isinstance(update, Update)
    (change,) = update.changes
    assert [one.id for one in change.added] == [(4,)]
    assert [type(one) for one in change.removed] == [Target, Matching]
    assert [one.id for one in change.deleted if isinstance(one, Target)] == [(3,)]
    assert update.links == ()


def test_to_one_values() -> None:
    owner = COMPUTER.relationships["owner"]
    for value, targets in (({"id": 2}, (Target(owner.target, (2,)),)), (None, ())):
        update = parsed(COMPUTER, "PATCH", "resource", id="1", body={"owner": value})
        assert isinstance(update, Update)
        assert update.links == (Link(owner, targets),)


def test_many() -> None:
    update = parsed(PERSON, "PATCH", body={"age": 5, "q": {**ADULT, "limit": 2}})
    delete = parsed(PERSON, "DELETE", q=ADULT)

    assert isinstance(update, UpdateMany)
    assert isinstance(delete, DeleteMany)
    assert (update.selection.filter, delete.selection.filter) == (AGE, AGE)
    assert (update.selection.page, delete.selection.page) == (Page(2, total=Total.NONE), None)
    assert [one.value for one in update.assignments] == [5.0]


def test_deletes() -> None:
    delete = parsed(PERSON, "DELETE", "resource", id="5")
    relate = parsed(PERSON, "DELETE", "member", id="5", relation="computers", member="7")

    assert delete == Delete(Target(PERSON, (5,)))
    assert isinstance(relate, Relate)
    assert (relate.action, relate.members_only) == (Action.REMOVE, True)
    assert [one.id for one in relate.targets] == [(7,)]


def test_functions() -> None:
    resource = classic(allow_functions=True)
    functions = [{"name": "sum", "field": "age"}]

    found = parsed(resource, endpoint="evaluation", q={"functions": functions, **ADULT})

    assert isinstance(found, Aggregate)
    assert found.terms == (("sum", resource.attributes["age"]),)
    assert isinstance(found.selection.filter, Comparison)


def test_legacy_names_of_related_columns() -> None:
    fetch = parsed(PERSON, q={"filters": [{"name": "computers__vendor", "op": "any", "val": "Dell"}]})

    assert isinstance(fetch, Fetch)
    vendor = COMPUTER.attributes["vendor"]
    condition = fetch.selection.filter
    assert isinstance(condition, Has)
    assert isinstance(condition.condition, Comparison)
    assert (condition.condition.left.name, condition.condition.right) == (vendor.name, "Dell")


def test_every_problem_of_a_body_is_told_at_its_place() -> None:
    problems = problems_of(
        parsed, PERSON, "POST", body={"age": "x", "bogus": 1, "computers": [{"name": 5}, 7, {"owner": 3}], "id": 5}
    )

    places = [one.source.pointer if one.source else None for one in problems]
    assert places == ["/id", "/age", "/bogus", "/computers/0/name"]
    assert {one.code for one in problems} >= {"not-writable", "invalid-value", "unknown-field"}


@pytest.mark.parametrize(
    ("method", "endpoint", "parts", "code"),
    [
        ("GET", "resource", {"id": "x"}, "not-found"),
        ("GET", "related", {"id": "1", "relation": "bogus"}, "unknown-url"),
        ("GET", "related", {"id": "1", "relation": "name"}, "unknown-url"),
        ("GET", "member", {"id": "1", "relation": "computers", "member": "x"}, "not-found"),
        ("DELETE", "related", {"id": "1", "relation": "computers"}, "invalid-parameter"),
        ("DELETE", "collection", {}, "invalid-parameter"),
        ("GET", "collection", {"query": {"page": "x"}}, "invalid-page"),
        ("GET", "collection", {"q": []}, "invalid-filter"),
        ("PATCH", "resource", {"id": "1", "body": {"id": 2}}, "not-writable"),
    ],
)
def test_refusals(method: str, endpoint: str, parts: dict[str, Any], code: str) -> None:
    assert problem_of(parsed, PERSON, method, endpoint, **parts).code == code
