"""Ids that no row can have, in writes: missing, on every database, and never refused by the driver (T36)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from classic_models import open_classic_bookshop
from conftest import Shop, fresh_database, open_shop

WIDE = [2**31, 2**63 - 1]


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mariadb"])
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    with fresh_database(request.param) as engine:
        yield open_shop(engine)


def refers(type_: str, id_: int) -> dict[str, Any]:
    return {"type": type_, "id": str(id_)}


@pytest.mark.parametrize("id_", WIDE)
@pytest.mark.parametrize("type_", ["books", "employees"])
def test_a_write_of_such_a_row_is_404(shop: Shop, type_: str, id_: int) -> None:
    """T36."""
    path = f"/api/{type_}/{id_}"

    assert shop.client.send("PATCH", path, {"data": refers(type_, id_)}).status_code == 404
    assert shop.client.delete(path).status_code == 404


@pytest.mark.parametrize("id_", WIDE)
def test_a_link_to_such_a_row_is_404(shop: Shop, id_: int) -> None:
    """T36, J-5.1.6: the to-one relationship, several members, and a composite key."""
    links = {
        "publisher": refers("publishers", id_),
        "authors": [refers("authors", id_), refers("authors", 1)],
        "shelf": {"type": "shelves", "id": f"A,{id_}"},
    }
    for name, data in links.items():
        answer = shop.client.send("PATCH", f"/api/books/1/relationships/{name}", {"data": data})

        assert (answer.status_code, answer.json["errors"][0]["code"]) == (404, "related-not-found"), name


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mariadb"])
def test_over_the_classic_protocol_too(kind: str) -> None:
    """T36: the object itself, and one that it is to refer to."""
    with fresh_database(kind) as engine:
        client = open_classic_bookshop(engine)
        for id_ in WIDE:
            assert client.send("PATCH", f"/api/books/{id_}", {"title": "x"}).status_code == 404
            assert client.delete(f"/api/books/{id_}").status_code == 404
            assert client.send("PATCH", "/api/books/1", {"publisher": {"id": id_}}).status_code == 400
