"""`withCount`: numbers of members in `meta` of relationships (features.md 24)."""

from __future__ import annotations

import pytest

from conftest import Shop

COUNTED = [
    ("publishers", "books"),
    ("shelves", "books"),
    ("books", "tags"),
    ("books", "approved_reviews"),
    ("orders", "lines"),
    ("orders", "books"),
    ("customers", "orders"),
    ("employees", "moderated_reviews"),
    ("categories", "children"),
    ("people", "addresses"),
]


@pytest.mark.parametrize(("collection", "name"), COUNTED)
def test_count_is_the_length_of_the_relationship(shop_everywhere: Shop, collection: str, name: str) -> None:
    """Features.md 24: no statement more than without."""
    plain = f"/api/{collection}?page[size]=50" + (f"&fields[books]=title,{name}" if collection == "books" else "")
    with shop_everywhere.counted() as before:
        shop_everywhere.get(plain)
    with shop_everywhere.counted() as after:
        document = shop_everywhere.get(f"{plain}&withCount={name}").json

    assert len(after) == len(before)
    counts = {}
    for one in document["data"]:
        if name in one.get("relationships", ()):
            counts[one["links"]["self"]] = one["relationships"][name]["meta"]["count"]
    assert any(counts.values())
    for url, count in list(counts.items())[:8]:
        assert shop_everywhere.get(f"{url}/relationships/{name}?page[size]=1").json["meta"]["total"] == count


def test_counts_of_included_resources(shop_everywhere: Shop) -> None:
    """Dotted paths count in what is included."""
    document = shop_everywhere.get("/api/publishers?include=books&withCount=books,books.reviews").json

    for one in document["included"]:
        own = shop_everywhere.get(f"/api/books/{one['id']}/relationships/reviews").json
        assert one["relationships"]["reviews"]["meta"] == {"count": own["meta"]["total"]}
    assert all("count" in one["relationships"]["books"]["meta"] for one in document["data"])


def test_filtered_page_tells_its_own_total(shop_everywhere: Shop) -> None:
    """C-8.1: `meta.page.total` is the length of the list that is paged, `meta.count` that of the relationship."""
    query = "include=reviews&includedPage[reviews][size]=1&includedFilter[reviews][rating][ge]=4&withCount=reviews"
    document = shop_everywhere.get(f"/api/books?page[size]=50&filter[price][gt]=0&sort=-price&{query}").json

    assert any(one["relationships"]["reviews"]["meta"]["count"] for one in document["data"])
    for one in document["data"]:
        own, meta = f"/api/books/{one['id']}/relationships/reviews", one["relationships"]["reviews"]["meta"]
        assert meta["count"] == shop_everywhere.get(own).json["meta"]["total"]
        assert meta["page"] == {"total": shop_everywhere.get(f"{own}?filter[rating][ge]=4").json["meta"]["total"]}


def test_values_of_counts_stay_apart_in_kept_plans(shop: Shop) -> None:
    """Plans go by shape: another value of the filter, the same plan, another total."""
    query = (
        "/api/books?page[size]=50&include=reviews&includedPage[reviews][size]=1&withCount=reviews&filter[price][gt]=0"
    )
    totals = []
    for rating in (1, 5, 1):
        document = shop.get(f"{query}&includedFilter[reviews][rating][ge]={rating}").json
        totals.append(sum(one["relationships"]["reviews"]["meta"]["page"]["total"] for one in document["data"]))

    assert totals[0] == totals[2] > totals[1]


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("withCount=publisher", "to-one"),
        ("withCount=title", 'no relationship "title"'),
        ("withCount=review", 'did you mean "reviews"'),
        ("withCount=tags,nosuch", '"nosuch"'),
        ("fields[books]=title&withCount=tags", "leave it out"),
        ("withCount=reviews.book", "not included"),
        ("include=reviews&withCount=reviews.book", "to-one"),
    ],
)
def test_refusals(shop: Shop, query: str, hint: str) -> None:
    """J-6.3.4: precise, before any statement."""
    answer = shop.get(f"/api/books?{query}")

    (error,) = answer.json["errors"]
    assert (answer.status_code, error["source"]) == (400, {"parameter": "withCount"})
    assert hint in error["detail"]
