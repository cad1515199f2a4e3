"""Pagination links of included to-many relationships: they page the relationship's own URL (J-3.4.7, J-4.6.2).

That URL gets the filter, the order and what else of the query concerns the path, in its own words: so its first page
holds the identifiers that the relationship itself shows, and its `included` what is included beyond them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

from ...operations.paging import Page, Spelling
from ...operations.records import record
from ...operations.refining import Path, included_paths
from ...operations.selection import Selection
from .query import BRACKETED

KEPT = frozenset({"fields", "excludedFields", "withLinks", "withLinkage"})
"""Families that mean the same at every URL."""


class PagedLinkage(dict[Any, Any]):
    """The linkage of one branch by the key of the rows above, with the links to its pages.

    `first`, `before` and `after` are query strings; `more` are the keys with a next page.
    """

    def __init__(self, linkage: dict[Any, Any], ends: tuple[str, str | None, str], more: frozenset[object]) -> None:
        super().__init__(linkage)
        self.first, self.before, self.after = ends
        self.more = more

    def links(self, url: str, key: object) -> dict[str, str | None]:
        """Give the pagination links of the relationship at `url` of the row above that has `key`."""
        return {
            "first": url + self.first,
            "prev": None if self.before is None else url + self.before,
            "next": url + self.after if key in self.more else None,
        }


@record
class Pager:
    """Writes the queries of relationship URLs; `start` is the path at which the request's own paths start."""

    query: str
    start: Path = ()

    def ends(self, path: Path, selection: Selection, page: Page) -> tuple[str, str | None, str]:
        """Give the query strings of the first page, of the one before `page`, and of the one after it."""
        assert page.size is not None
        pairs = [("include", _include(path[-1], selection)), *_translated(self.query, path)]
        first, after = (_written(pairs, page, offset) for offset in (0, page.offset + page.size))
        before = _written(pairs, page, max(0, page.offset - page.size)) if page.offset else None
        return first, before, after


def _include(name: str, selection: Selection) -> str:
    """Name what is included from the relationship on; paths that others go on from are implied."""
    paths = list(included_paths(selection))
    ends = [one for one in paths if not any(other[: len(one)] == one and other != one for other in paths)]
    return ",".join(dict.fromkeys(".".join((name, *one)) for one in ends)) or name


def _translated(query: str, path: Path) -> Iterator[tuple[str, str]]:
    """Say what a query asks of an include path as the path's own URL has to be asked."""
    own = ".".join(path)
    for name, value in parse_qsl(query, keep_blank_values=True):
        family, parts = name.partition("[")[0], BRACKETED.findall(name)
        if family in KEPT:
            yield name, value
        elif family == "withCount":
            if kept := [moved for one in value.split(",") if (moved := _moved(one, path)) is not None]:
                yield name, ",".join(kept)
        elif family in ("includedFilter", "includedSort") and parts[0] == own:
            yield _bracketed(family.removeprefix("included").lower(), parts[1:]), value
        elif family in ("includedFilter", "includedSort", "includedPage"):
            moved = _moved(parts[0], path)
            if moved is not None:
                yield _bracketed(family, [moved, *parts[1:]]), value


def _moved(name: str, path: Path) -> str | None:
    """Give a path beyond `path` as it is named from the relationship's own parent on."""
    own = ".".join(path)
    return path[-1] + name[len(own) :] if name.startswith(own + ".") else None


def _bracketed(family: str, parts: Iterable[str]) -> str:
    return family + "".join(f"[{one}]" for one in parts)


def _written(pairs: list[tuple[str, str]], page: Page, offset: int) -> str:
    assert page.size is not None
    if page.spelling is Spelling.NUMBER:
        own = [("page[number]", str(offset // page.size + 1)), ("page[size]", str(page.size))]
    else:
        own = [("page[offset]", str(offset)), ("page[limit]", str(page.size))]
    return "?" + urlencode([*pairs, *own])
