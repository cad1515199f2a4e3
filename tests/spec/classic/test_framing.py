"""Chapter 2.1 of the classic contract: the frame of every answer, and the status table."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import Engine

from classic_models import Office, Person, Secret, open_office
from conftest import open_shop
from flask_restless import ProcessingException


@pytest.fixture
def office(sqlite: Engine) -> Office:
    return open_office(sqlite, allow_patch_many=True, allow_delete_many=True, allow_functions=True)


@pytest.mark.parametrize("accept", ["application/xml", "text/html", "application/vnd.api+json", "nonsense"])
def test_accept_is_ignored(office: Office, accept: str) -> None:
    """2.1.1"""
    response = office.get("/api/person/1", headers={"Accept": accept})

    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
    assert response.headers["Vary"] == "Accept"


def test_keys_are_sorted_and_bodies_indented_ascii_without_newline(office: Office) -> None:
    """2.1.2"""
    response = office.get("/api/person/6")

    assert response.data.decode() == json.dumps(response.json, indent=2, sort_keys=True)
    assert b'"Zo\\u00eb"' in response.data


def test_characters_beyond_the_basic_plane_are_written_as_pairs(office: Office) -> None:
    """2.1.2"""
    response = office.send("PATCH", "/api/person/1", {"name": "😀 \u2028 \x7f"})

    assert response.data.decode() == json.dumps(response.json, indent=2, sort_keys=True)
    assert response.json["name"] == "😀 \u2028 \x7f"


@pytest.mark.parametrize("path", ["/api/person/6", "/api/person", "/api/person/99"])
def test_scripts_get_one_line(office: Office, path: str) -> None:
    """2.1.2"""
    response = office.get(path, headers={"X-Requested-With": "XMLHttpRequest"})

    assert response.data.decode() == json.dumps(response.json, sort_keys=True)


def test_no_content_has_a_type_and_no_body(office: Office) -> None:
    """2.1.5"""
    response = office.client.delete("/api/person/3")

    assert (response.status_code, response.data, response.mimetype) == (204, b"", "application/json")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/nothing"), ("GET", "/api/person/"), ("POST", "/api/person/1"), ("GET", "/api/a/b")],
)
def test_what_routing_refuses_is_json_with_a_message(office: Office, method: str, path: str) -> None:
    """2.1.4: those were HTML pages; JSON is what a client of this URL can read."""
    response = office.client.open(path, method=method)

    assert response.status_code in (404, 405)
    assert list(response.json) == ["message"]
    if response.status_code == 405:
        assert "GET" in response.headers["Allow"]


MISSING = [
    ("GET", "/api/person/99"),
    ("GET", "/api/person/x"),
    ("PATCH", "/api/person/99"),
    ("PUT", "/api/person/99"),
    ("DELETE", "/api/person/99"),
    ("GET", "/api/person/99/computers"),
    ("GET", "/api/person/1/computers/99"),
    ("GET", "/api/person/1/computers/3"),
    ("GET", "/api/computer/4/owner"),
    ("DELETE", "/api/person/99/computers/1"),
    ("DELETE", "/api/person/1/computers/3"),
    ("DELETE", "/api/person/1/computers/99"),
]


@pytest.mark.parametrize(("method", "path"), MISSING, ids=[" ".join(one) for one in MISSING])
def test_what_is_missing_is_404_and_an_empty_object(office: Office, method: str, path: str) -> None:
    """2.1, first row; of another owner's members too (A-6)."""
    response = office.send(method, path, {})

    assert (response.status_code, response.data) == (404, b"{}")


