"""Which part of a list is asked for, and how its length is to be told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Total(Enum):
    """How the length of the whole list is made (`page[total]`)."""

    EXACT = "exact"
    ESTIMATE = "estimate"
    NONE = "none"


class Spelling(Enum):
    """How the client spelled the page; links answer in the same spelling."""

    NUMBER = "number"
    OFFSET = "offset"
    CURSOR = "cursor"


@dataclass(frozen=True, slots=True)
class Page:
    """`size` rows after the first `offset` ones; `size` None asks for all of them.

    The executor reads one row more than `size` where that tells whether a next page exists.
    """

    size: int | None
    offset: int = 0
    spelling: Spelling = Spelling.NUMBER
    total: Total = Total.EXACT

    @property
    def number(self) -> int:
        """The 1-based number of the page that begins at `offset`."""
        return 1 if not self.size else self.offset // self.size + 1
