"""A run: check that all answer the same questions, then ask them in turn, many times."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from statistics import median
from typing import Any

from tqdm import tqdm

from .answers import Comparison, compare, read
from .contestants import LIMIT, Contestant, LeftOut, Process
from .databases import copies, server_version
from .questions import Item

BURST = 0.04
"""Seconds that a row of requests should take at least."""

MOST = 300

WARM = 5
"""Requests before it is looked how many make such a row: the first ones plan statements, import modules, connect."""

PARTS = 3
"""Times that all processes are started anew: the same program takes a tenth more or less from start to start."""

RESULT_FORMAT = 1
PLAIN = {"export", "atomic-100", "atomic-1000"}


@dataclass
class Cell:
    """What is known of one contestant's answer to one item."""

    statements: int
    remarks: list[str]
    times: list[tuple[float, float]] = field(default_factory=list)


@dataclass
class Run:
    """What a run has found; `left_out` says why somebody, or an answer of his, is not in it."""

    kind: str
    articles: int
    rounds: int
    items: tuple[Item, ...]
    contestants: list[Contestant]
    descriptions: dict[str, dict[str, Any]] = field(default_factory=dict)
    cells: dict[tuple[str, str], Cell] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def say(text: str) -> None:
    """Print beside the progress."""
    tqdm.write(text, file=sys.stderr)


def run(kind: str, articles: int, rounds: int, items: Iterable[Item], contestants: Iterable[Contestant]) -> Run:
    """Carry out a run on one kind of database."""
    found = Run(kind, articles, rounds, tuple(items), list(contestants))
    with copies(kind, articles) as copy:
        urls = {one.name: copy(one.name) for one in found.contestants}
        with ExitStack() as stack:
            check(found, started(found, urls, stack, traced=True))
        for writes in (False, True):  # reads first, since writes make the tables grow
            for numbers in parts(rounds):
                with ExitStack() as stack:
                    measure(found, started(found, urls, stack, traced=False), numbers, writes=writes)
    return found


