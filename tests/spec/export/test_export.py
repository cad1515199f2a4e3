"""Exports: any list as CSV or NDJSON, by the rules of the list (feature 40)."""

from __future__ import annotations

import csv
import json
from datetime import date
from io import StringIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import JSON, Engine, ForeignKey, Numeric, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, sessionmaker
from werkzeug.test import TestResponse

from conftest import JSONAPI, Shop, checked_client, counted, fresh_database, open_shop
from flask_restless import APIManager, IllegalArgumentError, ProcessingException

CSV = "text/csv"
NDJSON = "application/x-ndjson"


@pytest.fixture
def exporting(sqlite: Engine) -> Shop:
    """A bookshop whose collections may all be exported."""
    return open_shop(sqlite, exports=True)


@pytest.fixture
def exporting_everywhere(database: Engine) -> Shop:
    return open_shop(database, exports=True)


def exported(shop: Shop, path: str, accept: str = CSV) -> TestResponse:
    response = shop.get(path, headers={"Accept": accept})
    assert response.status_code == 200, response.text
    return response


def cells(response: TestResponse) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(response.text, newline="")))


def objects(response: TestResponse) -> list[dict[str, Any]]:
    return [json.loads(line) for line in response.text.splitlines()]


def listed(shop: Shop, path: str) -> list[dict[str, Any]]:
    """Give all resource objects of a list, page after page."""
    found: list[dict[str, Any]] = []
    following: str | None = path + ("&" if "?" in path else "?") + "page[size]=100"
    while following:
        document = shop.get(following).json
        found += document["data"]
        following = document["links"].get("next")
    return found


def flat(one: dict[str, Any], *, typed: bool) -> dict[str, Any]:
    """Give the object that an export is to have for a resource object."""
    found = {"id": one["id"], **({"type": one["type"]} if typed else {}), **one.get("attributes", {})}
    for name, related in one.get("relationships", {}).items():
        if "data" in related and not isinstance(related["data"], list):
            found[name] = related["data"] and related["data"]["id"]
    return found


def settled(one: dict[str, Any]) -> dict[str, Any]:
    """Give the object with its tags in order: no statement sorts them, and MariaDB gives them in any."""
    return {**one, "tag_names": sorted(one["tag_names"])} if "tag_names" in one else one


def test_every_collection_is_exported_as_it_is_listed(exporting_everywhere: Shop) -> None:
    """On each kind of database the lines hold what the resource objects do, in the same order."""
    shop = exporting_everywhere
    for resource in shop.manager.resources:
        typed = bool(resource.subtypes)

        found = objects(exported(shop, resource.path, NDJSON))

        assert [settled(one) for one in found] == [
            settled(flat(one, typed=typed)) for one in listed(shop, resource.path)
        ]
        assert found


def test_csv_has_the_same_values(exporting_everywhere: Shop) -> None:
    shop = exporting_everywhere
    for resource in shop.manager.resources:
        lines = objects(exported(shop, resource.path, NDJSON))

        found = cells(exported(shop, resource.path))

        assert [{name: text for name, text in one.items() if text} for one in found] == [
            {name: text(value) for name, value in one.items() if text(value)} for one in lines
        ]


def text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case dict() | list():
            return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return str(value)


@pytest.mark.parametrize(
    "query",
    [
        "filter[in_print]=true&sort=-title",
        "filter[objects]=[{%22name%22:%22price%22,%22op%22:%22gt%22,%22val%22:%2215%22}]&sort=publisher.name",
        "filter[title]=nothing is called so",
        "fields[books]=title,publisher&sort=title",
        "fields[books]=",
    ],
)
def test_filter_order_and_fields_are_those_of_the_list(exporting: Shop, query: str) -> None:
    path = f"/api/books?{query}"

    found = objects(exported(exporting, path, NDJSON))

    assert found == [flat(one, typed=False) for one in listed(exporting, path)]


def test_the_whole_list_is_exported_in_one_statement(exporting_everywhere: Shop) -> None:
    """There is no page, however many rows there are; nothing is counted."""
    with exporting_everywhere.counted() as statements:
        response = exported(exporting_everywhere, "/api/reviews")

    assert len(cells(response)) == exporting_everywhere.get("/api/reviews").json["meta"]["total"] > 10
    assert len(statements) == 1


