"""B-1, B-2, T53, T54: whatever kind of session was handed in, nothing of a refused request is left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy_lite import SQLAlchemy as SQLAlchemyLite
from sqlalchemy import Engine, ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, scoped_session, sessionmaker

from conftest import CheckedClient, checked_client, fresh_database
from flask_restless import APIManager, ProcessingException


class Base(DeclarativeBase):
    pass


class Parent(Base):
    __tablename__ = "parents"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20), unique=True)
    children: Mapped[list[Child]] = relationship(back_populates="parent")


class Child(Base):
    __tablename__ = "children"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("parents.id"))
    parent: Mapped[Parent | None] = relationship(back_populates="children")


METHODS = ["GET", "POST", "PATCH", "DELETE"]
SOURCES: dict[str, Callable[[Engine], Any]] = {
    "sessionmaker": sessionmaker,
    "scoped_session": lambda engine: scoped_session(sessionmaker(engine)),
    "session": lambda engine: Session(engine),
    "function": lambda engine: lambda: Session(engine),
}


@pytest.fixture(params=SOURCES)
def client(request: pytest.FixtureRequest) -> Iterator[CheckedClient]:
    with fresh_database("sqlite") as engine:
        yield served(engine, SOURCES[request.param](engine))


def served(engine: Engine, source: Any, **options: Any) -> CheckedClient:
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Parent(id=1, name="one", children=[Child(id=1, name="first")]))
        session.add(Parent(id=2, name="two"))
        session.commit()
    app = Flask("sessions")
    manager = APIManager(app, session=source)
    for model in (Parent, Child):
        manager.create_api(model, methods=METHODS, allow_to_many_replacement=True, **options)
    return checked_client(app)


def names(client: CheckedClient) -> list[str]:
    return [one["attributes"]["name"] for one in client.get("/api/parents").json["data"]]


def parent(name: str, **members: Any) -> dict[str, Any]:
    return {"data": {"type": "parents", "attributes": {"name": name}, **members}}


def test_refused_change_does_not_leak_into_the_next(client: CheckedClient) -> None:
    """B-1: a PATCH that fails after it touched a relationship."""
    links = {"children": {"data": []}}

    answer = client.send("PATCH", "/api/parents/1", parent("two", id="1", relationships=links))
    assert answer.status_code == 409
    assert client.send("POST", "/api/parents", parent("three")).status_code == 201

    assert names(client) == ["one", "two", "three"]
    assert client.get("/api/parents/1/children").json["meta"]["total"] == 1


def test_session_is_usable_after_each_kind_of_failure(client: CheckedClient) -> None:
    """B-2: duplicates, missing rows, malformed bodies, then a hundred good requests."""
    for document in (parent("one"), parent("x" * 50), {"data": 1}, parent("x", relationships={"children": {}})):
        assert 400 <= client.send("POST", "/api/parents", document).status_code < 500

    assert all(client.get("/api/parents").status_code == 200 for _ in range(100))
    assert client.send("POST", "/api/parents", parent("three")).status_code == 201


def test_no_connection_stays_checked_out() -> None:
    """T54, T31."""
    with fresh_database("postgresql") as engine:
        for source in (sessionmaker(engine), scoped_session(sessionmaker(engine))):
            Base.metadata.drop_all(engine)
            client = served(engine, source)
            client.get("/api/parents/1?include=children")
            client.send("POST", "/api/parents", parent("one"))
            client.send("PATCH", "/api/parents/1", parent("two", id="1"))
            client.delete("/api/parents/99")

            assert engine.pool.checkedout() == 0


@pytest.mark.parametrize("error", [ProcessingException(detail="no", status=403), KeyError("no"), ValueError("no")])
@pytest.mark.parametrize("name", ["POST_RESOURCE", "PATCH_RESOURCE", "DELETE_RESOURCE"])
def test_postprocessor_that_raises_undoes_the_write(sqlite: Engine, name: str, error: Exception) -> None:
    """B-1, T53: postprocessors run before the commit."""

    def refuse(**_arguments: Any) -> None:
        raise error

    client = served(sqlite, scoped_session(sessionmaker(sqlite)), postprocessors={name: [refuse]})
    expected = 403 if isinstance(error, ProcessingException) else 500
    call = {
        "POST_RESOURCE": lambda: client.send("POST", "/api/parents", parent("new")),
        "PATCH_RESOURCE": lambda: client.send("PATCH", "/api/parents/2", parent("new", id="2")),
        "DELETE_RESOURCE": lambda: client.delete("/api/parents/2"),
    }[name]

    assert call().status_code == expected
    assert client.send(
        "POST", "/api/children", {"data": {"type": "children", "attributes": {"name": "x"}}}
    ).status_code in (201, 403, 500)

    assert names(client) == ["one", "two"]


def test_preprocessors_change_the_request(sqlite: Engine) -> None:
    """Lineage 1.3: ids that are returned replace the id, True does not (A-8); lists and data are changed in place."""

    def one(resource_id: str, **_rest: Any) -> object:
        return {"7": 1, "8": True}.get(resource_id)

    def only_two(filters: list[Any], **_rest: Any) -> None:
        filters.append({"name": "name", "op": "eq", "val": "two"})

    def rename(data: dict[str, Any], **_rest: Any) -> None:
        data["data"]["attributes"]["name"] = "renamed"

    processors = {"GET_RESOURCE": [one], "GET_COLLECTION": [only_two], "POST_RESOURCE": [rename]}
    client = served(sqlite, sessionmaker(sqlite), preprocessors=processors)

    assert client.get("/api/parents/7").json["data"]["id"] == "1"
    assert client.get("/api/parents/8").status_code == 404
    assert names(client) == ["two"]
    assert client.send("POST", "/api/parents", parent("x")).json["data"]["attributes"]["name"] == "renamed"


def test_unexpected_error_is_a_document(sqlite: Engine, caplog: pytest.LogCaptureFixture) -> None:
    """J-2.1.1, A-12, T08: an id that is in the log, and nothing else."""

    def fail(**_arguments: Any) -> None:
        raise RuntimeError("SELECT secret FROM vault")

    client = served(sqlite, sessionmaker(sqlite), preprocessors={"GET_COLLECTION": [fail]})

    error = client.get("/api/parents").json["errors"][0]

    assert (error["status"], error["code"]) == ("500", "internal-error")
    assert "secret" not in str(error)
    assert error["id"] in caplog.text


def test_flask_sqlalchemy_with_two_binds() -> None:
    """Flask-SQLAlchemy: models on two databases, through one `db`."""
    app = Flask("binds")
    app.config |= {"SQLALCHEMY_DATABASE_URI": "sqlite://", "SQLALCHEMY_BINDS": {"other": "sqlite://"}}
    db = SQLAlchemy(app)

    class Here(db.Model):
        id = db.Column(db.Integer, primary_key=True)

    class There(db.Model):
        __bind_key__ = "other"
        id = db.Column(db.Integer, primary_key=True)
        name = db.Column(db.String(10))

    with app.app_context():
        db.create_all()
    manager = APIManager(app, flask_sqlalchemy_db=db)
    for model in (Here, There):
        manager.create_api(model, methods=METHODS)
    client = checked_client(app)

    document = {"data": {"type": "there", "attributes": {"name": "x"}}}
    assert client.send("POST", "/api/there", document).status_code == 201
    assert client.get("/api/there").json["meta"]["total"] == 1
    assert client.get("/api/here").json["meta"]["total"] == 0
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


def test_flask_sqlalchemy_lite() -> None:
    app = Flask("lite")
    app.config["SQLALCHEMY_ENGINES"] = {"default": "sqlite://"}
    db = SQLAlchemyLite(app)
    with app.app_context():
        Base.metadata.create_all(db.engine)
    manager = APIManager(app, flask_sqlalchemy_db=db)
    manager.create_api(Parent, methods=METHODS)
    client = checked_client(app)

    assert client.send("POST", "/api/parents", parent("x")).status_code == 201
    assert names(client) == ["x"]
    with app.app_context():
        db.engine.dispose()


def test_managers_and_apis_do_not_influence_each_other(sqlite: Engine) -> None:
    """C-7: two managers on one app, two APIs of one model, two apps."""
    client = served(sqlite, sessionmaker(sqlite))
    app = client.application
    second = APIManager(app, session=sessionmaker(sqlite), url_prefix="/v2")
    second.create_api(Parent, only=["id"])
    second.create_api(Parent, url_prefix="/v3", exclude=["children"], page_size=1)
    other = Flask("other")
    APIManager(other, session=sessionmaker(sqlite)).create_api(Parent, collection_name="elders")

    assert client.get("/api/parents/1").json["data"]["attributes"] == {"name": "one"}
    assert "attributes" not in client.get("/v2/parents/1").json["data"]
    assert len(client.get("/v3/parents").json["data"]) == 1
    assert client.get("/v2/children").status_code == 404
    assert client.post("/v2/parents").status_code == 405
    assert checked_client(other).get("/api/elders/1").json["data"]["type"] == "elders"
    assert client.get("/api/elders").status_code == 404


def test_hidden_and_unknown_names_get_the_same_answer(sqlite: Engine) -> None:
    """A-1, A-2, A-3, T01, T02, T03, T04, T11."""
    app = Flask("hidden")
    Base.metadata.create_all(sqlite)
    manager = APIManager(app, session=sessionmaker(sqlite))
    manager.create_api(Parent, exclude=["name"], methods=METHODS)
    manager.create_api(Child, methods=METHODS)
    client = checked_client(app)

    for path in (
        "/api/parents?filter[{}]=x",
        "/api/parents?sort={}",
        "/api/children?filter[parent.{}]=x",
        "/api/children?sort=parent.{}",
        "/api/parents?fields[parents]={}",
        "/api/parents?include={}",
        '/api/parents?filter[objects]=[{{"name":"id","op":"eq","field":"{}"}}]',
    ):
        hidden, unknown = (client.get(path.format(name)) for name in ("name", "nmae"))
        assert hidden.status_code == 400
        assert hidden.text == unknown.text.replace("nmae", "name")
    for name in ("name", "nmae", "metadata", "__class__", "__init__", "_sa_instance_state"):
        answer = client.send("POST", "/api/parents", {"data": {"type": "parents", "attributes": {name: "x"}}})
        assert answer.status_code == 400


def test_model_without_an_api_is_out_of_reach(sqlite: Engine) -> None:
    """A-2, A-5."""
    app = Flask("unreachable")
    Base.metadata.create_all(sqlite)
    APIManager(app, session=sessionmaker(sqlite)).create_api(Parent)
    client = checked_client(app)

    assert client.get("/api/parents?include=children").status_code == 400
    assert client.get("/api/parents?filter[children.name]=x").status_code == 400
    assert client.get("/api/parents/1/children").status_code == 404


def test_forged_host_reaches_no_link(sqlite: Engine) -> None:
    """A-13, T15."""
    client = served(sqlite, sessionmaker(sqlite))

    answer = client.get(
        "/api/parents?page[size]=1", headers={"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "x"}
    )
    assert "evil.example" not in answer.text
    assert client.get("/api/parents", headers={"Host": 'evil"<script>'}).status_code == 400
