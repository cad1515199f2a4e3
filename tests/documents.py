"""Documents about a book, and the parsing of them: for tests of what writes are made of."""

from __future__ import annotations

from typing import Any

from flask_restless.operations.operation import Create, Relate, Update
from flask_restless.protocols.jsonapi.parsing import Parser
from flask_restless.schema.resource import Resource
from parsed import call_of, resource_of

BOOK = resource_of("books", Book={"allow_to_many_replacement": True, "allow_delete_from_to_many_relationships": True})
CLOSED = resource_of("books")
PUBLISHER, TAG = (BOOK.relationships[name].target for name in ("publisher", "tags"))


def create(body: Any, resource: Resource = BOOK) -> Create:
    """Parse a POST to a collection."""
    operation = Parser().parse(call_of(resource, "POST", body=body))
    assert isinstance(operation, Create)
    return operation


def update(body: Any, resource: Resource = BOOK, id_: str = "1") -> Update:
    """Parse a PATCH of a resource."""
    operation = Parser().parse(call_of(resource, "PATCH", "resource", id=id_, body=body))
    assert isinstance(operation, Update)
    return operation


def relate(method: str, body: Any, relation: str = "tags", resource: Resource = BOOK) -> Relate:
    """Parse a change of a relationship."""
    operation = Parser().parse(call_of(resource, method, "relationship", id="1", relation=relation, body=body))
    assert isinstance(operation, Relate)
    return operation


def book(**members: Any) -> dict[str, Any]:
    """Make a document about a book."""
    return {"data": {"type": "books", **members}}


def ids(type_: str, *given: str) -> list[dict[str, str]]:
    """Make identifiers."""
    return [{"type": type_, "id": one} for one in given]


def exists(document: Any, pointer: str) -> bool:
    """Follow a JSON pointer."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        try:
            document = document[int(name)] if isinstance(document, list) else document[name]
        except (KeyError, IndexError, ValueError, TypeError):
            return False
    return True
