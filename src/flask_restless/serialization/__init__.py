"""Serializers and deserializers of an application's own: base classes, and their exceptions.

They work on instances, so an API that has one reads instances in place of columns.  What the earlier generations handed
in is understood: objects, classes (`serializer_class`) and plain functions.
"""

from .deserializer import DefaultDeserializer, Deserializer
from .exceptions import DeserializationException, MultipleExceptions, SerializationException
from .serializer import DefaultSerializer, Serializer, simple_serialize, simple_serialize_many

__all__ = [
    "DefaultDeserializer",
    "DefaultSerializer",
    "DeserializationException",
    "Deserializer",
    "MultipleExceptions",
    "SerializationException",
    "Serializer",
    "simple_serialize",
    "simple_serialize_many",
]
