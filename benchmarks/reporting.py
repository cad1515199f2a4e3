"""Results as files: the figures as JSON, and the tables and plots of the documentation that are made of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from . import plotting
from .contestants import FOLDER, LIMIT, OURS, ROOT

RESULTS = ROOT / "benchmarks" / "results"
UNCOUNTED = re.compile(r"total \d+ where L1 has \d+")
PAGES = ROOT / "docs" / "explanation" / "benchmarks"


def store(name: str, result: dict[str, Any], files: dict[str, str], *, publish: bool) -> None:
    """Write a result to `build/bench`, and if it is published to the repository with what the docs show of it."""
    text = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
    for folder in (FOLDER, RESULTS) if publish else (FOLDER,):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    folder = PAGES if publish else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in files.items():
        (folder / file).write_text(content, encoding="utf-8")


def pages(result: dict[str, Any]) -> dict[str, str]:
    """Give the table and the plot of a run."""
    kind = result["kind"]
    return {f"{kind}.md": page(result), f"{kind}.svg": plot(result)}


def page(result: dict[str, Any]) -> str:
    """Give what the docs include of a run: figures, statements, what differs, who took part."""
    parts = [
        headline(result),
        table(result, figure),
        "Processor time of the contestant's process, as a ratio to L1's:",
        table(result, lambda one: digits(one["processor_ratio"])),
        "Statements for one request:",
        table(result, lambda one: str(one["statements"])),
        (
            "The other library that comes closest to us where we show the same linkage, and the total if it does, "
            "in times of ours:"
        ),
        markdown(
            [["", "library", "times"], *([item, label, digits(times)] for item, label, times in ours_against(result))]
        ),
        "What differs from L1's answer, though it says the same resources:",
        "\n".join(differences(result)) or "Nothing.",
        "Versions:",
        "\n".join(versions(result)),
        *absent(result),
    ]
    return "\n\n".join(parts) + "\n"


def figure(one: dict[str, Any]) -> str:
    """Give milliseconds, and the ratio unless it is that of L1 to itself."""
    milliseconds = digits(one["wall_ms"])
    return milliseconds if one["ratio"] == one["processor_ratio"] == 1 else f"{milliseconds} ({digits(one['ratio'])})"


def headline(result: dict[str, Any]) -> str:
    """Say what was measured, when and how."""
    return (
        f"{result['database']}, {result['articles']:,} articles, medians of {result['rounds']} rounds "
        f"(`{result['command']}`, {result['date']}, {result['machine']}). "
        "Milliseconds for one request, and in brackets the ratio to L1 in the same round:"
    )


def digits(value: float) -> str:
    """Give two or three digits of a number."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(result: dict[str, Any], cell: Any) -> str:
    """Give a table with a row for each item and a column for each contestant."""
    taking = [name for name in result["contestants"] if any(name in row for row in result["figures"].values())]
    rows = [["", *(result["contestants"][name]["label"] for name in taking)]]
    for item in result["items"]:
        row = result["figures"][item["key"]]
        rows.append([item["title"], *(cell(row[name]) if name in row else "" for name in taking)])
    return markdown(rows)


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Give a Markdown table; the first row is its head."""
    head, *others = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([head, "|" + "---|" * len(rows[0]), *others])


def differences(result: dict[str, Any]) -> Iterable[str]:
    """Say for each contestant what differs, and where."""
    for name, contestant in result["contestants"].items():
        answered = {item["title"]: result["figures"][item["key"]].get(name) for item in result["items"]}
        cells = {title: cell for title, cell in answered.items() if cell is not None}
        where: dict[str, list[str]] = {}
        for title, cell in cells.items():
            for remark in dict.fromkeys(map(shortened, cell["differs"])):
                where.setdefault(remark, []).append(title)
        said = [f"  - {remark} ({among(titles, list(cells))})" for remark, titles in where.items()]
        if contestant["remark"]:
            said.append(f"  - {contestant['remark']}")
        if said:
            yield "\n".join([f"- {contestant['label']}", *said])


def shortened(remark: str) -> str:
    """Leave out the numbers of totals, which differ with the page."""
    if not remark.startswith("total "):
        return remark
    return "a total where L1 has none" if remark.endswith("None") else "another total than L1's"


def among(titles: list[str], answered: list[str]) -> str:
    """Name items shortly."""
    others = [title for title in answered if title not in titles]
    if not others:
        return "everywhere"
    return f"everywhere but: {'; '.join(others)}" if len(others) < len(titles) else "; ".join(titles)


def versions(result: dict[str, Any]) -> Iterable[str]:
    """Name the versions of all contestants."""
    for contestant in result["contestants"].values():
        if contestant["versions"]:
            listed = ", ".join(f"{package} {version}" for package, version in contestant["versions"].items())
            yield f"- {contestant['label']}: {listed}"


def absent(result: dict[str, Any]) -> list[str]:
    """Say who is left out, wholly or of an item, and why."""
    if not result["left_out"]:
        return []
    return ["Left out:", "\n".join(f"- {name}: {reason}" for name, reason in result["left_out"].items())]


def plot(result: dict[str, Any]) -> str:
    """Plot the ratios to L1."""
    labels = {name: one["label"] for name, one in result["contestants"].items()}
    rows = {
        item["title"]: {
            labels[name]: one["ratio"] for name, one in result["figures"][item["key"]].items() if name != LIMIT.name
        }
        for item in result["items"]
    }
    title = f"{result['database']}: times as long as by hand"
    return plotting.dots(title, {item: row for item, row in rows.items() if row}, "ratio to L1")


def summary(result: dict[str, Any]) -> str:
    """Give a table for the terminal: L1 in milliseconds, the others as ratios."""
    names = list(result["contestants"])
    lines = [f"{'':30}{'L1, ms':>10}" + "".join(f"{name:>17}" for name in names if name != LIMIT.name)]
    for item in result["items"]:
        row = result["figures"][item["key"]]
        cells = [f"{row[name]['ratio']:17.2f}" if name in row else " " * 17 for name in names if name != LIMIT.name]
        lines.append(f"{item['title']:30}{row[LIMIT.name]['wall_ms']:10.3f}" + "".join(cells))
    return "\n".join(lines)


def ours_against(result: dict[str, Any]) -> Iterable[tuple[str, str, float]]:
    """Give each item, the library that is the fastest in relation to us, and how many times as long as we it takes.

    One that shows the linkage of relationships that are not included is held against us with all linkage, and one that
    does not count the rows against us without a total or with one, whichever takes less.
    """
    own = {LIMIT.name, OURS.name, "ours-linkage", "ours-untotalled", "classic"}
    for item in result["items"]:
        row = result["figures"][item["key"]]
        times = {
            result["contestants"][name]["label"]: cell["ratio"] / min(matches)
            for name, cell in row.items()
            if name not in own and (matches := [row[one]["ratio"] for one in matching(cell) if one in row])
        }
        if times:
            label = min(times, key=lambda one: times[one])
            yield item["title"], label, times[label]


def matching(cell: dict[str, Any]) -> tuple[str, ...]:
    """Name those of us that show the same linkage, and the total if there is one."""
    if "linkage of comments" in cell["differs"]:
        return ("ours-linkage",)
    uncounted = any(remark == "no total" or UNCOUNTED.fullmatch(remark) for remark in cell["differs"])
    return (OURS.name, "ours-untotalled") if uncounted else (OURS.name,)
