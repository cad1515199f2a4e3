"""Chapter 2.2 of the classic contract: what one object looks like."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine

from classic_models import Computer, Meaning, Office, Person, Program, Secret, Thing, Word, open_office
from flask_restless import IllegalArgumentError


def test_object_has_columns_keys_hybrids_and_flat_relations(sqlite: Engine) -> None:
    """2.2, the example"""
    office = open_office(sqlite, person={"exclude_columns": ["vendors"]})

    assert office.get("/api/person/2").json == {
        "age": 20.0,
        "birth_date": None,
        "computers": [{"buy_date": None, "id": 3, "name": "three", "owner_id": 2, "vendor": "Dell"}],
        "id": 2,
        "is_adult": True,
        "name": "Mary",
        "other": 22.0,
    }


def test_relations_are_one_level_deep_and_scalar_proxies_lists(sqlite: Engine) -> None:
    """2.2"""
    office = open_office(sqlite)

    computer = office.get("/api/computer/1").json

    assert computer["owner"] == {
        "age": 15.0,
        "birth_date": "1991-01-02",
        "id": 1,
        "is_adult": False,
        "name": "Ann",
        "other": 21.0,
    }
    assert computer["programs"] == [{"computer_id": 1, "id": 1, "name": "vim"}]
    assert computer["buy_date"] == "2020-01-02T03:04:05"
    assert office.get("/api/computer/4").json["owner"] is None
    assert office.get("/api/person/1").json["vendors"] == ["Dell", "Apple"]


def test_relation_to_a_model_without_api_is_not_there(sqlite: Engine) -> None:
    """A-2, A-5: neither shown nor filterable, nor served"""
    office = open_office(sqlite)

    assert "secret" not in office.get("/api/person/1").json
    assert office.get("/api/person/1/secret").status_code == 404
    search = {"filters": [{"name": "secret", "op": "has", "val": {"name": "password", "op": "like", "val": "h%"}}]}
    assert office.search(search).status_code == 400


def test_related_without_api_shows_them_as_0_17_did(sqlite: Engine) -> None:
    """2.2 by the named option; what is excluded does not exist, not even in a filter"""
    options = {"related_without_api": True, "exclude_columns": ["secret.password", "computers"]}
    office = open_office(sqlite, Person, person=options)

    shown = {"hint": "a word", "id": 1, "person_id": 1}
    assert office.get("/api/person/1").json["secret"] == shown
    assert office.get("/api/person/1/secret").json == {
        **shown,
        "person": office.get("/api/person/1/secret").json["person"],
    }
    by_hint = {"name": "secret", "op": "has", "val": {"name": "hint", "op": "eq", "val": "a word"}}
    by_password = {"name": "secret", "op": "has", "val": {"name": "password", "op": "like", "val": "h%"}}
    assert office.ids(by_hint) == [1]
    assert office.search({"filters": [by_password]}).status_code == 400
    assert office.send("PATCH", "/api/person/2", {"secret": {"hint": "new"}}).status_code in (400, 403)
    assert office.one(Secret, 1).hint == "a word"


def test_what_the_other_protocols_api_hides_stays_hidden(sqlite: Engine) -> None:
    office = open_office(sqlite, Person, person={"related_without_api": True})
    office.manager.create_api(Secret, protocol="jsonapi", collection_name="secrets", only=["hint"])

    assert office.get("/api/person/1").json["secret"] == {"hint": "a word", "id": 1}


def test_types_that_could_not_be_written(sqlite: Engine) -> None:
    """2.2, 2.1 (B-5): decimals, bytes, intervals, UUIDs, and columns called headers and type"""
    office = open_office(sqlite, Thing, allow_client_generated_ids=True)
    thing = {
        "id": "123e4567-e89b-12d3-a456-426614174000",
        "price": "12.50",
        "data": "AAE=",
        "span": 90,
        "headers": "h",
        "type": "t",
    }

    created = office.send("POST", "/api/thing", thing)

    assert created.status_code == 201
    assert created.json == {**thing, "span": 90.0}
    assert office.get(f"/api/thing/{thing['id']}").json == created.json
    assert office.one(Thing, UUID(str(thing["id"]))).span.total_seconds() == 90


def test_dynamic_relations_are_resolved(sqlite: Engine) -> None:
    """2.2, and keys that are texts with slashes"""
    office = open_office(sqlite, Word, Meaning, allow_client_generated_ids=True)
    created = office.send("POST", "/api/word", {"text": "Ж x/y", "meanings": [{"gloss": "a"}, {"gloss": "b"}]})

    path = created.headers["Location"].removeprefix("http://localhost")
    assert path == "/api/word/%D0%96%20x%2Fy"
    assert [one["gloss"] for one in office.get(path).json["meanings"]] == ["a", "b"]
    assert office.get(f"{path}/meanings").json["num_results"] == 2


INCLUDED: list[tuple[dict[str, Any], set[str], set[str] | None]] = [
    ({"include_columns": ["id", "name", "computers", "computers.vendor"]}, {"id", "name", "computers"}, {"vendor"}),
    ({"include_columns": ["id", "computers"]}, {"id", "computers"}, {"id", "name", "vendor", "buy_date", "owner_id"}),
    ({"include_columns": ["id", "computers.vendor"]}, {"id"}, None),
    ({"include_columns": [Person.id, Person.name]}, {"id", "name"}, None),
    (
        {"exclude_columns": ["other", "vendors", "is_adult", "birth_date", "computers.name", "computers.owner_id"]},
        {"id", "name", "age", "computers"},
        {"id", "vendor", "buy_date"},
    ),
    (
        {"exclude_columns": ["computers", "vendors", Person.age, Person.other]},
        {"id", "name", "birth_date", "is_adult"},
        None,
    ),
]


@pytest.mark.parametrize(("options", "names", "nested"), INCLUDED)
def test_columns_are_included_and_excluded(
    sqlite: Engine, options: dict[str, Any], names: set[str], nested: set[str] | None
) -> None:
    """2.2"""
    office = open_office(sqlite, person=options)

    person = office.get("/api/person/1").json

    assert person.keys() == names
    assert [set(one) for one in person.get("computers", [])] == ([nested, nested] if nested else [])


def test_no_columns_make_empty_objects(sqlite: Engine) -> None:
    office = open_office(sqlite, person={"include_columns": [], "methods": ["GET"]})

    assert office.get("/api/person/1").json == {}


def test_methods_are_added(sqlite: Engine) -> None:
    """2.2: methods and properties, of related objects too, and a mapped object as a flat one"""
    methods = ["greeting", "first_computer", "computers.label"]
    office = open_office(sqlite, person={"include_methods": methods})

    person = office.get("/api/person/1").json

    assert person["greeting"] == "Hello, Ann"
    assert person["computers"][1]["label"] == "Apple two"
    assert person["first_computer"].keys() == {"id", "name", "vendor", "buy_date", "owner_id"}
    assert office.get("/api/person").json["objects"][0]["greeting"] == "Hello, Ann"


WRONG: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"include_columns": ["id"], "exclude_columns": ["name"]}, IllegalArgumentError, "not both"),
    ({"exclude_columns": ["id"]}, IllegalArgumentError, "primary key"),
    ({"include_columns": ["name"]}, IllegalArgumentError, "primary key"),
    ({"include_columns": [Person.greeting]}, TypeError, "mapped column"),
    ({"include_columns": [Computer.name]}, ValueError, "another model"),
    ({"include_columns": ["id", "nmae"]}, IllegalArgumentError, "include_columns names 'nmae'"),
    ({"exclude_columns": ["computers.bogus"]}, IllegalArgumentError, "does not exist"),
    ({"include_methods": ["computers.bogus"]}, IllegalArgumentError, "does not exist"),
    ({"include_methods": ["bogus"]}, IllegalArgumentError, "include_methods names 'bogus'"),
    ({"include_methods": ["_check_name"]}, IllegalArgumentError, "include_methods names '_check_name'; private"),
    ({"include_methods": ["computers._is_owned"]}, IllegalArgumentError, "does not exist"),
    ({"include_methods": ["computers.__init__"]}, IllegalArgumentError, "'computers.__init__'; private"),
    ({"methods": ["FETCH"]}, IllegalArgumentError, "no method FETCH"),
    ({"methods": "GET"}, IllegalArgumentError, "methods is 'GET'; it is a list"),
    ({"page_size": 5}, IllegalArgumentError, "did you mean results_per_page"),
    ({"max_page_size": 5}, IllegalArgumentError, "did you mean max_results_per_page"),
    ({"only": ["id"]}, IllegalArgumentError, "did you mean include_columns"),
    ({"linkage": "always"}, IllegalArgumentError, "JSON:API"),
    ({"result_per_page": 5}, IllegalArgumentError, "did you mean results_per_page"),
    ({"results_per_page": "5"}, IllegalArgumentError, "whole number"),
    ({"authentication_required_for": ["GET"]}, IllegalArgumentError, "authentication_function"),
    ({"classic_version": "0.9"}, IllegalArgumentError, "'0.17' or '0.6'"),
    ({"preprocessors": {"GET_ONE": [print]}}, IllegalArgumentError, "GET_ONE"),
    ({"preprocessors": {"GET_RESOURCE": [print]}}, IllegalArgumentError, "processors are among"),
    ({"allow_functions": ["sum(1)"]}, IllegalArgumentError, "name of an SQL function"),
    ({"app": "another"}, IllegalArgumentError, "leave app out"),
    ({"primary_key": "bogus"}, IllegalArgumentError, "no column"),
]


@pytest.mark.parametrize(("options", "kind", "message"), WRONG, ids=[one[2] for one in WRONG])
def test_wrong_options_are_refused_with_the_cure(
    sqlite: Engine, options: dict[str, Any], kind: type[Exception], message: str
) -> None:
    """Contract, `create_api_blueprint`"""
    office = open_office(sqlite, Computer)

    with pytest.raises(kind, match=message):
        office.manager.create_api(Person, **{"methods": ["GET", "POST"], **options})


def test_json_api_refuses_classic_options_with_their_successors(sqlite: Engine) -> None:
    office = open_office(sqlite, Computer)

    for classic, successor in [("results_per_page", "page_size"), ("include_columns", "only")]:
        with pytest.raises(IllegalArgumentError, match=f"did you mean {successor}"):
            office.manager.create_api(Person, protocol="jsonapi", **{classic: []})


def test_serializer_and_deserializer_are_functions(sqlite: Engine) -> None:
    """Contract, `create_api_blueprint`; in lists as well (C-9)"""

    def serializer(instance: Program) -> dict[str, Any]:
        return {"id": instance.id, "shout": (instance.name or "").upper()}

    def deserializer(data: dict[str, Any]) -> Program:
        return Program(name=data["shout"].lower())

    office = open_office(sqlite, Program, serializer=serializer, deserializer=deserializer)

    created = office.send("POST", "/api/program", {"shout": "ED"})

    assert created.json == {"id": 3, "shout": "ED"}
    assert office.get("/api/program/3").json == created.json
    assert office.get("/api/program").json["objects"][0] == {"id": 1, "shout": "VIM"}
    assert office.one(Program, 3).name == "ed"


def test_another_primary_key(sqlite: Engine) -> None:
    """`primary_key` names the column in URLs"""
    office = open_office(sqlite, person={"primary_key": "name"})

    response = office.get("/api/person/Mary")

    assert response.json["id"] == 2
    assert office.send("PATCH", "/api/person/Mary", {"age": 3}).json["age"] == 3.0


def test_an_api_and_one_of_the_other_protocol_cannot_share_a_url(sqlite: Engine) -> None:
    office = open_office(sqlite)

    with pytest.raises(IllegalArgumentError, match="another protocol"):
        office.manager.create_api(Person, protocol="jsonapi", collection_name="person")


@pytest.fixture
def office(sqlite: Engine) -> Office:
    return open_office(sqlite)


def test_lookups_find_classic_apis(office: Office) -> None:
    assert office.manager.url_for(Person, 1, "computers") == "/api/person/1/computers"
    assert office.manager.collection_name(Person) == "person"
    assert office.manager.model_for("computer") is Computer
    assert office.manager.primary_key_for(Person) == "id"


def test_blueprints_are_made_in_the_order_of_0_17(sqlite: Engine) -> None:
    office = open_office(sqlite, Computer)

    blueprint = office.manager.create_api_blueprint(Person)
    office.app.register_blueprint(blueprint)

    assert blueprint.name == "personapi"
    assert office.get("/api/person/1").json["name"] == "Ann"
