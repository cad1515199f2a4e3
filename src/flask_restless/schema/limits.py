"""How much one request may ask for."""

from __future__ import annotations

from dataclasses import dataclass, fields

from .names import IllegalArgumentError


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one request may ask for; each is refused with a 4xx before any statement runs (threats T20 to T32).

    The last ones show while statements run: too many related rows are a 400, what takes too long is a 503 (T60).
    """

    include_depth: int = 3
    """Relationships in one include path."""
    include_paths: int = 20
    """Distinct include paths, prefixes counted."""
    linkages: int = 50
    """Relationships whose linkage is read for one request beside those that are included."""
    filter_terms: int = 100
    """Conditions in one filter."""
    filter_depth: int = 20
    """Conditions inside conditions."""
    list_length: int = 1000
    """Values in one list of a filter."""
    pattern_length: int = 256
    """Characters in a LIKE pattern."""
    pattern_wildcards: int = 10
    """`%` and `_` in a LIKE pattern."""
    sort_keys: int = 10
    """Terms of one sort."""
    offset: int = 1_000_000
    """Rows that a page may skip."""
    body_bytes: int = 2 * 1024 * 1024
    """Bytes of a request body."""
    json_depth: int = 64
    """Arrays and objects inside each other, in a body or a parameter."""
    members: int = 1000
    """Members of one object, and targets of one relationship, in a document."""
    parameters: int = 100
    """Query parameters of one request."""
    operations: int = 1000
    """Operations of one atomic batch."""
    many: int = 1000
    """Rows that one request may change or delete by a filter."""
    included: int = 10_000
    """Related rows in one answer: those of included resources, and those read for linkage."""
    statement_seconds: float | None = 20.0
    """Seconds that a statement may take; None for no limit."""
    export_seconds: float | None = 600.0
    """Seconds that an export's statement may take on MySQL and MariaDB, where the clock runs while clients read."""

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            is_time = one.name.endswith("_seconds")
            if is_time and value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float if is_time else int) or value < 0:
                kind = "a number of seconds, 0 or more, or None" if is_time else "a whole number, 0 or more"
                raise IllegalArgumentError(f"Limits({one.name}=...) takes {kind}, not {value!r}")
