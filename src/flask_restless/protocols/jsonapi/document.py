"""Request documents to bound writes (J-3, J-5): every problem of a document is found, each at its pointer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ...operations.binding import assignments, escape, find_attribute, identify, relationships_of, shown
from ...operations.json_text import read_json
from ...operations.operation import Assignment, Id, Link, Target
from ...operations.problems import Problem, Rejected, Source, did_you_mean, problem, quote, reject
from ...schema.codec import encode_value
from ...schema.resource import Relationship, Resource
from ...schema.types import Unfit

JsonObject = dict[str, Any]

UNADDRESSABLE = frozenset({"", ".", ".."})
"""Ids that no URL can end with: clients take such segments out of a path (RFC 3986, 5.2.4)."""


def read_document(body: bytes, resource: Resource) -> JsonObject:
    """Read the body of a request; its root must be an object."""
    limits = resource.registry.limits
    document = read_json(body, depth=limits.json_depth, source=Source(pointer=""), members=limits.members)
    if not isinstance(document, dict):
        raise reject("malformed-document", f"the document is an object, not {shown(document)}", Source(pointer=""))
    return document


def primary_data(document: JsonObject) -> Any:
    """Give the primary data; Rejected (`missing-member`) where there are none: that never means null (J-5.3.1)."""
    if "data" not in document:
        raise reject("missing-member", 'the document has no member "data"', Source(pointer=""))
    return document["data"]


@dataclass(slots=True)
class Draft:
    """A resource object of a request, as far as it could be bound; `problems` tells what could not."""

    id: Id | None = None
    lid: str | None = None
    assignments: tuple[Assignment, ...] = ()
    links: list[Link] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def resource_object(resource: Resource, data: Any, *, updating: str | None = None, pointer: str = "/data") -> Draft:
    """Bind one resource object, to be created or, with the id of the URL as `updating`, to be changed."""
    if not isinstance(data, dict):
        raise reject("malformed-document", f'"data" is one resource object, not {shown(data)}', Source(pointer=pointer))
    draft = Draft()
    _check_type(resource, data, pointer, updating is not None)
    if updating is None:
        _client_id(resource, data, pointer, draft)
        draft.lid = _local_id(data, pointer)
    else:
        _check_id(resource, data, updating, pointer)
    creating = updating is None
    given = _member_object(data, "attributes", pointer, draft)
    draft.assignments = assignments(resource, given, f"{pointer}/attributes", draft.problems, creating=creating)
    if creating:
        draft.problems += _unaddressable(resource, draft.assignments)
    for name, value in _member_object(data, "relationships", pointer, draft).items():
        if not name.startswith("@"):
            _link(resource, name, value, f"{pointer}/relationships/{escape(name)}", draft, creating)
    if draft.problems:
        raise Rejected(*draft.problems)
    return draft


def _check_type(resource: Resource, data: JsonObject, pointer: str, updating: bool) -> None:
    """Check the type (J-5.1.2, J-5.1.15, J-5.2.17); a resource to be changed may be of a subtype, and say so."""
    if "type" not in data:
        raise reject("missing-member", 'the resource object has no member "type"', Source(pointer=pointer))
    found = data["type"]
    source = Source(pointer=f"{pointer}/type")
    if not isinstance(found, str):
        raise reject("malformed-document", f'"type" is a string, not {shown(found)}', source)
    if found != resource.name and not (updating and found in {one.name for one in resource.subtypes}):
        raise reject("wrong-type", f"resources here are of type {quote(resource.name)}, not {quote(found)}", source)


def subtype_of(resource: Resource, data: Any) -> Resource | None:
    """Give the subtype that a document for a resource says it is of, if it does."""
    name = data.get("type") if isinstance(data, dict) else None
    return next((one for one in resource.subtypes if one.name == name), None)


def _check_id(resource: Resource, data: JsonObject, expected: str, pointer: str) -> None:
    if "id" not in data:
        raise reject("missing-member", 'the resource object has no member "id"', Source(pointer=pointer))
    found = data["id"]
    source = Source(pointer=f"{pointer}/id")
    if not isinstance(found, str):
        raise reject("malformed-document", f'"id" is a string, not {shown(found)}', source)
    if found != expected:
        detail = f"the resource to be changed is {quote(expected)}, the document names {quote(found)}"
        raise reject("wrong-id", detail, source)


def _client_id(resource: Resource, data: JsonObject, pointer: str, draft: Draft) -> None:
    """Take the id that the client chose, where it may choose one (J-5.1.4, J-5.1.5)."""
    if "id" not in data:
        return
    found, source = data["id"], Source(pointer=f"{pointer}/id")
    if not isinstance(found, str):
        raise reject("malformed-document", f'"id" is a string, not {shown(found)}', source)
    if not resource.options.allow_client_generated_ids:
        raise reject("client-id-forbidden", f"the server makes the ids of {resource.name}; leave the id out", source)
    try:
        if found in UNADDRESSABLE:
            raise Unfit("a text that a URL can end with")
        values = resource.identity.parse(found)
        for key, value in zip(resource.identity.keys, values, strict=True):
            key.codec.decode(encode_value(value if key.codec.encode is None else key.codec.encode(value)))
        draft.id = values
    except Unfit as unfit:
        detail = f"an id of {resource.name} is {unfit.expected}, not {quote(found)}"
        draft.problems.append(problem(unfit.code, detail, source))


def _unaddressable(resource: Resource, given: Iterable[Assignment]) -> Iterator[Problem]:
    """Find the key that is given as an attribute and makes an id that no URL can end with."""
    names = [key.key for key in resource.identity.keys]
    for one in given:
        if names == [one.attribute.key] and isinstance(one.value, str) and one.value in UNADDRESSABLE:
            detail = f"{quote(one.value)} cannot be the id of {resource.name}: no URL can end with it"
            yield problem("invalid-value", detail, one.source)


def _local_id(data: JsonObject, pointer: str) -> str | None:
    """Take the name that the client gives to a resource inside the request alone (J-3.2.8)."""
    found = data.get("lid")
    if "lid" in data and not isinstance(found, str):
        raise reject("malformed-document", f'"lid" is a string, not {shown(found)}', Source(pointer=f"{pointer}/lid"))
    return found


def _member_object(data: JsonObject, name: str, pointer: str, draft: Draft) -> JsonObject:
    value = data.get(name, {})
    if not isinstance(value, dict):
        source = Source(pointer=f"{pointer}/{name}")
        draft.problems.append(problem("malformed-document", f'"{name}" is an object, not {shown(value)}', source))
        return {}
    return value


def _link(resource: Resource, name: str, value: Any, pointer: str, draft: Draft, creating: bool) -> None:
    try:
        draft.links.append(_bound_link(resource, name, value, pointer, creating))
    except Rejected as rejected:
        draft.problems.extend(rejected.problems)


def _bound_link(resource: Resource, name: str, value: Any, pointer: str, creating: bool) -> Link:
    source = Source(pointer=pointer)
    known = relationships_of(resource)
    relationship = known.get(name)
    if relationship is None:
        hint = did_you_mean(name, known)
        if find_attribute(resource, name) is not None:
            hint = f"; {quote(name)} is an attribute, give it under attributes"
        raise reject("unknown-relationship", f"{resource.name} has no relationship {quote(name)}{hint}", source)
    if not isinstance(value, dict):
        raise reject("malformed-document", f"a relationship is an object, not {shown(value)}", source)
    if "data" not in value:
        raise reject("missing-member", f'the relationship {quote(name)} has no member "data"', source)
    _check_writable(relationship, source, creating)
    return Link(
        relationship, linkage(relationship, value["data"], f"{pointer}/data"), Source(pointer=f"{pointer}/data")
    )


def _check_writable(relationship: Relationship, source: Source, creating: bool) -> None:
    access = relationship.access
    if not (access.create if creating else access.replace):
        if relationship.writable and relationship.is_many and not creating:
            detail = f"the to-many relationship {quote(relationship.name)} cannot be replaced; add and remove members"
            raise reject("replacement-forbidden", detail, source)
        raise reject("not-writable", f"the relationship {quote(relationship.name)} cannot be changed", source)


def linkage(relationship: Relationship, data: Any, pointer: str) -> tuple[Target, ...]:
    """Bind resource linkage (J-3.4.10, J-5.2.19, J-5.3.3); all that is wrong with its members is told at once."""
    source = Source(pointer=pointer)
    if not relationship.is_many:
        if data is None:
            if not relationship.nullable:
                detail = f"the relationship {quote(relationship.name)} must refer to a resource; it cannot be null"
                raise reject("missing-value", detail, source)
            return ()
        if not isinstance(data, dict):
            detail = (
                f"the to-one relationship {quote(relationship.name)} takes an identifier or null, not {shown(data)}"
            )
            raise reject("malformed-document", detail, source)
        return (identifier(relationship.target, data, pointer),)
    if not isinstance(data, list):
        detail = f"the to-many relationship {quote(relationship.name)} takes a list of identifiers, not {shown(data)}"
        raise reject("malformed-document", detail, source)
    limit = relationship.registry.limits.members
    if len(data) > limit:
        raise reject("limit-exceeded", f"a relationship is given at most {limit} members at once", source)
    targets: list[Target] = []
    problems: list[Problem] = []
    for number, one in enumerate(data):
        try:
            targets.append(identifier(relationship.target, one, f"{pointer}/{number}"))
        except Rejected as rejected:
            problems.extend(rejected.problems)
    if problems:
        raise Rejected(*problems)
    return tuple(dict.fromkeys(targets))


def identifier(resource: Resource, data: Any, pointer: str) -> Target:
    """Bind a resource identifier object (J-3.6); the type may be that of a subtype."""
    source = Source(pointer=pointer)
    if not isinstance(data, dict):
        raise reject("malformed-document", f"an identifier is an object, not {shown(data)}", source)
    lid = _local_id(data, pointer)
    if lid is not None and "id" in data:
        raise reject("invalid-identifier", 'an identifier has either an "id" or a "lid", not both', source)
    for member in ("type", "id") if lid is None else ("type",):
        if member not in data:
            raise reject("invalid-identifier", f'the identifier has no member "{member}"', source)
        if not isinstance(data[member], str):
            detail = f'"{member}" is a string, not {shown(data[member])}'
            raise reject("invalid-identifier", detail, Source(pointer=f"{pointer}/{member}"))
    target: Resource | None = resource
    if data["type"] != resource.name:
        target = next((one for one in resource.subtypes if one.name == data["type"]), None)
    if target is None:
        detail = f"the relationship refers to {quote(resource.name)}, not {quote(data['type'])}"
        raise reject("wrong-type", detail, Source(pointer=f"{pointer}/type"))
    if lid is not None:
        return Target(target, None, lid, source)
    id_ = identify(target, data["id"])
    if id_ is None:
        detail = f"there is no {target.name} with the id {quote(data['id'])}"
        raise reject("related-not-found", detail, source)
    return Target(target, id_, source=source)
