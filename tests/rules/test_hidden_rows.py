"""Rows that a scope hides are as good as not there: on every path, in every count, for every write.

The matrix compares two worlds: one whose scopes hide rows, and one in which these rows and all references to them have
been taken out of the database.  Every document must be the same, after no more statements (where rows are hidden, no
estimate is asked for).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import select

from conftest import Shop, counted, fresh_database
from flask_restless.schema.resource import Relationship, Resource
from ruled import PROTOCOLS, WITHOUT, fill, remove_hidden, scopes, serve

WIDE = "page[size]=100"


def paths_of(resource: Resource, ids: list[str]) -> Iterator[str]:
    """Give every kind of read of a resource's rows, over each of its relationships."""
    yield f"{resource.path}?{WIDE}"
    yield f"{resource.path}?page[size]=2&page[number]=2&page[total]=estimate"
    for id_ in ids:
        yield f"{resource.path}/{quote(id_, safe='')}"
    for relationship in resource.relationships.values():
        yield from _over(resource, relationship, [quote(one, safe="") for one in ids[:3]])


def _over(resource: Resource, relationship: Relationship, ids: list[str]) -> Iterator[str]:
    name, path = relationship.name, resource.path
    yield f"{path}?{WIDE}&include={name}"
    yield f"{path}?{WIDE}&filter[objects]={_filter(name=name, op='is_null')}"
    yield f"{path}?{WIDE}&filter[objects]={_filter(name=name, op='none')}"
    inner = next(iter(relationship.target.relationships), None)
    if inner is not None:
        yield f"{path}?{WIDE}&include={name}.{inner}"
    attribute = _sortable(relationship.target)
    if relationship.is_many:
        yield f"{path}?{WIDE}&filter[objects]={_filter(count=name, op='gt', val=1)}"
    elif attribute is not None:
        yield f"{path}?{WIDE}&sort={name}.{attribute},{_sortable(resource) or 'id'}"
        yield f"{path}?{WIDE}&filter[{name}.{attribute}][isnull]=false"
    for id_ in ids:
        yield f"{path}/{id_}/{name}"
        yield f"{path}/{id_}/relationships/{name}?include={name}"


def _filter(**members: Any) -> str:
    return quote(json.dumps([members]))


def _sortable(resource: Resource) -> str | None:
    names = (one.name for one in resource.attributes.values() if one.sql and one.access.sort and one.codec.ordered)
    return next(names, None)


def ids_of(shop: Shop, resource: Resource) -> list[str]:
    """Give the ids of every row, seen or not."""
    keys = [getattr(resource.model, key.key) for key in resource.identity.keys]
    with shop.session() as session:
        return [resource.identity.text(tuple(row)) for row in session.execute(select(*keys))]


def _document(answer: Any) -> Any:
    """Give the document; what is included has no order."""
    document = answer.json
    document.get("included", []).sort(key=lambda one: (one["type"], one["id"]))
    return document


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def worlds(request: pytest.FixtureRequest) -> Iterator[tuple[Shop, Shop, str]]:
    """A world whose scopes hide rows, and one in which they are not there."""
    with fresh_database(request.param) as ruled, fresh_database(request.param) as bare:
        rules = {model: {"rules": one} for model, one in scopes().items()}
        session = fill(bare)
        remove_hidden(session)
        merged = {model: {**WITHOUT.get(model, {}), **rules.get(model, {})} for model in {**WITHOUT, **rules}}
        yield serve(ruled, fill(ruled), merged), serve(bare, session, WITHOUT), request.param


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_hidden_rows_are_as_good_as_not_there(worlds: tuple[Shop, Shop, str], protocol: str) -> None:
    """T05, T06, feature 1: rule x path, equal documents, and no more statements."""
    ruled, bare, kind = worlds
    asked = 0
    for number, resource in enumerate(ruled.manager.resources):
        for place, path in enumerate(paths_of(resource, ids_of(ruled, resource)[:12])):
            if kind != "sqlite" and (number + place) % 6:
                continue
            with counted(ruled.engine) as statements:
                found = ruled.client.get(path)
            with counted(bare.engine) as others:
                expected = bare.client.get(path)
            assert (found.status_code, _document(found)) == (expected.status_code, _document(expected)), path
            assert len(statements) <= len(others), path
            asked += 1
    assert asked > 100
