"""Calls to operations: endpoints, parameters, and the parse cache."""

from __future__ import annotations

from typing import Any

import pytest

from flask_restless.operations.filters import And, Comparison, Condition, Has, Identified, Or
from flask_restless.operations.operation import Collection, Delete, Fetch, One, Related, Target
from flask_restless.operations.operators import OPERATORS
from flask_restless.operations.paging import Page, Total
from flask_restless.operations.problems import Source
from flask_restless.protocols.jsonapi.parsing import Parser
from flask_restless.schema.resource import Resource
from parsed import call_of, problem_of, registry_of, resource_of

BOOK = resource_of("books")
title, pages = BOOK.attributes["title"], BOOK.attributes["pages"]
publisher, tags, shelf = (BOOK.relationships[name] for name in ("publisher", "tags", "shelf"))


def fetch(query: str = "", endpoint: str = "collection", resource: Resource = BOOK, **parts: str) -> Fetch:
    """Parse a GET."""
    operation = Parser().parse(call_of(resource, "GET", endpoint, query=query, **parts))
    assert isinstance(operation, Fetch)
    return operation


def included(operation: Fetch) -> list[str]:
    """Give the names of the relationships that are included at the first level."""
    return [one.relationship.name for one in operation.selection.branches if one.shown]


def test_collection() -> None:
    """J-4.1.3: all rows, a page of them."""
    operation = fetch()

    assert operation.origin == Collection()
    assert operation.is_many
    assert operation.selection.page == Page(10)
    assert not operation.selection.included


def test_resource() -> None:
    """J-4.1.4: no page, no order."""
    operation = fetch(endpoint="resource", id="7")

    assert operation.origin == One((7,))
    assert operation.selection.page is None


def test_related_to_many_is_a_list_and_to_one_is_not() -> None:
    """J-4.6.10."""
    many, one = (fetch(endpoint="related", id="7", relation=name) for name in ("tags", "publisher"))

    assert (many.origin, many.is_many, many.selection.page) == (Related(BOOK, (7,), tags), True, Page(10))
    assert (one.origin, one.is_many, one.selection.page) == (Related(BOOK, (7,), publisher), False, None)


def test_member() -> None:
    """Lineage 3.3: membership is for the executor to check."""
    assert fetch(endpoint="member", id="7", relation="tags", member="3").origin == Related(BOOK, (7,), tags, (3,))


def test_linkage() -> None:
    """J-4.2.3: identifiers only."""
    operation = fetch(endpoint="relationship", id="7", relation="tags")

    assert operation.as_linkage
    assert not operation.with_primary
    assert operation.selection.fields[0].attributes == ()
    assert not operation.selection.included


def test_include_on_a_relationship_url_starts_at_the_parent() -> None:
    """J-4.3.10."""
    operation = fetch("include=tags.books", "relationship", id="7", relation="tags")

    assert operation.with_primary
    assert operation.selection.included
    assert operation.selection.resource is tags.target
    assert included(operation) == ["books"]
    problem = problem_of(fetch, "include=publisher", "relationship", id="7", relation="tags")
    assert (problem.code, problem.source) == ("invalid-include", Source(parameter="include"))


def test_empty_include_on_a_relationship_url() -> None:
    """J-4.3.4, J-4.3.7."""
    operation = fetch("include=", "relationship", id="7", relation="tags")

    assert operation.selection.included
    assert not operation.with_primary


@pytest.mark.parametrize(
    ("endpoint", "parts"),
    [
        ("resource", {"id": "x"}),
        ("related", {"id": "x", "relation": "tags"}),
        ("relationship", {"id": "x", "relation": "tags"}),
        ("member", {"id": "x", "relation": "tags", "member": "1"}),
        ("member", {"id": "1", "relation": "tags", "member": "x"}),
    ],
)
def test_id_that_cannot_exist_is_not_found(endpoint: str, parts: dict[str, str]) -> None:
    """J-4.1.6, C-1."""
    assert problem_of(fetch, "", endpoint, **parts).code == "not-found"


@pytest.mark.parametrize(
    ("endpoint", "relation"),
    [
        (one, name)
        for one in ("related", "relationship", "member")
        for name in ("nosuch", "title", "id", "metadata", "__class__")
    ],
)
def test_unknown_relationship_url(endpoint: str, relation: str) -> None:
    """J-4.1.7, J-4.2.5, C-1: attributes are no relationships."""
    problem = problem_of(fetch, "", endpoint, id="1", relation=relation, member="1")

    assert (problem.code, problem.status) == ("unknown-url", 404)


def test_member_of_a_to_one_relationship_is_no_url() -> None:
    """Lineage 3.3."""
    assert problem_of(fetch, "", "member", id="1", relation="publisher", member="1").status == 404


# ---------------------------------------------------------------- parameters


