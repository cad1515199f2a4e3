"""Every collection and every relationship of the bookshop, read on every database within the bound of statements."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import Shop


def items(shop: Shop, path: str) -> list[dict[str, Any]]:
    """Walk the pages of a list to its end."""
    found: list[dict[str, Any]] = []
    url = path
    while url:
        document = shop.get(url).json
        found += document["data"]
        url = document["links"]["next"]
    return found


def test_pages_walk_to_the_end_with_every_row_once(shop_everywhere: Shop) -> None:
    """J-4.6.8, J-4.6.7."""
    for resource in shop_everywhere.manager.resources:
        everything = items(shop_everywhere, f"{resource.path}?page[size]=3")

        total = shop_everywhere.get(f"{resource.path}?page[size]=1").json["meta"]["total"]
        names = [(one["type"], one["id"]) for one in everything]
        assert len(names) == len(set(names)) == total, resource.name


def test_every_relationship_of_every_row_resolves(shop_everywhere: Shop) -> None:
    """J-4.1.1, J-4.2.1: each link that is handed out works."""
    for resource in shop_everywhere.manager.resources:
        for one in shop_everywhere.get(f"{resource.path}?page[size]=2").json["data"]:
            assert shop_everywhere.get(one["links"]["self"]).json["data"]["id"] == one["id"]
            for relationship in one.get("relationships", {}).values():
                for link in relationship["links"].values():
                    assert shop_everywhere.get(link).status_code == 200, link


def test_statements_of_an_include_are_bounded(shop_everywhere: Shop) -> None:
    """1 + include paths + 1 for the total, at any page size; an included derived attribute adds its own loads."""
    for resource in shop_everywhere.manager.resources:
        for relationship in resource.relationships.values():
            bound = 3 + derived_loads(resource) + derived_loads(relationship.target)
            with shop_everywhere.counted() as statements:
                answer = shop_everywhere.get(f"{resource.path}?page[size]=50&include={relationship.name}")
            assert answer.status_code == 200
            assert len(statements) <= bound, (resource.name, relationship.name, statements.texts)


def derived_loads(resource: Any) -> int:
    """Count the relationships that computed attributes have loaded with their instances."""
    kinds = (resource, *resource.subtypes)
    return len({load for kind in kinds for one in kind.attributes.values() for load in one.loads})


def test_two_levels_take_four_statements_with_a_total(shop_everywhere: Shop) -> None:
    """The include of features.md 2."""
    with shop_everywhere.counted() as statements:
        answer = shop_everywhere.get("/api/orders?include=lines.order&page[size]=3&fields[orders]=status,lines")

    assert answer.status_code == 200
    assert len(statements) <= 4, statements.texts


@pytest.mark.parametrize("order", ["name", "-country.name", "country.name,-name", "founded"])
def test_sorting_loses_and_doubles_no_row(shop_everywhere: Shop, order: str) -> None:
    """C-4: rows without a related row stay."""
    everything = {one["id"] for one in items(shop_everywhere, "/api/publishers")}

    found = [one["id"] for one in items(shop_everywhere, f"/api/publishers?sort={order}&page[size]=2")]

    assert sorted(found) == sorted(everything)


def test_every_attribute_pages_by_cursor(shop_everywhere: Shop) -> None:
    """C-1.4: whatever a list may be sorted by, pages by cursor are the list; every type of column is there."""
    profile = "https://jsonapi.org/profiles/ethanresnick/cursor-pagination"
    for resource in shop_everywhere.manager.resources:
        for name, attribute in resource.queryable.items():
            if not (attribute.access.sort and attribute.sql and attribute.codec.ordered):
                continue
            url = f"{resource.path}?sort=-{name}&fields[{resource.name}]={name if name != 'id' else ''}&page[size]"
            whole = [one["id"] for one in shop_everywhere.get(f"{url}=100").json["data"]]
            size = len(whole) // 2 + 1
            accept = {"Accept": f'application/vnd.api+json;profile="{profile}"'}
            first = shop_everywhere.get(f"{url}={size}", headers=accept).json
            second = shop_everywhere.get(first["links"]["next"]).json if first["links"]["next"] else {"data": []}

            assert [one["id"] for one in first["data"] + second["data"]] == whole, (resource.name, name)
