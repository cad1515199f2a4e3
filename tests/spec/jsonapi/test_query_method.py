"""`QUERY`, and `POST` with `X-HTTP-Method-Override: QUERY`: the parameters of a read in a body (features.md 41)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import TestResponse

from conftest import JSONAPI, Shop

FORM = "application/x-www-form-urlencoded"
TWIN = {"X-HTTP-Method-Override": "QUERY"}
PARAMETERS = {"sort": "-price", "page[size]": "3", "include": "authors", "filter[title][contains]": "é & +%"}


def asked(shop: Shop, path: str, body: Any, *, twin: bool = False, content_type: str | None = FORM) -> TestResponse:
    """Send parameters in a body, by the method or by its twin."""
    return shop.client.open(
        path,
        method="POST" if twin else "QUERY",
        data=urlencode(body) if isinstance(body, dict) else body,
        content_type=content_type,
        headers=TWIN if twin else {},
    )


@pytest.mark.parametrize("twin", [False, True], ids=["QUERY", "POST"])
@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/api/books", PARAMETERS),
        ("/api/books/1", {"include": "tags"}),
        ("/api/publishers/1/books", {"sort": "title", "fields[books]": "title"}),
        ("/api/publishers/1/relationships/books", {"sort": "-title"}),
        ("/api/formats/%D0%B6%20x%2Fy", {"fields[formats]": "name"}),
    ],
)
def test_answer_is_that_of_the_get(shop: Shop, path: str, parameters: dict[str, str], twin: bool) -> None:
    """Features.md 41; J-3.1.8, J-8.2: the links hold the whole query as plain URLs."""
    answer = asked(shop, path, parameters, twin=twin)

    assert answer.status_code == 200
    assert answer.data == shop.get(f"{path}?{urlencode(parameters)}").data
    assert shop.get(answer.json["links"]["self"]).data == answer.data


def test_query_beyond_any_url(shop: Shop) -> None:
    """A thousand ids, and the pages after the first by GET."""
    ids = ",".join(str(number) for number in range(1, 1001))
    answer = asked(shop, "/api/books", {"filter[id][in]": ids, "page[size]": "2"})

    assert answer.status_code == 200
    assert answer.json["meta"]["total"] == shop.get("/api/books").json["meta"]["total"]
    assert max(len(value) for value in answer.headers.values()) < 4000
    assert len(shop.get(answer.json["links"]["next"]).json["data"]) == 2


def test_body_and_url_are_put_together(shop: Shop) -> None:
    """Parameters of either place hold; one that is given in both is refused."""
    together = asked(shop, "/api/books?sort=-price", {"page[size]": "2"})
    twice = asked(shop, "/api/books?sort=-price", {"sort": "title"})

    assert together.data == shop.get("/api/books?sort=-price&page%5Bsize%5D=2").data
    assert (twice.status_code, twice.json["errors"][0]["source"]) == (400, {"parameter": "sort"})


def test_body_may_be_raw_utf_8_or_absent(shop: Shop) -> None:
    """J-8.1, J-8.4."""
    raw = asked(shop, "/api/tags", "filter[name]=Straße&page[size]=1".encode())

    assert raw.data == shop.get("/api/tags?filter[name]=Stra%C3%9Fe&page[size]=1").data
    assert asked(shop, "/api/tags", b"", content_type=None).data == shop.get("/api/tags").data
    assert asked(shop, "/api/tags", b"filter[name]=\xff").status_code == 400


@pytest.mark.parametrize("twin", [False, True], ids=["QUERY", "POST"])
@pytest.mark.parametrize("content_type", [JSONAPI, "application/json", "text/plain", f"{FORM};charset=latin-1"])
def test_other_content_types_are_refused(shop: Shop, content_type: str, twin: bool) -> None:
    """J-2.3.11, J-7.2.11."""
    answer = asked(shop, "/api/books", b"sort=title", twin=twin, content_type=content_type)

    (error,) = answer.json["errors"]
    assert (answer.status_code, error["source"]) == (415, {"header": "Content-Type"})
    assert FORM in error["detail"]


def test_charset_of_forms_is_understood(shop: Shop) -> None:
    assert asked(shop, "/api/books", b"sort=title", content_type=f"{FORM}; charset=UTF-8").status_code == 200


def test_limits_hold(shop: Shop) -> None:
    """T24, T26: the size of the body, the number of parameters, the length of lists."""
    many = "&".join(f"filter[title][ne]{number}=a" for number in range(200))
    ids = ",".join(str(number) for number in range(2000))

    assert asked(shop, "/api/books", b"a" * (2 * 1024 * 1024 + 1)).status_code == 413
    assert asked(shop, "/api/books", many.encode()).json["errors"][0]["code"] == "limit-exceeded"
    assert asked(shop, "/api/books", {"filter[id][in]": ids}).json["errors"][0]["code"] == "limit-exceeded"


def test_errors_are_those_of_the_get(shop: Shop) -> None:
    """J-6.3.4."""
    assert asked(shop, "/api/books", {"sort": "nosuch"}).data == shop.get("/api/books?sort=nosuch").data
    assert asked(shop, "/api/books/999999", {}).status_code == 404


def test_nothing_is_written(shop: Shop) -> None:
    """T13, J-9.5: the twin is a read, whatever its body looks like."""
    document = {"data": {"type": "tags", "attributes": {"name": "smuggled"}}}
    before = shop.get("/api/tags").json["meta"]["total"]

    answer = shop.client.send("POST", "/api/tags", document, headers=TWIN)

    assert answer.status_code == 415
    assert shop.get("/api/tags").json["meta"]["total"] == before


@pytest.mark.parametrize("override", ["PATCH", "DELETE", "GET", "query", "QUERY, PATCH", ""])
def test_no_other_method_is_put_in_a_posts_place(shop: Shop, override: str) -> None:
    """T13: R-9 is not followed; the POST is what it is."""
    header = {"X-HTTP-Method-Override": override}
    made = shop.client.send(
        "POST", "/api/tags", {"data": {"type": "tags", "attributes": {"name": "x"}}}, headers=header
    )
    refused = shop.client.send("POST", "/api/tags/1", {"data": {"type": "tags", "id": "1"}}, headers=header)

    assert made.status_code == 201
    assert refused.status_code == 405
    assert "POST" not in refused.headers["Allow"]
    assert shop.get("/api/tags/1").status_code == 200


@pytest.mark.parametrize("method", ["PATCH", "DELETE", "PUT", "GET"])
def test_override_of_other_methods_is_ignored(shop: Shop, method: str) -> None:
    """T13."""
    answer = shop.client.open("/api/tags", method=method, headers=TWIN, data=json.dumps({}), content_type=JSONAPI)

    assert answer.status_code == (200 if method == "GET" else 405)


def test_allow_names_what_is_served(shop: Shop) -> None:
    """J-9.2: also by OPTIONS, which tells the type of the body."""
    from flask_restless.demo import models

    shop.manager.create_api(models.Tag, url_prefix="/read")
    read = {"GET", "HEAD", "OPTIONS", "QUERY"}

    for path, expected in [
        ("/read/tags", read),
        ("/read/tags/1", read),
        ("/read/tags/1/books", read),
        ("/api/tags", read | {"POST"}),
        ("/api/formats/a/b/c", read | {"PATCH", "DELETE"}),
    ]:
        told, refused = shop.client.options(path), shop.client.put(path)
        assert (told.status_code, refused.status_code) == (200, 405)
        assert set(told.headers["Allow"].split(", ")) == set(refused.headers["Allow"].split(", ")) == expected
        assert told.headers["Accept-Query"] == FORM
    assert shop.client.post("/read/tags", data=b"", content_type=JSONAPI).status_code == 405


def test_hooks_of_the_blueprint_run_for_the_twin(shop: Shop) -> None:
    """T13: what guards the API's URLs guards this way of reading them too."""
    from flask import Flask, abort, request

    from flask_restless import APIManager
    from flask_restless.demo import models

    app = Flask("guarded")
    blueprint = APIManager(session=shop.session).create_api_blueprint("guarded", models.Tag)
    blueprint.before_request(lambda: abort(401) if "Authorization" not in request.headers else None)
    app.register_blueprint(blueprint)
    client = app.test_client()

    for path in ("/api/tags", "/api/tags/1"):
        assert client.post(path, headers=TWIN).status_code == 401
        assert client.open(path, method="QUERY").status_code == 401
        assert client.post(path, headers={**TWIN, "Authorization": "x"}).status_code == 200


def test_long_queries_are_not_kept(shop: Shop) -> None:
    """T21: memory stays bounded; the plan is kept by its shape."""
    planner = shop.manager._services["jsonapi"].executor.planner
    for start in (1, 2000):
        ids = ",".join(str(number) for number in range(start, start + 900))
        assert asked(shop, "/api/books", {"filter[id][in]": ids}).status_code == 200

    assert len(planner) == 1
    assert len(planner._by_selection) == 0
    assert not shop.manager._services["jsonapi"].protocol.host._parser._kept


def test_letters_that_are_sent_as_they_are(shop: Shop) -> None:
    """J-9.7, T41: curl does not encode them; the links do, and lead to the same list."""
    answer = shop.client.get("/api/books", query_string="filter[title][ne]=Łódź é&page[size]=2").json

    assert "%C5%81%C3%B3d%C5%BA" in answer["links"]["next"]
    assert shop.get(answer["links"]["self"]).json["data"] == answer["data"]
