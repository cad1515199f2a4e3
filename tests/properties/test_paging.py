"""Pages concatenate to the list, whichever way it is paged (C-1.1, C-1.4, C-2.2, J-4.6.8).

Lists of random rows, many of them equal or null, under random orders: over nullable columns, mixed directions, related
columns and enums.  Rows are deleted midway, the one that the cursor fell on among them.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import ForeignKey, Numeric, String, create_engine, delete, event, insert
from sqlalchemy.engine import Engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, sessionmaker
from sqlalchemy.types import Float

from conftest import JSONAPI, CheckedClient, checked_client, fresh_database
from flask_restless import APIManager
from flask_restless.database.execution import read

PROFILE = "https://jsonapi.org/profiles/ethanresnick/cursor-pagination/"
BY_CURSOR = {"Accept": f'{JSONAPI};profile="{PROFILE}"'}


class Base(DeclarativeBase):
    pass


class Colour(enum.Enum):
    """Not in the order of the alphabet: MariaDB sorts by number, the others do as they please."""

    RED = "red"
    BLUE = "blue"
    GREEN = "green"


class Box(Base):
    __tablename__ = "boxes"
    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str | None] = mapped_column(String(20))
    shelf_id: Mapped[int | None] = mapped_column(ForeignKey("boxes.id"))
    shelf: Mapped[Box | None] = relationship(remote_side="Box.id")
    things: Mapped[list[Thing]] = relationship(back_populates="box", order_by="Thing.name.desc(), Thing.size")


class Thing(Base):
    __tablename__ = "things"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    size: Mapped[int | None]
    weight: Mapped[float | None] = mapped_column(Float(24))
    price: Mapped[Decimal | None] = mapped_column(Numeric(8, 2))
    made: Mapped[datetime | None]
    colour: Mapped[Colour | None]
    whole: Mapped[bool | None]
    box_id: Mapped[int | None] = mapped_column(ForeignKey("boxes.id"))
    box: Mapped[Box | None] = relationship(back_populates="things")


BOXES = [
    {"id": 1, "label": "a", "shelf_id": None},
    {"id": 2, "label": None, "shelf_id": 1},
    {"id": 3, "label": "b", "shelf_id": 2},
    {"id": 4, "label": "b", "shelf_id": 3},
]
FIELDS = ["name", "size", "weight", "price", "made", "colour", "whole", "id", "box.label", "box.shelf.label", "box.id"]


def optional(*values: Any) -> st.SearchStrategy[Any]:
    """Choose among few values and null, so that many rows are equal."""
    return st.sampled_from([None, *values])


things = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(["a", "A", "b", "ä", "a ", "Z", "%", "'"]),
            "size": optional(-1, 0, 2, 2**31 - 1),
            "weight": optional(0.1, 0.35, 1e-7, 3.0),
            "price": optional(Decimal("0.10"), Decimal("12.34"), Decimal("-5.00")),
            "made": optional(datetime(2024, 1, 1), datetime(2024, 12, 31, 23, 59, 59)),
            "colour": optional(*Colour),
            "whole": optional(True, False),
            "box_id": optional(1, 2, 3, 4),
        }
    ),
    max_size=12,
)
term = st.tuples(st.sampled_from(FIELDS), st.booleans(), st.sampled_from([None, "first", "last"]))
orders = st.lists(term, max_size=3, unique_by=lambda one: one[0])


@dataclass
class Store:
    """The things that are served, and their database."""

    client: CheckedClient
    engine: Engine

    def fill(self, rows: list[dict[str, Any]]) -> None:
        with self.engine.begin() as connection:
            connection.execute(delete(Thing))
            if rows:
                connection.execute(insert(Thing), [{"id": number, **row} for number, row in enumerate(rows, 1)])

    def drop(self, ids: list[str]) -> None:
        with self.engine.begin() as connection:
            connection.execute(delete(Thing).where(Thing.id.in_([int(one) for one in ids])))

    def page(self, url: str, *, by_cursor: bool = False) -> tuple[list[str], dict[str, Any]]:
        """Give the ids of a page, and its links."""
        answer = self.client.get(url, headers=BY_CURSOR if by_cursor else {})
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json["data"]], answer.json["links"]

    def pages(self, url: str | None, link: str = "next", *, by_cursor: bool = False) -> list[list[str]]:
        found = []
        while url is not None:
            ids, links = self.page(url, by_cursor=by_cursor)
            found.append(ids)
            url = links[link]
            assert len(found) < 40, "the walk does not end"
        return found


@contextmanager
def database(kind: str, folder: Path) -> Iterator[Engine]:
    """Give an empty database, that of SQLite in a file: one in memory has only one connection."""
    if kind != "sqlite":
        with fresh_database(kind) as engine:
            yield engine
        return
    engine = create_engine(f"sqlite:///{folder / 'paging.sqlite'}")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mariadb"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with database(request.param, tmp_path_factory.mktemp("paging")) as engine:
        if request.param == "sqlite":
            event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
        Base.metadata.create_all(engine)
        with engine.begin() as connection:
            for box in BOXES:
                connection.execute(insert(Box), box)
        app = Flask(__name__)
        app.secret_key = "of the tests"
        manager = APIManager(app, session=sessionmaker(engine))
        manager.create_api(Thing)
        manager.create_api(Box)
        yield Store(checked_client(app), engine)


def url_of(path: str, order: list[tuple[str, bool, str | None]], size: int, name: str = "size") -> str:
    """Write the URL of a list in an order."""
    parts = [f"page[{name}]={size}"]
    if order:
        parts.append("sort=" + ",".join(("-" if down else "") + field for field, down, _ in order))
    parts += [f"sortNulls[{field}]={place}" for field, _, place in order if place is not None]
    return f"{path}?{'&'.join(parts)}"


def flat(pages: Iterable[list[str]]) -> list[str]:
    """Put pages one after the other."""
    return [one for page in pages for one in page]


quick = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PATHS = ["/api/things", "/api/boxes/3/things", "/api/boxes/3/relationships/things"]
paths = st.sampled_from(PATHS)


@quick
@given(rows=things, order=orders, size=st.integers(1, 5), path=paths, step=st.integers(0, 3))
def test_every_row_that_stays_is_met_exactly_once(
    store: Store, rows: list[dict[str, Any]], order: list[Any], size: int, path: str, step: int
) -> None:
    """C-1.1, C-1.4, C-2.2, C-4.2, C-4.3: forward with a deletion midway, and back again."""
    store.fill(rows)
    url = url_of(path, order, size)
    met, links = store.page(url, by_cursor=True)
    last = url
    while links["next"] is not None:
        if step == 0:
            store.drop(met[-1:] + met[:1])
        last = links["next"]
        found, links = store.page(last, by_cursor=True)
        met += found
        step -= 1
    left = flat(store.pages(url_of(path, order, 100), by_cursor=True))

    assert len(met) == len(set(met))
    assert [one for one in met if one in left] == left
    back = store.pages(last, "prev", by_cursor=True)
    assert flat(reversed(back)) == left


@quick
@given(rows=things, order=orders, size=st.integers(1, 5), path=paths)
def test_every_way_of_paging_gives_the_same_list(
    store: Store, rows: list[dict[str, Any]], order: list[Any], size: int, path: str
) -> None:
    """J-4.6.8: pages by number, by offset and by cursor concatenate to one and the same list."""
    store.fill(rows)
    (whole,) = store.pages(url_of(path, order, 100))

    assert flat(store.pages(url_of(path, order, size))) == whole
    assert flat(store.pages(url_of(path, order, size, "limit"))) == whole
    pages = store.pages(url_of(path, order, size), by_cursor=True)
    assert flat(pages) == whole
    assert all(len(one) == size for one in pages[:-1]), "C-3.5"


@quick
@given(rows=things, order=orders, size=st.integers(1, 5), path=paths)
def test_a_page_is_the_same_from_either_end(
    store: Store,
    rows: list[dict[str, Any]],
    order: list[Any],
    size: int,
    path: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A page that is nearer to the end of the list is read from there; one beyond the end is empty either way."""
    store.fill(rows)
    from_end = []
    monkeypatch.setattr(read, "_from_end", lambda *args: from_end.append(args) or turned_page(*args))
    for offset in range(0, len(rows) + size + 1, size):
        url = f"{url_of(path, order, size, 'limit')}&page[offset]={offset}"
        monkeypatch.setattr(read, "FAR", 1000)
        forward = store.client.get(url)
        assert not from_end
        monkeypatch.setattr(read, "FAR", 0)
        assert store.client.get(url).data == forward.data
        is_mapped = path != PATHS[0] and not order
        assert bool(from_end) is (2 * offset + size > forward.json["meta"]["total"] and not is_mapped)
        from_end.clear()


turned_page = read._from_end


@quick
@given(rows=things, order=orders, data=st.data())
def test_a_range_is_what_lies_between(store: Store, rows: list[dict[str, Any]], order: list[Any], data: Any) -> None:
    """C-5: all between two items; more than a page of it is cut, and says so."""
    store.fill(rows)
    items = store.client.get(url_of("/api/things", order, 100), headers=BY_CURSOR).json["data"]
    if not items:
        return
    first, last, size = (data.draw(st.integers(low, len(items))) for low in (0, 0, 1))
    edges = [items[min(one, len(items) - 1)]["meta"]["page"]["cursor"] for one in (first, last)]
    between = [one["id"] for one in items[min(first, len(items) - 1) + 1 : min(last, len(items) - 1)]]

    url = url_of("/api/things", order, size) + f"&page[after]={edges[0]}&page[before]={edges[1]}"
    document = store.client.get(url).json

    assert [one["id"] for one in document["data"]] == between[:size]
    truncated = document.get("meta", {}).get("page", {}).get("rangeTruncated", False)
    assert truncated is (len(between) > size)
