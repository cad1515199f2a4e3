"""Public names for tables, columns and relationships: legal in JSON:API, and never the same twice.

A name that is legal already stays as it is: `authors` remains `authors`, `AlbumId` remains `AlbumId`.  Where two
names become equal, the one that was legal keeps it and the other gets a number.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterable, Iterator, Sequence

RESERVED = frozenset({"id", "type", "metadata", "registry", "query"})
"""What a field cannot be called: JSON:API (J-3.3.1) and SQLAlchemy keep these names to themselves."""

ILLEGAL = re.compile(r"[^0-9A-Za-z\u0080-\U0010ffff_-]+")
EDGE = re.compile(r"^[_-]+|[_-]+$")
KEY_SUFFIX = re.compile(r"(?:_(?:id|fk|key|code)|(?<=[a-z0-9])(?:Id|ID|Fk|FK))$")


def legal(name: str, otherwise: str) -> str:
    """Make a legal member name of a name in the database (J-3.11.2 to J-3.11.4).

    What is not allowed becomes `_`, spaces too, and goes at the edges; if nothing is left, it is `otherwise`.
    """
    return EDGE.sub("", ILLEGAL.sub("_", name)) or otherwise


def free(candidates: Iterable[str], taken: Container[str]) -> str:
    """Give the first of the candidates that is not taken, or else the last with a number behind it."""
    name = ""
    for name in candidates:
        if name not in taken:
            return name
    return next(one for one in _numbered(name) if one not in taken)


def _numbered(name: str) -> Iterator[str]:
    number = 2
    while True:
        yield f"{name}_{number}"
        number += 1


def assign(names: Iterable[str], otherwise: str, taken: Collection[str] = ()) -> dict[str, str]:
    """Give each different name a legal one of its own, which is none of `taken`, by the old name in the old order."""
    wanted = {name: legal(name, otherwise) for name in names}
    found: dict[str, str] = {}
    for name in sorted(wanted, key=lambda name: wanted[name] != name or name in taken):
        found[name] = free([wanted[name]], {*found.values(), *taken})
    return {name: found[name] for name in wanted}


def class_name(table: str, taken: Container[str]) -> str:
    """Give the name of a table's class: a valid identifier."""
    words = "".join(letter if f"x{letter}".isidentifier() else "_" for letter in table).split("_")
    name = "".join(word[:1].upper() + word[1:] for word in words) or "Table"
    return free([name if name.isidentifier() else f"Table{name}"], taken)


def column_keys(columns: Sequence[str], table: str, key: str | None) -> dict[str, str]:
    """Give the attribute names of a table's columns, by column.

    `id` is for the key alone (`key`: the column that is the whole key): another column `id` is called `<table>_id`,
    and so are columns with a reserved name; a column `type` becomes `<table>_type`.
    """
    found = assign((column for column in columns if not _is_reserved(column, key)), "column")
    for column in columns:
        if _is_reserved(column, key):
            found[column] = free([unreserved(legal(column, "column"), table)], found.values())
    return {column: found[column] for column in columns}


def _is_reserved(column: str, key: str | None) -> bool:
    name = legal(column, "column")
    return name in RESERVED and not (column == key == "id")


def unreserved(name: str, table: str) -> str:
    """Put the table before a name that is reserved."""
    return f"{legal(table, 'row')}_{name}" if name in RESERVED else name


def referring(pairs: Sequence[tuple[str, str]], table: str, target: str) -> Iterator[str]:
    """Suggest names for the relationship of a foreign key: `author_id` gives `author`, `AlbumId` gives `Album`.

    `pairs` are the columns of the foreign key with those that they refer to.  A column that names no key, such as
    `ReportsTo`, keeps its name to itself; the relationship is called `ReportsTo_Employee` then.
    """
    stems = {stem for local, remote in pairs if (stem := _stem(local, remote, target, len(pairs) == 1))}
    aim = legal(target, "row")
    if len(stems) == 1:
        stem = unreserved(legal(stems.pop(), "row"), table)
        yield stem
        yield f"{stem}_{aim}"
    elif len(pairs) > 1:
        yield unreserved(aim, table)
    yield f"{'_'.join(legal(local, 'row') for local, _ in pairs)}_{aim}"


def _stem(local: str, remote: str, target: str, is_alone: bool) -> str | None:
    """Take the name of the key off a foreign key's column; None if nothing else is in the name."""
    if local != remote:
        for ending in (f"_{remote}", remote[:1].upper() + remote[1:]):
            if local.endswith(ending) and local != ending:
                return local.removesuffix(ending)
        if local.lower().endswith("id") and target.lower().startswith(local[:-2].lower()) and len(local) > 3:
            return local[:-2].rstrip("_") or None
    elif not is_alone:
        return None
    stem = KEY_SUFFIX.sub("", local)
    return stem if stem and stem != local else None


def referred(child: str, columns: Sequence[str], is_only: bool) -> Iterator[str]:
    """Suggest names for the way back: the child's table, and the foreign key too where there are several."""
    name = legal(child, "rows")
    if is_only:
        yield unreserved(name, "rows")
    yield f"{name}_by_{legal('_'.join(columns), 'key')}"


def children(name: str) -> Iterator[str]:
    """Suggest the way back of a self-reference that is called `name`: `parent` has `children`."""
    if name.lower() == "parent":
        yield "Children" if name[0] == "P" else "children"