def test_a_page_is_exported_where_one_is_asked_for(exporting: Shop) -> None:
    everything = cells(exported(exporting, "/api/books?sort=title"))

    with exporting.counted() as statements:
        page = cells(exported(exporting, "/api/books?sort=title&page[size]=3&page[number]=2&fields[books]=title"))

    assert [one["id"] for one in page] == [one["id"] for one in everything[3:6]]
    assert len(statements) == 1


@pytest.mark.parametrize("query", ["page[number]=9", "page[size]=2&page[after]=END"])
@pytest.mark.parametrize(("accept", "written"), [(CSV, "id,name\r\n"), (NDJSON, "")])
def test_a_page_behind_the_last_one_is_exported_empty(
    exporting_everywhere: Shop, query: str, accept: str, written: str
) -> None:
    """J-9.8: no row is no fault; CSV has its header all the same."""
    if "END" in query:
        profile = 'application/vnd.api+json;profile="https://jsonapi.org/profiles/ethanresnick/cursor-pagination"'
        last = exporting_everywhere.get("/api/tags?page[size]=100", headers={"Accept": profile}).json["data"][-1]
        query = query.replace("END", last["meta"]["page"]["cursor"])

    response = exported(exporting_everywhere, f"/api/tags?{query}", accept)

    assert response.text == written


def test_how_totals_are_made_asks_for_no_page(exporting: Shop) -> None:
    assert len(cells(exported(exporting, "/api/books?page[total]=none"))) > 10


def test_related_lists_are_exported(exporting: Shop) -> None:
    path = "/api/authors/1/books"

    assert objects(exported(exporting, path, NDJSON)) == [flat(one, typed=False) for one in listed(exporting, path)]


def test_head_runs_the_request_and_sends_nothing(exporting: Shop) -> None:
    response = exporting.client.head("/api/books", headers={"Accept": CSV})

    assert response.status_code == 200
    assert response.mimetype == CSV
    assert response.data == b""


# ---------------------------------------------------------------- negotiation


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, JSONAPI),
        ("*/*", JSONAPI),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", JSONAPI),
        (JSONAPI, JSONAPI),
        ("text/csv", CSV),
        ("TEXT/CSV; charset=UTF-8; header=present", CSV),
        ("text/csv, */*", CSV),
        ("text/csv;q=0.5, */*;q=0.8", JSONAPI),
        ("text/csv, */*;q=0.1", CSV),
        (f"text/csv, {JSONAPI}", JSONAPI),
        (f"text/csv, {JSONAPI};q=0.9", CSV),
        (f"text/csv;q=0.8, {JSONAPI};q=0.9", JSONAPI),
        (f"text/csv;q=0.2, {JSONAPI};q=0.1, */*", CSV),
        (f"text/csv;q=0, {JSONAPI}", JSONAPI),
        ("application/x-ndjson", NDJSON),
        ("application/ndjson", "application/ndjson"),
        ("text/csv;q=0.4, application/x-ndjson;q=0.5", NDJSON),
        ("application/x-ndjson, text/csv", NDJSON),
        ("text/html, text/csv;q=0.1", CSV),
    ],
)
def test_what_is_accepted_chooses_the_format(exporting: Shop, accept: str | None, expected: str) -> None:
    response = exporting.get("/api/tags", headers={} if accept is None else {"Accept": accept})

    assert response.status_code == 200
    assert response.mimetype == expected
    assert "Accept" in response.headers["Vary"]


@pytest.mark.parametrize("accept", ["text/csv;q=0", "text/csv;charset=utf-16", "text/csv;header=absent", "text/*"])
def test_what_cannot_be_written_is_not_acceptable(exporting: Shop, accept: str) -> None:
    response = exporting.get("/api/tags", headers={"Accept": accept})

    assert response.status_code == 406
    assert response.mimetype == JSONAPI


@pytest.mark.parametrize("accept", [CSV, NDJSON])
@pytest.mark.parametrize("path", ["/api/books", "/api/authors/1/books"])
def test_exports_are_off_by_default(shop: Shop, accept: str, path: str) -> None:
    """T22, T33, T61: who does not turn them on has neither lists without pages nor streams."""
    assert shop.get(path, headers={"Accept": accept}).status_code == 406
    assert shop.get(path, headers={"Accept": f"{accept}, */*;q=0.1"}).mimetype == JSONAPI


