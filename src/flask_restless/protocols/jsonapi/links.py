"""URLs: of resources, of the request itself, and of the pages beside it (J-3.9.2, J-4.6, J-8.2)."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import parse_qsl, quote, urlencode

from ...operations.outcome import Fetched
from ...operations.paging import Page, Spelling, Total
from ..base import Call

Links = dict[str, str | None]

BY_NUMBER = frozenset({"page[number]", "page[size]"})
BY_OFFSET = frozenset({"page[offset]", "page[limit]"})


KEPT_LENGTH = 2048
"""Characters of the longest query that is kept in its encoded form."""


def self_link(call: Call) -> str:
    """Give the URL of the request with its whole query, percent-encoded."""
    return _url(call, _encoded(call.query))


def with_query(call: Call, url: str) -> str:
    """Give a URL with the query of the request, so that it leads to the same document (J-3.1.8)."""
    query = _encoded(call.query)
    return f"{url}?{query}" if query else url


def _url(call: Call, query: str) -> str:
    path = quote(call.path, safe="/") if call.id is None else _path(call)
    return f"{call.root}{path}?{query}" if query else f"{call.root}{path}"


def _encoded(query: str, without: frozenset[str] = frozenset()) -> str:
    """Give a query string again, percent-encoded, and without some of its parameters."""
    if not query:
        return ""
    return (_rewritten if len(query) <= KEPT_LENGTH else _rewritten.__wrapped__)(query, without)


@lru_cache(maxsize=1024)
def _rewritten(query: str, without: frozenset[str]) -> str:
    pairs = parse_qsl(query, keep_blank_values=True)
    return urlencode([(name, value) for name, value in pairs if name not in without])


def _path(call: Call) -> str:
    """Write the path of a resource or of what is below it; an id's own slashes stay part of the id."""
    parts = [call.resource.url, _part(call.id or "")]
    if call.relation is None:
        return "/".join(parts)
    if call.endpoint == "relationship":
        parts.append("relationships")
    parts.append(_part(call.relation))
    if call.member is not None:
        parts.append(_part(call.member))
    return "/".join(parts)


def _part(text: str) -> str:
    """Write what stands between two slashes; most of that has nothing to encode."""
    return text if text.isascii() and text.isalnum() else quote(text, safe="")


def page_links(call: Call, page: Page, fetched: Fetched) -> Links:
    """Give first, last, prev and next: null where there is no such page, and no `last` without a counted total.

    The last page that an estimate names may be none, or not the last one (J-4.6.4).
    """
    if page.size is None:
        return {}
    size, offset, total = page.size, page.offset, fetched.total
    links: Links = {"first": _page_link(call, page, 0)}
    if total is not None and page.total is not Total.ESTIMATE:
        final = max(0, (total - 1) // size * size) if page.spelling is Spelling.NUMBER else _last_offset(page, total)
        links["last"] = _page_link(call, page, final)
    links["prev"] = None
    if offset > 0:
        before = max(0, offset - size)
        if total is not None and offset > total:
            before = max(0, (total - 1) // size * size)
        links["prev"] = _page_link(call, page, before)
    links["next"] = _page_link(call, page, offset + size) if fetched.has_next else None
    return links


def _last_offset(page: Page, total: int) -> int:
    """Give where the last page begins if pages are counted on from the present one."""
    assert page.size is not None
    rest = page.offset % page.size
    return max(0, rest + max(0, total - rest - 1) // page.size * page.size)


def _page_link(call: Call, page: Page, offset: int) -> str:
    assert page.size is not None
    if page.spelling is Spelling.NUMBER:
        own = f"page%5Bnumber%5D={offset // page.size + 1}&page%5Bsize%5D={page.size}"
        return changed_url(call, own, BY_NUMBER)
    return changed_url(call, f"page%5Boffset%5D={offset}&page%5Blimit%5D={page.size}", BY_OFFSET)


def changed_url(call: Call, own: str, without: frozenset[str]) -> str:
    """Give the URL of the request with the query `own` in place of some parameters; all else is kept (C-7.6)."""
    kept = _encoded(call.query, without)
    return _url(call, f"{kept}&{own}" if kept else own)


def link_header(links: Links) -> str | None:
    """Give the Link header that says the same as pagination links (J-9.7)."""
    parts = [f'<{links[name]}>; rel="{name}"' for name in ("first", "last", "prev", "next") if links.get(name)]
    return ", ".join(parts) or None
