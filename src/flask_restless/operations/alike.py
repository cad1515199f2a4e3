"""Many new rows of one resource with values for the same fields: read, written and answered together.

For all who look at single operations they are Creates and Written like any others, made when somebody looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, overload

from ..schema.resource import Attribute, Relationship, Resource
from .operation import Create, Id
from .outcome import Rows, Written
from .selection import Selection

Values = Sequence[object]
"""The values of the attributes, then the ids of what each to-one relationship refers to."""


class Alike(Sequence[Create]):
    """Creates of one resource that all give the same `attributes` and to-one `relationships`, one of `rows` each.

    `make` gives the Create of a number, with the sources of its values in the request.
    """

    def __init__(
        self,
        resource: Resource,
        attributes: Sequence[Attribute],
        relationships: Sequence[Relationship],
        rows: Sequence[Values],
        selection: Selection,
        make: Callable[[int], Create],
    ) -> None:
        self.resource = resource
        self.attributes = attributes
        self.relationships = relationships
        self.rows = rows
        self.selection = selection
        self._make = make

    @cached_property
    def _all(self) -> tuple[Create, ...]:
        return tuple(self._make(number) for number in range(len(self.rows)))

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Create]:
        return iter(self._all)

    @overload
    def __getitem__(self, index: int) -> Create: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Create]: ...
    def __getitem__(self, index: Any) -> Any:
        return self._all[index]

    def ids(self, number: int) -> Sequence[Id]:
        """Give the ids that a relationship refers to, each once; `number` counts the relationships."""
        place = len(self.attributes) + number
        found: Any = dict.fromkeys(row[place] for row in self.rows)
        return list(found)


class AlikeWritten(Sequence[Written]):
    """What they were written as: `rows` in the same order, and for each of them a Written that shows it alone."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows.rows)

    @overload
    def __getitem__(self, index: int) -> Written: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Written]: ...
    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        return Written(Rows(self.rows.layout, (self.rows.rows[index],), self.rows.branches))
