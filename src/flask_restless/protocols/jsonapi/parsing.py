"""Calls to Operations: one function for each endpoint and method."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from functools import partial
from threading import Lock
from typing import Any

from ...operations.binding import identify, nulls_places, relationships_of, sort_keys, sort_terms
from ...operations.conditions import all_of, check_size
from ...operations.cursors import seekable
from ...operations.grouping import group_keys
from ...operations.inclusion import (
    Tree,
    default_tree,
    include_tree,
    linkage_selection,
    selection,
)
from ...operations.operation import (
    Action,
    Aggregate,
    Collection,
    Create,
    Delete,
    Fetch,
    Id,
    One,
    Operation,
    Relate,
    Related,
    Target,
    Update,
)
from ...operations.pages import page
from ...operations.paging import Page, Spelling
from ...operations.problems import Source, did_you_mean, quote, reject
from ...operations.selection import Selection, SortKey
from ...schema.resource import Attribute, Relationship, Resource
from ..base import Call
from .cursor import asks_for_cursors
from .document import primary_data, read_document, resource_object, subtype_of
from .earlier import standard_query
from .evaluation import FILTERS, read_functions, split_query
from .filters import bound_objects, read_filter, reads_single
from .preference import prefers_minimal
from .processors import Prepared, preprocess
from .query import LISTS, SINGLES, Query, flag, read_query
from .refinements import fieldsets_of, refined
from .relating import check_action, relate_targets

NOTHING: frozenset[str] = frozenset()
GROUP = Source(parameter="groupBy")
Key = tuple[frozenset[str], Resource, str, int, Relationship | None, bool]
"""What a kept selection depends on.

