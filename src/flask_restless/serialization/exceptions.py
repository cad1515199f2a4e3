"""What serializers and deserializers raise; each is an answer to the request, and nothing is stored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..operations.exceptions import ProcessingException
from ..operations.problems import Problem


class SerializationException(ProcessingException):
    """A resource cannot be written; answered with 500.

    `instance` is what could not be written, `resource` the part of a resource object that was made of it so far.
    """

    def __init__(
        self, instance: Any, message: str | None = None, resource: dict[str, Any] | None = None, **members: Any
    ) -> None:
        super().__init__(detail=message or "a resource cannot be written", status=500, **members)
        self.instance = instance
        self.message = self.detail
        self.resource = resource


class DeserializationException(ProcessingException):
    """A document cannot be read; answered with `status`, and with `message` as the detail."""

    def __init__(self, status: int = 400, detail: str | None = None, **members: Any) -> None:
        super().__init__(detail=detail, status=status, **members)

    @property
    def message(self) -> str:
        """The detail, as earlier generations introduce it."""
        return f"Failed to deserialize object: {self.detail or 'the document cannot be read'}"

    def problems(self) -> tuple[Problem, ...]:
        """Give the problem that the answer reports."""
        (own,) = super().problems()
        return (Problem(own.code, self.message, own.source, own.status, own.title, own.meta, own.links, own.id),)


class ClientGeneratedIDNotAllowed(DeserializationException):
    """The document names an id, which the server makes (403)."""

    def __init__(self, detail: str = "the server does not allow client-generated ids", **members: Any) -> None:
        super().__init__(403, detail, **members)


class ConflictingType(DeserializationException):
    """The document, or linkage in it, is of another type (409)."""

    def __init__(self, detail: str, **members: Any) -> None:
        super().__init__(409, detail, **members)


class MissingData(DeserializationException):
    """A document or relationship has no `data` (400)."""

    def __init__(self, detail: str = 'missing "data" element', **members: Any) -> None:
        super().__init__(400, detail, **members)


class MissingType(DeserializationException):
    """A resource object or identifier has no `type` (400)."""

    def __init__(self, detail: str = 'missing "type" element', **members: Any) -> None:
        super().__init__(400, detail, **members)


class MissingID(DeserializationException):
    """An identifier has no `id` (400)."""

    def __init__(self, detail: str = 'missing "id" element', **members: Any) -> None:
        super().__init__(400, detail, **members)


class NotAList(DeserializationException):
    """The linkage of a to-many relationship is no list (400)."""

    def __init__(self, detail: str, **members: Any) -> None:
        super().__init__(400, detail, **members)


class UnknownAttribute(DeserializationException):
    """The model has no such attribute (400)."""

    def __init__(self, detail: str, **members: Any) -> None:
        super().__init__(400, detail, **members)


class UnknownRelationship(DeserializationException):
    """The model has no such relationship (400)."""

    def __init__(self, detail: str, **members: Any) -> None:
        super().__init__(400, detail, **members)


class MultipleExceptions(ProcessingException):
    """Several things are wrong with one document; all of them are told."""

    def __init__(self, exceptions: Iterable[ProcessingException]) -> None:
        self.exceptions = list(exceptions)
        super().__init__(detail="; ".join(str(one.detail) for one in self.exceptions))

    def problems(self) -> tuple[Problem, ...]:
        """Give the problems of all exceptions."""
        return tuple(found for one in self.exceptions for found in one.problems())