def test_include() -> None:
    """J-4.3.6, J-4.3.9."""
    operation = fetch("include=publisher.country,tags")

    assert operation.selection.included
    assert included(operation) == ["publisher", "tags"]


def test_default_includes_are_switched_off_by_an_explicit_include() -> None:
    """J-4.3.5, J-4.3.7."""
    book = resource_of("books", Book={"includes": ["publisher"]})

    assert included(fetch(resource=book)) == ["publisher"]
    assert included(fetch("include=tags", resource=book)) == ["tags"]
    empty = fetch("include=", resource=book)
    assert included(empty) == []
    assert empty.selection.included


def test_fields_of_every_method_that_answers_with_resources() -> None:
    """J-4.4.6, J-4.3.11."""
    operation = Parser().parse(
        call_of(BOOK, "POST", query="fields[books]=title&include=tags", body={"data": {"type": "books"}})
    )

    assert operation.selection.fields[0].attributes == (title,)
    assert operation.selection.included


FILTERS: dict[str, tuple[str, Condition | None]] = {
    "equal": ("filter[title]=A,B", Comparison(title, OPERATORS["eq"], "A,B")),
    "list": ("filter[pages]=1,2", Comparison(pages, OPERATORS["in"], (1, 2))),
    "operator": ("filter[pages][ge]=3", Comparison(pages, OPERATORS["ge"], 3)),
    "list operator": ("filter[title][in]=A,B", Comparison(title, OPERATORS["in"], ("A", "B"))),
    "between": ("filter[pages][between]=1,9", Comparison(pages, OPERATORS["between"], (1, 9))),
    "empty list": ("filter[pages][in]=", Or(())),
    "null": ("filter[pages][is_null]=", Comparison(pages, OPERATORS["is_null"])),
    "relationship": ("filter[publisher]=1", Has(publisher, Identified(((1,),)))),
    "to-many relationship": ("filter[tags]=1,2", Has(tags, Identified(((1,), (2,))))),
    "composite id": ("filter[shelf]=A,1", Has(shelf, Identified((("A", 1),)))),
    "path": (
        "filter[publisher.name]=A",
        Has(publisher, Comparison(publisher.target.attributes["name"], OPERATORS["eq"], "A")),
    ),
    "several": (
        "filter[pages][gt]=1&filter[title]=x",
        And((Comparison(pages, OPERATORS["gt"], 1), Comparison(title, OPERATORS["eq"], "x"))),
    ),
    "JSON": ('filter[objects]=[{"name":"pages","op":"gt","val":1}]', Comparison(pages, OPERATORS["gt"], 1)),
    "JSON and brackets": (
        'filter[objects]=[{"name":"pages","op":"gt","val":1}]&filter[title]=x',
        And((Comparison(pages, OPERATORS["gt"], 1), Comparison(title, OPERATORS["eq"], "x"))),
    ),
    "empty JSON": ("filter[objects]=[]", None),
}


@pytest.mark.parametrize(("query", "expected"), FILTERS.values(), ids=FILTERS)
def test_filter(query: str, expected: Condition | None) -> None:
    """R-7, features 4."""
    assert fetch(query).selection.filter == expected


BAD: dict[str, tuple[str, str, str]] = {
    "JSON": ("filter[objects]=[", "malformed-document", "filter[objects]"),
    "no list": ('filter[objects]={"name":"title"}', "invalid-filter", "filter[objects]"),
    "duplicate members": ('filter[objects]=[{"a":1,"a":1}]', "malformed-document", "filter[objects]"),
    "deep": ("filter[objects]=" + "[" * 900, "limit-exceeded", "filter[objects]"),
    "field": ("filter[nosuch]=1", "unknown-field", "filter[nosuch]"),
    "hidden": ("filter[publisher_id]=1", "unknown-field", "filter[publisher_id]"),
    "operator": ("filter[title][nosuch]=1", "unknown-operator", "filter[title][nosuch]"),
    "value": ("filter[pages]=x", "invalid-filter", "filter[pages]"),
    "value in a list": ("filter[pages]=1,x", "invalid-filter", "filter[pages]"),
    "single": ("filter[single]=2", "invalid-filter", "filter[single]"),
    "sort": ("sort=nosuch", "invalid-sort", "sort"),
    "empty sort": ("sort=", "invalid-sort", "sort"),
    "include": ("include=nosuch", "invalid-include", "include"),
    "type of fields": ("fields[bookz]=title", "invalid-fieldset", "fields[bookz]"),
    "fields": ("fields[books]=titel", "invalid-fieldset", "fields[books]"),
    "page": ("page[size]=x", "invalid-page", "page[size]"),
    "member of page": ("page[foo]=1", "unknown-parameter", "page[foo]"),
    "unknown": ("foo=1", "unknown-parameter", "foo"),
}


