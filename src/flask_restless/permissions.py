"""The rule `authorize`: which resources an operation touches, and what the caller must be allowed to do with each.

Asked before any statement runs.  What the client named must be allowed, or the request is refused; what is sent
unasked (linkage, default includes, the answer to a write) falls away where it may not be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar, cast

from werkzeug.exceptions import HTTPException

from .operations.exceptions import ProcessingException
from .operations.filters import Comparison, Condition, Count, Has, walk
from .operations.operation import (
    Action,
    Aggregate,
    Assignment,
    Batch,
    Change,
    Create,
    Delete,
    DeleteMany,
    Fetch,
    Link,
    Matching,
    Nested,
    Operation,
    Relate,
    Related,
    Target,
    Update,
    UpdateMany,
    Write,
)
from .operations.problems import Rejected, Source, reject
from .operations.selection import Branch, Fields, Selection
from .schema.resource import Attribute, Relationship, Resource

REFUSALS = (Rejected, ProcessingException, HTTPException)
"""What a rule may raise to refuse."""

ASSOCIATING: Mapping[Action, tuple[str, ...]] = {
    Action.ADD: ("create",),
    Action.REMOVE: ("delete",),
    Action.REPLACE: ("create", "delete"),
}
"""What happens to association objects when members come or go over them."""

SETTING = ("create", "update")
"""What may happen to the association object of a to-one relationship that is set."""

One = TypeVar("One", bound=Operation)


def authorized(operation: Operation) -> Operation:
    """Give what is left of an operation; Rejected (`forbidden`), or what a rule raises, where a part is refused."""
    if isinstance(operation, Batch):
        writes: list[Write] = [_Asker(one).permitted(one) for one in operation.operations]
        return replace(operation, operations=tuple(writes))
    return _Asker(operation).permitted(operation)


class _Asker:
    """Asks the rules about one operation, each (resource, action) once."""

    def __init__(self, operation: Operation) -> None:
        self._operation = operation
        self._answers: dict[tuple[Resource, str], Exception | None] = {}

    def permitted(self, operation: One) -> One:
        """Demand what the operation needs, and take away what may not be read."""
        match operation:
            case Fetch():
                return cast("One", self._fetch(operation))
            case Aggregate(selection):
                self._demand_rows(selection)
            case Create(resource, assigned, links, selection, source=source):
                self._demand(resource, "create", source)
                self._demand_drawn(resource, assigned)
                self._demand_links(links, creating=True)
                return replace(operation, selection=self._answer(selection))
            case Update(target, assigned, links, selection, source=source, changes=changes):
                self._demand(target.resource, "update", source)
                self._demand_drawn(target.resource, assigned)
                self._demand_links(links)
                self._demand_changes(changes)
                return replace(operation, selection=self._answer(selection))
            case UpdateMany(selection, assigned, links, changes, source=source):
                self._demand(selection.resource, "update", source)
                self._demand_drawn(selection.resource, assigned)
                self._demand_crossed(selection)
                self._demand_links(links)
                self._demand_changes(changes)
            case DeleteMany(selection, source=source):
                self._demand(selection.resource, "delete", source)
                self._demand_crossed(selection)
            case Relate(target, relationship, action, targets, source=source):
                self._demand(target.resource, "relate", source)
                self._demand_crossing(relationship, source)
                self._demand_between(relationship, ASSOCIATING[action] if relationship.is_many else SETTING, source)
                self._demand_targets(targets)
            case Delete(target, source=source):
                self._demand(target.resource, "delete", source)
        return operation

    def _fetch(self, fetch: Fetch) -> Fetch:
        if isinstance(fetch.origin, Related):
            self._demand(fetch.origin.parent, "read")
            self._demand_crossing(fetch.origin.relationship)
        self._demand_rows(fetch.selection)
        return replace(fetch, selection=self._pruned(fetch.selection))

    # ------------------------------------------------------------ what must be allowed

    def _demand(self, resource: Resource, action: str, source: Source | None = None) -> None:
        refusal = self._refusal(resource, action, source)
        if refusal is not None:
            raise refusal

    def _demand_rows(self, selection: Selection) -> None:
        """Demand to read the rows of a node, the types that may be among them, and what its filter and sort cross."""
        for fields in selection.fields:
            self._demand(fields.resource, "read")
        self._demand(selection.resource, "read")
        self._demand_crossed(selection)

    def _demand_crossed(self, selection: Selection) -> None:
        for step in crossed(selection):
            self._demand_crossing(step)

    def _demand_crossing(self, relationship: Relationship, source: Source | None = None) -> None:
        for one in _reached(relationship):
            self._demand(one, "read", source)

    def _demand_between(self, relationship: Relationship, actions: Iterable[str], source: Source | None) -> None:
        """Demand what becomes of the association objects of a relationship that is written through them."""
        if relationship.between is not None:
            for action in actions:
                self._demand(relationship.between, action, source)

    def _demand_drawn(self, resource: Resource, assigned: Iterable[Assignment]) -> None:
        """Demand what becomes of the rows behind an association proxy of values, which are made for its values."""
        for one in assigned:
            drawn = resource.source_of(one.attribute)
            if drawn is not None:
                for action in ("read", *ASSOCIATING[Action.REPLACE]):
                    self._demand(drawn, action, one.source)

    def _demand_links(self, links: Iterable[Link], *, creating: bool = False) -> None:
        for link in links:
            many = ASSOCIATING[Action.ADD if creating else Action.REPLACE]
            self._demand_crossing(link.relationship, link.source)
            self._demand_between(link.relationship, many if link.relationship.is_many else SETTING, link.source)
            self._demand_targets(link.targets)

    def _demand_changes(self, changes: Iterable[Change]) -> None:
        for change in changes:
            self._demand_crossing(change.relationship, change.source)
            if change.added:
                self._demand_between(change.relationship, ASSOCIATING[Action.ADD], change.source)
            if change.removed or change.deleted:
                self._demand_between(change.relationship, ASSOCIATING[Action.REMOVE], change.source)
            self._demand_targets((*change.added, *change.removed, *change.deleted))
            for one in change.deleted:
                self._demand(one.resource, "delete", one.source)

    def _demand_targets(self, targets: Iterable[Target | Nested | Matching]) -> None:
        """Demand to read what is referred to; a nested row with content may be changed, or made if it is not there."""
        for target in targets:
            self._demand(target.resource, "read", target.source)
            match target:
                case Matching(_, condition):
                    for step in _in_condition(condition):
                        self._demand_crossing(step, target.source)
                case Nested(_, id_, assigned, links):
                    self._demand_drawn(target.resource, assigned)
                    if id_ is not None and (assigned or links):
                        self._demand(target.resource, "update", target.source)
                    if id_ is None or assigned or links:
                        self._demand(target.resource, "create", target.source)
                    self._demand_links(links)

    # ------------------------------------------------------------ what falls away

    def _answer(self, selection: Selection) -> Selection:
        """Give what may be read of the answer to a write: at the least, which resource it is."""
        if all(self._may_read(fields.resource) for fields in selection.fields):
            return self._pruned(selection)
        bare = tuple(Fields(fields.resource, (), ()) for fields in selection.fields)
        return replace(selection, fields=bare, branches=())

    def _pruned(self, selection: Selection) -> Selection:
        fields = tuple(self._fields(one) for one in selection.fields)
        branches = tuple(self._branches(selection))
        if fields == selection.fields and branches == selection.branches:
            return selection
        return replace(selection, fields=fields, branches=branches)

    def _fields(self, fields: Fields) -> Fields:
        left = tuple(one for one in fields.relationships if self._may_cross(one))
        told = tuple(one for one in fields.attributes if self._may_tell(fields.resource, one))
        if left == fields.relationships and told == fields.attributes:
            return fields
        return replace(fields, attributes=told, relationships=left)

    def _branches(self, selection: Selection) -> Iterator[Branch]:
        for branch in selection.branches:
            unasked = not branch.shown or selection.implied
            if unasked and not self._may_cross(branch.relationship):
                continue
            self._demand_crossing(branch.relationship)
            self._demand_rows(branch.selection)
            yield replace(branch, selection=self._pruned(replace(branch.selection, implied=selection.implied)))

    def _may_cross(self, relationship: Relationship) -> bool:
        return all(self._may_read(one) for one in (*_reached(relationship), *relationship.target.subtypes))

    def _may_tell(self, resource: Resource, attribute: Attribute) -> bool:
        source = resource.source_of(attribute)
        return source is None or self._may_read(source)

    def _may_read(self, resource: Resource) -> bool:
        return self._refusal(resource, "read", None) is None

    def _refusal(self, resource: Resource, action: str, source: Source | None) -> Exception | None:
        key = (resource, action)
        if key not in self._answers:
            self._answers[key] = self._ask(resource, action, source)
        return self._answers[key]

    def _ask(self, resource: Resource, action: str, source: Source | None) -> Exception | None:
        try:
            allowed = resource.options.rules.allow(action, self._operation)
        except REFUSALS as refusal:
            return refusal
        return None if allowed else reject("forbidden", f"you may not {action} {resource.name}", source)


def _reached(relationship: Relationship) -> Iterator[Resource]:
    """Give the resources whose rows a relationship tells of: association objects too, if they have an API."""
    yield relationship.target
    if relationship.between is not None:
        yield relationship.between


def crossed(selection: Selection) -> Iterator[Relationship]:
    """Give the relationships that the filter and the sort of a node cross."""
    yield from _in_condition(selection.filter)
    for group in selection.group:
        yield from group.path
    for key in selection.sort:
        yield from key.path
        if isinstance(key.operand, Count):
            yield from _in_count(key.operand)


def _in_condition(condition: Condition | None) -> Iterator[Relationship]:
    for one in walk(condition):
        match one:
            case Has(relationship, _):
                yield relationship
            case Comparison(left, _, right):
                for side in (left, right):
                    if isinstance(side, Count):
                        yield side.relationship


def _in_count(count: Count) -> Iterator[Relationship]:
    yield count.relationship
    yield from _in_condition(count.condition)
