"""New rows, and the rows that relationships are to refer to: found, changed or made.

A nested row is found by its id among the visible rows, else made; both with the permissions of its own API, so that
nobody takes or rewrites rows through an API that does not allow as much (A-7).
"""

from __future__ import annotations

import inspect as signatures
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.orm.base import ONETOMANY

from ...operations.operation import Change, Create, Id, Link, Nested, Relate, Target, Update, UpdateMany
from ...operations.problems import Problem, Rejected, Source, problem, quote, reject
from ...schema.resource import Relationship, Resource
from ..planning.mapping import property_of
from ..planning.scopes import is_scoped
from .locate import by_chosen_id, by_lid, id_of, instances, missing_target, present
from .relating import associations, by_key, clear, replace, seen, set_key, set_one
from .unit import Made, NewRow
from .validation import assign, validated, watched

Found = dict[tuple[Resource, Id], Any]
"""Instances by what they were found by."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose relationship is written; with `trusted`, nested rows may be written whatever their own APIs allow."""

    resource: Resource
    trusted: bool = False

    def inside(self, resource: Resource) -> Owner:
        """Give the owner of what lies inside a nested row."""
        return Owner(resource, self.trusts)

    @property
    def trusts(self) -> bool:
        """Whether this API, or one on the way to it, was told so."""
        return self.trusted or self.resource.options.allow_nested_writes_anywhere


def constructed(row: Create | Nested, owner: Owner, session: Session, made: Made) -> Any:
    """Make an instance by the model's own constructor, with what it takes, and assign the rest."""
    resource = row.resource
    if resource.mapper.polymorphic_abstract:
        detail = f"{quote(resource.name)} has no resources of its own; create one of its subclasses"
        raise reject("forbidden", detail, row.source)
    values = {one.attribute.key: one.value for one in row.assignments}
    if row.id is not None:
        values |= {key.key: value for key, value in zip(resource.identity.keys, row.id, strict=True)}
    accepted = _accepted(resource.mapper)
    taken = _links_taken(row, accepted)
    members = {link.relationship.key: _member(link, owner, session, made) for link in taken}
    with validated(resource, row.assignments):
        instance = _by_keywords(row, values) if accepted is None else _by_parameters(row, values | members, accepted)
    if row.id is not None:
        made.by_id[resource, row.id] = instance
    if isinstance(row, Create) and row.lid is not None:
        made.by_lid[resource.name, row.lid] = instance
    made.written.append((resource, row.assignments))
    made.watch(row, instance)
    with validated(resource, row.assignments):
        rest = [
            one for one in row.links if one not in taken or not any(isinstance(each, Nested) for each in one.targets)
        ]
        _apply_links(instance, rest, owner, session, made)
    return instance


def _by_keywords(row: Create | Nested, values: dict[str, object]) -> Any:
    """Make an instance whose constructor takes every attribute; those that are watched are assigned one by one.

    So is an attribute with the name of the constructor's first parameter, `self`, which no keyword can give.
    """
    resource = row.resource
    receiver = _receiver(resource.mapper)
    watched_ones = tuple(
        one
        for one in row.assignments
        if one.attribute.key == receiver or _is_watched(resource.mapper, one.attribute.key)
    )
    names = {one.attribute.key for one in watched_ones}
    instance = resource.model(**{name: value for name, value in values.items() if name not in names})
    assign(instance, watched_ones, resource)
    return instance


def _by_parameters(row: Create | Nested, values: dict[str, object], accepted: dict[str, bool]) -> Any:
    """Make an instance whose constructor names its parameters; Rejected (`missing-value`) if one is not there.

    What a validator says against an argument is told at the row: nothing tells which argument it was.
    """
    missing = [name for name, needed in accepted.items() if needed and name not in values]
    if missing:
        raise Rejected(*[problem("missing-value", f"{quote(name)} must be given", row.source) for name in missing])
    with watched(row.resource, row):
        instance = row.resource.model(**{name: values[name] for name in accepted if name in values})
    assign(instance, tuple(one for one in row.assignments if one.attribute.key not in accepted), row.resource)
    for name, value in values.items():
        if name not in accepted and name not in {one.attribute.key for one in row.assignments}:
            setattr(instance, name, value)
    return instance


def _links_taken(row: Create | Nested, accepted: dict[str, bool] | None) -> list[Link]:
    """Give the to-one links that the constructor takes itself."""
    return [link for link in row.links if link.relationship.key in (accepted or ()) and not link.relationship.is_many]


def _member(link: Link, owner: Owner, session: Session, made: Made) -> Any:
    found = related_rows(link, link.targets, owner, session, made)
    for one in found:
        _check_vacant(one, link, owner.resource, None, session)
    return next(iter(found), None)


def _is_watched(mapper: Mapper[Any], key: str) -> bool:
    """Whether somebody may refuse a value when it is set: a validator, a listener, a mutable type."""
    name = mapper.synonyms[key].name if key in mapper.synonyms else key
    is_heard = name in mapper.column_attrs and bool(mapper.class_manager[name].impl.dispatch.set)
    return is_heard or not mapper.validators.keys().isdisjoint((key, name))


