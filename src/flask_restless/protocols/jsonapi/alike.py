"""Batches of like adds, read as rows: the bulk of what batches are for.

Only what is right in every detail is read here; whatever is not, or is special, is left to the close reading of
`atomic`, which says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...operations.alike import Alike
from ...operations.json_text import UNREAD, read_plainly
from ...operations.operation import Create, Id
from ...schema.resource import Attribute, Relationship, Resource
from ...schema.types import Unfit
from ..base import Call
from .results import ResultSelections
from .single import is_watched

MEMBER = "atomic:operations"
SCALARS = frozenset({"string", "integer", "number", "boolean"})
"""JSON types of values in which nothing can be nested."""

Reader = Callable[[Any], object]


class Unlike(Exception):
    """An operation is not like the first one."""


def read_alike(
    call: Call, selections: ResultSelections, make: Callable[[list[Any]], Callable[[int], Create]]
) -> Alike | None:
    """Read a body that holds like adds and nothing else; None for all others.

    `make` gives, for the list of operations, what reads the one of a number closely.
    """
    document = read_plainly(call.body)
    if document is UNREAD or not isinstance(document, dict) or document.keys() != {MEMBER}:
        return None
    given = document[MEMBER]
    if not isinstance(given, list) or not 1 < len(given) <= call.resource.registry.limits.operations:
        return None
    try:
        shape = _Shape(call, given[0])
        rows = [shape.row(one) for one in given]
    except (Unlike, Unfit, LookupError, TypeError, AttributeError):
        return None
    chosen = selections.of(shape.resource)
    return Alike(shape.resource, shape.attributes, shape.relationships, rows, chosen, make(given))


class _Shape:
    """What all operations have to look like: those of the first one's fields may be given, and all of them must."""

    def __init__(self, call: Call, first: Any) -> None:
        data = first["data"]
        self._type = data["type"]
        self._members = data.keys()
        if not isinstance(self._type, str) or not self._members <= {"type", "attributes", "relationships"}:
            raise Unlike
        resource = call.resource.registry.of_type(self._type, call.resource.url_prefix)
        if resource is None or not _is_open(resource):
            raise Unlike
        self.resource = resource
        attributes, relationships = data.get("attributes", {}), data.get("relationships", {})
        keys = {one.key for one in resource.identity.keys}
        self.attributes = [_settable(resource.attributes[name], keys) for name in attributes]
        self.relationships = [_to_one(resource.relationships[name]) for name in relationships]
        self._readers = [(one.name, _reader(one)) for one in self.attributes]
        self._linkages = [(one.name, _identifier(one)) for one in self.relationships]
        self._attributes, self._relationships = attributes.keys(), relationships.keys()

    def row(self, operation: Any) -> list[object]:
        """Bind one operation; whatever it raises, it has to be read closely."""
        data = operation["data"]
        if len(operation) != 2 or operation["op"] != "add" or data["type"] != self._type:
            raise Unlike
        if data.keys() != self._members:
            raise Unlike
        values: list[object] = []
        if self._readers:
            given = data["attributes"]
            if given.keys() != self._attributes:
                raise Unlike
            values += [read(given[name]) for name, read in self._readers]
        if self._linkages:
            given = data["relationships"]
            if given.keys() != self._relationships:
                raise Unlike
            values += [read(given[name]) for name, read in self._linkages]
        return values


def _is_open(resource: Resource) -> bool:
    """Whether adds are allowed, and nobody but us has a part in reading them."""
    options = resource.options
    if "POST" not in options.methods or resource.registry.is_guarded or options.deserializer is not None:
        return False
    return not (is_watched(resource, "collection", "POST") or options.postprocessors)


def _settable(attribute: Attribute, keys: set[str]) -> Attribute:
    """Give an attribute that takes plain values, and is no part of the id: not every text can be that."""
    if attribute.key not in keys and attribute.access.create and attribute.codec.json_schema.get("type") in SCALARS:
        return attribute
    raise Unlike


def _to_one(relationship: Relationship) -> Relationship:
    if relationship.is_many or not (relationship.access.read and relationship.access.create):
        raise Unlike
    return relationship


def _reader(attribute: Attribute) -> Reader:
    decode = attribute.codec.decode
    if not attribute.nullable:
        return decode
    return lambda value: None if value is None else decode(value)


def _identifier(relationship: Relationship) -> Reader:
    """Give what binds linkage: an id is read once, however many operations refer to it."""
    target = relationship.target
    parse, type_, known = target.identity.parse, target.name, dict[str, Id]()

    def read(value: Any) -> Id:
        data = value["data"]
        if len(value) != 1 or len(data) != 2 or data["type"] != type_:
            raise Unlike
        text = data["id"]
        found = known.get(text)
        if found is None:
            if not isinstance(text, str):
                raise Unlike
            found = known[text] = parse(text)
        return found

    return read
