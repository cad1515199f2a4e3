"""Pages at the end of a long list, by offset and by cursor: `python -m benchmarks.paging sqlite postgresql mariadb`.

Medians of whole requests through Flask's test client, in milliseconds.  The databases are those of the tests.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, String, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker

from flask_restless import APIManager

ROWS, DEPTH, ROUNDS = 200_000, 190_000, 15
BY_CURSOR = {
    "Accept": 'application/vnd.api+json;profile="https://jsonapi.org/profiles/ethanresnick/cursor-pagination/"'
}


class Base(DeclarativeBase):
    """The one table."""


class Entry(Base):
    """A row of a long list, sorted by when it was made, or seen if ever."""

    __tablename__ = "entries"
    id: Mapped[int] = mapped_column(primary_key=True)
    created: Mapped[datetime] = mapped_column(index=True)
    seen: Mapped[datetime | None] = mapped_column(index=True)
    text: Mapped[str] = mapped_column(String(40))


def rows(start: int, stop: int) -> Iterator[dict[str, object]]:
    """Make entries in no order, of which a tenth was not seen."""
    for number in range(start, stop):
        moment = datetime(2020, 1, 1) + timedelta(minutes=number * 7919 % ROWS)
        yield {"created": moment, "seen": moment if number % 10 else None, "text": f"entry {number}"}


def fill(engine: Engine) -> None:
    """Store the entries."""
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        for start in range(0, ROWS, 5000):
            connection.execute(insert(Entry), list(rows(start, start + 5000)))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE TABLE entries" if engine.name == "mariadb" else "ANALYZE")


def milliseconds(client: FlaskClient, url: str) -> float:
    """Give the median time of one request."""
    times = []
    for _ in range(ROUNDS):
        start = perf_counter()
        assert client.get(url).status_code == 200
        times.append(perf_counter() - start)
    return 1000 * median(times)


def deep_cursor(client: FlaskClient, sort: str) -> str:
    """Give the URL of the page after 190,000 entries, found from a filter: a cursor holds without it as well."""
    moment = datetime(2020, 1, 1) + timedelta(minutes=ROWS - DEPTH if sort.startswith("-") else DEPTH)
    test = f"filter[{sort.lstrip('-')}][{'le' if sort.startswith('-') else 'ge'}]={moment.isoformat()}"
    answer = client.get(f"/api/entries?sort={sort}&page[size]=1&{test}", headers=BY_CURSOR)
    assert answer.json is not None
    cursor = answer.json["data"][0]["meta"]["page"]["cursor"]
    return f"/api/entries?sort={sort}&page[size]=20&page[after]={cursor}"


def main(kinds: list[str]) -> None:
    """Measure each kind of database."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from conftest import fresh_database

    for kind in kinds:
        with fresh_database(kind) as engine:
            fill(engine)
            app = Flask(__name__)
            APIManager(app, session=sessionmaker(engine)).create_api(Entry)
            client = app.test_client()
            for sort in ("created", "-created", "seen", "-seen"):
                place = f"/api/entries?sort={sort}&page[limit]=20&page[total]=none&page[offset]"
                first, offset = milliseconds(client, f"{place}=0"), milliseconds(client, f"{place}={DEPTH}")
                cursor = milliseconds(client, deep_cursor(client, sort))
                print(f"{kind:12} {sort:9} first {first:6.1f}  offset {offset:6.1f}  cursor {cursor:6.1f}")


if __name__ == "__main__":
    main(sys.argv[1:] or ["sqlite"])
