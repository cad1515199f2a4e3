"""A page of an included relationship equals that page of the relationship's own URL, whatever the order and filter.

The examples are drawn from the schema: every to-many relationship of the bookshop, every attribute that sorts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import Shop, fresh_database, open_shop
from flask_restless.schema.resource import Relationship, Resource
from parsed import registry_of

REGISTRY = registry_of()
RELATIONS = [
    (resource, relationship)
    for resource in REGISTRY
    for relationship in resource.relationships.values()
    if relationship.is_many and relationship.model is resource.model
]


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mariadb"])
def one_shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    """One shop for all examples, which only read."""
    with fresh_database(request.param) as engine:
        yield open_shop(engine)


def sortable(resource: Resource) -> list[str]:
    """Give what rows of a resource can be sorted by, also over one to-one relationship."""
    own = [name for name, one in resource.queryable.items() if one.sql and one.access.sort and one.codec.ordered]
    further = [
        f"{step.name}.{name}"
        for step in resource.relationships.values()
        if not step.is_many
        for name, one in step.target.attributes.items()
        if one.sql and one.codec.ordered
    ]
    return own + further


@st.composite
def questions(draw: st.DrawFn) -> tuple[Resource, Relationship, dict[str, str], dict[str, str]]:
    """Give a relationship, the parameters of a page of it, and the filter."""
    resource, relationship = draw(st.sampled_from(RELATIONS))
    names = sortable(relationship.target)
    terms = draw(st.lists(st.tuples(st.sampled_from(["", "-"]), st.sampled_from(names)), max_size=3))
    page = {"size": str(draw(st.integers(1, 4))), "number": str(draw(st.integers(1, 3)))}
    if draw(st.booleans()):
        page = {"limit": page["size"], "offset": str(draw(st.integers(0, 5)))}
    shape = {f"page[{name}]": value for name, value in page.items()}
    if terms:
        shape["sort"] = ",".join(sign + name for sign, name in terms)
    filters = {}
    if draw(st.booleans()):
        attributes = [name for name, one in relationship.target.attributes.items() if one.sql and one.access.filter]
        filters[f"filter[{draw(st.sampled_from(attributes))}][isnull]"] = draw(st.sampled_from(["true", "false"]))
    return resource, relationship, shape, filters


def included(parameters: dict[str, str], path: str) -> dict[str, str]:
    """Say of an include path what the parameters say of primary data."""
    found = {}
    for name, value in parameters.items():
        family, bracket, rest = name.partition("[")
        found[f"included{family.capitalize()}[{path}]{bracket}{rest}"] = value
    return found


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(question=questions())
def test_included_page_is_the_page_of_the_relationship(one_shop: Shop, question: Any) -> None:
    """Features.md 5, J-3.4.7, C-1.2: data, links and total."""
    resource, relationship, shape, filters = question
    name = relationship.name
    query: dict[str, str] = {"page[size]": "4", "include": name, "withCount": name}
    query |= included(shape | filters, name)
    answer = one_shop.get(f"/api/{resource.name}", query_string=query)

    assert answer.status_code == 200, answer.text
    for one in answer.json["data"]:
        if name not in one["relationships"]:
            continue
        found = one["relationships"][name]
        own = one_shop.get(f"{one['links']['self']}/relationships/{name}", query_string=shape | filters).json
        assert found["data"] == own["data"]
        assert found["meta"]["page"]["total"] == own["meta"]["total"]
        assert (found["links"]["next"] is None) == (own["links"]["next"] is None)
        for end in ("first", "next"):
            if found["links"][end]:
                theirs = one_shop.get(own["links"][end]).json["data"]
                assert one_shop.get(found["links"][end]).json["data"] == theirs
