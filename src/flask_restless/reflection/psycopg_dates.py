"""Readers of dates and times for psycopg, which refuses what Python does not know; imported with that driver alone."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from psycopg import DataError
from psycopg.abc import Buffer
from psycopg.types.datetime import DateLoader, TimeLoader, TimestampLoader, TimestamptzLoader, TimetzLoader


class TolerantDateLoader(DateLoader):
    """Reads a day, or else its text."""

    def load(self, data: Buffer) -> Any:
        """Read what PostgreSQL sends."""
        return _either(super().load, data)


class TolerantTimestampLoader(TimestampLoader):
    """Reads a moment, or else its text."""

    def load(self, data: Buffer) -> Any:
        """Read what PostgreSQL sends."""
        return _either(super().load, data)


class TolerantTimestamptzLoader(TimestamptzLoader):
    """Reads a moment with its time zone, or else its text."""

    def load(self, data: Buffer) -> Any:
        """Read what PostgreSQL sends."""
        return _either(super().load, data)


class TolerantTimeLoader(TimeLoader):
    """Reads a time of the day, or else its text, such as `24:00:00`."""

    def load(self, data: Buffer) -> Any:
        """Read what PostgreSQL sends."""
        return _either(super().load, data)


class TolerantTimetzLoader(TimetzLoader):
    """Reads a time of the day with its time zone, or else its text."""

    def load(self, data: Buffer) -> Any:
        """Read what PostgreSQL sends."""
        return _either(super().load, data)


def _either(load: Any, data: Buffer) -> Any:
    try:
        return load(data)
    except DataError:
        return bytes(data).decode()


LOADERS: Mapping[str, Any] = MappingProxyType(
    {
        "date": TolerantDateLoader,
        "timestamp": TolerantTimestampLoader,
        "timestamptz": TolerantTimestamptzLoader,
        "time": TolerantTimeLoader,
        "timetz": TolerantTimetzLoader,
    }
)
"""Type of PostgreSQL -> what reads it."""
