"""URLs: the pages beside this one, and where an object is (contract 2.4, 2.7)."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode

from ...operations.outcome import Rows
from ..base import Call
from .paging import Window

Link = tuple[str, str]
"""(relation, URL)."""


def page_links(call: Call, window: Window, pages: int) -> tuple[Link, ...]:
    """Give `next` if there is a next page, and `last`; the request's other parameters stay (C-6, C-14)."""
    if not window.size:
        return ()
    links = [("last", _page_url(call, window, max(1, pages)))]
    if window.number < pages:
        links.insert(0, ("next", _page_url(call, window, window.number + 1)))
    return tuple(links)


def _page_url(call: Call, window: Window, number: int) -> str:
    own = [("page", str(number)), ("results_per_page", str(window.size))]
    names = {name for name, _ in own}
    rest = [pair for pair in parse_qsl(call.query, keep_blank_values=True) if pair[0] not in names]
    return f"{call.root}{call.resource.url}?{urlencode([*own, *rest])}"


def link_header(links: tuple[Link, ...]) -> str:
    """Give the Link header of some links."""
    return ", ".join(f'<{url}>; rel="{relation}"' for relation, url in links)


def location(call: Call, rows: Rows) -> str:
    """Give the URL of the one object in `rows`."""
    variant = rows.layout.variants[0]
    id_ = variant.resource.identity.text(tuple(rows.rows[0][number] for number in variant.identity))
    return f"{call.root}{call.resource.url}/{quote(id_, safe='')}"
