"""Hooks, carried out: which ones an operation has, and in which order they are called.

Those of the manager stand outside those of the API: they are called first before an operation, and last after it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar, cast, get_args

from .operations.operation import Aggregate, Batch, Create, DeleteMany, Fetch, Operation, UpdateMany, Write
from .operations.outcome import BatchWritten, Outcome
from .schema.resource import Resource

One = TypeVar("One", bound=Operation)
Single = Fetch | Aggregate | UpdateMany | DeleteMany | Write
"""Every operation but a batch."""


def resource_of(operation: Single) -> Resource:
    """Give the resource whose hooks an operation has: that of the rows it reads, or of the row it writes."""
    match operation:
        case Fetch(selection) | Aggregate(selection) | UpdateMany(selection) | DeleteMany(selection):
            return selection.resource
        case Create(resource):
            return resource
        case _:
            return operation.target.resource


def before(operation: Operation) -> Operation:
    """Call the hooks before an operation, or before each one of a batch; give what is to be carried out."""
    if isinstance(operation, Batch):
        return replace(operation, operations=tuple(_before(one) for one in operation.operations))
    return _before(operation)


def _before(operation: One) -> One:
    hooks: Any = resource_of(cast("Single", operation)).options.hooks.before
    for hook in hooks:
        operation = _taken(hook, operation)
    return operation


def _taken(hook: Callable[[Any], Any], operation: One) -> One:
    """Call one hook; a read stays a read, and a write a write."""
    given = hook(operation)
    if given is None:
        return operation
    kinds = get_args(Write) if isinstance(operation, get_args(Write)) else type(operation)
    if not isinstance(given, kinds):
        raise TypeError(f"the hook {hook!r} gave {given!r} in place of a {type(operation).__name__}")
    return cast("One", given)


def after(operation: Operation, outcome: Outcome) -> None:
    """Call the hooks after an operation, or for each one of a batch with its own outcome."""
    if isinstance(operation, Batch) and isinstance(outcome, BatchWritten):
        for one, written in zip(operation.operations, outcome.results, strict=True):
            after(one, written)
        return
    hooks: Any = resource_of(cast("Single", operation)).options.hooks.after
    for hook in hooks:
        hook(operation, outcome)