@pytest.mark.parametrize("path", ["/api/books/1", "/api/books/1/publisher", "/api/books/1/relationships/authors"])
def test_only_lists_are_exported(exporting: Shop, path: str) -> None:
    assert exporting.get(path, headers={"Accept": CSV}).status_code == 406


def test_writes_are_answered_by_documents(exporting: Shop) -> None:
    document = {"data": {"type": "tags", "attributes": {"name": "exported"}}}

    assert exporting.client.send("POST", "/api/tags", document, headers={"Accept": CSV}).status_code == 406


# ---------------------------------------------------------------- the answer


def test_headers_of_csv(exporting: Shop) -> None:
    response = exported(exporting, "/api/books")

    assert response.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert response.headers["Content-Disposition"] == 'attachment; filename="books.csv"'
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "Content-Length" not in response.headers
    assert "ETag" not in response.headers


def test_headers_of_ndjson(exporting: Shop) -> None:
    response = exported(exporting, "/api/books", NDJSON)

    assert response.headers["Content-Type"] == NDJSON
    assert response.headers["Content-Disposition"] == 'attachment; filename="books.ndjson"'


def test_an_empty_list_has_a_header_row_in_csv_and_nothing_in_ndjson(exporting: Shop) -> None:
    path = "/api/tags?filter[name]=there is none"

    assert exported(exporting, path).data == b"id,name\r\n"
    assert exported(exporting, path, NDJSON).data == b""


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("include=authors", 400, "invalid-include"),
        ("include=nothing", 400, "invalid-include"),
        ("filter[nothing]=1", 400, "unknown-field"),
        ("filter[price]=cheap", 400, "invalid-filter"),
        ("sort=nothing", 400, "invalid-sort"),
        ("fields[books]=nothing", 400, "invalid-fieldset"),
        ("page[size]=1000", 400, "page-too-large"),
        ("filter[single]=1", 400, "invalid-filter"),
        ("nothing=1", 400, "unknown-parameter"),
    ],
)
def test_errors_are_documents(exporting: Shop, query: str, status: int, code: str) -> None:
    """What is wrong shows before the first byte, in the host's own kind of document."""
    with exporting.counted() as statements:
        response = exporting.get(f"/api/books?{query}", headers={"Accept": CSV})
        expected = exporting.get(f"/api/books?{query}")

    assert response.status_code == status
    assert response.mimetype == JSONAPI
    assert response.json["errors"][0]["code"] == code
    assert response.json["errors"][0]["source"] == {"parameter": query.partition("=")[0]}
    if "include" not in query and "single" not in query:
        assert response.data == expected.data
        assert len(statements) == 0


def test_a_missing_parent_is_not_found(exporting: Shop) -> None:
    assert exporting.get("/api/authors/99999/books", headers={"Accept": CSV}).status_code == 404
    assert exporting.get("/api/authors/99999/books", headers={"Accept": NDJSON}).status_code == 404


def test_hidden_fields_are_in_no_export(exporting: Shop) -> None:
    """T04: `credit` of customers is excluded."""
    assert "credit" not in cells(exported(exporting, "/api/customers"))[0]
    assert "credit" not in exported(exporting, "/api/people", NDJSON).text


# ---------------------------------------------------------------- an API of one's own


class Base(DeclarativeBase):
    pass


class Owner(Base):
    __tablename__ = "owners"
    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    things: Mapped[list[Thing]] = relationship(back_populates="owner")


class Thing(Base):
    __tablename__ = "things"
    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str | None] = mapped_column(String(40))
    amount: Mapped[float | None]
    cost: Mapped[Any | None] = mapped_column(Numeric(8, 2))
    active: Mapped[bool | None]
    since: Mapped[date | None]
    data: Mapped[Any | None] = mapped_column(JSON)
    owner_name: Mapped[str | None] = mapped_column(ForeignKey("owners.name"))
    owner: Mapped[Owner | None] = relationship(back_populates="things")


