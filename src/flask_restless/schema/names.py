"""Names of fields as applications give them: texts, or mapped attributes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

MEMBER_NAME = re.compile(
    r"[a-zA-Z0-9\u0080-\U0010ffff](?:[a-zA-Z0-9\u0080-\U0010ffff_ -]*[a-zA-Z0-9\u0080-\U0010ffff])?"
)
"""A legal member name (J-3.11.2)."""


class IllegalArgumentError(ValueError):
    """An option of `create_api` or `APIManager` is wrong; the message says how to put it right."""


def field_names(value: Any) -> tuple[str, ...]:
    """Take names or mapped attributes, which carry their name as `key`."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise IllegalArgumentError(f"{value!r} must be a list of field names, such as ['name']")
    return tuple(one if isinstance(one, str) else _key(one) for one in value)


def _key(attribute: Any) -> str:
    key = getattr(attribute, "key", None)
    if not isinstance(key, str):
        raise IllegalArgumentError(f"{attribute!r} is neither a field name nor a mapped attribute")
    return key