The families allowed, the resource, the raw query and the registry's generation; for a list also which relationship
gives it its order, and whether it is asked for in pages by cursor.
"""

KEPT_LENGTH = 4096
"""Characters of the longest query whose selection is kept: the long ones of QUERY requests seldom come twice."""

ACTIONS = {"POST": Action.ADD, "PATCH": Action.REPLACE, "DELETE": Action.REMOVE}


class Parser:
    """Parses the calls of one manager; the selections of query strings it has seen are kept."""

    def __init__(self, size: int = 1024) -> None:
        self._size = size
        self._kept: OrderedDict[Key, tuple[Selection, bool]] = OrderedDict()
        self._lock = Lock()

    def parse(self, call: Call) -> Operation:
        """Understand one call; Rejected."""
        if call.endpoint == "evaluation":
            return self._evaluation(call)
        prepared = preprocess(call)
        given, call = call, prepared.call
        match call.endpoint, call.method:
            case "collection", "GET":
                chosen, single = self._list(call, call.resource, prepared)
                return Fetch(chosen, Collection(), single=single)
            case "collection", "POST":
                return self._create(call)
            case "resource", "GET":
                return Fetch(self._one(call, call.resource), One(_id(call)))
            case "resource", "PATCH":
                return self._update(call, given.id)
            case "resource", "DELETE":
                self._query(call, NOTHING)
                return Delete(Target(call.resource, _id(call)))
            case (("related" | "member"), "GET"):
                return self._related(call, prepared)
            case "relationship", "GET":
                return self._linkage(call)
            case "relationship", ("POST" | "PATCH" | "DELETE"):
                return self._relate(call)
        raise NotImplementedError(f"{call.method} on {call.endpoint}")

    # ------------------------------------------------------------ reading

    def _related(self, call: Call, prepared: Prepared) -> Fetch:
        relationship = _relationship(call)
        if call.endpoint == "member":
            return self._member(call, relationship)
        origin = Related(call.resource, _id(call), relationship)
        if relationship.is_many:
            chosen, single = self._list(call, relationship.target, prepared, relationship)
            _check_not_single(single)
            return Fetch(chosen, origin)
        return Fetch(self._one(call, relationship.target), origin)

    def _member(self, call: Call, relationship: Relationship) -> Fetch:
        if not relationship.is_many:
            detail = f"{quote(relationship.name)} is a to-one relationship; it has no members to name by id"
            raise reject("unknown-url", detail)
        member = identify(relationship.target, call.member or "")
        if member is None:
            raise _no_such(relationship.target, call.member)
        origin = Related(call.resource, _id(call), relationship, member)
        return Fetch(self._one(call, relationship.target), origin)

    def _linkage(self, call: Call) -> Fetch:
        """Parse a relationship URL; there an include path starts at the parent (J-4.3.10)."""
        relationship = _relationship(call)
        resource = relationship.target
        origin = Related(call.resource, _id(call), relationship)
        query = self._query(call, LISTS if relationship.is_many else SINGLES)
        tree = _include(call.resource, query)
        if others := [name for name in tree or () if name != relationship.name]:
            detail = (
                f"only {quote(relationship.name)} and what is beyond it can be included here, not {quote(others[0])}"
            )
            raise reject("invalid-include", detail, Source(parameter="include"))
        fieldsets = fieldsets_of(call.resource, query)
        shown = bool(tree)
        inner = (tree or {}).get(relationship.name, {})
        chosen = selection(resource, inner, fieldsets) if shown else linkage_selection(resource)
        chosen = refined(replace(chosen, included=tree is not None), query, (relationship.name,))
        if relationship.is_many:
            chosen, single = _narrowed(chosen, resource, query, asks_for_cursors(call))
            _check_not_single(single)
            chosen = seekable(chosen, relationship)
        return Fetch(chosen, origin, as_linkage=True, with_primary=shown)

    def _list(
        self, call: Call, resource: Resource, prepared: Prepared, relationship: Relationship | None = None
    ) -> tuple[Selection, bool]:
        by_cursor = asks_for_cursors(call)
        key = (LISTS, resource, call.query, resource.registry.generation, relationship, by_cursor)
        found = self._find(key)
        if found is None:
            query = self._query(call, LISTS)
            chosen, single = _narrowed(_chosen(resource, query), resource, query, by_cursor)
            chosen = chosen if prepared.listing is not None else seekable(chosen, relationship)
            found = self._keep(key, (chosen, single))
        if prepared.listing is None:
            return found
        return seekable(_as_prepared(found[0], *prepared.listing), relationship), found[1]

    def _one(self, call: Call, resource: Resource) -> Selection:
        key = (SINGLES, resource, call.query, resource.registry.generation, None, False)
        found = self._find(key)
        if found is None:
            found = self._keep(key, (_chosen(resource, self._query(call, SINGLES)), False))
        return found[0]

    def _evaluation(self, call: Call) -> Aggregate:
        """Parse functions; the preprocessors of lists hold here too: who may not list may not add up (A-9)."""
        text, rest = split_query(call.query)
        call = replace(call, query=rest)
        prepared = preprocess(call)
        asked = read_functions(call.resource, text)
        query = self._query(call, FILTERS)
        _check_not_single(reads_single(query.filters))
        chosen = replace(asked.selection, filter=read_filter(call.resource, query.filters))
        if prepared.listing is not None:
            chosen = replace(_as_prepared(chosen, *prepared.listing), sort=(), group=())
        return replace(asked, selection=chosen)

    def _find(self, key: Key) -> tuple[Selection, bool] | None:
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def _keep(self, key: Key, found: tuple[Selection, bool]) -> tuple[Selection, bool]:
        if len(key[2]) > KEPT_LENGTH:
            return found
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
        return found

    def _query(self, call: Call, allowed: frozenset[str]) -> Query:
        return read_query(standard_query(call), allowed, call.resource.registry.limits)

    # ------------------------------------------------------------ writing

    def _create(self, call: Call) -> Create:
        chosen = self._one(call, call.resource)
        document = read_document(call.body, call.resource)
        source = Source(pointer="/data")
        if call.resource.options.deserializer is not None:
            make = partial(call.resource.options.deserializer.deserialize, document)
            return Create(call.resource, (), (), chosen, make=make, source=source)
        draft = resource_object(call.resource, primary_data(document))
        links = tuple(draft.links)
        return Create(call.resource, draft.assignments, links, chosen, draft.id, draft.lid, source=source)

    def _update(self, call: Call, named: str | None) -> Update:
        """Parse an update; the document has to bear the id that the URL has `named`, whatever processors made of it."""
        chosen = self._one(call, call.resource)
        id_ = _id(call)
        document = read_document(call.body, call.resource)
        data = primary_data(document)
        draft = resource_object(call.resource, data, updating=named)
        target, kind = Target(call.resource, id_), subtype_of(call.resource, data)
        links, source, sparing = tuple(draft.links), Source(pointer="/data"), prefers_minimal(call)
        return Update(target, draft.assignments, links, chosen, source=source, sparing=sparing, kind=kind)

    def _relate(self, call: Call) -> Relate:
        relationship = _relationship(call)
        self._query(call, NOTHING)
        action = ACTIONS[call.method]
        check_action(relationship, action)
        document = read_document(call.body, call.resource)
        targets = relate_targets(relationship, primary_data(document), action, "/data")
        chosen = linkage_selection(relationship.target)
        target = Target(call.resource, _id(call))
        return Relate(target, relationship, action, targets, chosen, Source(pointer="/data"))


def _id(call: Call) -> Id:
    found = identify(call.resource, call.id or "")
    if found is None:
        raise _no_such(call.resource, call.id)
    return found


def _no_such(resource: Resource, id_: str | None) -> Exception:
    return reject("not-found", f"there is no {resource.name} with the id {quote(id_)}")


def _relationship(call: Call) -> Relationship:
    name = call.relation or ""
    known = relationships_of(call.resource)
    found = known.get(name)
    if found is None:
        hint = did_you_mean(name, known)
        raise reject("unknown-url", f"{call.resource.name} has no relationship {quote(name)}{hint}")
    return found


def _include(resource: Resource, query: Query) -> Tree | None:
    """Give the include paths that were named; None if the parameter is absent (an empty one names none)."""
    if query.include is None:
        return None
    paths = query.include.split(",") if query.include else []
    return include_tree(resource, paths, Source(parameter="include"))


def _chosen(resource: Resource, query: Query) -> Selection:
    tree = _include(resource, query)
    fieldsets = fieldsets_of(resource, query)
    if tree is None:
        default = default_tree(resource)
        default_one = replace(selection(resource, default, fieldsets, included=bool(default)), implied=True)
        return refined(default_one, query)
    return refined(selection(resource, tree, fieldsets, included=True), query)


def _check_not_single(single: bool) -> None:
    if single:
        detail = "filter[single] is possible on collections only"
        raise reject("invalid-filter", detail, Source(parameter="filter[single]"))


def _as_prepared(chosen: Selection, filters: list[Any], sort: list[Any], group: list[Any]) -> Selection:
    """Give a list the filter and the order that preprocessors left; the client's own have been checked before."""
    condition = all_of([bound_objects(chosen.resource, filters, hidden=True)])
    check_size(condition, chosen.resource, Source(parameter="filter"))
    terms = [(str(path), sign == "-") for sign, path in sort]
    keys = sort_keys(chosen.resource, terms, Source(parameter="sort"), hidden=True)
    nulls = {(key.path, key.operand): key.nulls_first for key in chosen.sort}
    ignore_case = bool(chosen.sort) and chosen.sort[0].ignore_case
    placed = tuple(
        replace(key, nulls_first=nulls.get((key.path, key.operand)), ignore_case=ignore_case and _is_text(key))
        for key in keys
    )
    grouped = group_keys(chosen.resource, map(str, group), GROUP, hidden=True)
    return replace(chosen, filter=condition, sort=placed, group=grouped)


