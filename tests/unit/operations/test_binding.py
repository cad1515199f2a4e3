"""Orders, pages and assignments: names and raw values to bound ones."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from bookshop import Language
from flask_restless.operations.binding import assignment, assignments, sort_keys, sort_terms
from flask_restless.operations.pages import page
from flask_restless.operations.paging import Page, Spelling, Total
from flask_restless.operations.problems import Problem, Source
from flask_restless.operations.selection import SortKey
from flask_restless.schema.options import Limits
from parsed import problem_of, resource_of

SORT = Source(parameter="sort")
BOOK = resource_of("books")


def order(text: str, name: str = "books") -> tuple[SortKey, ...]:
    """Read an order as a client writes it."""
    return sort_keys(resource_of(name) if name != "books" else BOOK, sort_terms(text), SORT)


def test_order_of_several_keys() -> None:
    """J-4.5.2 to J-4.5.4, J-4.5.8."""
    publisher = BOOK.relationships["publisher"]
    country = publisher.target.relationships["country"]

    assert order("-title,publisher.name,publisher.country.code,id") == (
        SortKey((), BOOK.attributes["title"], descending=True),
        SortKey((publisher,), publisher.target.attributes["name"]),
        SortKey((publisher, country), country.target.attributes["code"]),
        SortKey((), BOOK.identity.keys[0]),
    )


def test_id_of_several_parts_is_several_keys() -> None:
    """Features 29."""
    (aisle, level) = order("-id", "shelves")

    assert [aisle.operand.key, level.operand.key] == ["aisle", "level"]
    assert aisle.descending
    assert level.descending


def test_repeated_key_counts_once() -> None:
    """The first one decides."""
    assert order("title,-title,title") == (SortKey((), BOOK.attributes["title"]),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nosuch",
        "title,",
        "--title",
        "+title",
        "0",
        "tags",
        "publisher",
        "tags.name",
        "publisher.nosuch",
        "details",
        "headline",
        "title.name",
        "publisher.",
        "publisher_id",
        "Title",
    ],
)
def test_order_is_refused(text: str) -> None:
    """J-4.5.5: unknown fields, relationships, to-many paths, types without an order."""
    problem = problem_of(order, text)

    assert (problem.code, problem.status, problem.source) == ("invalid-sort", 400, SORT)


def test_hidden_names_sort_like_unknown_ones() -> None:
    """T03, A-1."""
    hidden, unknown = problem_of(order, "customer.credit", "orders"), problem_of(order, "customer.credqt", "orders")

    assert str(hidden).replace("credit", "?") == str(unknown).replace("credqt", "?")


def test_processors_may_sort_by_hidden_columns() -> None:
    """The same rule as for their filters."""
    (key,) = sort_keys(BOOK, [("publisher_id", True)], SORT, hidden=True)

    assert key.operand is BOOK.unlisted("publisher_id")


def test_orders_are_limited() -> None:
    """Limits: ten keys, three relationships."""
    assert problem_of(order, ",".join(["title"] * 11)).code == "limit-exceeded"
    assert problem_of(order, "publisher.country.x.y.z").code == "limit-exceeded"


# ---------------------------------------------------------------- pages

NUMBER, OFFSET = Spelling.NUMBER, Spelling.OFFSET
PAGES = {
    "default": ({}, Page(10, 0, NUMBER)),
    "number": ({"number": "3"}, Page(10, 20, NUMBER)),
    "size": ({"size": "5", "number": "2"}, Page(5, 5, NUMBER)),
    "leading zeros": ({"size": "007"}, Page(7, 0, NUMBER)),
    "many leading zeros": ({"size": "0" * 60 + "7"}, Page(7, 0, NUMBER)),
    "offset": ({"offset": "7"}, Page(10, 7, OFFSET)),
    "limit": ({"offset": "7", "limit": "2"}, Page(2, 7, OFFSET)),
    "total": ({"total": "none"}, Page(10, 0, NUMBER, Total.NONE)),
}


@pytest.mark.parametrize(("given", "expected"), PAGES.values(), ids=PAGES)
def test_page_means(given: dict[str, str], expected: Page) -> None:
    """Features: page[number], page[size], page[offset], page[limit], page[total]."""
    assert page(BOOK, given) == expected


BAD_PAGES = {
    "number 0": ({"number": "0"}, "invalid-page", "number"),
    "negative": ({"number": "-1"}, "invalid-page", "number"),
    "text": ({"size": "abc"}, "invalid-page", "size"),
    "empty": ({"size": ""}, "invalid-page", "size"),
    "fraction": ({"size": "1.5"}, "invalid-page", "size"),
    "exponent": ({"size": "1e3"}, "invalid-page", "size"),
    "plus": ({"size": "+5"}, "invalid-page", "size"),
    "other digits": ({"size": "٣"}, "invalid-page", "size"),
    "superscript": ({"size": "²"}, "invalid-page", "size"),
    "size 0": ({"size": "0"}, "invalid-page", "size"),
    "size above the maximum": ({"size": "101"}, "page-too-large", "size"),
    "huge size": ({"size": "1" * 400}, "page-too-large", "size"),
    "huge number": ({"number": "9" * 400}, "limit-exceeded", "number"),
    "number times size beyond the offset": ({"number": "100002", "size": "10"}, "limit-exceeded", "number"),
    "offset beyond": ({"offset": "1000001"}, "limit-exceeded", "offset"),
    "two spellings": ({"offset": "1", "size": "2"}, "invalid-page", "offset"),
    "unknown member": ({"foo": "1"}, "unknown-parameter", "foo"),
    "unknown total": ({"total": "some"}, "invalid-page", "total"),
}


@pytest.mark.parametrize(("given", "code", "member"), BAD_PAGES.values(), ids=BAD_PAGES)
def test_page_is_refused(given: dict[str, str], code: str, member: str) -> None:
    """J-4.6.9, C-3.1, C-3.3, T22, T23, A-14."""
    problem = problem_of(page, BOOK, given)

    assert (problem.code, problem.status, problem.source) == (code, 400, Source(parameter=f"page[{member}]"))


def test_greatest_page_size_is_told() -> None:
    """C-9.2."""
    assert problem_of(page, BOOK, {"size": "101"}).meta == {"page": {"maxSize": 100}}


def test_everything_only_where_the_api_has_no_limit() -> None:
    """A-14: page[size]=0 does not get round the limit."""
    book = resource_of("books", Book={"max_page_size": 0})

    assert page(book, {"size": "0"}).size is None
    assert page(book, {"size": "100000"}).size == 100_000


# ---------------------------------------------------------------- assignments


def assign(name: str, value: Any, *, creating: bool = True, resource: Any = BOOK) -> Any:
    """Bind one attribute of a document."""
    return assignment(resource, name, value, Source(pointer=f"/data/attributes/{name}"), creating=creating)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("title", "A", "A"),
        ("price", "1.20", Decimal("1.20")),
        ("published_on", "2020-02-29", date(2020, 2, 29)),
        ("pages", None, None),
        ("language", "ENGLISH", Language.ENGLISH),
        ("details", {"a": [1]}, {"a": [1]}),
    ],
)
def test_value_is_decoded(name: str, value: Any, expected: object) -> None:
    """The codec of the column decides."""
    found = assign(name, value)

    assert (found.attribute, found.value) == (BOOK.attributes[name], expected)
    assert found.source == Source(pointer=f"/data/attributes/{name}")


BAD_VALUES = {
    "unknown": ("titel", "x", "unknown-field", 400),
    "id": ("id", 1, "unknown-field", 400),
    "foreign key": ("publisher_id", 1, "unknown-field", 400),
    "dunder": ("__dict__", {}, "unknown-field", 400),
    "state": ("_sa_instance_state", 1, "unknown-field", 400),
    "metadata": ("metadata", 1, "unknown-field", 400),
    "relationship": ("publisher", None, "unknown-field", 400),
    "computed": ("headline", "x", "not-writable", 403),
    "hybrid without setter": ("available", True, "not-writable", 403),
    "null": ("title", None, "missing-value", 422),
    "wrong type": ("title", 1, "invalid-value", 422),
    "too long": ("title", "x" * 201, "too-long", 422),
    "out of range": ("pages", 2**15, "out-of-range", 422),
    "bool for int": ("pages", True, "invalid-value", 422),
    "impossible date": ("published_on", "2023-02-30", "invalid-value", 422),
    "year 10000": ("published_on", "10000-01-01", "invalid-value", 422),
    "no member of the enum": ("language", "KLINGON", "invalid-value", 422),
    "NUL": ("title", "a\x00", "invalid-value", 422),
    "surrogate": ("title", "\ud800", "invalid-value", 422),
    "too many decimals": ("price", "1.234", "out-of-range", 422),
}


@pytest.mark.parametrize(("name", "value", "code", "status"), BAD_VALUES.values(), ids=BAD_VALUES)
def test_value_is_refused(name: str, value: Any, code: str, status: int) -> None:
    """J-5.1.18, J-5.1.19, T11, T36 to T38, A-3, A-4."""
    problem = problem_of(assign, name, value)

    assert (problem.code, problem.status) == (code, status)
    assert problem.source == Source(pointer=f"/data/attributes/{name}")


def test_hidden_attributes_are_unknown() -> None:
    """T11: hidden and unknown names get the same answer."""
    customers = resource_of("customers")

    hidden = problem_of(assign, "credit", 1, resource=customers)
    unknown = problem_of(assign, "credqt", 1, resource=customers)

    assert str(hidden).replace("credit", "?") == str(unknown).replace("credqt", "?")


def test_key_may_be_set_where_clients_choose_ids_but_never_changed() -> None:
    """A-4: allow_client_generated_ids holds for the key's attribute too."""
    free = resource_of("countries", Country={"allow_client_generated_ids": True})

    assert assign("code", "xx", resource=free).value == "xx"
    assert problem_of(assign, "code", "xx", resource=free, creating=False).code == "not-writable"
    assert problem_of(assign, "code", "xx", resource=resource_of("countries")).code == "not-writable"


def test_all_problems_are_collected_and_at_members_ignored() -> None:
    """J-3.11.5, features 13; RFC 6901 escapes."""
    problems: list[Problem] = []

    found = assignments(
        BOOK,
        {"@context": 1, "title": "A", "pages": "x", "a/b~c": 1, "price": None},
        "/data/attributes",
        problems,
        creating=True,
    )

    assert [one.attribute.name for one in found] == ["title"]
    assert [one.source.pointer for one in problems if one.source] == [
        "/data/attributes/pages",
        "/data/attributes/a~1b~0c",
        "/data/attributes/price",
    ]


def test_limits_of_orders_are_options() -> None:
    """Threats: each limit is an option."""
    book = resource_of("books", Limits(sort_keys=1, offset=5))

    assert problem_of(sort_keys, book, sort_terms("title,id"), SORT).code == "limit-exceeded"
    assert problem_of(page, book, {"offset": "6", "limit": "1"}).code == "limit-exceeded"
