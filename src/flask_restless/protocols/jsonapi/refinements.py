"""Parameters of our own, which refine what is sent: of each include path, of each type, and of links and linkage.

Their names hold a capital letter, as the standard demands (J-6.3.2).  Where the primary data are a relationship's, the
paths start at the parent, as include paths do (J-4.3.10).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from ...operations.binding import sort_keys, sort_terms
from ...operations.inclusion import Fieldsets, default_fields, fieldset
from ...operations.pages import page
from ...operations.problems import Problem, Rejected, Source, did_you_mean, quote, reject
from ...operations.refining import (
    Path,
    changed_at,
    check_linkage,
    find,
    fully_linked,
    included_paths,
    sparsely_linked,
    tallied,
)
from ...operations.selection import Selection
from ...schema.resource import Resource
from .filters import read_filter
from .query import Query

Given = Mapping[tuple[str, ...], str]
"""The values of one family for one include path, by the bracketed parts after the path."""

PAGE_MEMBERS = ("size", "number", "limit", "offset")
LINKS: Mapping[str, bool] = {"all": True, "none": False}


def fieldsets_of(resource: Resource, query: Query) -> Fieldsets:
    """Give the fields to send of the types that were named, by inclusion or by exclusion (`invalid-fieldset`)."""
    found = {
        type_: fieldset(resource, type_, _names(text), Source(parameter=f"fields[{type_}]"))
        for type_, text in query.fields.items()
    }
    for (type_,), text in query.refinements_of("excludedFields"):
        source = Source(parameter=f"excludedFields[{type_}]")
        excluded = fieldset(resource, type_, _names(text), source)
        if type_ in found:
            detail = f"fields[{type_}] is given too; name either the fields to send or those to leave out"
            raise reject("invalid-fieldset", detail, source)
        found[type_] = tuple(name for name in default_fields(resource, type_) if name not in excluded)
    return found


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()


def refined(chosen: Selection, query: Query, start: Path = ()) -> Selection:
    """Apply the parameters of this module, all but fieldsets, to a selection that lies beyond the path `start`."""
    if not query.refinements:
        return chosen
    for family, refine in BY_PATH.items():
        for path, given in _by_path(query, family):
            names = _beyond(chosen, path, start, family, next(iter(given)))
            chosen = changed_at(chosen, names, partial(refine, given, f"{family}[{path}]"))
    for _, text in query.refinements_of("withCount"):
        for path in dict.fromkeys(_names(text)):
            chosen = _counted(chosen, path, start)
    for _, text in query.refinements_of("withLinkage"):
        chosen = _linked(chosen, text)
    for _, text in query.refinements_of("withLinks"):
        chosen = replace(chosen, links=LINKS[_checked(text, LINKS, "withLinks")])
    return chosen


# ---------------------------------------------------------------- one include path


def _filter(given: Given, name: str, chosen: Selection) -> Selection:
    return replace(chosen, filter=read_filter(chosen.resource, given, name))


def _sort(given: Given, name: str, chosen: Selection) -> Selection:
    return replace(chosen, sort=sort_keys(chosen.resource, sort_terms(given[()]), Source(parameter=name)))


def _page(given: Given, name: str, chosen: Selection) -> Selection:
    """Read the page that each row above has for itself; it is bounded like a page of the collection."""
    members = {parts[0]: text for parts, text in given.items()}
    for member in members:
        if member not in PAGE_MEMBERS:
            hint = did_you_mean(member, PAGE_MEMBERS)
            parameter = f"{name}[{member}]"
            raise reject("unknown-parameter", f"there is no parameter {parameter}{hint}", Source(parameter=parameter))
    try:
        return replace(chosen, page=page(chosen.resource, members))
    except Rejected as rejected:
        raise Rejected(*[_renamed(one, name) for one in rejected.problems]) from None


def _renamed(problem: Problem, name: str) -> Problem:
    """Tell a problem of the `page` family of the one that the client has sent."""
    parameter = None if problem.source is None else problem.source.parameter
    source = None if parameter is None else Source(parameter=parameter.replace("page[", f"{name}[", 1))
    return replace(problem, detail=(problem.detail or "").replace("page[", f"{name}["), source=source)


BY_PATH: Mapping[str, Callable[[Given, str, Selection], Selection]] = {
    "includedFilter": _filter,
    "includedSort": _sort,
    "includedPage": _page,
}


def _by_path(query: Query, family: str) -> Iterator[tuple[str, Given]]:
    """Give the parameters of a family, path by path."""
    found: dict[str, dict[tuple[str, ...], str]] = {}
    for (path, *parts), text in query.refinements_of(family):
        found.setdefault(path, {})[tuple(parts)] = text
    yield from found.items()


def _beyond(chosen: Selection, path: str, start: Path, family: str, parts: tuple[str, ...]) -> Path:
    """Check that a path is included and to-many, and give its part beyond `start`."""
    source = Source(parameter="".join((family, *(f"[{one}]" for one in (path, *parts)))))
    names = _included(chosen, path, start, source)
    for branch in find(chosen, names):
        if not branch.relationship.is_many:
            detail = f"{quote(path)} is a to-one relationship; {family} is about to-many ones"
            raise reject("invalid-parameter", detail, source)
    return names


def _included(chosen: Selection, path: str, start: Path, source: Source) -> Path:
    names = tuple(path.split("."))
    known = {(*start, *one) for one in included_paths(chosen)}
    if names in known:
        return names[len(start) :]
    if start and names == start:
        detail = f"{quote(path)} is the primary data here; name what is included beyond it"
    else:
        detail = f"the path {quote(path)} is not included{did_you_mean(path, {'.'.join(one) for one in known})}"
    raise reject("not-included", detail, source)


# ---------------------------------------------------------------- counts, linkage


def _counted(chosen: Selection, path: str, start: Path) -> Selection:
    source = Source(parameter="withCount")
    *above, name = path.split(".")
    beyond: Path = ()
    if tuple(above) != start:
        beyond = _included(chosen, ".".join(above) or name, start, source)
    return changed_at(chosen, beyond, partial(tallied, name=name, source=source))


def _linked(chosen: Selection, text: str) -> Selection:
    changes = {"all": fully_linked, "included": sparsely_linked}
    chosen = changes[_checked(text, changes, "withLinkage")](chosen)
    check_linkage(chosen, Source(parameter="withLinkage"))
    return chosen


def _checked(text: str, allowed: Mapping[str, object], name: str) -> str:
    if text not in allowed:
        detail = f"{name} is one of {', '.join(sorted(allowed))}, not {quote(text)}"
        raise reject("invalid-parameter", detail, Source(parameter=name))
    return text
