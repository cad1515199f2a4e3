"""The module-level functions of the earlier generations (lineage 1.3, classic public names)."""

from __future__ import annotations

import pytest
from flask import Flask

from conftest import Shop, checked_client
from flask_restless import (
    APIManager,
    DefaultSerializer,
    collection_name,
    model_for,
    primary_key_for,
    register_operator,
    serializer_for,
    url_for,
)
from flask_restless.demo.models import Author, Book, Tag


def test_urls_inside_a_request(shop: Shop) -> None:
    """Both generations' keywords; C-7: only the managers of the current application are asked."""
    with shop.app.test_request_context("/"):
        assert url_for(Book) == "/api/books"
        assert url_for(Book, 1) == "/api/books/1"
        assert url_for(Book, instid=1, relationname="authors", relationinstid=2) == "/api/books/1/authors/2"
        assert url_for(Book, 1, "authors", relationship=True) == "/api/books/1/relationships/authors"
        assert url_for(Book, page=2, _anchor="end") == "/api/books?page=2#end"
        assert url_for(Book, 1, _external=True) == "http://localhost/api/books/1"
        assert url_for(Book, 1, _scheme="https", _method="PATCH") == "https://localhost/api/books/1"


def test_the_manager_knows_the_keywords_of_017(shop: Shop) -> None:
    assert shop.manager.url_for(Book, instid=1, relationname="authors", relationinstid=2) == "/api/books/1/authors/2"
    with pytest.raises(TypeError, match="instance_id"):
        shop.manager.url_for(Book, instance_id=1)


def test_urls_know_where_the_application_is_mounted(shop: Shop) -> None:
    with shop.app.test_request_context("/", base_url="https://shop.example/mount/"):
        assert url_for(Book, 1) == "/mount/api/books/1"
        assert url_for(Book, 1, _external=True) == "https://shop.example/mount/api/books/1"


def test_external_urls_outside_a_request_need_a_server_name(shop: Shop) -> None:
    with shop.app.app_context():
        assert url_for(Book, 1) == "/api/books/1"
        with pytest.raises(RuntimeError, match="SERVER_NAME"):
            url_for(Book, 1, _external=True)
        shop.app.config["SERVER_NAME"] = "shop.example"
        assert url_for(Book, 1, _external=True) == "http://shop.example/api/books/1"
        assert url_for(Book, 1, _scheme="https") == "https://shop.example/api/books/1"


def test_names_models_and_keys(shop: Shop) -> None:
    with shop.app.app_context():
        assert collection_name(Book) == "books"
        assert model_for("books") is Book
        assert primary_key_for(Book) == "id"
        assert isinstance(serializer_for(Book), DefaultSerializer)


def test_outside_an_application_the_manager_is_needed(shop: Shop) -> None:
    with pytest.raises(RuntimeError, match="pass _apimanager"):
        collection_name(Book)
    assert collection_name(Book, _apimanager=shop.manager) == "books"


def test_a_model_without_an_api_has_no_url(shop: Shop) -> None:
    other = Flask("other")
    APIManager(other, session=shop.session).create_api(Tag)

    with other.app_context():
        assert url_for(Tag) == "/api/tags"
        with pytest.raises(ValueError, match="no API has been created for Author"):
            url_for(Author)
    with Flask("bare").app_context(), pytest.raises(ValueError, match="no APIManager"):
        url_for(Tag)


def test_second_manager_of_an_application_is_asked_too(shop: Shop) -> None:
    app = Flask("two")
    APIManager(app, session=shop.session).create_api(Tag)
    APIManager(app, session=shop.session).create_api(Author, url_prefix="/v2")

    with app.app_context():
        assert (url_for(Tag), url_for(Author)) == ("/api/tags", "/v2/authors")


def test_identity_of_instances(shop: Shop) -> None:
    """NG: `primary_key_value`, `serialize_relationship`, `url_prefix_for`, `api_name`."""
    with shop.session() as session:
        book = session.get(Book, 1)

        assert shop.manager.primary_key_value(book) == 1
        assert shop.manager.primary_key_value(book, as_string=True) == "1"
        assert shop.manager.serialize_relationship(book) == {"type": "books", "id": "1"}
    assert shop.manager.url_prefix_for(Book) == "/api"
    assert shop.manager.api_name("books") == "booksapi"


def test_operators_of_the_application(shop: Shop) -> None:
    """`register_operator` of the master generation: for one application, not for all of them."""
    app = Flask("operators")
    manager = APIManager(app, session=shop.session, operators={"longer_than": lambda column, size: column > size})
    manager.create_api(Book)
    client, query = checked_client(app), "/api/books?filter[pages][{}]={}"

    assert client.get(query.format("longer_than", 300)).json == client.get(query.format("gt", 300)).json | {
        "links": client.get(query.format("longer_than", 300)).json["links"]
    }
    with app.app_context():
        register_operator("has_pages", lambda column: column.is_not(None))
    assert client.get('/api/books?filter[objects]=[{"name":"pages","op":"has_pages"}]').status_code == 200
    assert shop.get(query.format("longer_than", 300)).json["errors"][0]["code"] == "unknown-operator"


def test_an_operator_replaced_is_not_served_from_an_old_plan(shop: Shop) -> None:
    app = Flask("replaced")
    manager = APIManager(app, session=shop.session, operators={"near": lambda column, value: column == value})
    manager.create_api(Book)
    client = checked_client(app)
    before = client.get("/api/books?filter[id][near]=3").json["meta"]["total"]

    manager.register_operator("near", lambda column, value: column.between(value - 1, value + 1))

    assert (before, client.get("/api/books?filter[id][near]=3").json["meta"]["total"]) == (1, 3)


def test_operators_need_an_application() -> None:
    with pytest.raises(RuntimeError, match=r"APIManager\(operators="):
        register_operator("near", lambda column, value: column == value)


def test_index_of_a_prefix(shop: Shop) -> None:
    """Lineage 3.3: `GET /api` tells the collections; C-7: those of this prefix alone."""
    document = shop.get("/api").json

    assert document["meta"]["modelinfo"]["books"] == {"primarykey": "id", "url": "/api/books"}
    assert {shop.get(one["url"]).status_code for one in document["meta"]["modelinfo"].values()} == {200}
    assert shop.get("/api?foo=1").status_code == 400
    assert shop.client.post("/api").status_code == 405
    mounted = shop.client.get("/api", base_url="http://localhost/mount").json
    assert mounted["meta"]["modelinfo"]["books"]["url"] == "/mount/api/books"