def parts(rounds: int) -> list[range]:
    """Divide the rounds among the starts of the processes."""
    edges = [rounds * number // PARTS for number in range(PARTS + 1)]
    return [range(start, stop) for start, stop in pairwise(edges) if stop > start]


def started(found: Run, urls: dict[str, str], stack: ExitStack, *, traced: bool) -> dict[str, Process]:
    """Start all that can be started."""
    processes: dict[str, Process] = {}
    for contestant in found.contestants:
        if contestant.name in found.left_out:
            continue
        try:
            process = Process(contestant, urls[contestant.name], found.articles, traced=traced)
        except LeftOut as reason:
            leave_out(found, contestant, str(reason))
            continue
        stack.callback(process.close)
        processes[contestant.name] = process
        found.descriptions[contestant.name] = process.description
    return processes


def leave_out(found: Run, contestant: Contestant, reason: str) -> None:
    """Note that a contestant takes no part, and say it."""
    if contestant is LIMIT:
        raise SystemExit(f"{contestant.label} {reason}")
    found.left_out[contestant.name] = reason
    for key in [one for one in found.cells if one[0] == contestant.name]:
        del found.cells[key]
    say(f"{contestant.label} is left out: {reason}")


def check(found: Run, processes: dict[str, Process]) -> None:
    """Compare all answers with L1's, and count the statements of each."""
    for item in found.items:
        limit = answer(processes[LIMIT.name], item)
        for name, process in processes.items():
            if item.key not in process.description["items"]:
                continue
            try:
                reply = limit if name == LIMIT.name else answer(process, item)
                comparison = compared(item, limit, reply, process.description)
            except LeftOut as reason:
                comparison = Comparison([str(reason)], [])
            if comparison.faults:
                found.left_out[f"{name}/{item.key}"] = "; ".join(comparison.faults[:3])
                say(f"{process.contestant.label}, {item.title}, is left out: {'; '.join(comparison.faults[:3])}")
            else:
                found.cells[name, item.key] = Cell(len(reply["statements"]), comparison.remarks)


def answer(process: Process, item: Item) -> dict[str, Any]:
    """Ask twice, and give the second answer: the first may also read what is kept afterwards."""
    process.ask(item.key)
    return process.ask(item.key)


def compared(item: Item, limit: dict[str, Any], reply: dict[str, Any], description: dict[str, Any]) -> Comparison:
    """Compare two replies: texts as they are, documents by what they say."""
    if not 200 <= reply["status"] < 300:
        return Comparison([f"answers {reply['status']}: {reply['body'][:200]!r}"], [])
    if item.key == "export":
        return Comparison([] if reply["body"] == limit["body"] else ["another text"], [])
    if item.key in PLAIN:
        return Comparison([], [] if reply["body"] == limit["body"] else ["answers with the new resources"])
    if not reply["body"]:
        return Comparison([], [f"answers {reply['status']}, without the resource"])
    shapes = read(limit["body"], "jsonapi", {}), read(reply["body"], description["protocol"], description["types"])
    return compare(*shapes)


def measure(found: Run, processes: dict[str, Process], numbers: range, *, writes: bool) -> None:
    """Ask everything that reads, or that writes, of everyone in turn."""
    plan = [
        (item, name, process)
        for item in found.items
        if item.writes is writes
        for name, process in processes.items()
        if (name, item.key) in found.cells
    ]
    times: dict[tuple[str, str], int] = {}
    for item, name, process in plan:
        seconds(found, item, process, WARM)
        once = seconds(found, item, process, 2)
        times[name, item.key] = max(1, min(MOST, round(BURST / once[0]))) if once else 1
    title = f"{found.kind}, {'writes' if writes else 'reads'}"
    for number in tqdm(numbers, title, disable=not sys.stderr.isatty()):
        for item, name, process in turned(plan, number):
            taken = seconds(found, item, process, times[name, item.key])
            if taken is not None:
                found.cells[name, item.key].times.append(taken)


def seconds(found: Run, item: Item, process: Process, times: int) -> tuple[float, float] | None:
    """Time a row of requests; of one that fails the cell is taken out, and from then on there is None."""
    name = process.contestant.name
    if (name, item.key) not in found.cells:
        return None
    try:
        return process.time(item.key, times)
    except LeftOut as reason:
        if process.contestant is LIMIT:
            raise SystemExit(f"{process.contestant.label}, {item.title}, {reason}") from None
        del found.cells[name, item.key]
        found.left_out[f"{name}/{item.key}"] = str(reason)
        say(f"{process.contestant.label}, {item.title}, is left out: {reason}")
        return None


def turned(plan: list[tuple[Item, str, Process]], number: int) -> list[tuple[Item, str, Process]]:
    """Give the plan with another contestant first for each item, by the number of the round."""
    items: dict[str, list[tuple[Item, str, Process]]] = {}
    for entry in plan:
        items.setdefault(entry[0].key, []).append(entry)
    return [entry for row in items.values() for entry in row[number % len(row) :] + row[: number % len(row)]]


def ratio(times: list[tuple[float, float]], limit: list[tuple[float, float]], which: int) -> float:
    """Give the median of the ratios to L1 in the same round."""
    return median(one[which] / other[which] for one, other in zip(times, limit, strict=True))


def as_result(found: Run, command: str) -> dict[str, Any]:
    """Give what is written to the file of results: figures, versions, the command and the day."""
    return {
        "format": RESULT_FORMAT,
        "command": command,
        "date": datetime.now(UTC).date().isoformat(),
        "database": server_version(found.kind),
        "kind": found.kind,
        "articles": found.articles,
        "rounds": found.rounds,
        "machine": f"{os.cpu_count()} cores, {platform.system()} on {platform.machine()}",
        "items": [{"key": item.key, "title": item.title} for item in found.items],
        "contestants": {one.name: _described(found, one) for one in found.contestants},
        "figures": {item.key: dict(_row(found, item)) for item in found.items},
        "left_out": found.left_out,
    }


def _described(found: Run, contestant: Contestant) -> dict[str, Any]:
    description = found.descriptions.get(contestant.name, {})
    return {
        "label": contestant.label,
        "versions": description.get("versions", {}),
        "remark": description.get("remark", ""),
    }


def _row(found: Run, item: Item) -> Iterable[tuple[str, dict[str, Any]]]:
    limit = found.cells[LIMIT.name, item.key].times
    for contestant in found.contestants:
        cell = found.cells.get((contestant.name, item.key))
        if cell is not None and cell.times:
            yield (
                contestant.name,
                {
                    "wall_ms": round(1000 * median(wall for wall, _ in cell.times), 4),
                    "processor_ms": round(1000 * median(processor for _, processor in cell.times), 4),
                    "ratio": round(ratio(cell.times, limit, 0), 2),
                    "processor_ratio": round(ratio(cell.times, limit, 1), 2),
                    "statements": cell.statements,
                    "differs": cell.remarks,
                },
            )
