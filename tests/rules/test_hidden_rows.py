"""Rows that a scope hides are as good as not there: on every path, in every count, for every write.

The matrix compares two worlds: one whose scopes hide rows, and one in which these rows and all references to them have
been taken out of the database.  Every answer must be the same.  As many statements as without rules must do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import and_, inspect, select

from conftest import JSONAPI, Shop, counted, fresh_database
from flask_restless import Rules
from flask_restless.database.planning.mapping import key_names
from flask_restless.schema.resource import Resource
from readings import READINGS, Reading
from ruled import HIDDEN, PROTOCOLS, Options, fill, merged, remove_hidden, scopes, serve, worlds_apart

SHARE = 9
"""One in so many reads is asked of the servers' databases; SQLite takes more of them."""


def ids_of(shop: Shop, resource: Resource) -> list[str]:
    """Give the ids of every row, seen or not."""
    keys = [getattr(resource.model, key.key) for key in resource.identity.keys]
    with shop.session() as session:
        return [resource.identity.text(tuple(row)) for row in session.execute(select(*keys))]


def _answer(shop: Shop, reading: Reading) -> tuple[int, Any]:
    """Give the status and the content; what is included has no order."""
    answer = shop.client.get(reading.path, headers=reading.headers)
    if answer.mimetype != JSONAPI:
        return answer.status_code, answer.data
    document: Any = answer.json
    document.get("included", []).sort(key=lambda one: (one["type"], one["id"]))
    return answer.status_code, document


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mariadb"])
def databases(request: pytest.FixtureRequest) -> Iterator[tuple[Any, Any, str]]:
    """A database with all rows, and one without those that the scopes hide."""
    with fresh_database(request.param) as ruled, fresh_database(request.param) as bare:
        session = fill(bare)
        remove_hidden(session)
        yield (ruled, fill(ruled)), (bare, session), request.param


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_hidden_rows_are_as_good_as_not_there(databases: tuple[Any, Any, str], protocol: str) -> None:
    """T05, T06, feature 1: rule x path x protocol, and equal answers."""
    everything, less, kind = databases
    ruled, bare = _ruled(everything, protocol), serve(*less, worlds_apart(protocol), protocol)
    asked = shown = 0
    for reading in _some(ruled, protocol, 2 if kind == "sqlite" else SHARE):
        status, found = _answer(ruled, reading)
        assert (status, found) == _answer(bare, reading), reading
        asked += 1
        shown += status == 200
    assert asked > 100
    assert shown > asked / 2


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_scopes_take_no_statement_more(databases: tuple[Any, Any, str], protocol: str) -> None:
    """Issue 5: scopes that hide nothing change neither an answer nor the number of statements."""
    everything, _, kind = databases
    idle: Options = {one.model: {"rules": Rules(scope=_all_of)} for one in HIDDEN}
    without = worlds_apart(protocol)
    ruled, free = serve(*everything, merged(without, idle), protocol), serve(*everything, without, protocol)
    asked = 0
    for reading in _some(ruled, protocol, 5 if kind == "sqlite" else 2 * SHARE):
        with counted(ruled.engine) as statements:
            found = _answer(ruled, reading)
        with counted(free.engine) as others:
            assert found == _answer(free, reading), reading
        assert len(statements) == len(others) or "estimate" in reading.path, reading
        asked += 1
    assert asked > 30


def _all_of(entity: Any) -> Any:
    """Say of every row that it is there."""
    return and_(*[getattr(entity, key).is_not(None) for key in key_names(inspect(entity).mapper.class_)])


def _ruled(everything: Any, protocol: str) -> Shop:
    rules: Options = {model: {"rules": one} for model, one in scopes().items()}
    return serve(*everything, merged(worlds_apart(protocol), rules), protocol)


def _some(shop: Shop, protocol: str, share: int) -> Iterator[Reading]:
    """Give every reading of every resource, or a share of them: others of each resource."""
    for number, resource in enumerate(shop.manager.resources):
        for place, reading in enumerate(READINGS[protocol](resource, ids_of(shop, resource)[:5])):
            if (number + place) % share == 0:
                yield reading
