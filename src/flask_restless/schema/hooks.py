"""Hooks: the application's own functions around an operation, as one value for each API or manager."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from .names import IllegalArgumentError

Before = Callable[[Any], Any]
"""(operation) -> the operation to carry out in its place, or None to leave it; what it raises refuses the request."""

After = Callable[[Any, Any], None]
"""(operation, outcome) -> None, after the flush and before the commit; what it raises undoes everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """Functions to call before and after each operation of an API; one, or several in a list.

    >>> Hooks(before=print)
    Hooks(before=(<built-in function print>,), after=())

    .. versionadded:: 2.0
    """

    before: Before | Iterable[Before] = ()
    """Called in order, each with the operation that the one before it left."""
    after: After | Iterable[After] = ()
    """Called in order, with the operation and its outcome."""

    def __post_init__(self) -> None:
        for name in ("before", "after"):
            value = getattr(self, name)
            functions = (value,) if callable(value) else tuple(value) if isinstance(value, Iterable) else (value,)
            for function in functions:
                if not callable(function):
                    raise IllegalArgumentError(f"Hooks({name}=...) takes functions, not {function!r}")
            object.__setattr__(self, name, functions)

    def __bool__(self) -> bool:
        return bool(self.before or self.after)

    def around(self, inner: Hooks) -> Hooks:
        """Put these hooks outside `inner`: first before, last after."""
        return Hooks(before=(*_all(self.before), *_all(inner.before)), after=(*_all(inner.after), *_all(self.after)))


def _all(functions: Any) -> tuple[Any, ...]:
    return tuple(functions)


NO_HOOKS = Hooks()
