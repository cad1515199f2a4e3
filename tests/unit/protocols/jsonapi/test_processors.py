"""Preprocessors of the JSON:API generations: names, keywords, return values, and what they may change."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from flask_restless.operations.exceptions import ProcessingException
from flask_restless.operations.filters import And, Comparison, Has, Identified
from flask_restless.operations.operation import Create, Fetch, One, Related, Update
from flask_restless.operations.operators import OPERATORS
from flask_restless.protocols.jsonapi.parsing import Parser
from flask_restless.protocols.jsonapi.processors import postprocess
from flask_restless.schema.resource import Resource
from parsed import call_of, problem_of, resource_of


def book_with(**preprocessors: Any) -> Resource:
    """Serve books with preprocessors."""
    return resource_of("books", Book={"preprocessors": {key: [one] for key, one in preprocessors.items()}})


TAGS = {"data": [{"type": "tags", "id": "1"}]}
BOOK = {"data": {"type": "books", "id": "1"}}
LISTING = {"filters": [], "sort": [], "group_by": [], "single": False}
CALLS: dict[str, tuple[tuple[str, str], dict[str, str], Any, dict[str, Any]]] = {
    "GET_COLLECTION": (("GET", "collection"), {}, None, LISTING),
    "GET_RESOURCE": (("GET", "resource"), {"id": "1"}, None, {"resource_id": "1"}),
    "GET_RELATION": (
        ("GET", "related"),
        {"id": "1", "relation": "tags"},
        None,
        {"resource_id": "1", "relation_name": "tags", **LISTING},
    ),
    "GET_RELATED_RESOURCE": (
        ("GET", "member"),
        {"id": "1", "relation": "tags", "member": "2"},
        None,
        {"resource_id": "1", "relation_name": "tags", "related_resource_id": "2"},
    ),
    "GET_RELATIONSHIP": (
        ("GET", "relationship"),
        {"id": "1", "relation": "tags"},
        None,
        {"resource_id": "1", "relation_name": "tags"},
    ),
    "POST_RESOURCE": (("POST", "collection"), {}, {"data": {"type": "books"}}, {"data": {"data": {"type": "books"}}}),
    "PATCH_RESOURCE": (("PATCH", "resource"), {"id": "1"}, BOOK, {"resource_id": "1", "data": BOOK}),
    "DELETE_RESOURCE": (("DELETE", "resource"), {"id": "1"}, None, {"resource_id": "1"}),
    "POST_RELATIONSHIP": (
        ("POST", "relationship"),
        {"id": "1", "relation": "tags"},
        TAGS,
        {"resource_id": "1", "relation_name": "tags", "data": TAGS},
    ),
    "PATCH_RELATIONSHIP": (
        ("PATCH", "relationship"),
        {"id": "1", "relation": "publisher"},
        {"data": None},
        {"resource_id": "1", "relation_name": "publisher", "data": {"data": None}},
    ),
    "DELETE_RELATIONSHIP": (
        ("DELETE", "relationship"),
        {"id": "1", "relation": "tags"},
        TAGS,
        {"resource_id": "1", "relation_name": "tags"},
    ),
}


@pytest.mark.parametrize(("name", "call", "parts", "body", "expected"), [(key, *one) for key, one in CALLS.items()])
def test_keywords(name: str, call: tuple[str, str], parts: dict[str, str], body: Any, expected: dict[str, Any]) -> None:
    """Lineage 1.3, processors; C-8: `resource_id`, as the manuals say."""
    seen: list[dict[str, Any]] = []
    book = resource_of(
        "books",
        Book={
            "preprocessors": {name: [lambda **given: seen.append(given)]},
            "allow_delete_from_to_many_relationships": True,
        },
    )

    Parser().parse(call_of(book, call[0], call[1], body=body, **parts))

    assert seen == [expected]


@pytest.mark.parametrize("given", [True, False, None, [], {}, 1.5, object()])
def test_only_ids_replace_the_id(given: object) -> None:
    """A-8: `return True` from an authentication processor does not serve row 1."""
    book = book_with(GET_RESOURCE=lambda resource_id: given)

    operation = Parser().parse(call_of(book, "GET", "resource", id="7"))

    assert isinstance(operation, Fetch)
    assert operation.origin == One((7,))


@pytest.mark.parametrize("given", ["9", 9])
def test_id_is_replaced(given: object) -> None:
    """Lineage: a returned id takes the place of the URL's."""
    operation = Parser().parse(call_of(book_with(GET_RESOURCE=lambda resource_id: given), "GET", "resource", id="7"))

    assert isinstance(operation, Fetch)
    assert operation.origin == One((9,))


