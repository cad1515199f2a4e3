"""What is asked, as values: the middle of every request.

An operation is *bound*: it holds Resource, Attribute and Relationship objects and decoded Python values.  Two
spellings of one question in two protocols give equal operations.  Where a value came from in the request (`source`
members) takes no part in comparison; it is only there for problems that show later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from ..schema.resource import Attribute, Relationship, Resource
from .filters import Condition
from .problems import Source
from .records import record
from .selection import Selection

Id = tuple[object, ...]
"""Key values in the order of `Resource.identity.keys`."""


@record
class Collection:
    """All rows of the resource (under the selection's filter, order and page)."""


@record
class One:
    """The row with that id."""

    id: Id


@record
class Related:
    """The rows that `parent`'s row `id` is related to; with `member`, only the one of them with that id."""

    parent: Resource
    id: Id
    relationship: Relationship
    member: Id | None = None


Origin = Collection | One | Related


@record
class Fetch:
    """Read rows.

    `selection.resource` says what the primary rows are.  With `as_linkage` the primary data are identifiers (a
    relationship URL); `with_primary` then sends the related resources too, beside them.  `single` demands exactly
    one row of the collection: none or several are problems.  `exclusive` keeps others from the row until the
    transaction ends, and reads all of its state.  `streamed` rows are handed out while they are read.
    """

    selection: Selection
    origin: Origin = Collection()
    as_linkage: bool = False
    with_primary: bool = False
    single: bool = False
    exclusive: bool = False
    streamed: bool = False

    @property
    def is_many(self) -> bool:
        """Whether the primary data are a list."""
        origin = self.origin
        if isinstance(origin, Related):
            return origin.relationship.is_many and origin.member is None
        return isinstance(origin, Collection) and not self.single

    @property
    def is_resource(self) -> bool:
        """Whether the primary data are one resource, of which the state is told (an entity tag)."""
        return not (self.is_many or self.as_linkage)


@record
class Assignment:
    """One attribute gets `value`, a Python value of the attribute's own type, or None."""

    attribute: Attribute
    value: object
    source: Source | None = field(default=None, compare=False)


@record
class Target:
    """A resource that is referred to: by `id`, or by `lid` if the same batch creates it."""

    resource: Resource
    id: Id | None
    lid: str | None = None
    source: Source | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Nested:
    """A related row that is given by its content: the row with `id`, if there is one, else a new one.

    An existing row is only referred to where there are no `assignments` and `links`; with them it is changed as well.
    A new one gets `id` if one is given, unless the row `must_exist`; a row that the caller cannot see is not there.
    Creating needs POST, changing
    needs PATCH among the methods of `resource`, unless the API that is asked, or one on the way, has
    `allow_nested_writes_anywhere` (A-7).
    """

    resource: Resource
    id: Id | None
    assignments: tuple[Assignment, ...] = ()
    links: tuple[Link, ...] = ()
    source: Source | None = field(default=None, compare=False)
    must_exist: bool = False


@dataclass(frozen=True, slots=True)
class Matching:
    """The first row, by key, of those that a relationship refers to and that meet `condition`."""

    resource: Resource
    condition: Condition
    source: Source | None = field(default=None, compare=False)


@record
class Link:
    """One relationship gets exactly `targets`: none or one if to-one, any number if to-many."""

    relationship: Relationship
    targets: tuple[Target | Nested, ...]
    source: Source | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Change:
    """Some members of a to-many relationship come, then some go.

    Those in `removed` that are not members are left alone; with `members_only` they are a problem
    (`related-not-found`) of an Update, while of many rows each loses what it has.  `deleted` members are taken out and
    deleted, which needs DELETE among the methods of their own API (A-7).  What came can go again in the same change.
    """

    relationship: Relationship
    added: tuple[Target | Nested, ...] = ()
    removed: tuple[Target | Matching, ...] = ()
    deleted: tuple[Target | Matching, ...] = ()
    source: Source | None = field(default=None, compare=False)
    members_only: bool = False


@dataclass(frozen=True, slots=True)
class Expectation:
    """The state that a row must have for a write to be carried out (RFC 9110, 13.1).

    `states` are those of which it must have one; None stands for any.  `unlike` turns the sense around: the row
    must have none of them.
    """

    states: tuple[str, ...] | None
    unlike: bool = False
    source: Source | None = field(default=None, compare=False)


@record
class Create:
    """Store a new row; `id` only where the client may choose it.  The answer is read by `selection`.

    `make`, where an API has a deserializer of its own, gives the new instance in place of `assignments` and
    `links`; it is called inside the transaction.
    """

    resource: Resource
    assignments: tuple[Assignment, ...]
    links: tuple[Link, ...]
    selection: Selection
    id: Id | None = None
    lid: str | None = None
    make: Callable[[], object] | None = field(default=None, compare=False)
    source: Source | None = field(default=None, compare=False)


@record
class Update:
    """Change the row `target` refers to; what is not named keeps its value.

    With `sparing` it is to be told whether the server has changed anything else.  `kind` is the subtype that the client
    takes the row for, if it says so: a problem (`wrong-type`) if it is none.
    """

    target: Target
    assignments: tuple[Assignment, ...]
    links: tuple[Link, ...]
    selection: Selection
    source: Source | None = field(default=None, compare=False)
    changes: tuple[Change, ...] = ()
    expected: tuple[Expectation, ...] = ()
    sparing: bool = False
    kind: Resource | None = None


@record
class Delete:
    """Delete the row that `target` refers to."""

    target: Target
    source: Source | None = field(default=None, compare=False)
    expected: tuple[Expectation, ...] = ()


@dataclass(frozen=True, slots=True)
class UpdateMany:
    """Change every row of the collection that meets the filter of `selection`, through the unit of work.

    Protocols demand a filter (A-11): without one all rows are changed.  An order, a page and groups in `selection`
    narrow the rows down further.  Rejected (`limit-exceeded`) above `Limits.many` rows.
    """

    selection: Selection
    assignments: tuple[Assignment, ...]
    links: tuple[Link, ...] = ()
    changes: tuple[Change, ...] = ()
    source: Source | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class DeleteMany:
    """Delete every row of the collection that meets the filter of `selection`, with the cascades of the mapping.

    Which rows are meant is told as for UpdateMany.
    """

    selection: Selection
    source: Source | None = field(default=None, compare=False)


class Action(Enum):
    """What `Relate` does with its targets."""

    ADD = "add"
    REPLACE = "replace"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Relate:
    """Change one relationship of the row `target` refers to.

    `selection` reads the linkage afterwards.  Adding a present member and removing an absent one succeed and
    change nothing (J-5.3.5, J-5.3.8); with `members_only`, removing what is no member is a problem (`not-found`).
    """

    target: Target
    relationship: Relationship
    action: Action
    targets: tuple[Target, ...]
    selection: Selection
    source: Source | None = field(default=None, compare=False)
    expected: tuple[Expectation, ...] = ()
    members_only: bool = False


@dataclass(frozen=True, slots=True)
class Aggregate:
    """Evaluate SQL functions over the rows that meet the filter of `selection`.

    `terms` are (function name, attribute) pairs; the answer holds one value each, in their order.  The names go into
    SQL as they are: protocols bind them from a list of their own (A-9).
    """

    selection: Selection
    terms: tuple[tuple[str, Attribute], ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Several writes, in order, all or nothing: a tuple, or like creates (`alike.Alike`)."""

    operations: Sequence[Create | Update | Delete | Relate]


Write = Create | Update | Delete | Relate
Operation = Fetch | Create | Update | Delete | Relate | Aggregate | Batch | UpdateMany | DeleteMany
