"""What methods and properties of a model give, as JSON (contract 2.2)."""

from __future__ import annotations

from typing import Any

from ...schema.codec import encode_value
from ...schema.resource import Resource


def output(resource: Resource, value: Any) -> Any:
    """Write a value that was computed for an object of `resource`.

    An instance of a model becomes one flat object, with what the model's API shows of it; TypeError if it has none.
    """
    if isinstance(value, list | tuple | set | frozenset):
        return [output(resource, one) for one in value]
    if not hasattr(type(value), "__mapper__"):
        return encode_value(value)
    shown = resource.registry.target(type(value), resource.url_prefix)
    if shown is None:
        raise TypeError(
            f"a method in include_methods gave an instance of {type(value).__name__}, which has no API that tells "
            "what may be shown of it; return plain values, or create an API for it"
        )
    found = {}
    for name, one in shown.attributes.items():
        if one.sql and one.access.read:
            inner = getattr(value, one.key)
            found[name] = encode_value(inner) if one.codec.encode is None or inner is None else one.codec.encode(inner)
    return found
