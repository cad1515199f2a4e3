"""The cursor pagination profile (checklist C), and what a profile does to a document (J-2.1.3, J-3.1.7, J-3.10.4)."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import product
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, delete
from sqlalchemy.orm import sessionmaker

from bookshop import Category, Publisher, Tag
from conftest import JSONAPI, Shop, checked_client, fresh_database, open_shop
from flask_restless import APIManager
from flask_restless.operations.binding import sort_keys
from flask_restless.operations.cursors import order_mark, total_order, write_cursor
from flask_restless.operations.paging import Cursor
from flask_restless.operations.problems import Source

BASE = "https://jsonapi.org/profiles/ethanresnick/cursor-pagination"
BOTH = [f"{BASE}/", BASE]
ACCEPT = {"Accept": f'{JSONAPI};profile="{BASE}/"'}
LISTS = ["/api/tags", "/api/publishers/1/books", "/api/publishers/1/relationships/books"]


def get(shop: Shop, url: str) -> Any:
    """Get a list in pages by cursor."""
    answer = shop.get(url, headers=ACCEPT)
    assert answer.status_code == 200, answer.text
    return answer.json


def ids(document: Any) -> list[str]:
    return [one["id"] for one in document["data"]]


def cursors(document: Any) -> list[str]:
    return [one["meta"]["page"]["cursor"] for one in document["data"]]


def walked(shop: Shop, url: str | None, link: str = "next") -> list[list[str]]:
    """Give the ids of each page, from `url` on."""
    pages = []
    while url is not None:
        document = get(shop, url)
        pages.append(ids(document))
        url = document["links"][link]
    return pages


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    """The shop, once for all tests that only read."""
    with fresh_database("sqlite") as engine:
        yield open_shop(engine)


def refusal(shop: Shop, url: str) -> Any:
    """Give the one error of a list that is refused with 400."""
    answer = shop.get(url, headers=ACCEPT)
    assert answer.status_code == 400, answer.text
    (error,) = answer.json["errors"]
    return error


def tampered(cursor: str) -> str:
    """Change the values in a cursor and leave its signature."""
    data = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    return base64.urlsafe_b64encode(data[:-3] + b"9" + data[-2:]).rstrip(b"=").decode()


# ---------------------------------------------------------------- the profile


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("uri", BOTH)
def test_answer_names_the_profile_as_it_was_asked_for(shop: Shop, path: str, uri: str) -> None:
    """C-6.4, J-2.1.3, J-3.1.7, J-3.10.4, J-1.1.4."""
    answer = shop.get(f"{path}?page[size]=2", headers={"Accept": f'{JSONAPI};profile="urn:other {uri}"'})

    media_type = f'{JSONAPI};profile="{uri}"'
    assert answer.headers["Content-Type"] == media_type
    assert answer.json["jsonapi"] == {"version": "1.1", "profile": [uri]}
    assert answer.json["links"]["self"]["type"] == media_type
    assert urlsplit(answer.json["links"]["self"]["href"]).path == path


@pytest.mark.parametrize("path", LISTS)
def test_cursor_applies_the_profile_without_being_asked_for(shop: Shop, path: str) -> None:
    """C-6.4: an answer with a cursor page says so, under the URI of the profile's own page."""
    cursor = cursors(get(shop, f"{path}?page[size]=1"))[0]

    for name in ("after", "before"):
        answer = shop.get(f"{path}?page[{name}]={cursor}")
        assert answer.headers["Content-Type"] == f'{JSONAPI};profile="{BASE}/"'
        assert answer.json["jsonapi"]["profile"] == [f"{BASE}/"]


@pytest.mark.parametrize(
    "query", ["page[number]=1", "page[offset]=0", "page[limit]=2", "filter[single]=1&filter[id]=1"]
)
def test_profile_is_not_named_where_it_is_not_applied(shop: Shop, query: str) -> None:
    """J-2.1.3, J-2.3.7."""
    for path in (f"/api/tags?{query}", "/api/tags/1"):
        answer = shop.get(path, headers=ACCEPT)
        assert answer.headers["Content-Type"] == JSONAPI
        assert "profile" not in answer.json["jsonapi"]


def test_profile_leaves_all_other_parameters_as_they_are(shop: Shop) -> None:
    """J-1.3.1, C-7.6."""
    query = "include=publisher&fields[books]=title,publisher&sort=-price&filter[price][gt]=1"
    document = get(shop, f"/api/books?{query}&page[size]=3")
    plain = shop.get(f"/api/books?{query}&page[number]=1&page[size]=3").json

    assert ids(document) == ids(plain)
    assert document["included"] == plain["included"]
    kept = parse_qs(urlsplit(document["links"]["next"]).query)
    assert {name: kept[name] for name in parse_qs(query)} == parse_qs(query)


