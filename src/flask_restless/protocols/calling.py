"""Processors are called with keywords: those of them that they take, by today's name or an earlier one (C-8)."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ..schema.codec import as_sent

EARLIER_NAMES: Mapping[str, str] = MappingProxyType({"instance_id": "resource_id"})
"""What some endpoints of 1.0 and NG called an argument, whatever their manuals said -> the argument."""


def call_processor(processor: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """Call a processor with those `arguments` that it takes."""
    try:
        taken = inspect.signature(processor).parameters
    except ValueError:
        return processor(**arguments)
    known = dict(arguments)
    for earlier, name in EARLIER_NAMES.items():
        if earlier in taken and earlier not in known and name in known:
            known[earlier] = known[name]
    if any(one.kind is one.VAR_KEYWORD for one in taken.values()):
        return processor(**{name: value for name, value in known.items() if name in taken or name in arguments})
    return processor(**{name: value for name, value in known.items() if name in taken})


def call_postprocessors(processors: Sequence[Callable[..., Any]], arguments: Mapping[str, Any]) -> None:
    """Call postprocessors, which may change the document `result` in place; its values are those that will be sent."""
    result = arguments.get("result")
    if processors and isinstance(result, dict):
        result.update(as_sent(result))
    for processor in processors:
        call_processor(processor, arguments)
