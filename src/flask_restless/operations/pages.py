"""The `page` family to a Page: by number, by offset or by cursor; Problems where there is no such page."""

from __future__ import annotations

from collections.abc import Mapping

from ..schema.resource import Resource
from .cursors import PROFILE, read_cursor
from .paging import Page, Spelling, Total
from .problems import Source, did_you_mean, quote, reject

MEMBERS = ("number", "size", "offset", "limit", "after", "before", "total")
CLASHES = {
    "offset": ("number", "size", "after", "before"),
    "limit": ("number", "size", "after", "before"),
    "after": ("number",),
    "before": ("number",),
}
"""Members that are for different ways of paging; `size` goes with numbers and with cursors."""


def page(resource: Resource, given: Mapping[str, str], *, by_cursor: bool = False) -> Page:
    """Read the members of the `page` family; Rejected (`invalid-page`, `page-too-large`, `limit-exceeded`).

    With `by_cursor` the client has asked for pages by cursor, which a number or an offset overrules.
    """
    for name in given:
        if name not in MEMBERS:
            hint = did_you_mean(name, MEMBERS)
            raise reject("unknown-parameter", f"there is no parameter page[{name}]{hint}", _source(name))
    _check_mixture(given)
    if "offset" in given or "limit" in given:
        return _placed(resource, given, Spelling.OFFSET)
    if "after" in given or "before" in given or (by_cursor and "number" not in given):
        return _beyond(resource, given)
    return _placed(resource, given, Spelling.NUMBER)


def _check_mixture(given: Mapping[str, str]) -> None:
    for name, others in CLASHES.items():
        clash = next((other for other in others if name in given and other in given), None)
        if clash is not None:
            raise reject("invalid-page", f"page[{name}] and page[{clash}] do not go together", _source(name))


def _placed(resource: Resource, given: Mapping[str, str], spelling: Spelling) -> Page:
    by_offset = spelling is Spelling.OFFSET
    size_name, place_name = ("limit", "offset") if by_offset else ("size", "number")
    size = _size(resource, given.get(size_name), size_name)
    place = _number(given[place_name], place_name) if place_name in given else (0 if by_offset else 1)
    if not by_offset and place == 0:
        raise reject("invalid-page", f"page[number] counts from 1, not {quote(given['number'])}", _source("number"))
    offset = place if by_offset else (place - 1) * (size or 0)
    if offset > (limit := resource.registry.limits.offset):
        cure = "go on with page[after], or filter to narrow it"
        detail = f"a page begins at most {limit} resources into the list, not {offset}; {cure}"
        raise reject("limit-exceeded", detail, _source(place_name))
    return Page(size, offset, spelling, _total(given.get("total"), Total.EXACT))


def _beyond(resource: Resource, given: Mapping[str, str]) -> Page:
    """Make a page by cursor; the total is only told where it is asked for, since it costs more than the page."""
    after, before = (read_cursor(resource, given[n], n) if n in given else None for n in ("after", "before"))
    text = given.get("size")
    if text is None and after is not None and before is not None:
        size: int | None = resource.options.max_page_size or None
    elif text is not None and _number(text, "size") == 0:
        raise reject("invalid-page", f"page[size] is 1 or more, not {quote(text)}", _source("size"))
    else:
        size = _size(resource, text, "size")
    total = _total(given.get("total"), Total.NONE)
    return Page(size, 0, Spelling.CURSOR, total, after, before)


def _source(name: str) -> Source:
    return Source(parameter=f"page[{name}]")


def _number(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise reject("invalid-page", f"page[{name}] is a whole number, not {quote(text)}", _source(name))
    return int(text.lstrip("0")[:40] or "0")


def _size(resource: Resource, text: str | None, name: str) -> int | None:
    options = resource.options
    size = options.page_size if text is None else _number(text, name)
    if size == 0:
        if options.max_page_size == 0:
            return None
        if text is not None:
            raise reject(
                "invalid-page", f"page[{name}] is from 1 to {options.max_page_size}, not {quote(text)}", _source(name)
            )
        return options.max_page_size
    if options.max_page_size and size > options.max_page_size:
        detail = f"a page holds at most {options.max_page_size} resources, not {quote(text)}"
        meta = {"page": {"maxSize": options.max_page_size}}
        links = {"type": f"{PROFILE}/max-size-exceeded"}
        raise reject("page-too-large", detail, _source(name), meta=meta, links=links)
    if size > (most := resource.registry.limits.offset):
        raise reject("invalid-page", f"page[{name}] is at most {most}, not {quote(str(text))}", _source(name))
    return size


def _total(text: str | None, otherwise: Total) -> Total:
    try:
        return otherwise if text is None else Total(text)
    except ValueError:
        allowed = ", ".join(one.value for one in Total)
        detail = f"page[total] is one of {allowed}, not {quote(text)}"
        raise reject("invalid-page", detail, _source("total")) from None
