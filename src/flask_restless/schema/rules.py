"""Rules: which rows exist for a caller, which operations and which fields it may use.

One value for each API.  Nothing here decides how a rule is carried out: fields are narrowed by `narrowing`, rows by
the planner, operations by `permissions`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from . import kinds
from .names import IllegalArgumentError, field_names

Names = Iterable[Any] | Callable[[], Iterable[Any]] | None
"""Field names (or mapped attributes), or a function that gives them for each request; None for all."""

Scope = Callable[[Any], Any]
"""(model or alias) -> SQL condition; None or True for all rows, False for none."""

Authorize = Callable[..., Any]
"""(action) or (action, operation) -> something true, or None, to allow; something false to refuse; or it raises."""


@dataclass(frozen=True, slots=True)
class Permitted:
    """The names that each field rule lets pass; None for all of them."""

    readable: frozenset[str] | None = None
    creatable: frozenset[str] | None = None
    updatable: frozenset[str] | None = None
    filterable: frozenset[str] | None = None
    sortable: frozenset[str] | None = None
    includable: frozenset[str] | None = None
    addable: frozenset[str] | None = None
    removable: frozenset[str] | None = None
    replaceable: frozenset[str] | None = None

    def allows(self, rule: str, name: str) -> bool:
        """Tell whether `rule` lets the field of that name pass."""
        names: frozenset[str] | None = getattr(self, rule)
        return names is None or name in names


FIELD_RULES = tuple(one.name for one in fields(Permitted))
EVERYTHING = Permitted()


@dataclass(frozen=True, kw_only=True, eq=False)
class Rules:
    """What callers of one API may see and do.

    Every rule may look at the current Flask request.  Field rules only ever take away: they cannot make a primary key
    writable or a hidden field readable.

    >>> Rules(readable=["title"])
    Rules(readable=frozenset({'title'}))

    .. versionadded:: 2.0
    """

    scope: Scope | None = None
    """Gives, for the model or an alias of it, the SQL condition of the rows that exist for the caller."""
    authorize: Authorize | None = None
    """Called with the action (`read`, `create`, `update`, `delete`, `relate`) and, if it takes two arguments, the
    operation, before any statement runs; False is answered with 403."""
    readable: Names = None
    """Fields that are sent, and may be named at all."""
    creatable: Names = None
    """Fields that may be given when a resource is created."""
    updatable: Names = None
    """Fields that may be changed; for a relationship, by any kind of change."""
    filterable: Names = None
    """Fields that filters may name."""
    sortable: Names = None
    """Attributes that sorts may name, and relationships that their paths may cross."""
    includable: Names = None
    """Relationships that may be read through: linkage, related resources, `include`, and paths of filters and sorts."""
    addable: Names = None
    """To-many relationships that members may be added to."""
    removable: Names = None
    """To-many relationships that members may be taken from."""
    replaceable: Names = None
    """Relationships that may be set as a whole."""

    def __repr__(self) -> str:
        given = [f"{one.name}={value!r}" for one in fields(self) if (value := getattr(self, one.name)) is not None]
        return f"Rules({', '.join(given)})"

    def __post_init__(self) -> None:
        for name in ("scope", "authorize"):
            value = getattr(self, name)
            if value is not None and not callable(value):
                raise IllegalArgumentError(f"Rules({name}=...) takes a function, not {value!r}")
        for name in FIELD_RULES:
            value = getattr(self, name)
            if value is not None and not callable(value):
                object.__setattr__(self, name, frozenset(kinds.names(f"Rules({name}=...)", value)))

    @cached_property
    def static(self) -> Permitted:
        """The field rules that are the same for every request."""
        return Permitted(**{name: _static(getattr(self, name)) for name in FIELD_RULES})

    @cached_property
    def is_dynamic(self) -> bool:
        """Whether a field rule has to be asked at each request."""
        return any(callable(getattr(self, name)) for name in FIELD_RULES)

    def permitted(self) -> Permitted:
        """Ask the field rules that depend on the request."""
        if not self.is_dynamic:
            return EVERYTHING
        return Permitted(**{name: _asked(getattr(self, name)) for name in FIELD_RULES})

    @cached_property
    def _takes_operation(self) -> bool:
        assert self.authorize is not None
        try:
            inspect.signature(self.authorize).bind("read", None)
        except TypeError:
            return False
        return True

    def allow(self, action: str, operation: Any) -> bool:
        """Ask `authorize`; whatever it raises is the answer."""
        if self.authorize is None:
            return True
        given = (action, operation) if self._takes_operation else (action,)
        answer = self.authorize(*given)
        return answer is None or bool(answer)


def _static(value: Any) -> frozenset[str] | None:
    return None if value is None or callable(value) else value


def _asked(value: Any) -> frozenset[str] | None:
    if not callable(value):
        return None
    names = value()
    return None if names is None else frozenset(field_names(names))


NO_RULES = Rules()
