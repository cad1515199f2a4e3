"""Smart constructors: names and raw values to bound ones, or Problems at the source they came from.

Every protocol comes through here, so that names, types and permissions are checked once, in neutral code.  Only
exposed names are ever suggested, and a hidden name gets the same answer as one that does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ..schema.resource import Attribute, Relationship, Resource
from ..schema.types import Unfit
from .operation import Assignment, Id
from .paging import Page, Spelling, Total
from .problems import Problem, Rejected, Source, did_you_mean, problem, quote, reject
from .selection import Branch, Fields, Selection, SortKey

Tree = dict[str, "Tree"]
"""Include paths as nested names."""


def attribute(resource: Resource, name: str, source: Source | None) -> Attribute:
    """Find an attribute that may be filtered or sorted by; Rejected (`unknown-field`)."""
    found = resource.queryable.get(name)
    if found is not None:
        return found
    if name in resource.relationships:
        raise reject("unknown-field", f"{quote(name)} is a relationship of {resource.name}, not an attribute", source)
    raise unknown_field(resource, name, source)


def unknown_field(resource: Resource, name: str, source: Source | None) -> Rejected:
    """Make the problem of a name that is neither an attribute nor a relationship."""
    hint = did_you_mean(name, [*resource.queryable, *resource.relationships])
    return reject("unknown-field", f"{resource.name} has no field {quote(name)}{hint}", source)


def identify(resource: Resource, text: str) -> Id | None:
    """Give the key values of an id, or None if no resource could have it."""
    try:
        return resource.identity.parse(text)
    except Unfit:
        return None


# ---------------------------------------------------------------- sorting


def sort_keys(resource: Resource, text: str, source: Source) -> tuple[SortKey, ...]:
    """Read a comma separated order such as `-age,author.name`; Rejected (`invalid-sort`)."""
    terms = text.split(",")
    limit = resource.registry.limits.sort_keys
    if len(terms) > limit:
        raise reject("limit-exceeded", f"an order has at most {limit} fields; there are {len(terms)}", source)
    keys: dict[object, SortKey] = {}
    for term in terms:
        key = sort_key(resource, term.removeprefix("-"), term.startswith("-"), source)
        keys.setdefault((key.path, key.operand), key)
    return tuple(keys.values())


def sort_key(resource: Resource, path: str, descending: bool, source: Source) -> SortKey:
    """Make one term of an order; the path may cross to-one relationships."""
    *names, last = path.split(".")
    _check_path(names, resource, source)
    steps = []
    for name in names:
        step = resource.relationships.get(name)
        if step is None:
            raise _unsortable(resource, name, source)
        if step.is_many:
            detail = f"resources cannot be sorted by {quote(path)}: {quote(name)} is a to-many relationship"
            raise reject("invalid-sort", detail, source)
        steps.append(step)
        resource = step.target
    found = resource.queryable.get(last)
    if found is None:
        raise _unsortable(resource, last, source)
    if not (found.sql and found.access.sort and found.codec.ordered):
        raise reject("invalid-sort", f"{resource.name} cannot be sorted by {quote(last)}: it has no order", source)
    return SortKey(tuple(steps), found, descending)


def _check_path(names: list[str], resource: Resource, source: Source) -> None:
    limit = resource.registry.limits.include_depth
    if len(names) > limit:
        raise reject("limit-exceeded", f"a path crosses at most {limit} relationships; this one {len(names)}", source)


def _unsortable(resource: Resource, name: str, source: Source) -> Rejected:
    if name in resource.relationships:
        detail = f"resources cannot be sorted by the relationship {quote(name)}; name an attribute of it"
        return reject("invalid-sort", detail, source)
    hint = did_you_mean(name, [key for key, one in resource.queryable.items() if one.access.sort])
    return reject("invalid-sort", f"{resource.name} has no attribute {quote(name)} to sort by{hint}", source)


# ---------------------------------------------------------------- what to send


def include_tree(resource: Resource, paths: Iterable[str], source: Source | None) -> Tree:
    """Check include paths and give them as a tree; Rejected (`invalid-include`, `limit-exceeded`)."""
    limits = resource.registry.limits
    tree: Tree = {}
    count = 0
    for path in paths:
        names = path.split(".", limits.include_depth)
        if len(names) > limits.include_depth or "." in names[-1]:
            detail = f"an include path has at most {limits.include_depth} relationships; {quote(path)} has more"
            raise reject("limit-exceeded", detail, source)
        node, owner = tree, resource
        for name in names:
            owner = _includable(owner, name, path, source).target
            if name not in node:
                count += 1
                node[name] = {}
            node = node[name]
        if count > limits.include_paths:
            raise reject("limit-exceeded", f"at most {limits.include_paths} relationships are included", source)
    return tree


def _includable(resource: Resource, name: str, path: str, source: Source | None) -> Relationship:
    found = find_relationship(resource, name)
    if found is not None and found.access.read:
        return found
    names = {key for one in (resource, *resource.subtypes) for key in one.relationships}
    hint = did_you_mean(name, names)
    raise reject("invalid-include", f"{quote(path)}: {resource.name} has no relationship {quote(name)}{hint}", source)


def find_relationship(resource: Resource, name: str) -> Relationship | None:
    """Find a relationship of the resource, or of one of its subtypes."""
    for one in (resource, *resource.subtypes):
        if name in one.relationships:
            return one.relationships[name]
    return None


Fieldsets = Mapping[str, tuple[str, ...]]
"""Names of the fields to send, by type."""


def selection(resource: Resource, tree: Tree, fieldsets: Fieldsets, *, included: bool = False) -> Selection:
    """Make the tree of what to send: the fields of each type, and a branch for each included relationship.

    To-many linkage comes with inclusion only, unless the resource's option `linkage` is `always`.
    """
    fields = tuple(_fields(one, fieldsets.get(one.name)) for one in (resource, *resource.subtypes))
    branches = [_branch(resource, name, inner, fieldsets) for name, inner in tree.items()]
    if resource.options.linkage == "always":
        for one in fields[0].relationships:
            if one.name not in tree and (one.is_many or not one.local_keys):
                branches.append(Branch(one, Selection(one.target, (Fields(one.target, (), ()),)), shown=False))
    return Selection(resource, fields, tuple(branches), included=included)


def _branch(resource: Resource, name: str, inner: Tree, fieldsets: Fieldsets) -> Branch:
    relationship = find_relationship(resource, name)
    assert relationship is not None, "include_tree has checked the names"
    return Branch(relationship, selection(relationship.target, inner, fieldsets))


def _fields(resource: Resource, names: tuple[str, ...] | None) -> Fields:
    attributes, relationships = resource.attributes.values(), resource.relationships.values()
    if names is None:
        shown = tuple(one for one in attributes if one.access.read and not one.deferred)
        return Fields(resource, shown, tuple(one for one in relationships if one.access.read))
    wanted = frozenset(names)
    return Fields(
        resource,
        tuple(one for one in attributes if one.access.read and one.name in wanted),
        tuple(one for one in relationships if one.access.read and one.name in wanted),
    )


def check_fieldset(resource: Resource, names: Iterable[str], source: Source) -> None:
    """Refuse a fieldset that names what the resource does not have; Rejected (`invalid-fieldset`)."""
    for name in names:
        if name not in resource.attributes and name not in resource.relationships:
            hint = did_you_mean(name, [*resource.attributes, *resource.relationships])
            raise reject("invalid-fieldset", f"{resource.name} has no field {quote(name)}{hint}", source)


def linkage_selection(resource: Resource) -> Selection:
    """Make the selection of identifiers alone."""
    return Selection(resource, tuple(Fields(one, (), ()) for one in (resource, *resource.subtypes)))


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
        if name in resource.relationships:
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
    return name.replace("~", "~0").replace("/", "~1")


def with_page(chosen: Selection, **changes: Any) -> Selection:
    """Give the same selection with a filter, an order or a page."""
    return replace(chosen, **changes)
