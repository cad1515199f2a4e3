"""J-3.9.2, J-8.1: links are URI references whatever collections, relationships and ids are called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import Engine, ForeignKey, String, insert, update
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, sessionmaker

from conftest import CheckedClient, Shop, checked_client
from flask_restless import APIManager


class Base(DeclarativeBase):
    """The tables of this module."""


class Buyer(Base):
    """Somebody whose relationship has a name that no URL can hold as it is."""

    __tablename__ = "buyers"

    id: Mapped[int] = mapped_column(primary_key=True)
    bücher: Mapped[list[Item]] = relationship(back_populates="käufer")


class Item(Base):
    """Something with a key of words."""

    __tablename__ = "items"

    slug: Mapped[str] = mapped_column(String(20), primary_key=True)
    buyer_id: Mapped[int | None] = mapped_column(ForeignKey("buyers.id"))
    käufer: Mapped[Buyer | None] = relationship(back_populates="bücher")


@pytest.fixture
def client(sqlite: Engine) -> CheckedClient:
    """Collections whose names are no part of a URL as they are."""
    Base.metadata.create_all(sqlite)
    session = sessionmaker(sqlite)
    with session.begin() as filling:
        filling.add(Buyer(id=1, bücher=[Item(slug="a b"), Item(slug="c/d"), Item(slug="é?#%")]))
    app = Flask(__name__)
    manager = APIManager(app, session=session, url_prefix="/les données")
    manager.create_api(Buyer, methods=["GET", "POST", "PATCH"], collection_name="käufer")
    manager.create_api(Item, methods=["GET", "POST"], collection_name="gute bücher", allow_client_generated_ids=True)
    return checked_client(app)


PREFIX = "/les%20donn%C3%A9es"
BUYERS, ITEMS = f"{PREFIX}/k%C3%A4ufer", f"{PREFIX}/gute%20b%C3%BCcher"


def links_of(value: Any) -> Iterator[str]:
    """Give every link of a document."""
    if isinstance(value, list):
        for one in value:
            yield from links_of(one)
    if isinstance(value, dict):
        yield from (one for one in value.get("links", {}).values() if one is not None)
        for one in value.values():
            yield from links_of(one)


@pytest.mark.parametrize(
    "query",
    ["", "?include=b%C3%BCcher", "?include=b%C3%BCcher&includedPage%5Bb%C3%BCcher%5D%5Bsize%5D=1", "?page[size]=1"],
)
def test_every_link_leads_somewhere(client: CheckedClient, query: str) -> None:
    """J-3.4.8, J-3.5.2, J-3.9.2, J-4.1.1: links are percent-encoded, and can be followed."""
    waiting = [f"http://localhost{BUYERS}{query}", f"http://localhost{ITEMS}"]
    seen: set[str] = set()

    while waiting:
        url = waiting.pop()
        answer = client.get(url)
        assert answer.status_code == 200, url
        seen.add(url)
        waiting += set(links_of(answer.json)) - seen - set(waiting)

    assert any("relationships/b%C3%BCcher" in one for one in seen)


def test_links_in_both_ways_of_writing(client: CheckedClient) -> None:
    """J-3.9.2: objects that a browser asks for are written another way, with the same links."""
    plain, pretty = (client.get(ITEMS, headers={"Accept": one}) for one in ("*/*", "text/html, */*"))

    assert plain.json == pretty.json
    assert plain.json["data"][0]["relationships"]["käufer"]["links"]["related"].endswith("/k%C3%A4ufer")


def test_location_of_what_is_created(client: CheckedClient) -> None:
    """J-5.1.8, J-9.4: percent-encoded like the resource's own link."""
    document = {"data": {"type": "gute bücher", "id": "ä/ö"}}

    answer = client.send("POST", ITEMS, document)

    assert answer.status_code == 201
    assert (
        answer.headers["Location"] == answer.json["data"]["links"]["self"] == f"http://localhost{ITEMS}/%C3%A4%2F%C3%B6"
    )
    assert client.get(answer.headers["Location"]).json["data"]["id"] == "ä/ö"


def test_index_tells_urls(client: CheckedClient) -> None:
    """J-3.9.2: so do the URLs of the index."""
    answer = client.get(PREFIX).json

    assert answer["links"]["self"] == f"http://localhost{PREFIX}"
    assert answer["meta"]["modelinfo"]["käufer"]["url"] == BUYERS


