"""What is sent of the resources that a batch has changed: `include` and the fieldsets of the request (A-3).

The extension has no place for included resources at the top level or in a result, but for its `meta`; there they go,
as `meta.included`, in the form of a compound document's.  A path has to mean something for one of the types at least
that are added or updated.
"""

from __future__ import annotations

from dataclasses import replace

from ...operations.inclusion import include_tree, selection
from ...operations.problems import Rejected, Source
from ...operations.selection import Selection
from ...schema.resource import Resource
from ..base import Call
from .query import read_query
from .refinements import fieldsets_of

FAMILIES = frozenset({"include", "fields", "excludedFields"})
INCLUDE = Source(parameter="include")


class ResultSelections:
    """Gives one Selection for each type, so that like operations can be carried out together."""

    def __init__(self, call: Call) -> None:
        query = read_query(call.query, FAMILIES, call.resource.registry.limits)
        self._fieldsets = fieldsets_of(call.resource, query)
        self._paths = None if query.include is None else tuple(filter(None, query.include.split(",")))
        self._refusals: dict[str, Rejected | None] = {}
        self._made: dict[Resource, Selection] = {}

    def of(self, resource: Resource) -> Selection:
        """Give what is sent of resources of one type."""
        if resource not in self._made:
            self._made[resource] = self._chosen(resource)
        return self._made[resource]

    def _chosen(self, resource: Resource) -> Selection:
        paths = [path for path in self._paths or () if self._is_possible(resource, path)]
        chosen = selection(resource, include_tree(resource, paths, INCLUDE), self._fieldsets)
        return replace(chosen, included=self._paths is not None)

    def _is_possible(self, resource: Resource, path: str) -> bool:
        try:
            include_tree(resource, [path], INCLUDE)
        except Rejected as rejected:
            self._refusals.setdefault(path, rejected)
            return False
        self._refusals[path] = None
        return True

    def check(self) -> None:
        """Demand that every path was possible for some type; Rejected (`invalid-include`, `limit-exceeded`)."""
        refused = [rejected.problems[0] for rejected in self._refusals.values() if rejected is not None]
        if refused:
            raise Rejected(*refused)
