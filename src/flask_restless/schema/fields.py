"""The kinds of attribute beside plain columns, and what a client may do with each kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column
from sqlalchemy.exc import ArgumentError, InvalidRequestError
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import ColumnProperty, Mapper, RelationshipProperty
from sqlalchemy.sql import ColumnElement
from sqlalchemy.types import NullType, TypeEngine

from .options import IllegalArgumentError, Options
from .resource import Access, Attribute
from .structures import array, keyed
from .types import Codec, codec_of

Types = Mapping[type[TypeEngine[Any]], Codec]

READ_ONLY = Access(create=False, update=False)
COMPUTED = Access(create=False, update=False, filter=False, sort=False)


def column_access(mapper: Mapper[Any], prop: ColumnProperty[Any], is_key: bool, options: Options) -> Access:
    """Say what a client may do with a column: keys, foreign keys, versions and expressions are not assignable (A-4)."""
    column = prop.columns[0]
    if not isinstance(column, Column) or column.computed is not None or is_made_always(column):
        return READ_ONLY
    if column.foreign_keys and not (options.classic is not None and options.classic.allow_foreign_key_writes):
        return READ_ONLY
    if is_key:
        return Access(create=options.allow_client_generated_ids, update=False)
    if column is mapper.version_id_col or column is mapper.polymorphic_on:
        return READ_ONLY
    return Access()


def is_made_always(column: Column[Any]) -> bool:
    """Whether the database itself makes every value: `GENERATED ALWAYS AS IDENTITY`."""
    return column.identity is not None and bool(column.identity.always)


def hybrid_attribute(mapper: Mapper[Any], name: str, hybrid: hybrid_property[Any], types: Types | None) -> Attribute:
    """Make the attribute of a hybrid: selectable where its expression is SQL, else computed on instances."""
    expression = _sql_expression(mapper, name)
    settable = hybrid.fset is not None
    if expression is None:
        return Attribute(
            name,
            name,
            codec_of(NullType(), types),
            sql=False,
            access=Access(create=settable, update=settable, filter=False, sort=False),
            compute=_getter(name),
        )
    return Attribute(name, name, codec_of(expression.type, types), access=Access(create=settable, update=settable))


def _sql_expression(mapper: Mapper[Any], name: str) -> ColumnElement[Any] | None:
    """Give the hybrid's class-level expression, or None where evaluating it on the class does not give SQL.

    The body of a hybrid is the application's own code and may fail in any way when it is handed columns in place
    of values: that is how a hybrid without an SQL form shows.
    """
    try:
        expression = getattr(mapper.class_, name)
        element = expression.__clause_element__() if hasattr(expression, "__clause_element__") else expression
    except (TypeError, AttributeError, ValueError, KeyError, ArithmeticError, ArgumentError, InvalidRequestError):
        return None
    except NotImplementedError:
        return None
    return element if isinstance(element, ColumnElement) else None


def proxy_attribute(mapper: Mapper[Any], name: str, types: Types | None, options: Options) -> Attribute:
    """Make the attribute of a scalar association proxy: its values, read from loaded instances.

    In the classic protocol one that was told how to make the objects in between (`creator`) can be written.
    """
    descriptor: Any = mapper.all_orm_descriptors[name]
    proxy = descriptor.for_class(mapper.class_)
    codec = codec_of(NullType(), types)
    writable = options.classic is not None and descriptor.creator is not None
    if writable:
        column = proxy.target_class.__mapper__.column_attrs[proxy.value_attr].columns[0]
        codec = codec_of(column.type, types)
        codec = codec if proxy.scalar else _collected(mapper.relationships[proxy.target_collection], codec)
    return Attribute(
        name,
        name,
        codec,
        nullable=not writable,
        sql=False,
        access=Access(create=writable, update=writable, filter=False, sort=False),
        compute=_plain_getter(name),
        loads=(proxy.target_collection,),
        draws_on=(proxy.target_class, proxy.value_attr),
    )


def _collected(prop: RelationshipProperty[Any], item: Codec) -> Codec:
    """Give the codec of the values that a proxy takes from each member of a collection: a list, or a dict by key."""
    collection = (prop.collection_class or list)()
    return keyed(item) if isinstance(collection, dict) else array(item, 1)


def computed_attribute(model: type, name: str, option: str = "additional_attributes") -> Attribute:
    """Make the attribute of a property or an argument-less method, as `option` asks."""
    if not hasattr(model, name):
        raise IllegalArgumentError(f"{option} names {name!r}, which {model.__name__} does not have")
    if name.startswith("_"):
        raise IllegalArgumentError(f"{option} names {name!r}; private attributes are never sent")
    return Attribute(name, name, codec_of(NullType()), sql=False, access=COMPUTED, compute=_getter(name))


def _getter(name: str) -> Any:
    def compute(instance: Any) -> object:
        value = getattr(instance, name)
        return value() if callable(value) else value

    return compute


def _plain_getter(name: str) -> Any:
    def compute(instance: Any) -> object:
        value = getattr(instance, name)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, Mapping) or hasattr(value, "items"):
            return dict(value.items())
        return list(value) if hasattr(value, "__iter__") else value

    return compute
