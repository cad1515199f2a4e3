"""Instances to resource objects: what an API's own serializer is, and the one to begin from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect

from ..lookup import resource_of
from ..operations.binding import relationships_of
from ..schema.codec import as_sent, encode_value
from ..schema.resource import Attribute, Relationship, Resource

if TYPE_CHECKING:
    from ..manager import APIManager

Object = dict[str, Any]

ALWAYS = frozenset({"id", "type"})
"""Members of every resource object, whatever fields were asked for."""


class Serializer(ABC):
    """Makes the resource objects of one API, as `create_api(model, serializer=...)` is told.

    What it leaves out is completed: the identity, the `links`, and the linkage of included relationships (J-3.7.3).
    """

    @abstractmethod
    def serialize(self, instance: Any, only: Iterable[str] | None = None) -> Object:
        """Give the resource object of `instance`, or a whole document with it as `data`.

        `only` holds the names of the fields that were asked for; None means all of them.
        """

    def __call__(self, instance: Any, only: Iterable[str] | None = None) -> Object:
        """Serialize, in the spelling of 1.0.0b1."""
        return self.serialize(instance, only=only)


class DefaultSerializer(Serializer):
    """Serializes as the API itself does, for subclasses to change.

    Made without a model (`create_api(..., serializer_class=...)`), `serialize` gives whole documents; made for a model
    and manager (`serializer=...`) it gives resource objects.  `only`, `exclude` and `additional_attributes` narrow or
    widen what the API's own options expose.  Linkage of a to-many relationship is written where it is loaded already.
    """

    def __init__(
        self,
        model: type | None = None,
        type_name: str | None = None,
        api_manager: APIManager | None = None,
        primary_key: str | None = None,
        only: Iterable[Any] | None = None,
        exclude: Iterable[Any] | None = None,
        additional_attributes: Iterable[str] | None = None,
        allow_non_primary_key_id: bool = False,
    ) -> None:
        self._model = model
        self._type_name = type_name
        self._manager = api_manager
        self._primary_key = primary_key
        self._only = None if only is None else frozenset(_name(one) for one in only)
        self._exclude = frozenset(_name(one) for one in exclude or ())
        self._additional = tuple(additional_attributes or ())
        self._resource: Resource | None = None

    def bind(self, resource: Resource) -> None:
        """Serve one API; called when it is created."""
        self._resource = resource

    @property
    def attributes_columns(self) -> tuple[str, ...]:
        """Names of the attributes that are written."""
        return tuple(self._attributes(self._served(None), None))

    @property
    def relationship_columns(self) -> tuple[str, ...]:
        """Names of the relationships that are written."""
        return tuple(self._relationships(self._served(None), None))

    def serialize(self, instance: Any, only: Iterable[str] | None = None) -> Object:
        """Give the resource object of `instance`, or the document of it (see the class)."""
        found = self._dump(instance, only)
        return found if self._model is not None else {"data": found, "jsonapi": {"version": "1.1"}}

    def serialize_many(self, instances: Iterable[Any], only: Mapping[str, Iterable[str]] | None = None) -> Object:
        """Give the document of several instances; `only` holds fields by type."""
        fields = only or {}
        data = [self._dump(one, fields.get(self._served(one).name)) for one in instances]
        return {"data": data, "jsonapi": {"version": "1.1"}}

    def serialize_attributes(self, instance: Any, only: Iterable[str] | None = None) -> Object:
        """Give the attributes of `instance`."""
        resource = self._served(instance)
        values = {name: _written(one, instance) for name, one in self._attributes(resource, only).items()}
        return values | {name: _called(instance, name) for name in self._additional if _is_asked(name, only)}

    def _dump(self, instance: Any, only: Iterable[str] | None = None) -> Object:
        """Give the resource object of `instance`."""
        resource = self._served(instance)
        wanted = None if only is None else frozenset(only)
        found: Object = {"type": self._type_name or resource.name, "id": self._id(resource, instance)}
        if attributes := self.serialize_attributes(instance, wanted):
            found["attributes"] = attributes
        linked = {name: _linkage(instance, one) for name, one in self._relationships(resource, wanted).items()}
        if known := {name: {"data": data} for name, (is_known, data) in linked.items() if is_known}:
            found["relationships"] = known
        return found

    def _id(self, resource: Resource, instance: Any) -> str:
        if self._primary_key is not None:
            return str(encode_value(getattr(instance, self._primary_key)))
        return resource.identity.text(tuple(getattr(instance, key.key) for key in resource.identity.keys))

    def _served(self, instance: Any) -> Resource:
        """Find the API whose rules hold for an instance."""
        if self._resource is not None:
            return self._resource
        model = self._model if self._model is not None else type(instance)
        return resource_of(model, self._manager)

    def _attributes(self, resource: Resource, only: Iterable[str] | None) -> dict[str, Attribute]:
        return {
            name: one
            for name, one in resource.attributes.items()
            if one.access.read and not (one.deferred and only is None)
            if name not in self._additional and self._is_written(name, only)
        }

    def _relationships(self, resource: Resource, only: Iterable[str] | None) -> dict[str, Relationship]:
        known = relationships_of(resource).items()
        return {name: one for name, one in known if self._is_written(name, only) and not _may_hide(one)}

    def _is_written(self, name: str, only: Iterable[str] | None) -> bool:
        exposed = name not in self._exclude and (self._only is None or name in self._only)
        return exposed and _is_asked(name, only)


def _may_hide(relationship: Relationship) -> bool:
    """Whether what is loaded may hold rows that the caller does not see; to-one linkage of a row is completed later."""
    return any(relationship.target.scoped) and (relationship.is_many or not relationship.local_keys)


def _is_asked(name: str, only: Iterable[str] | None) -> bool:
    return only is None or name in only


def _name(field: Any) -> str:
    return field if isinstance(field, str) else str(field.key)


def _written(attribute: Attribute, instance: Any) -> Any:
    """Give the JSON value of one attribute."""
    value = attribute.compute(instance) if attribute.compute is not None else getattr(instance, attribute.key)
    if value is None or attribute.codec.encode is None:
        return as_sent(value) if attribute.sql else encode_value(value)
    return attribute.codec.encode(value)


def _called(instance: Any, name: str) -> Any:
    value = getattr(instance, name)
    return encode_value(value() if callable(value) else value)


def _linkage(instance: Any, relationship: Relationship) -> tuple[bool, Any]:
    """Give (whether the linkage is known without a query, the linkage)."""
    target = relationship.target
    if len(relationship.path) == 1 and relationship.key in inspect(instance).dict:
        related = getattr(instance, relationship.key)
        if not relationship.is_many:
            return True, None if related is None else _identifier(target, related)
        members = related.values() if isinstance(related, Mapping) else related
        return True, [_identifier(target, one) for one in members]
    keys = [key.key for key in target.identity.keys]
    if relationship.is_many or target.subtypes or set(keys) != set(relationship.remote_keys):
        return False, None
    local = dict(zip(relationship.remote_keys, relationship.local_keys, strict=True))
    values = tuple(getattr(instance, local[key]) for key in keys)
    return True, None if None in values else {"type": target.name, "id": target.identity.text(values)}


def _identifier(target: Resource, instance: Any) -> Object:
    """Give the identifier of an instance, by the nearest of the target's types."""
    types = {one.model: one for one in (*target.subtypes, target)}
    found = next((types[one] for one in type(instance).__mro__ if one in types), target)
    return {
        "type": found.name,
        "id": found.identity.text(tuple(getattr(instance, key.key) for key in found.identity.keys)),
    }


class CalledSerializer(Serializer):
    """A plain function `f(instance, only=None)` as a serializer (1.0.0b1)."""

    def __init__(self, function: Callable[..., Object]) -> None:
        self.function = function

    def serialize(self, instance: Any, only: Iterable[str] | None = None) -> Object:
        """Call the function."""
        return self.function(instance, only=only)


def simple_serialize(instance: Any, only: Iterable[str] | None = None) -> Object:
    """Give the type, id and attributes of an instance of a served model, without relationships and links."""
    serializer = DefaultSerializer(type(instance))
    found = serializer._dump(instance, None if only is None else frozenset(only) | ALWAYS)
    found.pop("relationships", None)
    return found


def simple_serialize_many(instances: Iterable[Any], only: Iterable[str] | None = None) -> list[Object]:
    """Give the type, id and attributes of several instances."""
    return [simple_serialize(one, only) for one in instances]


def checked_serializer(value: Any) -> Any:
    """Take what `create_api(serializer=...)` was handed: an object with `serialize`, or a function."""
    return value if hasattr(value, "serialize") else CalledSerializer(value)
