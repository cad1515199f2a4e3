"""One difference between an earlier generation and this one, as the guides and `check-migration` tell it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum
from functools import cache
from importlib.resources import files
from typing import Any

GENERATIONS = ("0.6", "0.17", "1.0", "ng")
"""Earlier generations: `1.0` stands for 1.0.0b1 and the development version after it, `ng` for Flask-Restless-NG."""

TITLES = {
    "0.6": "Flask-Restless 0.6",
    "0.17": "Flask-Restless 0.7 to 0.17",
    "1.0": "Flask-Restless 1.0.0b1 and later",
    "ng": "Flask-Restless-NG",
}
GUIDES = {"0.6": "from-0.17", "0.17": "from-0.17", "1.0": "from-1.0", "ng": "from-ng"}
"""Generation -> the chapter of the documentation, below `docs/migration/`."""

PROTOCOL_OF = {"0.6": "classic", "0.17": "classic", "1.0": "jsonapi", "ng": "jsonapi"}


class Severity(IntEnum):
    """What a difference does to an application or its clients that are left as they are."""

    FINE = 0
    CHANGES = 1
    BREAKS = 2

    @property
    def word(self) -> str:
        """What it is called in reports and tables."""
        return self.name.lower()


class Topic(Enum):
    """What a difference is about; the guides have one table for each."""

    IMPORT = "Packages and names"
    MANAGER = "APIManager"
    OPTION = "Options of create_api"
    PROCESSOR = "Processors"
    SERIALIZER = "Serializers and deserializers"
    PARAMETER = "Query parameters"
    READING = "Answers"
    WRITING = "Writing"
    ERROR = "Errors"


@dataclass(frozen=True, slots=True)
class Difference:
    """One row: what it was, what it is, and how to keep or replace it.

    `name` is the option, import, processor or parameter it is about, empty where it is about none in particular.
    `defects` are the ids of the list of known defects that it ends.
    """

    id: str
    topic: Topic
    generations: tuple[str, ...]
    before: str
    after: str
    severity: Severity
    cure: str = ""
    name: str = ""
    defects: tuple[str, ...] = ()

    def target(self, generation: str) -> str:
        """Give the name of the row in the generation's guide."""
        return f"from-{generation.replace('.', '-')}-{self.topic.name.lower()}-{self.id}"

    def link(self, generation: str) -> str:
        """Give the place of the row in the documentation."""
        return f"docs/migration/{GUIDES[generation]}.html#{self.target(generation)}"


def differences_of(generation: str) -> tuple[Difference, ...]:
    """Give every difference from that generation, in the order of the guide."""
    rows = _rows(PROTOCOL_OF[generation])
    return tuple(row for topic in Topic for row in rows if row.topic is topic and generation in row.generations)


@cache
def _rows(protocol: str) -> tuple[Difference, ...]:
    """Read one table: `[topic.id]`, then the members of the row."""
    text = files(__package__).joinpath(f"{protocol}.toml").read_text(encoding="utf-8")
    return tuple(
        _row(id_, Topic[topic.upper()], row) for topic, rows in tomllib.loads(text).items() for id_, row in rows.items()
    )


def _row(id_: str, topic: Topic, row: Mapping[str, Any]) -> Difference:
    rest = {name: row[name] for name in ("cure", "name") if name in row}
    severity, defects = Severity[row["severity"].upper()], tuple(row.get("defects", ()))
    return Difference(id_, topic, tuple(row["of"]), row["before"], row["after"], severity, defects=defects, **rest)
