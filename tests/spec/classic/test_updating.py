"""Chapters 2.8 and 2.9 of the classic contract: PATCH and PUT, of one object and of many."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from classic_models import Computer, Office, Person, open_office

WRITES = ("PATCH", "PUT")


@pytest.fixture
def office(sqlite: Engine) -> Office:
    return open_office(sqlite, allow_patch_many=True)


def names(office: Office, person: int = 1) -> list[str]:
    """Give the names of somebody's computers."""
    return [one["name"] for one in office.get(f"/api/person/{person}").json["computers"]]


@pytest.mark.parametrize("method", WRITES)
def test_update_answers_the_whole_object(office: Office, method: str) -> None:
    """2.8"""
    response = office.send(method, "/api/person/1", {"age": 99, "birth_date": ""})

    assert response.status_code == 200
    assert (response.json["age"], response.json["birth_date"], response.json["name"]) == (99.0, None, "Ann")
    assert response.json == office.get("/api/person/1").json


@pytest.mark.parametrize("method", WRITES)
def test_empty_update_changes_nothing(office: Office, method: str) -> None:
    """2.8"""
    before = office.get("/api/person/1").json

    assert office.send(method, "/api/person/1", {}).json == before


def test_methods_are_those_that_were_asked_for(sqlite: Engine) -> None:
    """PUT and PATCH do the same, but each is served only if it was named"""
    office = open_office(sqlite, methods=["GET", "PUT"])

    assert office.send("PUT", "/api/person/1", {"age": 1}).status_code == 200
    assert office.send("PATCH", "/api/person/1", {"age": 1}).status_code == 405


def test_primary_key_may_be_repeated_but_not_changed(office: Office) -> None:
    """2.8; changing it answered 404 after success (B-8)"""
    same = office.send("PUT", "/api/person/1", {"id": 1, "age": 7})
    text = office.send("PUT", "/api/person/1", {"id": "1", "age": 8})
    other = office.send("PUT", "/api/person/1", {"id": 2, "age": 9})

    assert (same.status_code, text.status_code, other.status_code) == (200, 200, 400)
    assert other.json == {"message": 'the primary key "id" cannot be changed'}
    assert office.get("/api/person/1").json["age"] == 8.0


RELATIONS: list[tuple[Any, list[str]]] = [
    ({"add": [{"id": 4}]}, ["one", "two", "four"]),
    ({"add": {"id": 4}}, ["one", "two", "four"]),
    ({"add": [{"id": 1}]}, ["one", "two"]),
    ({"add": [{"name": "new"}]}, ["one", "two", "new"]),
    ({"add": [{"id": 1, "name": "uno"}]}, ["uno", "two"]),
    ({"remove": [{"id": 1}]}, ["two"]),
    ({"remove": {"name": "two"}}, ["one"]),
    ({"remove": [{"name": "one", "vendor": "Dell"}]}, ["two"]),
    ({"remove": [{"buy_date": None}]}, ["one"]),
    ({"remove": [{"id": 1}, {"id": 1}]}, ["two"]),
    ({"add": [{"name": "new"}], "remove": [{"name": "new"}]}, ["one", "two"]),
    ({"add": [{"id": 3}], "remove": [{"id": 1}]}, ["two", "three"]),
    ([{"id": 2}, {"id": 4}], ["two", "four"]),
    ([{"name": "new"}], ["new"]),
    ([{"id": 2, "name": "dos"}, {"id": 2}], ["dos"]),
    ([], []),
]


@pytest.mark.parametrize(("value", "expected"), RELATIONS, ids=[str(one[0]) for one in RELATIONS])
def test_to_many_relations(office: Office, value: Any, expected: list[str]) -> None:
    """2.8, the table"""
    response = office.send("PATCH", "/api/person/1", {"computers": value})

    assert response.status_code == 200, response.text
    assert names(office) == expected
    assert office.one(Computer, 3).owner_id in (1, 2)


@pytest.mark.parametrize(
    "removed", [{"id": 3}, {"name": "three"}, {"id": 3, "__delete__": True}, {"id": 999}, {"name": "nobody"}]
)
def test_removing_a_stranger(office: Office, removed: dict[str, Any]) -> None:
    """2.1: what was a 500 is a 400; nobody's link is cut (B-3), and nothing else of the request is carried out"""
    change = {"computers": {"add": [{"id": 4}], "remove": [{"id": 1}, removed]}, "age": 77}

    response = office.send("PATCH", "/api/person/1", change)

    assert response.status_code == 400
    assert response.json == {"message": "computers has no such member to remove"}
    assert names(office) == ["one", "two"]
    assert office.one(Computer, 3).owner_id == 2
    assert office.one(Person, 1).age != 77


