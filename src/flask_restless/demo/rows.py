"""What rows are made with: the random numbers, the words, and the tables so far."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, TypeVar

from . import words

Row = dict[str, Any]
Rows = list[Row]
T = TypeVar("T")

TODAY = date(2025, 3, 31)
"""The day on which the content is up to date; it does not move, so that the rows stay the same."""


@dataclass(slots=True)
class Content:
    """The rows of each table so far, and the ways to choose what is in the next one."""

    random: Random
    scale: float
    tables: dict[str, Rows] = field(default_factory=dict)

    def count(self, full: int) -> int:
        """Give how many rows to make of a table that has `full` of them at scale 1; at least 3."""
        return max(3, round(full * self.scale))

    def maybe(self, share: float, value: T) -> T | None:
        """Give `value` in `share` of all cases (0 to 1), else None."""
        return value if self.random.random() < share else None

    def pick(self, table: str, column: str) -> Any:
        """Choose the value of `column` in some row of `table`."""
        return self.random.choice(self.tables[table])[column]

    def key(self) -> uuid.UUID:
        """Make a UUID (version 4)."""
        return uuid.UUID(int=self.random.getrandbits(128), version=4)

    def day(self, first: date, last: date = TODAY) -> date:
        """Choose a day from `first` to `last`."""
        return first + timedelta(days=self.random.randint(0, (last - first).days))

    def moment(self, first: date, last: date = TODAY) -> datetime:
        """Choose a second of the opening hours from `first` to `last`, without a time zone."""
        day = self.day(first, last)
        return datetime(day.year, day.month, day.day, 9) + timedelta(seconds=self.random.randrange(10 * 3600))

    def say(self, pattern: str, **more: str) -> str:
        """Fill the gaps of `pattern` with words."""
        choose = self.random.choice
        gaps = {
            "adjective": choose(words.ADJECTIVES),
            "noun": choose(words.NOUNS),
            "other": choose(words.NOUNS),
            "topic": choose(words.TOPICS),
            "place": choose(words.PLACES),
            "name": choose(words.GIVEN_NAMES),
            "family": choose(words.FAMILY_NAMES),
            "number": str(self.random.randint(2, 40)),
        }
        return pattern.format_map(gaps | more)

    def sentences(self, patterns: Sequence[str], count: int, **more: str) -> str:
        """Make a text of `count` different sentences (or as many as there are)."""
        chosen = self.random.sample(patterns, min(count, len(patterns)))
        return " ".join(self.say(pattern, **more) for pattern in chosen)


def mailbox(given: str, family: str, number: int) -> str:
    """Make an address that is different for each `number`, in ASCII."""
    plain = unicodedata.normalize("NFKD", f"{given}.{family}".lower()).encode("ascii", "ignore").decode()
    local = "".join(letter for letter in plain if letter.isalnum() or letter == ".").strip(".")
    return f"{local or 'reader'}{number}@example.org"
