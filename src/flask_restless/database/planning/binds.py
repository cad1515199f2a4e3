"""Bind parameters: named in the order in which a walk over the operation meets their values.

The planner takes names from a `Binds`; `parameters.py` walks the same tree in the same order and gives the values,
so that a kept statement can be run with the values of another request.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, ColumnElement, bindparam
from sqlalchemy.types import TypeEngine

from ...schema.resource import Resource
from .scopes import NO_SCOPES, Entity, Scopes


class Binds:
    """Gives out the parameters of one statement, and the conditions of visibility, which bring their own."""

    __slots__ = ("_count", "scopes")

    def __init__(self, scopes: Scopes = NO_SCOPES) -> None:
        self._count = 0
        self.scopes = scopes

    def visible(self, resource: Resource, entity: Entity) -> ColumnElement[bool] | None:
        """Give the condition under which rows of `resource` exist for the caller; None for all of them.

        Whatever selects, counts or tests rows of a resource adds this condition.
        """
        return self.scopes.visible(resource, entity)

    def next(self, type_: TypeEngine[Any] | None = None, *, expanding: bool = False) -> BindParameter[Any]:
        """Make the next parameter."""
        name = f"p{self._count}"
        self._count += 1
        return bindparam(name, type_=type_, expanding=expanding, required=True)
