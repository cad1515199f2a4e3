"""Names, keywords and methods that the managers of earlier generations had (lineage 1.2 to 1.4)."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

import flask_restless
from conftest import JSONAPI, Shop, checked_client
from flask_restless import APIManager, IllegalArgumentError, ProcessingException
from flask_restless.demo.models import Author, Book, Tag

PUBLIC = {
    "0.17": "APIManager IllegalArgumentError ProcessingException url_for",
    "b1": """url_for model_for collection_name serializer_for primary_key_for SerializationException
        DeserializationException simple_serialize Serializer Deserializer CONTENT_TYPE""",
    "master": """DefaultSerializer DefaultDeserializer MultipleExceptions simple_serialize_many register_operator
        JSONAPI_MIMETYPE""",
}


@pytest.mark.parametrize("generation", PUBLIC)
def test_every_public_name_is_there(generation: str) -> None:
    assert set(PUBLIC[generation].split()) <= set(flask_restless.__all__)


def test_illegal_argument_error_is_where_it_was() -> None:
    """0.6 had it in the manager's module alone; it was a ValueError for all who caught that."""
    from flask_restless.manager import IllegalArgumentError as found

    assert found is IllegalArgumentError
    assert issubclass(found, ValueError)


def refuse(**_: Any) -> None:
    raise ProcessingException(status=403, detail="no")


def test_init_app_may_bring_the_session_and_processors(shop: Shop) -> None:
    """0.17: `manager = APIManager()` first, the application's things when they exist."""
    manager = APIManager()
    app = Flask("late")
    manager.init_app(app, session=shop.session, preprocessors={"GET_COLLECTION": [refuse]})
    manager.create_api(Tag)

    assert checked_client(app).get("/api/tags").status_code == 403
    assert checked_client(app).get("/api/tags/1").status_code == 200
    assert (manager.app, manager.session) == (app, shop.session)


@pytest.mark.parametrize("arguments", [({}, {}, "/api"), (None, None, "/v1")])
def test_arguments_in_another_order_are_told_from_processors(shop: Shop, arguments: tuple[Any, ...]) -> None:
    """NG had the processors behind the session, and the prefix behind them."""
    with pytest.raises(IllegalArgumentError, match=r"not '/\w+'; the order .* give them by keyword"):
        APIManager(Flask("ordered"), shop.session, *arguments)


def test_apis_may_come_before_the_session(shop: Shop) -> None:
    manager = APIManager()
    manager.create_api(Tag)
    app = Flask("late")
    manager.init_app(app, session=shop.session)

    assert checked_client(app).get("/api/tags/1").status_code == 200


def test_one_manager_serves_two_applications(shop: Shop) -> None:
    manager = APIManager(session=shop.session)
    apps = [Flask("one"), Flask("two")]
    manager.init_app(apps[0])
    manager.create_api(Tag)
    manager.init_app(apps[1])

    assert [checked_client(app).get("/api/tags/1").status_code for app in apps] == [200, 200]


def test_init_app_says_what_is_wrong(shop: Shop) -> None:
    app = Flask("wrong")
    with pytest.raises(ValueError, match="needs a session"):
        APIManager().init_app(app)

    manager = APIManager(session=shop.session)
    with pytest.raises(IllegalArgumentError, match="session already"):
        manager.init_app(app, session=shop.session)
    manager.create_api(Tag)
    with pytest.raises(IllegalArgumentError, match="give them to APIManager"):
        manager.init_app(app, preprocessors={"GET_COLLECTION": [refuse]})
    manager.init_app(app)
    with pytest.raises(ValueError, match="already"):
        manager.init_app(app)


def test_arguments_come_in_the_order_of_master(shop: Shop) -> None:
    app = Flask("positional")
    manager = APIManager(app, shop.session, None, {"GET_COLLECTION": [refuse]}, {}, "/v9")
    manager.create_api(Tag)

    assert checked_client(app).get("/v9/tags").status_code == 403


def test_what_was_created_can_be_asked_for(shop: Shop) -> None:
    app = Flask("asked")
    manager = APIManager(app, session=shop.session)
    manager.create_api(Tag)
    manager.create_api(Book, collection_name="volumes")

    assert set(manager.created_apis_for) == {Tag, Book}
    assert Author not in manager.created_apis_for
    assert manager.blueprint_name(Book) == "volumesapi"
    assert manager.blueprint_name(Book) in app.blueprints


def test_blueprints_of_both_spellings_can_be_registered(shop: Shop) -> None:
    """`create_api_blueprint(Person, app=app)` of 0.17, `create_api_blueprint(name, model)` of 1.0."""
    app = Flask("blueprints")
    manager = APIManager(app, session=shop.session)
    app.register_blueprint(manager.create_api_blueprint(Tag, app=app, protocol="classic", url_prefix="/old"))
    app.register_blueprint(manager.create_api_blueprint("mine", Tag, url_prefix="/new"))

    client = checked_client(app)
    assert client.get("/old/tags/1").json["name"] == client.get("/new/tags/1").json["data"]["attributes"]["name"]
    assert client.get("/new/tags/1").mimetype == JSONAPI
    assert client.get("/old/tags/1").mimetype == "application/json"


@pytest.mark.parametrize(
    ("kind", "key"),
    [("preprocessors", "GET_COLECTION"), ("preprocessors", "GET_MANY"), ("postprocessors", "GET_RELATION")],
)
def test_processor_that_would_never_run_is_refused(shop: Shop, kind: str, key: str) -> None:
    """C-8: a guard under a misspelt name is no guard."""
    manager = APIManager(session=shop.session)

    with pytest.raises(IllegalArgumentError, match="never runs"):
        manager.create_api(Tag, **{kind: {key: [refuse]}})


def test_shared_processors_hold_in_the_protocol_that_knows_them(shop: Shop) -> None:
    app = Flask("shared")
    manager = APIManager(app, session=shop.session, preprocessors={"GET_MANY": [refuse], "GET_RESOURCE": [refuse]})
    manager.create_api(Tag, url_prefix="/new")
    manager.create_api(Tag, url_prefix="/old", protocol="classic")

    client = checked_client(app)
    assert [client.get(f"/new/{one}").status_code for one in ("tags", "tags/1")] == [200, 403]
    assert [client.get(f"/old/{one}").status_code for one in ("tags", "tags/1")] == [403, 200]
    with pytest.raises(IllegalArgumentError, match="APIManager: preprocessors has the key 'GET_ALL'"):
        APIManager(session=shop.session, preprocessors={"GET_ALL": [refuse]}).create_api(Tag)
