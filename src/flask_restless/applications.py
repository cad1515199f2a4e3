"""Putting blueprints on Flask applications, while that can be done."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, Flask

from .schema.options import IllegalArgumentError


def check_open(applications: Iterable[Flask]) -> None:
    """Refuse to serve anything more where Flask would, which is after the first request: before anything is made."""
    for one in applications:
        try:
            one.endpoint("")  # sets nothing up by itself, and is refused like all that does
        except AssertionError:
            raise IllegalArgumentError(
                f"the application {one.name!r} has answered its first request, and Flask takes no more URLs then; "
                "create every API (and call init_app) while the application is set up"
            ) from None


def register(app: Flask, blueprint: Blueprint) -> None:
    """Register a blueprint under a name that is still free: two managers may serve collections of one name."""
    name, number = blueprint.name, 1
    while name in app.blueprints:
        number += 1
        name = f"{blueprint.name}{number}"
    app.register_blueprint(blueprint, name=name)
