"""Options and arguments of a wrong kind are refused where they are given, not by the first request that needs them."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Integer, MetaData

from conftest import Shop
from flask_restless import APIManager, DefaultSerializer, Hooks, IllegalArgumentError, Limits, Rules
from flask_restless.demo.models import Book, Tag
from flask_restless.schema.classic_options import ClassicOptions
from flask_restless.schema.options import Options


class Foreign:
    """A class whose objects make nothing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass


def flags(class_: type[Any]) -> list[str]:
    return [one.name for one in fields(class_) if isinstance(one.default, bool)]


OPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "no methods": ({"methods": None}, "methods is None; it is a list of names"),
    "methods": ({"methods": 5}, "methods is 5"),
    "collection_name": ({"collection_name": 5}, "collection_name is 5; it is a text"),
    "only": ({"only": 5}, "only: 5 must be a list"),
    "exclude": ({"exclude": "title"}, "exclude: 'title' must be a list"),
    "page_size": ({"page_size": None}, "page_size is None; it is a whole number"),
    "max_page_size": ({"max_page_size": "5"}, "max_page_size is '5'; it is a whole number"),
    "primary_key": ({"primary_key": ["id"]}, "primary_key: "),
    "exceptions": ({"validation_exceptions": 5}, "validation_exceptions is 5; it is a list"),
    "functions": ({"allow_functions": 5}, "allow_functions is 5; it is True or a list"),
    "exports": ({"exports": "csv"}, r"exports is 'csv'; it is a list, such as \['csv', 'ndjson'\]"),
    "processors": ({"preprocessors": [print]}, "preprocessors is .*; it is a dict"),
    "key of processors": ({"postprocessors": {5: [print]}}, "postprocessors has the key 5"),
    "one processor": (
        {"preprocessors": {"GET_COLLECTION": 5}},
        r"preprocessors\['GET_COLLECTION'\] is 5; it is a list",
    ),
    "serializer_class": ({"serializer_class": 5}, "serializer_class is 5; it is a class"),
    "class of something else": (
        {"deserializer_class": Foreign},
        "deserializer is .*; it is an object with deserialize",
    ),
    "a class for an object": ({"serializer": DefaultSerializer}, "serializer is the class .*, or serializer_class"),
    "variables": ({"url_prefix": "/<tenant>/api"}, "url_prefix is '/<tenant>/api'; it is a path without variables"),
    "app": ({"app": 5}, "5 is no Flask application"),
}


@pytest.mark.parametrize(("options", "hint"), OPTIONS.values(), ids=OPTIONS)
def test_option_of_a_wrong_kind_is_refused_by_its_name(shop: Shop, options: dict[str, Any], hint: str) -> None:
    manager = APIManager(Flask("wrong"), session=shop.session)

    with pytest.raises(IllegalArgumentError, match=hint):
        manager.create_api(Book, **options)


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({"serializer": 5}, "serializer is 5; it is an object with serialize"),
        ({"deserializer": "x"}, "deserializer is 'x'; it is an object with deserialize"),
        ({"serializer": DefaultSerializer}, "serializer is the class DefaultSerializer; give an object of it"),
        ({"preprocessors": [print]}, "preprocessors is .*; it is a dict"),
        ({"include_methods": [5]}, "include_methods holds 5"),
        ({"post_form_preprocessor": 5}, "post_form_preprocessor is 5; it is a function"),
        ({"results_per_page": "x"}, "results_per_page is 'x'; it is a whole number"),
    ],
)
def test_classic_option_of_a_wrong_kind_is_refused_by_its_name(shop: Shop, options: dict[str, Any], hint: str) -> None:
    """A serializer that is none was a 500 of every request."""
    manager = APIManager(Flask("wrong"), session=shop.session, protocol="classic")

    with pytest.raises(IllegalArgumentError, match=hint):
        manager.create_api(Book, **options)


@pytest.mark.parametrize(
    ("protocol", "option"),
    [*(("jsonapi", one) for one in flags(Options)), *(("classic", one) for one in flags(ClassicOptions))],
)
def test_flag_takes_no_list_and_no_text(shop: Shop, protocol: str, option: str) -> None:
    """`allow_to_many_replacement=["tags"]` allowed it for every relationship, and "no" stood for yes."""
    manager = APIManager(Flask("wrong"), session=shop.session, protocol=protocol)

    for value in (["tags"], "no", 2):
        with pytest.raises(IllegalArgumentError, match=f"{option} is .*; it is True or False"):
            manager.create_api(Book, **{option: value})