def things(engine: Engine, *rows: Thing, owner_exports: Any = (), **options: Any) -> Shop:
    """Serve things, and export them."""
    Base.metadata.create_all(engine)
    session = sessionmaker(engine)
    with session.begin() as filling:
        filling.add_all(rows)
    app = Flask("things")
    manager = APIManager(app, session=session)
    manager.create_api(Owner, exports=owner_exports)
    manager.create_api(Thing, **{"exports": True, **options})
    return Shop(app, manager, checked_client(app), engine, session)


def test_cells_of_csv(database: Engine) -> None:
    """RFC 4180: CRLF, quotes doubled, UTF-8; nulls empty, booleans, dates, numbers and JSON as JSON writes them."""
    shop = things(
        database,
        Thing(id=1, label='a "quoted",\nžluť', amount=1.5, cost="2.50", active=True, since=date(2024, 2, 29)),
        Thing(id=2, data={"a": [1, None]}, active=False, owner=Owner(name="A,B")),
    )

    assert exported(shop, "/api/things").data.decode() == (
        "id,label,amount,cost,active,since,data,owner\r\n"
        '1,"a ""quoted"",\nžluť",1.5,2.50,true,2024-02-29,,\r\n'
        '2,,,,false,,"{""a"":[1,null]}","A,B"\r\n'
    )


FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1"]


def test_no_text_begins_a_formula(sqlite: Engine) -> None:
    """Spreadsheets run what begins with =, +, - or @; numbers, which are harmless, stay numbers."""
    rows = [Thing(id=number, label=label) for number, label in enumerate([*FORMULAS, "-5.0", "+49", "a=b"], 1)]
    shop = things(sqlite, *rows, Thing(id=100, cost="-1.00", amount=-2.5, owner=Owner(name="=1")))

    found = cells(exported(shop, "/api/things"))

    assert [one["label"] for one in found[:-1]] == [*(f"'{text}" for text in FORMULAS), "-5.0", "+49", "a=b"]
    assert (found[-1]["cost"], found[-1]["amount"], found[-1]["owner"]) == ("-1.00", "-2.5", "'=1")
    assert objects(exported(shop, "/api/things", NDJSON))[0]["label"] == "=1+1"


def test_formulas_are_kept_where_the_api_says_so(sqlite: Engine) -> None:
    shop = things(sqlite, Thing(id=1, label="=1+1"), csv_formulas=True)

    assert cells(exported(shop, "/api/things"))[0]["label"] == "=1+1"


def test_a_limit_of_rows(database: Engine) -> None:
    """A list that is longer is refused as a whole, before its first byte."""
    shop = things(database, *(Thing(id=number) for number in range(1, 5)), max_export_rows=3)

    refused = shop.get("/api/things", headers={"Accept": CSV})
    narrowed = shop.get("/api/things?filter[id][gt]=1", headers={"Accept": CSV})

    assert refused.status_code == 400
    assert refused.json["errors"][0]["code"] == "limit-exceeded"
    assert "more than 3 rows" in refused.json["errors"][0]["detail"]
    assert len(cells(narrowed)) == 3


@pytest.mark.parametrize(("exports", "accept"), [(["csv"], NDJSON), (["ndjson"], CSV)])
def test_an_api_may_allow_one_format(sqlite: Engine, exports: list[str], accept: str) -> None:
    shop = things(sqlite, exports=exports)

    assert shop.get("/api/things", headers={"Accept": accept}).status_code == 406


@pytest.mark.parametrize(
    ("of_things", "of_owners", "status"), [(True, True, 200), (True, False, 406), (False, True, 406)]
)
def test_a_related_list_needs_the_permission_of_both_apis(
    sqlite: Engine, of_things: bool, of_owners: bool, status: int
) -> None:
    """What the API of the rows does not allow, no way to them allows."""
    shop = things(sqlite, Thing(id=1, owner=Owner(name="me")), exports=of_things, owner_exports=of_owners)

    assert shop.get("/api/owners/me/things", headers={"Accept": CSV}).status_code == status


