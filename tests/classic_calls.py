"""The classic contract's models without a database: their APIs, and calls made by hand."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from classic_models import EVERY, MODELS
from flask_restless.operations.operation import Operation
from flask_restless.protocols.base import Call
from flask_restless.protocols.classic.parsing import Parser
from flask_restless.schema.classic_options import ClassicOptions
from flask_restless.schema.introspect import inspect_model
from flask_restless.schema.registry import Registry
from flask_restless.schema.resource import Resource


def classic(name: str = "person", **options: Any) -> Resource:
    """Give one API of the contract's models, the others around it; `options` are those of all."""
    registry = Registry()
    for model in MODELS:
        given = {"methods": EVERY, "allow_patch_many": True, "allow_delete_many": True, **options}
        registry.add(inspect_model(model, ClassicOptions.checked(model, given), registry))
    return next(one for one in registry if one.name == name)


def call(resource: Resource, method: str = "GET", endpoint: str = "collection", body: Any = None, **parts: Any) -> Call:
    """Make a call by hand; `q` is written as JSON, `query` holds further parameters."""
    query = dict(parts.pop("query", {}))
    if "q" in parts:
        query["q"] = json.dumps(parts.pop("q"))
    data = b"" if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    return Call(method, endpoint, resource, urlencode(query), headers, data, "http://localhost", **parts)


def parsed(resource: Resource, method: str = "GET", endpoint: str = "collection", **rest: Any) -> Operation:
    """Parse a call made by hand."""
    return Parser().parse(call(resource, method, endpoint, **rest))
