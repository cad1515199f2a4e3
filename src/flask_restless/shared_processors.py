"""Processors of a manager and of its APIs: which names they may have, and in which order they are called."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .schema.classic_options import PROCESSOR_ALIASES as CLASSIC_ALIASES
from .schema.classic_options import PROCESSORS as CLASSIC_NAMES
from .schema.kinds import processors
from .schema.options import POSTPROCESSORS, PREPROCESSORS, IllegalArgumentError, Options, check_names

CLASSIC = CLASSIC_NAMES | CLASSIC_ALIASES.keys()
PROCESSORS: Mapping[str, Mapping[str, frozenset[str]]] = {
    "classic": {"preprocessors": CLASSIC, "postprocessors": CLASSIC},
    "jsonapi": {"preprocessors": PREPROCESSORS, "postprocessors": POSTPROCESSORS},
}
"""Protocol -> the names that its processors may have."""

Processors = Mapping[str, Iterable[Callable[..., Any]] | Callable[..., Any]]


def joined_processors(one: Processors, other: Processors | None) -> Processors:
    """Put processors behind others of the same name; IllegalArgumentError."""
    if other is not None and not isinstance(other, Mapping):
        raise IllegalArgumentError(
            f"pre- and postprocessors are a dict of names and lists of functions, not {other!r}; "
            "the order of APIManager's arguments has changed, so give them by keyword"
        )
    first, second = processors("processors", one), processors("processors", other)
    return {name: (*first.get(name, ()), *second.get(name, ())) for name in {**first, **second}}


def merged_processors(model: type, name: str, shared: Processors, options: Options, protocol: str) -> Mapping[str, Any]:
    """Put the manager's processors before the API's own, name by name; those of the other protocol are left out."""
    known = PROCESSORS[protocol][name]
    check_names(f"APIManager: {name}", shared, frozenset().union(*(one[name] for one in PROCESSORS.values())))
    check_names(f"create_api({model.__name__}): {name}", getattr(options, name), known)
    ours = {key: functions for key, functions in shared.items() if key.upper() in known}
    merged = dict(Options.checked(model, {name: ours}).__getattribute__(name))
    for key, functions in getattr(options, name).items():
        merged[key] = merged.get(key, ()) + functions
    return merged
