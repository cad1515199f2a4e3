"""What the database answered: rows as plain tuples, and what their columns mean.

Nothing in here can run a query.  The planner makes the `Layout`s, once per plan; renderers compile their row code
from them and may keep that code for as long as they keep the Layout (it is compared by identity).
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from ..schema.resource import Attribute, Relationship, Resource
from .paging import Page
from .records import record
from .selection import Selection, Tally

Row = Sequence[object]


@dataclass(frozen=True, slots=True, eq=False)
class KeyLinkage:
    """To-one linkage that stands in the row itself: its key columns, all None when nothing is related.

    `columns` are in the order of the target's `Identity.keys`.  `discriminator` is the column that tells which
    subtype the target is (see `Resource.type_of`), None where there is only one.
    """

    relationship: Relationship
    columns: tuple[int, ...]
    discriminator: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class BranchLinkage:
    """Linkage that is found in the rows of `Rows.branches[branch]`.

    `columns` of this row equal the `parent` columns of the related rows.
    """

    relationship: Relationship
    branch: int
    columns: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class NoLinkage:
    """A relationship that is sent with links only."""

    relationship: Relationship


Linkage = KeyLinkage | BranchLinkage | NoLinkage


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """How to read a row that is a `resource`: the column number of each part of the id, of each attribute and count.

    `document`, where the API has a serializer of its own, is the column with the whole resource object that it made
    (a dict); `attributes` is empty then.

    `version` is the version of the row, where its model counts versions and the API does not hide them.  `state` and
    `deferred` are the other columns that make up the row's state, read where `Fetch.is_resource`; `deferred` are only
    read along with a deferred attribute.
    """

    resource: Resource
    identity: tuple[int, ...]
    attributes: tuple[tuple[Attribute, int], ...]
    linkages: tuple[Linkage, ...]
    document: int | None = None
    tallies: tuple[tuple[Tally, int], ...] = ()
    version: tuple[Attribute, int] | None = None
    state: tuple[tuple[Attribute, int], ...] = ()
    deferred: tuple[tuple[Attribute, int], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """What the columns of one node's rows mean.

    `variants` has the node's own resource first.  Where several may appear, the column `discriminator` holds a
    value that `discriminators` maps to an index into `variants`; a value that is not there means the first.
    `parent` are the columns that say which row of the node above a row belongs to (empty for primary rows); a row
    that belongs to several is there several times.  `position` are the columns with the sort values that a cursor on
    the row holds; empty where the page is not one by cursor.
    """

    selection: Selection
    variants: tuple[Variant, ...]
    discriminator: int | None = None
    discriminators: tuple[tuple[object, int], ...] = ()
    parent: tuple[int, ...] = ()
    position: tuple[int, ...] = ()


@record
class Rows:
    """The rows of one node; `branches` are those of `layout.selection.branches`, in the same order.

    `page` is the page of a branch, which each row above has for itself; `more` holds the `parent` values of those rows
    above that have further rows after it (the value itself where `parent` is one column, else a tuple).
    """

    layout: Layout
    rows: Sequence[Row]
    branches: tuple[Rows, ...] = ()
    page: Page | None = None
    more: frozenset[object] = frozenset()


@record
class Fetched:
    """The answer to a Fetch.  At most one row unless the operation `is_many`.

    `total` is the length of the whole list where one was asked for; `has_next` tells whether rows follow the page,
    `has_prev`, where the page was found from its end, whether rows come before it.
    """

    rows: Rows
    total: int | None = None
    has_next: bool = False
    has_prev: bool = False


@dataclass(frozen=True, slots=True)
class Streamed:
    """The answer to a Fetch of a whole list whose rows are `streamed`: they are read as `chunks` is.

    Whoever does not read `chunks` to the end closes it, before the transaction ends.
    """

    layout: Layout
    chunks: Generator[Sequence[Row], None, None]

    def close(self) -> None:
        """Give back the cursor."""
        self.chunks.close()


@record
class Written:
    """The answer to a Create, Update, Delete or Relate.

    `rows` hold the resource (or the linkage, for Relate) as it is after the write, read in the same transaction;
    None after a Delete.  `is_as_asked` says of a `sparing` Update that nothing else has changed.
    """

    rows: Rows | None
    is_as_asked: bool = False


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The answer to an Aggregate: one JSON value for each of its terms, the same from every database."""

    values: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """The answer to an UpdateMany or DeleteMany: how many rows were changed or deleted."""

    number: int


@dataclass(frozen=True, slots=True)
class BatchWritten:
    """The answer to a Batch: one `Written` for each of its operations, in order."""

    results: Sequence[Written]


Outcome = Fetched | Streamed | Written | Evaluated | Counted | BatchWritten