JSON_TYPE = {"content_type": "application/json"}
TABLE: list[tuple[str, str, dict[str, Any], int, dict[str, Any]]] = [
    ("GET", "/api/person?q=xx", {}, 400, {"message": "Unable to decode data"}),
    ("POST", "/api/person", {"data": "xx", **JSON_TYPE}, 400, {"message": "Unable to decode data"}),
    ("POST", "/api/person", JSON_TYPE, 400, {"message": "Unable to decode data"}),
    ("PATCH", "/api/person/1", {"data": "xx", **JSON_TYPE}, 400, {"message": "Unable to decode data"}),
    ("PATCH", "/api/person", {"data": "", **JSON_TYPE}, 400, {"message": "Unable to decode data"}),
    ("GET", "/api/eval/person?q=xx", {}, 400, {"message": "Unable to decode data"}),
    ("DELETE", "/api/person?q=xx", {}, 400, {"message": "Unable to decode search query"}),
    (
        "POST",
        "/api/person",
        {"data": "{}"},
        415,
        {"message": 'Request must have "Content-Type: application/json" header'},
    ),
    (
        "PATCH",
        "/api/person/1",
        {"data": "{}", "content_type": "text/plain"},
        415,
        {"message": 'Request must have "Content-Type: application/json" header'},
    ),
    (
        "POST",
        "/api/person",
        {"json": {"bogus": 1}},
        400,
        {"validation_errors": "Could not determine specific validation errors"},
    ),
    ("PATCH", "/api/person/1", {"json": {"bogus": 1}}, 400, {"message": "Model does not have field 'bogus'"}),
    ("PUT", "/api/person/99", {"json": {"bogus": 1}}, 400, {"message": "Model does not have field 'bogus'"}),
    ("POST", "/api/person", {"json": {"name": "Ann"}}, 400, {"message": "IntegrityError"}),
    ("PATCH", "/api/person/2", {"json": {"name": "Ann"}}, 400, {"message": "IntegrityError"}),
    ("DELETE", "/api/person/1/computers", {}, 400, {"message": 'Cannot DELETE entire "computers" relation'}),
    ("GET", "/api/eval/person", {}, 400, {"message": "Empty query parameter"}),
    ("GET", "/api/eval/person?q=", {}, 400, {"message": "Empty query parameter"}),
    (
        "GET",
        '/api/eval/person?q={"functions":[{"name":"sum","field":"zz"}]}',
        {},
        400,
        {"message": 'No such field "zz"'},
    ),
    (
        "GET",
        '/api/eval/person?q={"functions":[{"name":"zzfunc","field":"age"}]}',
        {},
        400,
        {"message": 'No such function "zzfunc"'},
    ),
]


@pytest.mark.parametrize(
    ("method", "path", "request_", "status", "body"), TABLE, ids=[f"{a} {b}" for a, b, *_ in TABLE]
)
def test_status_table(
    office: Office, method: str, path: str, request_: dict[str, Any], status: int, body: dict[str, Any]
) -> None:
    """2.1, row by row"""
    response = office.client.open(path, method=method, **request_)

    assert (response.status_code, response.json) == (status, body)


AS_500: list[tuple[str, str, Any]] = [
    ("GET", "/api/person?page=abc", None),
    ("GET", "/api/person?page=0", None),
    ("GET", "/api/person?page=-1", None),
    ("GET", '/api/person?q={"filters":[{"name":"bogus","op":"eq","val":1}]}', None),
    ("GET", "/api/person?q=[]", None),
    ("GET", "/api/person?q=null", None),
    ("GET", '/api/person?q="x"', None),
    ("GET", '/api/person?q={"filters":[{"name":"birth_date","op":"eq","val":5}]}', None),
    ("GET", '/api/person?q={"filters":[{"name":"birth_date","op":"eq","val":["2000-01-01"]}]}', None),
    ("GET", '/api/person?q={"limit":"x"}', None),
    ("GET", "/api/person/1/bogus", None),
    ("GET", "/api/person/1/name", None),
    ("POST", "/api/person", {"computers": [{"bogus": 1}]}),
    ("POST", "/api/person", [{"name": "x"}]),
    ("POST", "/api/person", {"birth_date": "nonsense"}),
    ("PATCH", "/api/person/1", {"birth_date": "nonsense"}),
    ("PATCH", "/api/computer/1", {"owner": 1}),
    ("PATCH", "/api/person/1", {"computers": None}),
    ("DELETE", '/api/person?q={"filters":[{"name":"id","op":"eq","val":99}]}', None),
    ("GET", '/api/eval/person?q={"functions":[{"name":"sum"}]}', None),
    ("GET", '/api/eval/person?q={"functions":[{"field":"age"}]}', None),
    ("GET", '/api/eval/person?q={"functions":"x"}', None),
]


@pytest.mark.parametrize(("method", "path", "document"), AS_500, ids=[f"{a} {b} {c}" for a, b, c in AS_500])
def test_what_was_a_500_is_the_clients_mistake(office: Office, method: str, path: str, document: Any) -> None:
    """2.1, "Known -> 500 cases" (C-1)"""
    response = office.client.open(path, method=method, json=document)

    assert response.status_code in (400, 404)
    assert office.get("/api/person").json["num_results"] == 6, "nothing was stored, and the next request works (B-2)"


def test_processing_exception_is_its_code_and_description(sqlite: Engine) -> None:
    """2.1, last row: no Vary, and never wrapped"""

    def refuse(instance_id: str, **_: Any) -> None:
        raise ProcessingException(description="" if instance_id == "1" else "Not yours", code=401)

    office = open_office(sqlite, allow_jsonp=True, person={"preprocessors": {"GET_SINGLE": [refuse]}})

    empty, full = office.get("/api/person/1?callback=f"), office.get("/api/person/2")

    assert (empty.status_code, empty.json) == (401, {"message": "401: Unauthorized"})
    assert (full.status_code, full.json) == (401, {"message": "Not yours"})
    assert "Vary" not in full.headers


