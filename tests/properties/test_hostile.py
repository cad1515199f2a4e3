"""Whole requests made of the schema's own names and of odd values: never a 5xx, never a leak (J-9.8).

The checking client looks at every answer; the strategies know every collection, field, operator and parameter.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import JSONAPI, Shop, fresh_database, open_shop
from flask_restless.demo.models import MODELS
from flask_restless.operations.operators import OPERATORS
from hostile import budget, tally

ODD = [
    *[
        "",
        " ",
        "0",
        "1",
        "-1",
        "01",
        "+1",
        "1.0",
        "1e3",
        "abc",
        "null",
        "true",
        "NaN",
        "Infinity",
        "[]",
        "{}",
        "%",
        "_",
    ],
    *["\x00", "\ud800", "é", "Ж", "😀", "'", '"', ";", "--", "%(x)s", ":x", "$1", "{}", "x" * 300, "2024-02-30"],
    *[
        "2024-01-01",
        "2024-01-01T00:00:00Z",
        "24:00",
        "10000-01-01",
        "infinity",
        str(2**31),
        str(2**63),
        str(-(2**63) - 1),
    ],
    *[
        "9" * 400,
        "A,1",
        "1,2",
        "ж x/y",
        "a/b",
        "..",
        "00000000-0000-0000-0000-000000000000",
        "ENGLISH",
        "SHIPPED",
        "YQ==",
    ],
]
VALUES = [
    *[None, True, False, 0, 1, -1, 2**31, 2**63, 2**64, 10**30, 0.5, 1e300, [], {}, [[]], [None], {"a": None}],
    *[one.encode("utf-8", "replace").decode() for one in ODD],
]
NAMES = sorted(
    {key for model in MODELS for key in model.__mapper__.all_orm_descriptors.keys()}  # noqa: SIM118  (no mapping)
    | {"id", "type", "metadata", "registry", "__class__", "_sa_instance_state", "nothing", "", "a.b", "publisher.name"}
    | {"authors.country.name", "lines.book.title", "parent.parent.parent.parent.name"}
)
TYPES = ["books", "authors", "tags", "orders", "order_lines", "people", "managers", "shelves", "formats", "countries"]
TYPES += ["categories", "covers", "reviews", "loyalty_cards", "customers", "employees", "payments", "events", "nothing"]

names, odd, values, types = (st.sampled_from(one) for one in (NAMES, ODD, VALUES, TYPES))
ids = st.one_of(st.sampled_from(["1", "2", "3"]), odd)
operators = st.sampled_from([*OPERATORS, "has", "any", "none", "nothing"])

conditions = st.recursive(
    st.one_of(
        st.fixed_dictionaries({"name": names, "op": operators}, optional={"val": values, "field": names}),
        st.fixed_dictionaries({"count": names, "op": operators}, optional={"val": values}),
        values,
    ),
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from(["and", "or"]), st.lists(inner, max_size=3), min_size=1, max_size=1),
        st.fixed_dictionaries({"not": inner}),
        st.fixed_dictionaries({"name": names, "op": st.sampled_from(["has", "any"]), "val": inner}),
    ),
    max_leaves=5,
)
parameters = st.one_of(
    st.tuples(names.map("filter[{}]".format), odd),
    st.tuples(st.tuples(names, operators).map(lambda pair: f"filter[{pair[0]}][{pair[1]}]"), odd),
    st.tuples(st.just("filter[objects]"), st.lists(conditions, max_size=3).map(json.dumps)),
    st.tuples(st.sampled_from(["sort", "include", "filter[single]"]), st.lists(names, max_size=3).map(",".join)),
    st.tuples(types.map("fields[{}]".format), st.lists(names, max_size=3).map(",".join)),
    st.tuples(st.sampled_from(["page[size]", "page[number]", "page[offset]", "page[limit]", "page[total]"]), odd),
    st.tuples(st.sampled_from(["withCount", "withLinks", "withLinkage"]), st.one_of(names, st.just("all"))),
    st.tuples(types.map("excludedFields[{}]".format), st.lists(names, max_size=3).map(",".join)),
    st.tuples(
        st.tuples(
            st.sampled_from(["includedPage", "includedSort", "includedFilter"]),
            names,
            st.sampled_from(["", "[size]", "[number]", "[offset]", "[name][contains]", "[objects]", "[id]"]),
        ).map(lambda one: f"{one[0]}[{one[1]}]{one[2]}"),
        st.one_of(odd, names, st.sampled_from(["1", "2", "-id"])),
    ),
    st.tuples(odd, odd),
)
paths = st.one_of(
    types.map("/api/{}".format),
    st.tuples(types, ids).map(lambda one: f"/api/{one[0]}/{encoded(one[1])}"),
    st.tuples(types, ids, names).map(lambda one: f"/api/{one[0]}/{encoded(one[1])}/{encoded(one[2])}"),
    st.tuples(types, ids, names).map(lambda one: f"/api/{one[0]}/{encoded(one[1])}/relationships/{encoded(one[2])}"),
    st.tuples(types, ids, names, ids).map(lambda one: "/api/" + "/".join(encoded(part) for part in one)),
)
identifiers = st.one_of(st.fixed_dictionaries({"type": types, "id": ids}), values)
linkage = st.one_of(identifiers, st.lists(identifiers, max_size=3))
resources = st.fixed_dictionaries(
    {"type": types},
    optional={
        "id": ids,
        "attributes": st.one_of(st.dictionaries(names, values, max_size=5), values),
        "relationships": st.dictionaries(
            names, st.one_of(st.fixed_dictionaries({"data": linkage}), values), max_size=3
        ),
    },
)
documents = st.one_of(st.fixed_dictionaries({"data": st.one_of(resources, linkage)}), values)


def encoded(text: str) -> str:
    return quote(text, safe="", errors="replace")


def query_of(pairs: list[tuple[str, str]]) -> str:
    return "&".join(f"{encoded(name)}={encoded(value)}" for name, value in pairs)


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mariadb"])
def one_shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    """One shop for all examples; what they change does not matter."""
    with fresh_database(request.param) as engine:
        yield open_shop(engine)


atomic = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "update", "remove", "nothing"])},
    optional={
        "ref": st.fixed_dictionaries({"type": types}, optional={"id": ids, "lid": ids, "relationship": names}) | values,
        "href": paths,
        "data": resources | linkage,
        "meta": values,
    },
)
batches = st.one_of(
    st.fixed_dictionaries({"atomic:operations": st.lists(st.one_of(atomic, atomic, values), max_size=4)}), documents
)
headers = st.dictionaries(
    st.sampled_from(["If-Match", "If-None-Match", "Idempotency-Key", "Prefer", "Accept", "X-HTTP-Method-Override"]),
    st.sampled_from(
        ["*", '"a"', 'W/"a"', '"', "", "return=minimal", "QUERY", "text/html", "text/csv", "*/*;q=0", 'a;b="', "\xe9"]
    ),
    max_size=2,
)
bodies = st.one_of(
    st.binary(max_size=40),
    documents.map(json.dumps).map(str.encode),
    st.sampled_from([b'{"data": NaN}', b'{"data": {}, "data": {}}', b"[" * 5000, b'{"a": 1e999}', b"9" * 5000]),
)

BUDGETED = budget(250, tests=4)


@BUDGETED
@given(path=paths, pairs=st.lists(parameters, max_size=3))
def test_hostile_reads(one_shop: Shop, path: str, pairs: list[tuple[str, str]]) -> None:
    answer = one_shop.get(f"{path}?{query_of(pairs)}")

    tally("jsonapi", answer.status_code)
    assert answer.status_code < 500, (path, pairs, answer.text)


@BUDGETED
@given(
    path=paths, method=st.sampled_from(["POST", "PATCH", "DELETE", "PUT"]), document=documents, matching=st.booleans()
)
def test_hostile_writes(one_shop: Shop, path: str, method: str, document: Any, matching: bool) -> None:
    if matching and isinstance(document, dict) and isinstance(document.get("data"), dict):
        document["data"] |= {"type": path.split("/")[2]}
        if method == "PATCH":
            document["data"] |= {"id": path.split("/")[-1]}
    answer = one_shop.client.open(path, method=method, data=json.dumps(document), content_type=JSONAPI)

    tally("jsonapi", answer.status_code)
    assert answer.status_code < 500, (method, path, document, answer.text)
    assert one_shop.get("/api/countries").status_code == 200


@BUDGETED
@given(batch=batches, fields=headers)
def test_hostile_batches(one_shop: Shop, batch: Any, fields: dict[str, str]) -> None:
    type_ = f'{JSONAPI};ext="https://jsonapi.org/ext/atomic"'
    kept = {name: value for name, value in fields.items() if name != "Accept"}
    answer = one_shop.client.post("/api/operations", data=json.dumps(batch), content_type=type_, headers=kept)

    tally("jsonapi", answer.status_code)
    assert answer.status_code < 500, (batch, fields, answer.text)


@BUDGETED
@given(
    path=paths,
    method=st.sampled_from(["GET", "POST", "PATCH", "DELETE", "QUERY"]),
    body=bodies,
    type_=st.sampled_from([JSONAPI, "application/json", "text/plain", f"{JSONAPI};charset=utf-8", "", "a/b;c"]),
    fields=headers,
)
def test_hostile_bytes(one_shop: Shop, path: str, method: str, body: bytes, type_: str, fields: dict[str, str]) -> None:
    answer = one_shop.client.open(path, method=method, data=body, content_type=type_, headers=fields)

    tally("jsonapi", answer.status_code)
    assert answer.status_code < 500, (method, path, body, type_, fields, answer.text)
