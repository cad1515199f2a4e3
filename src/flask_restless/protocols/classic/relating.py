"""The members of bodies (contract 2.7, 2.8), above all relations: rows that are named, described, added, removed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ...operations.binding import escape, find_attribute, relationships_of, shown, unknown_field
from ...operations.filters import And, Comparison
from ...operations.operation import Change, Id, Link, Matching, Nested, Target
from ...operations.operators import OPERATORS
from ...operations.problems import Rejected, Source, did_you_mean, quote, reject
from ...schema.resource import Relationship, Resource
from ...schema.types import Unfit
from .document import Draft, Fields, value_of
from .values import accepted

DELETE = "__delete__"
CHANGES = frozenset({"add", "remove"})


def bind(owner: Fields, data: Mapping[str, Any]) -> Draft:
    """Bind every member of an object; Rejected tells all that is wrong."""
    draft = Draft()
    keys = {key.key for key in owner.resource.identity.keys} & data.keys()
    try:
        owner.key(data, draft)
    except Rejected as rejected:
        draft.problems.extend(rejected.problems)
    for name, value in data.items():
        if name not in keys:
            try:
                _bind_member(owner, name, value, draft)
            except Rejected as rejected:
                draft.problems.extend(rejected.problems)
    if draft.problems:
        raise Rejected(*draft.problems)
    return draft


def _bind_member(owner: Fields, name: str, value: Any, draft: Draft) -> None:
    source = Source(pointer=f"{owner.pointer}/{escape(name)}")
    relationship = relationships_of(owner.resource).get(name)
    if relationship is None:
        draft.assignments.append(owner.assignment(name, value, source))
    else:
        _bind_relation(owner, relationship, value, source, draft)


def _bind_relation(owner: Fields, relationship: Relationship, value: Any, source: Source, draft: Draft) -> None:
    """Bind the value of one relation, and add what it asks for to `draft`; Rejected."""
    changes = isinstance(value, dict) and bool(value) and value.keys() <= CHANGES
    if not _is_permitted(owner, relationship, value.keys() if relationship.is_many and changes else ()):
        raise reject("not-writable", f"the relation {quote(relationship.name)} cannot be changed", source)
    if relationship.is_many and changes:
        if owner.is_creating:
            raise reject("malformed-document", f"{quote(relationship.name)} of a new object takes a list", source)
        draft.changes.append(_change(relationship, value, source))
        return
    if not relationship.is_many and changes:
        value = _added_one(relationship, value, source)
    draft.links.append(_link(relationship, value, source))


def _is_permitted(owner: Fields, relationship: Relationship, changes: Collection[str]) -> bool:
    """Tell whether a relation may be given, or its members may come and go as `changes` says."""
    access = relationship.access
    if owner.is_creating:
        return access.create
    if not changes:
        return access.replace
    return (access.add or "add" not in changes) and (access.remove or "remove" not in changes)


def _added_one(relationship: Relationship, value: dict[str, Any], source: Source) -> Any:
    """Read `{"add": {...}}` of a to-one relation, which sets it (contract 2.8)."""
    if "remove" in value:
        detail = f"{quote(relationship.name)} is to-one; set it, or clear it with null"
        raise reject("malformed-document", detail, source)
    added = value["add"]
    return added[0] if isinstance(added, list) and len(added) == 1 else added


def _link(relationship: Relationship, value: Any, source: Source) -> Link:
    if relationship.is_many:
        if isinstance(value, dict) and (strange := sorted(value.keys() - CHANGES)):
            detail = f"the relation {quote(relationship.name)} takes a list of objects, or an object of add and remove"
            hint = did_you_mean(strange[0], CHANGES)
            place = _inside(source, strange[0])
            raise reject("malformed-document", f"{detail}; there is no {quote(strange[0])}{hint}", place)
        return Link(relationship, _described(relationship, value, source, "a list of objects"), source)
    if value is None:
        if not relationship.nullable:
            raise reject("missing-value", f"the relation {quote(relationship.name)} cannot be null", source)
        return Link(relationship, (), source)
    if not isinstance(value, dict):
        detail = f"the relation {quote(relationship.name)} takes an object or null, not {shown(value)}"
        raise reject("malformed-document", detail, source)
    return Link(relationship, (described(relationship.target, value, source),), source)


def _described(relationship: Relationship, value: Any, source: Source, expected: str) -> tuple[Target | Nested, ...]:
    _check_list(relationship, value, source, expected)
    found: list[Target | Nested] = []
    for number, one in enumerate(value):
        place = Source(pointer=f"{source.pointer}/{number}")
        if not isinstance(one, dict):
            detail = f"a member of {quote(relationship.name)} is an object, not {shown(one)}"
            raise reject("malformed-document", detail, place)
        member = described(relationship.target, one, place)
        if not (isinstance(member, Target) and member in found):
            found.append(member)
    return tuple(found)


def _check_list(relationship: Relationship, value: Any, source: Source, expected: str) -> None:
    if not isinstance(value, list):
        detail = f"the relation {quote(relationship.name)} takes {expected}, not {shown(value)}"
        raise reject("malformed-document", detail, source)
    limit = relationship.registry.limits.members
    if len(value) > limit:
        raise reject("limit-exceeded", f"a relation is given at most {limit} members at once", source)


def described(resource: Resource, value: dict[str, Any], source: Source) -> Target | Nested:
    """Bind one related object: the row that its primary key names, or else a new one."""
    id_ = named_id(resource, value, source)
    rest = {name: one for name, one in value.items() if id_ is None or name not in _key_names(resource)}
    creates = resource.options.allow_client_generated_ids and "POST" in resource.options.methods
    if id_ is not None and not rest and not creates:
        return Target(resource, id_, source=source)
    draft = bind(Fields(resource, source.pointer or "", id_), rest)
    links, assignments = tuple(draft.links), tuple(draft.assignments)
    if draft.changes:
        place = draft.changes[0].source
        raise reject("malformed-document", "a relation inside a related object takes a list, or an object", place)
    must_exist = id_ is not None and not resource.options.allow_client_generated_ids
    return Nested(resource, draft.id if id_ is None else id_, assignments, links, source, must_exist)


def _key_names(resource: Resource) -> frozenset[str]:
    return frozenset(key.key for key in resource.identity.keys)


def named_id(resource: Resource, value: dict[str, Any], source: Source) -> Id | None:
    """Read the whole primary key of a related object, where it is given and clients can see it."""
    keys = resource.identity.keys
    if not all(value.get(key.key) is not None and key.key in resource.attributes for key in keys):
        return None
    return tuple(value_of(key, value[key.key], _inside(source, key.key)) for key in keys)


def _inside(source: Source, name: str) -> Source:
    return Source(pointer=f"{source.pointer}/{escape(name)}")


# ---------------------------------------------------------------- adding and removing


def _change(relationship: Relationship, value: dict[str, Any], source: Source) -> Change:
    """Bind `{"add": ..., "remove": ...}`; one object is as good as a list of one."""
    added = _as_list(value.get("add", []))
    expected = "lists of objects to add and to remove"
    leaving, deleted = _leaving(relationship, _as_list(value.get("remove", [])), _inside(source, "remove"), expected)
    coming = _described(relationship, added, _inside(source, "add"), expected)
    return Change(relationship, coming, leaving, deleted, source, members_only=True)


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


Leaving = tuple[Target | Matching, ...]


def _leaving(relationship: Relationship, value: Any, source: Source, expected: str) -> tuple[Leaving, Leaving]:
    """Give the members to take out, and those to delete as well."""
    _check_list(relationship, value, source, expected)
    removed: list[Target | Matching] = []
    deleted: list[Target | Matching] = []
    for number, one in enumerate(value):
        place = Source(pointer=f"{source.pointer}/{number}")
        if not isinstance(one, dict):
            detail = f"a member of {quote(relationship.name)} is an object, not {shown(one)}"
            raise reject("malformed-document", detail, place)
        rest = {name: member for name, member in one.items() if name != DELETE}
        (deleted if one.get(DELETE) is True else removed).append(_member(relationship.target, rest, place))
    return tuple(removed), tuple(deleted)


def _member(resource: Resource, value: dict[str, Any], source: Source) -> Target | Matching:
    """Bind a member that is there: by its primary key, else by the values of its fields."""
    id_ = named_id(resource, value, source)
    if id_ is not None:
        return Target(resource, id_, source=source)
    if not value:
        raise reject("malformed-document", "an object to remove has a primary key, or other fields", source)
    return Matching(resource, And(tuple(_equal(resource, *pair, source) for pair in value.items())), source)


def _equal(resource: Resource, name: str, value: Any, source: Source) -> Comparison:
    place = _inside(source, name)
    found = find_attribute(resource, name)
    if found is None:
        raise unknown_field(resource, name, place)
    if not (found.sql and found.access.filter) or not found.codec.comparable:
        raise reject("malformed-document", f"objects cannot be found by {quote(name)}", place)
    if value is None:
        return Comparison(found, OPERATORS["is_null"])
    try:
        return Comparison(found, OPERATORS["eq"], accepted(found.codec, value))
    except Unfit as unfit:
        detail = f"the field {quote(name)} takes {unfit.expected}, not {shown(value)}"
        raise reject(unfit.code, detail, place) from None
