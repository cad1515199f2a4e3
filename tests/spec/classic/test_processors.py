"""The processors of the classic contract: names, arguments, return values, and when they run."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine

from classic_models import Computer, Office, Person, Thing, open_office
from flask_restless import ProcessingException

Seen = list[tuple[str, dict[str, Any]]]
EVERY_KEY = ("GET_SINGLE", "GET_MANY", "PATCH_SINGLE", "PATCH_MANY", "POST", "DELETE_SINGLE", "DELETE_MANY")


def office_with(engine: Engine, **processors: Any) -> Office:
    """Serve people with preprocessors; names that begin with `after_` are postprocessors."""
    before = {name: [one] for name, one in processors.items() if not name.startswith("after_")}
    after = {name.removeprefix("after_"): [one] for name, one in processors.items() if name.startswith("after_")}
    options = {"preprocessors": before, "postprocessors": after}
    return open_office(engine, allow_patch_many=True, allow_delete_many=True, person=options, computer=options)


def recording(seen: Seen, name: str) -> Any:
    """Make a processor that remembers what it is called with."""

    def processor(**arguments: Any) -> None:
        seen.append((name, arguments))

    return processor


FIRST = {"filters": [{"name": "id", "op": "eq", "val": 1}]}
CALLS: list[tuple[str, str, Any, str, set[str], set[str]]] = [
    ("GET", "/api/person/1", None, "GET_SINGLE", {"instance_id"}, {"result"}),
    ("GET", "/api/person", None, "GET_MANY", {"search_params"}, {"result", "search_params"}),
    ("GET", "/api/person/1/computers", None, "GET_SINGLE", {"instance_id"}, {"result"}),
    ("GET", "/api/person/1/computers/1", None, "GET_SINGLE", {"instance_id"}, {"result"}),
    ("GET", "/api/computer/1/owner", None, "GET_SINGLE", {"instance_id"}, {"result"}),
    ("PATCH", "/api/person/1", {"age": 1}, "PATCH_SINGLE", {"instance_id", "data"}, {"result"}),
    ("PUT", "/api/person/1", {"age": 1}, "PATCH_SINGLE", {"instance_id", "data"}, {"result"}),
    (
        "PATCH",
        "/api/person",
        {"age": 1, "q": FIRST},
        "PATCH_MANY",
        {"search_params", "data"},
        {"query", "data", "result", "search_params"},
    ),
    ("POST", "/api/person", {"age": 1}, "POST", {"data"}, {"result"}),
    (
        "DELETE",
        "/api/person/1",
        None,
        "DELETE_SINGLE",
        {"instance_id", "relation_name", "relation_instance_id"},
        {"was_deleted"},
    ),
    (
        "DELETE",
        "/api/person/1/computers/1",
        None,
        "DELETE_SINGLE",
        {"instance_id", "relation_name", "relation_instance_id"},
        {"was_deleted"},
    ),
    (
        "DELETE",
        '/api/person?q={"filters":[{"name":"id","op":"eq","val":1}]}',
        None,
        "DELETE_MANY",
        {"search_params"},
        {"result", "search_params"},
    ),
]


@pytest.mark.parametrize(
    ("method", "path", "document", "name", "before", "after"), CALLS, ids=[f"{a} {b}" for a, b, *_ in CALLS]
)
def test_arguments(
    sqlite: Engine, method: str, path: str, document: Any, name: str, before: set[str], after: set[str]
) -> None:
    """The table; no other processor runs"""
    seen: Seen = []
    known = {one: recording(seen, one) for one in EVERY_KEY} | {
        f"after_{one}": recording(seen, f"after_{one}") for one in EVERY_KEY
    }
    office = office_with(sqlite, **known)

    response = office.client.open(path, method=method, json=document)

    assert response.status_code < 300, response.text
    assert [one for one, _ in seen] == [name, f"after_{name}"]
    assert (seen[0][1].keys(), seen[1][1].keys()) == (before, after)


@pytest.mark.parametrize(
    ("alias", "method", "path"), [("PUT_SINGLE", "PATCH", "/api/person/1"), ("DELETE", "DELETE", "/api/person/1")]
)
def test_aliases(sqlite: Engine, alias: str, method: str, path: str) -> None:
    seen: Seen = []
    office = office_with(sqlite, **{alias.lower(): recording(seen, alias)})

    office.send(method, path, {})

    assert [name for name, _ in seen] == [alias]


def test_processors_take_only_the_arguments_they_name(sqlite: Engine) -> None:
    """C-8: the manuals and the code of 0.17 named those of PATCH_MANY differently"""
    calls = []

    def documented(query: Any = None, data: Any = None, search_params: Any = None) -> None:
        calls.append((data, search_params["filters"]))

    office = office_with(sqlite, after_PATCH_MANY=documented)
    office.send("PATCH", "/api/person", {"age": 1, "q": FIRST})

    assert calls == [({"age": 1}, FIRST["filters"])]


@pytest.mark.parametrize("given", [True, False, None, {}, [1]])
def test_only_ids_replace_the_id(sqlite: Engine, given: Any) -> None:
    """A-8: the example of the manual returned True, and so served row 1"""
    office = office_with(sqlite, GET_SINGLE=lambda instance_id: given, DELETE_SINGLE=lambda instance_id: given)

    assert office.get("/api/person/2").json["id"] == 2
    office.client.delete("/api/person/2")
    assert office.ids() == [1, 3, 4, 5, 6]


def test_an_id_replaces_the_id(sqlite: Engine) -> None:
    """The table"""
    office = office_with(
        sqlite,
        GET_SINGLE=lambda instance_id: int(instance_id) + 1,
        PATCH_SINGLE=lambda instance_id, data: "3",
        DELETE_SINGLE=lambda instance_id: 4,
    )

    assert office.get("/api/person/2").json["id"] == 3
    assert office.send("PATCH", "/api/person/2", {"age": 1}).json["id"] == 3
    office.client.delete("/api/person/2")
    assert office.ids() == [1, 2, 3, 5, 6]


def test_searches_are_changed_and_may_name_hidden_columns(sqlite: Engine) -> None:
    """The search is mutable; what the application asks for itself is not bound to what clients see"""

    def mine(search_params: dict[str, Any]) -> None:
        search_params.setdefault("filters", []).append({"name": "owner_id", "op": "eq", "val": 1})
        search_params["filters"].append({"name": "buy_date", "op": "<", "val": date(2030, 1, 1)})

    options = {"exclude_columns": ["owner_id"], "preprocessors": {"GET_MANY": [mine]}}
    office = open_office(sqlite, Computer, **options)

    assert office.ids(path="/api/computer") == [1]
    assert office.search({"filters": [{"name": "owner_id", "op": "eq", "val": 2}]}, "/api/computer").status_code == 400


def test_data_are_changed_and_may_set_what_clients_may_not(sqlite: Engine) -> None:
    """The data are mutable: foreign keys, keys, hidden columns and Python values come from the application"""

    def complete(data: dict[str, Any]) -> None:
        data.update(owner_id=2, id=70, buy_date=date(2020, 1, 2), vendor="ours")
        data.pop("junk", None)

    office = open_office(sqlite, Computer, exclude_columns=["owner_id"], preprocessors={"POST": [complete]})

    response = office.send("POST", "/api/computer", {"name": "x", "vendor": "theirs", "junk": 1})

    assert response.status_code == 201, response.text
    assert (response.json["id"], response.json["vendor"]) == (70, "ours")
    assert office.one(Computer, 70).owner_id == 2


def test_results_are_changed(sqlite: Engine) -> None:
    def mark(result: dict[str, Any], **_: Any) -> None:
        result["marked"] = True
        result.pop("name", None)

    office = office_with(sqlite, after_GET_SINGLE=mark, after_GET_MANY=mark, after_POST=mark)

    for response in (office.get("/api/person/1"), office.get("/api/person"), office.send("POST", "/api/person", {})):
        assert response.json["marked"] is True
        assert "name" not in response.json


@pytest.mark.parametrize(
    ("method", "path", "document", "name"),
    [
        ("POST", "/api/person", {"name": "New"}, "POST"),
        ("PATCH", "/api/person/1", {"age": 99}, "PATCH_SINGLE"),
        ("PATCH", "/api/person", {"age": 99, "q": FIRST}, "PATCH_MANY"),
        ("DELETE", "/api/person/1", None, "DELETE_SINGLE"),
        ("DELETE", '/api/person?q={"filters":[{"name":"id","op":"eq","val":1}]}', None, "DELETE_MANY"),
        ("DELETE", "/api/person/1/computers/1", None, "DELETE_SINGLE"),
    ],
)
@pytest.mark.parametrize("when", ["", "after_"])
def test_a_processor_that_refuses_leaves_nothing_behind(
    sqlite: Engine, method: str, path: str, document: Any, name: str, when: str
) -> None:
    """B-1: postprocessors ran after the commit"""

    def refuse(**_: Any) -> None:
        raise ProcessingException(description="No", code=403)

    office = office_with(sqlite, **{f"{when}{name}": refuse})
    before = office.get("/api/person").data

    response = office.client.open(path, method=method, json=document)

    assert (response.status_code, response.json) == (403, {"message": "No"})
    assert office.get("/api/person").data == before


def test_processors_of_the_manager_run_first(sqlite: Engine) -> None:
    """Contract: also those given before there is an application, which were dropped (C-8)"""
    order: list[str] = []
    shared = {"preprocessors": {"PUT_SINGLE": [lambda **_: order.append("manager")]}}
    own = {"preprocessors": {"PATCH_SINGLE": [lambda **_: order.append("api")]}}
    office = open_office(sqlite, Person, manager=shared, **own)

    office.send("PATCH", "/api/person/1", {})

    assert order == ["manager", "api"]


@pytest.mark.parametrize(
    ("method", "path", "document", "name"),
    [
        ("GET", "/api/computer", None, "GET_MANY"),
        ("GET", "/api/computer/1", None, "GET_SINGLE"),
        ("GET", "/api/computer?q={%22single%22:true,%22limit%22:1}", None, "GET_MANY"),
        ("GET", "/api/thing", None, "GET_MANY"),
        ("POST", "/api/computer", {"buy_date": "2024-02-29"}, "POST"),
        ("PATCH", "/api/computer/1", {}, "PATCH_SINGLE"),
    ],
)
def test_postprocessors_see_the_values_that_are_sent(
    sqlite: Engine, method: str, path: str, document: Any, name: str
) -> None:
    """2.2: dates, times and UUIDs as texts, also inside relations."""
    seen: list[Any] = []

    def keep(result: dict[str, Any], **_: Any) -> None:
        seen.append(json.loads(json.dumps(result)))
        result["kept"] = True

    office = open_office(sqlite, Person, Computer, Thing, postprocessors={name: [keep]})
    with office.session.begin() as session:
        session.add(Thing(id=UUID(int=1)))

    response = office.client.open(path, method=method, json=document)

    assert response.json == {**seen[0], "kept": True}


def test_a_client_cannot_touch_everything_because_a_processor_narrows(sqlite: Engine) -> None:
    """A-11"""

    def mine(search_params: dict[str, Any]) -> None:
        search_params.setdefault("filters", []).append({"name": "id", "op": "<", "val": 3})

    office = office_with(sqlite, DELETE_MANY=mine)

    assert office.client.delete("/api/person").status_code == 400
    assert office.search({"filters": [{"name": "id", "op": ">", "val": 1}]}, method="DELETE").json == {"num_deleted": 1}
