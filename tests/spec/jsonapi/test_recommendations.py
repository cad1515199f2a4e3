"""R-1 to R-12: the recommendations page of the standard, and docs/explanation/recommendations.md about it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Date, DateTime, Engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker

from conftest import Shop, checked_client
from flask_restless import APIManager

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "recommendations.md"


class Base(DeclarativeBase):
    pass


class Moment(Base):
    __tablename__ = "moments"
    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date)
    here: Mapped[datetime] = mapped_column(DateTime)
    anywhere: Mapped[datetime] = mapped_column(DateTime(timezone=True))


def test_names_are_those_of_the_model(shop: Shop) -> None:
    """R-1, J-6.3.3: columns keep their names; every name that the server makes up is camelCase."""
    document = shop.get("/api/books?page[size]=1").json

    assert "published_on" in document["data"][0]["attributes"]
    for names in (document["meta"], document["links"], document["jsonapi"]):
        assert all(re.fullmatch("[a-z][a-zA-Z0-9]*[a-z]", name) for name in names)


def test_urls(shop: Shop) -> None:
    """R-2, R-3, R-4, R-5: collection, resource, relationship, related."""
    book = shop.get("/api/books?filter[id]=1").json["data"][0]

    assert shop.get("/api/books").json["links"]["self"] == "http://localhost/api/books"
    assert book["links"] == {"self": "http://localhost/api/books/1"}
    assert book["relationships"]["authors"]["links"] == {
        "self": "http://localhost/api/books/1/relationships/authors",
        "related": "http://localhost/api/books/1/authors",
    }


def test_self_is_the_url_of_the_resource_itself(shop: Shop) -> None:
    """R-6: however it was fetched."""
    (author, *_) = shop.get("/api/books/1/authors").json["data"]
    included = shop.get("/api/books/1?include=authors").json["included"]
    publisher = shop.get("/api/books/1/publisher").json

    assert author["links"]["self"] == f"http://localhost/api/authors/{author['id']}"
    assert author["links"] in [one["links"] for one in included]
    assert publisher["data"]["links"]["self"] == f"http://localhost/api/publishers/{publisher['data']['id']}"
    assert publisher["links"]["self"] == "http://localhost/api/books/1/publisher"


def test_links_are_sent(shop: Shop) -> None:
    """R-8: of the document, of its pages, of each resource, of each relationship."""
    document = shop.get("/api/books?page[size]=1&include=authors").json

    assert {"self", "first", "last", "next"} <= set(document["links"])
    for one in [*document["data"], *document["included"]]:
        assert "self" in one["links"]
        assert all({"self", "related"} <= set(each["links"]) for each in one.get("relationships", {}).values())


def test_methods_are_not_overridden(shop: Shop) -> None:
    """R-9, T13: a header that makes a PATCH of a POST is not heeded."""
    change = {"data": {"type": "tags", "id": "1", "attributes": {"name": "overridden"}}}
    for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        answer = shop.client.send("POST", "/api/tags/1", change, headers={header: "PATCH"})
        assert answer.status_code == 405
        assert shop.get("/api/tags", headers={header: "DELETE"}).status_code == 200

    assert shop.get("/api/tags?filter[name]=overridden").json["data"] == []


def test_dates_and_times(database: Engine) -> None:
    """R-10: ISO 8601; with Z or an offset where a zone is known, without where none is."""
    Base.metadata.create_all(database)
    app = Flask("moments")
    APIManager(app, session=sessionmaker(database)).create_api(Moment, methods=["GET", "POST"])
    moment = datetime(2024, 2, 29, 23, 30, tzinfo=timezone(timedelta(hours=2)))
    attributes: dict[str, Any] = {
        "day": "2024-02-29",
        "here": "2024-02-29T23:30:00",
        "anywhere": moment.isoformat(),
    }

    answer = checked_client(app).send("POST", "/api/moments", {"data": {"type": "moments", "attributes": attributes}})

    found = answer.json["data"]["attributes"]
    assert (found["day"], found["here"]) == ("2024-02-29", "2024-02-29T23:30:00")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)?", found["anywhere"])
    known = datetime.fromisoformat(found["anywhere"])
    if database.dialect.name == "postgresql":
        assert known == moment
    else:
        assert known.replace(tzinfo=known.tzinfo or UTC).date() == date(2024, 2, 29)


def test_creating_is_never_left_for_later(shop: Shop) -> None:
    """R-11: nothing is asynchronous, so there is no job to look at; R-12: nor a profile of our own."""
    answer = shop.client.send("POST", "/api/tags", {"data": {"type": "tags", "attributes": {"name": "at once"}}})

    assert answer.status_code == 201
    assert "Content-Location" not in answer.headers
    assert "Retry-After" not in answer.headers
    assert "profile" not in answer.headers["Content-Type"]


def test_every_recommendation_has_its_line() -> None:
    """R-1 to R-12: followed, or the reason why not."""
    page = PAGE.read_text()

    assert re.findall(r"^\| R-(\d+) ", page, re.MULTILINE) == [str(number) for number in range(1, 13)]
