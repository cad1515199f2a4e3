"""`python -m benchmarks`: each work item, ours and by hand, asked in turn; medians and their ratio.

Both must first give the same resources; a difference ends the run.  `--gate` exits with 1
where a ratio is more than half above its bound.
"""

from __future__ import annotations

import argparse
import gc
import io
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import orjson
from flask import Flask
from sqlalchemy import create_engine
from tqdm import tqdm

from . import blog, by_hand, ours


@dataclass(frozen=True)
class Item:
    """One question, how often to ask it in a round, and the most that we may take of the time by hand."""

    name: str
    method: str
    path: str
    query: str = ""
    body: bytes = b""
    times: int = 20
    bound: float = 1.6


NEW = orjson.dumps(
    {
        "data": {
            "type": "articles",
            "attributes": {
                "title": "New",
                "body": "Text",
                "views": 1,
                "published": True,
                "created_at": "2024-05-06T07:08:09",
            },
            "relationships": {"author": {"data": {"type": "authors", "id": "1"}}},
        }
    }
)
CHANGE = orjson.dumps({"data": {"type": "articles", "id": "7", "attributes": {"title": "Changed"}}})

ITEMS = (
    Item("one", "GET", "/api/articles/7", times=60, bound=4.5),
    Item("20", "GET", "/api/articles", "page[size]=20", times=40, bound=3.0),
    Item("100", "GET", "/api/articles", "page[size]=100", bound=2.0),
    Item("100 + author", "GET", "/api/articles", "page[size]=100&include=author", bound=2.5),
    Item(
        "50 + author, comments, tags", "GET", "/api/articles", "page[size]=50&include=author,comments,tags", bound=3.2
    ),
    Item("1000", "GET", "/api/articles", "page[size]=1000", times=4),
    Item("POST", "POST", "/api/articles", body=NEW, bound=8.0),
    Item("PATCH", "PATCH", "/api/articles/7", body=CHANGE, bound=10.0),
)


def caller(app: Flask, item: Item) -> Callable[[], bytes]:
    """Give a function that asks `app` the item once, by WSGI."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": item.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": item.path,
        "QUERY_STRING": item.query.replace("[", "%5B").replace("]", "%5D"),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "HTTP_HOST": "localhost",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if item.body:
        environ |= {"CONTENT_TYPE": "application/vnd.api+json", "CONTENT_LENGTH": str(len(item.body))}
    status: list[str] = []

    def start(line: str, _headers: object, _error: object = None) -> None:
        status[:] = [line]

    def ask() -> bytes:
        environ["wsgi.input"] = io.BytesIO(item.body)
        answer = b"".join(app(dict(environ), start))
        if not status[0].startswith("2"):
            raise SystemExit(f"{app.name} answers {item.name} with {status[0]}: {answer[:500]!r}")
        return answer

    return ask


def shape(answer: bytes) -> Any:
    """Give what two answers must have in common: the resources, in the order of their ids where it is free."""
    document = orjson.loads(answer)
    data = document["data"]
    data = data if isinstance(data, list) else [data]
    included = sorted(document.get("included", ()), key=lambda one: (one["type"], int(one["id"])))
    for one in [*data, *included]:
        for relationship in one["relationships"].values():
            if isinstance(relationship.get("data"), list):
                relationship["data"].sort(key=lambda ref: int(ref["id"]))
    return data, included, document.get("meta")


def measure(apps: dict[str, Flask], rounds: int) -> dict[str, dict[str, float]]:
    """Ask every item of every app in turn; give median seconds a request, by item and app."""
    askers = {item.name: {name: caller(app, item) for name, app in apps.items()} for item in ITEMS}
    for item in ITEMS:
        if item.method == "GET":
            first, *others = [shape(ask()) for ask in askers[item.name].values()]
            if any(other != first for other in others):
                raise SystemExit(f"the answers to {item.name} differ")
    found: dict[str, dict[str, list[float]]] = {item.name: {name: [] for name in apps} for item in ITEMS}
    for _ in tqdm(range(rounds), disable=not sys.stderr.isatty()):
        for item in ITEMS:
            for name, ask in askers[item.name].items():
                gc.collect()
                begin = perf_counter()
                for _ in range(item.times):
                    ask()
                found[item.name][name].append((perf_counter() - begin) / item.times)
    return {item: {name: median(times) for name, times in row.items()} for item, row in found.items()}


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--gate", action="store_true", help="exit with 1 if a ratio is more than half above its bound")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "blog.sqlite"
        engine = create_engine(f"sqlite:///{path}")
        blog.fill(engine, given.articles)
        engine.dispose()
        shutil.copy(path, copy := Path(folder) / "blog-by-hand.sqlite")
        apps = {"by hand": by_hand.create_app(str(copy)), "ours": ours.create_app(str(path))}
        result = measure(apps, given.rounds)
    print(f"{'':30}{'by hand, ms':>12}{'ours, ms':>12}{'ratio':>8}{'bound':>8}")
    failed = False
    for item in ITEMS:
        row = result[item.name]
        ratio = row["ours"] / row["by hand"]
        failed |= ratio > item.bound * 1.5
        print(f"{item.name:30}{row['by hand'] * 1e3:12.3f}{row['ours'] * 1e3:12.3f}{ratio:8.2f}{item.bound:8.1f}")
    if given.gate and failed:
        sys.exit(1)


if __name__ == "__main__":
    main()