# ---------------------------------------------------------------- order


@pytest.mark.parametrize("path", LISTS)
def test_list_without_an_order_gets_one(shop: Shop, path: str) -> None:
    """C-1.2: also related resources and linkage; it is the order of every other page of the list."""
    whole = ids(shop.get(f"{path}?page[number]=1&page[size]=100").json)
    found = [one for page in walked(shop, f"{path}?page[size]=1") for one in page]

    assert found == whole


def test_partial_order_is_completed(shop_everywhere: Shop) -> None:
    """C-1.1."""
    found = [one for page in walked(shop_everywhere, "/api/books?sort=in_print,language&page[size]=2") for one in page]

    assert len(found) == len(set(found)) == get(shop_everywhere, "/api/books?page[size]=100")["meta"]["total"]


ORDERS = ["published_on,-price", "-publisher.founded", "-subtitle,publisher.country.name", "cover.media_type"]


def test_nulls_are_neither_lost_nor_repeated(shop_everywhere: Shop) -> None:
    """C-1.4: from the first page on and from the last page back, wherever nulls stand."""
    for sort, place in product(ORDERS, ["", "first", "last"]):
        nulls = "".join(f"&sortNulls[{term.lstrip('-')}]={place}" for term in sort.split(",") if place)
        url = f"/api/books?sort={sort}{nulls}"
        whole = ids(shop_everywhere.get(f"{url}&page[size]=100").json)
        links = get(shop_everywhere, f"{url}&page[size]=3")["links"]

        forward = walked(shop_everywhere, links["first"], "next")
        back = walked(shop_everywhere, links["last"], "prev")

        assert [one for page in forward for one in page] == whole, url
        assert [one for page in reversed(back) for one in page] == whole, url


def test_order_that_is_hidden_has_no_cursors(sqlite: Engine) -> None:
    """C-1.3, C-9.1: a cursor would tell the values of a column that is not shown."""

    def by_secret(sort: Any = None, **_: Any) -> None:
        sort[:] = [("+", "founded")]

    shop = open_shop(sqlite)
    app = Flask(__name__)
    manager = APIManager(app, session=sessionmaker(sqlite))
    manager.create_api(Publisher, exclude=["founded"], preprocessors={"GET_COLLECTION": [by_secret]})
    shop.client = checked_client(app)

    error = refusal(shop, "/api/publishers?page[size]=2")
    assert (error["code"], error["source"]) == ("invalid-sort", {"parameter": "sort"})
    assert error["links"]["type"] == f"{BASE}/unsupported-sort", "C-9.5: a string"
    assert shop.get("/api/publishers?page[size]=2").status_code == 200


@pytest.mark.parametrize("sort", ["nosuch", "authors", "authors.name", "details", "headline", ""])
def test_sort_without_cursors(shop: Shop, sort: str) -> None:
    """C-1.3, C-9.1: who asks for pages by cursor is told by the profile's own type that the order has none."""
    error = refusal(shop, f"/api/books?sort={sort}")
    plain = shop.get(f"/api/books?sort={sort}").json["errors"][0]
    cursor = get(shop, "/api/books?page[size]=1")["data"][0]["meta"]["page"]["cursor"]
    beyond = shop.get(f"/api/books?sort={sort}&page[after]={cursor}").json["errors"][0]

    assert (error["status"], error["source"]) == ("400", {"parameter": "sort"})
    assert error["links"] == beyond["links"] == {"type": f"{BASE}/unsupported-sort"}
    assert "links" not in plain


def test_order_that_the_mapping_hides_is_left_out(sqlite: Engine) -> None:
    """C-1.2: where the mapped order is by a hidden column, the list is in the order of its key."""
    shop = open_shop(sqlite)
    app = Flask(__name__)
    manager = APIManager(app, session=sessionmaker(sqlite))
    manager.create_api(Category, exclude=["position"])
    shop.client = checked_client(app)
    lists = [ids(get(shop, f"/api/categories/{one}/children")) for one in ids(get(shop, "/api/categories"))]

    assert any(len(one) > 1 for one in lists)
    assert lists == [sorted(one, key=int) for one in lists]


# ---------------------------------------------------------------- cursors


