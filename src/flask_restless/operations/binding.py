"""Smart constructors: names and raw values to bound ones, or Problems at the source they came from.

Every protocol comes through here, so that names, types and permissions are checked once, in neutral code.  Only
exposed names are ever suggested, and a hidden name gets the same answer as one that does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..schema.resource import Attribute, Relationship, Resource
from ..schema.types import Unfit
from .operation import Assignment, Id
from .problems import Problem, Rejected, Source, did_you_mean, problem, quote, reject
from .selection import SortKey


def find_attribute(resource: Resource, name: str) -> Attribute | None:
    """Find an attribute that clients may see; the key goes by the name `id` too."""
    found = resource.queryable.get(name)
    return found if found is not None and found.access.read else None


def relationships_of(resource: Resource) -> dict[str, Relationship]:
    """Give the relationships that clients may see, by name."""
    return {name: one for name, one in resource.relationships.items() if one.access.read}


def unknown_field(resource: Resource, name: str, source: Source | None) -> Rejected:
    """Make the problem of a name that is neither an attribute nor a relationship."""
    names = [key for key, one in resource.queryable.items() if one.access.read]
    hint = did_you_mean(name, [*names, *relationships_of(resource)])
    return reject("unknown-field", f"{resource.name} has no field {quote(name)}{hint}", source)


def identify(resource: Resource, text: str) -> Id | None:
    """Give the key values of an id, or None if no resource could have it."""
    try:
        return resource.identity.parse(text)
    except Unfit:
        return None


# ---------------------------------------------------------------- sorting


def sort_keys(
    resource: Resource,
    terms: Iterable[tuple[str, bool]],
    source: Source,
    *,
    nulls: Mapping[str, bool] | None = None,
    hidden: bool = False,
) -> tuple[SortKey, ...]:
    """Make an order of (path, descending) pairs; Rejected (`invalid-sort`, `limit-exceeded`).

    A later term by what an earlier one has sorted by already changes nothing, and is left out.  `nulls` says of paths
    whether their nulls come first.  With `hidden`, mapped columns that clients do not see may be named too: for the
    application's own processors.
    """
    wanted = list(terms)
    limit = resource.registry.limits.sort_keys
    if len(wanted) > limit:
        raise reject("limit-exceeded", f"an order has at most {limit} fields; there are {len(wanted)}", source)
    keys: dict[object, SortKey] = {}
    for path, descending in wanted:
        for key in _sort_keys(resource, path, descending, source, hidden):
            placed = replace(key, nulls_first=(nulls or {}).get(path))
            keys.setdefault((key.path, key.operand), placed)
    return tuple(keys.values())


def sort_terms(text: str) -> list[tuple[str, bool]]:
    """Take an order such as `-age,author.name` apart (J-4.5.2, J-4.5.4).

    >>> sort_terms("-age,author.name")
    [('age', True), ('author.name', False)]
    """
    return [(term.removeprefix("-"), term.startswith("-")) for term in text.split(",")]


def nulls_places(given: Mapping[str, str], terms: Iterable[tuple[str, bool]]) -> dict[str, bool]:
    """Read `sortNulls[path]`: whether the nulls of each path come first; Rejected (`invalid-sort`)."""
    sorted_by = [path for path, _ in terms]
    for path, place in given.items():
        source = Source(parameter=f"sortNulls[{path}]")
        if path not in sorted_by:
            hint = did_you_mean(path, sorted_by)
            raise reject("invalid-sort", f"{quote(path)} is not among what is sorted by{hint}", source)
        if place not in ("first", "last"):
            raise reject("invalid-sort", f"nulls come first or last, not {quote(place)}", source)
    return {path: place == "first" for path, place in given.items()}


def _sort_keys(resource: Resource, path: str, descending: bool, source: Source, hidden: bool) -> Iterator[SortKey]:
    """Make the terms for one path, which may cross to-one relationships; an id of several parts gives several."""
    *names, last = path.split(".")
    _check_path(names, resource, source)
    steps: list[Relationship] = []
    for name in names:
        steps.append(_to_one(resource, name, path, source))
        resource = steps[-1].target
    if last == "id" and resource.names_key:
        found: tuple[Attribute, ...] = resource.identity.keys
    else:
        one = find_attribute(resource, last) or (resource.unlisted(last) if hidden else None)
        found = () if one is None else (one,)
    if not found:
        raise _unsortable(resource, last, source)
    for one in found:
        if not (one.sql and one.access.sort and one.codec.ordered):
            raise reject("invalid-sort", f"{resource.name} cannot be sorted by {quote(last)}: it has no order", source)
        yield SortKey(tuple(steps), one, descending)


def _to_one(resource: Resource, name: str, path: str, source: Source) -> Relationship:
    step = relationships_of(resource).get(name)
    if step is None:
        raise _unsortable(resource, name, source)
    if not step.access.sort:
        raise reject("invalid-sort", f"{resource.name} cannot be sorted over {quote(name)}", source)
    if step.is_many:
        detail = f"resources cannot be sorted by {quote(path)}: {quote(name)} is a to-many relationship"
        raise reject("invalid-sort", detail, source)
    return step


def _check_path(names: list[str], resource: Resource, source: Source) -> None:
    limit = resource.registry.limits.include_depth
    if len(names) > limit:
        raise reject("limit-exceeded", f"a path crosses at most {limit} relationships; this one {len(names)}", source)


def _unsortable(resource: Resource, name: str, source: Source) -> Rejected:
    if name in relationships_of(resource):
        detail = f"resources cannot be sorted by the relationship {quote(name)}; name an attribute of it"
        return reject("invalid-sort", detail, source)
    sortable = [key for key, one in resource.queryable.items() if one.access.read and one.access.sort and one.sql]
    hint = did_you_mean(name, sortable)
    return reject("invalid-sort", f"{resource.name} has no attribute {quote(name)} to sort by{hint}", source)


# ---------------------------------------------------------------- writing


def assignments(
    resource: Resource, given: Mapping[str, Any], pointer: str, problems: list[Problem], *, creating: bool
) -> tuple[Assignment, ...]:
    """Bind the attributes of a document; what is wrong is added to `problems`, each at its pointer."""
    found = []
    for name, value in given.items():
        if name.startswith("@"):
            continue
        source = Source(pointer=f"{pointer}/{escape(name)}")
        try:
            found.append(assignment(resource, name, value, source, creating=creating))
        except Rejected as rejected:
            problems.extend(rejected.problems)
    return tuple(found)


def assignment(resource: Resource, name: str, value: Any, source: Source, *, creating: bool) -> Assignment:
    """Bind one attribute; Rejected (`unknown-field`, `not-writable`, `missing-value`, and the codes of Unfit)."""
    found = resource.attributes.get(name)
    if found is None or not (found.access.read or _may_write(found, creating)):
        if name in relationships_of(resource):
            detail = f"{quote(name)} is a relationship; give it under relationships"
            raise reject("unknown-field", detail, source)
        known = [key for key, one in resource.attributes.items() if one.access.read or _may_write(one, creating)]
        hint = did_you_mean(name, known)
        raise reject("unknown-field", f"{resource.name} has no attribute {quote(name)}{hint}", source)
    if not _may_write(found, creating):
        raise reject("not-writable", f"the attribute {quote(name)} cannot be {_verb(creating)}", source)
    return Assignment(found, decoded(found, value, source), source)


def _may_write(attribute: Attribute, creating: bool) -> bool:
    return attribute.access.create if creating else attribute.access.update


def _verb(creating: bool) -> str:
    return "set" if creating else "changed"


def decoded(found: Attribute, value: Any, source: Source) -> object:
    """Convert the JSON value of a write; Rejected with the code of what does not fit."""
    if value is None:
        if not found.nullable:
            raise reject("missing-value", f"the attribute {quote(found.name)} cannot be null", source)
        return None
    try:
        return found.codec.decode(value)
    except Unfit as unfit:
        detail = f"the attribute {quote(found.name)} takes {unfit.expected}, not {shown(value)}"
        raise Rejected(problem(unfit.code, detail, source)) from None


def shown(value: Any) -> str:
    """Name a JSON value in a detail: scalars as they were sent, the rest by its kind."""
    match value:
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
        case str():
            return quote(value)
        case int() | float():
            return quote(value, 40).strip('"')
        case list():
            return "a list"
    return "an object"


def escape(name: str) -> str:
    """Escape a member name for a JSON pointer (RFC 6901, section 3)."""
    if "~" in name or "/" in name:
        return name.replace("~", "~0").replace("/", "~1")
    return name
