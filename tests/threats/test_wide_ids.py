"""Ids that no row can have, in writes: missing, on every database, and never refused by the driver (T36).

And ids of 64 bits without a sign, which rows of MariaDB can have.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from classic_models import open_classic_bookshop
from conftest import JSONAPI, Shop, checked_client, fresh_database, open_shop
from flask_restless.cli.serve import database_app

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


BY_CURSOR = f'{JSONAPI};profile="https://jsonapi.org/profiles/ethanresnick/cursor-pagination/"'
UNSIGNED = [2**63, 2**64 - 1]


def test_ids_without_a_sign() -> None:
    """T36: in URLs, filters, linkage, pages by cursor and writes; those beyond match nothing, or are refused."""
    with fresh_database("mariadb") as engine:
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE seas (id BIGINT UNSIGNED PRIMARY KEY, depth BIGINT UNSIGNED)"))
            connection.execute(
                text("CREATE TABLE ships (id INTEGER PRIMARY KEY, sea_id BIGINT UNSIGNED REFERENCES seas (id))")
            )
            connection.execute(text("INSERT INTO ships VALUES (1, NULL)"))
        app, _ = database_app(engine, True, None, (), "")
        client = checked_client(app)
        for id_ in UNSIGNED:
            new = {"data": {**refers("seas", id_), "attributes": {"depth": id_}}}
            assert client.send("POST", "/api/seas", new).status_code == 201
            tie = client.send("PATCH", "/api/ships/1/relationships/sea", {"data": refers("seas", id_)})
            assert tie.status_code == 204

            assert client.get("/api/ships/1?include=sea").json["included"][0]["attributes"] == {"depth": id_}
            for query in (f"filter[depth]={id_}", f"filter[depth][ge]={id_}&sort=id", f"filter[id]={id_}"):
                assert client.get(f"/api/seas?{query}").json["data"][0]["id"] == str(id_), query
            assert [one["id"] for one in client.get(f"/api/ships?filter[sea]={id_}").json["data"]] == ["1"]

        page = client.get("/api/seas?sort=-depth&page[size]=1", headers={"Accept": BY_CURSOR}).json
        pages = [page]
        while pages[-1]["links"].get("next"):
            pages.append(client.get(pages[-1]["links"]["next"]).json)
        assert [one["data"][0]["id"] for one in pages] == [str(id_) for id_ in reversed(UNSIGNED)]
        assert client.get(f"/api/seas/{2**64}").status_code == 404
        assert client.get(f"/api/seas?filter[depth]={2**64}").status_code == 400
        assert client.send("POST", "/api/seas", {"data": refers("seas", 2**64)}).status_code == 422
        assert client.delete(f"/api/seas/{UNSIGNED[0]}").status_code == 204
