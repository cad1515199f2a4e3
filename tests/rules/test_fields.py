"""Field and relationship rules: a hidden name is answered exactly as if it were excluded, whoever hides it and when."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from flask import request
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from conftest import Shop, counted
from flask_restless import IllegalArgumentError, ProcessingException, Rules
from flask_restless.demo.models import Author, Book, Employee, Publisher
from ruled import PROTOCOLS, fill, serve

HIDDEN = ("stock", "price")
SHOWN = ("title", "isbn", "pages", "subtitle", "published_on", "publisher", "authors", "cover")

KINDS = {
    "static": lambda: list(SHOWN),
    "dynamic": lambda: lambda: [*SHOWN, *(HIDDEN if request.headers.get("X-Caller") == "admin" else ())],
}


def _objects(*conditions: dict[str, Any]) -> str:
    return "filter[objects]=" + quote(json.dumps(list(conditions)))


def _requests(name: str) -> list[tuple[str, str, Any]]:
    """Give every way to name an attribute of books."""
    to_book = {"name": name, "op": "gt", "val": 1}
    return [
        ("GET", f"/api/books?fields[books]={name}", None),
        ("GET", f"/api/books?fields[books]=title,{name}", None),
        ("GET", f"/api/books?sort={name}", None),
        ("GET", f"/api/books?sort=-{name},title", None),
        ("GET", f"/api/books?filter[{name}]=1", None),
        ("GET", f"/api/books?filter[{name}][isnull]=true", None),
        ("GET", f"/api/books?include={name}", None),
        ("GET", f"/api/books?{_objects(to_book)}", None),
        ("GET", f"/api/books?{_objects({'name': 'pages', 'op': 'gt', 'field': name})}", None),
        ("GET", f"/api/books?{_objects({'or': [{'not': to_book}]})}", None),
        ("GET", f"/api/authors?filter[books.{name}]=1", None),
        ("GET", f"/api/authors?include=books&fields[books]={name}", None),
        ("GET", f"/api/authors?{_objects({'name': 'books', 'op': 'any', 'val': to_book})}", None),
        ("GET", f"/api/authors?{_objects({'count': 'books', 'op': 'gt', 'val': 1, 'where': to_book})}", None),
        ("GET", f"/api/publishers/1/books?sort={name}", None),
        ("GET", f"/api/covers?sort=book.{name}", None),
        ("GET", f"/api/books/1/{name}", None),
        ("GET", f"/api/books/1/relationships/{name}", None),
        ("PATCH", "/api/books/1", {"data": {"type": "books", "id": "1", "attributes": {name: 1}}}),
        ("POST", "/api/books", {"data": {"type": "books", "attributes": {"title": "x", name: 1}}}),
        ("POST", "/api/books", {"data": {"type": "books", "relationships": {name: {"data": None}}}}),
        ("GET", "/api/books", None),
        ("GET", "/api/authors?include=books", None),
    ]


@pytest.fixture(params=sorted(KINDS))
def shops(request: pytest.FixtureRequest, filled: tuple[Engine, sessionmaker[Session]]) -> tuple[Shop, Shop]:
    """Books of which rules hide fields, and books that exclude them; of one database."""
    database, session = filled
    names = KINDS[request.param]
    rules = Rules(readable=names(), creatable=names(), updatable=names())
    excluding = {"only": SHOWN}
    return (
        serve(database, session, {Book: {"rules": rules}, Author: {"methods": ["GET"]}}),
        serve(database, session, {Book: excluding, Author: {"methods": ["GET"]}}),
    )


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", HIDDEN)
def test_a_hidden_field_is_as_good_as_excluded(shops: tuple[Shop, Shop], name: str, protocol: str) -> None:
    """T01 to T04, T11: byte for byte, and after the same statements, which do not hold the column."""
    ruled, excluding = shops
    for method, path, document in _requests(name):
        with counted(ruled.engine) as statements:
            found = ruled.client.send(method, path, document) if document else ruled.client.get(path)
        with counted(ruled.engine) as others:
            expected = excluding.client.send(method, path, document) if document else excluding.client.get(path)
        assert (found.status_code, found.data) == (expected.status_code, expected.data), path
        assert len(statements) == len(others), path
        assert found.status_code == 200 or not statements.texts, path
        assert not any(f"books.{name}" in one for one in statements.texts), path


def test_what_is_hidden_depends_on_the_caller(filled: tuple[Engine, sessionmaker[Session]]) -> None:
    """Two callers, one URL: neither gets what was parsed, planned or rendered for the other."""
    names = KINDS["dynamic"]
    shop = serve(*filled, {Book: {"rules": Rules(readable=names())}})
    admin = {"X-Caller": "admin"}

    for _ in range(2):
        for path in ("/api/books?sort=title", "/api/authors?include=books", "/api/publishers/1/books"):
            seen = shop.get(path, headers=admin).json
            hidden = shop.get(path).json
            for document, expected in ((seen, True), (hidden, False)):
                books = [one for one in [*document["data"], *document.get("included", ())] if one["type"] == "books"]
                assert books
                assert all(("price" in one["attributes"]) is expected for one in books)
        assert shop.get("/api/books?sort=price", headers=admin).status_code == 200
        assert shop.get("/api/books?sort=price").status_code == 400


def test_fields_that_may_only_be_written(sqlite: Engine) -> None:
    """A password: given on creation, never sent, searched or named; unknown to a change."""
    rules = Rules(readable=["name", "full_name", "books"], creatable=["name", "born"], updatable=["name"])
    shop = serve(sqlite, fill(sqlite), {Author: {"rules": rules}})
    data = {"type": "authors", "attributes": {"name": "Somebody", "born": "1970-01-01"}}

    created = shop.client.send("POST", "/api/authors", {"data": data})
    id_ = created.json["data"]["id"]
    change = {"data": {"type": "authors", "id": id_, "attributes": {"born": "1971-01-01"}}}

    assert created.status_code == 201
    assert "born" not in created.json["data"]["attributes"]
    assert shop.client.send("PATCH", f"/api/authors/{id_}", change).json["errors"][0]["code"] == "unknown-field"
    for query in ("sort=born", "filter[born]=1970-01-01", "fields[authors]=born"):
        assert shop.get(f"/api/authors?{query}").status_code == 400
    with shop.session() as session:
        assert str(session.get(Author, int(id_)).born) == "1970-01-01"


@pytest.mark.parametrize(
    ("rules", "method", "path", "data", "code"),
    [
        (Rules(filterable=["title"]), "GET", "/api/books?filter[pages]=1", None, "invalid-filter"),
        (Rules(filterable=["title"]), "GET", "/api/books?filter[authors.name]=x", None, "invalid-filter"),
        (Rules(sortable=["title"]), "GET", "/api/books?sort=pages", None, "invalid-sort"),
        (Rules(sortable=["title"]), "GET", "/api/books?sort=publisher.name", None, "invalid-sort"),
        (Rules(includable=["authors"]), "GET", "/api/books?include=publisher", None, "invalid-include"),
        (Rules(includable=["authors"]), "GET", "/api/books/1/publisher", None, "unknown-url"),
        (Rules(includable=["authors"]), "GET", "/api/books?filter[publisher.name]=x", None, "unknown-field"),
        (Rules(addable=[]), "POST", "/api/books/1/relationships/tags", [], "not-writable"),
        (Rules(removable=[]), "DELETE", "/api/books/1/relationships/tags", [], "removal-forbidden"),
        (Rules(replaceable=[]), "PATCH", "/api/books/1/relationships/tags", [], "replacement-forbidden"),
        (Rules(updatable=["title"]), "PATCH", "/api/books/1/relationships/publisher", None, "not-writable"),
    ],
)
def test_each_rule_refuses_what_it_is_about(
    sqlite: Engine, rules: Rules, method: str, path: str, data: Any, code: str
) -> None:
    """A field that may be seen, but not used like that, is refused; also where the rule is asked per request."""
    session = fill(sqlite)
    allowed = serve(sqlite, session, {})
    for one in (rules, _asked(rules)):
        shop = serve(sqlite, session, {Book: {"rules": one}})

        answer = shop.client.get(path) if method == "GET" else shop.client.send(method, path, {"data": data})

        assert answer.json["errors"][0]["code"] == code
    if method == "GET":
        assert allowed.get(path).status_code == 200


def _asked(rules: Rules) -> Rules:
    names = {name: value for name, value in vars(rules).items() if isinstance(value, frozenset)}
    return Rules(**{name: (lambda given: lambda: given)(value) for name, value in names.items()})


def test_default_includes_that_a_rule_hides_fall_away(sqlite: Engine) -> None:
    rules = Rules(includable=lambda: ["publisher"] if "X-Caller" in request.headers else [])
    shop = serve(sqlite, fill(sqlite), {Book: {"rules": rules, "includes": ["publisher.country"]}})

    assert "included" not in shop.get("/api/books").json
    assert shop.get("/api/books", headers={"X-Caller": "x"}).json["included"]


def test_what_a_rule_raises_is_the_answer(sqlite: Engine) -> None:
    """A rule that finds nobody logged in answers 401, before anything is parsed or run."""

    def names() -> list[str]:
        raise ProcessingException(detail="log in", status=401)

    shop = serve(sqlite, fill(sqlite), {Book: {"rules": Rules(readable=names)}})

    with shop.counted() as statements:
        answer = shop.get("/api/books")

    assert answer.status_code == 401
    assert not statements.texts


def test_hidden_values_are_not_shown_by_a_proxy_of_another_resource(sqlite: Engine) -> None:
    """T02: an association proxy of values shows no more than the API that it draws on."""
    from flask_restless.demo.models import Tag

    session = fill(sqlite)
    for rules in (Rules(readable=["books"]), Rules(scope=lambda Tag: Tag.id > 1)):
        shop = serve(sqlite, session, {Tag: {"rules": rules}})

        assert "tag_names" not in shop.get("/api/books/1").json["data"]["attributes"]
        assert shop.get("/api/books?fields[books]=tag_names").status_code == 400
    assert "tag_names" in serve(sqlite, session, {}).get("/api/books/1").json["data"]["attributes"]


def test_a_serializer_of_ones_own_is_told_the_fields(sqlite: Engine) -> None:
    given: list[Any] = []

    class Plain:
        def serialize(self, instance: Any, only: Any = None) -> dict[str, Any]:
            given.append(only)
            return {"type": "publishers", "id": str(instance.id), "attributes": {"name": instance.name}}

    options = {"rules": Rules(readable=["name"]), "serializer": Plain()}
    shop = serve(sqlite, fill(sqlite), {Publisher: options})

    shop.get("/api/publishers/1")

    assert given == [["name"]]


@pytest.mark.parametrize(
    ("rules", "hint"),
    [
        (lambda: Rules(readable="name"), "list of field names"),
        (lambda: Rules(readable=["nothing"]), "does not have"),
        (lambda: Rules(scope=True), "takes a function"),
        (lambda: Rules(readable=[1]), "neither a field name"),
        (lambda: {"readable": ["name"]}, "Rules value"),
    ],
)
def test_wrong_rules_are_refused_at_registration(sqlite: Engine, rules: Any, hint: str) -> None:
    session = fill(sqlite)
    with pytest.raises(IllegalArgumentError, match=hint):
        serve(sqlite, session, {Employee: {"rules": rules()}})
