"""Keys that a database takes for equal though they are not the same text, as MariaDB does with `A` and `a`.

The rows of a branch are told apart by the text that they hold themselves; the rows above look for their own.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Integer, literal, select, union_all
from sqlalchemy.orm import Session

from ...operations.outcome import Row
from ...schema.resource import Relationship
from ..planning.ways import lower_keys, upper_keys
from .reading import Reading

AT_ONCE = 100
"""Texts that one statement looks up; SQLite joins at most 500 selections."""


def spelled(
    rows: Sequence[Row], keys: Sequence[Any], place: tuple[int, ...], relationship: Relationship, reading: Reading
) -> Sequence[Row]:
    """Give the rows of a branch with the `keys` of the rows above, as those spell them, at `place`.

    They are as they were read wherever keys are no texts, or each finds its own.
    """
    if len(place) != 1 or not keys or not isinstance(keys[0], str):
        return rows
    (number,) = place
    found: set[Any] = {row[number] for row in rows}
    strange, alone = found.difference(keys), set(keys) - found
    if not strange and not (alone and _look_alike(alone, found)):
        return rows
    upper, lower = upper_keys(relationship), lower_keys(relationship)
    if not lower:
        return rows
    if relationship.local_keys:
        spellings: dict[Any, list[Any]] = {key: [] if key in strange else [key] for key in found}
        for key, one in _held(relationship.target_model, lower[0], alone, reading.session).items():
            spellings.setdefault(one, []).append(key)
    else:
        known = _held(relationship.model, upper[0], strange, reading.session)
        spellings = {key: [known[key]] for key in strange if key in known}
    return [
        (*row[:number], key, *row[number + 1 :]) for row in rows for key in spellings.get(row[number]) or [row[number]]
    ]


def _look_alike(texts: Collection[str], others: Collection[str]) -> bool:
    """Whether a database might take one of the texts for one of the others; it is asked then."""
    return not {_folded(one) for one in texts}.isdisjoint(map(_folded, others))


def _folded(text: str) -> str:
    if text.isascii():
        return text.casefold().rstrip()
    letters = unicodedata.normalize("NFKD", text)
    return "".join(one for one in letters if not unicodedata.combining(one)).casefold().rstrip()


def _held(model: Any, key: str, texts: Collection[str], session: Session) -> dict[str, str]:
    """Ask the database which key it takes each text for."""
    column, asked = getattr(model, key), sorted(texts)
    found: dict[str, str] = {}
    for start in range(0, len(asked), AT_ONCE):
        some = asked[start : start + AT_ONCE]
        queries = [select(literal(number, Integer()), column).where(column == text) for number, text in enumerate(some)]
        found |= {some[number]: one for number, one in session.execute(union_all(*queries))}
    return found
