"""`sortNulls`: where nulls stand, the same on every database and in every way of paging (features.md 31)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from bookshop import Book
from conftest import Shop


@pytest.fixture
def gaps(shop_everywhere: Shop) -> Shop:
    """A shop with two books that lack their number of pages and their publisher."""
    with shop_everywhere.session.begin() as session:
        session.execute(update(Book).where(Book.id.in_([2, 5])).values(pages=None, publisher_id=None))
    return shop_everywhere


def values(shop: Shop, query: str) -> list[Any]:
    """Give the values of the attribute that the list is sorted by."""
    name = query.partition("sort=")[2].split("&")[0].lstrip("-")
    document = shop.get(f"/api/books?page[size]=100&{query}").json
    return [one["attributes"][name] for one in document["data"]]


@pytest.mark.parametrize("sort", ["pages", "-pages"])
def test_nulls_stand_where_they_are_told_to(gaps: Shop, sort: str) -> None:
    """features.md 31; all else stays in its order."""
    first = values(gaps, f"sort={sort}&sortNulls[pages]=first")
    last = values(gaps, f"sort={sort}&sortNulls[pages]=last")

    there = [one for one in first if one is not None]
    nulls = [None] * (len(first) - len(there))
    assert len(nulls) == 2
    assert there == sorted(there, reverse=sort.startswith("-"))
    assert (first, last) == (nulls + there, there + nulls)


def test_nulls_of_missing_related_resources(gaps: Shop) -> None:
    """A path may be named too; then a missing resource counts as null."""
    for place in ("first", "last"):
        url = f"/api/books?sort=-publisher.name&sortNulls[publisher.name]={place}&page[size]=100&include=publisher"
        data = gaps.get(url).json["data"]
        missing = [one["relationships"]["publisher"]["data"] is None for one in data]
        assert sum(missing) == 2
        assert missing == sorted(missing, reverse=place == "first")


BAD = {
    "not sorted by": ("sort=title&sortNulls[pages]=last", "sortNulls[pages]"),
    "no sort at all": ("sortNulls[pages]=last", "sortNulls[pages]"),
    "does not exist": ("sort=title&sortNulls[nothing]=last", "sortNulls[nothing]"),
    "wrong value": ("sort=pages&sortNulls[pages]=middle", "sortNulls[pages]"),
    "empty value": ("sort=pages&sortNulls[pages]=", "sortNulls[pages]"),
    "sign": ("sort=-pages&sortNulls[-pages]=last", "sortNulls[-pages]"),
    "no field": ("sort=pages&sortNulls=last", "sortNulls"),
    "two fields": ("sort=pages&sortNulls[pages][x]=last", "sortNulls[pages][x]"),
    "twice": ("sort=pages&sortNulls[pages]=last&sortNulls[pages]=first", "sortNulls[pages]"),
}


@pytest.mark.parametrize(("query", "name"), BAD.values(), ids=BAD)
def test_what_makes_no_sense_is_refused(shop: Shop, query: str, name: str) -> None:
    """J-7.2.10: never silently ignored."""
    answer = shop.get(f"/api/books?{query}")

    assert answer.status_code == 400
    assert answer.json["errors"][0]["source"] == {"parameter": name}


def test_hidden_and_unknown_fields_are_told_alike(shop: Shop) -> None:
    """A name that is hidden gets the answer of one that does not exist."""
    texts = [
        shop.get(f"/api/customers?sort=email&sortNulls[{name}]=last").text.replace(name, "?")
        for name in ("credit", "nothng")
    ]

    assert texts[0] == texts[1]


def test_single_resources_have_no_nulls_to_place(shop: Shop) -> None:
    """J-4.5.5."""
    assert shop.get("/api/books/1?sortNulls[pages]=last").json["errors"][0]["code"] == "unknown-parameter"
