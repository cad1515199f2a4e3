"""Whole classic requests made of the schema's own names and of odd values: never a 5xx, never a leak."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookshop import MODELS
from classic_models import ClassicClient, open_classic_bookshop
from conftest import fresh_database
from flask_restless.operations.operators import OPERATORS
from hostile import budget, tally

ODD = [
    "",
    " ",
    "0",
    "1",
    "-1",
    "01",
    "1.0",
    "abc",
    "null",
    "true",
    "NaN",
    "[]",
    "%",
    "_",
    "\x00",
    "\ud800",
    "Ж",
    "😀",
    "'",
]
ODD += [
    ";",
    "--",
    "%(x)s",
    ":x",
    "$1",
    "x" * 300,
    "2024-02-30",
    "2024-01-01",
    "24:00",
    "10000-01-01",
    str(2**31),
    "9" * 400,
]
ODD += [str(2**63), "31 Dec 2024", "Feb 30, 2024", "CURRENT_TIMESTAMP", "A,1", "a/b", "..", "YQ==", "SHIPPED"]
VALUES: list[Any] = [None, True, False, 0, 1, -1, 2**31, 2**63, 10**30, 0.5, 1e300, [], {}, [[]], [None], {"id": 1}]
VALUES += [{"id": None}, [{"id": 1}], {"add": []}, {"remove": [{}]}, {"add": [{"id": 1}], "remove": [{"id": 2}]}]
VALUES += [one.encode("utf-8", "replace").decode() for one in ODD]
FIELDS = {key for model in MODELS for key in model.__mapper__.all_orm_descriptors.keys()}  # noqa: SIM118  (no mapping)
NAMES = sorted(
    FIELDS | {"id", "type", "metadata", "__class__", "nothing", "", "a.b", "publisher__name", "a__b__c", "q"}
)
TYPES = ["books", "authors", "tags", "orders", "order_lines", "people", "managers", "shelves", "formats", "countries"]
TYPES += ["categories", "covers", "reviews", "customers", "payments", "events", "nothing"]

names, values, types = (st.sampled_from(one) for one in (NAMES, VALUES, TYPES))
ids = st.sampled_from(["1", "2", "3", *ODD])
operators = st.sampled_from([*OPERATORS, "has", "any", "nothing"])
entries = st.recursive(
    st.fixed_dictionaries({"name": names, "op": operators}, optional={"val": values, "field": names}) | values,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"name": names, "op": st.sampled_from(["has", "any"]), "val": inner}),
        st.fixed_dictionaries({"or": st.lists(inner, max_size=2)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=4,
)
orders = st.lists(st.fixed_dictionaries({"field": names}, optional={"direction": values}), max_size=2)
searches = st.fixed_dictionaries(
    {},
    optional={
        "filters": st.lists(entries, max_size=2) | values,
        "order_by": orders | values,
        "group_by": st.lists(st.fixed_dictionaries({"field": names}), max_size=2),
        "limit": values,
        "offset": values,
        "single": values,
        "functions": st.lists(st.fixed_dictionaries({"name": names | st.just("sum"), "field": names}), max_size=2)
        | values,
    },
)
bodies = st.dictionaries(names, values | st.dictionaries(names, values, max_size=2), max_size=4)


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mariadb"])
def client(request: pytest.FixtureRequest) -> Iterator[ClassicClient]:
    """A client of the bookshop with everything allowed, once for each database."""
    with fresh_database(request.param) as engine:
        yield open_classic_bookshop(
            engine,
            allow_functions=True,
            allow_patch_many=True,
            allow_delete_many=True,
            allow_jsonp=True,
            allow_client_generated_ids=True,
            allow_foreign_key_writes=True,
        )


def ask(client: ClassicClient, method: str, path: str, **rest: Any) -> None:
    """Ask, and look at the status; the client looks at the rest."""
    response = client.open(path, method=method, **rest)

    tally("classic", response.status_code)
    assert response.status_code < 500, (method, path, rest, response.text)


HOSTILE = budget(40, tests=4)


@HOSTILE
@given(
    types,
    searches | values,
    st.sampled_from(["", "/eval"]),
    st.dictionaries(st.sampled_from(["page", "results_per_page", "callback"]), ids),
)
def test_searches(client: ClassicClient, type_: str, search: Any, place: str, query: dict[str, str]) -> None:
    text = {name: value.encode("utf-8", "replace").decode() for name, value in query.items()}
    ask(client, "GET", f"/api{place}/{type_}", query_string={"q": json.dumps(search), **text})


@HOSTILE
@given(types, ids, names, ids, st.sampled_from(["GET", "PUT", "DELETE", "POST"]), st.integers(1, 3))
def test_paths(client: ClassicClient, type_: str, id_: str, name: str, member: str, method: str, length: int) -> None:
    parts = [quote(one.encode("utf-8", "replace"), safe="") for one in (id_, name, member)][:length]
    ask(client, method, "/api/" + "/".join([type_, *parts]), json={})


@HOSTILE
@given(types, st.sampled_from(["1", "2", "3"]), bodies, st.sampled_from(["POST", "PATCH", "PUT"]))
def test_bodies(client: ClassicClient, type_: str, id_: str, body: Any, method: str) -> None:
    path = f"/api/{type_}" if method == "POST" else f"/api/{type_}/{id_}"
    ask(client, method, path, data=json.dumps(body), content_type="application/json")


@HOSTILE
@given(types, bodies, searches, st.booleans())
def test_many(client: ClassicClient, type_: str, body: Any, search: Any, delete: bool) -> None:
    if delete:
        ask(client, "DELETE", f"/api/{type_}", query_string={"q": json.dumps(search)})
    else:
        data = json.dumps({**body, "q": search})
        ask(client, "PATCH", f"/api/{type_}", data=data, content_type="application/json")
