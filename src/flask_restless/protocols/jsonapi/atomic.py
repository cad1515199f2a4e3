"""The Atomic Operations extension: several writes in one request, all or nothing.

Every operation is checked before the first write, and everything that is wrong is told at once, at pointers below
`/atomic:operations/N` (A-5.2).  Each operation needs the permissions of the single request that it stands for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any
from urllib.parse import SplitResult, unquote, urljoin, urlsplit
from urllib.parse import quote as percent_encoded

from ...operations.binding import identify, relationships_of, shown
from ...operations.inclusion import linkage_selection
from ...operations.operation import Action, Batch, Create, Delete, Link, Relate, Target, Update, Write
from ...operations.problems import Problem, Rejected, Source, did_you_mean, problem, quote, reject
from ...schema.resource import Relationship, Resource
from ..base import Call
from .alike import MEMBER, read_alike
from .document import read_document, resource_object
from .expected import with_expectation
from .relating import check_action, lone_target, relate_targets
from .results import ResultSelections
from .single import NOTHING, is_watched, prepared, single_call

EXTENSION = "https://jsonapi.org/ext/atomic"
ACTIONS = {"add": Action.ADD, "update": Action.REPLACE, "remove": Action.REMOVE}
METHODS = {"add": "POST", "update": "PATCH", "remove": "DELETE"}
"""What an operation says -> the method of the single request that it stands for."""

PORTS = {"http": 80, "https": 443}
JsonObject = dict[str, Any]


def read_batch(call: Call) -> Batch:
    """Understand the body of a request to the operations URL; `call.resource` only leads to the registry."""
    limits = call.resource.registry.limits
    selections = ResultSelections(call)
    alike = read_alike(call, selections, partial(_closely, call, selections))
    if alike is not None:
        selections.check()
        return Batch(alike)
    document = read_document(call.body, call.resource)
    for member in ("data", "included", "atomic:results", "errors"):
        if member in document:
            detail = f'"{member}" does not go together with "{MEMBER}"'
            raise reject("malformed-document", detail, Source(pointer=f"/{member}"))
    given = document.get(MEMBER)
    if not isinstance(given, list) or not given:
        pointer = f"/{MEMBER}" if MEMBER in document else ""
        raise reject("missing-member", f'"{MEMBER}" must be a list of one or more operations', Source(pointer=pointer))
    if len(given) > limits.operations:
        detail = f"at most {limits.operations} operations are carried out at once; there are {len(given)}"
        raise reject("limit-exceeded", detail, Source(pointer=f"/{MEMBER}"))
    operations = _Reader(call, selections).read(given)
    selections.check()
    return Batch(operations)


def _closely(call: Call, selections: ResultSelections, given: list[Any]) -> Callable[[int], Create]:
    """Give what reads one of the operations by itself."""
    reader = _Reader(call, selections)

    def make(number: int) -> Create:
        (found,) = reader.read(given[number : number + 1], number)
        assert isinstance(found, Create)
        return found

    return make


class _Reader:
    """Reads the operations of one batch, and remembers the local ids that they give."""

    def __init__(self, call: Call, selections: ResultSelections) -> None:
        self._call = call
        self._lids: set[tuple[str, str]] = set()
        self._selections = selections

    def read(self, given: list[Any], start: int = 0) -> tuple[Write, ...]:
        """Bind every operation, the first of which has the number `start`; Rejected with the problems of all."""
        found: list[Write] = []
        problems: list[Problem] = []
        for number, one in enumerate(given, start):
            pointer = f"/{MEMBER}/{number}"
            try:
                write = with_expectation(self._operation(one, pointer), one, pointer)
                problems += self._unknown_lids(write)
                found.append(write)
            except Rejected as rejected:
                problems += [each.at(Source(pointer=pointer)) for each in rejected.problems]
        if problems:
            raise Rejected(*problems)
        return tuple(found)

    def _operation(self, given: Any, pointer: str) -> Write:
        if not isinstance(given, dict):
            raise reject("malformed-document", f"an operation is an object, not {shown(given)}")
        verb = given.get("op")
        if not isinstance(verb, str) or verb not in METHODS:
            source = Source(pointer=f"{pointer}/op" if "op" in given else pointer)
            raise reject("malformed-document", f'"op" is "add", "update" or "remove", not {shown(verb)}', source)
        if "ref" in given and "href" in given:
            raise reject("malformed-document", 'an operation has either "ref" or "href", not both')
        if "meta" in given and not isinstance(given["meta"], dict):
            raise reject("malformed-document", '"meta" is an object', Source(pointer=f"{pointer}/meta"))
        reference = self._reference(given, verb, pointer)
        if reference.relationship is not None:
            return self._relate(given, verb, reference, pointer)
        if verb == "add":
            return self._add(given, reference, pointer)
        return self._update(given, reference, pointer) if verb == "update" else self._remove(reference, pointer)

    # ------------------------------------------------------------ what an operation is about

    def _reference(self, given: JsonObject, verb: str, pointer: str) -> _Reference:
        if "href" in given:
            return self._by_url(given["href"], Source(pointer=f"{pointer}/href"))
        if "ref" in given and not (verb == "add" and "relationship" not in _object(given["ref"])):
            return self._by_ref(given["ref"], f"{pointer}/ref")
        if verb == "remove":
            raise reject("missing-member", 'a "remove" needs "ref" or "href"', Source(pointer=pointer))
        data = given.get("data")
        if not isinstance(data, dict):
            at = f"{pointer}/data" if "data" in given else pointer
            raise reject("missing-member", '"data" must be a resource object', Source(pointer=at))
        if verb == "add":
            resource = self._type(data, f"{pointer}/data")
            if "ref" in given:
                self._check_added(given["ref"], resource, f"{pointer}/ref")
            return _Reference(resource)
        return self._by_ref({key: data[key] for key in ("type", "id", "lid") if key in data}, f"{pointer}/data")

    def _check_added(self, given: Any, resource: Resource, pointer: str) -> None:
        """Refuse a reference with an "add" to another type (A-2.3); Orbit sends one to the new resource."""
        if not isinstance(given, dict):
            raise reject("malformed-document", f"a reference is an object, not {shown(given)}", Source(pointer=pointer))
        if self._type(given, pointer) is not resource:
            detail = f"the reference is to {quote(given['type'])}, the resource is of type {quote(resource.name)}"
            raise reject("wrong-type", detail, Source(pointer=f"{pointer}/type"))

    def _type(self, given: JsonObject, pointer: str) -> Resource:
        name = given.get("type")
        if not isinstance(name, str):
            raise reject("missing-member", '"type" must be given, as a string', Source(pointer=pointer))
        registry = self._call.resource.registry
        found = registry.of_type(name, self._call.resource.url_prefix)
        if found is None:
            hint = did_you_mean(name, {one.name for one in registry})
            raise reject("not-found", f"there is no type {quote(name)}{hint}", Source(pointer=f"{pointer}/type"))
        return found

    def _by_ref(self, given: Any, pointer: str) -> _Reference:
        source = Source(pointer=pointer)
        if not isinstance(given, dict):
            raise reject("malformed-document", f"a reference is an object, not {shown(given)}", source)
        resource = self._type(given, pointer)
        named = [name for name in ("id", "lid") if name in given]
        if len(named) != 1 or not isinstance(given[named[0]], str):
            raise reject("invalid-identifier", 'a reference has a "type" and either an "id" or a "lid"', source)
        relationship = None
        if "relationship" in given:
            relationship = _relationship(resource, given["relationship"], Source(pointer=f"{pointer}/relationship"))
        if named == ["lid"]:
            return _Reference(resource, Target(resource, None, given["lid"], source), relationship)
        return _Reference(resource, _target(resource, given["id"], source), relationship)

    def _by_url(self, given: Any, source: Source) -> _Reference:
        """Resolve a URL by our own routes alone; nothing is ever fetched (A-2.4)."""
        if not isinstance(given, str):
            raise reject("malformed-document", f'"href" is a string, not {shown(given)}', source)
        path = self._path(given)
        for resource in self._call.resource.registry:
            prefix = resource.url if path is not None and path.startswith(resource.url) else resource.path
            if path == prefix:
                return _Reference(resource)
            if path is not None and path.startswith(prefix + "/"):
                parts = [unquote(part) for part in path[len(prefix) + 1 :].split("/")]
                if len(parts) == 1:
                    return _Reference(resource, _target(resource, parts[0], source))
                if len(parts) == 3 and parts[1] == "relationships":
                    relationship = _relationship(resource, parts[2], source)
                    return _Reference(resource, _target(resource, parts[0], source), relationship)
        raise reject("unknown-url", f"{quote(given)} is no URL of a collection, resource or relationship here", source)

    def _path(self, given: str) -> str | None:
        """Resolve a reference against the operations URL (RFC 3986, 5.2), and give the path below the root.

        None if it leads elsewhere, or cannot be read.
        """
        root = urlsplit(self._call.root)
        prefix = percent_encoded(self._call.resource.url_prefix, safe="/")
        try:
            parts = urlsplit(urljoin(f"{self._call.root}{prefix}/operations", given))
            if _server(parts) != _server(root) or parts.query or parts.fragment:
                return None
        except ValueError:
            return None
        return parts.path.removeprefix(root.path)

    # ------------------------------------------------------------ the operations

    def _add(self, given: JsonObject, reference: _Reference, pointer: str) -> Create:
        resource = reference.resource
        if reference.target is not None:
            raise reject("malformed-document", "a resource is added to a collection", Source(pointer=f"{pointer}/href"))
        _check_method(resource, "POST")
        data = self._shown(resource, "collection", "POST", _data(given, pointer), pointer)
        if resource.options.deserializer is not None:
            return self._deserialized(resource, data, pointer)
        draft = resource_object(resource, data, pointer=f"{pointer}/data")
        if draft.lid is not None:
            self._taken_lid(resource, data, pointer)
        source = Source(pointer=f"{pointer}/data")
        chosen = self._selections.of(resource)
        return Create(resource, draft.assignments, tuple(draft.links), chosen, draft.id, draft.lid, source=source)

    def _deserialized(self, resource: Resource, data: Any, pointer: str) -> Create:
        """Have the API's own deserializer make the instance, from the document of the single request."""
        make = partial(resource.options.deserializer.deserialize, {"data": data})
        lid = self._taken_lid(resource, data, pointer) if isinstance(data, dict) else None
        chosen, source = self._selections.of(resource), Source(pointer=f"{pointer}/data")
        return Create(resource, (), (), chosen, lid=lid, make=make, source=source)

    def _taken_lid(self, resource: Resource, data: JsonObject, pointer: str) -> str | None:
        """Remember the local id of a resource that is added."""
        lid = data.get("lid")
        if isinstance(lid, str):
            key = (resource.name, lid)
            if key in self._lids:
                detail = f"the lid {quote(lid)} is given twice"
                raise reject("invalid-identifier", detail, Source(pointer=f"{pointer}/data/lid"))
            self._lids.add(key)
            return lid
        return None

    def _shown(
        self,
        resource: Resource,
        endpoint: str,
        method: str,
        data: Any,
        pointer: str,
        reference: _Reference | None = None,
    ) -> Any:
        """Show an operation to the preprocessors of its API; they may change the data and what it is about."""
        if not is_watched(resource, endpoint, method):
            return data
        target = None if reference is None else reference.target
        id_ = None if target is None or target.id is None else resource.identity.text(target.id)
        relation = None if reference is None or reference.relationship is None else reference.relationship.name
        call = single_call(self._call, resource, endpoint, method, data, id=id_, relation=relation)
        left, data = prepared(call, Source(pointer=pointer))
        if reference is not None and left.id is not None and left.id != id_:
            reference.target = _target(resource, left.id, Source(pointer=pointer))
        if reference is not None and left.relation is not None and left.relation != relation:
            reference.relationship = _relationship(resource, left.relation, Source(pointer=pointer))
        return data

    def _update(self, given: JsonObject, reference: _Reference, pointer: str) -> Update:
        resource, target = reference.resource, reference.target
        if target is None:
            raise reject("malformed-document", "a collection cannot be updated", Source(pointer=f"{pointer}/href"))
        _check_method(resource, "PATCH")
        name = target.lid if target.id is None else resource.identity.text(target.id)
        data = self._shown(resource, "resource", "PATCH", _data(given, pointer), pointer, reference)
        target = reference.target or target
        if isinstance(data, dict) and target.lid is not None:
            if data.get("lid", target.lid) != target.lid:
                raise reject("wrong-id", "the lid is not that of the reference", Source(pointer=f"{pointer}/data/lid"))
            data = {**data, "id": target.lid}
        draft = resource_object(resource, data, updating=name, pointer=f"{pointer}/data")
        source = Source(pointer=f"{pointer}/data")
        return Update(target, draft.assignments, tuple(draft.links), self._selections.of(resource), source)

    def _remove(self, reference: _Reference, pointer: str) -> Delete:
        if reference.target is None:
            raise reject("malformed-document", "a collection cannot be removed")
        _check_method(reference.resource, "DELETE")
        self._shown(reference.resource, "resource", "DELETE", NOTHING, pointer, reference)
        return Delete(reference.target, reference.target.source)

    def _relate(self, given: JsonObject, verb: str, reference: _Reference, pointer: str) -> Relate:
        relationship, target = reference.relationship, reference.target
        assert relationship is not None
        assert target is not None
        _check_method(reference.resource, "PATCH")
        action = ACTIONS[verb]
        data = self._shown(reference.resource, "relationship", METHODS[verb], _data(given, pointer), pointer, reference)
        relationship, target = reference.relationship or relationship, reference.target or target
        check_action(relationship, action)
        is_lone = relationship.is_many and action is not Action.REPLACE and isinstance(data, dict)
        bind = lone_target if is_lone else relate_targets
        targets = bind(relationship, data, action, f"{pointer}/data")
        chosen = linkage_selection(relationship.target)
        return Relate(target, relationship, action, targets, chosen, Source(pointer=f"{pointer}/data"))

    def _unknown_lids(self, write: Write) -> list[Problem]:
        """Name every local id that no earlier operation gives (A-11.3)."""
        return [
            problem(
                "invalid-identifier", f"no earlier operation adds a resource with the lid {quote(one.lid)}", one.source
            )
            for one in _targets(write)
            if one.lid is not None and (one.resource.name, one.lid) not in self._lids
        ]


