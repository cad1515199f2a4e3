"""Bind parameters: named in the order in which a walk over the operation meets their values.

The planner takes names from a `Binds`; `parameters.py` walks the same tree in the same order and gives the values,
so that a kept statement can be run with the values of another request.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, bindparam
from sqlalchemy.types import TypeEngine


class Binds:
    """Gives out the parameters of one plan."""

    __slots__ = ("_count",)

    def __init__(self) -> None:
        self._count = 0

    def next(self, type_: TypeEngine[Any] | None = None, *, expanding: bool = False) -> BindParameter[Any]:
        """Make the next parameter."""
        name = f"p{self._count}"
        self._count += 1
        return bindparam(name, type_=type_, expanding=expanding, required=True)
