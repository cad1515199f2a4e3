"""Calls to Operations: one function for each endpoint and method."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import partial
from threading import Lock
from typing import Any

from ...operations.binding import identify, relationships_of
from ...operations.inclusion import linkage_selection
from ...operations.operation import (
    Action,
    Collection,
    Create,
    Delete,
    DeleteMany,
    Fetch,
    Id,
    One,
    Operation,
    Relate,
    Related,
    Target,
    Update,
    UpdateMany,
)
from ...operations.paging import Page, Total
from ...operations.problems import Source, did_you_mean, quote, reject
from ...operations.selection import Selection
from ...schema.resource import Relationship, Resource
from ..base import Call
from .authentication import authenticate
from .document import BODY, Fields, read_body
from .evaluation import read_evaluation
from .framing import take_callback
from .paging import Window, window
from .processors import with_data, with_id, with_id_and_data, with_search
from .query import Q, Query, read_query
from .relating import bind
from .representation import classic_of, narrowed, representation
from .search import Search, bind_search, checked_search, read_search
from .values import MARKERS

UNFILTERED = "touching many objects needs a search with filters"
IN_BODY = Source(pointer="/q")


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list request asks for; kept for the query strings that were seen lately."""

    selection: Selection
    window: Window
    single: bool


class Parser:
    """Parses the calls of one manager; it keeps what each API's objects look like, and the lists seen lately."""

    def __init__(self, size: int = 1024) -> None:
        self._size = size
        self._shapes: dict[tuple[Resource, str | None, Resource | None], tuple[int, Selection]] = {}
        self._kept: OrderedDict[Any, Listing] = OrderedDict()
        self._lock = Lock()

    def parse(self, call: Call) -> Operation:
        """Understand one call; Rejected."""
        query = read_query(call.query, call.resource.registry.limits)
        take_callback(call, query.callback)
        authenticate(call)
        method = "PATCH" if call.method == "PUT" else call.method
        match call.endpoint, method:
            case "collection", "GET":
                return self._list(call, query)
            case "collection", "POST":
                return self._create(call)
            case "collection", "PATCH":
                return _update_many(call)
            case "collection", "DELETE":
                return _delete_many(call, query)
            case "resource", "GET":
                id_ = with_id(call, "GET_SINGLE")
                return Fetch(self._shape(call.resource), One(_id(call.resource, id_)))
            case "resource", "DELETE":
                id_ = with_id(call, "DELETE_SINGLE", relation_name=None, relation_instance_id=None)
                return Delete(Target(call.resource, _id(call.resource, id_)))
            case (("related" | "member"), "GET"):
                return self._related(call, query)
            case (("related" | "member"), "DELETE"):
                return _remove(call)
            case (("resource" | "related" | "member"), "PATCH"):
                return self._update(call)
            case "evaluation", "GET":
                return read_evaluation(call, query)
        raise NotImplementedError(f"{call.method} on {call.endpoint}")

    def _shape(self, resource: Resource, relation: str | None = None, owner: Resource | None = None) -> Selection:
        """Give what the objects of an API look like; at the URL of a relation, as the owner's API shows them."""
        generation = resource.registry.generation
        key = (resource, relation, owner)
        kept = self._shapes.get(key)
        if kept is None or kept[0] != generation:
            found = representation(resource)
            if relation is not None and owner is not None:
                found = narrowed(found, classic_of(owner), relation)
            kept = self._shapes[key] = (generation, found)
        return kept[1]

    # ------------------------------------------------------------ reading

    def _list(self, call: Call, query: Query) -> Fetch:
        resource = call.resource
        options = resource.options
        if "GET_MANY" in options.preprocessors or "GET_MANY" in options.postprocessors:
            search = read_search(query.q, resource)
            listing = self._prepared(call, query, search)
        else:
            listing = self._listing(call, query, resource, self._shape(resource))
        call.notes["window"] = listing.window
        call.notes["single"] = listing.single
        size = listing.selection.page.size if listing.selection.page else None
        return Fetch(listing.selection, Collection(), single=listing.single and size != 1)

    def _prepared(self, call: Call, query: Query, search: dict[str, Any]) -> Listing:
        """Bind a search that processors see; the client's own is checked first, by what clients may name."""
        bound = bind_search(call.resource, search)
        call.notes["search"] = search
        prepared, _ = with_search(call, "GET_MANY", search)
        if prepared:
            bound = bind_search(call.resource, search, hidden=True)
        return _listed(call.resource, query, bound, self._shape(call.resource))

    def _listing(self, call: Call, query: Query, resource: Resource, shape: Selection) -> Listing:
        """Bind the search of a list of `resource`, whose pages are those of the API that was asked."""
        key = (call.resource, call.relation, call.query, resource.registry.generation)
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
        listing = _listed(call.resource, query, bind_search(resource, read_search(query.q, resource)), shape)
        if query.q is None or not any(marker in query.q for marker in MARKERS):
            with self._lock:
                self._kept[key] = listing
                while len(self._kept) > self._size:
                    self._kept.popitem(last=False)
        return listing

    def _related(self, call: Call, query: Query) -> Fetch:
        relationship = _relationship(call)
        target = relationship.target
        id_ = _id(call.resource, with_id(call, "GET_SINGLE"))
        shape = self._shape(target, relationship.name, call.resource)
        if call.endpoint == "member":
            member = _id(target, call.member or "")
            return Fetch(shape, Related(call.resource, id_, relationship, member))
        origin = Related(call.resource, id_, relationship)
        if not relationship.is_many:
            return Fetch(shape, origin)
        listing = self._listing(call, query, target, shape)
        if listing.single:
            raise reject("invalid-filter", "single is possible on collections only", Q)
        call.notes["window"] = listing.window
        return Fetch(listing.selection, origin)

    # ------------------------------------------------------------ writing

    def _create(self, call: Call) -> Create:
        resource = call.resource
        data = read_body(call)
        trusted = with_data(call, "POST", data, classic_of(resource).post_form_preprocessor)
        shape = self._shape(resource)
        if resource.options.deserializer is not None:
            make = partial(resource.options.deserializer.deserialize, data)
            return Create(resource, (), (), shape, make=make, source=BODY)
        draft = bind(Fields(resource, trusted=trusted), data)
        return Create(resource, tuple(draft.assignments), tuple(draft.links), shape, draft.id, source=BODY)

    def _update(self, call: Call) -> Update:
        """Parse an update; at the URL of a relation it is the owner that is changed (contract 2.6)."""
        resource = call.resource
        if call.relation is not None:
            _relationship(call)
        data = read_body(call)
        given, trusted = with_id_and_data(call, "PATCH_SINGLE", data)
        id_ = _id(resource, given)
        draft = bind(Fields(resource, updating=id_, trusted=trusted), data)
        assignments, links, changes = tuple(draft.assignments), tuple(draft.links), tuple(draft.changes)
        return Update(Target(resource, id_), assignments, links, self._shape(resource), BODY, changes)


