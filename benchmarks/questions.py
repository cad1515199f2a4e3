"""The work items, and how a contestant is asked each of them.

Contestants run in environments of their own, so this module needs the standard library alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

JSONAPI = "application/vnd.api+json"
ATOMIC = f'{JSONAPI};ext="https://jsonapi.org/ext/atomic"'
CURSOR = f'{JSONAPI};profile="https://jsonapi.org/profiles/ethanresnick/cursor-pagination/"'
NUMBER = b"@N@"
"""Stands in a body for a number that is another one each time: an equal PATCH would change nothing."""


@dataclass(frozen=True)
class Question:
    """A request."""

    path: str
    query: str = ""
    method: str = "GET"
    body: bytes = b""
    accept: str = JSONAPI
    content_type: str = JSONAPI


@dataclass(frozen=True)
class Item:
    """A work item: its title, the times by hand that we want to take at most, whether it writes."""

    key: str
    title: str
    bound: float
    writes: bool = False


ITEMS = (
    Item("one", "one article", 2.2),
    Item("20", "20", 1.8),
    Item("100", "100", 1.3),
    Item("100+author", "100 + author", 1.5),
    Item("50+3", "50 + author, comments, tags", 1.4),
    Item("1000", "1000", 1.25),
    Item("filter+sort", "20, filtered and sorted", 2.0),
    Item("deep", "20, deep page by offset", 2.0),
    Item("POST", "POST", 3.0, writes=True),
    Item("PATCH", "PATCH", 3.5, writes=True),
)
"""What everyone is asked."""

OWN_ITEMS = (
    Item("cursor", "20, deep page by cursor", 3.0),
    Item("export", "export of 100,000 rows", 1.5),
    Item("atomic-100", "100 adds in one request", 3.5, writes=True),
    Item("atomic-1000", "1000 adds in one request", 3.5, writes=True),
)
"""What only L1 and we are asked."""

SIZES = {"20": 20, "100": 100, "100+author": 100, "50+3": 50, "1000": 1000, "filter+sort": 20, "deep": 20, "cursor": 20}


def by_key() -> dict[str, Item]:
    """Give all items, in order, reading ones first."""
    return {item.key: item for item in sorted((*ITEMS, *OWN_ITEMS), key=lambda item: item.writes)}


def attributes() -> dict[str, object]:
    """Give those of a new article; its title differs each time."""
    return {
        "title": f"New {NUMBER.decode()}",
        "body": "Text",
        "views": 1,
        "published": True,
        "created_at": "2024-05-06T07:08:09",
    }


def resource(articles: str = "articles", authors: str = "authors") -> dict[str, object]:
    """Give the resource object of a new article by author 1, in the types' names."""
    author = {"data": {"type": authors, "id": "1"}}
    return {"type": articles, "attributes": attributes(), "relationships": {"author": author}}


def encoded(document: object) -> bytes:
    """Render compactly."""
    return json.dumps(document, separators=(",", ":")).encode()


def standard(
    articles: int,
    *,
    collection: str = "/api/articles",
    ending: str = "",
    types: tuple[str, str] = ("articles", "authors"),
    size: Callable[[int], str] = "page[size]={}".format,
    place: Callable[[int, int], str] = lambda number, _offset: f"page[number]={number}",
    filtered: str = "filter[published]=true",
) -> dict[str, Question]:
    """Ask everyone's items in JSON:API's way, of a database of so many articles.

    `size`, `place`, `filtered`, the `ending` of paths and the names of `types` are what a contestant spells in its own
    way; `place` gets the number of the page and its offset.
    """
    number = articles * 19 // 20 // 20 + 1
    change = {"type": types[0], "id": "7", "attributes": {"title": f"Changed {NUMBER.decode()}"}}
    pages = {
        "20": size(20),
        "100": size(100),
        "100+author": f"{size(100)}&include=author",
        "50+3": f"{size(50)}&include=author,comments,tags",
        "1000": size(1000),
        "filter+sort": f"{size(20)}&{filtered}&sort=-title",
        "deep": f"{size(20)}&{place(number, (number - 1) * 20)}",
    }
    return {
        "one": Question(f"{collection}/7{ending}"),
        **{key: Question(f"{collection}{ending}", query) for key, query in pages.items()},
        "POST": Question(f"{collection}{ending}", method="POST", body=encoded({"data": resource(*types)})),
        "PATCH": Question(f"{collection}/7{ending}", method="PATCH", body=encoded({"data": change})),
    }
