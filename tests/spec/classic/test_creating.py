"""Chapter 2.7 of the classic contract: POST."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from sqlalchemy import Engine

from classic_models import Computer, Office, Person, Word, open_office


@pytest.fixture
def office(sqlite: Engine) -> Office:
    return open_office(sqlite)


def test_created_object_is_answered_whole_with_its_place(office: Office) -> None:
    """2.7"""
    response = office.send("POST", "/api/person", {"name": "New", "age": 30})

    assert (response.status_code, response.headers["Location"]) == (201, "http://localhost/api/person/7")
    assert response.json == office.get("/api/person/7").json


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/json;x=y"]
)
def test_parameters_of_the_content_type_are_allowed(office: Office, content_type: str) -> None:
    """2.7"""
    response = office.client.post("/api/person", data="{}", content_type=content_type)

    assert response.status_code == 201


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/vnd.api+json", "application/jsonx"])
@pytest.mark.parametrize("agent", ["", "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.0)"])
def test_other_content_types_are_refused_whatever_the_browser(
    office: Office, content_type: str | None, agent: str
) -> None:
    """2.7, 2.1; old browsers had a way round (A-15)"""
    response = office.client.post("/api/person", data="{}", content_type=content_type, headers={"User-Agent": agent})

    assert response.status_code == 415


@pytest.mark.parametrize("body", ["null", "0", "false", '""', "{}"])
def test_empty_bodies_make_empty_rows(office: Office, body: str) -> None:
    """2.7"""
    response = office.client.post("/api/person", data=body, content_type="application/json")

    assert (response.status_code, response.json["name"]) == (201, None)


@pytest.mark.parametrize("body", ["[]", "5", "true", '"x"', "{", '{"a":1,"a":2}', "\ufeff{}", "NaN", '{"age": NaN}'])
def test_what_is_no_object_is_refused(office: Office, body: str) -> None:
    """2.7"""
    response = office.client.post("/api/person", data=body.encode(), content_type="application/json")

    assert (response.status_code, response.json) == (400, {"message": "Unable to decode data"})


DATES: list[tuple[Any, date | None]] = [
    ("1999-12-31", date(1999, 12, 31)),
    ("1999-12-31T23:00:00", date(1999, 12, 31)),
    ("19991231", date(1999, 12, 31)),
    ("31 December 1999", date(1999, 12, 31)),
    ("", None),
    (None, None),
]


@pytest.mark.parametrize(("text", "expected"), DATES, ids=[str(one[0]) for one in DATES])
def test_dates(office: Office, text: Any, expected: date | None) -> None:
    """2.7"""
    response = office.send("POST", "/api/person", {"birth_date": text})

    assert response.json["birth_date"] == (None if expected is None else expected.isoformat())
    assert office.one(Person, 7).birth_date == expected


def test_the_present(office: Office) -> None:
    """2.7: the markers of SQL functions"""
    for marker in ("CURRENT_TIMESTAMP", "CURRENT_DATE", "LOCALTIMESTAMP"):
        response = office.send("POST", "/api/computer", {"buy_date": marker})
        assert response.status_code == 201
        found = office.one(Computer, response.json["id"]).buy_date
        assert abs(found - datetime.now(UTC).replace(tzinfo=None)) < timedelta(hours=27)
        assert office.send("POST", "/api/person", {"birth_date": marker}).status_code == 201


def test_a_moment_with_an_offset_is_kept_as_utc(office: Office) -> None:
    """2.7: the offset was dropped, which changed the moment"""
    response = office.send("POST", "/api/computer", {"buy_date": "2020-01-02T03:00:00+02:00"})

    assert response.json["buy_date"] == "2020-01-02T01:00:00"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"birth_date": "nonsense"}, "a date"),
        ({"birth_date": 5}, "a date"),
        ({"age": "old"}, "a number"),
        ({"age": True}, "a number"),
        ({"age": []}, "a number"),
        ({"name": 5}, "a string"),
        ({"name": "x" * 61}, "at most 60"),
        ({"name": "a\0b"}, "NUL"),
        ({"age": 1e400}, "decode"),
    ],
)
def test_values_that_do_not_fit_name_the_field(office: Office, document: dict[str, Any], message: str) -> None:
    """2.1: 400 where there was a 500"""
    response = office.send("POST", "/api/person", document)

    assert response.status_code == 400
    assert message in response.json["message"]


def test_what_clients_may_not_set_is_refused(office: Office) -> None:
    """A-4; of a hybrid without a setter by the words of 2.1"""
    key = office.send("POST", "/api/person", {"id": 70})
    hybrid = office.send("POST", "/api/person", {"is_adult": True})
    changed = office.send("PATCH", "/api/person/1", {"is_adult": True})

    assert (key.status_code, key.json) == (400, {"message": 'the primary key "id" cannot be set'})
    assert (hybrid.status_code, hybrid.json) == (
        400,
        {"validation_errors": "Could not determine specific validation errors"},
    )
    assert (changed.status_code, changed.json) == (400, {"message": 'the field "is_adult" is read-only'})


@pytest.mark.parametrize("name", ["metadata", "greeting", "__class__", "query", "_sa_instance_state", "secret"])
def test_attributes_of_the_class_are_no_fields(office: Office, name: str) -> None:
    """A-3"""
    response = office.send("POST", "/api/person", {name: "x"})

    assert response.json == {"validation_errors": "Could not determine specific validation errors"}


def test_foreign_keys_are_set_by_relations_unless_an_option_allows_it(sqlite: Engine) -> None:
    """A-4: the named option"""
    closed = open_office(sqlite)
    refused = closed.send("POST", "/api/computer", {"owner_id": 1})
    opened = open_office(sqlite, allow_foreign_key_writes=True)

    assert (refused.status_code, "set the relation" in refused.json["message"]) == (400, True)
    assert opened.send("POST", "/api/computer", {"owner_id": 1}).json["owner"]["name"] == "Ann"


def test_primary_keys_are_chosen_where_an_option_allows_it(sqlite: Engine) -> None:
    """A-4: the named option; the Location is percent-encoded (2.7)"""
    office = open_office(sqlite, Person, Word, allow_client_generated_ids=True)

    assert office.send("POST", "/api/person", {"id": 70}).headers["Location"].endswith("/api/person/70")
    place = office.send("POST", "/api/word", {"text": "Юникод"}).headers["Location"]
    assert place.isascii()
    assert unquote(place).endswith("/api/word/Юникод")
    assert office.get(place).json["text"] == "Юникод"
    assert office.send("POST", "/api/person", {"id": None, "name": "x"}).status_code == 201


def test_related_objects_are_created_to_any_depth(office: Office) -> None:
    """2.7"""
    computers = [{"name": "a", "programs": [{"name": "p"}, {"name": "q"}]}, {"name": "b", "buy_date": "2020-05-06"}]
    response = office.send("POST", "/api/person", {"name": "New", "computers": computers})

    assert [one["name"] for one in response.json["computers"]] == ["a", "b"]
    assert response.json["computers"][1]["buy_date"] == "2020-05-06T00:00:00"
    first = response.json["computers"][0]["id"]
    assert [one["name"] for one in office.get(f"/api/computer/{first}").json["programs"]] == ["p", "q"]


def test_to_one_objects_are_created_and_referred_to(office: Office) -> None:
    """2.7"""
    fresh = office.send("POST", "/api/computer", {"owner": {"name": "Fresh"}})
    known = office.send("POST", "/api/computer", {"owner": {"id": 2}})
    none = office.send("POST", "/api/computer", {"owner": None})

    assert (fresh.json["owner"]["name"], known.json["owner"]["name"], none.json["owner"]) == ("Fresh", "Mary", None)


def test_existing_object_is_used_and_changed(office: Office) -> None:
    """2.7"""
    response = office.send("POST", "/api/person", {"computers": [{"id": 4, "vendor": "HP"}]})

    assert response.json["computers"] == [{"buy_date": None, "id": 4, "name": "four", "owner_id": 7, "vendor": "HP"}]


def test_scalar_proxies_take_scalars(office: Office) -> None:
    """2.7: where the model says how to make the objects in between"""
    created = office.send("POST", "/api/computer", {"name": "x", "program_names": ["vi", "ed"]})
    changed = office.send("PATCH", "/api/computer/5", {"program_names": ["ed"]})
    wrong = [office.send("PATCH", "/api/computer/5", {"program_names": one}) for one in (None, "ed", [5], [{}])]

    assert created.json["program_names"] == ["vi", "ed"]
    assert [one["name"] for one in changed.json["programs"]] == ["ed"]
    assert {one.status_code for one in wrong} == {400}


def test_rows_are_not_rewritten_through_an_api_that_does_not_allow_it(sqlite: Engine) -> None:
    """A-7"""
    office = open_office(sqlite, computer={"methods": ["GET"]})

    changed = office.send("POST", "/api/person", {"name": "x", "computers": [{"id": 3, "vendor": "mine"}]})
    created = office.send("POST", "/api/person", {"name": "x", "computers": [{"vendor": "mine"}]})

    assert {changed.status_code, created.status_code} <= {400, 403}
    assert office.one(Computer, 3).vendor == "Dell"
    assert office.get("/api/person").json["num_results"] == 6


def test_missing_object_is_not_made_up(office: Office) -> None:
    """2.7, A-4: one with a key that clients may not choose is a mistake"""
    by_key = office.send("POST", "/api/computer", {"owner": {"id": 77}})
    with_content = office.send("POST", "/api/computer", {"owner": {"id": 77, "name": "x"}})

    assert (by_key.status_code, with_content.status_code) == (400, 400)
    assert "77" in with_content.json["message"]


@pytest.mark.parametrize(
    "document",
    [
        {"computers": 5},
        {"computers": [5]},
        {"computers": {"id": 1}},
        {"computers": [{"programs": "x"}]},
        {"computers": [{"programs": {"add": [{"name": "x"}]}}]},
        {"computers": [{"owner": 5}]},
        {"computers": [{"id": "x", "name": "y"}]},
        {"computers": [{"id": 1, "owner_id": 2}]},
        {"computers": {"add": [{"name": "x"}]}},
        {"computers": None},
    ],
    ids=str,
)
def test_relations_of_a_wrong_shape(office: Office, document: dict[str, Any]) -> None:
    """2.1, 2.7"""
    response = office.send("POST", "/api/person", document)

    assert response.status_code == 400
    assert office.get("/api/person").json["num_results"] == 6


def test_nothing_is_stored_when_a_part_fails(office: Office) -> None:
    """B-1, B-4: also nothing of what came before it"""
    document = {"name": "New", "computers": [{"name": "good"}, {"name": "x", "owner": {"name": "Ann"}}]}

    refused = office.send("POST", "/api/person", document)
    office.send("PATCH", "/api/person/1", {"age": 5})

    assert refused.status_code == 400
    assert office.get("/api/person").json["num_results"] == 6
    assert office.get("/api/computer").json["num_results"] == 4


def test_a_large_body_is_refused(office: Office) -> None:
    """T26"""
    body = json.dumps({"name": "x" * 3_000_000})

    assert office.client.post("/api/person", data=body, content_type="application/json").status_code == 413


def test_creating_on_every_database(database: Engine) -> None:
    office = open_office(database)
    document = {"name": "New", "birth_date": "31 Dec 1999", "computers": [{"name": "a", "programs": [{"name": "p"}]}]}

    created = office.send("POST", "/api/person", document)

    assert created.json["birth_date"] == "1999-12-31"
    assert [one["name"] for one in created.json["computers"]] == ["a"]