@lru_cache(maxsize=1024)
def _receiver(mapper: Mapper[Any]) -> str:
    """Give the name by which a constructor knows the new instance."""
    return next(iter(signatures.signature(mapper.class_.__init__).parameters), "self")


@lru_cache(maxsize=1024)
def _accepted(mapper: Mapper[Any]) -> dict[str, bool] | None:
    """Give the parameters of a constructor and whether each is needed; None if it takes any keyword."""
    parameters = list(signatures.signature(mapper.class_.__init__).parameters.values())[1:]
    if any(one.kind is one.VAR_KEYWORD for one in parameters):
        return None
    named = [one for one in parameters if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)]
    return {one.name: one.default is one.empty for one in named}


# ---------------------------------------------------------------- relationships


def _apply_links(instance: Any, links: Sequence[Link], owner: Owner, session: Session, made: Made) -> None:
    """Give relationships their targets; Rejected names all that is wrong with all of them."""
    problems: list[Problem] = []
    for link in links:
        try:
            apply_link(instance, link, owner, session, made)
        except Rejected as rejected:
            problems += rejected.problems
    if problems:
        raise Rejected(*problems)


def apply_link(instance: Any, link: Link, owner: Owner, session: Session, made: Made) -> None:
    """Give a relationship exactly the targets of `link`."""
    relationship = link.relationship
    if relationship.is_many:
        members = related_rows(link, link.targets, owner, session, made)
        with watched(owner.resource, link):
            replace(instance, relationship, members, link.source)
        watch_members(instance, relationship, link.source, made)
        return
    _check_seen(instance, link)
    target = next(iter(link.targets), None)
    if target is None:
        with watched(owner.resource, link):
            clear(instance, relationship, link.source)
    elif isinstance(target, Target) and by_key(relationship, target) and not _is_made(target, made):
        _check_present(target, session, made)
        set_key(instance, relationship, target)
    else:
        (member,) = related_rows(link, (target,), owner, session, made)
        _check_vacant(member, link, owner.resource, instance, session)
        with watched(owner.resource, link):
            set_one(instance, relationship, member)
        watch_members(instance, relationship, link.source, made)


def watch_members(instance: Any, relationship: Relationship, source: Source | None, made: Made) -> None:
    """Have the rows looked at after the flush that a changed relationship writes: its caller has to see them.

    They are the rows that come or go with their foreign key, and new association objects.
    """
    target, between = relationship.target, relationship.between
    if is_scoped(target) and _holds_key(relationship):
        history = inspect(instance).attrs[relationship.key].history
        for one in (*(history.added or ()), *(history.deleted or ())):
            if one is not None:
                made.watch(Nested(target, None, (), (), source), one)
    if between is not None and is_scoped(between):
        for one in associations(instance, relationship):
            if not inspect(one).persistent:
                made.watch(Nested(between, None, (), (), source), one)


def _holds_key(relationship: Relationship) -> bool:
    """Whether the foreign key is in the related rows."""
    return len(relationship.path) == 1 and property_of(relationship).direction is ONETOMANY


def _check_seen(instance: Any, link: Link) -> None:
    """Refuse to cut off a related row that the caller does not see, and that may go with its owner."""
    relationship = link.relationship
    if relationship.local_keys or len(relationship.path) > 1 or not is_scoped(relationship.target):
        return
    related = getattr(instance, relationship.key)
    if related is not None and not seen([related], relationship, inspect(related).session):
        raise _occupied(link)


def _check_vacant(member: Any, link: Link, resource: Resource, instance: Any, session: Session) -> None:
    """Refuse to put out a row that the caller does not see, and that `member` refers to in place of `instance`."""
    if len(link.relationship.path) > 1 or not is_scoped(resource) or not inspect(member).persistent:
        return
    for prop in property_of(link.relationship)._reverse_property:
        other = None if prop.uselist else getattr(member, prop.key)
        if other is None or other is instance or not inspect(other).persistent:
            continue
        id_ = id_of(resource, other)
        if id_ not in present(resource, [id_], session):
            raise _occupied(link)


def _occupied(link: Link) -> Rejected:
    return reject("forbidden", f'the relationship "{link.relationship.name}" cannot be set here', link.source)


def related_rows(
    link: Link | Change | Relate, targets: tuple[Target | Nested, ...], owner: Owner, session: Session, made: Made
) -> list[Any]:
    """Give the instances that the relationship of `link` is to refer to, each once, in order.

    Rejected names all that is wrong with all of them: `related-not-found`, `forbidden`, `not-writable`,
    `missing-value`, and what validators say.
    """
    found = _found(targets, session, made)
    rows: list[Any] = []
    problems: list[Problem] = []
    for one in targets:
        try:
            if isinstance(one, Nested):
                row = _there(one, found, owner, session, made)
                covered = _covered(link.relationship)
                rows.append(_new(one, covered, owner, session, made) if row is None else row)
            else:
                rows.append(_target_row(one, found, made))
        except Rejected as rejected:
            problems += rejected.problems
    if problems:
        raise Rejected(*problems)
    return list({id(one): one for one in rows}.values())


