"""What is said of processors without running them: their keys, the arguments that they need, what they return."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..protocols.calling import EARLIER_NAMES
from ..schema.classic_options import PROCESSOR_ALIASES
from ..shared_processors import PROCESSORS

LISTING = ("filters", "sort", "group_by", "single")

BEFORE: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "jsonapi": {
        "GET_COLLECTION": LISTING,
        "GET_RESOURCE": ("resource_id",),
        "GET_RELATION": ("resource_id", "relation_name", *LISTING),
        "GET_RELATED_RESOURCE": ("resource_id", "relation_name", "related_resource_id"),
        "POST_RESOURCE": ("data",),
        "PATCH_RESOURCE": ("resource_id", "data"),
        "DELETE_RESOURCE": ("resource_id",),
        "GET_RELATIONSHIP": ("resource_id", "relation_name"),
        "POST_RELATIONSHIP": ("resource_id", "relation_name", "data"),
        "PATCH_RELATIONSHIP": ("resource_id", "relation_name", "data"),
        "DELETE_RELATIONSHIP": ("resource_id", "relation_name"),
    },
    "classic": {
        "GET_SINGLE": ("instance_id",),
        "GET_MANY": ("search_params",),
        "PATCH_SINGLE": ("instance_id", "data"),
        "PATCH_MANY": ("search_params", "data"),
        "POST": ("data",),
        "DELETE_SINGLE": ("instance_id", "relation_name", "relation_instance_id"),
        "DELETE_MANY": ("search_params",),
    },
}
"""Protocol -> key -> the arguments of a preprocessor."""

AFTER: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "jsonapi": {
        **dict.fromkeys(("GET_COLLECTION", "GET_TO_MANY_RELATION", "GET_TO_MANY_RELATIONSHIP"), ("result", *LISTING)),
        **dict.fromkeys(("GET_RESOURCE", "GET_TO_ONE_RELATION", "GET_RELATED_RESOURCE"), ("result",)),
        **dict.fromkeys(("GET_TO_ONE_RELATIONSHIP", "POST_RESOURCE", "PATCH_RESOURCE"), ("result",)),
        **dict.fromkeys(("DELETE_RESOURCE", "DELETE_RELATIONSHIP"), ("was_deleted",)),
        **dict.fromkeys(("POST_RELATIONSHIP", "PATCH_RELATIONSHIP"), ()),
    },
    "classic": {
        **dict.fromkeys(("GET_SINGLE", "PATCH_SINGLE", "POST"), ("result",)),
        **dict.fromkeys(("GET_MANY", "DELETE_MANY"), ("result", "search_params")),
        "PATCH_MANY": ("query", "data", "result", "search_params"),
        "DELETE_SINGLE": ("was_deleted",),
    },
}
"""Protocol -> key -> the arguments of a postprocessor."""

ARGUMENTS = {"preprocessors": BEFORE, "postprocessors": AFTER}


def remarks(protocol: str, kind: str, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Give (name of the table's row, what is meant) for each remark on processors."""
    known = PROCESSORS[protocol][kind]
    for key, functions in given.items():
        if key.upper() not in known:
            yield "key", f"{kind} {key!r}"
            continue
        if protocol == "jsonapi" and key.upper() != key:
            yield "lower-case key", f"{kind} {key!r}"
        arguments = ARGUMENTS[kind][protocol][PROCESSOR_ALIASES.get(key.upper(), key.upper())]
        for function in (functions,) if callable(functions) else functions or ():
            yield from _of_function(function, f"{key}: {_name(function)}", arguments, kind)


def _of_function(
    function: Callable[..., Any], called: str, arguments: tuple[str, ...], kind: str
) -> Iterator[tuple[str, str]]:
    try:
        taken = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return
    for name, one in taken.items():
        if one.kind in (one.VAR_KEYWORD, one.VAR_POSITIONAL) or name in arguments:
            continue
        if name in EARLIER_NAMES and EARLIER_NAMES[name] in arguments:
            yield "instance_id", called
        elif one.default is one.empty:
            yield "missing", f"{called} needs {name}; it gets {', '.join(arguments) or 'nothing'}"
    if "query" in taken and "query" in arguments:
        yield "query", called
    if kind == "preprocessors" and returns_true(function) and {"resource_id", "instance_id"} & set(arguments):
        yield "return", f"{called} returns True"


def returns_true(function: Callable[..., Any]) -> bool:
    """Whether the text of a function says `return True`."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return False
    return any(
        isinstance(node, ast.Return) and isinstance(node.value, ast.Constant) and node.value.value is True
        for node in ast.walk(tree)
    )


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", None) or type(function).__name__
