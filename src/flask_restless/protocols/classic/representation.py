"""What an object looks like (contract 2.2): its own fields, and its relations one level deep.

The classic format has no sparse fieldsets, so that each API has one selection; only searches differ.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...operations.binding import relationships_of
from ...operations.inclusion import declared
from ...operations.selection import Branch, Fields, Selection
from ...schema.classic_options import ClassicOptions
from ...schema.fields import computed_attribute
from ...schema.resource import Attribute, Relationship, Resource


def representation(resource: Resource) -> Selection:
    """Make the selection of an API's objects."""
    known = (resource, *resource.subtypes)
    fields = tuple(Fields(one, _attributes(one), tuple(_shown(one))) for one in known)
    names = dict.fromkeys(name for one in known for name in relationships_of(one))
    branches = [
        Branch(one, flat(one.target, classic_of(owner), name), owner=owner)
        for name in names
        for owner, one in declared(resource, name)
    ]
    return Selection(resource, fields, tuple(branches), implied=True)


def flat(resource: Resource, options: ClassicOptions, relation: str) -> Selection:
    """Make the selection of objects that stand inside another one: without relations of their own.

    `options` are those of the API whose `relation` leads here; they may show less of a related object, or call
    further methods of it.
    """
    known = (resource, *resource.subtypes)
    return Selection(resource, tuple(Fields(one, tuple(_nested(one, options, relation)), ()) for one in known))


def narrowed(selection: Selection, options: ClassicOptions, relation: str) -> Selection:
    """Show of related objects, at a URL of their own, no more than inside the object they are related to (A-5)."""
    only, exclude = options.nested("include_columns", relation), options.nested("exclude_columns", relation)
    if not only and not exclude:
        return selection

    def visible(name: str) -> bool:
        return name in only if only else name not in exclude

    fields = tuple(
        Fields(
            one.resource,
            tuple(attribute for attribute in one.attributes if visible(attribute.name)),
            tuple(relationship for relationship in one.relationships if visible(relationship.name)),
        )
        for one in selection.fields
    )
    branches = tuple(branch for branch in selection.branches if visible(branch.relationship.name))
    return Selection(selection.resource, fields, branches, implied=True)


def classic_of(resource: Resource) -> ClassicOptions:
    """Give the classic options of an API of this protocol."""
    assert resource.options.classic is not None
    return resource.options.classic


def _attributes(resource: Resource) -> tuple[Attribute, ...]:
    return tuple(one for one in resource.attributes.values() if resource.is_shown(one))


def _shown(resource: Resource) -> Iterator[Relationship]:
    yield from relationships_of(resource).values()


def _nested(resource: Resource, options: ClassicOptions, relation: str) -> Iterator[Attribute]:
    only, exclude = options.nested("include_columns", relation), options.nested("exclude_columns", relation)
    extra = set(resource.options.additional_attributes)
    for one in _attributes(resource):
        is_own = one.name not in extra and not one.loads
        if is_own and one.name not in exclude and (not only or one.name in only):
            yield one
    for name in options.nested("include_methods", relation):
        yield computed_attribute(resource.model, name)
