"""Pages (contract 2.4): which part of the list a request shows, and how many pages there are."""

from __future__ import annotations

from dataclasses import dataclass

from ...operations.outcome import Fetched
from ...operations.paging import Page
from ...operations.problems import Source, quote, reject
from ...schema.resource import Resource
from .query import Query
from .search import Search

EVERYTHING = 2**62
"""A page that holds every row."""


@dataclass(frozen=True, slots=True)
class Window:
    """The page that is shown of a list: its 1-based `number`, and its `size`, 0 where the list is not divided.

    `offset` and `limit` are those of the search, by which the list itself is cut.
    """

    number: int
    size: int
    offset: int
    limit: int | None

    def page(self) -> Page:
        """Give the part of the rows to read."""
        if not self.size:
            return Page(EVERYTHING if self.limit is None else self.limit, self.offset)
        before = (self.number - 1) * self.size
        size = self.size if self.limit is None else max(0, min(self.size, self.limit - before))
        return Page(size, self.offset + before)

    def count(self, fetched: Fetched) -> int:
        """Give the length of the list, of which the rows before `offset` and after `limit` are no part."""
        left = max(0, (fetched.total or 0) - self.offset)
        return left if self.limit is None else min(left, self.limit)

    def pages(self, count: int) -> int:
        """Give the number of pages that `count` objects make."""
        return -(-count // self.size) if self.size else 1


def window(resource: Resource, query: Query, search: Search) -> Window:
    """Choose the page that a request asks for; Rejected (`invalid-page`, `limit-exceeded`).

    Flask-Restless 0.6 fixed the page's size (contract 2.14).
    """
    options = resource.options
    size, largest = options.page_size, options.max_page_size
    sized = options.classic is None or options.classic.classic_version != "0.6"
    if sized and (wanted := _size(query.results_per_page)):
        size = wanted
    size = min(size, largest) if largest else 0
    number = _number(query.page) if size else 1
    found = Window(number, size, search.offset, search.limit)
    if (offset := found.page().offset) > (limit := resource.registry.limits.offset):
        detail = f"a page begins at most {limit} objects into the list, not {offset}; filter to narrow it"
        raise reject("limit-exceeded", detail, Source(parameter="page"))
    return found


def _size(text: str | None) -> int:
    """Read the client's page size; what is none leaves the server's own."""
    if text is None or not (text.isascii() and text.isdigit()):
        return 0
    return int(text[:18])


def _number(text: str | None) -> int:
    if text is None:
        return 1
    if not (text.isascii() and text.isdigit()) or not int(text[:40]):
        raise reject("invalid-page", f"page is a whole number from 1, not {quote(text)}", Source(parameter="page"))
    return int(text[:18])
