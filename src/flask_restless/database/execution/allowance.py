"""How many related rows one answer may still hold (T21): counted while they are read, and never read much beyond."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...operations.operation import Fetch
from ...operations.outcome import Row
from ...operations.problems import Source, reject
from ..plan import Parameters
from .reading import Reading


@dataclass(slots=True)
class Allowance:
    """What is `left` of `limit`; `source` is where the client asked for related rows, if it did."""

    limit: int
    left: int
    source: Source | None = None

    @classmethod
    def of(cls, operation: Fetch) -> Allowance:
        """Give what one Fetch may read."""
        limit = operation.selection.resource.registry.limits.included
        return cls(limit, limit, Source(parameter="include") if operation.selection.included else None)

    def take(self, rows: Sequence[Row]) -> None:
        """Count rows; Rejected (`limit-exceeded`) where there are more than are left."""
        self.left -= len(rows)
        if self.left < 0:
            detail = f"the answer would hold more than {self.limit} related rows; ask for fewer, or for smaller pages"
            raise reject("limit-exceeded", detail, self.source)


@dataclass(frozen=True, slots=True)
class Descent:
    """What all branches of one Fetch share; `scoped` are the parameters of the scopes."""

    reading: Reading
    scoped: Parameters
    allowance: Allowance

    @classmethod
    def of(cls, operation: Fetch, reading: Reading, scoped: Parameters) -> Descent:
        """Begin to read what one Fetch sends along with its rows."""
        return cls(reading, scoped, Allowance.of(operation))