@pytest.mark.parametrize("path", LISTS)
def test_anything_else_is_no_cursor(shop: Shop, path: str) -> None:
    """C-4.1, C-9.3, C-2.1: nobody can make or change one."""
    cursor = cursors(get(shop, f"{path}?page[size]=1"))[0]
    wrong = [
        "",
        "1",
        "x",
        "%C3%A9",
        "A" * 40,
        "a" * 20_000,
        cursor[:-1],
        cursor + "A",
        cursor + "=",
        cursor.swapcase(),
        tampered(cursor),
    ]

    for text in wrong:
        for name in ("after", "before"):
            error = refusal(shop, f"{path}?page[{name}]={text}")
            assert (error["code"], error["source"]) == ("invalid-page", {"parameter": f"page[{name}]"}), text


@pytest.mark.parametrize(
    "other", ["sort=-title", "sort=title,price", "sort=price", "", "sort=subtitle&sortNulls[subtitle]=last"]
)
def test_cursor_is_for_one_order(shop: Shop, other: str) -> None:
    """C-2.4."""
    cursor = cursors(get(shop, "/api/books?sort=title"))[0]

    assert shop.get(f"/api/books?sort=title&page[after]={cursor}&filter[stock][ge]=0").status_code == 200
    assert "another order" in refusal(shop, f"/api/books?{other}&page[after]={cursor}")["detail"]
    assert refusal(shop, f"/api/tags?page[after]={cursor}")["code"] == "invalid-page"


def test_cursor_outlives_its_row(shop_everywhere: Shop) -> None:
    """C-2.2."""
    document = get(shop_everywhere, "/api/tags?sort=-name&page[size]=2")
    follow = ids(get(shop_everywhere, document["links"]["next"]))
    with shop_everywhere.session.begin() as session:
        session.execute(delete(Tag.__table__.metadata.tables["book_tags"]))
        session.execute(delete(Tag).where(Tag.id == int(ids(document)[-1])))

    assert ids(get(shop_everywhere, document["links"]["next"])) == follow


def test_a_list_is_read_as_it_is_now(shop_everywhere: Shop) -> None:
    """C-2.3: no client has a snapshot; what was added further on in the meantime is met."""
    document = get(shop_everywhere, "/api/tags?sort=-name&page[size]=2")
    with shop_everywhere.session.begin() as session:
        session.add(Tag(name=document["data"][-1]["attributes"]["name"][:-1]))

    follow = get(shop_everywhere, document["links"]["next"])

    assert follow["data"][0]["attributes"]["name"] == document["data"][-1]["attributes"]["name"][:-1]


def test_cursors_work_on_any_worker(sqlite: Engine) -> None:
    """C-2.1: nothing is kept; each application with the same secret understands them, others do not."""
    shop = open_shop(sqlite)
    workers = {}
    for name, options, config in (
        ("first", {}, {"SECRET_KEY": "a"}),
        ("second", {}, {"SECRET_KEY": b"a"}),
        ("rotated", {}, {"SECRET_KEY": "b", "SECRET_KEY_FALLBACKS": ["a"]}),
        ("own", {"cursor_secret": "a"}, {"SECRET_KEY": "other"}),
        ("stranger", {}, {"SECRET_KEY": "b"}),
        ("open", {}, {}),
    ):
        app = Flask(name)
        app.config.update(config)
        APIManager(app, session=shop.session, **options).create_api(Tag)
        workers[name] = checked_client(app)
    url = workers["first"].get("/api/tags?page[size]=2", headers=ACCEPT).json["links"]["next"]

    status = {name: client.get(url).status_code for name, client in workers.items()}

    assert status == {"first": 200, "second": 200, "rotated": 200, "own": 200, "stranger": 400, "open": 400}


FORGED = [
    "a",
    "",
    True,
    7,
    -1.5,
    2**70,
    None,
    b"x",
    date(2024, 1, 1),
    UUID(int=1),
    Decimal("NaN"),
    float("inf"),
    "\ud7ff",
]


def test_forged_cursor_is_refused_or_harmless(shop_everywhere: Shop) -> None:
    """J-9.8: without a secret a client may make one of any values; the database may refuse them, but not fail."""
    books = next(one for one in shop_everywhere.manager.resources if one.name == "books")
    for name in ("title", "pages", "in_print", "language", "published_on", "price", "weight"):
        sort = total_order(books, sort_keys(books, [(name, False)], Source()))
        for first, second in [*product(FORGED, [1]), *product([None], FORGED)]:
            with shop_everywhere.app.app_context():
                text = write_cursor(books, Cursor(order_mark(books, sort), (first, second)))
            answer = shop_everywhere.get(f"/api/books?sort={name}&page[after]={text}&fields[books]=title&page[size]=1")
            assert answer.status_code in (200, 400), (name, first, second, answer.text)
            if answer.status_code == 400:
                assert answer.json["errors"][0]["source"] == {"parameter": "page[after]"}


