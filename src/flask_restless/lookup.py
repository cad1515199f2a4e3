"""Where a model is served, asked without a manager at hand: the module-level functions of the earlier generations.

They ask the managers of the current application, or the one that is handed in as `_apimanager`; nothing is kept in this
module.  The first API of a model counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode

from flask import current_app, has_app_context, has_request_context, request

if TYPE_CHECKING:
    from .manager import APIManager
    from .schema.resource import Resource

Found = TypeVar("Found")

CLASSIC_NAMES = {
    "instid": "resource_id",
    "relationname": "relation_name",
    "relationinstid": "related_resource_id",
}
"""Keyword arguments of 0.17's `url_for` -> those of today's."""


def url_for(
    model: type,
    resource_id: object = None,
    relation_name: str | None = None,
    related_resource_id: object = None,
    _apimanager: APIManager | None = None,
    relationship: bool = False,
    **others: Any,
) -> str:
    """Give the URL path of an API, of one of its resources, or of what is related to it; ValueError if there is none.

    The keywords of 0.17 (`instid`, `relationname`, `relationinstid`) are understood.  With `_external=True` the URL is
    absolute, with `_scheme` too, in that scheme, with `_anchor` it gets a fragment; `_method` changes nothing.  All
    other keywords become query parameters.
    """
    named: dict[str, Any] = {
        "resource_id": resource_id,
        "relation_name": relation_name,
        "related_resource_id": related_resource_id,
    }
    named |= in_todays_words({name: others.pop(name) for name in CLASSIC_NAMES.keys() & others.keys()})
    path = _ask(_apimanager, lambda one: one.url_for(model, relationship=relationship, **named))
    return _located(path, others)


def in_todays_words(given: Mapping[str, Any]) -> dict[str, Any]:
    """Give the keywords of 0.17's `url_for` the names that they have today."""
    return {CLASSIC_NAMES.get(name, name): value for name, value in given.items()}


def path_of(
    url: str,
    *,
    resource_id: object = None,
    relation_name: str | None = None,
    related_resource_id: object = None,
    relationship: bool = False,
) -> str:
    """Give the path of what belongs to the API at `url`."""
    parts = [resource_id, "relationships" if relationship else None, relation_name, related_resource_id]
    return "/".join([url, *(quote(str(one), safe="") for one in parts if one is not None)])


def _located(path: str, others: dict[str, Any]) -> str:
    """Put a path below the application's root, and add what else was asked for."""
    scheme, anchor, _ = (others.pop(name, None) for name in ("_scheme", "_anchor", "_method"))
    external = others.pop("_external", others.pop("_absolute", scheme is not None))
    root = _root(scheme) if external else request.root_path if has_request_context() else ""
    query = urlencode(others, doseq=True)
    return root + path + (f"?{query}" if query else "") + (f"#{anchor}" if anchor else "")


def _root(scheme: str | None) -> str:
    """Give the URL of the application's root, in that scheme if one is asked for."""
    if has_request_context():
        given, _, place = request.root_url.rstrip("/").partition("://")
        return f"{scheme or given}://{place}"
    config = current_app.config
    if config["SERVER_NAME"] is None:
        raise RuntimeError("url_for(_external=True) needs a request, or SERVER_NAME in the application's config")
    place = config["SERVER_NAME"] + config["APPLICATION_ROOT"].rstrip("/")
    return f"{scheme or config['PREFERRED_URL_SCHEME']}://{place}"


def model_for(collection_name: str, _apimanager: APIManager | None = None) -> type:
    """Give the model that is served under that name; ValueError if there is none."""
    return _ask(_apimanager, lambda one: one.model_for(collection_name))


def collection_name(model: type, _apimanager: APIManager | None = None) -> str:
    """Give the collection's name of `model`, its JSON:API type; ValueError if it has no API."""
    return _ask(_apimanager, lambda one: one.collection_name(model))


def serializer_for(model: type, _apimanager: APIManager | None = None) -> Any:
    """Give the serializer of a model's API: its own, or a `DefaultSerializer`; ValueError if it has no API."""
    return _ask(_apimanager, lambda one: one.serializer_for(model))


def primary_key_for(instance_or_model: Any, _apimanager: APIManager | None = None) -> str:
    """Give the name of the attribute whose value is the `id`; ValueError if the model has no API."""
    return _ask(_apimanager, lambda one: one.primary_key_for(instance_or_model))


def register_operator(name: str, function: Callable[..., Any], _apimanager: APIManager | None = None) -> None:
    """Add a filter operator to every manager of the current application, or to one.

    Outside an application context there is nothing to add it to: `APIManager(operators={name: function})` does it then.
    """
    if _apimanager is None and not has_app_context():
        raise RuntimeError(
            f"there is no current application to register the operator {name!r} for; give the manager its operators: "
            f"APIManager(operators={{{name!r}: ...}}), or call manager.register_operator"
        )
    for one in _managers(_apimanager):
        one.register_operator(name, function)


def resource_of(model: type, _apimanager: APIManager | None = None) -> Resource:
    """Give the Resource of a model's API; ValueError if it has none."""
    return _ask(_apimanager, lambda one: one.resource_of(model))


def _ask(manager: APIManager | None, question: Callable[[APIManager], Found]) -> Found:
    """Ask one manager after the other; the first refusal is told if none knows the answer."""
    refusal: ValueError | None = None
    for one in _managers(manager):
        try:
            return question(one)
        except ValueError as error:
            refusal = refusal or error
    raise refusal or ValueError("no APIManager has been initialised for the current application")


def _managers(manager: APIManager | None) -> Iterator[APIManager]:
    if manager is not None:
        yield manager
        return
    if not has_app_context():
        raise RuntimeError(
            "there is no current application; ask inside a request or `with app.app_context()`, or pass _apimanager"
        )
    yield from current_app.extensions.get("restless", ())
