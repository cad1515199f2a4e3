"""C, D, E: wrong answers, needless statements and awkward designs of the earlier generations, in both protocols."""

from __future__ import annotations

import gc
import json
import weakref
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, ForeignKey, String, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker

from conftest import checked_client, counted
from estate import Doc, Estate, User, open_estate
from flask_restless import APIManager, DefaultSerializer, IllegalArgumentError


@pytest.fixture
def estate(sqlite: Engine) -> Estate:
    return open_estate(sqlite)


# ---------------------------------------------------------------- C


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/docs?page[size]=abc", 400),
        ("/api/docs?page[number]=abc", 400),
        ("/api/docs?page[number]=-1", 400),
        ("/api/docs?include=bogus", 400),
        ("/api/docs?include=", 200),
        ("/api/docs/1/relationships/bogus", 404),
        ("/api/docs?filter[single]=x", 400),
        ("/api/docs?filter[objects]=x", 400),
        ("/api/users/1/secrets", 404),
        ("/old/docs?page=abc", 400),
        ('/old/docs?q={"filters":[{"name":"zz","op":"eq","val":1}]}', 400),
        ("/old/docs?q=[]", 400),
        ("/old/docs?q=null", 400),
        ('/old/docs?q="x"', 400),
        ('/old/docs?q={"limit":"x"}', 400),
        ('/old/docs?q={"filters":[{"name":"born","op":"eq","val":[1]}]}', 400),
        ("/old/docs/1/bogus", 404),
        ("/old/docs/1/title", 404),
    ],
)
def test_c_1_senseless_requests_are_no_failures_of_the_server(estate: Estate, path: str, status: int) -> None:
    """C-1"""
    assert estate.client.get(path).status_code == status


@pytest.mark.parametrize(
    "document",
    [
        {"attributes": {"born": "some day"}},
        {"attributes": {"born": 5}},
        {"relationships": {"bogus": {"data": None}}},
        {"relationships": {"owner": {"data": {"id": "1"}}}},
        {"relationships": {"owner": {}}},
    ],
    ids=str,
)
def test_c_1_senseless_documents_are_no_failures_of_the_server(estate: Estate, document: dict[str, Any]) -> None:
    """C-1"""
    for method, path, identity in (("POST", "/api/docs", {}), ("PATCH", "/api/docs/1", {"id": "1"})):
        response = estate.write(method, path, {"type": "docs", **identity, **document})
        assert response.status_code in (400, 422), response.text
    empty = estate.write("POST", "/api/docs", {"type": "docs", "relationships": {"owner": {"data": None}}})
    assert empty.status_code == 201


@pytest.mark.parametrize("document", [[], {"owner": 1}, {"owner": {"bogus": 1}}, {"born": "some day"}], ids=str)
def test_c_1_senseless_objects_are_no_failures_of_the_server(estate: Estate, document: Any) -> None:
    """C-1"""
    assert estate.write("POST", "/old/docs", document).status_code == 400
    assert estate.write("PATCH", "/old/docs/1", document).status_code == 400
    assert estate.write("PATCH", "/old/users/1", {"docs": None}).status_code == 400


@pytest.mark.parametrize("query", ["filtre[title]=a", "filter[titel]=a", "group=title", "ignorecase=1", "limit=1"])
def test_c_2_what_is_not_understood_is_not_ignored(estate: Estate, query: str) -> None:
    """C-2"""
    assert estate.client.get(f"/api/docs?{query}").status_code == 400


def test_c_3_dates_are_dates_wherever_they_stand(database: Engine) -> None:
    """C-3"""
    estate = open_estate(database)
    late = {"name": "born", "op": "gt", "val": "2001-06-01"}
    cases: list[tuple[Any, list[str]]] = [
        ({"name": "born", "op": "is_null"}, ["c"]),
        ({"name": "born", "op": "in", "val": ["2001-01-01", "2002-02-02"]}, ["a", "b"]),
        ({"or": [late, {"and": [{"name": "born", "op": "eq", "val": "2001-01-01"}]}]}, ["a", "b"]),
        ({"name": "owner", "op": "has", "val": {"name": "docs", "op": "any", "val": late}}, ["b"]),
    ]
    for condition, titles in cases:
        ours = estate.get("/api/docs", **{"filter[objects]": json.dumps([condition])}).json["data"]
        theirs = estate.search("/old/docs", filters=[condition]).json["objects"]
        assert [one["attributes"]["title"] for one in ours] == [one["title"] for one in theirs] == titles


