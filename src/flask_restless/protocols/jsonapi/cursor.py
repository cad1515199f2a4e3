"""The cursor pagination profile on the wire: when it applies, and what it adds to a document (C-4 to C-8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from ...operations.cursors import PROFILE, Writer, cursor_writer, order_mark
from ...operations.outcome import Fetched, Row
from ...operations.paging import Cursor, Page, Total
from ...operations.problems import Problem, Source
from ...operations.selection import Selection
from ..base import Call
from .links import Links, changed_url
from .negotiation import MEDIA_TYPE, negotiate
from .rowcode import Object

PUBLISHED = (f"{PROFILE}/", PROFILE)
"""Both spellings of the profile's URI that are published; the first is that of its own page (J-1.1.4)."""

PROFILES = frozenset(PUBLISHED)
SORT = Source(parameter="sort")
BOUNDS = frozenset({"page[after]", "page[before]"})
SIZE = frozenset({"page[size]"})


def asks_for_cursors(call: Call) -> bool:
    """Whether the client asks for the profile by its Accept header."""
    return bool(_asked(call))


def profile_of(call: Call) -> str:
    """Give the URI to answer with: the one that was asked for, else that of the profile's page."""
    asked = _asked(call)
    return next((one for one in PUBLISHED if one in asked), PUBLISHED[0])


def _asked(call: Call) -> frozenset[str]:
    if "profile" not in call.headers.get("accept", "").lower():
        return frozenset()
    return negotiate(call, profiles=PROFILES).profiles


def with_types(call: Call, problems: Sequence[Problem]) -> Sequence[Problem]:
    """Give an order that pages by cursor cannot have the type which the profile has for it (C-9.1)."""
    if not any(_is_about_order(one) for one in problems):
        return problems
    named = {name for name, _ in parse_qsl(call.query, keep_blank_values=True)}
    if not (named & BOUNDS or asks_for_cursors(call)):
        return problems
    links = {"type": f"{PROFILE}/unsupported-sort"}
    return [replace(one, links=links) if _is_about_order(one) else one for one in problems]


def _is_about_order(one: Problem) -> bool:
    return one.code == "invalid-sort" and one.source == SORT


def apply_profile(call: Call, selection: Selection, fetched: Fetched, body: Object) -> str:
    """Bring what the profile adds into the document of a list, and give the answer's media type (C-6.4)."""
    seeker, profile = Seeker.of(call, selection, fetched), profile_of(call)
    type_ = f'{MEDIA_TYPE};profile="{profile}"'
    body["data"] = seeker.with_cursors(body["data"])
    if "self" in body["links"]:
        body["links"]["self"] = {"href": body["links"]["self"], "type": type_}
    body["links"] |= seeker.links()
    body["jsonapi"] = {**body["jsonapi"], "profile": [profile]}
    if meta := seeker.meta():
        body["meta"] = {**body.get("meta", {}), "page": meta}
    return type_


@dataclass(frozen=True, slots=True)
class Seeker:
    """Writes the cursors and links of one page by cursor."""

    call: Call
    selection: Selection
    page: Page
    fetched: Fetched
    order: bytes
    write: Writer

    @classmethod
    def of(cls, call: Call, selection: Selection, fetched: Fetched) -> Seeker:
        """Make the writer for a page of `selection`, whose page is one by cursor."""
        assert selection.page is not None
        resource = selection.resource
        mark = order_mark(resource, selection.sort)
        return cls(call, selection, selection.page, fetched, mark, cursor_writer(resource, mark))

    def with_cursors(self, items: Sequence[Object]) -> list[Object]:
        """Give each item the cursor that falls on it (C-6.3)."""
        rows, write, position = self.fetched.rows.rows, self.write, self.fetched.rows.layout.position
        cursors = [write([row[number] for number in position]) for row in rows]
        return [_with_cursor(item, cursor) for item, cursor in zip(items, cursors, strict=True)]

    def meta(self) -> Object:
        """Give the document's pagination metadata (C-5.3, C-8)."""
        page: Object = {}
        if self.fetched.total is not None:
            total = self.fetched.total
            page |= estimated(total) if self.page.total is Total.ESTIMATE else {"total": total}
        if self.page.is_range and self.fetched.has_next:
            page["rangeTruncated"] = True
        return page

    # ------------------------------------------------------------ links

    def links(self) -> Links:
        """Give first, last, prev and next; the latter two are null where it is known that there is nothing (C-7)."""
        edge = Cursor(self.order, None)
        is_truncated = self.page.is_range and self.fetched.has_next
        return {
            "first": self._link("after", edge),
            "last": self._link("before", edge),
            "prev": self._link("before", self._start()),
            "next": self._link("after", self._end(), keep=is_truncated),
        }

    def _start(self) -> Cursor | None:
        """Give the cursor before which the previous page ends, None where nothing can be there."""
        page, rows = self.page, self.fetched.rows.rows
        if page.is_backward:
            return self._on(rows[0]) if self.fetched.has_prev else None
        if page.after is None or page.after.values is None:
            return None
        return self._on(rows[0]) if rows else _beside(page.after)

    def _end(self) -> Cursor | None:
        """Give the cursor after which the next page begins, None where nothing can be there."""
        page, rows = self.page, self.fetched.rows.rows
        if page.before is None or self.fetched.has_next:
            return self._on(rows[-1]) if self.fetched.has_next else None
        if page.before.values is None:
            return None
        return self._on(rows[-1]) if rows else _beside(page.before)

    def _on(self, row: Row) -> Cursor:
        return Cursor(self.order, tuple(row[number] for number in self.fetched.rows.layout.position))

    def _link(self, name: str, cursor: Cursor | None, *, keep: bool = False) -> str | None:
        if cursor is None:
            return None
        own = f"page%5B{name}%5D={self.write(cursor.values, cursor.inclusive)}"
        without = frozenset({f"page[{name}]"}) if keep else BOUNDS
        if self.page.size is not None:
            own += f"&page%5Bsize%5D={self.page.size}"
            without |= SIZE
        return changed_url(self.call, own, without)


def _with_cursor(item: Object, cursor: str) -> Object:
    if "meta" not in item:
        return {**item, "meta": {"page": {"cursor": cursor}}}
    meta = item["meta"]
    return {**item, "meta": {**meta, "page": {**meta.get("page", {}), "cursor": cursor}}}


def estimated(total: int) -> Object:
    """Give the metadata of a list whose length is a guess (C-8.2)."""
    return {"estimatedTotal": {"bestGuess": total}}


def _beside(cursor: Cursor) -> Cursor:
    """Give the same place with its item on the other side: for the way back from an empty page."""
    return Cursor(cursor.order, cursor.values, not cursor.inclusive)
