"""`Prefer: return=representation` (RFC 7240): a document where a 204 would do."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import Shop

REPRESENTATION = {"Prefer": "return=representation"}
TAGS = "/api/books/1/relationships/tags"


def ref(type_: str, id_: str) -> dict[str, str]:
    return {"type": type_, "id": id_}


@pytest.mark.parametrize(
    ("method", "members", "expected"),
    [
        ("PATCH", [ref("tags", "3")], {"3"}),
        ("POST", [ref("tags", "4")], {"2", "4"}),
        ("DELETE", [ref("tags", "2")], set()),
    ],
)
def test_linkage_after_the_change(shop: Shop, method: str, members: list[Any], expected: set[str]) -> None:
    """J-5.3.9, J-5.3.10: 200 with the whole linkage, as the database has it now."""
    shop.client.send("PATCH", TAGS, {"data": [ref("tags", "2")]})

    answer = shop.client.send(method, TAGS, {"data": members}, headers=REPRESENTATION)

    assert answer.status_code == 200
    assert answer.headers["Preference-Applied"] == "return=representation"
    assert {one["id"] for one in answer.json["data"]} == expected
    assert answer.json["links"] == {"self": f"http://localhost{TAGS}", "related": "http://localhost/api/books/1/tags"}
    assert {one["id"] for one in shop.get(TAGS).json["data"]} == expected


@pytest.mark.parametrize("data", [None, ref("publishers", "2")])
def test_to_one_linkage_after_the_change(shop: Shop, data: Any) -> None:
    """J-5.3.10, J-3.4.10."""
    answer = shop.client.send("PATCH", "/api/books/1/relationships/publisher", {"data": data}, headers=REPRESENTATION)

    assert answer.status_code == 200
    assert answer.json["data"] == data


def test_what_was_deleted(shop: Shop) -> None:
    """J-5.4.1, J-3.1.2, J-3.8.2: a document of meta alone."""
    answer = shop.client.delete("/api/tags/1", headers=REPRESENTATION)

    assert answer.status_code == 200
    assert set(answer.json) == {"meta", "jsonapi"}
    assert answer.json["meta"] == {"deleted": ref("tags", "1")}
    assert shop.get("/api/tags/1").status_code == 404


@pytest.mark.parametrize(
    ("prefer", "status"),
    [
        ("return=representation", 200),
        ("RETURN=representation", 200),
        ('return="representation"', 200),
        ("respond-async, return=representation; strict, wait=10", 200),
        ("return=minimal", 204),
        ("return=minimal, return=representation", 204),
        ("return", 204),
        ("xreturn=representation", 204),
        (",;=", 204),
        ("", 204),
    ],
)
def test_only_this_preference_is_heeded(shop: Shop, prefer: str, status: int) -> None:
    """RFC 7240, section 2: what is not understood is ignored, of equal names the first holds."""
    answer = shop.client.delete("/api/tags/1", headers={"Prefer": prefer})

    assert answer.status_code == status
    assert ("Preference-Applied" in answer.headers) == (status == 200)


def test_errors_stay_what_they_are(shop: Shop) -> None:
    """J-5.4.4, J-5.3.14."""
    assert shop.client.delete("/api/tags/999", headers=REPRESENTATION).status_code == 404
    assert shop.client.send("POST", TAGS, {"data": None}, headers=REPRESENTATION).status_code == 400