def test_cursor_holds_no_more_than_the_order_and_the_key(shop: Shop) -> None:
    """C-2.1: what may be read out of one is what the list shows."""
    (book,) = get(shop, "/api/books?sort=-price&page[size]=1&fields[books]=price")["data"]
    text = book["meta"]["page"]["cursor"]

    body = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))[18:].decode()

    assert body == f"[0,[{float(book['attributes']['price'])},{book['id']}]]"


# ---------------------------------------------------------------- page[size]


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "abc", "", "%2B5", "0x5", "%D9%A3", "1e1"])
@pytest.mark.parametrize("path", LISTS)
def test_size_is_a_positive_integer(shop: Shop, path: str, text: str) -> None:
    """C-3.1, C-9.3."""
    assert refusal(shop, f"{path}?page[size]={text}")["source"] == {"parameter": "page[size]"}


def test_size_is_in_base_ten(shop: Shop) -> None:
    """C-3.1, C-3.5."""
    assert len(get(shop, "/api/tags?page[size]=007")["data"]) == 7


@pytest.mark.parametrize("query", ["page[size]=101", "page[size]=" + "9" * 300])
def test_size_above_the_greatest_is_refused(shop: Shop, query: str) -> None:
    """C-3.3, C-9.2, C-9.5."""
    error = refusal(shop, f"/api/tags?{query}")

    assert error["source"] == {"parameter": "page[size]"}
    assert error["meta"]["page"] == {"maxSize": 100}
    assert error["links"]["type"] == f"{BASE}/max-size-exceeded"


def test_size_has_a_default(shop: Shop) -> None:
    """C-3.4."""
    document = get(shop, "/api/tags")

    assert len(document["data"]) == 10
    assert document["links"]["next"] is not None


def test_without_a_greatest_size_it_is_still_positive(sqlite: Engine) -> None:
    """C-3.1, C-3.2."""
    shop = open_shop(sqlite)
    app = Flask(__name__)
    APIManager(app, session=shop.session).create_api(Tag, page_size=0, max_page_size=0)
    shop.client = checked_client(app)

    assert refusal(shop, "/api/tags?page[size]=0")["source"] == {"parameter": "page[size]"}
    document = get(shop, "/api/tags")
    assert document["meta"]["page"]["total"] == len(document["data"]) > 10
    assert (document["links"]["prev"], document["links"]["next"]) == (None, None)
    middle = cursors(document)[4]
    assert ids(get(shop, f"/api/tags?page[before]={middle}")) == ids(document)[:4]
    assert ids(get(shop, f"/api/tags?page[after]={middle}")) == ids(document)[5:]


@pytest.mark.parametrize("query", ["page[number]=1", "page[offset]=1", "page[limit]=1"])
def test_cursors_do_not_go_together_with_places(shop: Shop, query: str) -> None:
    """C-4, J-4.6: two places in one request make no sense."""
    cursor = cursors(get(shop, "/api/tags"))[0]

    assert refusal(shop, f"/api/tags?{query}&page[after]={cursor}")["code"] == "invalid-page"


# ---------------------------------------------------------------- after, before, both


def test_after_and_before(shop_everywhere: Shop) -> None:
    """C-4.2, C-4.3, C-4.4: the rows next to the cursor, always in the order of the list."""
    whole = get(shop_everywhere, "/api/tags?sort=-name&page[size]=100")
    names, places = ids(whole), cursors(whole)

    def page(query: str) -> list[str]:
        return ids(get(shop_everywhere, f"/api/tags?sort=-name&page[size]=3&{query}"))

    assert page("") == names[:3]
    assert page(f"page[after]={places[3]}") == names[4:7]
    assert page(f"page[before]={places[6]}") == names[3:6]
    assert page(f"page[before]={places[2]}") == names[:2]
    assert page(f"page[after]={places[-1]}") == []
    assert page(f"page[before]={places[0]}") == []


def test_empty_list(shop: Shop) -> None:
    """C-4.4, C-7.2."""
    document = get(shop, "/api/tags?filter[name]=nothing")

    assert document["data"] == []
    assert (document["links"]["prev"], document["links"]["next"]) == (None, None)
    assert document["meta"] == {"total": 0, "page": {"total": 0}}


