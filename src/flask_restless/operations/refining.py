"""Changes of a selection below its root: what a client may say of each include path, and of linkage as a whole.

Every function gives a new Selection; the paths are those that the client, or the API's own default, has included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from ..schema.resource import Relationship, Resource
from .binding import relationships_of
from .inclusion import declared, unlinked
from .problems import Rejected, Source, did_you_mean, quote, reject
from .selection import Branch, Selection, Tally

Path = tuple[str, ...]
"""The names of an include path."""


def included_paths(chosen: Selection, above: Path = ()) -> Iterator[Path]:
    """Give every include path below `chosen`, shorter ones first where they lead to longer ones."""
    for branch in chosen.branches:
        if branch.shown:
            path = (*above, branch.relationship.name)
            yield path
            yield from included_paths(branch.selection, path)


def find(chosen: Selection, path: Sequence[str]) -> Iterator[Branch]:
    """Give the branches at the end of a path: several where subtypes have different relationships of that name."""
    for branch in chosen.branches:
        if branch.shown and branch.relationship.name == path[0]:
            if len(path) == 1:
                yield branch
            else:
                yield from find(branch.selection, path[1:])


def changed_at(chosen: Selection, path: Sequence[str], change: Callable[[Selection], Selection]) -> Selection:
    """Change every selection at the end of a path, which has been found before."""
    if not path:
        return change(chosen)
    branches = [
        replace(one, selection=changed_at(one.selection, path[1:], change))
        if one.shown and one.relationship.name == path[0]
        else one
        for one in chosen.branches
    ]
    return replace(chosen, branches=tuple(branches))


# ---------------------------------------------------------------- counts


def tallied(chosen: Selection, name: str, source: Source) -> Selection:
    """Have the members of a to-many relationship counted for each row of the node; Rejected (`invalid-count`).

    Where a page of it is included, the length of the list that has this page is counted too.
    """
    found = declared(chosen.resource, name)
    if not found:
        raise _uncountable(chosen.resource, name, source)
    tallies = list(chosen.tallies)
    for owner, relationship in found:
        _check_countable(chosen, owner, relationship, source)
        tallies.append(Tally(relationship))
        tallies += [
            Tally(relationship, branch.selection.filter, paged=True)
            for branch in chosen.branches
            if branch.shown and branch.relationship is relationship and branch.selection.page is not None
        ]
    return replace(chosen, tallies=tuple(tallies))


def _check_countable(chosen: Selection, owner: Resource, relationship: Relationship, source: Source) -> None:
    name = quote(relationship.name)
    if not relationship.is_many:
        detail = f"{name} is a to-one relationship of {owner.name}; only members of to-many ones are counted"
        raise reject("invalid-count", detail, source)
    if not any(one.resource is owner and relationship in one.relationships for one in chosen.fields):
        detail = f"{name} cannot be counted: the fields that are asked for leave it out of {owner.name}"
        raise reject("invalid-count", detail, source)


def _uncountable(resource: Resource, name: str, source: Source) -> Rejected:
    kinds = (resource, *resource.subtypes)
    known = {key for one in kinds for key, found in relationships_of(one).items() if found.is_many}
    hint = did_you_mean(name, known)
    return reject("invalid-count", f"{resource.name} has no relationship {quote(name)} to count{hint}", source)


# ---------------------------------------------------------------- linkage


def fully_linked(chosen: Selection) -> Selection:
    """Add linkage to every relationship of every node that is sent, as the option `linkage="always"` does."""
    branches = [replace(one, selection=fully_linked(one.selection)) if one.shown else one for one in chosen.branches]
    for fields in chosen.fields:
        branches += unlinked(fields, branches)
    return replace(chosen, branches=tuple(branches))


def sparsely_linked(chosen: Selection) -> Selection:
    """Leave out the linkage that would have to be read but is not included."""
    shown = [replace(one, selection=sparsely_linked(one.selection)) for one in chosen.branches if one.shown]
    return replace(chosen, branches=tuple(shown))


def check_linkage(chosen: Selection, source: Source) -> None:
    """Refuse linkage of too many relationships, each of which is a statement; Rejected (`limit-exceeded`)."""
    limit = chosen.resource.registry.limits.linkages
    count = sum(not branch.shown for node in chosen.walk() for branch in node.branches)
    if count > limit:
        detail = f"the linkage of at most {limit} relationships is read for one request, not of {count}"
        raise reject("limit-exceeded", detail, source)
