"""Request bodies to bound writes (contract 2.7, 2.8): every problem of a body is found, each at its pointer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...operations.binding import escape, shown, unknown_field
from ...operations.json_text import read_json
from ...operations.operation import Assignment, Change, Id, Link
from ...operations.problems import Problem, Rejected, Source, quote, reject
from ...schema.resource import Attribute, Resource
from ...schema.types import Unfit
from ..base import Call
from .values import decoded

JsonObject = dict[str, Any]
BODY = Source(pointer="")
COMPUTED = "Computed field"
"""Title of the problem of a field that is no column and cannot be set: clients knew it by another message."""

CONTENT_TYPE = 'Request must have "Content-Type: application/json" header'


def read_body(call: Call) -> JsonObject:
    """Read the body of a write; null, 0, false and "" are as good as `{}` (contract 2.7).

    The content type is asked of every client: what may be sent without it, any page on the web can send (A-15).
    """
    given = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != "application/json":
        raise reject("unsupported-media-type", CONTENT_TYPE, Source(header="Content-Type"))
    limits = call.resource.registry.limits
    found = read_json(call.body, depth=limits.json_depth, source=BODY, members=limits.members)
    if found in (None, 0, "") and not isinstance(found, list | dict):
        return {}
    if not isinstance(found, dict):
        raise reject("malformed-document", f"the body is an object, not {shown(found)}", BODY)
    return found


@dataclass(slots=True)
class Draft:
    """A body, as far as it could be bound; `problems` tells what could not."""

    id: Id | None = None
    assignments: list[Assignment] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Fields:
    """Binds the members of one object in a body.

    `updating` is the id of the row that is changed, None for a new one; with `many` there is no row in particular.
    What is in `trusted` comes from the application's own processors, which may set what clients may not.
    """

    resource: Resource
    pointer: str = ""
    updating: Id | None = None
    many: bool = False
    trusted: frozenset[str] = frozenset()

    @property
    def is_creating(self) -> bool:
        """Whether the object is a new one."""
        return self.updating is None and not self.many

    def assignment(self, name: str, value: Any, source: Source) -> Assignment:
        """Bind one attribute; Rejected (`unknown-field`, `not-writable`, and the codes of Unfit)."""
        found = self.resource.attributes.get(name)
        if name in self.trusted:
            found = found or self.resource.unlisted(name)
        if found is None:
            raise unknown_field(self.resource, name, source)
        access = found.access
        is_writable = access.create if self.is_creating else access.update
        if name not in self.trusted and not (is_writable and self.resource.is_told(found)):
            is_known = self.resource.is_shown(found)
            raise self._unwritable(found, source) if is_known else unknown_field(self.resource, name, source)
        return Assignment(found, value_of(found, value, source), source)

    def _unwritable(self, found: Attribute, source: Source) -> Rejected:
        """Make the problem (`not-writable`) of a field that clients may not set."""
        column = self.resource.mapper.column_attrs.get(found.key)
        if column is None:
            return reject("not-writable", f"the field {quote(found.name)} is read-only", source, title=COMPUTED)
        if any(key.key == found.key for key in self.resource.identity.keys):
            detail = f"the primary key {quote(found.name)} cannot be {'set' if self.is_creating else 'changed'}"
        elif getattr(column.columns[0], "foreign_keys", None):
            detail = f"the foreign key {quote(found.name)} cannot be set; set the relation instead"
        else:
            detail = f"the field {quote(found.name)} is read-only"
        return reject("not-writable", detail, source)

    def key(self, data: Mapping[str, Any], draft: Draft) -> None:
        """Read the primary key: of a row that is changed it may only be repeated, for a new one it may be chosen."""
        keys = self.resource.identity.keys
        given = [key for key in keys if data.get(key.key) is not None]
        if not given:
            return
        first = Source(pointer=f"{self.pointer}/{escape(given[0].key)}")
        if not all(key.key in self.resource.attributes or key.key in self.trusted for key in given):
            raise unknown_field(self.resource, given[0].key, first)
        if self.many:
            raise self._unwritable(given[0], first)
        if self.updating is not None:
            values = dict(zip((key.key for key in keys), self.updating, strict=True))
            if any(value_of(key, data[key.key], first) != values[key.key] for key in given):
                raise self._unwritable(given[0], first)
            return
        allowed = self.resource.options.allow_client_generated_ids or all(key.key in self.trusted for key in given)
        if not allowed:
            raise self._unwritable(given[0], first)
        if len(given) < len(keys):
            raise reject("missing-value", "a primary key of several columns is given as a whole", first)
        draft.id = tuple(value_of(key, data[key.key], first) for key in keys)


def value_of(found: Attribute, value: Any, source: Source) -> object:
    """Convert a value of a write; Rejected with the code of what does not fit."""
    try:
        result = None if value is None else decoded(found.codec, value)
    except Unfit as unfit:
        detail = f"the field {quote(found.name)} takes {unfit.expected}, not {shown(value)}"
        raise reject(unfit.code, detail, source) from None
    if result is None and not found.nullable:
        raise reject("missing-value", f"the field {quote(found.name)} cannot be null", source)
    return result
