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
class Cursor:
    """A place in a list: on the item that has (or had) `values`, or at the list's own edge where they are None.

    `values` are those of the sort keys, in the driver's own terms.  The item itself is on neither side of the
    cursor, unless it is `inclusive`.  `order` is the mark of the order that the cursor was made for.
    """

    order: bytes
    values: tuple[object, ...] | None
    inclusive: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """`size` rows after the first `offset` ones; `size` None asks for all of them.

    In a page by cursor the rows are the first ones beyond `after`, the last ones short of `before`, or the first ones
    between both.  The executor reads one row more than `size` where that tells whether another page exists.
    """

    size: int | None
    offset: int = 0
    spelling: Spelling = Spelling.NUMBER
    total: Total = Total.EXACT
    after: Cursor | None = None
    before: Cursor | None = None

    @property
    def number(self) -> int:
        """The 1-based number of the page that begins at `offset`."""
        return 1 if not self.size else self.offset // self.size + 1

    def is_past_middle(self, total: int) -> bool:
        """Whether the rows of a list of `total` rows are nearer to its end than to its beginning."""
        return self.size is not None and 2 * self.offset + self.size > total

    @property
    def is_backward(self) -> bool:
        """Whether the rows are found from their end: those short of a cursor."""
        return self.before is not None and self.after is None

    @property
    def is_range(self) -> bool:
        """Whether the rows lie between two cursors (C-5)."""
        return self.before is not None and self.after is not None
