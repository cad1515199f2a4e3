"""Send hostile requests by the hundred thousand: `python -m hostile_run --requests 100000`.

Each protocol gets so many, spread over the databases.  Every answer that may not be is written down with the request;
the exit code tells whether there is one.  The same seed makes the same requests.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from tqdm import tqdm

from hostile import REQUESTS, Hostile, Server, refill, server

CHUNK = 2000
"""Requests between two fillings of the tables."""


def main() -> int:
    """Run, report, and give the exit code."""
    options = _options()
    path = Path(options.faults)
    path.parent.mkdir(parents=True, exist_ok=True)
    kinds = options.databases.split(",")
    found = 0
    for protocol in options.protocols.split(","):
        started, total = time.monotonic(), Tally()
        with tqdm(total=options.requests, desc=protocol, unit="req", disable=not sys.stderr.isatty()) as progress:
            for number, kind in enumerate(kinds):
                share = options.requests // len(kinds) + (number < options.requests % len(kinds))
                begun, tally = time.monotonic(), Tally()
                with server(kind, protocol) as answering, path.open("a") as faults:
                    for first in range(0, share, CHUNK):
                        size = min(CHUNK, share - first)
                        _chunk(answering, protocol, size, options.seed + number * options.requests + first, tally)
                        faults.writelines(f"{kind} {one}" for one in tally.told())
                        faults.flush()
                        progress.update(size)
                        refill(answering.shop.engine)
                total.add(tally)
                _say(f"  {protocol} on {kind}", tally, time.monotonic() - begun)
        _say(protocol, total, time.monotonic() - started)
        found += total.faults
    if found:
        sys.stdout.write(f"see {path}\n")
    return 1 if found else 0


@dataclass
class Tally:
    """How many answers there were of each class, and how many that may not be; `untold` are the latest of these."""

    statuses: Counter[str] = field(default_factory=Counter)
    faults: int = 0
    untold: list[str] = field(default_factory=list)

    def note(self, asked: Hostile, status: int, fault: str | None, number: int) -> None:
        """Count an answer."""
        self.statuses[f"{status // 100}xx"] += 1
        if fault is not None:
            self.faults += 1
            self.untold.append(f"seed {number}\n{asked}\n{fault}\n\n")

    def told(self) -> list[str]:
        """Give the faults since the last call."""
        told, self.untold = self.untold, []
        return told

    def add(self, other: Tally) -> None:
        """Count what another one has counted."""
        self.statuses.update(other.statuses)
        self.faults += other.faults


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000, help="of each protocol")
    parser.add_argument("--protocols", default="jsonapi,classic")
    parser.add_argument("--databases", default="sqlite,postgresql,mariadb")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--faults", default="build/hostile.txt", help="where to write what went wrong")
    return parser.parse_args()


def _chunk(answering: Server, protocol: str, size: int, number: int, tally: Tally) -> None:
    """Send `size` requests, and count what comes back."""

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
        tally.note(asked, *answering.send(asked), number)

    send()


def _say(what: str, tally: Tally, seconds: float) -> None:
    classes = ", ".join(f"{number} {name}" for name, number in sorted(tally.statuses.items()))
    total = sum(tally.statuses.values())
    sys.stdout.write(f"{what}: {total} requests in {seconds:.0f} s: {classes}; {tally.faults} faults\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
