"""Writes of one relationship: what may be done, and to which members."""

from __future__ import annotations

from typing import Any

from ...operations.operation import Action, Target
from ...operations.problems import Rejected, quote, reject
from ...schema.resource import Relationship
from .document import identifier, linkage


def relate_targets(relationship: Relationship, data: Any, action: Action, pointer: str) -> tuple[Target, ...]:
    """Bind the members; what cannot exist need not be removed (J-5.3.8)."""
    if action is not Action.REMOVE or not isinstance(data, list):
        return linkage(relationship, data, pointer)
    targets: list[Target] = []
    problems: list[Any] = []
    for number, one in enumerate(data):
        try:
            targets.append(identifier(relationship.target, one, f"{pointer}/{number}"))
        except Rejected as rejected:
            problems += [each for each in rejected.problems if each.code != "related-not-found"]
    if problems:
        raise Rejected(*problems)
    linkage(relationship, data[:0] if len(data) <= relationship.registry.limits.members else data, pointer)
    return tuple(dict.fromkeys(targets))


def lone_target(relationship: Relationship, data: Any, action: Action, pointer: str) -> tuple[Target, ...]:
    """Bind the one member that an atomic operation adds or removes without a list around it, as Orbit does (A-2.6)."""
    try:
        return (identifier(relationship.target, data, pointer),)
    except Rejected as rejected:
        if action is Action.REMOVE and all(one.code == "related-not-found" for one in rejected.problems):
            return ()
        raise


def check_action(relationship: Relationship, action: Action) -> None:
    """Refuse what the API does not allow to be done to the relationship (J-5.3.13, J-5.3.15)."""
    name = quote(relationship.name)
    if not relationship.is_many and action is not Action.REPLACE:
        raise reject("forbidden", f"{name} is a to-one relationship; set it, or clear it with null, by PATCH")
    access = relationship.access
    allowed = {Action.ADD: access.add, Action.REPLACE: access.replace, Action.REMOVE: access.remove}[action]
    if allowed:
        return
    if not relationship.writable or not relationship.is_many:
        raise reject("not-writable", f"the relationship {name} cannot be changed")
    if action is Action.ADD:
        raise reject("not-writable", f"members cannot be added to {name}")
    if action is Action.REPLACE:
        raise reject("replacement-forbidden", f"the members of {name} cannot be replaced; add and remove them")
    raise reject("removal-forbidden", f"members of {name} cannot be removed")
