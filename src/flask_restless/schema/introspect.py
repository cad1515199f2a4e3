"""A mapped class, read once: from its mapper to a `Resource`.

This is the only caller of `sqlalchemy.inspect` on models.  What it leaves out of a Resource does not exist for any
client: not for reading, not in filters, not in sorts, not in documents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Column, inspect
from sqlalchemy.exc import NoInspectionAvailable
from sqlalchemy.ext.associationproxy import AssociationProxy, ColumnAssociationProxyInstance
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import ColumnProperty, Mapper, RelationshipProperty, configure_mappers
from sqlalchemy.orm.base import MANYTOONE
from sqlalchemy.orm.interfaces import InspectionAttr
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.sql.operators import desc_op
from sqlalchemy.types import TypeEngine

from .base_query import with_base_query
from .exposure import check_includes, check_key_shown, check_names, check_rules, is_exposed
from .fields import column_access, computed_attribute, hybrid_attribute, proxy_attribute
from .names import MEMBER_NAME
from .narrowing import narrowed_attributes, narrowed_relationships
from .options import IllegalArgumentError, Options
from .registry import Registry
from .resource import Access, Attribute, Identity, Relationship, RelationshipAccess, Resource
from .rules import EVERYTHING
from .types import Codec, codec_of

Types = Mapping[type[TypeEngine[Any]], Codec]
Field = TypeVar("Field", Attribute, Relationship)


def inspect_model(model: type, options: Options, registry: Registry, types: Types | None = None) -> Resource:
    """Make the Resource of one `create_api`; IllegalArgumentError where the model cannot be served as asked.

    `types` are the application's own codecs.  The resource is not added to `registry`; its relationships look
    their targets up there.
    """
    mapper = _mapper_of(model)
    options = with_base_query(mapper, options)
    name = options.collection_name or _collection_name(mapper)
    if not MEMBER_NAME.fullmatch(name):
        raise IllegalArgumentError(
            f"{name!r} cannot be the name of a collection; give create_api({model.__name__}) a collection_name of "
            "letters, digits, '-' and '_' that begins and ends with a letter or digit"
        )
    identity = _identity(mapper, options, types)
    found = {one.name: one for one in _attributes(mapper, options, identity, types)}
    relationships = {one.name: one for one in _relationships(mapper, options, registry, types)}
    known = {*found, *relationships, *_hidden_names(mapper, options)}
    check_names(model, options, known)
    permitted = options.rules.static
    check_rules(model, permitted, known)
    check_includes(model, options, relationships, mapper)
    if options.classic is not None:
        options.classic.check_nested(mapper, {key: one.target_model for key, one in relationships.items()})
        check_key_shown(mapper, options, identity)
    return Resource(
        name=name,
        model=model,
        mapper=mapper,
        identity=identity,
        attributes=narrowed_attributes(_exposed(found, options), permitted),
        declared_relationships=narrowed_relationships(_exposed(relationships, options), permitted, registry),
        options=options,
        registry=registry,
        discriminator=_discriminator(mapper),
        version=_version(mapper, options, types),
        is_narrowed=permitted != EVERYTHING,
    )


def _mapper_of(model: type) -> Mapper[Any]:
    configure_mappers()
    try:
        mapper: Any = inspect(model)
    except NoInspectionAvailable:
        mapper = None
    if not isinstance(mapper, Mapper):
        raise IllegalArgumentError(f"{model!r} is not a mapped class; create_api takes a SQLAlchemy model")
    return mapper


def _collection_name(mapper: Mapper[Any]) -> str:
    """Name the collection after the table; a single-table subclass after its polymorphic identity."""
    inherits = mapper.inherits
    if inherits is not None and mapper.local_table is inherits.local_table and mapper.polymorphic_identity:
        return str(mapper.polymorphic_identity)
    return str(getattr(mapper.local_table, "name", mapper.class_.__name__.lower()))


def _identity(mapper: Mapper[Any], options: Options, types: Types | None) -> Identity:
    if options.primary_key is None:
        columns = mapper.primary_key
        keys = [mapper.get_property_by_column(column).key for column in columns]
    else:
        keys = [options.primary_key]
        if options.primary_key not in mapper.column_attrs:
            raise IllegalArgumentError(
                f"primary_key names {options.primary_key!r}, which is no column of {mapper.class_.__name__}; "
                f"there are {', '.join(sorted(mapper.column_attrs.keys()))}"
            )
        if not (options.allow_non_primary_key_id or _is_key(mapper.column_attrs[options.primary_key], mapper)):
            raise IllegalArgumentError(
                f"primary_key names {options.primary_key!r}, which is no part of the primary key of "
                f"{mapper.class_.__name__}; allow_non_primary_key_id=True lets it be the id"
            )
    return Identity(tuple(_key_attribute(mapper, key, types) for key in keys))


def _is_key(prop: ColumnProperty[Any], mapper: Mapper[Any]) -> bool:
    return any(mapper.get_property_by_column(column) is prop for column in mapper.primary_key)


def _key_attribute(mapper: Mapper[Any], key: str, types: Types | None) -> Attribute:
    column = mapper.column_attrs[key].columns[0]
    return Attribute(
        key,
        key,
        codec_of(column.type, types),
        nullable=False,
        access=Access(create=False, update=False),
        required=isinstance(column, Column) and _is_required(column, mapper),
    )


def _attributes(mapper: Mapper[Any], options: Options, identity: Identity, types: Types | None) -> Iterator[Attribute]:
    """Give every attribute of the model that may be shown, exposed or not."""
    keys = {key.key for key in identity.keys}
    keys |= {mapper.get_property_by_column(column).key for column in mapper.primary_key}
    for prop in mapper.column_attrs:
        if _is_public(prop.key, options) and (options.show_foreign_keys or not _is_foreign_key(prop)):
            yield _column_attribute(mapper, prop, keys, options, types)
    for synonym in mapper.synonyms:
        prop_of = mapper.column_attrs.get(synonym.name)
        if _is_public(synonym.key, options) and prop_of is not None:
            yield _column_attribute(mapper, prop_of, keys, options, types, name=synonym.key)
    for name, descriptor in _descriptors(mapper, options):
        if isinstance(descriptor, hybrid_property) and not name.startswith("_"):
            yield hybrid_attribute(mapper, name, descriptor, types)
        elif isinstance(descriptor, AssociationProxy):
            proxy = descriptor.for_class(mapper.class_)
            if isinstance(proxy, ColumnAssociationProxyInstance):
                yield proxy_attribute(mapper, name, types, options)
    option = "additional_attributes" if options.classic is None else "include_methods"
    for name in options.additional_attributes:
        if name not in mapper.attrs or name not in {one.key for one in mapper.column_attrs}:
            yield computed_attribute(mapper.class_, name, option)


def _column_attribute(
    mapper: Mapper[Any],
    prop: ColumnProperty[Any],
    keys: set[str],
    options: Options,
    types: Types | None,
    name: str | None = None,
) -> Attribute:
    column = prop.columns[0]
    is_key = prop.key in keys
    return Attribute(
        name=name or prop.key,
        key=name or prop.key,
        codec=codec_of(column.type, types),
        nullable=bool(getattr(column, "nullable", True)),
        access=column_access(mapper, prop, is_key, options),
        required=name is None and isinstance(column, Column) and _is_required(column, mapper),
        deferred=prop.deferred,
    )


def _is_required(column: Column[Any], mapper: Mapper[Any]) -> bool:
    """Whether a row cannot be stored unless somebody gives the column a value; relations give it to foreign keys."""
    if column.foreign_keys or column.nullable or column.default is not None or column.server_default is not None:
        return False
    if column.identity is not None or column.computed is not None or column is mapper.version_id_col:
        return False
    return column is not getattr(column.table, "autoincrement_column", None) and column is not mapper.polymorphic_on


def _is_foreign_key(prop: ColumnProperty[Any]) -> bool:
    return any(isinstance(column, Column) and column.foreign_keys for column in prop.columns)


def _is_public(name: str, options: Options) -> bool:
    """Whether `name` can be the name of a field: legal, and neither `id` nor `type` (J-3.3.1; classic 2.2)."""
    if options.classic is not None:
        return not name.startswith(("__", "_sa_"))
    return name not in {"id", "type"} and MEMBER_NAME.fullmatch(name) is not None


def _descriptors(mapper: Mapper[Any], options: Options) -> Iterator[tuple[str, InspectionAttr]]:
    for name, descriptor in mapper.all_orm_descriptors.items():
        if _is_public(name, options) and name not in mapper.attrs:
            yield name, descriptor


def _relationships(
    mapper: Mapper[Any], options: Options, registry: Registry, types: Types | None
) -> Iterator[Relationship]:
    implied = partial(_implied, options, registry, types)
    for prop in mapper.relationships:
        if _is_public(prop.key, options):
            yield _relationship(mapper, prop.key, (prop,), options, registry, implied=implied)
    for name, descriptor in _descriptors(mapper, options):
        if isinstance(descriptor, AssociationProxy):
            proxy = descriptor.for_class(mapper.class_)
            first = mapper.relationships.get(proxy.target_collection)
            second = first and first.mapper.relationships.get(proxy.value_attr)
            if first is not None and second is not None:
                writable = descriptor.creator is not None
                yield _relationship(mapper, name, (first, second), options, registry, writable, implied=implied)


def _implied(
    options: Options, registry: Registry, types: Types | None, name: str, model: type
) -> Callable[[], Resource] | None:
    """Give what makes the stand-in for the API of `model`, where the classic option `related_without_api` asks for it.

    It is made when it is needed first: an API of another protocol may have come by then, whose own options and rules
    say what is shown (nothing but the key, if they say it anew for each request).  It allows no method, so that nothing
    can be written through it.
    """
    classic = options.classic
    if classic is None or not classic.related_without_api:
        return None
    made: list[Resource] = []

    def resource() -> Resource:
        if not made:
            known = next((one for peer in registry.peers for one in peer if one.model is model), None)
            only = set(classic.nested("include_columns", name)) or None
            if known is not None:
                keys = {key.key for key in known.identity.keys}
                shown = keys if known.options.rules.is_dynamic else keys | known.attributes.keys()
                only = shown if only is None else only & shown
            exclude = classic.nested("exclude_columns", name)
            base = Options(url_prefix=options.url_prefix) if known is None else known.options
            found = replace(
                base,
                methods=frozenset(),
                collection_name=None,
                only=None if only is None else tuple(sorted(only.difference(exclude))),
                exclude=exclude,
                additional_attributes=(),
                show_foreign_keys=known is None or base.show_foreign_keys,
                includes=(),
                classic=type(classic)(),
            )
            made.append(inspect_model(model, found, registry, types))
            registry.heed(made[0])
        return made[0]

    return resource


def _relationship(
    mapper: Mapper[Any],
    name: str,
    props: tuple[RelationshipProperty[Any], ...],
    options: Options,
    registry: Registry,
    writable: bool = True,
    implied: Callable[[str, type], Callable[[], Resource] | None] = lambda name, model: None,
) -> Relationship:
    """Make one relationship; `props` are one mapped relationship, or the two that an association proxy crosses.

    A proxy that was not told how to make the object in between (`creator`) is read-only.
    """
    last = props[-1]
    plain = len(props) == 1 and last.direction is MANYTOONE and last.secondary is None
    pairs = _foreign_key_pairs(mapper, last) if plain else ()
    is_many = any(prop.uselist is not False for prop in props)
    columns = [pair[0] for pair in last.local_remote_pairs or ()] if plain else []
    writable = writable and not any(prop.viewonly for prop in props)
    return Relationship(
        name=name,
        path=tuple(prop.key for prop in props),
        is_many=is_many,
        model=mapper.class_,
        target_model=last.mapper.class_,
        registry=registry,
        url_prefix=options.url_prefix,
        nullable=is_many or not columns or any(getattr(column, "nullable", True) for column in columns),
        writable=writable,
        access=RelationshipAccess(
            create=writable,
            add=writable,
            replace=writable and (not is_many or options.allow_to_many_replacement),
            remove=writable and (not is_many or options.allow_delete_from_to_many_relationships),
        ),
        local_keys=tuple(local for local, _ in pairs),
        remote_keys=tuple(remote for _, remote in pairs),
        observed=_is_observed(mapper, props[0]),
        has_default=any(
            getattr(column, "default", None) is not None or getattr(column, "server_default", None) is not None
            for column in columns
        ),
        order=tuple(_mapped_order(last)) if len(props) == 1 else (),
        implied=implied(name, last.mapper.class_),
    )


def _mapped_order(prop: RelationshipProperty[Any]) -> Iterator[tuple[str, bool]]:
    """Give the plain columns of a relationship's `order_by`, up to the first term that is something else."""
    for term in prop.order_by or ():
        descending = getattr(term, "modifier", None) is desc_op
        column = getattr(term, "element", term) if isinstance(term, UnaryExpression) else term
        column = column._deannotate() if isinstance(column, ColumnElement) else column
        if not _has_column(prop.mapper, column):
            return
        yield prop.mapper.get_property_by_column(column).key, descending


