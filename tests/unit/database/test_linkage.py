"""Linkage of all relationships: the right members in the right order, however they are read and written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import Column, Engine, ForeignKey, ForeignKeyConstraint, Integer, String, Table, event
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    object_session,
    relationship,
    sessionmaker,
    with_loader_criteria,
)

from conftest import JSONAPI, CheckedClient, checked_client, counted, fresh_database
from flask_restless import APIManager, Limits, Rules
from flask_restless.database.execution import executor
from flask_restless.database.execution.bulk import write_alike

ATOMIC = f'{JSONAPI};ext="https://jsonapi.org/ext/atomic"'


class Base(DeclarativeBase):
    """The models of these tests."""


def pairs(name: str, left: str, right: str, kind: Any = Integer) -> Table:
    """Make a table of pairs, whose column `b` may be null."""
    return Table(
        name,
        Base.metadata,
        Column("number", Integer, primary_key=True),
        Column("a", ForeignKey(left), index=True, nullable=False),
        Column("b", kind, ForeignKey(right), index=True),
    )


reader_books = pairs("reader_books", "reader.id", "book.id")
reader_words = pairs("reader_words", "reader.id", "word.text", String(30))
reader_pets = pairs("reader_pets", "reader.id", "pet.id")
reader_ranked = pairs("reader_ranked", "reader.id", "book.id")
reader_friends = pairs("reader_friends", "reader.id", "reader.id")
reader_plots = Table(
    "reader_plots",
    Base.metadata,
    Column("reader_id", ForeignKey("reader.id"), primary_key=True),
    Column("x", Integer, primary_key=True),
    Column("y", Integer, primary_key=True),
    ForeignKeyConstraint(["x", "y"], ["plot.x", "plot.y"]),
)
reader_loose = Table(
    "reader_loose",
    Base.metadata,
    Column("a", ForeignKey("reader.id"), primary_key=True),
    Column("b", Integer, primary_key=True),
)


class Reader(Base):
    """Relates to everything."""

    __tablename__ = "reader"
    id: Mapped[int] = mapped_column(primary_key=True)
    favourite_id: Mapped[int | None] = mapped_column(ForeignKey("book.id"))
    favourite: Mapped[Book | None] = relationship(back_populates="fans")
    books: Mapped[list[Book]] = relationship(secondary=reader_books, back_populates="readers")
    words: Mapped[list[Word]] = relationship(secondary=reader_words, back_populates="readers")
    pets: Mapped[list[Pet]] = relationship(secondary=reader_pets, back_populates="readers")
    plots: Mapped[list[Plot]] = relationship(secondary=reader_plots, back_populates="readers")
    ranked: Mapped[list[Book]] = relationship(secondary=reader_ranked, order_by="Book.rank, Book.id.desc()")
    friends: Mapped[list[Reader]] = relationship(
        secondary=reader_friends,
        primaryjoin=lambda: Reader.id == reader_friends.c.a,
        secondaryjoin=lambda: Reader.id == reader_friends.c.b,
    )
    loose: Mapped[list[Book]] = relationship(
        secondary=reader_loose, secondaryjoin=lambda: reader_loose.c.b == Book.id, foreign_keys=list(reader_loose.c)
    )


class Book(Base):
    """Has an integer for an id."""

    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    rank: Mapped[int]
    readers: Mapped[list[Reader]] = relationship(secondary=reader_books, back_populates="books")
    fans: Mapped[list[Reader]] = relationship(back_populates="favourite")


class Word(Base):
    """Has a text for an id."""

    __tablename__ = "word"
    text: Mapped[str] = mapped_column(String(30), primary_key=True)
    readers: Mapped[list[Reader]] = relationship(secondary=reader_words, back_populates="words")


class Plot(Base):
    """Has two integers for an id."""

    __tablename__ = "plot"
    x: Mapped[int] = mapped_column(primary_key=True)
    y: Mapped[int] = mapped_column(primary_key=True)
    readers: Mapped[list[Reader]] = relationship(secondary=reader_plots, back_populates="plots")


class Pet(Base):
    """May be of a type of its own."""

    __tablename__ = "pet"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    readers: Mapped[list[Reader]] = relationship(secondary=reader_pets, back_populates="pets")
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "pet"}


class Dog(Pet):
    """Is one."""

    __mapper_args__ = {"polymorphic_identity": "dog"}


MODELS = (Reader, Book, Word, Plot, Pet, Dog)
WORDS = ['"', "\\", 'a","b', "a/b", "é \u2028 ö", "<&>", "tab\there", "", "ß", "Z", "z2"]


def fill(engine: Engine) -> None:
    """Make rows that are related in no order of their keys."""
    Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        readers = [Reader(id=n) for n in range(1, 8)]
        books = [Book(id=n, rank=n % 3) for n in range(1, 21)]
        words = [Word(text=one) for one in WORDS]
        plots = [Plot(x=x, y=y) for x in (2, 1, 3) for y in (9, 10, 1)]
        pets = [(Dog if n % 2 else Pet)(id=n) for n in range(1, 6)]
        session.add_all([*readers, *books, *words, *plots, *pets])
        for n, reader in enumerate(readers[1:], 1):
            reader.books = books[::-n]
            reader.words = words[n % 3 :: 2][::-1]
            reader.pets = pets[::-1][:n]
            reader.plots = plots[n % 4 :: 2]
            reader.ranked = books[n::2]
            reader.friends = readers[-n:][::-1]
            reader.loose = books[:n]
            reader.favourite = books[n % 2]
        session.flush()
        session.execute(reader_books.insert().values(a=2, b=None))


@dataclass
class Library:
    """An application on a database, and one that reads as where somebody listens to what the Session executes."""

    engine: Engine
    manager: Any
    client: CheckedClient
    heard: CheckedClient

    def data(self, path: str, **kwargs: Any) -> dict[str, Any]:
        """Give a document, the same over both ways, and the same where a browser asks, whose objects are dicts."""
        short = self.client.get(path, **kwargs)
        assert short.status_code == 200, short.text
        assert self.heard.get(path, **kwargs).data == short.data, path
        assert self.client.get(path, headers={"Accept": "text/html,*/*"}).json == short.json, path
        found: dict[str, Any] = short.json
        return found


def served(engine: Engine, maker: Callable[[], Session], **options: Any) -> tuple[Any, CheckedClient]:
    app = Flask("library")
    manager = APIManager(app, session=maker)
    for model in MODELS:
        methods = ["GET", "POST", "PATCH"]
        manager.create_api(model, methods=methods, linkage="always", page_size=0, max_page_size=0, **options)
    return manager, checked_client(app)


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mariadb"])
def library(request: pytest.FixtureRequest) -> Iterator[Library]:
    with fresh_database(request.param) as engine:
        fill(engine)
        listened = sessionmaker(engine)
        event.listen(listened, "do_orm_execute", lambda _state: None)
        manager, client = served(engine, sessionmaker(engine))
        yield Library(engine, manager, client, served(engine, listened)[1])


def expected(session: Session, resource: Any, instance: Any) -> dict[str, Any]:
    """Give linkage as the mapping knows it: in its own order, else in that of the database's keys."""
    found: dict[str, Any] = {}
    for one in resource.relationships.values():
        related = getattr(instance, one.key)
        if one.is_many and one.key != "ranked":
            target = one.target_model
            keys = [getattr(target, key.key) for key in one.target.identity.keys]
            ordered = session.query(target).order_by(*keys).all()
            related = [each for each in ordered if each in related]
        found[one.name] = [named(each) for each in related] if one.is_many else named(related)
    return found


