"""Filled bookshops that the tests of one module share; each test serves them under rules of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from conftest import fresh_database
from ruled import fill

Filled = tuple[Engine, sessionmaker[Session]]


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mariadb"])
def filled(request: pytest.FixtureRequest) -> Iterator[Filled]:
    """An engine with a small bookshop on it, and its sessions, once for each kind of database."""
    with fresh_database(request.param) as engine:
        yield engine, fill(engine)