def _narrowed(chosen: Selection, resource: Resource, query: Query, by_cursor: bool) -> tuple[Selection, bool]:
    """Add the filter, the order and the page of a list; give also whether exactly one resource is asked for."""
    single = reads_single(query.filters)
    sort = _order(resource, query)
    group = () if query.group is None else group_keys(resource, query.group.split(","), GROUP)
    part = page(resource, query.page, by_cursor=by_cursor and not single)
    part = Page(2, 0, Spelling.NUMBER, part.total) if single else part
    return replace(chosen, filter=read_filter(resource, query.filters), sort=sort, page=part, group=group), single


def _order(resource: Resource, query: Query) -> tuple[SortKey, ...]:
    """Bind the order of a list; texts go by their lower case where `ignoreCase` says so."""
    ignore_case = flag("ignoreCase", query.ignore_case)
    if query.sort == "0":
        detail = '"0" is no attribute to sort by; leave sort out for the order of the keys'
        raise reject("invalid-sort", detail, Source(parameter="sort"))
    terms = [] if query.sort is None else sort_terms(query.sort)
    keys = sort_keys(resource, terms, Source(parameter="sort"))
    if query.sort_nulls:
        keys = sort_keys(resource, terms, Source(parameter="sort"), nulls=nulls_places(query.sort_nulls, terms))
    return tuple(replace(key, ignore_case=_is_text(key)) for key in keys) if ignore_case else keys


def _is_text(key: SortKey) -> bool:
    return isinstance(key.operand, Attribute) and key.operand.codec.textual
