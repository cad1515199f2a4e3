"""The pure parts of the benchmarks: statements, turns, tables and plots; the docs show the committed results."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path
from time import sleep
from typing import Any
from xml.etree import ElementTree

import pytest

from benchmarks import growth, plotting, reporting
from benchmarks.__main__ import listed
from benchmarks.contestants import CONTESTANTS, Contestant, LeftOut, Process
from benchmarks.questions import NUMBER, by_key, standard
from benchmarks.rendering import rendered
from benchmarks.running import BURST, Cell, Run, measure, ratio, seconds, turned
from benchmarks.tracing import counts
from benchmarks.worker import Wsgi


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("SELECT 1", True),
        ("  insert into a values (1)", True),
        ("SETTLE", True),
        ("BEGIN IMMEDIATE", False),
        ("COMMIT", False),
        ("-- a comment", False),
        ("PRAGMA table_info(a)", False),
    ],
)
def test_statements_are_those_about_rows(statement: str, expected: bool) -> None:
    assert counts(statement) is expected


def test_statements_are_seen_at_the_driver(tmp_path: Path) -> None:
    """In a process of its own, since the driver is changed."""
    code = (
        "import sqlite3; from benchmarks.tracing import trace; seen = []; trace(seen); "
        "sqlite3.connect(':memory:').execute('SELECT 1'); print(seen)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "['SELECT 1']\n"
    assert sqlite3.connect.__name__ == "connect"


def test_each_round_another_contestant_begins() -> None:
    item = by_key()["one"]
    plan: Any = [(item, name, None) for name in "abc"]

    orders = ["".join(name for _item, name, _process in turned(plan, number)) for number in range(4)]

    assert orders == ["abc", "bca", "cab", "abc"]


def test_an_answer_that_fails_later_is_left_out_and_named() -> None:
    one, two = by_key()["one"], by_key()["20"]
    found = Run("sqlite", 1, 1, (one, two), [CONTESTANTS[1]])
    found.cells = {("ours", "one"): Cell(1, []), ("ours", "20"): Cell(2, [])}

    class Failing:
        contestant = CONTESTANTS[1]

        def time(self, item: str, times: int) -> tuple[float, float]:
            if item == "20":
                raise LeftOut("has ended: no memory")
            return 1.0, 0.5

    taken = [seconds(found, item, Failing(), 1) for item in (one, two, two)]

    assert taken == [(1.0, 0.5), None, None]
    assert list(found.cells) == [("ours", "one")]
    assert found.left_out == {"ours/20": "has ended: no memory"}


def test_a_slow_first_request_does_not_make_rows_short() -> None:
    item = by_key()["one"]
    found = Run("sqlite", 1, 2, (item,), [CONTESTANTS[1]])
    found.cells = {("ours", "one"): Cell(1, [])}
    rows: list[int] = []

    class Starting:
        contestant = CONTESTANTS[1]

        def time(self, item: str, times: int) -> tuple[float, float]:
            rows.append(times)
            return (1.0, 1.0) if len(rows) == 1 else (0.001, 0.001)

    processes: Any = {"ours": Starting()}
    measure(found, processes, range(2), writes=False)

    assert rows[-2:] == [round(BURST / 0.001)] * 2
    assert found.cells["ours", "one"].times == [(0.001, 0.001)] * 2


def test_the_first_request_of_a_row_is_not_timed() -> None:
    seen: list[str] = []

    def app(environ: dict[str, Any], start: Any) -> list[bytes]:
        if not seen:
            sleep(0.2)
        seen.append(environ["PATH_INFO"])
        start("200 OK", [])
        return [b"{}"]

    wall, _processor = Wsgi(app).time(standard(100)["one"], 3)

    assert len(seen) == 4
    assert wall < 0.2


def test_the_ratio_is_that_of_the_same_round() -> None:
    assert ratio([(2.0, 1.0), (40.0, 1.0), (3.0, 1.0)], [(1.0, 1.0), (10.0, 1.0), (1.0, 2.0)], 0) == 3.0


def test_reads_come_before_writes() -> None:
    writes = [item.writes for item in by_key().values()]

    assert writes == sorted(writes)


def test_bodies_hold_a_number_to_replace() -> None:
    asked = standard(1000)

    assert all(NUMBER in question.body for question in asked.values() if question.method != "GET")
    assert asked["deep"].query == "page[size]=20&page[number]=48"


def test_unknown_names_are_refused() -> None:
    with pytest.raises(SystemExit, match="no such item: twenty; there are one, 20"):
        listed("one,twenty", ["one", "20"], "item")


def test_a_contestant_that_does_not_start_is_told_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("benchmarks.contestants.FOLDER", tmp_path)

    with pytest.raises(LeftOut, match=r"has ended: ModuleNotFoundError: No module named 'benchmarks\.nobody'"):
        Process(Contestant("nobody", "Nobody", "benchmarks.nobody"), "sqlite://", 1)


def test_names_are_fit_for_files_and_databases() -> None:
    names = [one.name for one in CONTESTANTS]

    assert len(set(names)) == len(names)
    assert all(name.replace("-", "").isalnum() for name in names)


RESULT: dict[str, Any] = {
    "database": "SQLite 3",
    "kind": "sqlite",
    "articles": 1000,
    "rounds": 3,
    "command": "python -m benchmarks",
    "date": "2026-01-02",
    "machine": "2 cores",
    "items": [{"key": "one", "title": "one article"}],
    "contestants": {
        "l1": {"label": "by hand (L1)", "versions": {"Flask": "3.1"}, "remark": ""},
        "ours": {"label": "Flask-Restless", "versions": {}, "remark": ""},
        "ng": {"label": "Flask-Restless-NG", "versions": {}, "remark": "odd"},
    },
    "figures": {
        "one": {
            "l1": {"wall_ms": 0.1, "ratio": 1.0, "processor_ratio": 1.0, "statements": 1, "differs": []},
            "ours": {"wall_ms": 0.25, "ratio": 2.5, "processor_ratio": 2.4, "statements": 1, "differs": []},
            "ng": {
                "wall_ms": 2.0,
                "ratio": 20.0,
                "processor_ratio": 19.0,
                "statements": 3,
                "differs": ["no links in resources"],
            },
        }
    },
    "left_out": {"safrs": "cannot be installed"},
}


def test_a_result_becomes_a_page() -> None:
    page = reporting.page(RESULT)

    assert "| one article | 0.10 | 0.25 (2.50) | 2.00 (20.0) |" in page
    assert "- Flask-Restless-NG\n  - no links in resources (everywhere)\n  - odd" in page
    assert "- safrs: cannot be installed" in page


def test_the_fastest_peer_is_named() -> None:
    assert list(reporting.ours_against(RESULT)) == [("one article", "Flask-Restless-NG", 8.0)]


@pytest.mark.parametrize(
    ("remarks", "names"),
    [
        (["linkage of comments"], ("ours-linkage",)),
        (["empty linkage of comments"], ("ours",)),
        (["no total"], ("ours", "ours-untotalled")),
        (["total 20 where L1 has 2000"], ("ours", "ours-untotalled")),
        (["total 1 where L1 has None"], ("ours",)),
    ],
)
def test_a_library_is_held_against_what_shows_the_same(remarks: list[str], names: tuple[str, ...]) -> None:
    assert reporting.matching({"differs": remarks}) == names


def test_the_faster_of_us_counts() -> None:
    cells = {"ours": {"ratio": 2.0, "differs": []}, "ours-untotalled": {"ratio": 1.0, "differs": []}}
    row = {**cells, "ng": {"ratio": 8.0, "differs": ["no total"]}}
    result = RESULT | {"figures": {item["key"]: row for item in RESULT["items"]}}
    assert [times for _, _, times in reporting.ours_against(result)] == [8.0]


def test_places_are_named_shortly() -> None:
    assert reporting.among(["a", "b"], ["a", "b"]) == "everywhere"
    assert reporting.among(["a", "b"], ["a", "b", "c"]) == "everywhere but: c"
    assert reporting.among(["a"], ["a", "b", "c"]) == "a"


def test_plots_are_well_formed() -> None:
    plots = [
        reporting.plot(RESULT),
        plotting.lines("A & B", {"one": [(1, 2), (10, 3)], "two": [(1, 0.1)]}, "rows", "ms"),
        plotting.lines("C", {"one": [(0, 2), (5, 3)]}, "paths", "ms", logarithmic=False),
    ]

    assert all(ElementTree.fromstring(plot).tag.endswith("svg") for plot in plots)


def test_growth_becomes_tables_and_plots() -> None:
    line = {"one row": {"1000": 0.5, "10": 0.25}}
    figures = {"table": {"sqlite": line}, "depth": {"sqlite": line}, "resources": {"": line}}
    result = RESULT | {"databases": {"sqlite": "SQLite 3"}, "figures": figures}

    files = growth.pages(result)

    assert sorted(files) == [
        "growth-depth.md",
        "growth-depth.svg",
        "growth-resources.md",
        "growth-resources.svg",
        "growth-table-sqlite.svg",
        "growth-table.md",
    ]
    assert "| one row, SQLite 3 | 0.25 | 0.50 |" in files["growth-table.md"]
    assert "| one row | 0.25 | 0.50 |" in files["growth-resources.md"]


@pytest.mark.parametrize("name", sorted(rendered()))
def test_the_docs_show_the_committed_results(name: str) -> None:
    """`python -m benchmarks.rendering` makes them anew."""
    assert (reporting.PAGES / name).read_text(encoding="utf-8") == rendered()[name]
