"""Plans: SQLAlchemy statements with bind parameters, and what their columns mean.

A plan is made once for each shape of operation and kept; the values of one request are handed in as parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select

from ..operations.outcome import Layout

LIMIT, OFFSET, KEYS, LAST, MOST = "limit", "offset", "keys", "last", "most"
"""Names of the parameters for the page, for the keys of the rows above a branch, for the last place on a page that each
row above has for itself, and for the number of related rows that are read; all others are `p0`, `p1`, ..."""

Parameters = dict[str, object]
"""Values by the name of the bind parameter."""

Derived = Callable[[Any], object]
"""Computes a column from an instance, inside the transaction."""


@dataclass(frozen=True, slots=True, eq=False)
class NodePlan:
    """How to read the rows of one node of the include tree.

    `statement` selects the columns of `layout`.  With `derived` it ends in an instance instead, from which the last
    columns are computed.  `branches` are those of the selection, in its order.

    `pairs`, where there is one, gives the same rows without a look at the model's table: where nobody listens to
    statements, to whom models in them mean something, it is run instead.
    """

    statement: Select[Any]
    layout: Layout
    branches: tuple[BranchPlan, ...]
    derived: tuple[Derived, ...] = ()
    pairs: Select[Any] | None = None

    def walk(self) -> Iterator[NodePlan]:
        """Give this node and every node below it."""
        yield self
        for branch in self.branches:
            yield from branch.node.walk()


@dataclass(frozen=True, slots=True, eq=False)
class BranchPlan:
    """How to read the rows that belong to the rows above.

    `key_columns` are the columns of the rows above whose values go into the expanding parameter `KEYS`, and which
    equal the `parent` columns of the branch's own rows.  Where each row above has a page of its own, `place` is the
    column with a row's place in the whole list of the row above, from 1 on.
    """

    key_columns: tuple[int, ...]
    node: NodePlan
    place: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FetchPlan:
    """How to carry out a Fetch.

    `count` counts the rows of the whole list; `exists` tells whether the row is there that a related list or
    resource belongs to.  `beyond` reads the rows that come next where `node` does not fill a page by cursor: those on
    the other side of the nulls.  `reverse` reads a page like `node`, but counted from the end of the list and last row
    first.
    """

    node: NodePlan
    count: Select[Any] | None
    exists: Select[Any] | None
    beyond: NodePlan | None = None
    reverse: NodePlan | None = None
