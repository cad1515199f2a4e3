"""Every Resource of one APIManager, by name and by model; relationship targets are found here, lazily."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .narrowing import Narrowing
from .options import Limits

if TYPE_CHECKING:
    from .resource import Resource


class Registry:
    """The resources of one manager on one application.

    `generation` grows with each addition, so that what was derived from the registry can tell that it is old.
    `operators` are the filter operators of the application's own, by name (`operations.operators.Operator`).
    `secrets` gives, during a request, the keys that cursors are signed with: the present one, then those it has
    replaced; none where the application has no secret.
    `peers` are the registries of the other protocols of the same manager: their APIs are never linked to, but what
    they hide of a model stays hidden.
    """

    def __init__(self, limits: Limits | None = None, secrets: Callable[[], tuple[bytes, ...]] = tuple) -> None:
        self.limits = limits or Limits()
        self.secrets = secrets
        self.peers: list[Registry] = []
        self.generation = 0
        self.operators: Mapping[str, Any] = MappingProxyType({})
        self._resources: list[Resource] = []
        self._targets: dict[tuple[type, str, bool], Resource | None] = {}
        self._types: dict[tuple[str, str], Resource] = {}
        self._narrowing: Narrowing | None = None
        self.is_narrowed = False
        """Whether the resources are as one caller may see them."""
        self.has_scopes = False
        """Whether a resource has a rule `scope`."""
        self.is_guarded = False
        """Whether a resource has a rule `authorize`, or hooks."""
        self.whole = self
        """The registry of everything, where this one is narrowed."""
        self.sender: object = None
        """What signals of changes are sent by: the manager."""

    def __iter__(self) -> Iterator[Resource]:
        return iter(self._resources)

    def add(self, resource: Resource) -> None:
        """Take `resource` in; ValueError if another one has the same URL already."""
        for other in self._resources:
            if other.path == resource.path:
                raise ValueError(
                    f"{other.model.__name__} is served at {other.path} already; "
                    f"give the API of {resource.model.__name__} another collection_name or url_prefix"
                )
            if other.name == resource.name and other.model is not resource.model:
                raise ValueError(
                    f"the type name {resource.name!r} belongs to {other.model.__name__} already; "
                    f"give the API of {resource.model.__name__} another collection_name"
                )
        self._resources.append(resource)
        self._targets.clear()
        self._types.clear()
        self.generation += 1
        self.heed(resource)
        if resource.options.rules.is_dynamic and self._narrowing is None and not self.is_narrowed:
            self._narrowing = Narrowing(self)

    def heed(self, resource: Resource) -> None:
        """Take note of the rules of a resource, which may stand in for an API and not be one of this registry."""
        rules = resource.options.rules
        self.has_scopes |= rules.scope is not None
        self.is_guarded |= rules.authorize is not None or bool(resource.options.hooks)

    def empty(self) -> Registry:
        """Make a registry for the same resources as one caller may see them."""
        made = Registry(self.limits, self.secrets)
        made.whole, made.sender, made.is_narrowed = self, self.sender, True
        made.operators, made.peers = self.operators, self.peers
        return made

    def current(self, resource: Resource) -> Resource:
        """Give `resource` as the caller of the current request may see it; it leads to others that are so, too."""
        return resource if self._narrowing is None else self._narrowing.of(resource)

    def add_operator(self, name: str, operator: Any) -> None:
        """Take a filter operator in, in place of any other one of that name."""
        self.operators = MappingProxyType({**self.operators, name: operator})
        self.generation += 1

    def target(self, model: type, url_prefix: str, exact: bool = False) -> Resource | None:
        """Find the resource that shows rows of `model` for an API under `url_prefix`.

        The first API of the model under the same prefix, else the first one anywhere, else (unless `exact`) the
        same for the nearest mapped superclass.
        """
        key = (model, url_prefix, exact)
        if key not in self._targets:
            self._targets[key] = self._find(model, url_prefix, exact)
        return self._targets[key]

    def _find(self, model: type, url_prefix: str, exact: bool) -> Resource | None:
        for superclass in model.__mro__[:1] if exact else model.__mro__:
            found = [resource for resource in self._resources if resource.model is superclass]
            same = [resource for resource in found if resource.url_prefix == url_prefix]
            if found:
                return (same or found)[0]
        return None

    def of_type(self, name: str, url_prefix: str) -> Resource | None:
        """Find the resource of that type name, under `url_prefix` if possible."""
        key = (name, url_prefix)
        if key not in self._types:
            found = [resource for resource in self._resources if resource.name == name]
            same = [resource for resource in found if resource.url_prefix == url_prefix]
            if not found:
                return None
            self._types[key] = (same or found)[0]
        return self._types[key]

    def of_model(self, model: type) -> Resource:
        """Find the first resource of exactly `model`; ValueError if it has no API."""
        for resource in self._resources:
            if resource.model is model:
                return resource
        raise ValueError(f"no API has been created for {model.__name__}; call create_api({model.__name__}) first")