def named(instance: Any) -> dict[str, str] | None:
    """Give the identifier of an instance."""
    if instance is None:
        return None
    session = object_session(instance)
    assert session is not None
    keys = [str(one) for one in session.identity_key(instance=instance)[1]]
    return {"type": type(instance).__name__.lower(), "id": ",".join(keys)}


def linkage_of(resource_object: dict[str, Any]) -> dict[str, Any]:
    return {name: one["data"] for name, one in resource_object["relationships"].items()}


def identified(one: dict[str, Any]) -> tuple[str, str]:
    return one["type"], one["id"]


def check(library: Library, objects: list[dict[str, Any]]) -> None:
    """Compare the linkage of resource objects with what the mapping knows."""
    by_name = {one.name: one for one in library.manager.resources}
    with Session(library.engine) as session:
        for one in objects:
            resource = by_name[one["type"]]
            key = resource.identity.parse(one["id"])
            instance = session.get(resource.model, tuple(key) if len(key) > 1 else key[0])
            assert linkage_of(one) == expected(session, resource, instance), identified(one)


@pytest.mark.parametrize("model", MODELS, ids=lambda one: one.__name__)
def test_linkage_is_what_the_mapping_knows(library: Library, model: type[Any]) -> None:
    document = library.data(f"/api/{model.__tablename__ if model is not Dog else 'dog'}")

    assert document["data"]
    check(library, document["data"])


