"""Setting and changing relationships, through the unit of work.

Membership is tested before anything is taken out: on SQLAlchemy 2, removing an object that is not in a collection
still fires the back reference's event and so would cut somebody else's link (B-3).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Session, WriteOnlyCollection
from sqlalchemy.orm.base import ONETOMANY

from ...operations.operation import Action, Target
from ...operations.problems import Rejected, Source, problem, quote, reject
from ...schema.resource import Relationship
from ..planning.mapping import property_of
from ..planning.scopes import is_scoped
from .locate import id_of, present


def by_key(relationship: Relationship, target: Target) -> bool:
    """Whether setting the foreign key does all that setting the relationship would do."""
    keys = {key.key for key in target.resource.identity.keys}
    return (
        target.lid is None
        and not relationship.observed
        and bool(relationship.local_keys)
        and keys == set(relationship.remote_keys)
    )


def set_key(instance: Any, relationship: Relationship, target: Target) -> None:
    """Point a foreign key to a row that is there, without loading it."""
    assert target.id is not None
    for key, value in key_values(relationship, target).items():
        setattr(instance, key, value)
    _forget(instance, relationship.key)


def key_values(relationship: Relationship, target: Target) -> dict[str, object]:
    """Give the values of the foreign key that refers to `target`."""
    assert target.id is not None
    values = dict(zip((key.key for key in target.resource.identity.keys), target.id, strict=True))
    return {
        local: values[remote] for local, remote in zip(relationship.local_keys, relationship.remote_keys, strict=True)
    }


def _forget(instance: Any, key: str) -> None:
    """Drop a loaded related object that the new foreign key has overtaken."""
    state = inspect(instance)
    if key in state.dict and state.persistent:
        state.session.expire(instance, [key])


def set_one(instance: Any, relationship: Relationship, member: Any) -> None:
    """Make a to-one relationship refer to `member`."""
    setattr(instance, _name(relationship), member)


def clear(instance: Any, relationship: Relationship, source: Source | None) -> None:
    """Make a to-one relationship refer to nothing; Rejected (`missing-value`) if it has to refer to something."""
    if not relationship.nullable:
        detail = f'the relationship "{relationship.name}" must refer to a resource; it cannot be null'
        raise reject("missing-value", detail, source)
    set_one(instance, relationship, None)
    for key in relationship.local_keys:
        setattr(instance, key, None)


def change_members(
    instance: Any, relationship: Relationship, action: Action, members: list[Any], source: Source | None
) -> None:
    """Add, replace or remove members of a to-many relationship."""
    match action:
        case Action.ADD:
            _add(instance, relationship, members, source)
        case Action.REMOVE:
            _remove(instance, relationship, members, source)
        case Action.REPLACE:
            replace(instance, relationship, members, source)


def replace(instance: Any, relationship: Relationship, members: list[Any], source: Source | None) -> None:
    """Make `members` the members, touching only those that come and go."""
    wanted = {id(one) for one in members}
    leaving = [one for one in _members(instance, relationship) if id(one) not in wanted]
    leaving = seen(leaving, relationship, inspect(instance).session)
    leaving = _associated(instance, relationship, leaving)
    _remove(instance, relationship, leaving, source)
    _add(instance, relationship, members, source)


def seen(members: list[Any], relationship: Relationship, session: Session | None) -> list[Any]:
    """Give the members that the caller sees: replacing the others would take away what is not there for him."""
    target = relationship.target
    if not members or session is None or not is_scoped(target):
        return members
    visible = present(target, [id_of(target, one) for one in members], session)
    return [one for one in members if id_of(target, one) in visible]


def _associated(instance: Any, relationship: Relationship, members: list[Any]) -> list[Any]:
    """Give those of `members` that belong to the relationship over association objects that the caller sees."""
    between, session = relationship.between, inspect(instance).session
    if not members or session is None or between is None or not is_scoped(between):
        return members
    stored = [one for one in associations(instance, relationship) if inspect(one).persistent]
    visible = present(between, [id_of(between, one) for one in stored], session)
    unseen = {id(getattr(one, relationship.path[-1])) for one in stored if id_of(between, one) not in visible}
    return [one for one in members if id(one) not in unseen]


def associations(instance: Any, relationship: Relationship) -> list[Any]:
    """Give the association objects of a relationship that crosses some; those of a to-one relationship too."""
    value = getattr(instance, relationship.key)
    if value is None or not hasattr(value, "__iter__"):
        return [] if value is None else [value]
    return list(value.values() if isinstance(value, dict) else value)


def are_members(instance: Any, relationship: Relationship, members: list[Any]) -> bool:
    """Tell whether there is something in `members`, and all of it belongs to the relationship."""
    return bool(members) and len(inside(instance, relationship, members)) == len(members)


def _members(instance: Any, relationship: Relationship) -> list[Any]:
    value = _collection(instance, relationship)
    if isinstance(value, WriteOnlyCollection):
        session = inspect(instance).session
        return [] if session is None or not inspect(instance).persistent else list(session.scalars(value.select()))
    if isinstance(value, dict):
        return list(value.values())
    return list(value)


def _collection(instance: Any, relationship: Relationship) -> Any:
    return getattr(instance, _name(relationship))


def _name(relationship: Relationship) -> str:
    """Give the attribute of the model: the mapped relationship, or the association proxy."""
    return relationship.name if len(relationship.path) > 1 else relationship.key


def _add(instance: Any, relationship: Relationship, members: Iterable[Any], source: Source | None) -> None:
    inside = {id(one) for one in _members(instance, relationship)}
    collection = _collection(instance, relationship)
    for member in members:
        if id(member) not in inside:
            inside.add(id(member))
            _check_free(collection, member, relationship, source)
            _put(collection, member)


def _check_free(collection: Any, member: Any, relationship: Relationship, source: Source | None) -> None:
    """Refuse a member of a dict whose key another one has: that one would be put out, and perhaps deleted."""
    key_of = getattr(collection, "keyfunc", None)
    if key_of is not None and key_of(member) in collection:
        detail = f"another member of {quote(relationship.name)} has the key {quote(str(key_of(member)))}"
        raise reject("already-exists", detail, source)


def _put(collection: Any, member: Any) -> None:
    if hasattr(collection, "append"):
        collection.append(member)
    elif hasattr(collection, "set"):
        collection.set(member)
    else:
        collection.add(member)


def _remove(instance: Any, relationship: Relationship, members: Iterable[Any], source: Source | None) -> None:
    leaving = inside(instance, relationship, members)
    if leaving:
        _check_removable(relationship, source)
    discard(instance, relationship, leaving)


def inside(instance: Any, relationship: Relationship, rows: Iterable[Any]) -> list[Any]:
    """Give those of `rows` that are members, as far as the caller can see."""
    members = {id(one) for one in _members(instance, relationship)}
    return _associated(instance, relationship, [one for one in rows if id(one) in members])


def discard(instance: Any, relationship: Relationship, members: Iterable[Any]) -> None:
    """Take out `members`, all of which must be members (B-3)."""
    collection = _collection(instance, relationship)
    for member in members:
        if isinstance(collection, dict):
            key = next(key for key, one in collection.items() if one is member)
            del collection[key]
        else:
            collection.remove(member)


def _check_removable(relationship: Relationship, source: Source | None) -> None:
    """Refuse to take a member out that cannot be without its owner and is not deleted with it."""
    prop = property_of(relationship)
    if prop.direction is not ONETOMANY or prop.cascade.delete_orphan:
        return
    if any(not column.nullable for column in prop.remote_side):
        detail = f'members of "{relationship.name}" cannot be without it; delete them, or give them to another owner'
        raise Rejected(problem("refused-value", detail, source, status=409))
