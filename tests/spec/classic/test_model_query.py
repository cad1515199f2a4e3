"""The model's own `query` as the base of all reading (contract, "Model features handled"; lineage 1.5)."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, ForeignKey, Select, String, event, func, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Query,
    Session,
    aliased,
    mapped_column,
    relationship,
    scoped_session,
)
from sqlalchemy.orm import sessionmaker as maker

from classic_models import EVERY, ClassicClient
from flask_restless import APIManager
from flask_restless.schema.base_query import BaseQuery


class Kept(Query[Any]):
    """Queries of rows that were not deleted."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        made: Any = object.__new__(cls)
        if not args:
            return made
        made.__init__(*args, **kwargs)
        return made.filter_by(deleted=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not vars(self):
            super().__init__(*args, **kwargs)


def of_query_class(model: Any, session: Any) -> None:
    """Use Flask-SQLAlchemy's manner: a class of queries."""
    model.query = session.query_property(query_cls=Kept)


def of_callable(model: Any, session: Any) -> None:
    """Use a function that gives a query."""
    model.query = classmethod(lambda cls: session.query(cls).filter(cls.deleted.is_(False)))


def of_join(model: Any, session: Any) -> None:
    """Use a query that crosses another table."""
    model.query = classmethod(lambda cls: session.query(cls).join(cls.shelf).filter_by(name="open"))


def of_select(model: Any, session: Any) -> None:
    """Use a statement of SQLAlchemy 2."""
    model.query = classmethod(lambda cls: select(cls).where(cls.deleted.is_(False)).order_by(cls.title))


def of_limit(model: Any, session: Any) -> None:
    """Give the first row of an order, which is the way of the query that says so."""
    model.query = classmethod(lambda cls: session.query(cls).order_by(cls.title).limit(1))


def of_offset(model: Any, session: Any) -> None:
    """Leave the first rows of an order out."""
    model.query = classmethod(lambda cls: select(cls).order_by(cls.title.desc()).offset(1).limit(5))


def of_union(model: Any, session: Any) -> None:
    """Put two queries together."""
    model.query = classmethod(
        lambda cls: session.query(cls).filter_by(title="a").union(session.query(cls).filter_by(title="z"))
    )


def of_alias(model: Any, session: Any) -> None:
    """Go by another name than the model's own."""

    def query(cls: Any) -> Any:
        other = aliased(cls)
        return session.query(other).filter(other.deleted.is_(False))

    model.query = classmethod(query)


def of_listener(model: Any, session: Any) -> None:
    """Have a listener add the filter, as SQLAlchemy's manual shows it."""

    class Heard(Query[Any]):
        pass

    @event.listens_for(Heard, "before_compile", retval=True)
    def leave_out(query: Any) -> Any:
        for one in query.column_descriptions:
            if one["type"] is model:
                query = query.enable_assertions(False).filter(one["entity"].deleted.is_(False))
        return query

    model.query = session.query_property(query_cls=Heard)


WAYS = [of_query_class, of_callable, of_join, of_select, of_limit, of_offset, of_union, of_alias, of_listener]


class Library:
    """Two documents, the second one deleted, on one shelf that is open and one that is not."""

    def __init__(self, engine: Engine, way: Any, protocol: str = "classic", **options: Any) -> None:
        class Base(DeclarativeBase):
            pass

        class Shelf(Base):
            __tablename__ = "shelf"
            id: Mapped[int] = mapped_column(primary_key=True)
            name: Mapped[str] = mapped_column(String(20))

        class Doc(Base):
            __tablename__ = "doc"
            id: Mapped[int] = mapped_column(primary_key=True)
            title: Mapped[str] = mapped_column(String(20))
            deleted: Mapped[bool] = mapped_column(default=False)
            shelf_id: Mapped[int | None] = mapped_column(ForeignKey("shelf.id"))
            shelf = relationship(Shelf, backref="docs")

        Base.metadata.create_all(engine)
        session = scoped_session(maker(engine))
        with Session(engine) as filling, filling.begin():
            shelf, closed = Shelf(id=1, name="open"), Shelf(id=2, name="closed")
            filling.add_all([Doc(id=1, title="a", shelf=shelf), Doc(id=2, title="b", shelf=closed, deleted=True)])
        way(Doc, session)
        app = Flask("library")
        app.test_client_class = ClassicClient
        self.manager = APIManager(app, session=session, protocol=protocol)
        methods = EVERY if protocol == "classic" else ["GET", "PATCH", "DELETE"]
        self.manager.create_api(Shelf, methods=methods)
        self.manager.create_api(Doc, methods=methods, **options)
        self.client: Any = app.test_client()
        self.doc = Doc


def test_a_class_of_queries_of_flask_sqlalchemy(sqlite: Engine) -> None:
    """`query_class` with a way of its own to make queries holds; Flask-SQLAlchemy's own leaves nothing out."""
    db = SQLAlchemy()

    class Note(db.Model):
        query_class = Kept
        id = db.Column(db.Integer, primary_key=True)
        deleted = db.Column(db.Boolean)

    class Word(db.Model):
        id = db.Column(db.Integer, primary_key=True)

    app = Flask("notes")
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    db.init_app(app)
    manager = APIManager(app, flask_sqlalchemy_db=db, protocol="classic")
    manager.create_api(Note)
    manager.create_api(Word)
    with app.app_context():
        db.create_all()
        db.session.add_all([Note(id=1, deleted=False), Note(id=2, deleted=True)])
        db.session.commit()

        found = app.test_client().get("/api/note")

    assert [one["id"] for one in found.get_json()["objects"]] == [1]
    assert manager.resource_of(Word).options.rules.scope is None


@pytest.mark.parametrize("way", WAYS)
def test_rows_that_the_query_leaves_out_do_not_exist(database: Engine, way: Any) -> None:
    """Lists, single objects, relations, searches through relations, and writes keep to the query."""
    library = Library(database, way, allow_delete_many=True)
    everything = {"filters": [{"name": "id", "op": "gt", "val": 0}]}
    through = {"filters": [{"name": "docs", "op": "any", "val": {"name": "title", "op": "eq", "val": "b"}}]}

    listed = library.client.get("/api/doc").json
    shelves = library.client.get("/api/shelf").json["objects"]

    assert [one["id"] for one in listed["objects"]] == [1]
    assert listed["num_results"] == 1
    assert [[one["id"] for one in shelf["docs"]] for shelf in shelves] == [[1], []]
    assert library.client.get("/api/doc/2").status_code == 404
    assert library.client.get("/api/shelf/2/docs").json["objects"] == []
    assert library.client.search("/api/shelf", through).json["objects"] == []
    assert library.client.send("PATCH", "/api/doc/2", {"title": "c"}).status_code == 404
    assert library.client.delete("/api/doc/2").status_code == 404
    assert library.client.search("/api/doc", everything, "DELETE").json == {"num_deleted": 1}


def test_a_row_does_not_leave_the_query_by_a_write(sqlite: Engine) -> None:
    """What clients change or make stays visible to them, as with the rule `scope`."""
    library = Library(sqlite, of_callable)

    assert library.client.send("PATCH", "/api/doc/1", {"deleted": True}).status_code == 403
    assert library.client.send("POST", "/api/doc", {"title": "x", "deleted": True}).status_code == 403
    assert library.client.get("/api/doc").json["num_results"] == 1


def test_the_query_holds_in_json_api_as_well(sqlite: Engine) -> None:
    """Flask-Restless 1.0 and NG read through it too (lineage 1.5)."""
    library = Library(sqlite, of_callable, "jsonapi")

    assert [one["id"] for one in library.client.get("/api/doc").json["data"]] == ["1"]
    assert library.client.get("/api/doc/2").status_code == 404


def test_the_query_can_be_left_alone(sqlite: Engine) -> None:
    """`model_query=False` serves every row."""
    library = Library(sqlite, of_callable, model_query=False)

    assert library.client.get("/api/doc").json["num_results"] == 2


def test_the_query_is_asked_at_each_request(sqlite: Engine) -> None:
    """It may depend on who asks."""
    wanted = ["a"]
    library = Library(
        sqlite, lambda model, session: setattr(model, "query", lambda: select(model).filter_by(title=wanted[0]))
    )

    first = library.client.get("/api/doc").json["objects"]
    wanted[0] = "b"
    second = library.client.get("/api/doc").json["objects"]

    assert ([one["id"] for one in first], [one["id"] for one in second]) == ([1], [2])


PLAIN = {
    "query_property": lambda model, session: setattr(model, "query", session.query_property()),
    "a method": lambda model, session: setattr(model, "query", lambda self, text: text),
    "a value": lambda model, session: setattr(model, "query", "a text"),
}


@pytest.mark.parametrize("way", PLAIN.values(), ids=PLAIN.keys())
def test_an_ordinary_query_is_no_scope(sqlite: Engine, way: Any) -> None:
    """What can leave nothing out costs nothing, and changes nothing that scopes change."""
    library = Library(sqlite, way)

    assert library.manager.resource_of(library.doc).options.rules.scope is None
    assert library.client.get("/api/doc").json["num_results"] == 2


def test_a_listener_of_all_queries(sqlite: Engine) -> None:
    """One that was there when the API was created holds, although the class of queries is SQLAlchemy's own."""

    def leave_out(query: Any) -> Any:
        for one in query.column_descriptions:
            if one["entity"] is not None and hasattr(one["entity"], "deleted"):
                query = query.enable_assertions(False).filter(one["entity"].deleted.is_(False))
        return query

    event.listen(Query, "before_compile", leave_out, retval=True)
    try:
        library = Library(sqlite, PLAIN["query_property"])

        assert library.client.get("/api/doc").json["num_results"] == 1
        assert library.client.get("/api/doc/2").status_code == 404
    finally:
        event.remove(Query, "before_compile", leave_out)


def test_a_limit_is_that_of_the_whole_list(database: Engine) -> None:
    """The query's rows are those that exist, whatever is asked about them: its limit is not one of each statement."""
    library = Library(database, of_limit)
    named_b = {"filters": [{"name": "title", "op": "eq", "val": "b"}]}

    assert library.client.search("/api/doc", named_b).json["num_results"] == 0
    assert library.client.send("PATCH", "/api/doc/1", {"title": "c"}).status_code == 403


def test_first_rows_of_groups() -> None:
    """DISTINCT ON keeps the order that says which rows those are: it stays whole inside."""

    class Base(DeclarativeBase):
        pass

    class Version(Base):
        __tablename__ = "version"
        id: Mapped[int] = mapped_column(primary_key=True)
        number: Mapped[int]

    with pytest.warns(DeprecationWarning, match="DISTINCT ON") if hasattr(Select, "ext") else nullcontext():
        Version.query = select(Version).distinct(Version.number).order_by(Version.number, Version.id)

    condition = BaseQuery(Version)(Version)

    text = str(condition.compile(dialect=postgresql.dialect()))
    assert "DISTINCT ON (version.number)" in text
    assert "ORDER BY version.number, version.id) AS" in text


def test_a_query_of_something_else_is_named(sqlite: Engine) -> None:
    """A query from whose rows the key cannot be told lets no row pass by mistake."""
    library = Library(sqlite, lambda model, session: setattr(model, "query", lambda: select(func.count())))
    rules = library.manager.resource_of(library.doc).options.rules
    assert rules.scope is not None

    with pytest.raises(TypeError, match="without the key"):
        rules.scope(library.doc)


def test_what_is_no_query_is_named(sqlite: Engine) -> None:
    """A `query()` that gives something else says so in the log, with the option that leaves it alone."""
    library = Library(sqlite, lambda model, session: setattr(model, "query", list))
    library.client.application.testing = True
    rules = library.manager.resource_of(library.doc).options.rules
    assert rules.scope is not None

    with pytest.raises(TypeError, match="model_query=False"):
        rules.scope(library.doc)


def test_the_statement_holds_keys_alone(sqlite: Engine) -> None:
    """Whatever the query loads, only its rows matter."""
    library = Library(sqlite, of_select)
    rules = library.manager.resource_of(library.doc).options.rules
    assert rules.scope is not None

    condition = rules.scope(library.doc)

    assert isinstance(condition.right.element, Select)
    assert "ORDER BY" not in str(condition)
    assert "title" not in str(condition)
