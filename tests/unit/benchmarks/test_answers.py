"""The comparison of answers: what makes another answer, and what merely differs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from benchmarks.answers import Shape, compare, read


def article(id_: str = "1", title: str = "A", **more: Any) -> dict[str, Any]:
    return {
        "type": "articles",
        "id": id_,
        "attributes": {"title": title, "created_at": "2024-01-02T03:04:05"} | more.pop("attributes", {}),
        "relationships": {"author": {"data": {"type": "authors", "id": "9"}}},
        "links": {},
    } | more


def shape(*data: dict[str, Any], types: dict[str, str] | None = None, **more: Any) -> Shape:
    document = {"data": list(data), "meta": {"total": len(data)}} | more
    return read(json.dumps(document).encode(), "jsonapi", types or {})


def test_an_answer_agrees_with_itself() -> None:
    comparison = compare(shape(article()), shape(article()))

    assert (comparison.faults, comparison.remarks) == ([], [])


@pytest.mark.parametrize(
    ("other", "fault"),
    [
        (shape(article("2"), article("1")), "other ids or another order: 2, 2, 1 ..."),
        (shape(article("1"), article("2", title="B")), "another title of articles/2: 'B'"),
        (shape(article("1"), article("2"), included=[]), "other included resources: 1 missing, 0 more"),
    ],
    ids=["order", "value", "included"],
)
def test_another_answer_is_a_fault(other: Shape, fault: str) -> None:
    author = {"type": "authors", "id": "9", "attributes": {}}
    included = [author] if "included" in fault else []
    limit = shape(article("1"), article("2"), included=included)

    assert compare(limit, other).faults == [fault]


def test_a_missing_attribute_is_a_fault() -> None:
    other = article()
    del other["attributes"]["title"]

    assert compare(shape(article()), shape(other)).faults == ["articles without title"]


def test_differences_that_say_the_same_resources_are_remarks() -> None:
    other = article(attributes={"author_id": 9, "created_at": "2024-01-02 03:04:05"})
    other["relationships"] = {"author": {"data": None}, "tags": {"data": []}}
    del other["links"]

    comparison = compare(shape(article()), shape(other, meta={"count": 5}))

    assert comparison.faults == []
    assert comparison.remarks == [
        "more attributes: articles.author_id",
        "linkage of author is null or differs",
        "empty linkage of tags",
        "total 5 where L1 has 1",
        "no links in resources",
    ]


def test_types_may_have_other_names() -> None:
    other = article(type="Article", relationships={"author": {"data": {"type": "Author", "id": "9"}}})

    comparison = compare(shape(article()), shape(other, types={"Article": "articles", "Author": "authors"}))

    assert (comparison.faults, comparison.remarks) == ([], [])


def test_a_classic_page_says_the_same() -> None:
    author = {"id": 9, "name": "N"}
    one = {"id": 1, "title": "A", "created_at": "2024-01-02T03:04:05", "author": author}
    body = json.dumps({"num_results": 1, "objects": [one]}).encode()
    limit = shape(article(), included=[{"type": "authors", "id": "9", "attributes": {"name": "N"}}])

    comparison = compare(limit, read(body, "classic", {}))

    assert (comparison.faults, comparison.remarks) == ([], ["no links in resources"])
