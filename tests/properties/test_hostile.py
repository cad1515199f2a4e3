"""Whole requests made of the schema's own names and of odd values: never a 5xx, never a leak (J-9.8, T08).

`make hostile` sends many more of the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings

from hostile import REQUESTS, Hostile, Server, schema, server

BUDGET = int(os.environ.get("FLASK_RESTLESS_HOSTILE", "250"))
"""Requests of each protocol to each database."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mariadb"])
def servers(request: pytest.FixtureRequest) -> Iterator[dict[str, Server]]:
    """A server of each protocol for all examples; what they change does not matter."""
    with server(request.param, "jsonapi") as jsonapi, server(request.param, "classic") as classic:
        yield {"jsonapi": jsonapi, "classic": classic}


@pytest.mark.parametrize("protocol", sorted(REQUESTS))
def test_hostile_requests_are_answered_by_less_than_500(servers: dict[str, Server], protocol: str) -> None:
    @settings(max_examples=BUDGET, deadline=None, suppress_health_check=list(HealthCheck))
    @given(REQUESTS[protocol]())
    def send(asked: Hostile) -> None:
        _, fault = servers[protocol].send(asked)

        assert fault is None

    send()
    assert servers[protocol].shop.get("/api/countries").status_code == 200


def test_every_resource_is_asked() -> None:
    """The strategies know the schema, not a list of it."""
    names = {one.name for one in schema()}

    assert {"books", "card_payments", "online_events"} <= names
    assert len(names) == 23
