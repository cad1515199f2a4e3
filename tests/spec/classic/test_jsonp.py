"""Chapter 2.12 of the classic contract: JSONP."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from classic_models import Office, open_office


@pytest.fixture
def office(sqlite: Engine) -> Office:
    return open_office(sqlite, allow_jsonp=True, allow_functions=True)


def unwrapped(response: TestResponse, name: str = "foo") -> Any:
    """Take the call apart, and check how it is written."""
    text = response.text
    assert response.headers["Content-Type"] == "application/javascript"
    assert text.startswith(f"{name}(")
    assert text.endswith(")")
    inner = text[len(name) + 1 : -1]
    assert inner == json.dumps(json.loads(inner), sort_keys=True)
    return json.loads(inner)


def test_answer_is_wrapped_with_what_headers_say(office: Office) -> None:
    """2.12"""
    found = unwrapped(office.get("/api/person?callback=foo&results_per_page=4"))

    assert found["data"]["num_results"] == 6
    url = "http://localhost/api/person?page=2&results_per_page=4&callback=foo"
    links = [{"rel": "next", "url": url}, {"rel": "last", "url": url}]
    assert found["meta"] == {"Content-Type": "application/javascript", "status": 200, "Link": links}


def test_other_answers_are_wrapped_too(office: Office) -> None:
    """2.12: on any request; the status in `meta` is the one that was sent"""
    one = unwrapped(office.get("/api/person/1?callback=foo"))
    created = unwrapped(office.send("POST", "/api/person?callback=foo", {}))
    missing = office.get("/api/person/99?callback=foo")
    wrong = office.get("/api/person?q=x&callback=foo")
    single = unwrapped(office.search({"single": True, "limit": 1}, callback="foo"))
    function = unwrapped(
        office.search({"functions": [{"name": "count", "field": "id"}]}, "/api/eval/person", callback="foo")
    )

    assert one["meta"] == {"Content-Type": "application/javascript", "status": 200}
    assert (created["meta"]["status"], created["meta"]["Location"]) == (201, "http://localhost/api/person/7")
    assert (missing.status_code, unwrapped(missing)["data"], unwrapped(missing)["meta"]["status"]) == (404, {}, 404)
    assert (wrong.status_code, unwrapped(wrong)["meta"]["status"]) == (400, 400)
    assert single["meta"]["Location"] == "http://localhost/api/person/1"
    assert function["data"] == {"count__id": 7}


@pytest.mark.parametrize("name", ["foo", "jQuery17.cb_1", "$", "_a.b.c"])
def test_names_of_functions_are_taken(office: Office, name: str) -> None:
    assert unwrapped(office.get("/api/person/1", query_string={"callback": name}), name)["data"]["id"] == 1


@pytest.mark.parametrize("name", ["alert(1)//(", "a b", "", "1a", "a;b", "<script>", "a.", "a[0]", "é", "a" * 200])
def test_anything_else_is_refused(office: Office, name: str) -> None:
    """A-10"""
    response = office.get("/api/person/1", query_string={"callback": name})

    assert (response.status_code, response.mimetype) == (400, "application/json")
    assert "JavaScript function" in response.json["message"]


def test_jsonp_is_off_by_default(sqlite: Engine) -> None:
    """Every page on the web could read the answers"""
    response = open_office(sqlite).get("/api/person/1?callback=foo")

    assert (response.mimetype, response.json["id"]) == ("application/json", 1)
