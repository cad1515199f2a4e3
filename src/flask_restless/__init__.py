"""Flask-Restless: a complete ReSTful JSON API of your SQLAlchemy models."""

from .database.execution.idempotency import IdempotencyTable
from .lookup import collection_name, model_for, primary_key_for, register_operator, serializer_for, url_for
from .manager import APIManager
from .operations.exceptions import ProcessingException
from .operations.idempotency import IdempotencyStore
from .operations.problems import Problem, Rejected, Source
from .schema.hooks import Hooks
from .schema.options import IllegalArgumentError, Limits
from .schema.rules import Rules
from .schema.types import Codec, Unfit
from .serialization import (
    DefaultDeserializer,
    DefaultSerializer,
    DeserializationException,
    Deserializer,
    MultipleExceptions,
    SerializationException,
    Serializer,
    simple_serialize,
    simple_serialize_many,
)

CONTENT_TYPE = JSONAPI_MIMETYPE = "application/vnd.api+json"
"""The media type of JSON:API, under both of its earlier names."""

__all__ = [
    "CONTENT_TYPE",
    "JSONAPI_MIMETYPE",
    "APIManager",
    "Codec",
    "DefaultDeserializer",
    "DefaultSerializer",
    "DeserializationException",
    "Deserializer",
    "Hooks",
    "IdempotencyStore",
    "IdempotencyTable",
    "IllegalArgumentError",
    "Limits",
    "MultipleExceptions",
    "Problem",
    "ProcessingException",
    "Rejected",
    "Rules",
    "SerializationException",
    "Serializer",
    "Source",
    "Unfit",
    "collection_name",
    "model_for",
    "primary_key_for",
    "register_operator",
    "serializer_for",
    "simple_serialize",
    "simple_serialize_many",
    "url_for",
]