def test_update_of_another_row_than_the_document_names() -> None:
    """The document has to name the URL's resource; what the processor makes of it is not the client's business."""
    book = book_with(PATCH_RESOURCE=lambda resource_id, data: 9)

    operation = Parser().parse(call_of(book, "PATCH", "resource", id="1", body=BOOK))

    assert isinstance(operation, Update)
    assert operation.target.id == (9,)
    other = {"data": {"type": "books", "id": "9"}}
    assert problem_of(Parser().parse, call_of(book, "PATCH", "resource", id="1", body=other)).code == "wrong-id"


def test_relation_and_member_are_replaced() -> None:
    """Lineage: (id, relation), (id, relation, related id)."""
    book = book_with(GET_RELATION=lambda **_: (2, "tags"), GET_RELATED_RESOURCE=lambda **_: (2, "tags", "5"))

    listed = Parser().parse(call_of(book, "GET", "related", id="1", relation="authors"))
    member = Parser().parse(call_of(book, "GET", "member", id="1", relation="authors", member="1"))

    tags = book.relationships["tags"]
    assert isinstance(listed, Fetch)
    assert isinstance(member, Fetch)
    assert listed.origin == Related(book, (2,), tags)
    assert member.origin == Related(book, (2,), tags, (5,))


def test_processors_run_in_order_and_see_what_earlier_ones_did() -> None:
    """Lineage: a chain."""
    seen: list[str] = []

    def first(resource_id: str) -> int:
        seen.append(resource_id)
        return 8

    def second(resource_id: str) -> None:
        seen.append(resource_id)

    book = resource_of("books", Book={"preprocessors": {"get_resource": [first, second]}})

    Parser().parse(call_of(book, "GET", "resource", id="7"))

    assert seen == ["7", "8"]


def test_filters_hold_every_filter_of_the_request() -> None:
    """Lineage: `filters` is a list of filter objects, `sort` one of (sign, field) pairs."""
    seen: dict[str, Any] = {}
    book = book_with(GET_COLLECTION=lambda **given: seen.update(given))
    query = (
        'filter[objects]=[{"name":"title","op":"eq","val":"x"}]&filter[pages]=3&filter[price][between]=1.0,2'
        "&filter[published_on]=2020-01-01&filter[tags]=1,2&filter[pages][isnull]=0&filter[title][is_null]="
        "&sort=-title,publisher.name&filter[single]=0"
    )

    Parser().parse(call_of(book, query=query))

    assert seen["filters"] == [
        {"name": "title", "op": "eq", "val": "x"},
        {"name": "pages", "op": "eq", "val": 3},
        {"name": "price", "op": "between", "val": ["1.0", "2"]},
        {"name": "published_on", "op": "eq", "val": "2020-01-01"},
        {"name": "tags", "op": "in", "val": ["1", "2"]},
        {"name": "pages", "op": "isnull", "val": False},
        {"name": "title", "op": "is_null"},
    ]
    assert seen["sort"] == [("-", "title"), ("+", "publisher.name")]
    assert seen["single"] is False


def test_filters_as_objects_mean_what_the_request_meant() -> None:
    """A processor that only looks changes nothing."""
    query = "filter[pages]=1,2&filter[price][ge]=1.50&filter[publisher]=3&filter[publisher.name][like]=A%25&sort=-pages"
    plain, watched = book_with(), book_with(GET_COLLECTION=lambda **_: None)

    def told(book: Resource) -> tuple[str, str]:
        operation = Parser().parse(call_of(book, query=query))
        assert isinstance(operation, Fetch)
        return repr(operation.selection.filter), repr(operation.selection.sort)

    assert told(plain) == told(watched)


def test_filters_that_processors_add_may_name_hidden_columns() -> None:
    """The main use of these processors: the rows of one owner."""

    def only_mine(filters: list[Any], sort: list[Any], **_: Any) -> None:
        filters.append({"name": "publisher_id", "op": "eq", "val": 3})
        filters[:] = [{"and": list(filters)}]
        sort[:] = [("-", "publisher_id")]

    book = book_with(GET_COLLECTION=only_mine)

    operation = Parser().parse(call_of(book, query="filter[pages]=1&sort=title"))

    assert isinstance(operation, Fetch)
    hidden = book.unlisted("publisher_id")
    assert hidden is not None
    assert operation.selection.filter == And(
        (Comparison(book.attributes["pages"], OPERATORS["eq"], 1), Comparison(hidden, OPERATORS["eq"], 3))
    )
    assert [(key.operand, key.descending) for key in operation.selection.sort] == [(hidden, True)]


@pytest.mark.parametrize(
    "query",
    [
        'filter[objects]=[{"name":"publisher_id","op":"eq","val":3}]',
        "filter[publisher_id]=3",
        "sort=publisher_id",
        'filter[objects]=[{"and":[{"name":"publisher_id","op":"is_null"}]}]',
    ],
)
def test_clients_may_not_name_hidden_columns_beside_a_processor(query: str) -> None:
    """T01: a processor is no way round."""
    book = book_with(GET_COLLECTION=lambda **_: None)

    assert problem_of(Parser().parse, call_of(book, query=query)).status == 400


