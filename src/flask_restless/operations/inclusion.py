"""Include paths and fieldsets to selections: what is to be sent of which resource."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..schema.resource import Relationship, Resource
from .binding import relationships_of
from .problems import Rejected, Source, did_you_mean, quote, reject
from .selection import Branch, Fields, Selection

Tree = dict[str, "Tree"]
"""Include paths as nested names."""

Fieldsets = Mapping[str, tuple[str, ...]]
"""Names of the fields to send, by type."""


def include_tree(resource: Resource, paths: Iterable[str], source: Source | None) -> Tree:
    """Check include paths and give them as a tree; Rejected (`invalid-include`, `limit-exceeded`).

    The cost is in proportion to the length of the paths, however deep they are (T20).
    """
    limits = resource.registry.limits
    tree: Tree = {}
    count = 0
    for path in paths:
        names = path.split(".", limits.include_depth)
        if len(names) > limits.include_depth:
            detail = f"an include path has at most {limits.include_depth} relationships; {quote(path)} has more"
            raise reject("limit-exceeded", detail, source)
        node, owners = tree, [resource]
        for name in names:
            owners = _beyond(owners, name, path, source)
            count += name not in node
            node = node.setdefault(name, {})
        if count > limits.include_paths:
            raise reject("limit-exceeded", f"at most {limits.include_paths} relationships are included", source)
    return tree


def _beyond(owners: list[Resource], name: str, path: str, source: Source | None) -> list[Resource]:
    """Give the resources at the other end; more than one where subtypes have different relationships of that name."""
    found = [one.target for owner in owners for _, one in declared(owner, name)]
    if found:
        return list(dict.fromkeys(found))
    names = {key for owner in owners for one in (owner, *owner.subtypes) for key in relationships_of(one)}
    hint = did_you_mean(name, names)
    raise reject("invalid-include", f"{quote(path)}: {owners[0].name} has no relationship {quote(name)}{hint}", source)


def declared(resource: Resource, name: str) -> list[tuple[Resource, Relationship]]:
    """Give the relationships of that name, with the resources that declare them: the resource, or its subtypes."""
    found: list[tuple[Resource, Relationship]] = []
    for owner in (resource, *resource.subtypes):
        one = relationships_of(owner).get(name)
        if one is not None and not any(_inherits(one, other) for _, other in found):
            found.append((owner, one))
    return found


def _inherits(relationship: Relationship, other: Relationship) -> bool:
    """Whether one relationship is the other as a subtype sees it."""
    return relationship.path == other.path and issubclass(relationship.model, other.model)


def selection(resource: Resource, tree: Tree, fieldsets: Fieldsets, *, included: bool = False) -> Selection:
    """Make the tree of what to send: the fields of each type, and a branch for each included relationship.

    An included relationship is read also where a fieldset leaves it out (J-4.4.7).  To-many linkage comes with
    inclusion only, unless a resource's option `linkage` is `always`.
    """
    fields = tuple(_fields(one, fieldsets.get(one.name)) for one in (resource, *resource.subtypes))
    branches = [
        Branch(one, _narrower(one.target, inner, fieldsets), owner=owner)
        for name, inner in tree.items()
        for owner, one in declared(resource, name)
    ]
    for one in fields:
        if one.resource.options.linkage == "always":
            branches += unlinked(one, branches)
    return Selection(resource, fields, tuple(branches), included=included)


def _narrower(resource: Resource, tree: Tree, fieldsets: Fieldsets) -> Selection:
    """Make the selection beyond a relationship, with those names of the tree that mean something there."""
    return selection(resource, {name: one for name, one in tree.items() if declared(resource, name)}, fieldsets)


def unlinked(fields: Fields, branches: list[Branch]) -> Iterator[Branch]:
    """Give the branches from which linkage is made that is neither included nor in a foreign key."""
    known = [branch.relationship for branch in branches]
    for one in fields.relationships:
        if not (_is_in_row(one) or any(_inherits(one, other) for other in known)):
            yield Branch(one, linkage_selection(one.target), shown=False, owner=fields.resource)


def _is_in_row(relationship: Relationship) -> bool:
    """Whether the row itself holds the id of what the relationship refers to."""
    keys = {key.key for key in relationship.target.identity.keys}
    return not relationship.is_many and bool(relationship.local_keys) and keys == set(relationship.remote_keys)


def _fields(resource: Resource, names: tuple[str, ...] | None) -> Fields:
    attributes = [one for one in resource.attributes.values() if resource.is_shown(one)]
    relationships = relationships_of(resource).values()
    if names is None:
        return Fields(resource, tuple(one for one in attributes if not one.deferred), tuple(relationships))
    wanted = frozenset(names)
    return Fields(
        resource,
        tuple(one for one in attributes if one.name in wanted),
        tuple(one for one in relationships if one.name in wanted),
    )


def linkage_selection(resource: Resource) -> Selection:
    """Make the selection of identifiers alone."""
    return Selection(resource, tuple(Fields(one, (), ()) for one in (resource, *resource.subtypes)))


def fieldset(resource: Resource, type_: str, names: tuple[str, ...], source: Source) -> tuple[str, ...]:
    """Check one fieldset of a request about `resource`; Rejected (`invalid-fieldset`).

    What a fieldset names has to be a field of the type; a relationship whose model has no API is none.
    """
    found = resource.registry.of_type(type_, resource.url_prefix)
    if found is None:
        hint = did_you_mean(type_, {one.name for one in resource.registry})
        raise reject("invalid-fieldset", f"there is no type {quote(type_)}{hint}", source)
    known = [name for name, one in found.attributes.items() if found.is_shown(one)]
    known += relationships_of(found)
    for name in names:
        if name not in known:
            raise reject("invalid-fieldset", f"{type_} has no field {quote(name)}{did_you_mean(name, known)}", source)
    return names


def default_fields(resource: Resource, type_: str) -> Iterator[str]:
    """Give the names of the fields of a type that are sent where nobody names any."""
    found = resource.registry.of_type(type_, resource.url_prefix)
    if found is not None:
        fields = _fields(found, None)
        yield from (one.name for one in fields.attributes)
        yield from (one.name for one in fields.relationships)


def default_tree(resource: Resource) -> Tree:
    """Give the include paths of the API's option `includes`; LookupError if they do not exist.

    Those that only the rules of this request have hidden fall away.
    """
    paths = resource.options.includes
    if resource.registry.is_narrowed:
        paths = tuple(path for path in paths if _is_there(resource, path))
    try:
        return include_tree(resource, paths, None)
    except Rejected as rejected:
        raise LookupError(f"the option includes of the API {resource.name} is wrong: {rejected}") from None


def _is_there(resource: Resource, path: str) -> bool:
    owners = [resource]
    for name in path.split("."):
        owners = [one.target for owner in owners for _, one in declared(owner, name)]
    return bool(owners)
