"""Moments that are the same, although the database keeps no time zones and Python does."""

from __future__ import annotations

from datetime import datetime


def as_held(held: object, value: object) -> object:
    """Give what a row holds in place of the same moment in UTC, else the value.

    Where a column declares time zones and the database keeps none (SQLite, MySQL, MariaDB), moments are stored in UTC
    and come back without a zone.  To Python the two are never equal, so that setting a moment again would be a change:
    it would count up the version, and call `onupdate`.
    """
    if not (isinstance(value, datetime) and isinstance(held, datetime)):
        return value
    if value.tzinfo is None or held.tzinfo is not None:
        return value
    return held if held == value.replace(tzinfo=None) else value