class _Reference:
    """What an operation is about: a collection, one of its resources, or a relationship of that resource."""

    __slots__ = ("relationship", "resource", "target")

    def __init__(
        self, resource: Resource, target: Target | None = None, relationship: Relationship | None = None
    ) -> None:
        self.resource = resource
        self.target = target
        self.relationship = relationship


def _server(parts: SplitResult) -> tuple[str, str | None, int | None]:
    """Give scheme, host and port, where the scheme's own port need not be said (RFC 3986, 6.2.3)."""
    return parts.scheme, parts.hostname, parts.port or PORTS.get(parts.scheme)


def _targets(write: Write) -> Iterable[Target]:
    match write:
        case Create(links=links):
            yield from _linked(links)
        case Update(target, links=links):
            yield target
            yield from _linked(links)
        case Delete(target):
            yield target
        case Relate(target, targets=targets):
            yield target
            yield from targets


def _linked(links: tuple[Link, ...]) -> Iterable[Target]:
    for link in links:
        yield from (one for one in link.targets if isinstance(one, Target))


def _object(given: Any) -> Mapping[str, Any]:
    return given if isinstance(given, dict) else {}


def _data(given: JsonObject, pointer: str) -> Any:
    if "data" not in given:
        raise reject("missing-member", 'the operation has no member "data"', Source(pointer=pointer))
    return given["data"]


def _target(resource: Resource, text: str, source: Source) -> Target:
    id_ = identify(resource, text)
    if id_ is None:
        raise reject("not-found", f"there is no {resource.name} with the id {quote(text)}", source)
    return Target(resource, id_, source=source)


def _relationship(resource: Resource, name: Any, source: Source) -> Relationship:
    known = relationships_of(resource)
    if not isinstance(name, str):
        raise reject("malformed-document", f'"relationship" is a string, not {shown(name)}', source)
    if name not in known:
        hint = did_you_mean(name, known)
        raise reject("not-found", f"{resource.name} has no relationship {shown(name)}{hint}", source)
    return known[name]


def _check_method(resource: Resource, method: str) -> None:
    """Demand the method of the single request."""
    if method not in resource.options.methods:
        raise reject("forbidden", f"{resource.name} cannot be written that way; {method} is not allowed for it")
