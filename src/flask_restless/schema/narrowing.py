"""Field rules, carried out: resources with fewer fields, and the registries in which they find each other.

A hidden field is taken out of its resource, so that everything that reads the resource (binding, planning, rendering,
the caches of all of them) answers as if it did not exist.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING

from .resource import Access, Attribute, Relationship, RelationshipAccess, Resource
from .rules import EVERYTHING, Permitted

if TYPE_CHECKING:
    from .registry import Registry

KEPT = 64
"""Narrowed registries that one registry keeps: one for each combination of permissions seen lately."""

Key = tuple[int, tuple[Permitted, ...]]


def narrowed_attributes(attributes: Mapping[str, Attribute], permitted: Permitted) -> dict[str, Attribute]:
    """Give the attributes that are left; one that may be written but not read stays, unreadable."""
    if permitted == EVERYTHING:
        return dict(attributes)
    left = {name: _attribute(one, permitted) for name, one in attributes.items()}
    return {name: one for name, one in left.items() if one.access.read or one.access.create or one.access.update}


def _attribute(attribute: Attribute, permitted: Permitted) -> Attribute:
    had, name = attribute.access, attribute.name
    read = had.read and permitted.allows("readable", name)
    access = Access(
        read=read,
        create=had.create and permitted.allows("creatable", name),
        update=had.update and permitted.allows("updatable", name),
        filter=read and had.filter and permitted.allows("filterable", name),
        sort=read and had.sort and permitted.allows("sortable", name),
    )
    return attribute if access == had else replace(attribute, access=access)


def narrowed_relationships(
    relationships: Mapping[str, Relationship], permitted: Permitted, registry: Registry
) -> dict[str, Relationship]:
    """Give the relationships that are left, which lead to the resources of `registry`."""
    left = {name: _relationship(one, permitted, registry) for name, one in relationships.items()}
    return {name: one for name, one in left.items() if one.access.read}


def _relationship(relationship: Relationship, permitted: Permitted, registry: Registry) -> Relationship:
    had, name = relationship.access, relationship.name
    read = had.read and permitted.allows("readable", name) and permitted.allows("includable", name)
    change = permitted.allows("updatable", name)
    access = RelationshipAccess(
        read=read,
        filter=read and had.filter and permitted.allows("filterable", name),
        sort=read and had.sort and permitted.allows("sortable", name),
        create=had.create and permitted.allows("creatable", name),
        add=had.add and change and permitted.allows("addable", name),
        replace=had.replace and change and permitted.allows("replaceable", name),
        remove=had.remove and change and permitted.allows("removable", name),
    )
    if access == had and relationship.registry is registry:
        return relationship
    return replace(relationship, access=access, registry=registry)


class Narrowing:
    """The narrowed registries of one registry, by what its rules permit at a request."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._kept: OrderedDict[Key, Mapping[Resource, Resource]] = OrderedDict()
        self._lock = Lock()

    def of(self, resource: Resource) -> Resource:
        """Ask every rule that depends on the request, and give `resource` as its caller may see it."""
        dynamic = [one for one in self._registry if one.options.rules.is_dynamic]
        key = self._registry.generation, tuple(one.options.rules.permitted() for one in dynamic)
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept[resource]
        made = self._narrowed(dict(zip(dynamic, key[1], strict=True)))
        with self._lock:
            kept = self._kept.setdefault(key, made)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return kept[resource]

    def _narrowed(self, permitted: Mapping[Resource, Permitted]) -> dict[Resource, Resource]:
        registry = self._registry.empty()
        made = {one: _resource(one, permitted.get(one, EVERYTHING), registry) for one in self._registry}
        for one in made.values():
            registry.add(one)
        return made


def _resource(resource: Resource, permitted: Permitted, registry: Registry) -> Resource:
    version = resource.version
    return replace(
        resource,
        version=version if version is not None and permitted.allows("readable", version.key) else None,
        attributes=narrowed_attributes(resource.attributes, permitted),
        declared_relationships=narrowed_relationships(resource.declared_relationships, permitted, registry),
        registry=registry,
        is_narrowed=resource.is_narrowed or permitted != EVERYTHING,
    )