def test_bytes_in_a_query_are_encoded_once(client: CheckedClient) -> None:
    """J-8.1, J-8.2: a query that was sent without percent-encoding is UTF-8, and the links say the same."""
    raw = "include=bücher".encode().decode("latin-1")

    answer = client.get(BUYERS, environ_overrides={"QUERY_STRING": raw})

    assert [one["type"] for one in answer.json["included"]] == ["gute bücher"] * 3
    assert answer.json["links"]["self"] == f"http://localhost{BUYERS}?include=b%C3%BCcher"


def test_mount_points_are_encoded(client: CheckedClient) -> None:
    """J-3.9.2: also the path at which a server has mounted the application."""
    answer = client.get(ITEMS, environ_overrides={"SCRIPT_NAME": "/d\u00c3\u00a9j\u00c3\u00a0"})

    assert answer.json["links"]["self"] == f"http://localhost/d%C3%A9j%C3%A0{ITEMS}"


@pytest.mark.parametrize("id_", ["", ".", ".."])
@pytest.mark.parametrize("place", ["id", "attribute"])
def test_ids_that_no_url_can_end_with(client: CheckedClient, id_: str, place: str) -> None:
    """J-3.5.2: what could never be fetched by its own link is not created."""
    data: dict[str, Any] = {"type": "gute bücher"}
    data |= {"id": id_} if place == "id" else {"attributes": {"slug": id_}}

    answer = client.send("POST", ITEMS, {"data": data})

    assert answer.status_code == 422
    pointer = "/data/id" if place == "id" else "/data/attributes/slug"
    assert answer.json["errors"][0]["source"] == {"pointer": pointer}


SLASHED = [
    "/x",
    "//",
    "x/",
    "x//y",
    "",
    "x\n/y\n",
    "x/käufer",
    "x/käufer/y",
    "relationships/käufer",
    "x%2Fy",
    "?#",
    "/käufer",
]


@pytest.mark.parametrize("id_", SLASHED)
def test_links_of_ids_with_slashes_lead_to_them(client: CheckedClient, sqlite: Engine, id_: str) -> None:
    """J-3.4.8, J-3.5.2: what an id holds is not taken for what is below another resource, nor left out."""
    with sqlite.begin() as connection:
        connection.execute(insert(Item), [{"slug": slug, "buyer_id": 1} for slug in {id_, id_.strip("/"), "x"}])
    found = client.get(f"{ITEMS}?filter[slug]={quote(id_, safe='')}").json["data"][0]

    own, linkage = client.get(found["links"]["self"]), client.get(found["relationships"]["käufer"]["links"]["self"])

    assert (own.status_code, own.json["data"]["type"], own.json["data"]["id"]) == (200, "gute bücher", id_)
    assert own.json["links"]["self"] == found["links"]["self"]
    assert linkage.json["links"] == found["relationships"]["käufer"]["links"]
    assert client.get(linkage.json["links"]["related"]).json["data"]["type"] == "käufer"


@pytest.mark.parametrize(
    ("path", "id_"), [("c/d", "c/d"), ("/x", "/x"), ("c/d/k%C3%A4ufer", "1"), ("c/d/relationships/k%C3%A4ufer", "1")]
)
def test_slashes_of_ids_without_the_url_as_it_was_sent(
    client: CheckedClient, sqlite: Engine, path: str, id_: str
) -> None:
    """J-3.5.2: WSGI servers need not tell it, and front ends may have decoded it; names tell the parts apart then."""
    with sqlite.begin() as connection:
        connection.execute(insert(Item), {"slug": "/x"})
        connection.execute(update(Item).values(buyer_id=1))

    answer = client.get(f"{ITEMS}/{path}", environ_overrides={"REQUEST_URI": "", "RAW_URI": ""})

    assert answer.json["data"]["id"] == id_


def test_self_link_of_what_is_created_keeps_the_query(shop: Shop) -> None:
    """J-3.1.8: it reproduces the document with what that includes; the resource's own is Location (J-5.1.8)."""
    document = {"data": {"type": "tags", "attributes": {"name": "never used"}}}

    answer = shop.client.send("POST", "/api/tags?include=books&fields[tags]=name", document)

    assert answer.json["data"]["links"]["self"] == answer.headers["Location"]
    again = shop.get(answer.json["links"]["self"]).json
    assert {name: again[name] for name in ("data", "included", "links")} == {
        name: answer.json[name] for name in ("data", "included", "links")
    }