def test_removing_from_many(sqlite: Engine) -> None:
    """2.9: each of many objects loses what it has"""
    office = open_office(sqlite, allow_patch_many=True)

    everybody = {"filters": [{"name": "id", "op": "gt", "val": 0}]}
    response = office.send("PATCH", "/api/person", {"computers": {"remove": [{"id": 3}]}, "q": everybody})

    assert response.status_code == 200
    assert office.one(Computer, 3).owner_id is None
    assert names(office) == ["one", "two"]


def test_removed_and_deleted(office: Office) -> None:
    """2.8: a removed object stays, one with `__delete__` goes"""
    removed = [{"id": 1}, {"name": "two", "__delete__": True}]
    office.send("PATCH", "/api/person/1", {"computers": {"remove": removed}})

    assert office.one(Computer, 1).owner_id is None
    assert office.one(Computer, 2) is None


def test_removing_needs_the_permission_to_delete(sqlite: Engine) -> None:
    """A-7: `__delete__` does what DELETE at the object's own API does"""
    office = open_office(sqlite, computer={"methods": ["GET", "PATCH"]})

    response = office.send("PATCH", "/api/person/1", {"computers": {"remove": [{"id": 1, "__delete__": True}]}})

    assert response.status_code in (400, 403)
    assert office.one(Computer, 1).owner_id == 1


TO_ONE: list[tuple[Any, Any]] = [
    ({"id": 2}, "Mary"),
    ({"id": 2, "name": "Maria"}, "Maria"),
    ({"name": "Fresh"}, "Fresh"),
    ({"add": {"id": 2}}, "Mary"),
    ({"add": [{"id": 2}]}, "Mary"),
    (None, None),
]


@pytest.mark.parametrize(("value", "expected"), TO_ONE, ids=[str(one[0]) for one in TO_ONE])
def test_to_one_relations(office: Office, value: Any, expected: Any) -> None:
    """2.8, the table"""
    response = office.send("PATCH", "/api/computer/1", {"owner": value})

    owner = response.json["owner"]
    assert (owner and owner["name"]) == expected


WRONG: list[tuple[str, Any]] = [
    ("/api/person/1", {"computers": None}),
    ("/api/person/1", {"computers": 5}),
    ("/api/person/1", {"computers": {}}),
    ("/api/person/1", {"computers": {"id": 1}}),
    ("/api/person/1", {"computers": {"add": 5}}),
    ("/api/person/1", {"computers": {"add": [5]}}),
    ("/api/person/1", {"computers": {"add": [{"id": 1}], "other": []}}),
    ("/api/person/1", {"computers": {"remove": [5]}}),
    ("/api/person/1", {"computers": {"remove": [{}]}}),
    ("/api/person/1", {"computers": {"remove": [{"bogus": 1}]}}),
    ("/api/person/1", {"computers": {"add": [{"bogus": 1}]}}),
    ("/api/person/1", {"computers": {"add": [{"id": 99}]}}),
    ("/api/person/1", {"computers": [{"id": 99}]}),
    ("/api/computer/1", {"owner": 5}),
    ("/api/computer/1", {"owner": [{"id": 1}]}),
    ("/api/computer/1", {"owner": {"id": 99}}),
    ("/api/computer/1", {"owner": {"remove": [{"id": 1}]}}),
    ("/api/computer/1", {"owner": {"bogus": 1}}),
    ("/api/computer/1", {"owner_id": 2}),
]


@pytest.mark.parametrize(("path", "document"), WRONG, ids=[f"{one[0]} {one[1]}" for one in WRONG])
def test_what_is_refused_changes_nothing_ever(office: Office, path: str, document: Any) -> None:
    """2.1, B-1: not even when the next request succeeds"""
    response = office.send("PATCH", path, {"name": "evil", **document})
    office.send("PATCH", "/api/person/5", {"age": 1})

    assert response.status_code == 400
    assert names(office) == ["one", "two"]
    assert office.get("/api/person/1").json["name"] == "Ann"
    assert office.get("/api/computer/1").json["name"] == "one"


def test_many_objects_are_changed(office: Office) -> None:
    """2.9"""
    search = {"filters": [{"name": "age", "op": ">=", "val": 20}]}

    response = office.send("PATCH", "/api/person", {"age": 5, "q": search})

    assert (response.status_code, response.json) == (200, {"num_modified": 4})
    assert office.ids({"name": "age", "op": "eq", "val": 5}) == [2, 3, 4, 5]


def test_relations_of_many_objects_are_changed_and_counted(office: Office) -> None:
    """2.9, B-10"""
    search = {"filters": [{"name": "vendor", "op": "eq", "val": "Dell"}]}

    response = office.send("PUT", "/api/computer", {"owner": {"id": 5}, "q": search})

    assert response.json == {"num_modified": 2}
    assert names(office, 5) == ["one", "three"]


