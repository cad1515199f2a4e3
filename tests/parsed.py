"""The bookshop without a database: its resources, and calls made by hand, for tests of what is parsed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import bookshop
from flask_restless.operations.problems import Problem, Rejected
from flask_restless.protocols.base import Call
from flask_restless.schema.introspect import inspect_model
from flask_restless.schema.options import Limits, Options
from flask_restless.schema.registry import Registry
from flask_restless.schema.resource import Resource

NAMES = {bookshop.CardPayment: "card_payments", bookshop.TransferPayment: "transfer_payments"}


def registry_of(limits: Limits | None = None, **options: dict[str, Any]) -> Registry:
    """Make the APIs of the bookshop; `options` are those of single APIs, by the model's name."""
    registry = Registry(limits)
    for model in bookshop.MODELS:
        given: dict[str, Any] = {
            "methods": ["GET", "POST", "PATCH", "DELETE"],
            "collection_name": NAMES.get(model),
            "additional_attributes": ["headline"] if model is bookshop.Book else (),
            "exclude": ["credit"] if model is bookshop.Customer else (),
        }
        given |= options.get(model.__name__, {})
        registry.add(inspect_model(model, Options.checked(model, given), registry))
    return registry


def resource_of(name: str, limits: Limits | None = None, **options: dict[str, Any]) -> Resource:
    """Give one API of the bookshop, the others around it."""
    return next(one for one in registry_of(limits, **options) if one.name == name)


def call_of(
    resource: Resource,
    method: str = "GET",
    endpoint: str = "collection",
    *,
    query: str = "",
    body: Any = None,
    **parts: str,
) -> Call:
    """Make a call by hand; `body` is written as JSON unless it is bytes."""
    data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return Call(method, endpoint, resource, query, body=data, **parts)


def problems_of(function: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[Problem, ...]:
    """Give what a function that must refuse says."""
    with pytest.raises(Rejected) as caught:
        function(*args, **kwargs)
    return caught.value.problems


def refusal_of(function: Callable[..., Any], *args: Any) -> tuple[Problem, ...]:
    """Give what a function says that may refuse; nothing if it does not."""
    try:
        function(*args)
    except Rejected as rejected:
        return rejected.problems
    return ()


def problem_of(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Problem:
    """Give the only thing that a function which must refuse says."""
    (problem,) = problems_of(function, *args, **kwargs)
    return problem
