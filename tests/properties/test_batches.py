"""A batch of random operations leaves what the single requests would leave, or what was there before (A-4.2, A-4.3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert

from conftest import Shop, fresh_database, open_shop
from flask_restless.demo.models import Book, Tag, book_tags
from operations_url import send

METHODS = {"add": "POST", "update": "PATCH", "remove": "DELETE"}
Operation = dict[str, Any]

tag_ids = st.sampled_from(["1", "2", "3", "99"])
tag_names = st.sampled_from(["a", "b", "c", "new", "newer", ""]) | st.just(None)
members = st.lists(tag_ids, max_size=3).map(lambda ids: [{"type": "tags", "id": one} for one in ids])


def added(name: str | None) -> Operation:
    return {"op": "add", "data": {"type": "tags", "attributes": {} if name is None else {"name": name}}}


def changed(id_: str, name: str | None) -> Operation:
    data = {"type": "tags", "id": id_, "attributes": {} if name is None else {"name": name}}
    return {"op": "update", "ref": {"type": "tags", "id": id_}, "data": data}


def removed(id_: str) -> Operation:
    return {"op": "remove", "ref": {"type": "tags", "id": id_}}


def related(verb: str, book: str, data: Any) -> Operation:
    return {"op": verb, "ref": {"type": "books", "id": book, "relationship": "tags"}, "data": data}


OPERATIONS = st.lists(
    st.one_of(
        st.builds(added, tag_names),
        st.builds(added, st.sampled_from(["x", "y", "z", "new"])),
        st.builds(changed, tag_ids, tag_names),
        st.builds(removed, tag_ids),
        st.builds(related, st.sampled_from(["add", "update", "remove"]), st.sampled_from(["1", "2"]), members),
    ),
    min_size=1,
    max_size=6,
)


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"], scope="module")
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    with fresh_database(request.param) as engine:
        yield open_shop(engine)


def begin(shop: Shop) -> None:
    """Put three tags and two tagged books there, and no other tags."""
    with shop.session.begin() as session:
        session.execute(delete(book_tags))
        session.execute(delete(Tag))
        session.execute(insert(Tag), [{"id": n, "name": name} for n, name in ((1, "a"), (2, "b"), (3, "c"))])
        session.execute(insert(book_tags), [{"book_id": 1, "tag_id": 1}, {"book_id": 1, "tag_id": 2}])


def state(shop: Shop) -> Any:
    """Tell what is there: the names of all tags, and those of the two books."""
    with shop.session() as session:
        books = [session.get(Book, number) for number in (1, 2)]
        return sorted(tag.name for tag in session.query(Tag)), [sorted(one.name for one in book.tags) for book in books]


def single(shop: Shop, operation: Operation) -> int:
    """Send the single request that an operation stands for."""
    ref = operation.get("ref", {})
    path = "/".join(["/api", ref.get("type", "tags"), *([ref["id"]] if ref else [])])
    if "relationship" in ref:
        path += f"/relationships/{ref['relationship']}"
    method = METHODS[operation["op"]]
    if "data" not in operation:
        return shop.client.delete(path).status_code
    return shop.client.send(method, path, {"data": operation["data"]}).status_code


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(operations=OPERATIONS)
def test_a_batch_does_what_its_single_requests_do(shop: Shop, operations: list[Operation]) -> None:
    """All of them, in order; or, if one of them fails, none."""
    begin(shop)
    before = state(shop)
    statuses = []
    for operation in operations:
        statuses.append(single(shop, operation))
        if statuses[-1] >= 400:
            break
    one_by_one = state(shop)

    begin(shop)
    answer = send(shop, *operations)

    if statuses[-1] < 400:
        assert answer.status_code == 200, answer.text
        assert state(shop) == one_by_one
    else:
        assert 400 <= answer.status_code < 500, answer.text
        assert state(shop) == before
