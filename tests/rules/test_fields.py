"""Field and relationship rules: a hidden name is answered exactly as if it were excluded, whoever hides it and when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import request
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from conftest import JSONAPI, Shop, counted
from flask_restless import IllegalArgumentError, ProcessingException, Rules
from flask_restless.demo.models import Author, Book, Employee, Publisher, Tag
from readings import CSV, parameter
from ruled import PROTOCOLS, fill, serve

ATOMIC = f'{JSONAPI};ext="https://jsonapi.org/ext/atomic"'
HIDDEN = ("stock", "price", "tags")
SHOWN = ("title", "isbn", "pages", "subtitle", "published_on", "publisher", "authors", "cover")

KEYS = {"jsonapi": (), "classic": ("id",)}
"""The attributes that are keys, where they are fields like others."""

KINDS: dict[str, Callable[[tuple[str, ...]], Any]] = {
    "static": lambda keys: [*keys, *SHOWN],
    "dynamic": lambda keys: lambda: [*keys, *SHOWN, *(HIDDEN if request.headers.get("X-Caller") == "admin" else ())],
}


Request = tuple[str, str, Any]
"""Method, path and document of a request."""

BOTH = {"title": "x", "price": "1.00"}


def _of_jsonapi(name: str) -> list[Request]:
    """Give every way to name a field of books."""
    to_book = {"name": name, "op": "gt", "val": 1}
    lists = [
        *(f"fields[books]={name}", f"fields[books]=title,{name}", f"excludedFields[books]={name}"),
        *(f"sort={name}", f"sort=-{name},title", f"sort={name}&sortNulls[{name}]=first", "sort=title&ignoreCase=true"),
        *(f"filter[{name}]=1", f"filter[{name}][isnull]=true", f"include={name}", f"withCount={name}"),
        *(f"groupBy={name}", f"groupBy=title,{name}", f"include=authors&includedPage[{name}][size]=1"),
        parameter("filter[objects]", [to_book]),
        parameter("filter[objects]", [{"name": "pages", "op": "gt", "field": name}]),
        parameter("filter[objects]", [{"or": [{"not": to_book}]}]),
        parameter("filter[objects]", [{"count": name, "op": "gt", "val": 1}]),
    ]
    of_authors = [
        *(f"filter[books.{name}]=1", f"include=books&fields[books]={name}", f"include=books.{name}"),
        *(f"include=books&includedSort[books]={name}", f"include=books&includedFilter[books][{name}]=1"),
        *(f"include=books&withCount=books.{name}", f"sort=books.{name}"),
        parameter("filter[objects]", [{"name": "books", "op": "any", "val": to_book}]),
        parameter("filter[objects]", [{"count": "books", "op": "gt", "val": 1, "where": to_book}]),
    ]
    of_functions = [
        parameter("functions", [{"name": one, "field": name}]) for one in ("count", "sum", "avg", "min", "nothing")
    ]
    change, new = {"type": "books", "id": "1"}, {"type": "books"}
    batch = {"op": "update", "ref": {**change, "relationship": name}, "data": None}
    return [
        *[("GET", f"/api/books?{one}", None) for one in lists],
        *[("GET", f"/api/authors?{one}", None) for one in of_authors],
        *[("GET", f"/api/eval/books?{one}", None) for one in of_functions],
        ("GET", f"/api/eval/books?{of_functions[0].replace(name, 'id')}&filter[{name}]=1", None),
        ("GET", f"/api/publishers/1/books?sort={name}", None),
        ("GET", f"/api/covers?sort=book.{name}", None),
        ("GET", f"/api/covers?groupBy=book.{name}", None),
        ("GET", f"/api/books/1/{name}", None),
        ("GET", f"/api/books/1/{name}/1", None),
        ("GET", f"/api/books/1/relationships/{name}", None),
        ("POST", f"/api/books/1/relationships/{name}", {"data": []}),
        ("PATCH", f"/api/books/1/relationships/{name}", {"data": None}),
        ("PATCH", "/api/books/1", {"data": {**change, "attributes": {name: 1}}}),
        ("PATCH", "/api/books/1", {"data": {**change, "relationships": {name: {"data": None}}}}),
        ("POST", "/api/books", {"data": {**new, "attributes": {"title": "x", name: 1}}}),
        ("POST", "/api/books", {"data": {**new, "relationships": {name: {"data": None}}}}),
        ("POST", "/api/operations", {"atomic:operations": [batch]}),
        ("POST", "/api/operations", {"atomic:operations": [{"op": "add", "data": {**new, "attributes": {name: 1}}}]}),
        ("GET", "/api/books", None),
        ("GET", "/api/books as text/csv", None),
        ("GET", f"/api/books?sort={name} as text/csv", None),
        ("GET", "/api/publishers/1/books as application/x-ndjson", None),
        ("GET", "/api/authors?include=books", None),
    ]


def _of_classic(name: str) -> list[Request]:
    """Give every way to name a field of books."""
    to_book = {"name": name, "op": "gt", "val": 1}
    searches: list[dict[str, Any]] = [
        {"filters": [to_book]},
        {"filters": [{"name": name, "op": "is_null"}]},
        {"filters": [{"name": "pages", "op": "gt", "field": name}]},
        {"filters": [{"or": [{"not": to_book}]}]},
        {"filters": [{"name": name, "op": "has", "val": {"name": "id", "op": "gt", "val": 1}}]},
        {"filters": [{"name": f"{name}__id", "op": "any", "val": 1}]},
        {"order_by": [{"field": name}]},
        {"order_by": [{"field": f"{name}__id"}]},
        {"group_by": [{"field": name}]},
        {"functions": [{"name": "sum", "field": name}]},
        {"functions": [{"name": "nothing", "field": name}]},
        {"functions": [{"name": "count", "field": "title"}], "filters": [to_book]},
    ]
    of_authors: list[dict[str, Any]] = [
        {"filters": [{"name": "books", "op": "any", "val": to_book}]},
        {"filters": [{"name": f"books__{name}", "op": "any", "val": 1}]},
        {"order_by": [{"field": f"books__{name}"}]},
    ]
    q = [parameter("q", one) for one in searches]
    nested: list[dict[str, Any]] = [
        {"books": [{"id": 1, name: 1}]},
        {"books": [{**BOTH, name: 1}]},
        {"books": {"add": [{"id": 1, name: 1}]}},
        {"books": {"remove": [{name: 1}]}},
        {"books": {"remove": [{name: 1, "__delete__": True}]}},
    ]
    return [
        *[("GET", f"/api/books?{one}", None) for one in q],
        *[("GET", f"/api/eval/books?{one}", None) for one in q],
        *[("DELETE", f"/api/books?{one}", None) for one in q[:6]],
        *[("PATCH", "/api/books", {"title": "x", "q": one}) for one in searches[:6]],
        ("PATCH", "/api/books", {name: 1, "q": {"filters": [{"name": "title", "op": "eq", "val": "none"}]}}),
        *[("GET", f"/api/authors?{parameter('q', one)}", None) for one in of_authors],
        *[("PATCH", "/api/authors/1", one) for one in nested],
        *[("POST", "/api/authors", {"name": "x", **one}) for one in nested[:2]],
        ("GET", f"/api/covers?{parameter('q', {'order_by': [{'field': f'book__{name}'}]})}", None),
        ("GET", f"/api/books/1/{name}", None),
        ("GET", f"/api/books/1/{name}/1", None),
        ("DELETE", f"/api/books/1/{name}/1", None),
        ("PATCH", f"/api/books/1/{name}", {"title": "x"}),
        ("PATCH", "/api/books/1", {name: 1}),
        ("PUT", "/api/books/1", {name: None}),
        ("POST", "/api/books", {"title": "x", name: 1}),
        ("GET", "/api/books", None),
        ("GET", "/api/books as text/csv", None),
        ("GET", "/api/publishers/1/books as application/x-ndjson", None),
        ("GET", "/api/authors", None),
    ]


REQUESTS = {"jsonapi": _of_jsonapi, "classic": _of_classic}


def _sent(shop: Shop, request: Request) -> tuple[int, bytes]:
    method, path, document = request
    path, _, accept = path.partition(" as ")
    headers = {"Accept": accept} if accept else {}
    if document is None:
        answer = shop.client.open(path, method=method, headers=headers)
    else:
        type_ = {} if path != "/api/operations" else {"content_type": ATOMIC}
        answer = shop.client.send(method, path, document, **type_)
    return answer.status_code, answer.data


Shops = Callable[[str], tuple[Shop, Shop]]


@pytest.fixture(params=sorted(KINDS))
def shops(request: pytest.FixtureRequest, filled: tuple[Engine, sessionmaker[Session]]) -> Shops:
    """Make books of which rules hide fields, and books that exclude them; of one database."""

    def both(protocol: str) -> tuple[Shop, Shop]:
        keys = KEYS[protocol]
        rules = {rule: KINDS[request.param](keys) for rule in ("readable", "creatable", "updatable")}
        return (
            serve(*filled, {Book: {"rules": Rules(**rules)}}, protocol),
            serve(*filled, {Book: {"only": (*keys, *SHOWN)}}, protocol),
        )

    return both


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", HIDDEN)
def test_a_hidden_field_is_as_good_as_excluded(shops: Shops, name: str, protocol: str) -> None:
    """T01 to T04, T11: byte for byte, and after the same statements, which do not hold the column."""
    ruled, excluding = shops(protocol)
    for asked in REQUESTS[protocol](name):
        with counted(ruled.engine) as statements:
            found = _sent(ruled, asked)
        with counted(excluding.engine) as others:
            expected = _sent(excluding, asked)
        assert found == expected, asked
        assert len(statements) == len(others), asked
        assert found[0] == 200 or not statements.texts, asked
        assert not any(f"books.{name}" in one for one in statements.texts), asked


def test_what_is_hidden_depends_on_the_caller(filled: tuple[Engine, sessionmaker[Session]]) -> None:
    """Two callers, one URL: neither gets what was parsed, planned or rendered for the other."""
    shop = serve(*filled, {Book: {"rules": Rules(readable=KINDS["dynamic"](()))}})
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


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "rule", [{"readable": ["books"]}, {"scope": lambda Tag: Tag.id > 1}], ids=["readable", "scope"]
)
def test_hidden_values_are_not_shown_by_a_proxy_of_another_resource(
    sqlite: Engine, rule: dict[str, Any], protocol: str
) -> None:
    """T02: an association proxy of values shows and takes no more than the API that it draws on."""
    session = fill(sqlite)
    shop, free = (serve(sqlite, session, options, protocol) for options in ({Tag: {"rules": Rules(**rule)}}, {}))

    assert "tag_names" in free.get("/api/books/1").text
    for path in ("/api/books/1", "/api/books", "/api/publishers/1/books"):
        assert "tag_names" not in shop.get(path).text
    assert "tag_names" not in shop.get("/api/books", headers={"Accept": CSV}).text
    if protocol == "jsonapi":
        assert shop.get("/api/books?fields[books]=tag_names").status_code == 400
    else:
        answers = [shop.client.send("PATCH", "/api/books/1", {name: ["a"]}) for name in ("tag_names", "tag_namez")]
        assert [one.status_code for one in answers] == [400, 400]
        assert answers[0].text == answers[1].text.replace("tag_namez", "tag_names")
        assert free.client.send("PATCH", "/api/books/1", {"tag_names": ["a"]}).status_code == 200


def test_a_field_that_may_only_be_created_is_unknown_to_a_change(sqlite: Engine) -> None:
    """T01 over the classic protocol: byte for byte the answer to a name that does not exist."""
    rules = Rules(readable=["id", "name", "books"], creatable=["name", "born"], updatable=["name"])
    shop = serve(sqlite, fill(sqlite), {Author: {"rules": rules}}, "classic")

    created = shop.client.send("POST", "/api/authors", {"name": "Somebody", "born": "1970-01-01"})
    answers = [shop.client.send("PATCH", "/api/authors/1", {name: "1971-01-01"}) for name in ("born", "borm")]

    assert created.status_code == 201
    assert "born" not in created.json
    assert [one.status_code for one in answers] == [400, 400]
    assert answers[0].text == answers[1].text.replace("borm", "born")
    for search in ({"order_by": [{"field": "born"}]}, {"filters": [{"name": "born", "op": "is_null"}]}):
        assert shop.get(f"/api/authors?{parameter('q', search)}").status_code == 400


def _q(**search: Any) -> str:
    return "/api/books?" + parameter("q", search)


BY_PAGES = _q(filters=[{"name": "pages", "op": "gt", "val": 1}])
BY_AUTHOR = _q(filters=[{"name": "authors", "op": "any", "val": {"name": "name", "op": "eq", "val": "x"}}])
TAGS = {"tags": [{"id": 1}]}


@pytest.mark.parametrize(
    ("rules", "method", "path", "data"),
    [
        (Rules(filterable=["title"]), "GET", BY_PAGES, None),
        (Rules(filterable=["title"]), "GET", BY_AUTHOR, None),
        (Rules(filterable=["title"]), "GET", BY_PAGES.replace("/api/", "/api/eval/"), None),
        (Rules(filterable=["title"]), "DELETE", BY_PAGES, None),
        (Rules(sortable=["title"]), "GET", _q(order_by=[{"field": "pages"}]), None),
        (Rules(sortable=["title"]), "GET", _q(order_by=[{"field": "publisher__name"}]), None),
        (Rules(sortable=["title"]), "GET", _q(group_by=[{"field": "pages"}]), None),
        (Rules(includable=["authors"]), "GET", "/api/books/1/publisher", None),
        (Rules(includable=["authors"]), "GET", "/api/books/1/tags/1", None),
        (Rules(creatable=["title"]), "POST", "/api/books", {"title": "x", "price": "1.00"}),
        (Rules(creatable=["title", "price"]), "POST", "/api/books", {"title": "x", "price": "1.00", **TAGS}),
        (Rules(updatable=["title"]), "PATCH", "/api/books/1", {"price": "1.00"}),
        (Rules(updatable=["title"]), "PATCH", "/api/books/1", TAGS),
        (Rules(updatable=["title"]), "PATCH", "/api/books", {**TAGS, "q": {"filters": []}}),
        (Rules(replaceable=[]), "PATCH", "/api/books/1", TAGS),
        (Rules(replaceable=[]), "PATCH", "/api/books/1", {"publisher": {"id": 1}}),
        (Rules(addable=[]), "PATCH", "/api/books/1", {"tags": {"add": [{"id": 1}]}}),
        (Rules(removable=[]), "PATCH", "/api/books/1", {"tags": {"remove": [{"id": 1}]}}),
        (Rules(removable=[]), "DELETE", "/api/books/1/tags/1", None),
    ],
)
def test_each_rule_refuses_what_it_is_about_over_the_classic_protocol(
    sqlite: Engine, rules: Rules, method: str, path: str, data: Any
) -> None:
    """Before any statement; also where the rule is asked per request, and in rows that are nested elsewhere."""
    session = fill(sqlite)
    for one in (rules, _asked(rules)):
        shop = serve(sqlite, session, {Book: {"rules": one}}, "classic")
        requests = [(method, path, data)]
        if path == "/api/books/1" and method == "PATCH" and "tags" not in data:
            requests.append(("PATCH", "/api/authors/1", {"books": [{"id": 1, **data}]}))
        for asked in requests:
            with shop.counted() as statements:
                status, _ = _sent(shop, asked)
            assert status == (404 if method == "GET" and "/1/" in path else 400), asked
            assert not statements.texts


@pytest.mark.parametrize("remaining", ["add", "remove"])
def test_members_come_and_go_where_that_is_allowed(sqlite: Engine, remaining: str) -> None:
    """Adding needs `addable` alone, removing `removable`; neither needs that members may be replaced."""
    others = {"add": Rules(removable=[], replaceable=[]), "remove": Rules(addable=[], replaceable=[])}
    shop = serve(sqlite, fill(sqlite), {Book: {"rules": others[remaining]}}, "classic")

    member = shop.client.get("/api/books/1").json["tags"][0]["id"]

    assert shop.client.send("PATCH", "/api/books/1", {"tags": {remaining: [{"id": member}]}}).status_code == 200


@pytest.mark.parametrize("path", ["/api/books?groupBy=publisher.name", "/api/books?sort=publisher.name"])
def test_groups_cross_no_relationship_that_orders_may_not(sqlite: Engine, path: str) -> None:
    shop = serve(sqlite, fill(sqlite), {Book: {"rules": Rules(sortable=["title"])}})

    assert shop.get(path).status_code == 400


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