def test_flag_that_is_none_is_false() -> None:
    """Callers of earlier generations hand None on for what they were not given."""
    assert Options.checked(Book, {"allow_to_many_replacement": None}).allow_to_many_replacement is False
    assert ClassicOptions.checked(Book, {"allow_patch_many": None}).classic.allow_patch_many is False


ARGUMENTS: dict[str, tuple[dict[str, Any], str]] = {
    "limits": ({"limits": {"include_depth": 5}}, "limits is .*; it is a Limits value"),
    "types": ({"types": [Integer]}, "types is .*; it is a dict"),
    "a type": ({"types": {Integer: int}}, "types maps .* to Codec values"),
    "operators": ({"operators": ["near"]}, "operators is .*; it is a dict"),
    "an operator": ({"operators": {"near": 5}}, "operators maps 'near' to 5"),
    "cursor_secret": ({"cursor_secret": 5}, "cursor_secret is 5; it is a text or bytes"),
    "atomic": ({"atomic": "no"}, "atomic is 'no'; it is True or False"),
    "include_links": ({"include_links": "no"}, "include_links is 'no'; it is True or False"),
    "idempotency": ({"idempotency": MetaData()}, "idempotency is .*caller, reserve, keep, release"),
    "url_prefix": ({"url_prefix": "api"}, "url_prefix is 'api'; it is a path"),
    "one processor": ({"preprocessors": {"GET_COLLECTION": 5}}, "GET_COLLECTION'] is 5; it is a list"),
}


@pytest.mark.parametrize(("arguments", "hint"), ARGUMENTS.values(), ids=ARGUMENTS)
def test_argument_of_a_wrong_kind_is_refused_by_its_name(shop: Shop, arguments: dict[str, Any], hint: str) -> None:
    with pytest.raises(IllegalArgumentError, match=hint):
        APIManager(Flask("wrong"), session=shop.session, **arguments)


def test_one_processor_needs_no_list(shop: Shop) -> None:
    """For the manager as for an API."""
    called: list[str] = []
    app = Flask("one")
    guard = {"GET_COLLECTION": lambda **kw: called.append("manager")}
    manager = APIManager(app, session=shop.session, preprocessors=guard)
    manager.create_api(Book, preprocessors={"GET_COLLECTION": lambda **kw: called.append("API")})

    assert app.test_client().get("/api/books?page[size]=1").status_code == 200
    assert called == ["manager", "API"]


def test_operator_that_is_no_function_is_refused(shop: Shop) -> None:
    with pytest.raises(IllegalArgumentError, match="the operator 'near' is 5"):
        APIManager(Flask("wrong"), session=shop.session).register_operator("near", 5)  # type: ignore[arg-type]  # wrong


@pytest.mark.parametrize(
    "limits",
    [{"include_depth": "5"}, {"body_bytes": None}, {"offset": -1}, {"statement_seconds": "20"}, {"many": True}],
)
def test_limit_of_a_wrong_kind_is_refused_by_its_name(limits: dict[str, Any]) -> None:
    """Each was a 500 of every request that came to it."""
    with pytest.raises(IllegalArgumentError, match=f"Limits\\({next(iter(limits))}=...\\) takes"):
        Limits(**limits)


def test_limits_of_time_may_be_fractions_or_none() -> None:
    assert Limits(statement_seconds=None, export_seconds=0.5).export_seconds == 0.5


def test_rules_and_hooks_name_what_is_wrong() -> None:
    with pytest.raises(IllegalArgumentError, match=r"Rules\(readable=...\): 'title' must be a list"):
        Rules(readable="title")
    with pytest.raises(IllegalArgumentError, match=r"Hooks\(after=...\) takes functions, not 5"):
        Hooks(after=5)  # type: ignore[arg-type]  # wrong


def test_primary_key_may_be_a_mapped_attribute(shop: Shop) -> None:
    """As in `only`, `exclude` and the like."""
    app = Flask("keyed")
    APIManager(app, session=shop.session).create_api(Tag, primary_key=Tag.name)
    found = app.test_client().get("/api/tags?page[size]=1").get_json()["data"][0]

    assert found["id"] == found["attributes"]["name"]
