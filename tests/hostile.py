"""How many hostile requests are made, and what came of them.

`make hostile` makes 100,000 for each protocol, or as many as `REQUESTS` says; the suite makes a few hundred.
"""

from __future__ import annotations

import os
import sys
from collections import Counter

from hypothesis import HealthCheck, settings
from tqdm import tqdm

REQUESTS = int(os.environ.get("FLASK_RESTLESS_HOSTILE", "0"))
"""For each protocol; 0 in the suite."""

DATABASES = 3
found: Counter[str] = Counter()
"""Answers by protocol and class of status."""

_bar = tqdm(total=2 * REQUESTS, unit=" requests", disable=not (REQUESTS and sys.stderr.isatty()))


def budget(usual: int, tests: int) -> settings:
    """Give the settings of one of the `tests` of a protocol, each of which runs on every database."""
    number = -(-REQUESTS // (tests * DATABASES)) if REQUESTS else usual
    return settings(max_examples=number, deadline=None, suppress_health_check=list(HealthCheck))


def tally(protocol: str, status: int) -> None:
    """Count one answer."""
    found[f"{protocol} {status // 100}xx"] += 1
    _bar.update()


def summary() -> list[str]:
    """Say what came of all requests."""
    _bar.close()
    return [f"{name}: {number:,}" for name, number in sorted(found.items())]
