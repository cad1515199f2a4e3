"""Public names for tables, columns and relationships: legal in JSON:API, and never the same twice.

A name that is legal already stays as it is; `authors` remains `authors`, `AlbumId` remains `AlbumId`.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator

RESERVED = frozenset({"id", "type", "metadata", "registry", "query"})
"""What an attribute cannot be called: JSON:API and SQLAlchemy keep these names to themselves."""

ILLEGAL = re.compile(r"[^0-9A-Za-z\u0080-\U0010ffff_ -]")
EDGE = re.compile(r"^[_ -]+|[_ -]+$")


def legal(name: str, otherwise: str) -> str:
    """Make a legal member name of a name in the database: what is not allowed becomes `_`, or goes at the edges."""
    return EDGE.sub("", ILLEGAL.sub("_", name)) or otherwise


def free(name: str, taken: Container[str]) -> str:
    """Give `name`, or with a number behind it if it is taken."""
    return next(one for one in _numbered(name) if one not in taken)


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}_{number}"
        number += 1


def class_name(table: str, taken: Container[str]) -> str:
    """Give the name of a table's class: a valid identifier."""
    words = [word for word in re.split(r"\W|_", table) if word]
    name = "".join(word[:1].upper() + word[1:] for word in words) or "Table"
    return free(name if name.isidentifier() else f"Table{name}", taken)


def column_key(column: str, table: str, is_key: bool, taken: Container[str]) -> str:
    """Give a column's attribute name; `id` is kept for the key, and a column `type` becomes `<table>_type`."""
    name = legal(column, "column")
    if name in RESERVED and not (name == "id" and is_key):
        name = f"{legal(table, 'row')}_{name}"
    return free(name, taken)


def referring(columns: tuple[str, ...], target: str) -> str:
    """Name the relationship of a foreign key: `author_id` gives `author`, `AlbumId` gives `Album`."""
    if len(columns) == 1:
        name = re.sub(r"(?:_|(?<=[a-z0-9]))(?:id|ID|Id|fk|code|key)$", "", columns[0])
        if name and name != columns[0]:
            return legal(name, target)
        return f"{legal(columns[0], 'row')}_{legal(target, 'row')}"
    return legal(target, "row")


def referred(child: str, columns: tuple[str, ...], is_only: bool) -> str:
    """Name the way back: after the child's table, and after the foreign key too where there are several."""
    name = legal(child, "rows")
    return name if is_only else f"{name}_by_{legal('_'.join(columns), 'key')}"