@pytest.mark.parametrize("include", ["books", "words", "plots", "pets", "favourite", "books,words,plots,pets"])
def test_so_is_that_of_included_resources(library: Library, include: str) -> None:
    document = library.data(f"/api/reader?include={include}")

    assert document["included"]
    check(library, [*document["data"], *document["included"]])


def test_a_single_resource_and_its_answers_to_a_write_show_the_same(library: Library) -> None:
    read = library.data("/api/reader/3")
    document = {"data": {"type": "reader", "id": "3", "relationships": {"favourite": {"data": None}}}}
    change = library.client.open("/api/reader/3", method="PATCH", json=document, content_type=JSONAPI)

    assert change.status_code == 200
    expected = linkage_of(read["data"])
    assert expected["books"]
    assert expected["favourite"] is not None
    assert linkage_of(change.json["data"]) == expected | {"favourite": None}
    library.client.open("/api/reader/3", method="PATCH", json={"data": read["data"]}, content_type=JSONAPI)


def test_ids_are_escaped(library: Library) -> None:
    ids = [one["id"] for one in library.data("/api/word")["data"]]

    assert set(ids) == set(WORDS)
    linked = {one["id"] for reader in library.data("/api/reader")["data"] for one in linkage_of(reader)["words"]}
    assert linked == set(WORDS)
    assert linkage_of(library.data(f"/api/word/{quote(WORDS[2], safe='')}")["data"])["readers"]


def texts(library: Library, path: str) -> list[str]:
    with counted(library.engine) as statements:
        library.client.get(path)
    return statements.texts


def test_linkage_is_read_from_the_table_of_pairs_alone(library: Library) -> None:
    (read,) = [one for one in texts(library, "/api/reader") if "reader_books" in one]
    with counted(library.engine) as heard:
        library.heard.get("/api/reader")
    (joined,) = [one for one in heard.texts if "reader_books" in one]

    assert "JOIN" not in read
    assert "JOIN book " in joined


@pytest.mark.parametrize("name", ["words", "pets", "ranked", "loose"])
def test_it_is_not_where_the_related_rows_have_a_say(library: Library, name: str) -> None:
    """Texts may be written in another way, types stand in the rows, orders too, and no foreign key vouches."""
    (read,) = [one for one in texts(library, "/api/reader") if f"reader_{name}" in one]

    assert "JOIN" in read


def test_one_statement_for_each_relationship_that_is_not_in_the_row(library: Library) -> None:
    assert len(texts(library, "/api/reader")) == 1 + 7
    assert len(texts(library, "/api/reader?include=books")) == 1 + 7 + 2


def test_listeners_that_hide_related_rows_still_do(library: Library) -> None:
    """Soft deletes by `with_loader_criteria`: the model has to be named for them."""
    maker = sessionmaker(library.engine)

    @event.listens_for(maker, "do_orm_execute")
    def hide(state: Any) -> None:
        state.statement = state.statement.options(with_loader_criteria(Book, Book.id > 5, include_aliases=True))

    _, client = served(library.engine, maker)

    everybody = {identified(one) for one in linkage_of(library.data("/api/reader/3")["data"])["books"]}
    seen = {identified(one) for one in linkage_of(client.get("/api/reader/3").json["data"])["books"]}
    assert seen == {one for one in everybody if int(one[1]) > 5} != everybody


