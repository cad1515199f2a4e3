"""The plan cache of a manager: as large as is said, and open to a look."""

from __future__ import annotations

from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import sessionmaker

from conftest import Shop, open_shop
from flask_restless import APIManager, IllegalArgumentError
from flask_restless.demo.models import Base, Tag
from racing import several_connections


def test_hits_and_misses_are_told(shop: Shop) -> None:
    before = shop.manager.plan_cache
    for size in (1, 2, 3):
        assert shop.get(f"/api/books?page[size]={size}").status_code == 200
    assert shop.get("/api/books?sort=title").status_code == 200

    found = shop.manager.plan_cache
    assert (found.hits - before.hits, found.misses - before.misses) == (2, 2)
    assert (found.maxsize, found.currsize - before.currsize) == (512, 2)


def served(engine: Engine, **options: Any) -> APIManager:
    Base.metadata.create_all(engine)
    manager = APIManager(Flask(__name__), session=sessionmaker(engine), **options)
    manager.create_api(Tag)
    return manager


def test_no_more_plans_are_kept_than_is_said(sqlite: Engine) -> None:
    manager = served(sqlite, plan_cache_size=2)
    assert manager.app is not None
    client = manager.app.test_client()
    for sort in ("name", "-name", "id", "-id"):
        assert client.get(f"/api/tags?sort={sort}").status_code == 200
    assert manager.plan_cache[1:] == (4, 2, 2)
    assert client.get("/api/tags?sort=name").status_code == 200
    assert manager.plan_cache.misses == 5


def test_managers_have_caches_of_their_own(sqlite: Engine) -> None:
    one, other = served(sqlite), served(sqlite)
    assert one.app is not None
    one.app.test_client().get("/api/tags")
    assert (one.plan_cache.misses, other.plan_cache.misses) == (1, 0)


def test_threads_share_plans(tmp_path: Path) -> None:
    """Whoever comes at the same time may plan too, but no plan is lost or mixed up."""
    with several_connections("sqlite", tmp_path) as engine:
        _check_threads(open_shop(engine))


def _check_threads(shop: Shop) -> None:
    answers: list[bytes] = []

    def ask() -> None:
        client = shop.app.test_client()
        for size in range(1, 6):
            answers.append(client.get(f"/api/books?sort=title&page[size]={size}").data)

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 20
    assert len(set(answers)) == 5
    assert shop.manager.plan_cache.currsize <= 512


@pytest.mark.parametrize("size", [0, -1, "512", 1.5, True, None])
def test_a_size_is_a_number_of_plans(sqlite: Engine, size: Any) -> None:
    with pytest.raises(IllegalArgumentError, match="plan_cache_size is"):
        served(sqlite, plan_cache_size=size)