def test_filters_of_one_request_do_not_reach_another() -> None:
    """A processor's filters depend on the caller: they are not kept with the query string."""
    owner = iter([1, 2])
    book = book_with(
        GET_COLLECTION=lambda filters, **_: filters.append({"name": "publisher", "op": "eq", "val": next(owner)})
    )
    parser = Parser()

    first, second = parser.parse(call_of(book)), parser.parse(call_of(book))

    publisher = book.relationships["publisher"]
    assert isinstance(first, Fetch)
    assert isinstance(second, Fetch)
    assert first.selection.filter == Has(publisher, Identified(((1,),)))
    assert second.selection.filter == Has(publisher, Identified(((2,),)))


def test_data_is_changed_in_place() -> None:
    """Lineage: the whole document, mutable."""

    def fill(data: dict[str, Any]) -> None:
        data["data"].setdefault("attributes", {}).update(title="From here", published_on=date(2020, 1, 2))

    operation = Parser().parse(call_of(book_with(POST_RESOURCE=fill), "POST", body={"data": {"type": "books"}}))

    assert isinstance(operation, Create)
    assert {one.attribute.name: one.value for one in operation.assignments} == {
        "title": "From here",
        "published_on": date(2020, 1, 2),
    }


def test_refusal_of_a_processor_goes_through() -> None:
    """ProcessingException, or anything else that the application raises."""

    def refuse(**_: Any) -> None:
        raise ProcessingException(detail="no", status=401)

    with pytest.raises(ProcessingException):
        Parser().parse(call_of(book_with(DELETE_RESOURCE=refuse), "DELETE", "resource", id="1"))


def test_body_is_checked_before_processors_see_it() -> None:
    """T34: a processor never sees a document with two meanings."""
    seen: list[Any] = []
    book = book_with(POST_RESOURCE=lambda data: seen.append(data))

    assert problem_of(Parser().parse, call_of(book, "POST", body=b'{"data": {}, "data": {}}')).status == 400
    assert problem_of(Parser().parse, call_of(book, "POST", body=b"[]")).status == 400
    assert seen == []


AFTER: dict[str, tuple[tuple[str, str, dict[str, str]], dict[str, Any], set[str]]] = {
    "GET_COLLECTION": (("GET", "collection", {}), {"data": []}, {"result", "filters", "sort", "group_by", "single"}),
    "GET_RESOURCE": (("GET", "resource", {"id": "1"}), {"data": {}}, {"result"}),
    "GET_TO_MANY_RELATION": (
        ("GET", "related", {"id": "1", "relation": "tags"}),
        {"data": []},
        {"result", "filters", "sort", "group_by", "single"},
    ),
    "GET_TO_ONE_RELATION": (("GET", "related", {"id": "1", "relation": "publisher"}), {"data": None}, {"result"}),
    "GET_TO_MANY_RELATIONSHIP": (
        ("GET", "relationship", {"id": "1", "relation": "tags"}),
        {"data": []},
        {"result", "filters", "sort", "group_by", "single"},
    ),
    "GET_TO_ONE_RELATIONSHIP": (
        ("GET", "relationship", {"id": "1", "relation": "publisher"}),
        {"data": None},
        {"result"},
    ),
    "POST_RESOURCE": (("POST", "collection", {}), {"data": {}}, {"result"}),
    "PATCH_RESOURCE": (("PATCH", "resource", {"id": "1"}), {"data": {}}, {"result"}),
    "DELETE_RESOURCE": (("DELETE", "resource", {"id": "1"}), {}, {"was_deleted"}),
    "POST_RELATIONSHIP": (("POST", "relationship", {"id": "1", "relation": "tags"}), {}, set()),
    "PATCH_RELATIONSHIP": (("PATCH", "relationship", {"id": "1", "relation": "tags"}), {}, set()),
    "DELETE_RELATIONSHIP": (("DELETE", "relationship", {"id": "1", "relation": "tags"}), {}, {"was_deleted"}),
}


@pytest.mark.parametrize(("name", "call", "document", "expected"), [(key, *one) for key, one in AFTER.items()])
def test_keywords_of_postprocessors(name: str, call: Any, document: dict[str, Any], expected: set[str]) -> None:
    """Lineage 1.3, processors."""
    seen: list[dict[str, Any]] = []
    book = resource_of("books", Book={"postprocessors": {name: [lambda **given: seen.append(given)]}})
    method, endpoint, parts = call

    postprocess(call_of(book, method, endpoint, query="sort=title" if "sort" in expected else "", **parts), document)

    (arguments,) = seen
    assert set(arguments) == expected
    if "sort" in expected:
        assert arguments["sort"] == [("+", "title")]
    if "result" in expected:
        assert arguments["result"] is document
