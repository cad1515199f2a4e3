"""What is to be sent of each resource on each include path, and in which order.

A `Selection` is keyed by its path in the tree, never by type: a protocol whose fieldsets go by type simply gives
equal fields to every node of that type.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ..schema.resource import Attribute, Relationship, Resource
from .filters import Condition, Count
from .paging import Page


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields to send of the rows that are a `resource` (the node's own, or one of its subtypes)."""

    resource: Resource
    attributes: tuple[Attribute, ...]
    relationships: tuple[Relationship, ...]


@dataclass(frozen=True, slots=True)
class SortKey:
    """One term of an order: an attribute, reached over the to-one relationships in `path`, or a member count."""

    path: tuple[Relationship, ...]
    operand: Attribute | Count
    descending: bool = False
    ignore_case: bool = False
    nulls_first: bool | None = None


@dataclass(frozen=True, slots=True)
class GroupKey:
    """One attribute to group rows by, reached over the to-one relationships in `path`.

    Of each group the row with the smallest key stands for all; the filter holds before, order and page after.
    """

    path: tuple[Relationship, ...]
    attribute: Attribute


@dataclass(frozen=True, slots=True)
class Tally:
    """A to-many relationship whose members are counted for each row; with `condition`, those that meet it.

    `paged` says that the number is the length of the list whose page is included, not that of the relationship.
    """

    relationship: Relationship
    condition: Condition | None = None
    paged: bool = False


@dataclass(frozen=True, slots=True)
class Branch:
    """A relationship whose related rows are read too, in one statement for the whole page.

    With `shown` the related resources are sent; without, only the linkage is made from them.
    `owner` is the resource that declares the relationship: the node's own, or one of its subtypes.
    """

    relationship: Relationship
    selection: Selection
    shown: bool = True
    owner: Resource | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """One node of the include tree.

    `fields` holds one entry for `resource` first, then one for each subtype that may appear among its rows.
    `filter`, `sort` and `page` say which rows of the node, in which order; `page` None means all of them.  On a
    branch the page is one for each row above.  `group` is for primary rows only.
    """

    resource: Resource
    fields: tuple[Fields, ...]
    branches: tuple[Branch, ...] = ()
    filter: Condition | None = None
    sort: tuple[SortKey, ...] = ()
    page: Page | None = None
    group: tuple[GroupKey, ...] = ()
    tallies: tuple[Tally, ...] = ()
    included: bool = field(default=False, compare=False)
    """Whether the client named include paths: then `included` is sent even if it is empty (J-4.3.4)."""
    implied: bool = field(default=False, compare=False)
    """Whether the branches are the API's own default: those that the caller may not read fall away."""
    links: bool | None = field(default=None, compare=False)
    """Whether links are sent: all or none; None leaves it to the options of each API."""

    def walk(self) -> Iterator[Selection]:
        """Give this node and every node below it."""
        yield self
        for branch in self.branches:
            yield from branch.selection.walk()