def test_dates_in_the_search_of_many_are_read(office: Office) -> None:
    """2.9: they were not"""
    search = {"filters": [{"name": "birth_date", "op": ">", "val": "1 January 1995"}]}

    assert office.send("PATCH", "/api/person", {"other": 0, "q": search}).json == {"num_modified": 2}


@pytest.mark.parametrize("query", ["", '?q={"filters":[{"name":"id","op":"eq","val":1}]}'])
@pytest.mark.parametrize("document", [{"age": 5}, {"age": 5, "q": {}}, {"age": 5, "q": {"filters": []}}])
def test_changing_everything_is_refused(office: Office, query: str, document: Any) -> None:
    """A-11: a search in the URL was ignored, and everything changed"""
    response = office.send("PATCH", f"/api/person{query}", document)

    assert response.status_code == 400
    assert 'in the body, under "q"' in response.json["message"]
    assert office.ids({"name": "age", "op": "eq", "val": 5}) == []


def test_single_changes_exactly_one(office: Office) -> None:
    """2.5, 2.9"""

    def change(*ids: int) -> Any:
        search = {"single": True, "filters": [{"name": "id", "op": "in", "val": ids}]}
        return office.send("PATCH", "/api/person", {"age": 7, "q": search})

    assert change(3).json == {"num_modified": 1}
    assert change(4, 5).json == {"message": "Multiple results found"}
    assert change(99).json == {"message": "No result found"}
    assert office.ids({"name": "age", "op": "eq", "val": 7}) == [3]


def test_changing_everything_is_an_option(sqlite: Engine) -> None:
    office = open_office(sqlite, allow_patch_many=True, allow_unfiltered_many=True)

    assert office.send("PATCH", "/api/person", {"age": 5}).json == {"num_modified": 6}
    assert office.send("PATCH", "/api/person", {"age": 6, "q": {"limit": 2}}).json == {"num_modified": 2}


@pytest.mark.parametrize(
    "document",
    [{"bogus": 1}, {"id": 5}, {"age": "x"}, {"q": 5}, {"q": {"filters": [{"name": "bogus", "op": "eq", "val": 1}]}}],
)
def test_what_is_wrong_in_a_change_of_many(office: Office, document: Any) -> None:
    """2.1, 2.9"""
    search = {"filters": [{"name": "id", "op": "<", "val": 3}]}

    response = office.send("PATCH", "/api/person", {"q": search, "age": 1, **document})

    assert response.status_code == 400
    assert office.get("/api/person/1").json["age"] == 15.0


def test_many_are_changed_only_where_it_is_allowed(sqlite: Engine) -> None:
    office = open_office(sqlite)

    assert office.send("PATCH", "/api/person", {"age": 5, "q": {}}).status_code == 405


def test_updating_on_every_database(database: Engine) -> None:
    office = open_office(database, allow_patch_many=True)
    change = {"add": [{"id": 3}], "remove": [{"name": "one"}]}

    office.send("PATCH", "/api/person/1", {"computers": change, "birth_date": "Dec 31, 1999"})
    search = {"filters": [{"name": "computers", "op": "any", "val": {"name": "id", "op": "eq", "val": 3}}]}
    many = office.send("PATCH", "/api/person", {"age": 5, "q": search})

    assert names(office) == ["two", "three"]
    assert many.json == {"num_modified": 1}
    assert office.one(Person, 1).age == 5


@pytest.mark.parametrize("change", [{"\ud800": 1}, {"computers": [{"\ud800": 1}]}, {"owner": {"\ud800": 1}}])
def test_names_that_no_answer_can_repeat(office: Office, change: Any) -> None:
    """J-9.8, 2.1: half a character in a name is a client's fault"""
    assert office.send("PATCH", "/api/person/1", change).status_code == 400


def test_lists_are_tagged_for_those_who_ask(office: Office) -> None:
    """Beyond the contract: so a list that has not changed is not sent again."""
    first = office.get("/api/person", headers={"If-None-Match": '"-"'})
    again = office.get("/api/person", headers={"If-None-Match": first.headers["ETag"]})
    office.send("PATCH", "/api/person/1", {"age": 33})
    later = office.get("/api/person", headers={"If-None-Match": first.headers["ETag"]})

    assert (first.status_code, again.status_code, later.status_code) == (200, 304, 200)
    assert "ETag" not in office.get("/api/person").headers


def test_states_are_named_as_in_every_protocol(office: Office) -> None:
    """Beyond the contract: entity tags cover what stands inside an object too"""
    first = office.get("/api/person/1")
    again = office.get("/api/person/1", headers={"If-None-Match": first.headers["ETag"]})
    office.send("PATCH", "/api/computer/1", {"vendor": "HP"})
    later = office.get("/api/person/1", headers={"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, later.status_code) == (304, 200)
    assert office.send("PATCH", "/api/person/1", {"age": 1}, headers={"If-Match": '"other"'}).status_code == 412