def _is_made(target: Target, made: Made) -> bool:
    return by_chosen_id(target.resource, target.id, made) is not None


def _check_present(target: Target, session: Session, made: Made) -> None:
    """Refuse a reference to a row that is not there, without loading it."""
    assert target.id is not None
    key = (target.resource, target.id)
    if key in made.present:
        return
    with session.no_autoflush:
        if target.id not in present(target.resource, [target.id], session):
            raise Rejected(missing_target(target))
    made.present.add(key)


def _found(targets: tuple[Target | Nested, ...], session: Session, made: Made) -> Found:
    """Load the rows that are there, in one statement for each resource; those to be changed are locked."""
    found: Found = {}
    for resource in dict.fromkeys(one.resource for one in targets):
        mine = [one for one in targets if one.resource is resource]
        lock = any(isinstance(one, Nested) and _has_content(one) for one in mine)
        ids = dict.fromkeys(one.id for one in mine if one.id is not None)
        unknown = [id_ for id_ in ids if (resource, id_, lock) not in made.found]
        for id_, instance in instances(resource, unknown, session, lock=lock, refresh=False).items():
            made.found[resource, id_, lock] = instance
        found |= {(resource, id_): one for id_ in ids if (one := made.found.get((resource, id_, lock))) is not None}
    return found


def _target_row(target: Target, found: Found, made: Made) -> Any:
    if target.id is None:
        return by_lid(target, made)
    row = found.get((target.resource, target.id))
    if row is None:
        row = by_chosen_id(target.resource, target.id, made)
    if row is None:
        raise Rejected(missing_target(target))
    return row


def _has_content(nested: Nested) -> bool:
    return bool(nested.assignments or nested.links)


def _there(nested: Nested, found: Found, owner: Owner, session: Session, made: Made) -> Any | None:
    """Find the row of a nested one, and change it if anything is given; None if there is no such row."""
    if nested.id is None:
        return None
    chosen = by_chosen_id(nested.resource, nested.id, made)
    instance = found.get((nested.resource, nested.id)) if chosen is None else chosen
    if instance is None or not _has_content(nested):
        return instance
    if chosen is None:
        _check_permitted(nested, "PATCH", owner)
        _check_writable(nested, creating=False)
    change(instance, nested, owner.inside(nested.resource), session, made)
    return instance


def _new(nested: Nested, covered: frozenset[str], owner: Owner, session: Session, made: Made) -> Any:
    """Make a nested row, unless it was said to be there."""
    if nested.must_exist and nested.id is not None:
        raise Rejected(missing_target(Target(nested.resource, nested.id, source=nested.source)))
    _check_permitted(nested, "POST", owner)
    _check_writable(nested, creating=True)
    instance = constructed(nested, owner.inside(nested.resource), session, made)
    session.add(instance)
    made.unchecked.append(NewRow(nested, instance, covered))
    return instance


def change(instance: Any, row: Nested | Update | UpdateMany, owner: Owner, session: Session, made: Made) -> None:
    """Assign what is given to a row that is there, and set its relationships."""
    resource = owner.resource
    made.written.append((resource, row.assignments))
    made.watch(row, instance)
    with validated(resource, row.assignments):
        assign(instance, row.assignments, resource)
        _apply_links(instance, row.links, owner, session, made)


def _check_permitted(nested: Nested, method: str, owner: Owner) -> None:
    """Demand what the same change would need on its own (A-7)."""
    if owner.trusts or method in nested.resource.options.methods:
        return
    verb = {"POST": "created", "PATCH": "changed"}[method]
    name = nested.resource.name
    raise reject(
        "forbidden", f"{name} cannot be {verb} through another resource; refer to one by its id", nested.source
    )


def _check_writable(nested: Nested, *, creating: bool) -> None:
    """Refuse fields that can be set but not changed, or the other way round: only now it is known which it is."""
    verb = "set" if creating else "changed"
    problems = [
        problem("not-writable", f"the attribute {quote(one.attribute.name)} cannot be {verb}", one.source)
        for one in nested.assignments
        if not (one.attribute.access.create if creating else one.attribute.access.update)
    ]
    problems += [
        problem("not-writable", f"the relationship {quote(one.relationship.name)} cannot be {verb}", one.source)
        for one in nested.links
        if not _may_set(one.relationship, creating)
    ]
    if problems:
        raise Rejected(*problems)


def _may_set(relationship: Relationship, creating: bool) -> bool:
    """Whether a relationship may be set; whether members may be replaced as a whole is for the protocol to say."""
    access = relationship.access
    if creating:
        return access.create
    return access.add if relationship.is_many else access.replace


def _covered(relationship: Relationship) -> frozenset[str]:
    """Give the attributes of a related row that it gets from the row it belongs to."""
    prop = property_of(relationship)
    if len(relationship.path) > 1 or prop.direction is not ONETOMANY:
        return frozenset()
    target = prop.mapper
    return frozenset(
        target.get_property_by_column(one).key for one in prop.remote_side if one in target._columntoproperty
    )
