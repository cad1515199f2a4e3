"""`python -m benchmarks.growth`: what one request costs us as something grows.

The size of the table, the depth of the page, the paths that are included, and the number of resources.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from time import process_time
from typing import Any

from flask import Flask
from tqdm import tqdm

from . import entries, plotting
from .contestants import ROOT
from .databases import Unreachable, server_version
from .questions import CURSOR, Question
from .reporting import digits, markdown, store
from .worker import Wsgi

SIZES = (1_000, 10_000, 100_000, 1_000_000)
RESOURCES = (10, 30, 100, 300, 1_000)
PAGE = "page[size]=20"
WARM = 10
"""Requests before those that count: drivers prepare a statement when it comes for the fifth time or so."""

Series = dict[str, dict[int, float]]

LIST = "/api/entries"


def table_questions(rows: int) -> dict[str, Question]:
    """Ask for pages of a table of so many rows; the moment is in the middle."""
    middle = (datetime(2020, 1, 1) + timedelta(minutes=rows // 2)).isoformat()
    return {
        "one row": Question(f"{LIST}/{rows // 2}"),
        "20 rows, with the exact total": Question(LIST, PAGE),
        "20 rows, no total": Question(LIST, f"{PAGE}&page[total]=none"),
        "20 rows sorted by an index, no total": Question(LIST, f"{PAGE}&sort=-created&page[total]=none"),
        "20 rows filtered by an index, no total": Question(
            LIST, f"{PAGE}&filter[created][ge]={middle}&sort=created&page[total]=none"
        ),
        "20 rows sorted without an index, no total": Question(LIST, f"{PAGE}&sort=text&page[total]=none"),
    }


def depths(rows: int) -> list[int]:
    """Give the depths of pages that are asked for."""
    return [depth for depth in (20, 1_000, 10_000, 100_000, 990_000) if depth < rows]


def at_depth(asker: Wsgi, depth: int) -> dict[str, Question]:
    """Ask for the page after `depth` entries in the order of their moments, by offset and by cursor."""
    moment = (datetime(2020, 1, 1) + timedelta(minutes=depth - 1)).isoformat()
    place = f"sort=created&page[size]=1&filter[created][ge]={moment}"
    _status, _headers, body = asker.ask(Question(LIST, place, accept=CURSOR))
    cursor = json.loads(body)["data"][0]["meta"]["page"]["cursor"]
    return {
        "by offset": Question(LIST, f"sort=created&page[limit]=20&page[offset]={depth}&page[total]=none"),
        "by offset, with the total": Question(LIST, f"sort=created&page[limit]=20&page[offset]={depth}"),
        "by cursor": Question(LIST, f"sort=created&page[size]=20&page[after]={cursor}", accept=CURSOR),
    }


def same_rows(asker: Wsgi, questions: Iterable[Question]) -> None:
    """Make sure that all questions have one answer."""
    found = [[one["id"] for one in json.loads(asker.ask(question)[2])["data"]] for question in questions]
    assert all(ids == found[0] for ids in found), found


def include_questions() -> dict[int, Question]:
    """Ask for 20 parents with none to all of their relationships."""
    names = [f"children{number}" for number in range(1, entries.WIDTH + 1)]
    return {
        width: Question(
            "/api/parents", f"{PAGE}&page[total]=none" + (f"&include={','.join(names[:width])}" * (width > 0))
        )
        for width in range(entries.WIDTH + 1)
    }


def milliseconds(asker: Wsgi, question: Question, rounds: int) -> float:
    """Give the median time of one request."""
    once = asker.time(question, WARM)[0] / WARM
    times = max(1, min(20, round(0.02 / once)))
    return 1000 * median(asker.time(question, times)[0] / times for _ in range(rounds))


def measured(kind: str, sizes: Sequence[int], rounds: int) -> dict[str, Series]:
    """Measure what depends on the database."""
    found: dict[str, Series] = {"table": {}, "depth": {}, "include": {}}
    for rows in tqdm(sizes, f"{kind}, rows", disable=not sys.stderr.isatty()):
        with entries.filled(kind, rows) as url:
            asker = Wsgi(entries.create_app(url))
            for name, question in table_questions(rows).items():
                found["table"].setdefault(name, {})[rows] = milliseconds(asker, question, rounds)
            if rows == sizes[-1]:
                measure_depths(asker, rows, rounds, found["depth"])
                widths = {
                    width: milliseconds(asker, question, rounds) for width, question in include_questions().items()
                }
                found["include"]["20 parents"] = widths
    return found


def measure_depths(asker: Wsgi, rows: int, rounds: int, found: Series) -> None:
    """Measure deep pages, each by offset and by cursor."""
    for depth in depths(rows):
        questions = at_depth(asker, depth)
        same_rows(asker, questions.values())
        for name, question in questions.items():
            found.setdefault(name, {})[depth] = milliseconds(asker, question, rounds)


def many_resources(number: int) -> dict[str, float]:
    """Serve so many models from this process, which must be new, and give milliseconds of the processor."""
    from sqlalchemy import ForeignKey, create_engine, insert
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, sessionmaker
    from sqlalchemy.pool import StaticPool

    from flask_restless import APIManager

    class Base(DeclarativeBase):
        """Models in a chain: each refers to the one before."""

    def model(index: int) -> type[Base]:
        members: dict[str, Any] = {
            "__tablename__": f"things{index}",
            "__annotations__": {"id": Mapped[int], "name": Mapped[str]},
            "id": mapped_column(primary_key=True),
            "name": mapped_column(),
        }
        if index:
            members["__annotations__"]["before_id"] = Mapped[int | None]
            members["before_id"] = mapped_column(ForeignKey(f"things{index - 1}.id"))
            members["before"] = relationship(f"Thing{index - 1}", backref="after")
        return type(f"Thing{index}", (Base,), members)

    models = [model(index) for index in range(number)]
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    last = models[-1]
    last.__table__.create(engine)
    with engine.begin() as connection:
        connection.execute(insert(last), [{"id": 1, "name": "only"}])
    from sqlalchemy.orm import configure_mappers

    start = process_time()
    configure_mappers()
    mapped = process_time()
    app = Flask("many")
    manager = APIManager(app, session=sessionmaker(engine))
    for one in models:
        manager.create_api(one)
    made = process_time()
    asker, question = Wsgi(app), Question(f"/api/things{number - 1}/1")
    assert asker.ask(question)[0] == 200
    first = process_time()
    gc.collect()
    again = milliseconds(asker, question, 15)
    return {
        "SQLAlchemy's mappers, all": 1000 * (mapped - start),
        "create_api, all": 1000 * (made - mapped),
        "the first request": 1000 * (first - made),
        "a later request": again,
    }


def in_new_process(number: int) -> dict[str, float]:
    """Measure so many resources in a process of their own."""
    command = [sys.executable, "-m", "benchmarks.growth", "--resources", str(number)]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def resources(rounds: int) -> Series:
    """Measure growing numbers of resources."""
    found: Series = {}
    for number in tqdm(RESOURCES, "resources", disable=not sys.stderr.isatty()):
        runs = [in_new_process(number) for _ in range(rounds)]
        for name in runs[0]:
            found.setdefault(name, {})[number] = median(run[name] for run in runs)
    return found


SPLIT = {"table"}
TITLES = {
    "table": ("rows in the table", "Size of the table"),
    "depth": ("rows before the page", "Depth of the page"),
    "include": ("relationships included", "Width of the include"),
    "resources": ("resources; processor time", "Number of resources"),
}


def pages(result: dict[str, Any]) -> dict[str, str]:
    """Give the tables and plots; a topic with many lines has a plot for each database."""
    files: dict[str, str] = {}
    for topic, kinds in result["figures"].items():
        x_unit, title = TITLES[topic]
        named = {kind: result["databases"].get(kind, "") for kind in kinds}
        series = {
            f"{name}, {named[kind]}" if kind else name: points_of(points)
            for kind, one in kinds.items()
            for name, points in one.items()
        }
        files[f"growth-{topic}.md"] = table(result, x_unit, series)
        plots = {f"growth-{topic}.svg": (title, series)}
        if topic in SPLIT:
            plots = {
                f"growth-{topic}-{kind}.svg": (
                    f"{title}, {named[kind]}",
                    {name: points_of(points) for name, points in one.items()},
                )
                for kind, one in kinds.items()
            }
        for file, (head, shown) in plots.items():
            files[file] = plotting.lines(head, shown, x_unit, "ms", logarithmic=topic != "include")
    return files


def points_of(points: dict[str, float]) -> list[tuple[float, float]]:
    """Give points in their order."""
    return sorted((int(x), y) for x, y in points.items())


def table(result: dict[str, Any], x_unit: str, series: dict[str, list[tuple[float, float]]]) -> str:
    """Give a table with a row for each line of a plot."""
    places = sorted({x for points in series.values() for x, _y in points})
    rows = [[f"{x_unit}; milliseconds", *(f"{x:,}" for x in places)]]
    for name, points in series.items():
        found = dict(points)
        rows.append([name, *(digits(found[x]) if x in found else "" for x in places)])
    return f"`{result['command']}`, {result['date']}, {result['machine']}:\n\n{markdown(rows)}\n"


def measured_all(kinds: Sequence[str], sizes: Sequence[int], rounds: int) -> Iterator[tuple[str, dict[str, Series]]]:
    """Measure on each kind of database that can be reached."""
    for kind in kinds:
        try:
            yield kind, measured(kind, sizes, rounds)
        except Unreachable as error:
            print(f"{kind} is left out: {error}", file=sys.stderr)


def main() -> None:
    """Measure all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--most", type=int, default=SIZES[-1], help="rows of the largest table")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--publish", action="store_true", help="also write benchmarks/results and the docs' tables")
    parser.add_argument("--resources", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.resources:
        print(json.dumps(many_resources(given.resources)))
        return
    kinds = ("sqlite", "postgresql") if given.database == "both" else (given.database,)
    found = dict(measured_all(kinds, [size for size in SIZES if size <= given.most], given.rounds))
    figures = {topic: {kind: one[topic] for kind, one in found.items()} for topic in ("table", "depth", "include")}
    result = {
        "command": shlex.join(["python", "-m", "benchmarks.growth", *sys.argv[1:]]),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.system()} on {platform.machine()}",
        "databases": {kind: server_version(kind) for kind in found},
        "figures": rounded({**figures, "resources": {"": resources(3)}}),
    }
    files = pages(result)
    store("growth", result, files, publish=given.publish)
    for name, content in files.items():
        if name.endswith(".md"):
            print(f"{content}\n")


def rounded(figures: Any) -> Any:
    """Round all numbers, whose keys become texts as in the file."""
    if isinstance(figures, dict):
        return {str(key): rounded(value) for key, value in figures.items()}
    return round(figures, 4)


if __name__ == "__main__":
    main()
