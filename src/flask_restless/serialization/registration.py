"""The options of serializers and deserializers, in every spelling of the earlier generations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..schema import kinds
from ..schema.options import IllegalArgumentError
from ..schema.resource import Resource
from .deserializer import checked_deserializer
from .serializer import checked_serializer

FIELDS = ("only", "exclude", "additional_attributes")


def with_own_objects(model: type, given: Mapping[str, Any], session: Any) -> dict[str, Any]:
    """Turn the options of `create_api` that name classes and functions into ones that name objects.

    `serializer_class` is called as `cls(only=, exclude=, additional_attributes=)`, `deserializer_class` as
    `cls(session, model, allow_client_generated_ids=)`.
    """
    options = dict(given)
    serializer_class, deserializer_class = (
        options.pop("serializer_class", None),
        options.pop("deserializer_class", None),
    )
    for name, class_ in (("serializer", serializer_class), ("deserializer", deserializer_class)):
        if class_ is not None and options.get(name) is not None:
            raise IllegalArgumentError(f"create_api({model.__name__}): give either {name} or {name}_class, not both")
        if class_ is not None and not callable(class_):
            raise IllegalArgumentError(f"create_api({model.__name__}): {name}_class is {class_!r}; it is a class")
    if serializer_class is not None:
        options["serializer"] = serializer_class(**{name: options.get(name) for name in FIELDS})
    if deserializer_class is not None:
        allowed = bool(options.get("allow_client_generated_ids", False))
        options["deserializer"] = deserializer_class(session, model, allow_client_generated_ids=allowed)
    checks = {"serializer": checked_serializer, "deserializer": checked_deserializer}
    try:
        for name, check in checks.items():
            if options.get(name) is not None:
                options[name] = check(kinds.maker(name, options[name]))
    except IllegalArgumentError as error:
        raise IllegalArgumentError(f"create_api({model.__name__}): {error}") from None
    return options


def bind_own_objects(resource: Resource) -> None:
    """Tell the base classes of this package which API they serve."""
    for one in (resource.options.serializer, resource.options.deserializer):
        if hasattr(one, "bind"):
            one.bind(resource)
