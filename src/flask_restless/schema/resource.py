"""Resources, their attributes and relationships: what is exposed of a model, and how each field converts.

`introspect` makes these values, once per `create_api`; everything after it reads them.  They are compared by
identity: SQLAlchemy overloads `==` on what they hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sqlalchemy.orm import Mapper

from .types import Codec, Unfit, codec_of

if TYPE_CHECKING:
    from .options import Options
    from .registry import Registry


@dataclass(frozen=True, slots=True)
class Access:
    """What a client may do with an attribute."""

    read: bool = True
    create: bool = True
    update: bool = True
    filter: bool = True
    sort: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """One attribute of a resource.

    `key` is its name on the model class.  `sql` tells whether `getattr(entity, key)` is an SQL expression that can
    be selected, for the class as well as for an alias of it; if not, `compute` gives the value from an instance
    and `loads` names the relationships (outermost first) to load with it.  `required` means that a new row cannot
    be stored without a value.  `deferred` attributes are sent only when they are named.  `draws_on` are the model
    and the attribute whose values an association proxy shows.
    """

    name: str
    key: str
    codec: Codec
    nullable: bool = True
    sql: bool = True
    access: Access = Access()
    required: bool = False
    deferred: bool = False
    compute: Callable[[Any], object] | None = None
    loads: tuple[str, ...] = ()
    draws_on: tuple[type, str] | None = None

    def __repr__(self) -> str:
        return f"<Attribute {self.name}>"


@dataclass(frozen=True, slots=True)
class RelationshipAccess:
    """What a client may do with a relationship; `replace` of a to-one means setting it."""

    read: bool = True
    filter: bool = True
    sort: bool = True
    create: bool = True
    add: bool = True
    replace: bool = True
    remove: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Relationship:
    """One relationship of a resource.

    `path` are the keys of the mapped relationships that lead to the target: one, or two for an association proxy
    through an association object.  `local_keys` are the attribute keys on the model that hold the target's
    `remote_keys` where a to-one relationship is a plain foreign key; both are empty otherwise.  `observed` means
    that validators or listeners watch the mapped attribute, so that it has to be set with real instances.  `order`
    are the (key, descending) pairs of the target's plain columns by which the mapping has the rows sorted.
    """

    name: str
    path: tuple[str, ...]
    is_many: bool
    model: type[Any]
    target_model: type[Any]
    registry: Registry
    url_prefix: str
    nullable: bool = True
    writable: bool = True
    access: RelationshipAccess = RelationshipAccess()
    local_keys: tuple[str, ...] = ()
    remote_keys: tuple[str, ...] = ()
    observed: bool = False
    has_default: bool = False
    order: tuple[tuple[str, bool], ...] = ()
    implied: Callable[[], Resource] | None = None
    """Makes what stands in for the API of the target model where that has none, if it is to be shown all the same."""

    @property
    def url(self) -> str:
        """The name as it stands in a URL: percent-encoded (J-3.9.2)."""
        return quote(self.name, safe="")

    @property
    def key(self) -> str:
        """The name of the first mapped relationship on the model class."""
        return self.path[0]

    @property
    def target(self) -> Resource:
        """The resource at the other end.  LookupError where its model has no API (then it is not exposed)."""
        target = self.registry.target(self.target_model, self.url_prefix)
        if target is None and self.implied is not None:
            return self.implied()
        if target is None:
            raise LookupError(f"no API has been created for {self.target_model.__name__}")
        return target

    @property
    def between(self) -> Resource | None:
        """The resource of the association object that the relationship crosses, if there is one and it has an API."""
        if len(self.path) == 1:
            return None
        mapper = self.model.__mapper__.relationships[self.path[0]].mapper
        return self.registry.target(mapper.class_, self.url_prefix)

    @property
    def is_exposed(self) -> bool:
        """Whether the model at the other end has an API: a relationship to any other is as good as not there.

        Nor is one there that crosses association objects whose own API hides what they refer to.
        """
        has_api = self.implied is not None or self.registry.target(self.target_model, self.url_prefix) is not None
        between = self.between
        if between is None or not between.is_narrowed:
            return has_api
        beyond = between.declared_relationships.values()
        return has_api and any(one.key == self.path[-1] and one.access.read for one in beyond)

    def __repr__(self) -> str:
        return f"<Relationship {self.name}>"


@dataclass(frozen=True, slots=True, eq=False)
class Identity:
    """How a row is named: the key attributes, and the text they make together.

    A composite key's parts are joined by commas; `%` and `,` inside a part are percent-encoded, so that each id
    has exactly one spelling (T41).
    """

    keys: tuple[Attribute, ...]

    def text(self, values: tuple[Any, ...]) -> str:
        """Give the `id` of a row with those key values, in the order of `keys`."""
        parts = [attribute.codec.text(value) for attribute, value in zip(self.keys, values, strict=True)]
        if len(parts) == 1:
            return parts[0]
        return ",".join(part.replace("%", "%25").replace(",", "%2C") for part in parts)

    def parse(self, text: str) -> tuple[object, ...]:
        """Give the key values of an `id`; raise Unfit if no row could have it."""
        if len(self.keys) == 1:
            return (self.keys[0].codec.parse(text),)
        parts = text.split(",")
        if len(parts) != len(self.keys):
            raise Unfit(f"{len(self.keys)} key values separated by commas")
        plain = [part.replace("%2C", ",").replace("%25", "%") for part in parts]
        values = tuple(key.codec.parse(part) for key, part in zip(self.keys, plain, strict=True))
        if self.text(values) != text:
            raise Unfit("the canonical spelling of the key values")
        return values


@dataclass(frozen=True, slots=True)
class _Neighbours:
    """What one resource finds among the APIs of its registry, at one generation of it."""

    generation: int
    relationships: Mapping[str, Relationship]
    subtypes: tuple[Resource, ...]
    scoped: tuple[tuple[Resource, ...], tuple[Resource, ...]]


@dataclass(frozen=True, eq=False)
class Resource:
    """One API of one model: a type of resource.

    `name` is the collection's name in URLs and the JSON:API type.  `attributes` and `declared_relationships` go by
    public name; what is not exposed is not in them at all, so that hidden and unknown names cannot be told apart.
    """

    name: str
    model: type[Any]
    mapper: Mapper[Any]
    identity: Identity
    attributes: Mapping[str, Attribute]
    declared_relationships: Mapping[str, Relationship]
    options: Options
    registry: Registry
    discriminator: str | None = None
    """Key of the attribute that tells the subtypes of a polymorphic model apart."""
    version: Attribute | None = None
    """The `version_id_col` of the model, unless the API hides it; shown or not among the attributes."""
    is_narrowed: bool = False
    """Whether rules have taken fields away."""
    _neighbours: list[_Neighbours] = field(default_factory=list, init=False, repr=False)
    """What was found of the other APIs, none or one."""
    _unlisted: dict[str, Attribute] = field(default_factory=dict, init=False, repr=False)

    def __repr__(self) -> str:
        return f"<Resource {self.name}>"

    @property
    def url_prefix(self) -> str:
        """The path below which the resource is served, without a trailing slash."""
        return self.options.url_prefix

    @property
    def path(self) -> str:
        """The path of the collection, relative to the application's root."""
        return f"{self.options.url_prefix}/{self.name}"

    @cached_property
    def url(self) -> str:
        """The path as it stands in a URL: percent-encoded (J-3.9.2)."""
        return quote(self.path, safe="/")

    def _found(self) -> _Neighbours:
        """Give what the other APIs mean for this one; looked for again when one has been created since."""
        generation = self.registry.generation
        if not self._neighbours or self._neighbours[0].generation != generation:
            exposed = {name: one for name, one in self.declared_relationships.items() if one.is_exposed}
            subtypes = tuple(self._find_subtypes())
            above = tuple(one for one in (self, *self._supertypes()) if one.options.rules.scope is not None)
            below = tuple(one for one in subtypes if one.options.rules.scope is not None)
            self._neighbours[:] = [_Neighbours(generation, exposed, subtypes, (above, below))]
        return self._neighbours[0]

    @property
    def relationships(self) -> Mapping[str, Relationship]:
        """The relationships whose targets have an API."""
        return self._found().relationships

    @property
    def subtypes(self) -> tuple[Resource, ...]:
        """The resources of mapped subclasses that may stand among the rows, nearest superclass first."""
        return self._found().subtypes

    @property
    def scoped(self) -> tuple[tuple[Resource, ...], tuple[Resource, ...]]:
        """The resources whose scopes hold for all rows, and those whose scopes hold for the rows of their subtype.

        For all rows hold this one's and those of superclasses' APIs beside it, under the same prefix.
        """
        return self._found().scoped

    def _supertypes(self) -> Iterator[Resource]:
        for model in self.model.__mro__[1:]:
            found = self.registry.target(model, self.url_prefix, exact=True)
            if found is not None and found.url_prefix == self.url_prefix and self.mapper.isa(found.mapper):
                yield found

    def _find_subtypes(self) -> Iterator[Resource]:
        if self.discriminator is None:
            return
        for mapper in self.mapper.self_and_descendants:
            found = self.registry.target(mapper.class_, self.url_prefix, exact=True)
            if mapper is not self.mapper and found is not None:
                yield found

    @property
    def names_key(self) -> bool:
        """Whether the key goes by the name `id`, whatever its attributes are called; not in the classic protocol."""
        return self.options.classic is None

    @cached_property
    def queryable(self) -> Mapping[str, Attribute]:
        """The attributes a filter or sort may name: those that are shown, and the key under the name `id`."""
        keys = {"id": self.identity.keys[0]} if self.names_key and len(self.identity.keys) == 1 else {}
        return {**self.attributes, **keys}

    def is_shown(self, attribute: Attribute) -> bool:
        """Whether clients may read an attribute.

        An association proxy of values is not shown where rules hide the rows or the attribute that it draws on.
        """
        return attribute.access.read and self.is_told(attribute)

    def is_told(self, attribute: Attribute) -> bool:
        """Whether the rules of another API leave an attribute as it is: that which an association proxy draws on."""
        source = self.source_of(attribute)
        if source is None or attribute.draws_on is None:
            return True
        drawn = source.attributes.get(attribute.draws_on[1])
        hidden = source.is_narrowed and not (drawn is not None and drawn.access.read)
        return not (hidden or any(source.scoped))

    def source_of(self, attribute: Attribute) -> Resource | None:
        """Find the resource whose values an association proxy shows, if the attribute is one and that has an API."""
        return None if attribute.draws_on is None else self.registry.target(attribute.draws_on[0], self.url_prefix)

    def unlisted(self, name: str) -> Attribute | None:
        """Find a mapped column by its key, exposed or not: for conditions of the application's own processors.

        The same name gives the same Attribute each time, so that plans can be kept.
        """
        if name not in self.mapper.column_attrs:
            return None
        if name not in self._unlisted:
            self._unlisted[name] = Attribute(name, name, codec_of(self.mapper.column_attrs[name].columns[0].type))
        return self._unlisted[name]