def test_range(shop: Shop) -> None:
    """C-5.2, C-5.3."""
    whole = get(shop, "/api/tags?page[size]=100")
    names, places = ids(whole), cursors(whole)
    url = f"/api/tags?page[after]={places[0]}&page[before]={places[-1]}"
    assert len(names) > 12

    assert ids(get(shop, url)) == names[1:-1], "the default size is the greatest one"
    assert "meta" not in get(shop, url)
    cut = get(shop, f"{url}&page[size]=4")
    assert ids(cut) == ids(get(shop, f"/api/tags?page[after]={places[0]}&page[size]=4")) == names[1:5]
    assert cut["meta"]["page"] == {"rangeTruncated": True}
    assert ids(get(shop, cut["links"]["next"])) == names[5:9], "the rest of the range"
    assert get(shop, f"/api/tags?page[after]={places[5]}&page[before]={places[2]}")["data"] == []


@pytest.mark.parametrize("path", LISTS)
def test_range_is_never_refused(shop: Shop, path: str) -> None:
    """C-5.1, C-9.4: ranges are supported on every list, so that the error for those that are not is never sent."""
    places = cursors(get(shop, f"{path}?page[size]=2"))

    for after, before in product(places, places):
        get(shop, f"{path}?page[after]={after}&page[before]={before}&page[size]=1")


# ---------------------------------------------------------------- document and links


@pytest.mark.parametrize("path", LISTS)
def test_items_carry_the_cursor_that_falls_on_them(shop: Shop, path: str) -> None:
    """C-6.1, C-6.2, C-6.3."""
    document = get(shop, f"{path}?page[size]=100")

    for number, cursor in enumerate(cursors(document)):
        assert ids(get(shop, f"{path}?page[size]=100&page[after]={cursor}")) == ids(document)[number + 1 :]


def test_links_of_the_first_and_the_last_page(shop: Shop) -> None:
    """C-7.1 to C-7.4: both keys are there, null where it is known that there is nothing."""
    total = get(shop, "/api/tags?page[size]=100")["meta"]["total"]
    size = next(number for number in range(2, total + 1) if total % number == 0)
    first = get(shop, f"/api/tags?page[size]={size}")
    assert first["links"]["prev"] is None

    pages, document = 1, first
    while document["links"]["next"]:
        document = get(shop, document["links"]["next"])
        pages += 1
        assert document["links"]["prev"] is not None

    assert pages == total // size, "C-7.3: no empty page at the end"
    assert ids(get(shop, first["links"]["last"])) == ids(document)
    assert ids(get(shop, document["links"]["first"])) == ids(first)
    for edge, null in (("first", "prev"), ("last", "next")):
        links = get(shop, first["links"][edge])["links"]
        assert {name for name in ("prev", "next") if links[name] is None} == {null}


def test_links_lead_back_from_empty_pages(shop: Shop) -> None:
    """C-7.5: beyond the end there is a way back to the very last item."""
    whole = get(shop, "/api/tags?page[size]=100")
    names, places = ids(whole), cursors(whole)

    beyond = get(shop, f"/api/tags?page[size]=2&page[after]={places[-1]}")["links"]
    short = get(shop, f"/api/tags?page[size]=2&page[before]={places[0]}")["links"]

    assert beyond["next"] is None
    assert ids(get(shop, beyond["prev"])) == names[-2:]
    assert short["prev"] is None
    assert ids(get(shop, short["next"])) == names[:2]


def test_link_header_says_the_same(shop: Shop) -> None:
    """J-9.7."""
    answer = shop.get("/api/tags?page[size]=2", headers=ACCEPT)

    assert f'<{answer.json["links"]["next"]}>; rel="next"' in answer.headers["Link"]
    assert 'rel="prev"' not in answer.headers["Link"]


def test_total_is_told_where_it_is_asked_for(shop: Shop) -> None:
    """C-8.1, C-8.2: it costs a count, so that it is not made unasked."""
    url = get(shop, "/api/tags?page[size]=3")["links"]["next"]
    with shop.counted() as statements:
        assert "meta" not in get(shop, url)
    assert len(statements) == 1

    total = shop.get("/api/tags?page[number]=1").json["meta"]["total"]
    assert get(shop, f"{url}&page[total]=exact")["meta"] == {"total": total, "page": {"total": total}}
    estimate = get(shop, f"{url}&page[total]=estimate")["meta"]
    assert estimate == {"total": total, "page": {"estimatedTotal": {"bestGuess": total}}}


def test_deep_offset_points_to_cursors(shop: Shop) -> None:
    """T23."""
    error = shop.get("/api/tags?page[offset]=99999999").json["errors"][0]

    assert "page[after]" in error["detail"]
