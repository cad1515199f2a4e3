"""The guard against errors that tell too much, which every client of the suite has."""

from __future__ import annotations

import pytest
from flask import Flask


@pytest.mark.parametrize(
    "text",
    [
        "SELECT id FROM people",
        "(sqlite3.IntegrityError) UNIQUE constraint failed: people.name",
        "duplicate key value violates",
        "<class 'shop.Person'>",
        "Traceback (most recent call last)",
    ],
)
def test_the_guard_sees_what_no_error_may_tell(text: str) -> None:
    """T08: a client that nobody has prepared fails at such an answer."""
    app = Flask("talkative")
    app.add_url_rule("/", view_func=lambda: (text, 500))

    with pytest.raises(AssertionError):
        app.test_client().get("/")
