"""Records: values that are made anew for each request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

Made = TypeVar("Made")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[Made]) -> type[Made]:
    """Make a dataclass with slots that nobody changes: the type checker sees to that.

    A guard at run time, as `frozen=True` makes it, takes longer than all the rest of making one.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)
