"""jsonapi-client (Python): a session with a schema, in its synchronous and its asynchronous mode."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from jsonapi_client import Filter, Inclusion, Modifier, ResourceTuple, Session
from jsonapi_client.exceptions import DocumentError

from flask_restless.demo import models

TEXT = {"type": "string"}
SCHEMA = {
    "publishers": {"properties": {"name": TEXT}},
    "tags": {"properties": {"name": TEXT}},
    "books": {
        "properties": {
            "title": TEXT,
            "price": TEXT,
            "publisher": {"relation": "to-one", "resource": ["publishers"]},
            "tags": {"relation": "to-many", "resource": ["tags"]},
        }
    },
}
DOCUMENTS = {"headers": {"Prefer": "return=representation"}}
"""The synchronous mode reads a document from every answer, so it has to ask for one where 204 would do."""


@pytest.fixture
def session(live: Any) -> Iterator[Any]:
    found = Session(live.url, schema=SCHEMA, request_kwargs=DOCUMENTS)
    yield found
    found.close()


def stored(live: Any, id_: str) -> Any:
    with live.session() as session:
        book = session.get(models.Book, int(id_))
        return book and (book.title, book.publisher.id, sorted(tag.id for tag in book.tags))


def test_lists(live: Any, session: Any) -> None:
    """J-4, J-4.6.5: filtered, sorted, with what is included; pages by their links."""
    query = Filter(publisher="1") + Inclusion("publisher", "tags") + Modifier("sort=-price&page[size]=2")

    document = session.get("books", query)
    following = document.links.next.fetch()

    assert [book.price for book in document.resources] == ["43.99", "22.50"]
    assert [book.price for book in following.resources] == ["20.95", "19.00"]
    with live.session() as own:
        for book in document.resources:
            row = own.get_one(models.Book, int(book.id))
            assert book.publisher.name == row.publisher.name
            assert sorted(tag.name for tag in book.tags) == sorted(tag.name for tag in row.tags)
    assert len(list(session.iterate("tags"))) == 38


def test_links_lead_to_what_is_related(live: Any, session: Any) -> None:
    """R-8, J-3.4.8: nothing is included, so the client follows the links of the relationships."""
    book = session.get("books", "1").resource

    with live.session() as own:
        row = own.get_one(models.Book, 1)
        assert book.publisher.name == row.publisher.name
        assert [tag.name for tag in book.tags] == [tag.name for tag in row.tags]


def test_create_update_delete(live: Any, session: Any) -> None:
    """J-5.1, J-5.2, J-5.4.1: relating goes by the update of a resource."""
    book = session.create("books")
    book.title, book.price = "From jsonapi-client", "12.50"
    book.publisher, book.tags = ResourceTuple("2", "publishers"), ["3"]
    book.commit()
    assert stored(live, book.id) == ("From jsonapi-client", 2, [3])

    book.title = "Changed"
    book.publisher = "1"
    book.tags = ["4", "5"]
    book.commit()
    assert (book.title, book.price) == ("Changed", "12.50")
    assert stored(live, book.id) == ("Changed", 1, [4, 5])

    book.tags += [ResourceTuple("6", "tags")]
    book.commit()
    assert stored(live, book.id) == ("Changed", 1, [4, 5, 6])

    id_ = book.id
    book.delete()
    book.commit()
    assert stored(live, id_) is None


def test_mistakes_are_told(session: Any) -> None:
    """J-7: the client raises with the status."""
    with pytest.raises(DocumentError) as raised:
        session.get("books", Modifier("sort=nothing"))

    assert raised.value.errors == {"status_code": 400}


def test_asynchronous_mode_reads_a_204(live: Any) -> None:
    """J-9.3: without any preference."""

    async def make_and_delete() -> tuple[str, list[str]]:
        async with Session(live.url, schema=SCHEMA, enable_async=True) as session:
            document = await session.get("books", Modifier("sort=-price&page[size]=2&filter[publisher]=1"))
            tag = session.create("tags")
            tag.name = "passing"
            await tag.commit()
            id_ = tag.id
            tag.delete()
            await tag.commit()
            return id_, [book.price for book in document.resources]

    id_, prices = asyncio.run(make_and_delete())

    assert prices == ["43.99", "22.50"]
    with live.session() as own:
        assert own.get(models.Tag, int(id_)) is None