def test_scopes_hide_related_rows(library: Library) -> None:
    rules = Rules(scope=lambda model: model.id > 5 if model.__mapper__.class_ is Book else None)
    app = Flask("scoped")
    manager = APIManager(app, session=sessionmaker(library.engine))
    manager.create_api(Reader, linkage="always")
    manager.create_api(Book, linkage="always", rules=rules)

    (reader,) = [one for one in checked_client(app).get("/api/reader").json["data"] if one["id"] == "3"]

    everybody = linkage_of(library.data("/api/reader/3")["data"])["books"]
    assert linkage_of(reader)["books"] == [one for one in everybody if int(one["id"]) > 5]


def test_linkage_counts_as_related_rows(library: Library) -> None:
    app = Flask("limited")
    manager = APIManager(app, session=sessionmaker(library.engine), limits=Limits(included=39))
    manager.create_api(Book)
    manager.create_api(Reader, linkage="always")
    client = checked_client(app)

    assert client.get("/api/reader/1").status_code == 200
    refused = client.get("/api/reader")
    assert (refused.status_code, refused.json["errors"][0]["code"]) == (400, "limit-exceeded")


def test_a_serializer_is_not_asked_for_members_of_linkage(library: Library) -> None:
    class Serializer:
        calls = 0

        def serialize(self, instance: Any, only: Any = None) -> dict[str, Any]:
            self.calls += 1
            return {"type": "book", "id": str(instance.id), "attributes": {"own": True}}

    app, serializer = Flask("serialized"), Serializer()
    manager = APIManager(app, session=sessionmaker(library.engine))
    manager.create_api(Reader, linkage="always", page_size=0, max_page_size=0)
    manager.create_api(Book, serializer=serializer)
    client = checked_client(app)

    listed, included = client.get("/api/reader").json, client.get("/api/reader/3?include=books").json

    everything = {one["id"]: linkage_of(one) for one in library.data("/api/reader")["data"]}
    assert [linkage_of(one) for one in listed["data"]] == [
        {name: everything[one["id"]][name] for name in linkage_of(one)} for one in listed["data"]
    ]
    assert linkage_of(listed["data"][0]).keys() == {"books", "ranked", "loose", "favourite", "friends"}
    assert serializer.calls == len(included["included"]) == 10
    assert all(one["attributes"] == {"own": True} for one in included["included"])


def test_adds_that_show_too_much_together_are_read_back_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an answer may hold of related rows holds for each result of a batch by itself, as on the long way."""
    ways: list[bool] = []

    def noted(*given: Any) -> Any:
        written = write_alike(*given)
        ways.append(written is not None)
        return written

    monkeypatch.setattr(executor, "write_alike", noted)
    with fresh_database("sqlite") as engine:
        Base.metadata.create_all(engine)
        with Session(engine) as session, session.begin():
            session.add_all([Reader(favourite_id=number) for number in (1, 1, 2, 2, 3)])
        app = Flask("shown")
        manager = APIManager(app, session=sessionmaker(engine), limits=Limits(included=3))
        manager.create_api(Book, methods=["POST"], linkage="always")
        manager.create_api(Reader)
        client = checked_client(app)

        first = added(client, 2)
        assert ways == [False]
        assert [one["id"] for one in first] == ["1", "2"]
        assert [len(linkage_of(one)["fans"]) for one in first] == [2, 2]
        second = added(client, 2)
        assert ways == [False, True]
        assert [linkage_of(one)["fans"] for one in second] == [[{"type": "reader", "id": "5"}], []]


def added(client: CheckedClient, number: int) -> list[dict[str, Any]]:
    """Add books in one batch, and give the resource objects of its results."""
    adds = [{"op": "add", "data": {"type": "book", "attributes": {"rank": 1}}}] * number
    body = {"atomic:operations": adds}
    answer = client.post("/api/operations", json=body, content_type=ATOMIC, headers={"Accept": ATOMIC})
    assert answer.status_code == 200, answer.text
    return [one["data"] for one in answer.json["atomic:results"]]
