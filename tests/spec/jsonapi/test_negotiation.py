"""J-1 and J-2: media types."""

from __future__ import annotations

import json

import pytest

from conftest import JSONAPI, Shop

TAG = json.dumps({"data": {"type": "tags", "attributes": {"name": "negotiated"}}})


@pytest.mark.parametrize(
    "accept",
    [
        pytest.param(None, id="absent J-2.3.9"),
        pytest.param("", id="empty J-2.3.9"),
        pytest.param("*/*", id="anything J-2.3.9"),
        pytest.param("application/*", id="any application J-2.3.9"),
        pytest.param(JSONAPI, id="plain"),
        pytest.param("Application/Vnd.API+JSON", id="any case J-1.1.5"),
        pytest.param(f"{JSONAPI};q=0.5", id="weight J-2.2.3"),
        pytest.param(f"text/html, {JSONAPI};q=0.9", id="several ranges J-2.2.3"),
        pytest.param(f"{JSONAPI};charset=utf-8, {JSONAPI}", id="one good instance J-2.3.3"),
        pytest.param(f'{JSONAPI};ext="urn:x", {JSONAPI}', id="one without extension J-2.3.5"),
        pytest.param(f'{JSONAPI};profile="urn:x"', id="unknown profile J-2.3.7"),
        pytest.param(f'{JSONAPI} ; PROFILE="urn:x urn:y"', id="white space and case J-1.1.3"),
        pytest.param(f"{JSONAPI};profile=https://example.com/p", id="URI without quotes J-1.1.3"),
        pytest.param(f'{JSONAPI};profile="urn:a,b;\\"c"', id="separators in quotes J-1.1.3"),
        pytest.param(" , ,", id="an empty list J-2.3.9"),
        pytest.param("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", id="browser"),
    ],
)
def test_accepted(shop: Shop, accept: str | None) -> None:
    """J-2.3: what may be accepted is served, as the plain media type (J-1.1.1, J-2.1.2)."""
    answer = shop.get("/api/tags", headers={} if accept is None else {"Accept": accept})

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == JSONAPI


@pytest.mark.parametrize(
    "accept",
    [
        pytest.param(f"{JSONAPI};charset=utf-8", id="parameter J-2.3.4"),
        pytest.param(f"{JSONAPI};charset=utf-8, {JSONAPI};version=1", id="two with parameters J-2.3.4"),
        pytest.param(f'{JSONAPI};ext="urn:x"', id="extension J-2.3.5"),
        pytest.param("text/html", id="another type J-2.3.10"),
        pytest.param("application/vnd.api+jsonx", id="must match whole J-1.1.5"),
        pytest.param(f"{JSONAPI};q=0", id="weight of nothing"),
        pytest.param(f"{JSONAPI};q=0, */*", id="all but ours"),
        pytest.param("application/*;q=0, */*", id="the nearest range decides J-2.3.9"),
        pytest.param(f"{JSONAPI};charset=utf-8, */*", id="parameter beside anything J-2.3.4"),
        pytest.param(f"{JSONAPI};charset", id="parameter without a value J-2.3.4"),
        pytest.param(f"{JSONAPI}/x", id="more after the type J-1.1.5"),
        pytest.param(f"{JSONAPI} {JSONAPI}", id="two without a comma J-1.1.5"),
    ],
)
def test_not_acceptable(shop: Shop, accept: str) -> None:
    """J-2.3: 406, in a JSON:API document that names the header (J-2.1.1)."""
    answer = shop.get("/api/tags", headers={"Accept": accept})

    assert answer.status_code == 406
    assert answer.headers["Content-Type"] == JSONAPI
    assert answer.json["errors"][0]["source"] == {"header": "Accept"}