def test_c_4_orders_lose_and_double_nothing(database: Engine) -> None:
    """C-4: also with two relationships to one model"""
    estate = open_estate(database)

    for path in ("owner", "editor"):
        ours = estate.get("/api/docs", sort=f"-{path}.name").json
        theirs = estate.search("/old/docs", order_by=[{"field": f"{path}__name", "direction": "desc"}]).json
        titles = [one["attributes"]["title"] for one in ours["data"]]
        assert titles == [one["title"] for one in theirs["objects"]]
        assert sorted(titles) == ["a", "b", "c"]
        assert ours["meta"]["total"] == theirs["num_results"] == 3
        named = [one for one in titles if one != "c"]
        assert named == (["a", "b"] if path == "owner" else ["b", "a"])


def test_c_5_errors_name_things_in_their_order(estate: Estate) -> None:
    """C-5"""
    linkage = {"owner": {"data": {"type": "docs", "id": "1"}}}
    (error,) = estate.write("POST", "/api/docs", {"type": "docs", "relationships": linkage}).json["errors"]
    (missing,) = estate.get("/api/docs/999").json["errors"]

    assert (error["status"], error["source"]) == ("409", {"pointer": "/data/relationships/owner/data/type"})
    assert error["detail"].index("users") >= 0
    assert (missing["status"], missing["detail"]) == ("404", 'there is no docs with the id "999"')


def test_c_6_links_lead_back_and_on(estate: Estate) -> None:
    """C-6"""
    related = estate.client.get("/api/users/1/docs?page[size]=1").json["links"]
    made = estate.write("POST", "/api/docs", {"type": "docs"})
    query = '{"filters":[{"name":"title","op":"in","val":["a","b"]}]}'
    classic = estate.client.get("/old/docs", query_string={"q": query, "results_per_page": "1"})

    assert related["self"].startswith("http://localhost/api/users/1/docs")
    assert made.json["links"]["self"] == made.headers["Location"] == "http://localhost/api/docs/4"
    following = classic.headers["Link"].partition("<")[2].partition(">")[0]
    assert "{" not in classic.headers["Link"]
    assert [one["title"] for one in estate.client.get(following).json["objects"]] == ["b"]
    first = estate.get("/api/docs", **{"filter[objects]": '[{"name":"title","op":"is_not_null"}]', "page[size]": "1"})
    assert first.headers["Link"].count("filter%5Bobjects%5D") == first.headers["Link"].count("rel=")


def test_c_7_managers_and_applications_are_apart(sqlite: Engine) -> None:
    """C-7"""
    estate = open_estate(sqlite)
    other = Flask("other")
    manager = APIManager(other, session=estate.session, url_prefix="/other")
    manager.create_api(User, collection_name="people", only=["name"])
    manager.create_api(User, collection_name="staff", exclude=["name"])

    assert estate.get("/api/users/1").json["data"]["links"]["self"] == "http://localhost/api/users/1"
    client = checked_client(other)
    assert client.get("/other/people/1").json["data"]["attributes"] == {"name": "mary"}
    assert "name" not in client.get("/other/staff/1").json["data"]["attributes"]
    assert manager.url_for(User, 1) == "/other/people/1"


