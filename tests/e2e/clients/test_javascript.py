"""JavaScript clients from npm, each in a node process of its own: kitsu, devour-client, jsona with fetch, Orbit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from flask_restless.demo.models import Book, Publisher, Tag

DEAREST = {"prices": ["43.99", "22.50"], "next": ["20.95", "19.00"]}
"""What the first publisher's books cost, the dearest first, two on a page."""


def stored(live: Any, id_: str) -> dict[str, Any]:
    """Read a book behind the server's back."""
    with live.session() as session:
        book = session.get_one(Book, int(id_))
        publisher = book.publisher.id if book.publisher else None
        return {"title": book.title, "publisher": publisher, "tags": sorted(tag.id for tag in book.tags)}


def tag_names(live: Any) -> set[str]:
    with live.session() as session:
        return set(session.scalars(select(Tag.name)))


def check_lists(out: dict[str, Any], live: Any) -> None:
    """Filtered, sorted, paged and with what is included, as the database has them."""
    assert {name: out[name] for name in DEAREST} == DEAREST
    assert out["total"] == 5
    with live.session() as session:
        assert out["publishers"] == [session.get_one(Publisher, 1).name] * 2
        books = [session.scalars(select(Book).filter_by(price=price)).one() for price in out["prices"]]
        assert [sorted(names) for names in out["tags"]] == [sorted(tag.name for tag in book.tags) for book in books]


def check_linkage(out: dict[str, Any]) -> None:
    """What the client saw after adding two tags, removing two and replacing all."""
    assert out["added"] == ["3", "4", "5"]
    assert out["removed"] == ["5"]
    assert out["replaced"] == ["6"]
    assert out["publisher"] == "1"


def test_kitsu(live: Any, node: Callable[[str], Any]) -> None:
    """J-4, J-5; kitsu has no way to send members with a DELETE."""
    out = node("kitsu.mjs")

    check_lists(out, live)
    created = out["created"]
    assert (created["type"], created["title"], created["price"]) == ("books", "From kitsu", "12.50")
    assert out["updated"] == "Changed by kitsu"
    assert out["added"] == out["related"] == ["3", "4", "5"]
    assert stored(live, created["id"]) == {"title": "Changed by kitsu", "publisher": 1, "tags": [3, 4, 5]}
    assert out["error"][0]["source"] == {"parameter": "sort"}
    assert (out["removed"]["status"], out["gone"]) == (204, 404)
    assert "passing" not in tag_names(live)


def test_devour(live: Any, node: Callable[[str], Any]) -> None:
    """J-4, J-5: every verb of the relationship URLs too."""
    out = node("devour.mjs")

    check_lists(out, live)
    check_linkage(out)
    created = out["created"]
    assert (created["title"], created["publisher"]["id"]) == ("From devour", "2")
    assert [tag["name"] for tag in created["tags"]] == ["book club"]
    assert out["updated"] == "Changed by devour"
    assert stored(live, created["id"]) == {"title": "Changed by devour", "publisher": 1, "tags": [6]}
    assert out["error"]["0"]["title"] == "Invalid sort"
    assert out["gone"]["0"]["title"] == "Not found"
    assert "passing" not in tag_names(live)


def test_jsona(live: Any, node: Callable[[str], Any]) -> None:
    """J-4, J-5: documents that jsona wrote, and answers that it read, by fetch."""
    out = node("jsona.mjs")

    check_lists(out, live)
    check_linkage(out)
    created = out["created"]
    assert (created["title"], created["publisher"], created["tags"]) == ("From jsona", "2", ["book club"])
    assert out["updated"] == "Changed by jsona"
    assert stored(live, created["id"]) == {"title": "Changed by jsona", "publisher": 1, "tags": [6]}
    assert (out["deleted"], out["gone"]) == (204, 404)
    assert "passing" not in tag_names(live)


@pytest.fixture
def orbit(node: Callable[[str], Any]) -> Any:
    return node("orbit.mjs")


def test_orbit(live: Any, orbit: Any) -> None:
    """J-4, J-5, in Orbit's own records and queries; its list is paged by page[offset] and page[limit]."""
    assert {name: orbit[name] for name in DEAREST} == DEAREST
    assert orbit["publishers"] == ["1", "1"]
    assert orbit["tags"] == [1, 2]
    assert orbit["updated"] == "Changed by Orbit"
    assert (orbit["added"], orbit["removed"], orbit["replaced"]) == (["3", "4", "5"], ["4", "5"], ["6"])
    assert (orbit["publisher"], orbit["cleared"]) == ("1", None)
    assert stored(live, orbit["created"])["title"] == "Changed by Orbit"
    assert stored(live, orbit["created"])["publisher"] is None
    assert "passing" not in tag_names(live)
    assert orbit["gone"] is not None


def test_orbit_speaks_atomic(live: Any, orbit: Any) -> None:
    """A-2.6, A-4, A-11: local ids in data, references and relationships; a failure leaves nothing behind."""
    tag, book, changed, *others = orbit["results"]

    assert tag[0] == "tags"
    assert (book[0], book[2], changed[2]) == ("books", "In a batch", "Changed in a batch")
    assert book[1] == changed[1]
    assert others == [None] * 6
    made = int(tag[1])
    assert stored(live, book[1]) == {"title": "Changed in a batch", "publisher": 1, "tags": sorted([7, made])}
    assert stored(live, orbit["created"])["tags"] == [made]
    with live.session() as session:
        assert session.get(Tag, 38) is None
    assert orbit["failed"] == 409
    assert "never" not in tag_names(live)
