"""`python -m benchmarks.rendering`: make the docs' tables and plots anew from the results that are committed."""

from __future__ import annotations

import json

from . import growth, memory, reporting

PAGES = {
    "sqlite": reporting.pages,
    "postgresql": reporting.pages,
    "growth": growth.pages,
    "memory": lambda result: {"memory.md": memory.page(result)},
}


def rendered() -> dict[str, str]:
    """Give the text of each file by its name."""
    files: dict[str, str] = {}
    for name, make in PAGES.items():
        path = reporting.RESULTS / f"{name}.json"
        if path.exists():
            files |= make(json.loads(path.read_text(encoding="utf-8")))
    return files


def main() -> None:
    """Write them."""
    for name, text in rendered().items():
        (reporting.PAGES / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