def test_c_8_processors_get_what_is_promised(sqlite: Engine) -> None:
    """C-8: in the words of the manual, and from managers that had no application yet"""
    seen: list[Any] = []
    keys = ("PATCH_RELATIONSHIP", "PATCH_MANY", "GET_COLLECTION")
    shared = {key: [lambda key=key, **given: seen.append((key, sorted(given)))] for key in keys}
    estate = open_estate(sqlite, doc={"allow_patch_many": True}, preprocessors=shared)

    estate.write("PATCH", "/api/docs/1/relationships/owner", {"type": "users", "id": "2"})
    estate.write("PATCH", "/old/docs", {"title": "x", "q": {"filters": [{"name": "id", "op": "eq", "val": 1}]}})
    manager = APIManager(session=estate.session, preprocessors=shared)
    manager.create_api(Doc)
    late = Flask("late")
    manager.init_app(late)
    checked_client(late).get("/api/docs")

    assert seen == [
        ("PATCH_RELATIONSHIP", ["data", "relation_name", "resource_id"]),
        ("PATCH_MANY", ["data", "search_params"]),
        ("GET_COLLECTION", ["filters", "group_by", "single", "sort"]),
    ]
    with pytest.raises(IllegalArgumentError, match="never runs"):
        manager.create_api(User, preprocessors={"GET_SINGEL": [print]})


class Loud(DefaultSerializer):
    def serialize(self, instance: Any, only: Any = None) -> Any:
        """Write the title in capitals."""
        found = super().serialize(instance, only=only)
        if "title" in found.get("attributes", {}):
            found["attributes"]["title"] = found["attributes"]["title"].upper()
        return found


def test_c_9_serializers_write_everywhere(sqlite: Engine) -> None:
    """C-9: and get the fieldset"""
    estate = open_estate(sqlite)
    manager = APIManager(estate.app, session=estate.session, url_prefix="/loud")
    manager.create_api(User, protocol="jsonapi", exclude=["password"])
    manager.create_api(Doc, methods=["GET", "POST", "PATCH"], serializer=Loud(Doc))
    send = estate.client.send

    made = send("POST", "/loud/docs", {"data": {"type": "docs", "attributes": {"title": "n"}}})
    patched = send("PATCH", "/loud/docs/1?fields[docs]=title", {"data": {"type": "docs", "id": "1"}})
    texts = [
        estate.client.get(path).json
        for path in ("/loud/docs?fields[docs]=title", "/loud/docs/1?fields[docs]=title", "/loud/users/1/docs")
    ]

    assert made.json["data"]["attributes"]["title"] == "N"
    assert patched.status_code == 204 or patched.json["data"]["attributes"] == {"title": "A"}
    assert texts[0]["data"][0]["attributes"] == texts[1]["data"]["attributes"] == {"title": "A"}
    assert texts[2]["data"][0]["attributes"]["title"] == "A"
    included = estate.client.get("/loud/users/1?include=docs&fields[docs]=title").json["included"]
    assert included[0]["attributes"] == {"title": "A"}


@pytest.mark.parametrize("accept", ["*/*", None, "text/html,application/xhtml+xml,*/*;q=0.8", "application/*"])
def test_c_10_plain_clients_are_served(estate: Estate, accept: str | None) -> None:
    """C-10"""
    headers = {} if accept is None else {"Accept": accept}

    assert estate.client.get("/api/docs", headers=headers).status_code == 200


def test_c_11_conflicts_are_conflicts_in_every_database(database: Engine) -> None:
    """C-11"""
    estate = open_estate(database)

    assert estate.write("POST", "/api/users", {"type": "users", "attributes": {"name": "bob"}}).status_code == 409
    taken = estate.write("POST", "/old/users", {"name": "bob"})
    assert (taken.status_code, taken.json) == (400, {"message": "IntegrityError"})


class Base(DeclarativeBase):
    pass


class Employee(Base):
    __tablename__ = "employee"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "employee"}


class Manager(Employee):
    __tablename__ = "manager"
    id: Mapped[int] = mapped_column(ForeignKey("employee.id"), primary_key=True)
    budget: Mapped[int | None]
    __mapper_args__ = {"polymorphic_identity": "manager"}


