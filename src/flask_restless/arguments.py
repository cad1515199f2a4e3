"""What `APIManager` takes: arguments, and APIs, are checked where they are given, not by the first request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from sqlalchemy.types import TypeEngine

from .schema import kinds
from .schema.hooks import Hooks
from .schema.limits import Limits
from .schema.names import IllegalArgumentError
from .schema.resource import Resource
from .schema.types import Codec

STORE = ("caller", "reserve", "keep", "release")
"""What `IdempotencyStore` demands."""


def check_arguments(given: Mapping[str, Any]) -> None:
    """Refuse arguments of a kind that they cannot have, by their names; IllegalArgumentError."""
    for name, value in given.items():
        _CHECKS[name](name, value)


def check_place(resource: Resource, others: Iterable[Resource], *, takes_batches: bool) -> None:
    """Refuse a URL at which another protocol, or the batches of this one, are served already; IllegalArgumentError."""
    model = resource.model.__name__
    for other in others:
        if other.path == resource.path and other.registry is not resource.registry:
            raise IllegalArgumentError(
                f"{other.path} is served in another protocol already; give one of the two APIs of "
                f"{model} another collection_name or url_prefix"
            )
    if takes_batches and resource.name == "operations" and "POST" in resource.options.methods:
        raise IllegalArgumentError(
            f"several writes at once are sent to {resource.path}; give the API of {model} another "
            "collection_name, or APIManager(atomic=False)"
        )


def _limits(name: str, value: Any) -> None:
    if value is not None:
        kinds.instance(Limits, "Limits(include_depth=5)", name, value)


def _types(name: str, value: Any) -> None:
    for key, codec in _pairs(name, value, "{MyType: Codec(...)}"):
        if not (isinstance(key, type) and issubclass(key, TypeEngine) and isinstance(codec, Codec)):
            raise IllegalArgumentError(
                f"{name} maps {key!r} to {codec!r}; it maps classes of SQLAlchemy types to Codec values"
            )


def _operators(name: str, value: Any) -> None:
    for key, function in _pairs(name, value, "{'near': function}"):
        if not (isinstance(key, str) and callable(function)):
            raise IllegalArgumentError(f"{name} maps {key!r} to {function!r}; it maps names to functions")


def _pairs(name: str, value: Any, example: str) -> Any:
    if not isinstance(value, Mapping | None):
        raise IllegalArgumentError(f"{name} is {value!r}; it is a dict, such as {example}")
    return (value or {}).items()


def _secret(name: str, value: Any) -> None:
    if not isinstance(value, str | bytes | None):
        raise IllegalArgumentError(f"{name} is {value!r}; it is a text or bytes")


def _store(name: str, value: Any) -> None:
    if value is not None and any(not hasattr(value, one) for one in STORE):
        raise IllegalArgumentError(
            f"{name} is {value!r}; it is an IdempotencyTable(metadata), or an object with {', '.join(STORE)}"
        )


def _plans(name: str, value: Any) -> None:
    if type(value) is not int or value < 1:
        raise IllegalArgumentError(f"{name} is {value!r}; it is a number of plans, at least 1")


_CHECKS: Mapping[str, kinds.Convert] = MappingProxyType(
    {
        "atomic": kinds.flag,
        "cursor_secret": _secret,
        "earlier_parameters": kinds.flag,
        "hooks": partial(kinds.instance, Hooks, "Hooks(before=check)"),
        "idempotency": _store,
        "include_links": kinds.flag,
        "limits": _limits,
        "operators": _operators,
        "plan_cache_size": _plans,
        "types": _types,
        "url_prefix": lambda name, value: value is None or kinds.prefix(name, value),
    }
)
