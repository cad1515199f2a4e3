"""Readers of dates and times for psycopg, which refuses what Python does not know; imported with that driver alone."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from psycopg import DataError
from psycopg.abc import Buffer
from psycopg.types.datetime import DateLoader, TimeLoader, TimestampLoader, TimestamptzLoader, TimetzLoader


def _tolerant(kind: Any) -> Any:
    """Give a reader that reads as text what `kind` refuses, such as `24:00:00` or `infinity`."""

    def load(self: Any, data: Buffer) -> Any:
        try:
            return kind.load(self, data)
        except DataError:
            return bytes(data).decode()

    return type(f"Tolerant{kind.__name__}", (kind,), {"load": load})


LOADERS: Mapping[str, Any] = MappingProxyType(
    {
        "date": _tolerant(DateLoader),
        "timestamp": _tolerant(TimestampLoader),
        "timestamptz": _tolerant(TimestamptzLoader),
        "time": _tolerant(TimeLoader),
        "timetz": _tolerant(TimetzLoader),
    }
)
"""Type of PostgreSQL -> what reads it."""