def test_preprocessors_narrow_exports(sqlite: Engine) -> None:
    def mine(filters: list[Any], **_: Any) -> None:
        filters.append({"name": "owner_name", "op": "eq", "val": "me"})

    def theirs(**_: Any) -> None:
        raise ProcessingException(detail="not today", status=403)

    rows = [Thing(id=1, owner=Owner(name="me")), Thing(id=2, owner=Owner(name="you"))]
    shop = things(sqlite, *rows, preprocessors={"GET_COLLECTION": [mine]})
    assert [one["id"] for one in cells(exported(shop, "/api/things"))] == ["1"]

    with fresh_database("sqlite") as other:
        shop = things(other, preprocessors={"GET_COLLECTION": [theirs]})
        assert shop.get("/api/things", headers={"Accept": CSV}).status_code == 403


@pytest.mark.parametrize("name", ["GET_COLLECTION", "GET_TO_MANY_RELATION"])
def test_postprocessors_of_lists_and_exports_exclude_each_other(sqlite: Engine, name: str) -> None:
    """An export has no document, so that what they take away would be in it."""
    with pytest.raises(IllegalArgumentError, match=f"postprocessors of {name}"):
        things(sqlite, postprocessors={name: [lambda **_: None]})

    app = Flask("shared")
    manager = APIManager(app, session=sessionmaker(sqlite), postprocessors={name: [lambda **_: None]})
    with pytest.raises(IllegalArgumentError, match=f"postprocessors of {name}"):
        manager.create_api(Owner, exports=["csv"])


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({"exports": ["xls"]}, "csv, ndjson"),
        ({"exports": "csv"}, "list"),
        ({"max_export_rows": -1}, "0 for no limit"),
        ({"max_export_rows": "10"}, "whole number"),
    ],
)
def test_wrong_options(sqlite: Engine, options: dict[str, Any], hint: str) -> None:
    with pytest.raises(IllegalArgumentError, match=hint):
        things(sqlite, **options)


def test_objects_of_an_own_serializer_are_flattened(database: Engine) -> None:
    class Shouting:
        def serialize(self, instance: Thing, only: object = None) -> dict[str, Any]:
            owner = {"type": "owners", "id": instance.owner_name} if instance.owner_name else None
            attributes = {"label": str(instance.label).upper(), "extra": instance.id * 2, "id": "forged"}
            return {"type": "things", "attributes": attributes, "relationships": {"owner": {"data": owner}}}

    rows = [Thing(id=1, label="a", owner=Owner(name="me")), Thing(id=2, label="b")]
    shop = things(database, *rows, serializer=Shouting())

    assert objects(exported(shop, "/api/things", NDJSON)) == [
        {"id": "1", "owner": "me", "label": "A", "extra": 2},
        {"id": "2", "owner": None, "label": "B", "extra": 4},
    ]
    found = cells(exported(shop, "/api/things"))
    assert [(one["id"], one["label"], one["owner"]) for one in found] == [("1", "A", "me"), ("2", "B", "")]
    assert "extra" not in found[0]


def test_names_of_files(sqlite: Engine) -> None:
    """RFC 6266: a name that is no token is sent twice, once in a form that any client reads."""
    Base.metadata.create_all(sqlite)
    app = Flask("names")
    manager = APIManager(app, session=sessionmaker(sqlite))
    manager.create_api(Owner, exports=True, collection_name="žluť")

    response = checked_client(app).get("/api/žluť", headers={"Accept": CSV})

    assert response.headers["Content-Disposition"] == (
        "attachment; filename=\"_lu_.csv\"; filename*=UTF-8''%C5%BElu%C5%A5.csv"
    )


def test_rows_that_other_software_wrote(sqlite: Engine) -> None:
    """T39: a number that JSON does not have is null in every export."""
    shop = things(sqlite, Thing(id=1, amount=float("inf")))

    assert objects(exported(shop, "/api/things", NDJSON))[0]["amount"] is None
    assert cells(exported(shop, "/api/things"))[0]["amount"] == ""


def test_statements_do_not_grow_with_the_rows(database: Engine) -> None:
    shop = things(database, *(Thing(id=number) for number in range(1, 2501)))

    with counted(database) as statements:
        response = exported(shop, "/api/things?sort=-id")

    assert [one["id"] for one in cells(response)] == [str(number) for number in range(2500, 0, -1)]
    assert len(statements) == 1
