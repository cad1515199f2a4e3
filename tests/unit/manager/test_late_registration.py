"""What Flask refuses after the first request is refused before anything is made."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from conftest import Shop
from flask_restless import APIManager, IllegalArgumentError
from flask_restless.demo.models import Book, Country, Publisher

LATE: dict[str, Callable[[APIManager, Flask], object]] = {
    "create_api": lambda manager, app: manager.create_api(Publisher),
    "under a prefix of its own": lambda manager, app: manager.create_api(Country, url_prefix="/more"),
    "on that application": lambda manager, app: manager.create_api(Publisher, app=app),
    "as a blueprint": lambda manager, app: app.register_blueprint(manager.create_api_blueprint("more", Publisher)),
    "init_app": lambda manager, app: APIManager(session=manager.session).init_app(app),
    "another manager": lambda manager, app: APIManager(app, session=manager.session),
}


@pytest.mark.parametrize("late", LATE.values(), ids=LATE)
def test_what_comes_after_the_first_request_is_refused_with_the_cure(
    shop: Shop, late: Callable[[APIManager, Flask], object]
) -> None:
    """And leaves no API that others would link to and nobody serves."""
    app = Flask("late")
    manager = APIManager(app, session=shop.session)
    manager.create_api(Book)
    before = app.test_client().get("/api/books/1").json

    with pytest.raises(IllegalArgumentError, match="create every API"):
        late(manager, app)

    assert [one.model for one in manager.resources] == [Book]
    assert app.extensions["restless"] == [manager]
    assert app.test_client().get("/api/books/1").json == before
