"""`python -m benchmarks`: we, a view written by hand, and other libraries, asked the same questions in turn.

Each contestant runs in a process and, if it is a library from elsewhere, in an environment of its own, which is made
under `build/bench` when it is first needed.  A contestant that cannot be installed or started is named and left out.
"""

from __future__ import annotations

import argparse
import shlex
import sys

from .contestants import CONTESTANTS, LIMIT
from .databases import Unreachable
from .questions import by_key
from .reporting import ours_against, pages, store, summary
from .running import as_result, run


def listed(text: str, known: list[str], what: str) -> list[str]:
    """Give the names in a list with commas; all for none."""
    names = [name for name in text.split(",") if name] or known
    if unknown := [name for name in names if name not in known]:
        raise SystemExit(f"no such {what}: {', '.join(unknown)}; there are {', '.join(known)}")
    return names


def main() -> None:
    """Run the benchmark."""
    items = by_key()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--items", default="", help=f"of {', '.join(items)}; all unless given")
    parser.add_argument("--contestants", default="", help="by name; all unless given; L1 always takes part")
    parser.add_argument("--publish", action="store_true", help="also write benchmarks/results and the docs' tables")
    given = parser.parse_args()
    names = [LIMIT.name, *listed(given.contestants, [one.name for one in CONTESTANTS], "contestant")]
    contestants = [one for one in CONTESTANTS if one.name in names]
    asked = [items[key] for key in listed(given.items, list(items), "item")]
    command = shlex.join(["python", "-m", "benchmarks", *sys.argv[1:]])
    for kind in ("sqlite", "postgresql") if given.database == "both" else (given.database,):
        try:
            result = as_result(run(kind, given.articles, given.rounds, asked, contestants), command)
        except Unreachable as error:
            print(f"{kind} is left out: {error}", file=sys.stderr)
            continue
        store(kind, result, pages(result), publish=given.publish)
        print(f"\n{result['database']}, ratios to L1\n{summary(result)}\n")
        for item, label, times in ours_against(result):
            print(f"{item}: the fastest other, {label}, takes {times:.1f} times as long as we")


if __name__ == "__main__":
    main()
