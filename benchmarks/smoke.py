"""`python -m benchmarks.smoke`: L1 against us, shortly, and a failure where a gate does not hold.

What is exact is held exactly: the statements of each work item, documents equal to L1's, and plans that are kept.
Times are held loosely, at twice the bound of an item, since the machine has other work.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any

from .contestants import LIMIT, OURS, Process
from .databases import copies
from .questions import Item, by_key
from .running import answer, as_result, run

STATEMENTS = {
    "one": 1,
    "20": 2,
    "100": 2,
    "100+author": 3,
    "50+3": 5,
    "1000": 2,
    "filter+sort": 2,
    "deep": 2,
    "cursor": 1,
    "export": 1,
    "POST": 2,
    "PATCH": 3,
}
"""Ours, for one request."""

TOLERANCE = 2.0
LONG = {"export", "atomic-100", "atomic-1000"}


def document(body: bytes) -> Any:
    """Give what must be equal: resources, included ones in the order of their ids, since theirs is free, and meta."""
    found = json.loads(body)
    data = found["data"] if isinstance(found["data"], list) else [found["data"]]
    included = sorted(found.get("included", ()), key=lambda one: (one["type"], int(one["id"])))
    for one in [*data, *included]:
        for relationship in one["relationships"].values():
            if isinstance(relationship.get("data"), list):
                relationship["data"].sort(key=lambda ref: int(ref["id"]))
    return data, included, found.get("meta")


def without_cursors(found: Any) -> Any:
    """Leave out what the cursor profile adds to each resource."""
    data, included, _meta = found
    return [{name: value for name, value in one.items() if name != "meta"} for one in data], included


def broken(kind: str, articles: int) -> Iterable[str]:
    """Say which exact gate does not hold."""
    items = [item for item in by_key().values() if item.key in STATEMENTS]
    with copies(kind, articles) as copy, ExitStack() as stack:
        limit, ours = (Process(one, copy(one.name), articles, traced=True) for one in (LIMIT, OURS))
        stack.callback(limit.close)
        stack.callback(ours.close)
        for item in items:
            yield from unequal(item, answer(limit, item), answer(ours, item))
        yield from forgotten(ours, [item for item in items if not item.writes])


def unequal(item: Item, limit: dict[str, Any], reply: dict[str, Any]) -> Iterable[str]:
    """Compare the documents, and the number of statements with the one that is written down."""
    if item.key == "export":
        same = limit["body"] == reply["body"]
    else:
        pair = document(limit["body"]), document(reply["body"])
        same = pair[0] == pair[1] if item.key != "cursor" else without_cursors(pair[0]) == without_cursors(pair[1])
    if not same:
        yield f"{item.title}: the document is not that of L1"
    count, expected = len(reply["statements"]), STATEMENTS[item.key]
    if count > expected:
        yield f"{item.title}: {count} statements instead of {expected}: {reply['statements']}"
    elif count < expected:
        print(f"{item.title}: {count} statements; lower the {expected} in STATEMENTS")


def forgotten(ours: Process, items: list[Item]) -> Iterable[str]:
    """Ask everything once more: no plan may be made again."""
    before = ours.plans()
    for item in items:
        ours.ask(item.key)
    hits, misses = (now - then for now, then in zip(ours.plans(), before, strict=True))
    print(f"plans: {hits} of {hits + misses} were kept")
    if misses or hits < len(items):
        yield f"{misses} plans were made again, {hits} of {len(items)} were kept"


def slow(kind: str, articles: int, rounds: int) -> Iterable[str]:
    """Say which item takes too long."""
    items = [item for item in by_key().values() if item.key not in LONG]
    found = run(kind, articles, rounds, items, [LIMIT, OURS])
    yield from (f"{name} is left out: {reason}" for name, reason in found.left_out.items())
    result = as_result(found, "")
    print(f"{'':30}{'by hand, ms':>12}{'ours, ms':>12}{'ratio':>8}{'processor':>11}{'bound':>8}")
    for item in items:
        row = result["figures"][item.key]
        if OURS.name not in row:
            continue
        limit, ours = row[LIMIT.name], row[OURS.name]
        ratios = ours["ratio"], ours["processor_ratio"]
        print(
            f"{item.title:30}{limit['wall_ms']:12.3f}{ours['wall_ms']:12.3f}{ratios[0]:8.2f}{ratios[1]:11.2f}"
            f"{item.bound:8.1f}"
        )
        if min(ratios) > item.bound * TOLERANCE:
            yield f"{item.title}: {ratios[0]:.2f} times as long as by hand, the bound is {item.bound} and as much again"


def main() -> None:
    """Check all gates."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.smoke", description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--articles", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    failures = [*broken(given.database, given.articles), *slow(given.database, given.articles, given.rounds)]
    for failure in failures:
        print(f"FAILED {failure}")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
