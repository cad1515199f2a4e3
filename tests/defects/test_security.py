"""A: holes of the earlier generations, each asked for in both protocols."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import Engine

from estate import Doc, Estate, User, open_estate
from flask_restless import ProcessingException
from leaks import LEAKS


@pytest.fixture
def estate(sqlite: Engine) -> Estate:
    return open_estate(sqlite)


def objects(name: str, op: str, val: Any) -> str:
    return json.dumps([{"name": name, "op": op, "val": val}])


def same(hidden: Any, absent: Any, names: tuple[str, str]) -> None:
    """Both are refused, and differ in the name that was asked for alone."""
    assert hidden.status_code == absent.status_code == 400
    assert hidden.text.replace(names[0], names[1]) == absent.text


def test_a_1_hidden_columns_answer_no_question(estate: Estate) -> None:
    """A-1"""
    names = ("password", "passwort")
    for query in ("filter[{}][like]=h%25", "sort={}", "groupBy={}", "fields[users]={}"):
        same(*(estate.client.get(f"/api/users?{query.format(name)}") for name in names), names)
    same(*(estate.get("/api/users", **{"filter[objects]": objects(one, "like", "h%")}) for one in names), names)
    same(*(estate.search("/old/users", filters=json.loads(objects(one, "like", "h%"))) for one in names), names)
    same(*(estate.search("/old/users", order_by=[{"field": one}]) for one in names), names)


def test_a_2_relations_lead_to_nothing_hidden(estate: Estate) -> None:
    """A-2: neither to hidden columns nor to models without an API"""
    names = ("password", "passwort")
    same(*(estate.get("/api/docs", **{f"filter[owner.{one}]": "hush"}) for one in names), names)
    same(
        *(estate.search("/old/docs", filters=[{"name": f"owner__{one}", "op": "has", "val": "x"}]) for one in names),
        names,
    )
    names = ("secrets", "secretz")
    inner = {"name": "text", "op": "eq", "val": "s"}
    same(*(estate.get("/api/users", **{"filter[objects]": objects(one, "any", inner)}) for one in names), names)
    same(*(estate.search("/old/users", filters=json.loads(objects(one, "any", inner))) for one in names), names)
    same(*(estate.get("/api/users", include=one) for one in names), names)


@pytest.mark.parametrize("name", ["metadata", "__init__", "__class__", "shout", "registry", "_sa_instance_state"])
def test_a_3_attributes_of_the_class_are_no_fields(estate: Estate, name: str) -> None:
    """A-3"""
    assert estate.get("/api/users", **{"filter[objects]": objects(name, "is_null", None)}).status_code == 400
    assert estate.search("/old/users", filters=json.loads(objects(name, "eq", "x"))).status_code == 400
    created = estate.write("POST", "/api/users", {"type": "users", "attributes": {name: "x"}})
    assert created.status_code == 400
    assert estate.write("POST", "/old/users", {name: "x"}).status_code == 400
    assert estate.count(User) == 2


@pytest.mark.parametrize("attributes", [{"password": "x"}, {"id": 9}, {"secrets": []}], ids=str)
def test_a_4_nothing_hidden_is_written(estate: Estate, attributes: dict[str, Any]) -> None:
    """A-4"""
    for method, place, document in (("POST", "", {}), ("PATCH", "/1", {"id": "1"})):
        found = estate.write(method, f"/api/users{place}", {"type": "users", **document, "attributes": attributes})
        assert found.status_code in (400, 403)
        assert estate.write(method, f"/old/users{place}", attributes).status_code in (400, 403)
    assert (estate.count(User), estate.row(User, 1).password) == (2, "hush")


def test_a_4_foreign_keys_are_not_for_clients(estate: Estate) -> None:
    """A-4"""
    changed = estate.write("PATCH", "/api/docs/1", {"type": "docs", "id": "1", "attributes": {"owner_id": 2}})
    assert changed.status_code in (400, 403)
    assert estate.write("PATCH", "/old/docs/1", {"owner_id": 2}).status_code == 400
    assert estate.row(Doc, 1).owner_id == 1


def test_a_5_urls_of_relations_keep_what_is_hidden(estate: Estate) -> None:
    """A-5"""
    assert "hush" not in estate.get("/old/docs/1/owner").text + estate.get("/api/docs/1/owner").text
    assert "hush" not in estate.get("/old/docs/1").text + estate.get("/api/docs/1", include="owner").text
    for path in ("/old/users/1/secrets", "/api/users/1/secrets", "/api/users/1/relationships/secrets"):
        assert estate.get(path).status_code == 404


def test_a_6_members_are_members(estate: Estate) -> None:
    """A-6"""
    for prefix in ("/api", "/old"):
        assert estate.get(f"{prefix}/users/1/docs/1").status_code == 200
        assert estate.get(f"{prefix}/users/1/docs/2").status_code == 404


def test_a_7_nested_writes_take_no_rows(sqlite: Engine) -> None:
    """A-7: not through an API whose related one may only be read"""
    estate = open_estate(sqlite, doc={"methods": ["GET"]})

    response = estate.write("POST", "/old/users", {"name": "eve", "docs": [{"id": 2, "title": "stolen"}]})

    assert response.status_code in (400, 403)
    assert (estate.row(Doc, 2).owner_id, estate.row(Doc, 2).title, estate.count(User)) == (2, "b", 2)


def test_a_8_true_is_no_id(sqlite: Engine) -> None:
    """A-8"""

    def allow(**_: Any) -> bool:
        return True

    shared = {name: [allow] for name in ("GET_SINGLE", "GET_RESOURCE", "DELETE_SINGLE", "DELETE_RESOURCE")}
    estate = open_estate(sqlite, preprocessors=shared)

    assert estate.get("/api/docs/3").json["data"]["id"] == "3"
    assert estate.get("/old/docs/3").json["id"] == 3
    assert estate.client.delete("/old/docs/3").status_code == 204
    assert [estate.row(Doc, number) is None for number in (1, 2, 3)] == [False, False, True]


COUNT = [{"name": "count", "field": "id"}]


def test_a_9_functions_are_those_of_the_list(sqlite: Engine) -> None:
    """A-9"""
    estate = open_estate(sqlite, user={"allow_functions": True})

    for name, field in (("load_extension", "name"), ("hex", "name"), ("count", "docs"), ("max", "password")):
        terms = [{"name": name, "field": field}]
        assert estate.get("/api/eval/users", functions=json.dumps(terms)).status_code == 400
        assert estate.search("/old/eval/users", functions=terms).status_code == 400
    assert estate.get("/api/eval/users", functions=json.dumps(COUNT)).json == {"data": [2]}


def test_a_9_processors_of_lists_guard_functions(sqlite: Engine) -> None:
    """A-9"""

    def nobody(**_: Any) -> None:
        raise ProcessingException(description="no", code=403)

    guards = {"GET_COLLECTION": [nobody], "GET_MANY": [nobody]}
    estate = open_estate(sqlite, doc={"allow_functions": True}, preprocessors=guards)

    assert estate.get("/api/eval/docs", functions=json.dumps(COUNT)).status_code == 403
    assert estate.search("/old/eval/docs", functions=COUNT).status_code == 403


@pytest.mark.parametrize("callback", ["alert(1)//(", "a;b", "<script>", "a b", ""])
def test_a_10_callbacks_are_names(sqlite: Engine, callback: str) -> None:
    """A-10"""
    estate = open_estate(sqlite, user={"allow_jsonp": True})

    for prefix in ("/api", "/old"):
        response = estate.get(f"{prefix}/users/1", callback=callback)
        assert response.status_code == 400
        assert response.mimetype != "application/javascript"
        assert estate.get(f"{prefix}/docs/1", callback="f").mimetype != "application/javascript"


def test_a_11_many_are_not_all(sqlite: Engine) -> None:
    """A-11"""
    estate = open_estate(sqlite, doc={"allow_patch_many": True, "allow_delete_many": True})
    search = '?q={"filters":[{"name":"id","op":"eq","val":1}]}'

    for document in ({"title": "x"}, {"title": "x", "q": {}}, {"title": "x", "q": {"filters": []}}):
        assert estate.write("PATCH", "/old/docs", document).status_code == 400
    assert estate.write("PATCH", f"/old/docs{search}", {"title": "x"}).status_code == 400
    assert estate.client.delete("/old/docs").status_code == 400
    assert estate.client.delete("/api/docs").status_code == 405
    assert [estate.row(Doc, number).title for number in (1, 2, 3)] == ["a", "b", "c"]


def test_a_12_errors_tell_neither_sql_nor_classes(database: Engine) -> None:
    """A-12"""
    estate = open_estate(database)

    taken = estate.write("POST", "/api/users", {"type": "users", "attributes": {"name": "bob"}})
    unknown = estate.get("/api/users/1/nothing")
    old = estate.write("POST", "/old/users", {"name": "bob"})

    for response in (taken, unknown, old):
        text = response.text.replace('"message": "IntegrityError"', "")
        assert not LEAKS.search(text)
        assert "User" not in text
        assert "users.name" not in text


def test_a_13_nobody_else_says_where_links_lead(estate: Estate) -> None:
    """A-13"""
    headers = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher", "Forwarded": "host=evil.example"}

    for path in ("/api/docs?page[size]=1", "/old/docs?results_per_page=1"):
        response = estate.client.get(path, headers=headers)
        assert "http://localhost/" in response.headers["Link"]
        assert "evil" not in response.text + str(response.headers)


def test_a_14_no_page_and_no_filter_is_without_end(sqlite: Engine) -> None:
    """A-14"""
    estate = open_estate(sqlite, doc={"max_page_size": 2, "page_size": 1, "earlier_parameters": True}, user={})
    text = json.dumps({"x": 1})
    for _ in range(900):
        text = '{"or":[' + text + "]}"

    assert len(estate.get("/api/docs", **{"page[size]": "0"}).json["data"]) == 2
    assert estate.get("/api/docs", **{"filter[objects]": f"[{text}]"}).status_code == 400
    assert estate.get("/old/docs", q=f'{{"filters":[{text}]}}').status_code == 400


def test_a_15_no_browser_may_send_anything_else(estate: Estate) -> None:
    """A-15"""
    headers = {"User-Agent": "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1)"}

    for prefix in ("/api", "/old"):
        response = estate.client.post(f"{prefix}/users", data="{}", content_type="text/plain", headers=headers)
        assert response.status_code == 415
    assert estate.count(User) == 2
