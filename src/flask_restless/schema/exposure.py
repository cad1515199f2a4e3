"""Which fields an API exposes, and whether its options name what there is: wrong names are refused at registration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Mapper

from .names import MEMBER_NAME
from .options import IllegalArgumentError, Options
from .resource import Identity, Relationship
from .rules import FIELD_RULES, Permitted

CLASSIC_NAMES = {"only": "include_columns", "exclude": "exclude_columns"}


def is_exposed(name: str, options: Options) -> bool:
    """Whether the options `only` and `exclude` let a field be seen."""
    if options.only is not None:
        return name in options.only or name in options.additional_attributes
    return name not in options.exclude


def check_includes(
    model: type, options: Options, relationships: Mapping[str, Relationship], mapper: Mapper[Any]
) -> None:
    """Refuse default includes that cannot exist; what lies beyond their first step is known at the first request."""
    if mapper.polymorphic_on is not None:
        return
    for path in options.includes:
        name = path.partition(".")[0]
        if name not in relationships or not is_exposed(name, options) or not _is_readable(name, options):
            raise IllegalArgumentError(
                f"includes names {path!r}, but {model.__name__} has no relationship {name!r}; "
                f"there are {', '.join(sorted(relationships))}"
            )


def _is_readable(name: str, options: Options) -> bool:
    permitted = options.rules.static
    return permitted.allows("readable", name) and permitted.allows("includable", name)


def check_key_shown(mapper: Mapper[Any], options: Options, identity: Identity) -> None:
    """Refuse a classic API that creates objects whose key it does not show: its answers name the new object by it."""
    hidden = [key.key for key in identity.keys if not is_exposed(key.key, options)]
    if hidden and "POST" in options.methods:
        raise IllegalArgumentError(
            f"create_api({mapper.class_.__name__}): POST answers with the new object, whose primary key {hidden[0]!r} "
            "is hidden; include it, or leave POST out"
        )


def check_rules(model: type, permitted: Permitted, known: set[str]) -> None:
    """Refuse rules that name what the model does not have."""
    for rule in FIELD_RULES:
        for name in getattr(permitted, rule) or ():
            if name not in known:
                raise IllegalArgumentError(
                    f"the rule {rule} names {name!r}, which {model.__name__} does not have; "
                    f"there are {', '.join(sorted(known))}"
                )


def check_names(model: type, options: Options, known: set[str]) -> None:
    """Refuse `only` and `exclude` where they name what the model does not have, and `only` where nobody can show it."""
    for option in ("only", "exclude"):
        for name in getattr(options, option) or ():
            if name not in known:
                option = option if options.classic is None else CLASSIC_NAMES[option]
                raise IllegalArgumentError(
                    f"{option} names {name!r}, which {model.__name__} does not have; "
                    f"there are {', '.join(sorted(known))}"
                )
    for name in options.only or ():
        if options.classic is None and not MEMBER_NAME.fullmatch(name):
            raise IllegalArgumentError(
                f"only names {name!r}, and JSON:API allows no field to be called that; give the attribute another name "
                f"by a synonym({name!r}), and list that"
            )
