"""Rows that are inserted without instances: where nothing of the application's could tell the difference.

The unit of work makes an instance for each row; for hundreds of like rows that is most of the cost.  Whatever watches
instances, attributes or flushes keeps the long way: constructors, validators, listeners, versions, inheritance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Mapper, Session

from ...operations.operation import Create, Id, Link, Target
from ...operations.problems import Rejected, problem
from ...schema.resource import Attribute, Relationship, Resource
from ..planning.where import column

SESSION_EVENTS = (
    "before_flush",
    "after_flush",
    "after_flush_postexec",
    "before_attach",
    "after_attach",
    "transient_to_pending",
    "pending_to_persistent",
    "do_orm_execute",
)
MAPPER_EVENTS = ("before_insert", "after_insert")


@dataclass(frozen=True, slots=True)
class Draft:
    """A create, with the values of foreign keys in place of the links to `targets`; `links` are those that remain."""

    operation: Create
    keys: Mapping[str, object]
    targets: Sequence[Target]
    links: Sequence[Link]


def takes_rows(resource: Resource, drafts: Sequence[Draft], session: Session) -> bool:
    """Tell whether creates may be inserted as rows: all of them name the same attributes, and nobody watches."""
    if not _is_plain(resource.mapper) or any(getattr(session.dispatch, name) for name in SESSION_EVENTS):
        return False
    if any(one.links or one.operation.make is not None or one.operation.lid is not None for one in drafts):
        return False
    return len({_names(one) for one in drafts}) == 1


def _names(draft: Draft) -> tuple[object, ...]:
    operation = draft.operation
    return (operation.id is None, *draft.keys, *[one.attribute.key for one in operation.assignments])


def _is_plain(mapper: Mapper[Any]) -> bool:
    """Tell whether nothing of a mapping acts when an instance is made, changed or stored."""
    manager = mapper.class_manager
    if mapper.inherits is not None or mapper.polymorphic_on is not None or mapper.version_id_col is not None:
        return False
    constructor = mapper.class_.__init__
    if getattr(constructor, "_sa_original_init", constructor) is not mapper.registry.constructor:
        return False
    if mapper.validators or any(getattr(mapper.dispatch, name) for name in MAPPER_EVENTS):
        return False
    if len(list(manager.dispatch.init)) > 1:  # the mapper's own listener is always there
        return False
    return all(
        not manager[prop.key].impl.dispatch.set and not prop.columns[0].type.should_evaluate_none
        for prop in mapper.column_attrs
    )


def insert_rows(resource: Resource, drafts: Sequence[Draft], session: Session) -> list[Id]:
    """Insert rows, and give their ids in the same order; Rejected (`missing-value`) names what a row lacks."""
    session.flush()
    rows = [_row(one) for one in drafts]
    _check_required(resource, drafts, rows)
    model: Any = resource.model
    keys = [column(model, key) for key in resource.identity.keys]
    statement = insert(model).returning(*keys, sort_by_parameter_order=True)
    return [tuple(row) for row in session.execute(statement, rows)]


def _row(draft: Draft) -> dict[str, object]:
    operation = draft.operation
    row = {one.attribute.key: one.value for one in operation.assignments}
    row.update(draft.keys)
    if operation.id is not None:
        row.update(zip((key.key for key in operation.resource.identity.keys), operation.id, strict=True))
    return row


def _check_required(resource: Resource, drafts: Sequence[Draft], rows: Sequence[Mapping[str, object]]) -> None:
    """Name every value that is missing, before the database names the first one."""
    needed = {one.key: f'the attribute "{one.name}" must have a value' for one in _required_attributes(resource)}
    for relationship in _required_relationships(resource):
        for key in relationship.local_keys or (relationship.key,):
            needed[key] = f'the relationship "{relationship.name}" must refer to a resource'
    missing = [
        problem("missing-value", detail, draft.operation.source)
        for draft, row in zip(drafts, rows, strict=True)
        for key, detail in needed.items()
        if row.get(key) is None
    ]
    if missing:
        raise Rejected(*missing)


def _required_attributes(resource: Resource) -> list[Attribute]:
    return [one for one in resource.attributes.values() if one.required]


def _required_relationships(resource: Resource) -> list[Relationship]:
    return [one for one in resource.relationships.values() if not (one.is_many or one.nullable or one.has_default)]
