"""Smart constructors: names and raw values to bound ones, or Problems at the source they came from.

Every protocol comes through here, so that names, types and permissions are checked once, in neutral code.  Only
exposed names are ever suggested, and a hidden name gets the same answer as one that does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..schema.resource import Attribute, Relationship, Resource
from ..schema.types import Unfit
from .operation import Assignment, Id
from .paging import Page, Spelling, Total
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
    resource: Resource, terms: Iterable[tuple[str, bool]], source: Source, *, hidden: bool = False
) -> tuple[SortKey, ...]:
    """Make an order of (path, descending) pairs; Rejected (`invalid-sort`, `limit-exceeded`).

    A later term by what an earlier one has sorted by already changes nothing, and is left out.  With `hidden`, mapped
    columns that clients do not see may be named too: for the application's own processors.
    """
    wanted = list(terms)
    limit = resource.registry.limits.sort_keys
    if len(wanted) > limit:
        raise reject("limit-exceeded", f"an order has at most {limit} fields; there are {len(wanted)}", source)
    keys: dict[object, SortKey] = {}
    for path, descending in wanted:
        for key in _sort_keys(resource, path, descending, source, hidden):
            keys.setdefault((key.path, key.operand), key)
    return tuple(keys.values())


def sort_terms(text: str) -> list[tuple[str, bool]]:
    """Take an order such as `-age,author.name` apart (J-4.5.2, J-4.5.4).

    >>> sort_terms("-age,author.name")
    [('age', True), ('author.name', False)]
    """
    return [(term.removeprefix("-"), term.startswith("-")) for term in text.split(",")]


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


# ---------------------------------------------------------------- paging


def page(resource: Resource, given: Mapping[str, str]) -> Page:
    """Read the members of the `page` family; Rejected (`invalid-page`, `page-too-large`)."""
    for name in given:
        if name not in {"number", "size", "offset", "limit", "total"}:
            hint = did_you_mean(name, ["number", "size", "offset", "limit", "total"])
            raise reject("unknown-parameter", f"there is no parameter page[{name}]{hint}", _page_source(name))
    by_offset = "offset" in given or "limit" in given
    if by_offset and ("number" in given or "size" in given):
        source = _page_source("offset" if "offset" in given else "limit")
        detail = "page[offset] and page[limit] do not go together with page[number] and page[size]"
        raise reject("invalid-page", detail, source)
    total = _total(given.get("total"))
    size_name, place_name = ("limit", "offset") if by_offset else ("size", "number")
    size = _size(resource, given.get(size_name), size_name)
    place = _number(given[place_name], place_name) if place_name in given else (0 if by_offset else 1)
    if not by_offset and place == 0:
        raise reject("invalid-page", "page[number] counts from 1", _page_source("number"))
    offset = place if by_offset else (place - 1) * (size or 0)
    if offset > resource.registry.limits.offset:
        detail = f"a page begins at most {resource.registry.limits.offset} resources into the list; filter to narrow it"
        raise reject("limit-exceeded", detail, _page_source(place_name))
    return Page(size, offset, Spelling.OFFSET if by_offset else Spelling.NUMBER, total)


def _page_source(name: str) -> Source:
    return Source(parameter=f"page[{name}]")


def _number(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise reject("invalid-page", f"page[{name}] is a whole number, not {quote(text)}", _page_source(name))
    return int(text[:40])


def _size(resource: Resource, text: str | None, name: str) -> int | None:
    options = resource.options
    size = options.page_size if text is None else _number(text, name)
    if size == 0:
        if options.max_page_size == 0:
            return None
        if text is not None:
            detail = f"page[{name}] is from 1 to {options.max_page_size}"
            raise reject("invalid-page", detail, _page_source(name))
        return options.max_page_size
    if options.max_page_size and size > options.max_page_size:
        detail = f"a page holds at most {options.max_page_size} resources, not {quote(text)}"
        meta = {"page": {"maxSize": options.max_page_size}}
        raise reject("page-too-large", detail, _page_source(name), meta=meta)
    if size > resource.registry.limits.offset:
        raise reject("invalid-page", f"page[{name}] is too large", _page_source(name))
    return size


def _total(text: str | None) -> Total:
    try:
        return Total.EXACT if text is None else Total(text)
    except ValueError:
        allowed = ", ".join(one.value for one in Total)
        raise reject(
            "invalid-page", f"page[total] is one of {allowed}, not {quote(text)}", _page_source("total")
        ) from None


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
    if found is None:
        if name in relationships_of(resource):
            detail = f"{quote(name)} is a relationship; give it under relationships"
            raise reject("unknown-field", detail, source)
        hint = did_you_mean(name, resource.attributes)
        raise reject("unknown-field", f"{resource.name} has no attribute {quote(name)}{hint}", source)
    if not (found.access.create if creating else found.access.update):
        raise reject("not-writable", f"the attribute {quote(name)} cannot be {_verb(creating)}", source)
    return Assignment(found, decoded(found, value, source), source)


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