def _foreign_key_pairs(mapper: Mapper[Any], prop: RelationshipProperty[Any]) -> tuple[tuple[str, str], ...]:
    """Give (local key, remote key) of each column pair, or nothing where the join is more than equal columns."""
    pairs = prop.local_remote_pairs or []
    if str(prop.primaryjoin).count(" = ") != len(pairs) or " OR " in str(prop.primaryjoin):
        return ()
    keys = []
    for local, remote in pairs:
        if not (_has_column(mapper, local) and _has_column(prop.mapper, remote)):
            return ()
        keys.append((mapper.get_property_by_column(local).key, prop.mapper.get_property_by_column(remote).key))
    clauses = getattr(prop.primaryjoin, "clauses", (prop.primaryjoin,))
    return tuple(keys) if len(clauses) == len(pairs) else ()


def _has_column(mapper: Mapper[Any], column: ColumnElement[Any]) -> bool:
    return isinstance(column, Column) and column in mapper._columntoproperty


def _is_observed(mapper: Mapper[Any], prop: RelationshipProperty[Any]) -> bool:
    """Whether validators watch the relationship, so that it must be set with instances."""
    return prop.key in mapper.validators


def _discriminator(mapper: Mapper[Any]) -> str | None:
    if mapper.polymorphic_on is None or len(list(mapper.self_and_descendants)) < 2:
        return None
    return mapper._polymorphic_attr_key if hasattr(mapper, "_polymorphic_attr_key") else None


def _version(mapper: Mapper[Any], options: Options, types: Types | None) -> Attribute | None:
    """Give the column that counts the versions of a row; one that the API leaves out is not told in any other way."""
    if mapper.version_id_col is None:
        return None
    key = mapper.get_property_by_column(mapper.version_id_col).key
    is_told = is_exposed(key, options) and options.rules.static.allows("readable", key)
    return Attribute(key, key, codec_of(mapper.version_id_col.type, types)) if is_told else None


def _exposed(fields: Mapping[str, Field], options: Options) -> dict[str, Field]:
    return {name: one for name, one in fields.items() if is_exposed(name, options)}


def _hidden_names(mapper: Mapper[Any], options: Options) -> set[str]:
    """Names that `only` and `exclude` may hold although no field comes of them."""
    return {"id", "type", *mapper.attrs.keys(), *(name for name, _ in _descriptors(mapper, options))}
