"""What kinds of values the options of `create_api` and `APIManager` take.

Each function takes the name of an option and what was given for it, and gives the value in the form that `Options`
keeps.  What is of another kind raises IllegalArgumentError, which names the option, the value and what it takes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from inspect import getattr_static, isfunction
from types import MappingProxyType
from typing import Any

from .names import IllegalArgumentError, field_names

Convert = Callable[[str, Any], Any]
"""(name of the option, what was given) -> what is kept."""

Functions = tuple[Callable[..., Any], ...]

FUNCTIONS = frozenset({"count", "sum", "avg", "min", "max"})
"""What may be evaluated where `allow_functions` is simply True."""


MAKERS = {"serializer": "serialize(instance, only=None)", "deserializer": "deserialize(document)"}
"""Option -> the method of the object that it takes."""


def same(name: str, value: Any) -> Any:
    """Take anything."""
    return value


def flag(name: str, value: Any) -> bool:
    """Take True or False (or 1 or 0), None for False: a list of names, or the text "no", would else stand for True."""
    if value is None:
        return False
    if not isinstance(value, int) or value not in (0, 1):
        raise IllegalArgumentError(f"{name} is {value!r}; it is True or False")
    return bool(value)


def number(name: str, value: Any) -> int:
    """Take a whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise IllegalArgumentError(f"{name} is {value!r}; it is a whole number")
    return value


def text(name: str, value: Any) -> str | None:
    """Take a text, or None."""
    if value is not None and not isinstance(value, str):
        raise IllegalArgumentError(f"{name} is {value!r}; it is a text")
    return value


def prefix(name: str, value: Any) -> str:
    """Take a path."""
    if not isinstance(value, str) or (value and not value.startswith("/")):
        raise IllegalArgumentError(f"{name} is {value!r}; it is a path such as '/api', or ''")
    if {*value} & {*"<>?#"}:
        raise IllegalArgumentError(f"{name} is {value!r}; it is a path without variables, query and fragment")
    return value.rstrip("/")


def instance(kind: type, example: str, name: str, value: Any) -> Any:
    """Take a value of one class."""
    if not isinstance(value, kind):
        raise IllegalArgumentError(f"{name} is {value!r}; it is a {kind.__name__} value, such as {example}")
    return value


def function(name: str, value: Any) -> Callable[..., Any] | None:
    """Take a function, or None."""
    if value is not None and not callable(value):
        raise IllegalArgumentError(f"{name} is {value!r}; it is a function")
    return value  # type: ignore[no-any-return]  # callable, as was asked


def elements(name: str, value: Any, example: str) -> tuple[Any, ...]:
    """Take a list, or None for an empty one; a text is none."""
    if isinstance(value, str) or not (value is None or isinstance(value, Iterable)):
        raise IllegalArgumentError(f"{name} is {value!r}; it is a list, such as {example}")
    return tuple(value or ())


def names(name: str, value: Any) -> tuple[str, ...]:
    """Take names of fields, as texts or mapped attributes; None for no names."""
    try:
        return () if value is None else field_names(value)
    except IllegalArgumentError as error:
        raise IllegalArgumentError(f"{name}: {error}") from None


def optional_names(name: str, value: Any) -> tuple[str, ...] | None:
    """Take names of fields; None for all."""
    return None if value is None else names(name, value)


def field(name: str, value: Any) -> str | None:
    """Take the name of one field, or its mapped attribute; None for none."""
    return None if value is None else names(name, (value,))[0]


def methods(known: frozenset[str], where: str, name: str, value: Any) -> frozenset[str]:
    """Take HTTP methods among the `known`, in any case."""
    if value is None or isinstance(value, str):
        raise IllegalArgumentError(f"{name} is {value!r}; it is a list of names, such as {[value or 'GET']!r}")
    given = frozenset(str(one).upper() for one in elements(name, value, "['GET', 'POST']"))
    if unknown := given - known:
        raise IllegalArgumentError(
            f"there is no method {sorted(unknown)[0]}{where}; {name} are among {', '.join(sorted(known))}"
        )
    return given


def exports(known: tuple[str, ...], name: str, value: Any) -> tuple[str, ...]:
    """Take names of formats; True for all of them, something false for none."""
    given = known if value is True else elements(name, value or (), f"{[*known]!r}")
    for one in given:
        if one not in known:
            raise IllegalArgumentError(f"there is no export {one!r}; {name} are among {', '.join(known)}")
    return given


def processors(name: str, value: Any) -> Mapping[str, Functions]:
    """Take functions, or lists of them, by the name of a processor."""
    if not (value is None or isinstance(value, Mapping)):
        raise IllegalArgumentError(f"{name} is {value!r}; it is a dict of names and lists of functions")
    merged: dict[str, Functions] = {}
    for key, given in (value or {}).items():
        if not isinstance(key, str):
            raise IllegalArgumentError(f"{name} has the key {key!r}; keys are names of processors")
        found = (given,) if callable(given) else elements(f"{name}[{key!r}]", given, "[check]")
        for one in found:
            if not callable(one):
                raise IllegalArgumentError(f"the processor {one!r} of {key} is not callable")
        merged[key.upper()] = merged.get(key.upper(), ()) + found
    return MappingProxyType(merged)


def exceptions(name: str, value: Any) -> tuple[type[Exception], ...]:
    """Take classes of exceptions, or one."""
    given = (value,) if isinstance(value, type) else elements(name, value, "[ValidationError]")
    for one in given:
        if not (isinstance(one, type) and issubclass(one, Exception)):
            raise IllegalArgumentError(f"{name} holds {one!r}, which is not an exception class")
    return given


def maker(name: str, value: Any) -> Any:
    """Take an object with `serialize`, or `deserialize`, or a function; a class of such objects is none of them."""
    method = name.removesuffix("r")
    if isinstance(value, type) and isfunction(getattr_static(value, method, None)):
        raise IllegalArgumentError(f"{name} is the class {value.__name__}; give an object of it, or {name}_class")
    if value is not None and not hasattr(value, method) and not callable(value):
        raise IllegalArgumentError(f"{name} is {value!r}; it is an object with {MAKERS[name]}, or a function")
    return value


def function_names(name: str, value: Any) -> frozenset[str]:
    """Take names of SQL functions; True for the usual ones, something false for none."""
    if isinstance(value, bool) or value is None:
        return FUNCTIONS if value else frozenset()
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise IllegalArgumentError(f"{name} is {value!r}; it is True or a list of names, such as ['count']")
    found = tuple(value)
    for one in found:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", str(one)):
            raise IllegalArgumentError(f"{name} names {one!r}, which is not the name of an SQL function")
    return frozenset(found)
