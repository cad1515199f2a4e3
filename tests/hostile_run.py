"""Send hostile requests by the hundred thousand: `python -m hostile_run --requests 100000`.

Each protocol gets so many, spread over the databases.  Every answer that may not be is written down with the request;
the exit code tells whether there is one.  The same seed makes the same requests.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from tqdm import tqdm

from hostile import REQUESTS, Hostile, Server, refill, server

CHUNK = 2000
"""Requests between two fillings of the tables."""


def main() -> int:
    """Run, report, and give the exit code."""
    options = _options()
    found = 0
    for protocol in options.protocols.split(","):
        started, statuses = time.monotonic(), Counter[str]()
        faults: list[str] = []
        kinds = options.databases.split(",")
        with tqdm(total=options.requests, desc=protocol, unit="req", disable=not sys.stderr.isatty()) as progress:
            for number, kind in enumerate(kinds):
                share = options.requests // len(kinds) + (number < options.requests % len(kinds))
                with server(kind, protocol) as answering:
                    for first in range(0, share, CHUNK):
                        _chunk(
                            answering, protocol, min(CHUNK, share - first), options.seed + first, statuses, faults, kind
                        )
                        progress.update(min(CHUNK, share - first))
                        refill(answering.shop.engine)
        _report(protocol, statuses, faults, time.monotonic() - started, Path(options.faults))
        found += len(faults)
    return 1 if found else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000, help="of each protocol")
    parser.add_argument("--protocols", default="jsonapi,classic")
    parser.add_argument("--databases", default="sqlite,postgresql,mariadb")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--faults", default="build/hostile.txt", help="where to write what went wrong")
    return parser.parse_args()


def _chunk(
    answering: Server, protocol: str, size: int, number: int, statuses: Counter[str], faults: list[str], kind: str
) -> None:
    """Send `size` requests, and count the classes of what comes back."""

    @seed(number)
    @settings(
        max_examples=size,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(REQUESTS[protocol]())
    def send(asked: Hostile) -> None:
        status, fault = answering.send(asked)
        statuses[f"{status // 100}xx"] += 1
        if fault is not None:
            faults.append(f"{kind} seed {number}\n{asked}\n{fault}\n")

    send()


def _report(protocol: str, statuses: Counter[str], faults: list[str], seconds: float, path: Path) -> None:
    classes = ", ".join(f"{number} {name}" for name, number in sorted(statuses.items()))
    total = sum(statuses.values())
    sys.stdout.write(f"{protocol}: {total} requests in {seconds:.0f} s: {classes}; {len(faults)} faults\n")
    sys.stdout.flush()
    if faults:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as lines:
            lines.write("\n".join(faults))
        sys.stdout.write(f"  see {path}\n")


if __name__ == "__main__":
    sys.exit(main())
