"""B: what was stored and should not have been, or the other way round, asked for in both protocols."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from estate import Doc, Estate, User, open_estate
from flask_restless import ProcessingException


@pytest.fixture
def estate(sqlite: Engine) -> Estate:
    return open_estate(sqlite, user={"allow_to_many_replacement": True})


@pytest.mark.parametrize(
    ("path", "document"),
    [
        (
            "/api/users/1",
            {
                "type": "users",
                "id": "1",
                "attributes": {"name": "bob"},
                "relationships": {"docs": {"data": [{"type": "docs", "id": "2"}]}},
            },
        ),
        ("/old/users/1", {"docs": [{"id": 2}], "name": "bob"}),
    ],
)
def test_b_1_what_was_refused_is_not_stored_later(estate: Estate, path: str, document: Any) -> None:
    """B-1, B-2: the next request finds a clean session"""
    assert estate.write("PATCH", path, document).status_code >= 400

    good = estate.write("PATCH", "/old/docs/3", {"title": "next"})

    assert good.status_code == 200
    assert (estate.row(Doc, 2).owner_id, estate.row(User, 1).name, estate.row(Doc, 3).title) == (2, "mary", "next")


def test_b_1_refusal_of_a_postprocessor_leaves_nothing(sqlite: Engine) -> None:
    """B-1"""

    def refuse(**_: Any) -> None:
        raise ProcessingException(description="no", code=403)

    names = ("POST", "POST_RESOURCE", "DELETE_SINGLE", "DELETE_RESOURCE")
    estate = open_estate(sqlite, postprocessors={name: [refuse] for name in names})

    assert estate.write("POST", "/api/users", {"type": "users", "attributes": {"name": "eve"}}).status_code == 403
    assert estate.write("POST", "/old/users", {"name": "eve"}).status_code == 403
    assert estate.client.delete("/api/docs/3").status_code == estate.client.delete("/old/docs/3").status_code == 403
    assert estate.write("PATCH", "/old/docs/1", {"title": "next"}).status_code == 200
    assert (estate.count(User), estate.count(Doc)) == (2, 3)


def test_b_3_removing_a_stranger_cuts_no_link(sqlite: Engine) -> None:
    """B-3"""
    estate = open_estate(sqlite, user={"allow_delete_from_to_many_relationships": True})

    removed = estate.write("DELETE", "/api/users/1/relationships/docs", [{"type": "docs", "id": "2"}])
    estate.write("PATCH", "/old/users/1", {"docs": {"remove": [{"id": 2}]}})
    estate.client.delete("/old/users/1/docs/2")

    assert removed.status_code == 204
    assert estate.row(Doc, 2).owner_id == 2


def test_b_4_nested_writes_are_stored_together(estate: Estate) -> None:
    """B-4: 0.6 committed in the middle"""
    response = estate.write(
        "POST", "/old/docs", {"title": "new", "owner": {"name": "eve", "docs": [{"born": "never"}]}}
    )

    assert response.status_code == 400
    assert (estate.count(User), estate.count(Doc)) == (2, 3)


def test_b_5_what_is_created_can_be_shown(estate: Estate) -> None:
    """B-5: Decimal, bytes and timedelta"""
    attributes = {"price": "1.50", "scan": "AAE=", "length": 90}

    ours = estate.write("POST", "/api/docs", {"type": "docs", "attributes": attributes})
    theirs = estate.write("POST", "/old/docs", attributes)

    assert (ours.status_code, theirs.status_code, estate.count(Doc)) == (201, 201, 5)
    assert {name: ours.json["data"]["attributes"][name] for name in attributes} == attributes
    assert {name: theirs.json[name] for name in ("scan", "length")} == {"scan": "AAE=", "length": 90}


def test_b_6_deleting_none_is_no_failure_after_the_fact(sqlite: Engine) -> None:
    """B-6"""
    estate = open_estate(sqlite, doc={"allow_delete_many": True})

    response = estate.client.delete('/old/docs?q={"filters":[{"name":"title","op":"eq","val":"zz"}]}')

    assert (response.status_code, estate.count(Doc)) == (404, 3)


def test_b_7_missing_related_row_is_no_null(estate: Estate) -> None:
    """B-7"""
    linkage = {"owner": {"data": {"type": "users", "id": "99"}}}

    assert estate.write("POST", "/api/docs", {"type": "docs", "relationships": linkage}).status_code == 404
    many = {"docs": {"data": [{"type": "docs", "id": "99"}]}}
    assert estate.write("POST", "/api/users", {"type": "users", "relationships": many}).status_code == 404
    assert estate.write("POST", "/old/docs", {"owner": {"id": 99}}).status_code == 400
    assert (estate.count(Doc), estate.count(User)) == (3, 2)


def test_b_8_keys_do_not_change(estate: Estate) -> None:
    """B-8: no 404 after success"""
    assert estate.write("PATCH", "/old/docs/1", {"id": 7, "title": "x"}).status_code == 400
    assert estate.write("PATCH", "/api/docs/1", {"type": "docs", "id": "7"}).status_code == 409
    assert (estate.row(Doc, 1).title, estate.row(Doc, 7)) == ("a", None)
    assert estate.write("PATCH", "/old/docs/1", {"id": 1, "title": "x"}).status_code == 200


def test_b_9_relationships_are_stored(estate: Estate) -> None:
    """B-9"""
    path = "/api/users/1/relationships/docs"

    assert estate.write("POST", path, [{"type": "docs", "id": "3"}]).status_code == 204
    assert estate.row(Doc, 3).owner_id == 1
    assert estate.write("PATCH", path, [{"type": "docs", "id": "2"}]).status_code == 204
    assert [estate.row(Doc, number).owner_id for number in (1, 2, 3)] == [None, 1, None]


def test_b_10_numbers_tell_the_truth(sqlite: Engine) -> None:
    """B-10: how many were changed, how many groups there are, and each function asked for"""
    estate = open_estate(sqlite, doc={"allow_patch_many": True, "allow_functions": True})
    search = {"filters": [{"name": "id", "op": "lt", "val": 3}]}

    changed = estate.write("PATCH", "/old/docs", {"owner": {"id": 1}, "q": search})

    assert changed.json == {"num_modified": 2}
    assert [estate.row(Doc, number).owner_id for number in (1, 2, 3)] == [1, 1, None]
    grouped = estate.search("/old/docs", group_by=[{"field": "born"}])
    assert grouped.json["num_results"] == len(grouped.json["objects"]) == 3
    twice = '[{"name":"count","field":"id"},{"name":"count","field":"id"}]'
    assert estate.get("/api/eval/docs", functions=twice).json == {"data": [3, 3]}
