"""Hostile requests, made from the schema: every resource, field, operator and parameter, with odd values everywhere.

`requests(protocol)` is a hypothesis strategy of whole requests; `Server` answers them, and tells what may not be.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_from_bytes

from flask import got_request_exception
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.orm import sessionmaker

from conftest import JSONAPI, Shop, fresh_database
from flask_restless import IdempotencyTable
from flask_restless.demo import models
from flask_restless.operations.operators import OPERATORS
from flask_restless.schema.resource import Resource
from leaks import leak_in
from ruled import fill, serve

TEXTS = [
    *(
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
        "-0",
        "1e999",
        "0x1",
    ),
    *("[]", "{}", "%", "_", "\x00", "a\x00b", "\ud800", "\udfff", "é", "Ж", "😀", "\u202e", "\ufeff", "ﬁ", "'", '"'),
    *(
        ";",
        "--",
        "%(x)s",
        "%s",
        ":x",
        "$1",
        "?",
        "\\",
        "\\'",
        "' OR 1=1 --",
        "x" * 300,
        "x" * 5000,
        "%" * 300,
        "_%" * 6,
    ),
    *("2024-02-30", "2024-01-01", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00+99:00", "24:00", "10000-01-01"),
    *("0000-00-00", "-0001-01-01", "infinity", "P1D", "PT1e9S", "-P99999999999D", "31 Dec 2024", "CURRENT_TIMESTAMP"),
    *(str(2**31), str(2**63), str(-(2**63) - 1), str(2**64), "9" * 400, "1" * 5000, "0." + "1" * 400, "1e-400", "١٢"),
    *(
        "A,1",
        "1,2",
        "1%2C2",
        "a/b",
        "..",
        "../..",
        "%00",
        "%2e%2e",
        "00000000-0000-0000-0000-000000000000",
        "DE",
        "D,3",
    ),
    *(
        "hardback",
        "ENGLISH",
        "SHIPPED",
        "YQ==",
        "YQ",
        "/w==",
        "first",
        "last",
        "all",
        "none",
        "asc",
        "desc",
        "__proto__",
    ),
]
VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 2**31, 2**63, 2**64, 10**30, 10**400, 0.5, -0.0, 1e300, float("nan"), float("inf")),
    *([], {}, [[]], [None], [1, "a", None], {"a": None}, {"id": 1}, {"id": None}, [{"id": 1}], {"": ""}),
    *({"add": []}, {"remove": [{}]}, {"add": [{"id": 1}], "remove": [{"id": 2}]}, {"data": None}, {"type": "books"}),
    *TEXTS,
]
STRAY = ["", "id", "type", "metadata", "registry", "__class__", "__dict__", "_sa_instance_state", "query", "nothing"]
STRAY += [
    "a.b",
    "a__b__c",
    "publisher.name",
    "publisher__name",
    "authors.country.name",
    "parent.parent.parent.parent.x",
]
RAW = [
    *(b"", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf{}", b"null", b"[]", b"{", b"[" * 5000, b'{"a":' * 2000, b'"\\ud800"'),
    *(b'{"data":{},"data":[]}', b'{"data":NaN}', b'{"data":1e999}', b'{"data":' + b"9" * 5000 + b"}", b"{}{}", b"'a'"),
    *('{"data":null}'.encode("utf-16"), b'{"data":"\xff"}', b"a=b&c=d", b"filter[id]=1", b"\r\n\r\n", b"{}" * 3000),
    *(b'{"q":{"filters":[{}]}}', b'{"atomic:operations":[]}', b'{"atomic:operations":{}}', b"<xml/>", b'{"\\u0000":1}'),
]
TYPES = [
    JSONAPI,
    "application/json",
    "text/plain",
    "",
    "application/x-www-form-urlencoded",
    f"{JSONAPI}; charset=utf-8",
]
TYPES += [f'{JSONAPI}; ext="https://jsonapi.org/ext/atomic"', f'{JSONAPI};profile="x y"', "application/json; charset=x"]
TYPES += [
    "text/csv",
    "application/x-ndjson",
    "*/*",
    "a/b;q=x",
    ";;;",
    "application/*;q=0",
    "é",
    "x" * 3000,
    ",".join(["a/b"] * 200),
]
TAGS = ['"1"', 'W/"1"', "*", '"', "1", '"a","b"', "x" * 3000, ",".join(['"a"'] * 300), "é"]
HEADERS: Mapping[str, list[str]] = {
    "Accept": TYPES,
    "Prefer": ["return=minimal", "return=representation", "return", "return=", "return=x; y, ,;", "x" * 3000, '="'],
    "If-Match": TAGS,
    "If-None-Match": TAGS,
    "Idempotency-Key": ['"a"', "a", "", '"', "x" * 300, "é", "\x01"],
    "X-HTTP-Method-Override": ["PATCH", "DELETE", "QUERY", "GET", "NOTHING", "", "é"],
    "X-Forwarded-Host": ["evil.example", "", "a b"],
    "Host": ["localhost", "evil.example", "a..b", "é", "x" * 300],
    "Accept-Encoding": ["gzip", "é"],
    "Range": ["bytes=0-1", "x"],
    "Cookie": ["a=b", "\x01", "=" * 3000],
}


@dataclass(frozen=True)
class Hostile:
    """One request: the path and the query as they are sent."""

    method: str
    path: str
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    content_type: str | None = None


# ---------------------------------------------------------------- parts


@lru_cache(maxsize=1)
def schema(protocol: str = "jsonapi") -> tuple[Resource, ...]:
    """Read the resources of the bookshop; no database is needed."""
    return tuple(serve(None, sessionmaker(), {}, protocol).manager.resources)


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="surrogatepass")


ENCODINGS: list[Callable[[str], str]] = [
    *[_quoted] * 40,
    lambda text: quote(_quoted(text), safe=""),
    lambda text: _quoted(text) + "%zz",
    lambda text: _quoted(text) + "%ff%fe",
    lambda text: _quoted(text) + "%",
    lambda text: quote_from_bytes(text.encode("utf-16", "surrogatepass")),
    lambda text: _quoted(text).lower(),
]
encodings = st.sampled_from(ENCODINGS)
texts = st.sampled_from(TEXTS)
values = st.sampled_from(VALUES)
operators = st.sampled_from([*OPERATORS, "has", "any", "none", "nothing", "=="])
raw = st.one_of(st.sampled_from(RAW), st.binary(max_size=40))
header = st.sampled_from([(name, value) for name, given in HEADERS.items() for value in given])
headers = st.one_of(*[st.just(())] * 3, st.lists(header, max_size=3).map(tuple))
resources = st.sampled_from(schema())
every_name = sorted({name for one in schema() for name in (*one.attributes, *one.relationships)} | set(STRAY))


def names_of(resource: Resource) -> st.SearchStrategy[str]:
    """Name a field of a resource: mostly its own."""
    own = [*resource.attributes, *resource.relationships, "id"]
    return st.one_of(*[st.sampled_from(own)] * 3, st.sampled_from(every_name))


FITTING: Mapping[str, list[Any]] = {
    "string": ["abc", "Ж", "x" * 60],
    "integer": [1, 2, 300],
    "decimal": ["1.50", "2"],
    "number": [0.5, 2],
    "date": ["2024-01-01"],
    "date-time": ["2024-01-01T00:00:00"],
    "boolean": [True, False],
    "time": ["10:00:00"],
    "interval": ["P1D"],
    "json": [{"a": [1]}],
    "binary": ["YQ=="],
    "uuid": ["13c77dbd-4f4b-445b-b91a-d404db1c99df"],
}
"""Values that fit, by the name of a codec."""


@st.composite
def contents(draw: st.DrawFn, resource: Resource) -> dict[str, Any]:
    """Give values to a few attributes of a resource: mostly such as fit, to those that have to have one first."""
    given = dict(draw(st.dictionaries(names_of(resource), values, max_size=2))) if draw(st.integers(0, 2)) == 0 else {}
    required = [one for one in resource.attributes.values() if one.required]
    others = [one for one in resource.attributes.values() if one.access.create and not one.required]
    chosen = required if draw(st.booleans()) else []
    if others:
        chosen = [*chosen, *draw(st.lists(st.sampled_from(others), max_size=3))]
    for one in chosen:
        given[one.name] = draw(st.sampled_from(FITTING.get(one.codec.name, ["abc"])))
    return given


@st.composite
def fitting_pairs(draw: st.DrawFn, resource: Resource) -> tuple[str, Any]:
    """Name an attribute of a resource, with a value that fits."""
    one = draw(st.sampled_from(list(resource.attributes.values()) or [None]))
    return ("id", "1") if one is None else (one.name, draw(st.sampled_from(FITTING.get(one.codec.name, ["1"]))))


def paths_of(resource: Resource) -> st.SearchStrategy[str]:
    """Name a field, or a path of them."""
    relations = [*resource.relationships, "nothing"]
    steps = st.lists(st.one_of(st.sampled_from(relations), st.sampled_from(every_name)), max_size=4)
    return st.one_of(
        names_of(resource), st.tuples(steps, names_of(resource)).map(lambda one: ".".join([*one[0], one[1]]))
    )


def ids() -> st.SearchStrategy[str]:
    """Name a row: often one that is there."""
    return st.one_of(*[st.sampled_from(["1", "2", "3", "DE", "D,3", "1,1", "hardback"])] * 2, texts)


def _joined(one: st.SearchStrategy[str], size: int = 3) -> st.SearchStrategy[str]:
    return st.lists(one, max_size=size).map(",".join)


def conditions(resource: Resource) -> st.SearchStrategy[Any]:
    """Make conditions on the rows of a resource, nested up to 30 deep."""
    names = names_of(resource)
    binary = st.sampled_from(["eq", "ne", "lt", "ge", "in", "like"])
    right = st.tuples(fitting_pairs(resource), binary).map(
        lambda one: {"name": one[0][0], "op": one[1], "val": [one[0][1]] if one[1] == "in" else one[0][1]}
    )
    leaf = st.one_of(
        *[right] * 3,
        st.fixed_dictionaries({"name": names, "op": operators}, optional={"val": values, "field": names}),
        st.fixed_dictionaries({"name": names, "op": operators, "val": st.lists(values, max_size=4)}),
        st.fixed_dictionaries({"count": names, "op": operators}, optional={"val": values}),
        values,
    )

    def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return st.one_of(
            st.dictionaries(st.sampled_from(["and", "or"]), st.lists(inner, max_size=3), min_size=1, max_size=1),
            st.fixed_dictionaries({"not": inner}),
            st.fixed_dictionaries({"name": names, "op": st.sampled_from(["has", "any", "none"]), "val": inner}),
        )

    deep = st.tuples(leaf, st.integers(1, 30)).map(_buried)
    return st.one_of(st.recursive(leaf, nested, max_leaves=5), deep)


def _buried(given: tuple[Any, int]) -> Any:
    inner, depth = given
    for _ in range(depth):
        inner = {"not": inner}
    return inner


def functions(resource: Resource) -> st.SearchStrategy[Any]:
    """Make lists of SQL functions."""
    one = st.fixed_dictionaries(
        {
            "name": st.sampled_from(["count", "sum", "avg", "min", "max", "sleep", "", "COUNT"]),
            "field": names_of(resource),
        }
    )
    return st.one_of(st.lists(st.one_of(one, one, values), max_size=3), values)


# ---------------------------------------------------------------- JSON:API


def parameters(resource: Resource) -> st.SearchStrategy[tuple[str, str]]:
    """Make one query parameter of any family."""
    names, paths, relations = names_of(resource), paths_of(resource), st.sampled_from([*resource.relationships, "id"])
    types = st.sampled_from([one.name for one in schema()] + ["nothing", ""])
    number = st.one_of(st.sampled_from(["0", "1", "2", "100", "101", "-1", "1000001"]), texts)
    signed = st.tuples(st.sampled_from(["", "-", "+", "--"]), paths).map("".join)
    json_filter = st.lists(conditions(resource), max_size=3).map(json.dumps)
    members = st.sampled_from(
        ["[size]", "[number]", "[offset]", "[limit]", "[objects]", "[id]", "[id][gt]", "", "[", "[]"]
    )
    return st.one_of(
        st.tuples(paths.map("filter[{}]".format), texts),
        fitting_pairs(resource).map(lambda one: (f"filter[{one[0]}]", str(one[1]))),
        st.tuples(st.just("sort"), fitting_pairs(resource).map(lambda one: one[0])),
        st.tuples(st.just("include"), st.sampled_from([*resource.relationships] or ["id"])),
        st.tuples(st.tuples(paths, operators).map(lambda one: f"filter[{one[0]}][{one[1]}]"), texts),
        st.tuples(st.just("filter[objects]"), json_filter),
        st.tuples(st.sampled_from(["filter[single]", "filter[objects]", "filter", "filter[]", "filter[[]]"]), texts),
        st.tuples(st.sampled_from(["sort", "groupBy"]), _joined(signed, 12)),
        st.tuples(paths.map("sortNulls[{}]".format), st.sampled_from(["first", "last", "", "x"])),
        st.tuples(st.just("include"), _joined(st.one_of(relations, paths))),
        st.tuples(types.map("fields[{}]".format), _joined(names)),
        st.tuples(types.map("excludedFields[{}]".format), _joined(names)),
        st.tuples(
            st.sampled_from(["page[size]", "page[number]", "page[offset]", "page[limit]", "page[total]"]), number
        ),
        st.tuples(st.sampled_from(["page[after]", "page[before]"]), st.one_of(texts, st.just("WzFd"), raw.map(repr))),
        st.tuples(
            st.tuples(st.sampled_from(["includedPage", "includedSort", "includedFilter"]), relations, members).map(
                lambda one: f"{one[0]}[{one[1]}]{one[2]}"
            ),
            st.one_of(number, signed, json_filter),
        ),
        st.tuples(
            st.sampled_from(["withCount", "withLinks", "withLinkage", "ignoreCase"]), st.one_of(relations, texts)
        ),
        st.tuples(st.one_of(st.sampled_from(["functions", "group", "callback", "q", "ignorecase"]), texts), texts),
    )


@st.composite
def queries(draw: st.DrawFn, resource: Resource) -> str:
    """Make a query string; what is included is often refined, and pages by cursor go on."""
    size = draw(st.sampled_from([0, 1, 1, 1, 2, 2, 4]))
    pairs = draw(st.lists(parameters(resource), min_size=min(1, size), max_size=size))
    if pairs and draw(st.integers(0, 9)) == 0:
        pairs = pairs + pairs[:1]
    for name, _ in list(pairs):
        if name.startswith("included") and draw(st.booleans()):
            pairs.append(("include", name.partition("[")[2].partition("]")[0]))
    encode = draw(encodings)
    return "&".join(f"{encode(name)}={encode(value)}" for name, value in pairs)


KINDS = [
    *["collection"] * 6,
    *["resource"] * 6,
    *["related"] * 3,
    *["linkage"] * 3,
    "member",
    "eval",
    "odd",
    "elsewhere",
]


@dataclass(frozen=True)
class Place:
    """A URL, and what is there if anything is."""

    resource: Resource
    kind: str
    path: str
    id: str


@st.composite
def places(draw: st.DrawFn) -> Place:
    """Choose a resource, and a URL of it: mostly one that is served."""
    resource, encode, kind = draw(resources), draw(encodings), draw(st.sampled_from(KINDS))
    plain = draw(ids())
    id_ = encode(plain)
    relation = draw(
        st.one_of(*[st.sampled_from([*resource.relationships] or every_name)] * 4, st.sampled_from(every_name))
    )
    name, base = encode(relation), resource.path
    odd = [
        f"/{id_}/",
        f"//{id_}",
        f"/{id_}/relationships",
        f"/{id_}/{name}/{id_}/{name}",
        f";{id_}",
        "/",
        "%2f",
        "/%00",
    ]
    path = {
        "collection": base,
        "resource": f"{base}/{id_}",
        "related": f"{base}/{id_}/{name}",
        "linkage": f"{base}/{id_}/relationships/{name}",
        "member": f"{base}/{id_}/{name}/{encode(draw(ids()))}",
        "eval": f"{resource.url_prefix}/eval/{resource.name}",
        "odd": base + draw(st.sampled_from(odd)),
        "elsewhere": draw(
            st.sampled_from([f"{resource.url_prefix}/operations", resource.url_prefix, "/", "/api/nothing"])
        ),
    }[kind]
    return Place(resource, kind, path, plain)


READS = [*["GET"] * 12, "HEAD", "OPTIONS", "QUERY"]
WRITES: Mapping[str, list[str]] = {
    "collection": [*["POST"] * 8, "PATCH", "DELETE", "PUT"],
    "resource": [*["PATCH"] * 6, *["DELETE"] * 2, "PUT", "POST"],
    "linkage": ["PATCH", "POST", "DELETE"],
}
"""The methods to write with, by the kind of the place."""


identifiers = st.one_of(
    st.tuples(resources, ids()).map(lambda one: {"type": one[0].name, "id": one[1]}),
    st.fixed_dictionaries({"type": values, "id": values}, optional={"lid": values, "meta": values}),
    values,
)


@st.composite
def linkage(draw: st.DrawFn, resource: Resource) -> Any:
    """Make the members of a relationship, as often as not of the right type."""
    targets = [one.target.name for one in resource.relationships.values()] or ["nothing"]
    right = st.tuples(st.sampled_from(targets), ids()).map(lambda one: {"type": one[0], "id": one[1]})
    one = st.one_of(right, right, identifiers)
    return draw(st.one_of(st.none(), one, st.lists(one, max_size=3)))


@st.composite
def resource_objects(draw: st.DrawFn, resource: Resource, id_: str | None = None) -> Any:
    """Make a resource object, mostly of this type and with its own fields."""
    names = names_of(resource)
    given: dict[str, Any] = {"type": draw(st.sampled_from([*[resource.name] * 8, "nothing", 1, None]))}
    if id_ is not None:
        given["id"] = id_
    elif draw(st.integers(0, 3)) == 0:
        given[draw(st.sampled_from(["id", "lid"]))] = draw(st.one_of(ids(), values))
    if draw(st.integers(0, 3)):
        odd = st.one_of(st.dictionaries(names, values, max_size=5), values)
        given["attributes"] = draw(st.one_of(*[contents(resource)] * 3, odd))
    if draw(st.integers(0, 2)) == 0:
        member = st.one_of(st.fixed_dictionaries({"data": linkage(resource)}), values)
        given["relationships"] = draw(st.one_of(st.dictionaries(names, member, max_size=3), values))
    return given


@st.composite
def operations(draw: st.DrawFn) -> Any:
    """Make one operation of an atomic batch."""
    resource = draw(resources)
    given: dict[str, Any] = {
        "op": draw(st.sampled_from(["add", "update", "remove", "add", "update", "remove", "x", None]))
    }
    ref = {"type": resource.name, draw(st.sampled_from(["id", "id", "lid"])): draw(ids())}
    if draw(st.booleans()):
        ref["relationship"] = draw(names_of(resource))
    match draw(st.integers(0, 5)):
        case 0 | 1 | 2:
            given["ref"] = ref
        case 3:
            given["href"] = draw(places()).path
        case 4:
            given["ref"] = draw(values)
    if draw(st.integers(0, 4)):
        given["data"] = draw(st.one_of(resource_objects(resource), linkage(resource), values))
    if draw(st.integers(0, 5)) == 0:
        given["meta"] = draw(values)
    return given


@st.composite
def jsonapi(draw: st.DrawFn) -> Hostile:
    """Make one JSON:API request."""
    place, sent = draw(places()), draw(headers)
    what = draw(st.sampled_from([*["read"] * 9, *["write"] * 9, *["batch"] * 2]))
    if what == "batch":
        batch = {"atomic:operations": draw(st.one_of(*[st.lists(operations(), min_size=1, max_size=4)] * 5, values))}
        return Hostile("POST", "/api/operations", "", sent, _written(batch), draw(_mostly(TYPES[6])))
    if what == "read" or place.kind not in WRITES:
        return draw(_reading(place, sent))
    method = draw(st.sampled_from(WRITES[place.kind]))
    return draw(_writing(place, method, sent))


@st.composite
def _reading(draw: st.DrawFn, place: Place, sent: tuple[tuple[str, str], ...]) -> Hostile:
    method = draw(st.sampled_from(READS))
    query = draw(queries(place.resource))
    if place.kind == "eval":
        query = "&".join([f"functions={_quoted(json.dumps(draw(functions(place.resource))))}", query])
    if method == "QUERY":
        return Hostile(method, place.path, "", sent, query.encode(), draw(_mostly("application/x-www-form-urlencoded")))
    return Hostile(method, place.path, query, sent)


@st.composite
def _writing(draw: st.DrawFn, place: Place, method: str, sent: tuple[tuple[str, str], ...]) -> Hostile:
    id_ = place.id if method == "PATCH" and draw(st.sampled_from([True, True, True, False])) else None
    data = draw(linkage(place.resource) if place.kind == "linkage" else resource_objects(place.resource, id_))
    document = draw(st.sampled_from([*[{"data": data}] * 9, data, {"data": data, "meta": {}}, {"included": [data]}]))
    body = draw(st.one_of(*[st.just(_written(document))] * 6, raw))
    query = draw(queries(place.resource)) if draw(st.sampled_from([True, False, False, False])) else ""
    return Hostile(method, place.path, query, sent, body, draw(_mostly(JSONAPI)))


def _mostly(type_: str) -> st.SearchStrategy[str]:
    """Give a content type: mostly the right one."""
    return st.sampled_from([type_] * 3 * len(TYPES) + TYPES)


def _written(document: Any) -> bytes:
    """Write JSON as hostile clients do: surrogates by escapes, NaN and Infinity by name."""
    return json.dumps(document).encode()


# ---------------------------------------------------------------- classic


@st.composite
def searches(draw: st.DrawFn, resource: Resource) -> Any:
    """Make a search object."""
    names = names_of(resource)
    crossing = st.tuples(names, names).map("__".join)
    known = fitting_pairs(resource).map(lambda one: one[0])
    order = st.fixed_dictionaries(
        {"field": st.one_of(known, known, names, crossing)},
        optional={"direction": st.one_of(st.sampled_from(["asc", "desc"] * 8), values)},
    )
    named = st.one_of(
        conditions(resource), st.fixed_dictionaries({"name": crossing, "op": operators}, optional={"val": values})
    )
    given = st.fixed_dictionaries(
        {},
        optional={
            "filters": st.lists(named, max_size=3) | values,
            "order_by": st.lists(order, max_size=12) | values,
            "group_by": st.lists(order, max_size=3) | values,
            "limit": values,
            "offset": values,
            "single": values,
            "functions": functions(resource),
        },
    )
    plain = st.fixed_dictionaries(
        {"filters": st.lists(named, max_size=2)}, optional={"order_by": st.lists(order, max_size=2)}
    )
    return draw(st.one_of(*[plain] * 3, *[given] * 2, values))


@st.composite
def members(draw: st.DrawFn, resource: Resource, depth: int = 2) -> Any:
    """Make the body of a write: fields, and related rows inside it."""
    odd = st.dictionaries(names_of(resource), values, max_size=4)
    given: dict[str, Any] = dict(draw(st.one_of(*[contents(resource)] * 3, odd)))
    relations = list(resource.relationships.values())
    if relations and depth and draw(st.booleans()):
        relation = draw(st.sampled_from(relations))
        inner = st.one_of(st.sampled_from([{"id": 1}, {"id": 2}]), members(relation.target, depth - 1))
        rows = st.lists(st.one_of(inner, st.fixed_dictionaries({"id": values}), values), max_size=3)
        change = st.dictionaries(st.sampled_from(["add", "remove", "__delete__"]), st.one_of(rows, inner), max_size=2)
        given[relation.name] = draw(st.one_of(inner, rows, change, values))
    return given


CLASSIC: Mapping[str, list[str]] = {
    "collection": [*["GET"] * 6, *["POST"] * 6, *["PATCH"] * 3, "DELETE", "PUT", "HEAD", "OPTIONS"],
    "resource": [*["GET"] * 3, *["PATCH"] * 6, "PUT", "PUT", "DELETE", "POST"],
    "related": [*["GET"] * 6, "PATCH", "PUT", "DELETE"],
    "member": [*["GET"] * 4, "DELETE", "DELETE", "PATCH"],
}
"""The methods to ask with, by the kind of the place."""


@st.composite
def classic(draw: st.DrawFn) -> Hostile:
    """Make one classic request."""
    place, sent, encode = draw(places()), draw(headers), draw(encodings)
    method = draw(st.sampled_from(CLASSIC.get(place.kind, [*["GET"] * 9, "POST", "DELETE"])))
    search = draw(searches(place.resource))
    if place.kind == "eval" and isinstance(search, dict):
        search = {**search, "functions": draw(functions(place.resource))}  # what was drawn may be drawn again
    pages = st.tuples(
        st.sampled_from(["page", "results_per_page", "callback", "q", "x"]), st.one_of(texts, st.just("2"))
    )
    pairs = [*([("q", json.dumps(search))] * draw(st.sampled_from([0, 1, 1, 1]))), *draw(st.lists(pages, max_size=1))]
    query = "&".join(f"{encode(name)}={encode(value)}" for name, value in pairs)
    if method in ("GET", "HEAD", "OPTIONS", "DELETE"):
        return Hostile(method, place.path, query, sent)
    body = draw(members(place.resource))
    if place.kind == "collection" and method in ("PATCH", "PUT"):
        body = {**body, "q": search}
    sending = draw(st.one_of(*[st.just(_written(body))] * 6, raw))
    return Hostile(method, place.path, "", sent, sending, draw(_mostly("application/json")))


REQUESTS: Mapping[str, Callable[[], st.SearchStrategy[Hostile]]] = {"jsonapi": jsonapi, "classic": classic}


# ---------------------------------------------------------------- the server


OPTIONS: Mapping[str, dict[str, Any]] = {
    "jsonapi": {},
    "classic": {"allow_jsonp": True, "allow_foreign_key_writes": True, "allow_client_generated_ids": True},
}


@dataclass
class Server:
    """A bookshop with everything allowed; `causes` are the exceptions behind the last answer."""

    shop: Shop
    causes: list[str] = field(default_factory=list)

    def send(self, asked: Hostile) -> tuple[int, str | None]:
        """Give the status of an answer, and what is wrong with it: a 5xx, a leak, or nothing."""
        self.causes.clear()
        url = f"{asked.path}?{asked.query}" if asked.query else asked.path
        try:
            answer = self.shop.client.open(
                url, method=asked.method, headers=list(asked.headers), data=asked.body, content_type=asked.content_type
            )
        except AssertionError as error:  # the client checks documents, too
            return 599, f"no such answer may be: {error}"
        if answer.status_code >= 500:
            return answer.status_code, f"{answer.status_code} {' '.join(self.causes)} {answer.text[:300]}"
        leak = leak_in(answer.status_code, answer.data)
        return answer.status_code, None if leak is None else f"leak: {leak}"


@contextmanager
def server(kind: str, protocol: str) -> Iterator[Server]:
    """Serve a filled bookshop on a fresh database."""
    with fresh_database(kind) as engine:
        store = IdempotencyTable()
        store.create(engine)
        options = dict.fromkeys(models.MODELS, OPTIONS[protocol])
        shop = serve(engine, fill(engine), options, protocol, idempotency=store)
        if protocol == "classic":  # the client of JSON:API knows which answers are whole documents
            shop.app.test_client_class = None
            shop.client = shop.app.test_client()
        made = Server(shop)

        def note(_sender: Any, exception: BaseException, **_rest: Any) -> None:
            made.causes.append(repr(exception)[:300])

        with got_request_exception.connected_to(note):
            yield made


def refill(engine: Engine) -> None:
    """Put the rows back that requests have taken away."""
    models.Base.metadata.drop_all(engine)
    fill(engine)