def test_details_are_an_option(sqlite: Engine) -> None:
    office = open_office(sqlite, error_details=True)

    response = office.search({"filters": [{"name": "nam", "op": "eq", "val": 1}]})

    assert response.json["message"] == "Unable to construct query"
    assert response.json["errors"] == [
        {"code": "unknown-field", "parameter": "q", "detail": 'person has no field "nam"; did you mean "name"?'}
    ]


@pytest.mark.parametrize(
    ("method", "path", "document", "place", "detail"),
    [
        ("GET", "/api/eval/person?q=", None, {"parameter": "q"}, "Empty query parameter"),
        (
            "GET",
            '/api/eval/person?q={"functions":{"a":1}}',
            None,
            {"parameter": "q"},
            '"functions" is a list of objects',
        ),
        (
            "GET",
            '/api/eval/person?q={"functions":[{"name":"sum","field":"nam"}]}',
            None,
            {"parameter": "q"},
            'No such field "nam"',
        ),
        ("PATCH", "/api/person", {"age": 5}, {"pointer": "/q"}, "touching many objects needs a search"),
        ("DELETE", "/api/person", None, {"parameter": "q"}, "touching many objects needs a search"),
        (
            "PATCH",
            "/api/person/1",
            {"computers": {"add": [], "remvoe": []}},
            {"pointer": "/computers/remvoe"},
            'an object of add and remove; there is no "remvoe"; did you mean "remove"?',
        ),
    ],
)
def test_details_tell_the_place(
    sqlite: Engine, method: str, path: str, document: Any, place: dict[str, str], detail: str
) -> None:
    """The how-to: `errors` tells the code, the detail and the place of each problem."""
    allowed = {"allow_functions": True, "allow_patch_many": True, "allow_delete_many": True}
    office = open_office(sqlite, error_details=True, **allowed)

    (error,) = office.send(method, path, document).json["errors"]

    assert {name: error[name] for name in ("parameter", "pointer") if name in error} == place
    assert detail in error["detail"]


def test_an_unexpected_failure_tells_nothing_but_an_id(sqlite: Engine) -> None:
    def fail(**_: Any) -> None:
        raise RuntimeError("SELECT secret FROM vault")

    office = open_office(sqlite, person={"postprocessors": {"POST": [fail]}})

    response = office.send("POST", "/api/person", {"name": "New"})

    assert response.status_code == 500
    assert list(response.json) == ["message"]
    assert office.get("/api/person").json["num_results"] == 6


def test_two_protocols_below_one_prefix_each_answer_in_their_own_way(sqlite: Engine) -> None:
    """Both in one manager; what belongs to neither goes to the first API's protocol."""
    shop = open_shop(sqlite)
    from flask_restless.demo.models import Book

    shop.manager.create_api(Book, protocol="classic", url_prefix="/old", methods=["GET"])

    assert shop.get("/api/books/1").mimetype == "application/vnd.api+json"
    assert shop.get("/old/books/1").json["id"] == 1
    assert shop.client.post("/old/books/1").json.keys() == {"message"}
    assert shop.client.put("/api/books/1").json["errors"]


def test_hidden_names_get_the_answer_of_unknown_ones(sqlite: Engine) -> None:
    """A-1: byte by byte, except for the name itself"""
    office = open_office(sqlite, Person, Secret, secret={"exclude_columns": ["password"]})

    for name in ("password", "passw0rd"):
        search = {"filters": [{"name": name, "op": "like", "val": "h%"}]}
        order = {"order_by": [{"field": name}]}
        nested = {"filters": [{"name": "secret", "op": "has", "val": search["filters"][0]}]}
        answers = [office.search(search, "/api/secret"), office.search(order, "/api/secret"), office.search(nested)]
        answers.append(office.send("PATCH", "/api/secret/1", {name: "x"}))
        answers.append(office.send("POST", "/api/secret", {name: "x"}))
        seen = [(one.status_code, one.data.replace(name.encode(), b"?")) for one in answers]
        assert seen == [(400, one) for one in HIDDEN]


HIDDEN = [
    b'{\n  "message": "Unable to construct query"\n}',
    b'{\n  "message": "Unable to construct query"\n}',
    b'{\n  "message": "Unable to construct query"\n}',
    b'{\n  "message": "Model does not have field \'?\'"\n}',
    b'{\n  "validation_errors": "Could not determine specific validation errors"\n}',
]


def test_a_coded_body_is_refused_for_its_coding(office: Office) -> None:
    """T26: 0.17 has no message for it; the one about the Content-Type would mislead, which is as it should be."""
    response = office.client.post(
        "/api/person", data="{}", content_type="application/json", headers={"Content-Encoding": "gzip"}
    )

    assert response.status_code == 415
    assert "content encoding" in response.json["message"]
    assert "gzip" in response.json["message"]