@pytest.mark.parametrize(("query", "code", "name"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("endpoint", ["collection", "related"])
def test_bad_parameter_is_refused(endpoint: str, query: str, code: str, name: str) -> None:
    """J-6.3.4, J-4.7.3, J-4.5.5: 400 at the parameter, on every list."""
    parts = {} if endpoint == "collection" else {"id": "1", "relation": "order_lines"}
    resource = BOOK
    if endpoint == "related":
        resource, parts = resource_of("publishers"), {"id": "1", "relation": "books"}

    problem = problem_of(fetch, query, endpoint, resource, **parts)

    assert (problem.code, problem.status, problem.source) == (code, 400, Source(parameter=name))


@pytest.mark.parametrize("query", ["sort=title", "filter[title]=x", "page[size]=1"])
@pytest.mark.parametrize(
    ("method", "endpoint", "parts"),
    [
        ("GET", "resource", {"id": "1"}),
        ("GET", "related", {"id": "1", "relation": "publisher"}),
        ("GET", "relationship", {"id": "1", "relation": "publisher"}),
        ("GET", "member", {"id": "1", "relation": "tags", "member": "1"}),
        ("POST", "collection", {}),
        ("PATCH", "resource", {"id": "1"}),
        ("DELETE", "resource", {"id": "1"}),
        ("PATCH", "relationship", {"id": "1", "relation": "publisher"}),
    ],
)
def test_list_parameters_only_where_there_is_a_list(
    method: str, endpoint: str, parts: dict[str, str], query: str
) -> None:
    """J-4.3.3: never silently ignored."""
    call = call_of(BOOK, method, endpoint, query=query, body={}, **parts)

    assert problem_of(Parser().parse, call).code == "unknown-parameter"


@pytest.mark.parametrize("query", ["include=tags", "fields[books]=title"])
@pytest.mark.parametrize(
    ("method", "endpoint", "parts"),
    [("DELETE", "resource", {"id": "1"}), ("POST", "relationship", {"id": "1", "relation": "tags"})],
)
def test_nothing_is_included_where_there_is_no_document(
    method: str, endpoint: str, parts: dict[str, str], query: str
) -> None:
    """J-4.3.3."""
    call = call_of(BOOK, method, endpoint, query=query, body={}, **parts)

    assert problem_of(Parser().parse, call).code == "unknown-parameter"


def test_delete() -> None:
    """J-5.4: the body has no meaning."""
    operation = Parser().parse(call_of(BOOK, "DELETE", "resource", id="7", body=b"\xff"))

    assert operation == Delete(Target(BOOK, (7,)))


@pytest.mark.parametrize(("text", "single"), [("1", True), ("true", True), ("0", False), ("false", False)])
def test_single(text: str, single: bool) -> None:
    """Lineage 3.4: two rows are enough to tell; no count."""
    operation = fetch(f"filter[single]={text}")

    assert operation.single is single
    assert operation.is_many is not single


def test_single_is_for_collections() -> None:
    """It names one resource of a collection."""
    publishers = resource_of("publishers")

    assert (
        problem_of(fetch, "filter[single]=1", "related", publishers, id="1", relation="books").code == "invalid-filter"
    )


def test_total() -> None:
    """Features 16."""
    page = fetch("page[total]=none").selection.page

    assert page is not None
    assert page.total is Total.NONE


# ---------------------------------------------------------------- the cache


def test_equal_queries_share_one_selection() -> None:
    """Architecture: parsing is cached by the raw query string; ids are no part of it."""
    parser = Parser()

    def selection(endpoint: str, query: str, **parts: str) -> Any:
        return parser.parse(call_of(BOOK, "GET", endpoint, query=query, **parts)).selection

    first = selection("collection", "sort=title")
    assert selection("collection", "sort=title") is first
    assert selection("collection", "sort=-title") is not first
    assert selection("resource", "", id="1") is selection("resource", "", id="2")
    assert selection("resource", "", id="1") is not selection("collection", "")


def test_a_refusal_is_no_answer_for_another_endpoint() -> None:
    """What a list takes is not what a resource takes."""
    parser = Parser()
    parser.parse(call_of(BOOK, query="sort=title"))

    assert problem_of(parser.parse, call_of(BOOK, "GET", "resource", query="sort=title", id="1")).status == 400


def test_new_apis_are_seen() -> None:
    """C-13: relationships appear when their target gets an API."""
    registry = registry_of()
    book = next(one for one in registry if one.name == "books")
    parser = Parser()
    before = parser.parse(call_of(book)).selection

    registry.generation += 1

    assert parser.parse(call_of(book)).selection is not before


def test_cache_is_bounded_and_keeps_what_is_used() -> None:
    """Clients choose the query strings."""
    parser = Parser(size=2)
    kept = parser.parse(call_of(BOOK)).selection

    for number in range(1, 50):
        parser.parse(call_of(BOOK, query=f"page[number]={number}"))
        assert parser.parse(call_of(BOOK)).selection is kept

    assert len(parser._kept) == 2
