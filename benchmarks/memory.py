"""`python -m benchmarks.memory`: the most memory that a process of ours takes for a large page and for exports.

Each question is asked in a process of its own, whose peak is told beside what it took before the question.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import resource
import shlex
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from tqdm import tqdm

from . import entries
from .contestants import ROOT
from .databases import Unreachable, server_version
from .questions import JSONAPI
from .reporting import markdown, store

QUESTIONS = {
    "a page of 100 rows": ("page[size]=100", JSONAPI),
    "a page of 10,000 rows": ("page[size]=10000", JSONAPI),
    "CSV": ("", "text/csv"),
    "NDJSON": ("", "application/x-ndjson"),
}
EXPORTS = ("CSV", "NDJSON")


def megabytes() -> float:
    """Give the most resident memory of this process until now; Linux counts in kibibytes, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def asked(url: str, name: str) -> dict[str, float]:
    """Ask one question in this process, and let go of each chunk of the answer as a server does."""
    app = entries.create_app(url)
    query, accept = QUESTIONS[name]
    consume(app, "page[size]=1", JSONAPI)
    before, start = megabytes(), perf_counter()
    size = consume(app, query, accept)
    return {"before": before, "peak": megabytes(), "bytes": size, "seconds": perf_counter() - start}


def consume(app: Any, query: str, accept: str) -> int:
    """Ask, and give the bytes of the answer."""
    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/api/entries",
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "HTTP_ACCEPT": accept,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    statuses: list[str] = []
    chunks = app(environ, lambda status, _headers, _error=None: statuses.append(status))
    size = sum(len(chunk) for chunk in chunks)
    if hasattr(chunks, "close"):
        chunks.close()
    assert statuses[0].startswith("200"), statuses
    return size


def in_new_process(url: str, name: str) -> dict[str, float]:
    """Ask in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.memory", "--ask", name, "--url", url]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def measured(kind: str, sizes: Sequence[int]) -> dict[str, dict[str, float]]:
    """Measure pages on the largest table, and exports of a table of each size."""
    found: dict[str, dict[str, float]] = {}
    for rows in tqdm(sizes, f"{kind}, memory", disable=not sys.stderr.isatty()):
        with entries.filled(kind, rows) as url:
            text = url.render_as_string(hide_password=False)
            for name in EXPORTS:
                found[f"{rows:,} rows as {name}"] = in_new_process(text, name)
            if rows == sizes[-1]:
                pages = {name: in_new_process(text, name) for name in QUESTIONS if name not in EXPORTS}
                found = pages | found
    return found


def page(result: dict[str, Any]) -> str:
    """Give the table of the docs."""
    kinds = list(result["figures"])
    rows = [["", *(f"{result['databases'][kind]}: peak MB (growth), seconds" for kind in kinds), "megabytes sent"]]
    for name in result["figures"][kinds[0]]:
        cells = [result["figures"][kind][name] for kind in kinds]
        texts = [f"{one['peak']:.0f} (+{one['peak'] - one['before']:.0f}), {one['seconds']:.1f}" for one in cells]
        rows.append([name, *texts, f"{cells[0]['bytes'] / 1e6:.1f}"])
    return f"`{result['command']}`, {result['date']}, {result['machine']}:\n\n{markdown(rows)}\n"


def main() -> None:
    """Measure all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--publish", action="store_true", help="also write benchmarks/results and the docs' table")
    parser.add_argument("--ask", choices=list(QUESTIONS), help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.ask:
        print(json.dumps(asked(given.url, given.ask)))
        return
    found: dict[str, Any] = {}
    for kind in ("sqlite", "postgresql") if given.database == "both" else (given.database,):
        try:
            found[kind] = measured(kind, [given.rows // 10, given.rows])
        except Unreachable as error:
            print(f"{kind} is left out: {error}", file=sys.stderr)
    result = {
        "command": shlex.join(["python", "-m", "benchmarks.memory", *sys.argv[1:]]),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.system()} on {platform.machine()}",
        "databases": {kind: server_version(kind) for kind in found},
        "figures": {
            kind: {name: {key: round(value, 2) for key, value in row.items()} for name, row in rows.items()}
            for kind, rows in found.items()
        },
    }
    store("memory", result, {"memory.md": page(result)}, publish=given.publish)
    print(page(result))


if __name__ == "__main__":
    main()
