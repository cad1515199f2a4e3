"""Documents to instances: what an API's own deserializer is, and the one to begin from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..database.execution.locate import linked_instances
from ..lookup import resource_of
from ..operations.binding import assignments, escape, relationships_of
from ..operations.operation import Target
from ..operations.problems import Problem, Rejected, did_you_mean, quote
from ..protocols.jsonapi.document import linkage
from ..schema.resource import Resource
from .exceptions import (
    ClientGeneratedIDNotAllowed,
    ConflictingType,
    DeserializationException,
    MissingData,
    MissingType,
    MultipleExceptions,
    UnknownAttribute,
    UnknownRelationship,
)

if TYPE_CHECKING:
    from ..manager import APIManager

Object = dict[str, Any]


class Deserializer(ABC):
    """Makes the new instances of one API, as `create_api(model, deserializer=...)` is told.

    It is called inside the transaction of the request; `session` stands for the Session of that request.
    """

    def __init__(self, session: Any = None, model: type | None = None, api_manager: APIManager | None = None) -> None:
        self.session = session
        self.model = model
        self.api_manager = api_manager

    @abstractmethod
    def deserialize(self, document: Object) -> Any:
        """Give the instance that `document` (the whole body of the request) asks for; it is added by the caller."""


class DefaultDeserializer(Deserializer):
    """Deserializes as the API itself does, in steps that subclasses may change.

    The steps are `_check_type_and_id`, `_check_unknown_fields`, `_load_related_resources`, `_extract_attributes`,
    `_get_or_create` and `_assign_related_resources`, in this order; each of them gets the resource object.
    """

    def __init__(
        self,
        session: Any = None,
        model: type | None = None,
        api_manager: APIManager | None = None,
        allow_client_generated_ids: bool = False,
    ) -> None:
        super().__init__(session, model, api_manager)
        self.allow_client_generated_ids = allow_client_generated_ids
        self._resource: Resource | None = None

    def bind(self, resource: Resource) -> None:
        """Serve one API; called when it is created."""
        self._resource = resource
        self.model = self.model or resource.model

    @property
    def resource(self) -> Resource:
        """The API whose documents are read, as the caller of the request may see it."""
        if self._resource is None:
            if self.model is None:
                raise ValueError("a deserializer needs a model; give it one, or give it to create_api")
            self._resource = resource_of(self.model, self.api_manager)
        return self._resource.registry.current(self._resource)

    def deserialize(self, document: Object) -> Any:
        """Give the instance that `document` asks for; raise DeserializationException, or Rejected for bad values."""
        data = document.get("data")
        if not isinstance(data, dict):
            raise MissingData(source={"pointer": "/data" if "data" in document else ""})
        self._check_type_and_id(data)
        self._check_unknown_fields(data)
        links = self._load_related_resources(data)
        instance = self._get_or_create(self._extract_attributes(data))
        self._assign_related_resources(instance, links)
        return instance

    def _check_type_and_id(self, data: Object) -> None:
        """Demand the type of this API, and no id where the server makes it."""
        if "type" not in data:
            raise MissingType(source={"pointer": "/data"})
        if data["type"] != self.resource.name:
            detail = f"expected type {quote(self.resource.name)} but got type {quote(data['type'])}"
            raise ConflictingType(detail, source={"pointer": "/data/type"})
        if "id" in data and not (self.allow_client_generated_ids or self.resource.options.allow_client_generated_ids):
            raise ClientGeneratedIDNotAllowed(source={"pointer": "/data/id"})

    def _check_unknown_fields(self, data: Object) -> None:
        """Refuse names that are no field of this API."""
        known = {"attributes": self.resource.attributes, "relationships": relationships_of(self.resource)}
        kinds = {"attributes": ("attribute", UnknownAttribute), "relationships": ("relationship", UnknownRelationship)}
        unknown: list[DeserializationException] = []
        for member, names in known.items():
            word, kind = kinds[member]
            for name in _member(data, member):
                if name not in names and not name.startswith("@"):
                    detail = f"model has no {word} {quote(name)}{did_you_mean(name, names)}"
                    unknown.append(kind(detail, source={"pointer": f"/data/{member}/{escape(name)}"}))
        if len(unknown) > 1:
            raise MultipleExceptions(unknown)
        if unknown:
            raise unknown[0]

    def _load_related_resources(self, data: Object) -> Object:
        """Give the related instances by relationship: a list if to-many, an instance or None if to-one."""
        known = relationships_of(self.resource)
        found: Object = {}
        for name, value in _member(data, "relationships").items():
            if name.startswith("@"):
                continue
            pointer = f"/data/relationships/{escape(name)}"
            if not isinstance(value, dict) or "data" not in value:
                raise MissingData(f'missing "data" element for relationship {quote(name)}', source={"pointer": pointer})
            targets = linkage(known[name], value["data"], f"{pointer}/data")
            related = self._load(targets)
            found[name] = related if known[name].is_many else next(iter(related), None)
        return found

    def _load(self, targets: tuple[Target, ...]) -> list[Any]:
        return linked_instances(targets, self.session)

    def _extract_attributes(self, data: Object) -> Object:
        """Give the Python values of the attributes by their key on the model; Rejected names all that do not fit."""
        problems: list[Problem] = []
        given = _member(data, "attributes")
        found = assignments(self.resource, given, "/data/attributes", problems, creating=True)
        if problems:
            raise Rejected(*problems)
        values = {one.attribute.key: one.value for one in found}
        if "id" in data:
            keys = (key.key for key in self.resource.identity.keys)
            values |= dict(zip(keys, self.resource.identity.parse(str(data["id"])), strict=True))
        return values

    def _get_or_create(self, attributes: Object) -> Any:
        """Make the instance."""
        return self.resource.model(**attributes)

    def _assign_related_resources(self, instance: Any, links: Object) -> None:
        """Set the relationships of the new instance."""
        for name, related in links.items():
            setattr(instance, self.resource.relationships[name].key, related)


def _member(data: Object, name: str) -> Object:
    value = data.get(name, {})
    if not isinstance(value, dict):
        raise DeserializationException(400, f'"{name}" is not an object', source={"pointer": f"/data/{name}"})
    return value


class CalledDeserializer(Deserializer):
    """A plain function `f(document)` as a deserializer (1.0.0b1)."""

    def __init__(self, function: Callable[[Object], Any]) -> None:
        super().__init__()
        self.function = function

    def deserialize(self, document: Object) -> Any:
        """Call the function."""
        return self.function(document)


def checked_deserializer(value: Any) -> Any:
    """Take what `create_api(deserializer=...)` was handed: an object with `deserialize`, or a function."""
    return value if hasattr(value, "deserialize") else CalledDeserializer(value)
