"""URLs: of resources, of the request itself, and of the pages beside it (J-3.9.2, J-4.6, J-8.2)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlencode

from ...operations.outcome import Fetched
from ...operations.paging import Page, Spelling
from ..base import Call

Links = dict[str, str | None]


def self_link(call: Call) -> str:
    """Give the URL of the request with its whole query, percent-encoded."""
    query = urlencode(parse_qsl(call.query, keep_blank_values=True))
    return _url(call, query)


def _url(call: Call, query: str) -> str:
    path = quote(call.path, safe="/") if call.id is None else _path(call)
    return f"{call.root}{path}?{query}" if query else f"{call.root}{path}"


def _path(call: Call) -> str:
    """Write the path of a resource or of what is below it; an id's own slashes stay part of the id."""
    parts = [call.resource.path, quote(call.id or "", safe="")]
    if call.endpoint == "relationship":
        parts.append("relationships")
    if call.relation is not None:
        parts.append(quote(call.relation, safe=""))
    if call.member is not None:
        parts.append(quote(call.member, safe=""))
    return "/".join(parts)


def page_links(call: Call, page: Page, fetched: Fetched) -> Links:
    """Give first, last, prev and next: null where there is no such page, and no `last` without a total."""
    if page.size is None:
        return {}
    size, offset, total = page.size, page.offset, fetched.total
    links: Links = {"first": _page_link(call, page, 0)}
    if total is not None:
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
    own: Mapping[str, str]
    if page.spelling is Spelling.NUMBER:
        own = {"page[number]": str(offset // page.size + 1), "page[size]": str(page.size)}
    else:
        own = {"page[offset]": str(offset), "page[limit]": str(page.size)}
    return changed_url(call, own)


def changed_url(call: Call, own: Mapping[str, str], without: frozenset[str] = frozenset()) -> str:
    """Give the URL of the request with other values for the parameters in `own`; all else is kept (C-7.6)."""
    pairs = parse_qsl(call.query, keep_blank_values=True)
    kept = [(name, value) for name, value in pairs if name not in own and name not in without]
    return _url(call, urlencode([*kept, *own.items()]))


def link_header(links: Links) -> str | None:
    """Give the Link header that says the same as pagination links (J-9.7)."""
    parts = [f'<{links[name]}>; rel="{name}"' for name in ("first", "last", "prev", "next") if links.get(name)]
    return ", ".join(parts) or None