def _listed(resource: Resource, query: Query, search: Search, shape: Selection) -> Listing:
    found = window(resource, query, search)
    page = found.page()
    if search.single:
        page = Page(2 if search.limit is None else min(2, search.limit), search.offset, total=Total.NONE)
    chosen = replace(shape, filter=search.filter, sort=search.sort, group=search.group, page=page)
    return Listing(chosen, found, search.single)


def _update_many(call: Call) -> UpdateMany:
    """Parse a change of many; the search stands in the body, as `q` (contract 2.9)."""
    resource = call.resource
    data = read_body(call)
    search = checked_search(data.pop("q", {}), IN_BODY)
    _check_filtered(resource, search, 'send it in the body, under "q"', IN_BODY)
    bound = bind_search(resource, search, IN_BODY)
    call.notes.update(search=search, data=data, single=bound.single)
    prepared, trusted = with_search(call, "PATCH_MANY", search, data)
    if prepared:
        bound = bind_search(resource, search, IN_BODY, hidden=True)
    draft = bind(Fields(resource, many=True, trusted=trusted), data)
    assignments, links, changes = tuple(draft.assignments), tuple(draft.links), tuple(draft.changes)
    return UpdateMany(_touched(resource, bound), assignments, links, changes, BODY)


def _delete_many(call: Call, query: Query) -> DeleteMany:
    resource = call.resource
    search = read_search(query.q, resource)
    _check_filtered(resource, search, "send it as q", Q)
    bound = bind_search(resource, search)
    call.notes["search"] = search
    prepared, _ = with_search(call, "DELETE_MANY", search)
    if prepared:
        bound = bind_search(resource, search, hidden=True)
    call.notes["single"] = bound.single
    return DeleteMany(_touched(resource, bound))


def _check_filtered(resource: Resource, search: dict[str, Any], cure: str, source: Source) -> None:
    """Refuse to touch every object because a client has forgotten, or misspelt, its search (A-11)."""
    if not search.get("filters") and not classic_of(resource).allow_unfiltered_many:
        raise reject("invalid-parameter", f"{UNFILTERED}; {cure}", source)


def _touched(resource: Resource, search: Search) -> Selection:
    """Select the rows of a search; one that names no filter means all of them."""
    limit = search.limit
    if search.single:
        limit = 2 if limit is None else min(2, limit)
    page = Page(limit, search.offset, total=Total.NONE) if limit is not None or search.offset else None
    chosen = linkage_selection(resource)
    return replace(chosen, filter=search.filter, sort=search.sort, page=page)


def _remove(call: Call) -> Relate:
    """Parse the removal of one member from a to-many relation (contract 2.6)."""
    relationship = _relationship(call)
    if call.endpoint == "related":
        raise reject("invalid-parameter", f'Cannot DELETE entire "{relationship.name}" relation')
    if not relationship.is_many:
        detail = f"{quote(relationship.name)} is a to-one relation; set it to null by PATCH"
        raise reject("invalid-parameter", detail)
    if not relationship.access.remove:
        raise reject("not-writable", f"the relation {quote(relationship.name)} cannot be changed")
    given = with_id(call, "DELETE_SINGLE", relation_name=call.relation, relation_instance_id=call.member)
    owner = Target(call.resource, _id(call.resource, given))
    member = Target(relationship.target, _id(relationship.target, call.member or ""))
    chosen = linkage_selection(relationship.target)
    return Relate(owner, relationship, Action.REMOVE, (member,), chosen, members_only=True)


def _id(resource: Resource, text: str) -> Id:
    found = identify(resource, text)
    if found is None:
        raise reject("not-found", f"there is no {resource.name} with the id {quote(text)}")
    return found


def _relationship(call: Call) -> Relationship:
    name = call.relation or ""
    known = relationships_of(call.resource)
    if name not in known:
        detail = f"{call.resource.name} has no relation {quote(name)}{did_you_mean(name, known)}"
        raise reject("unknown-url", detail)
    return known[name]