@pytest.mark.parametrize(
    "content_type",
    [
        pytest.param(f"{JSONAPI}; charset=utf-8", id="parameter J-2.3.1"),
        pytest.param(f'{JSONAPI};ext="urn:x"', id="extension J-2.3.2"),
        pytest.param("text/plain", id="another type J-2.3.11"),
        pytest.param("application/json", id="plain JSON J-2.3.11"),
        pytest.param("application/vnd.api+jsonx", id="must match whole J-1.1.5"),
        pytest.param("", id="none J-2.3.11"),
        pytest.param(f"{JSONAPI};q=1", id="a weight is a parameter here J-2.3.1"),
        pytest.param(f"{JSONAPI};charset", id="parameter without a value J-2.3.1"),
        pytest.param(f"{JSONAPI};charset=", id="parameter with an empty value J-2.3.1"),
        pytest.param(f"{JSONAPI}/x", id="more after the type J-1.1.5"),
        pytest.param(f"{JSONAPI} x", id="a word after the type J-1.1.5"),
        pytest.param(f"{JSONAPI};=x", id="parameter without a name J-1.1.5"),
        pytest.param(f'{JSONAPI};ext="urn:x";ext=""', id="extensions given twice J-2.3.2"),
        pytest.param(f"{JSONAPI},", id="a list J-2.3.11"),
    ],
)
def test_unsupported_body(shop: Shop, content_type: str) -> None:
    """J-2.3.1, J-2.3.2, J-2.3.12: 415 before any side effect; T13."""
    before = shop.get("/api/tags").json["meta"]["total"]

    answer = shop.client.post("/api/tags", data=TAG, content_type=content_type)

    assert answer.status_code == 415
    assert shop.get("/api/tags").json["meta"]["total"] == before


def test_unsupported_body_of_a_delete(shop: Shop) -> None:
    """J-2.3.1: the rule holds for every method that carries a body."""
    body = json.dumps({"data": []})

    answer = shop.client.delete("/api/books/1/relationships/tags", data=body, content_type="application/json")

    assert answer.status_code == 415


def test_profile_of_a_body_is_ignored(shop: Shop) -> None:
    """J-2.3.7, J-2.1.3: an unknown profile is neither refused nor echoed."""
    answer = shop.client.post("/api/tags", data=TAG, content_type=f'{JSONAPI};profile="urn:x"')

    assert answer.status_code == 201
    assert answer.headers["Content-Type"] == JSONAPI


def test_jsonapi_object_takes_no_part(shop: Shop) -> None:
    """J-2.3.13, J-3.10.6."""
    document = {"jsonapi": {"ext": ["urn:x"]}, **json.loads(TAG)}

    assert shop.client.send("POST", "/api/tags", document).status_code == 201


@pytest.mark.parametrize("path", ["/api/tags", "/api/tags/999999", "/api/nothing", "/api/tags?foo=1"])
def test_vary_on_every_answer(shop: Shop, path: str) -> None:
    """J-2.3.8."""
    assert shop.get(path).headers["Vary"] == "Accept"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/api/nothing", 404), ("PUT", "/api/tags/1", 405), ("FOO", "/api/tags", 405), ("TRACE", "/api/tags", 405)],
)
@pytest.mark.parametrize("setting", [None, "TRAP_HTTP_EXCEPTIONS", "PROPAGATE_EXCEPTIONS"])
def test_errors_of_routing_are_documents(shop: Shop, setting: str | None, method: str, path: str, status: int) -> None:
    """J-2.1.1, J-9.2, J-9.6, T42: whatever Flask is told to raise."""
    if setting is not None:
        shop.app.config[setting] = True

    answer = shop.client.open(path, method=method)

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == JSONAPI
    assert answer.json["errors"][0]["status"] == str(status)
    assert (status != 405) or "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("coding", ["gzip", "br, identity", "GZIP"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/tags"),
        ("PATCH", "/api/tags/1"),
        ("DELETE", "/api/tags/1/relationships/books"),
        ("POST", "/api/operations"),
        ("QUERY", "/api/tags"),
    ],
)
def test_a_coded_body_is_not_read(shop: Shop, coding: str, method: str, path: str) -> None:
    """T26 and RFC 9110, 15.5.16: the header is named, and the answer says that a plain body would be read."""
    answer = shop.client.open(path, method=method, data=TAG, content_type=JSONAPI, headers={"Content-Encoding": coding})

    assert answer.status_code == 415
    assert answer.json["errors"][0]["source"] == {"header": "Content-Encoding"}
    assert coding in answer.json["errors"][0]["detail"]
    assert answer.headers["Accept-Encoding"] == "identity"


def test_the_coding_of_no_body_is_no_matter(shop: Shop) -> None:
    """J-5.4.5: a header that tells of a body that is not there is no error."""
    answer = shop.client.delete("/api/tags/1", headers={"Content-Encoding": "gzip"})

    assert answer.status_code == 204