@pytest.mark.parametrize("with_subclass", [True, False])
def test_c_12_rows_of_subclasses_are_served(sqlite: Engine, with_subclass: bool) -> None:
    """C-12: with or without an API of their own"""
    Base.metadata.create_all(sqlite)
    with Session(sqlite) as session, session.begin():
        session.add_all([Employee(id=1), Manager(id=2, budget=3)])
    app = Flask("polymorphic")
    manager = APIManager(app, session=sessionmaker(sqlite))
    manager.create_api(Employee, methods=["GET", "DELETE"])
    if with_subclass:
        manager.create_api(Manager)
    client = checked_client(app)

    assert [one["id"] for one in client.get("/api/employee").json["data"]] == ["1", "2"]
    assert client.get("/api/employee/2").json["data"]["id"] == "2"
    assert client.delete("/api/employee/2").status_code == 204


def test_c_13_models_and_managers_are_let_go() -> None:
    """C-13: nothing of the process keeps them; a relationship appears once its target has an API"""

    def used() -> weakref.ref[Any]:
        engine = create_engine("sqlite://")
        estate = open_estate(engine)
        assert estate.get("/api/docs", include="owner").status_code == 200
        manager = estate.app.extensions["restless"][0]
        engine.dispose()
        return weakref.ref(manager)

    gone = used()
    gc.collect()
    assert gone() is None

    app = Flask("late")
    manager = APIManager(app, session=sessionmaker(create_engine("sqlite://")))
    manager.create_api(Doc)
    assert set(manager.resource_of(Doc).relationships) == set()
    manager.create_api(User)
    assert set(manager.resource_of(Doc).relationships) == {"owner", "editor"}


def test_c_14_pages_are_counted_from_one(estate: Estate) -> None:
    """C-14"""
    assert estate.client.get("/old/docs?page=-1").status_code == 400
    empty = estate.search("/old/docs", filters=[{"name": "title", "op": "eq", "val": "zz"}])
    assert empty.json == {"num_results": 0, "objects": [], "page": 1, "total_pages": 0}
    assert "page=0" not in empty.headers.get("Link", "")


# ---------------------------------------------------------------- D


@pytest.mark.parametrize(
    "path", ["/api/docs?include=owner,editor", "/old/docs", "/old/users", "/api/users?include=docs"]
)
def test_d_statements_do_not_grow_with_the_rows(sqlite: Engine, path: str) -> None:
    """D"""
    estate = open_estate(sqlite)
    join = "&" if "?" in path else "?"
    size = "page[size]" if path.startswith("/api") else "results_per_page"
    with estate.session.begin() as session:
        for number in range(10, 60):
            session.add(User(id=number, name=str(number), docs=[Doc(title="x"), Doc(title="y")]))

    found = []
    for rows in (2, 50):
        with counted(sqlite) as statements:
            assert estate.client.get(f"{path}{join}{size}={rows}").status_code == 200
        found.append(len(statements))

    assert found[0] == found[1] <= 4


# ---------------------------------------------------------------- E


def test_e_registration_is_not_awkward(sqlite: Engine) -> None:
    """E: create_api returns its blueprint, keys may hold slashes, and a hidden key is told with the cure"""

    class Own(DeclarativeBase):
        pass

    class Word(Own):
        __tablename__ = "words"
        name: Mapped[str] = mapped_column(String(20), primary_key=True)
        parts: Mapped[list[Part]] = relationship()

    class Part(Own):
        __tablename__ = "parts"
        id: Mapped[int] = mapped_column(primary_key=True)
        word: Mapped[str | None] = mapped_column(ForeignKey("words.name"))

    Own.metadata.create_all(sqlite)
    app = Flask("awkward")
    manager = APIManager(app, session=sessionmaker(sqlite))
    blueprint = manager.create_api(Word, methods=["GET", "POST"], allow_client_generated_ids=True)
    with pytest.raises(IllegalArgumentError, match="include it, or leave POST out"):
        manager.create_api(Part, methods=["POST"], protocol="classic", url_prefix="/old", exclude_columns=["id"])
    client = checked_client(app)

    assert blueprint.name in app.blueprints
    made = client.send("POST", "/api/words", {"data": {"type": "words", "id": "Ж x/y"}})
    assert made.status_code == 201
    assert client.get(made.headers["Location"]).json["data"]["id"] == "Ж x/y"
