"""jsonapi-requests (Python): its object mapper, and its plain endpoints for relationships."""

from __future__ import annotations

from typing import Any

import pytest
from jsonapi_requests import JsonApiObject, orm
from jsonapi_requests.request_factory import ApiClientError

from flask_restless.demo import models


@pytest.fixture
def api(live: Any) -> Any:
    return orm.OrmApi.config({"API_ROOT": live.url, "APPEND_SLASH": False, "TIMEOUT": 10})


@pytest.fixture
def classes(api: Any) -> Any:
    """The client's own model classes: publishers, tags, books."""

    class Publisher(orm.ApiModel):
        class Meta:
            type = "publishers"

        name = orm.AttributeField("name")

    class Tag(orm.ApiModel):
        class Meta:
            type = "tags"

        name = orm.AttributeField("name")

    class Book(orm.ApiModel):
        class Meta:
            type = "books"

        title = orm.AttributeField("title")
        price = orm.AttributeField("price")
        publisher = orm.RelationField("publisher")
        tags = orm.RelationField("tags")

    for one in (Publisher, Tag, Book):
        one._options.api = api
        api.type_registry.register(one)
    return Publisher, Tag, Book


def stored(live: Any, id_: str) -> Any:
    with live.session() as session:
        book = session.get(models.Book, int(id_))
        return book and (book.title, book.publisher.id, sorted(tag.id for tag in book.tags))


def test_lists(live: Any, classes: Any) -> None:
    """J-4: filtered, sorted, paged, with what is included; R-8: a single resource is loaded by its own URL."""
    _, _, Book = classes
    query = {"filter[publisher]": "1", "sort": "-price", "page[size]": "2", "include": "publisher,tags"}

    first, second = (Book.get_list(params={**query, "page[number]": number}) for number in "12")

    assert [book.price for book in (*first, *second)] == ["43.99", "22.50", "20.95", "19.00"]
    with live.session() as session:
        for book in first:
            own = session.get_one(models.Book, int(book.id))
            assert book.publisher.name == own.publisher.name
            assert sorted(tag.name for tag in book.tags) == sorted(tag.name for tag in own.tags)
        assert Book.from_id("1").title == session.get_one(models.Book, 1).title


def test_create_update_delete(live: Any, classes: Any) -> None:
    """J-5.1, J-5.2, J-5.4; an update sends back what was fetched, so only writable fields are fetched for it."""
    Publisher, Tag, Book = classes
    book = Book()
    book.title, book.price = "From jsonapi-requests", "12.50"
    book.publisher, book.tags = Publisher.from_id("2"), [Tag.from_id("3")]

    book.save()
    assert stored(live, book.id) == ("From jsonapi-requests", 2, [3])

    (again,) = Book.get_list(params={"filter[id]": book.id, "fields[books]": "title,price"})
    again.title = "Changed"
    again.publisher, again.tags = Publisher.from_id("1"), [Tag.from_id("4"), Tag.from_id("5")]
    again.save()
    assert again.title == "Changed"
    assert stored(live, book.id) == ("Changed", 1, [4, 5])

    again.delete()
    assert stored(live, book.id) is None
    assert not Book.exists(book.id)


def test_relationship_urls(live: Any, api: Any) -> None:
    """J-5.3: every verb; the answers are 204 without a body."""
    tags = api.endpoint("books/1/relationships/tags")
    refs = [JsonApiObject(type="tags", id=number) for number in ("3", "4", "5")]

    for verb, members, expected in (("patch", refs[:1], [3]), ("post", refs, [3, 4, 5]), ("delete", refs[1:2], [3, 5])):
        answer = getattr(tags, verb)(json={"data": [one.as_data() for one in members]})
        assert answer.status_code == 204
        assert stored(live, "1")[2] == expected
        assert sorted(one.id for one in tags.get().data) == [str(one) for one in expected]
    api.endpoint("books/1/relationships/publisher").patch(object=JsonApiObject(type="publishers", id="2"))
    assert stored(live, "1")[1] == 2


def test_mistakes_are_told(api: Any) -> None:
    """J-7: the client raises with the document that says what is wrong."""
    with pytest.raises(ApiClientError) as raised:
        api.endpoint("books").get(params={"sort": "nothing"})

    assert raised.value.status_code == 400
    assert b'"parameter":"sort"' in raised.value.content
