"""What the model says against values: its validators, its own exceptions, and the values it cannot be without."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from ...operations.operation import Assignment, Change, Create, Link, Nested, Relate
from ...operations.problems import Problem, Rejected, problem
from ...schema.resource import Relationship, Resource
from .failures import refused, validation_problems
from .moments import as_held

NO_ID = "the id must have a value: nobody but the client makes it"


@contextmanager
def validated(resource: Resource, assignments: tuple[Assignment, ...]) -> Iterator[None]:
    """Turn the application's validation exceptions into problems, one for each field."""
    try:
        yield
    except resource.options.validation_exceptions as error:
        raise Rejected(*validation_problems(error, assignments)) from error


@contextmanager
def watched(resource: Resource, written: Link | Change | Relate | Create | Nested) -> Iterator[None]:
    """Turn what a validator of the model says into a problem: at the relationship, or at the row that is made."""
    try:
        yield
    except resource.options.validation_exceptions:
        raise
    except (ValueError, AssertionError) as error:
        what = (
            "these values" if isinstance(written, Create | Nested) else f'this value of "{written.relationship.name}"'
        )
        detail = str(error) or f"the model refuses {what}"
        raise Rejected(problem("refused-value", detail, written.source)) from error


def assign(instance: Any, assignments: tuple[Assignment, ...], resource: Resource) -> None:
    """Set attributes; what a validator of the model says against a value is told at that value."""
    problems: list[Problem] = []
    for one in assignments:
        try:
            setattr(instance, one.attribute.key, as_held(instance.__dict__.get(one.attribute.key), one.value))
        except resource.options.validation_exceptions as error:
            problems += validation_problems(error, assignments)
        except (ValueError, AssertionError) as error:
            problems.append(refused(error, one))
    if problems:
        raise Rejected(*problems)


def missing_values(
    row: Create | Nested, instance: Any, session: Session, covered: frozenset[str] = frozenset()
) -> list[Problem]:
    """Name every value that is missing, before the database names the first one.

    Listeners that run at the flush may fill values in; where there are any, the database decides.  `covered` are
    attributes that the flush itself fills in.
    """
    resource = row.resource
    if session.dispatch.before_flush or resource.mapper.dispatch.before_insert:
        return []
    missing = [
        problem("missing-value", f'the attribute "{one.name}" must have a value', row.source)
        for one in resource.attributes.values()
        if one.required and one.key not in covered and getattr(instance, one.key) is None
    ]
    missing += [
        problem("missing-value", NO_ID, row.source)
        for one in resource.identity.keys
        if one.required and one.name not in resource.attributes and getattr(instance, one.key) is None
    ]
    missing += [
        problem("missing-value", f'the relationship "{one.name}" must refer to a resource', row.source)
        for one in resource.relationships.values()
        if _is_needed(one) and not covered.issuperset(one.local_keys or ("",)) and _is_unset(instance, one)
    ]
    return missing


def _is_needed(relationship: Relationship) -> bool:
    return not (relationship.is_many or relationship.nullable or relationship.has_default)


def _is_unset(instance: Any, relationship: Relationship) -> bool:
    key = relationship.key
    if key in inspect(instance).dict and getattr(instance, key) is not None:
        return False
    return not relationship.local_keys or any(getattr(instance, one) is None for one in relationship.local_keys)
