"""Request documents: shapes, types, ids and linkage, each problem at a pointer that exists."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents import PUBLISHER, TAG, book, create, exists, ids, update
from flask_restless.operations.operation import Target
from flask_restless.operations.problems import Problem
from flask_restless.schema.options import Limits
from parsed import problem_of, problems_of, refusal_of, resource_of


def test_create_binds_attributes_and_linkage() -> None:
    """J-5.1: one resource object with attributes, to-one, to-many and empty linkage."""
    operation = create(
        book(
            attributes={"title": "A", "price": "1.00"},
            relationships={
                "publisher": {"data": {"type": "publishers", "id": "7"}, "links": {}},
                "tags": {"data": ids("tags", "1", "2", "1")},
                "format": {"data": None},
                "authors": {"data": []},
            },
        )
    )

    assert {one.attribute.name for one in operation.assignments} == {"title", "price"}
    links = {link.relationship.name: link.targets for link in operation.links}
    assert links == {
        "publisher": (Target(PUBLISHER, (7,)),),
        "tags": (Target(TAG, (1,)), Target(TAG, (2,))),
        "format": (),
        "authors": (),
    }
    assert operation.id is operation.lid is None


def test_extra_and_at_members_are_ignored() -> None:
    """J-3.0.2, J-3.11.5, T12: attributes inside linkage and included resources have no effect."""
    document = book(
        attributes={"@context": "x", "title": "A"},
        relationships={"@y": 1, "publisher": {"data": {"type": "publishers", "id": "1", "attributes": {"name": "x"}}}},
        foo=1,
        meta={"a": 1},
        links={"self": "x"},
    )
    document |= {"bar": 2, "included": [{"type": "tags", "attributes": {"name": "x"}}], "jsonapi": {"ext": ["urn:x"]}}

    operation = create(document)

    assert operation == create(
        book(attributes={"title": "A"}, relationships={"publisher": {"data": ids("publishers", "1")[0]}})
    )


BAD_CREATES: dict[str, tuple[Any, str, int, str | None]] = {
    "empty": (b"", "malformed-document", 400, None),
    "list": ([], "malformed-document", 400, ""),
    "null": (b"null", "malformed-document", 400, ""),
    "string": ("x", "malformed-document", 400, ""),
    "no data": ({}, "missing-member", 400, ""),
    "meta only": ({"meta": {}}, "missing-member", 400, ""),
    "data null": ({"data": None}, "malformed-document", 400, "/data"),
    "data list": ({"data": []}, "malformed-document", 400, "/data"),
    "no type": ({"data": {}}, "missing-member", 400, "/data"),
    "type null": ({"data": {"type": None}}, "malformed-document", 400, "/data/type"),
    "other type": ({"data": {"type": "tags"}}, "wrong-type", 409, "/data/type"),
    "type in another case": ({"data": {"type": "Books"}}, "wrong-type", 409, "/data/type"),
    "id": (book(id="1"), "client-id-forbidden", 403, "/data/id"),
    "id as a number": (book(id=1), "malformed-document", 400, "/data/id"),
    "lid as a number": (book(lid=1), "malformed-document", 400, "/data/lid"),
    "attributes null": (book(attributes=None), "malformed-document", 400, "/data/attributes"),
    "attributes list": (book(attributes=[]), "malformed-document", 400, "/data/attributes"),
    "relationships list": (book(relationships=[]), "malformed-document", 400, "/data/relationships"),
    "unknown attribute": (book(attributes={"x": 1}), "unknown-field", 400, "/data/attributes/x"),
    "escaped pointer": (book(attributes={"a/b~": 1}), "unknown-field", 400, "/data/attributes/a~1b~0"),
    "unknown relationship": (
        book(relationships={"x": {"data": None}}),
        "unknown-relationship",
        400,
        "/data/relationships/x",
    ),
    "attribute as relationship": (
        book(relationships={"title": {"data": None}}),
        "unknown-relationship",
        400,
        "/data/relationships/title",
    ),
    "relationship null": (
        book(relationships={"publisher": None}),
        "malformed-document",
        400,
        "/data/relationships/publisher",
    ),
    "no linkage": (book(relationships={"publisher": {}}), "missing-member", 400, "/data/relationships/publisher"),
    "links only": (
        book(relationships={"publisher": {"links": {}}}),
        "missing-member",
        400,
        "/data/relationships/publisher",
    ),
    "list for to-one": (
        book(relationships={"publisher": {"data": []}}),
        "malformed-document",
        400,
        "/data/relationships/publisher/data",
    ),
    "null for to-many": (
        book(relationships={"tags": {"data": None}}),
        "malformed-document",
        400,
        "/data/relationships/tags/data",
    ),
    "object for to-many": (
        book(relationships={"tags": {"data": ids("tags", "1")[0]}}),
        "malformed-document",
        400,
        "/data/relationships/tags/data",
    ),
    "no identifier": (
        book(relationships={"tags": {"data": ["1"]}}),
        "malformed-document",
        400,
        "/data/relationships/tags/data/0",
    ),
    "identifier without type": (
        book(relationships={"tags": {"data": [{"id": "1"}]}}),
        "invalid-identifier",
        400,
        "/data/relationships/tags/data/0",
    ),
    "identifier without id": (
        book(relationships={"tags": {"data": [{"type": "tags"}]}}),
        "invalid-identifier",
        400,
        "/data/relationships/tags/data/0",
    ),
    "identifier with a number": (
        book(relationships={"tags": {"data": [{"type": "tags", "id": 1}]}}),
        "invalid-identifier",
        400,
        "/data/relationships/tags/data/0/id",
    ),
    "identifier with id and lid": (
        book(relationships={"tags": {"data": [{"type": "tags", "id": "1", "lid": "a"}]}}),
        "invalid-identifier",
        400,
        "/data/relationships/tags/data/0",
    ),
    "identifier of another type": (
        book(relationships={"tags": {"data": ids("books", "1")}}),
        "wrong-type",
        409,
        "/data/relationships/tags/data/0/type",
    ),
    "id that cannot exist": (
        book(relationships={"publisher": {"data": ids("publishers", "abc")[0]}}),
        "related-not-found",
        404,
        "/data/relationships/publisher/data",
    ),
    "view only": (
        book(relationships={"approved_reviews": {"data": []}}),
        "not-writable",
        403,
        "/data/relationships/approved_reviews",
    ),
    "duplicate member": (b'{"data": {"type": "books"}, "data": null}', "malformed-document", 400, None),
}


@pytest.mark.parametrize(("body", "code", "status", "pointer"), BAD_CREATES.values(), ids=BAD_CREATES)
def test_create_is_refused(body: Any, code: str, status: int, pointer: str | None) -> None:
    """J-5.1.1 to J-5.1.5, J-5.1.15 to J-5.1.19, J-3.6.5, J-7.2.9, T11, T34."""
    problem = problem_of(create, body)

    assert (problem.code, problem.status) == (code, status)
    if pointer is not None:
        assert problem.source is not None
        assert problem.source.pointer == pointer
        assert exists(json.loads(body) if isinstance(body, bytes) else body, pointer)


def test_every_problem_of_a_document_is_told() -> None:
    """Features 13, J-7.1.1."""
    problems = problems_of(
        create,
        book(
            attributes={"pages": "x", "nosuch": 1, "headline": "x"},
            relationships={"tags": {"data": [{"type": "tags", "id": "x"}, {"type": "books", "id": "1"}]}, "y": {}},
        ),
    )

    assert [(one.status, one.source.pointer) for one in problems if one.source] == [
        (422, "/data/attributes/pages"),
        (400, "/data/attributes/nosuch"),
        (403, "/data/attributes/headline"),
        (404, "/data/relationships/tags/data/0"),
        (409, "/data/relationships/tags/data/1/type"),
        (400, "/data/relationships/y"),
    ]


def test_to_one_that_must_refer_cannot_be_null() -> None:
    """J-5.1.18."""
    review = resource_of("reviews")
    document = {"data": {"type": "reviews", "relationships": {"book": {"data": None}}}}

    problem = problem_of(create, document, review)

    assert (problem.code, problem.status) == ("missing-value", 422)


@pytest.mark.parametrize(
    ("name", "option", "id_", "expected"),
    [("countries", "Country", "xx", ("xx",)), ("shelves", "Shelf", "A,3", ("A", 3)), ("books", "Book", "7", (7,))],
)
def test_client_may_choose_the_id_where_allowed(name: str, option: str, id_: str, expected: object) -> None:
    """J-5.1.4."""
    free = resource_of(name, **{option: {"allow_client_generated_ids": True}})

    assert create({"data": {"type": name, "id": id_}}, free).id == expected


def test_uuid_of_the_client() -> None:
    """J-5.1.4: the id should be a UUID."""
    free = resource_of("reviews", Review={"allow_client_generated_ids": True})
    text = "123e4567-e89b-12d3-a456-426614174000"

    (value,) = create({"data": {"type": "reviews", "id": text}}, free).id or ()

    assert str(value) == text


@pytest.mark.parametrize(
    ("name", "option", "id_", "code"),
    [
        ("books", "Book", "abc", "invalid-value"),
        ("books", "Book", str(2**31), "out-of-range"),
        ("books", "Book", "01", "invalid-value"),
        ("countries", "Country", "xyz", "too-long"),
        ("shelves", "Shelf", "A", "invalid-value"),
        ("reviews", "Review", "x", "invalid-value"),
    ],
)
def test_id_of_the_client_has_to_fit(name: str, option: str, id_: str, code: str) -> None:
    """T36, T41: before the database sees it."""
    free = resource_of(name, **{option: {"allow_client_generated_ids": True}})

    problem = problem_of(create, {"data": {"type": name, "id": id_}}, free)

    assert (problem.code, problem.status) == (code, 422)
    assert problem.source is not None
    assert problem.source.pointer == "/data/id"


def test_local_ids_are_kept() -> None:
    """J-3.2.8, J-3.2.9: a reference to a lid is for the executor to resolve."""
    categories = resource_of("categories")
    document = {
        "data": {
            "type": "categories",
            "lid": "a",
            "attributes": {"name": "x"},
            "relationships": {"parent": {"data": {"type": "categories", "lid": "a"}}},
        }
    }

    operation = create(document, categories)

    assert operation.lid == "a"
    assert operation.links[0].targets == (Target(categories, None, "a"),)


def test_linkage_may_name_a_subtype() -> None:
    """C-12: identifiers that the server hands out are taken back."""
    cards = resource_of("addresses")
    document = {"data": {"type": "addresses", "relationships": {"customer": {"data": ids("customers", "1")[0]}}}}

    (link,) = create(document, cards).links

    assert link.targets[0].resource.name == "customers"


def test_members_are_limited() -> None:
    """T26, T32."""
    few = resource_of("books", Limits(members=5))

    linkage = book(relationships={"tags": {"data": ids("tags", *map(str, range(6)))}})
    assert problem_of(create, linkage, few).code == "limit-exceeded"
    assert problem_of(create, book(attributes={f"a{n}": n for n in range(6)}), few).code == "limit-exceeded"


def test_deserializer_of_an_api_makes_the_instance() -> None:
    """Options.deserializer: it gets the whole document, inside the transaction."""

    class Deserializer:
        def deserialize(self, document: Any) -> object:
            return document

    own = resource_of("books", Book={"deserializer": Deserializer()})
    document = book(attributes={"anything": 1})

    operation = create(document, own)

    assert operation.make is not None
    assert operation.make() == document
    assert operation.assignments == operation.links == ()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["books", "tags", "1", "x", "\ud800", "\x00"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["data", "type", "id", "lid", "attributes", "relationships", "title", "tags", "pages", "\ud800"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(json_values)
def test_any_document_is_understood_or_refused_with_pointers_that_exist(inner: Any) -> None:
    """J-7.2.9, J-9.8."""
    document = {"data": {"type": "books", "id": "1", "attributes": inner, "relationships": {"tags": inner}}}
    for body in (inner, {"data": inner}, document):
        for one in refusal_of(update, body):
            assert_points_into(one, body)


def assert_points_into(problem: Problem, body: Any) -> None:
    assert 400 <= problem.status < 500
    if problem.source is not None and problem.source.pointer is not None:
        assert exists(body, problem.source.pointer), problem
