"""Related rows that are given by their content: found, changed or made, on every database."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, ForeignKey, String, event, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, Session, mapped_column, relationship

from bookshop import Book, Cover, Customer, Order, Publisher, Tag
from executed import Desk, desk_on, dicts, plain
from flask_restless.database.execution.failures import problems_of
from flask_restless.schema.introspect import inspect_model
from flask_restless.schema.options import Options
from flask_restless.schema.registry import Registry

PRICE = Decimal("9.50")


@pytest.fixture
def desk(filled: Engine) -> Iterator[Desk]:
    with desk_on(filled) as desk:
        yield desk


def test_new_rows_to_any_depth(desk: Desk) -> None:
    """Classic 2.7: a publisher with a book with a tag and an author, in one document."""
    tag = desk.nested("tags", name="nested tag")
    author = desk.nested("authors", name="Nested Author")
    links = desk.link("books", "tags", tag), desk.link("books", "authors", author)
    book = desk.nested("books", None, *links, title="Nested", price=PRICE)

    made = desk.do(desk.create("publishers", desk.link("publishers", "books", book), name="Nesting House"))

    found = desk.session.scalars(select(Publisher).where(Publisher.name == "Nesting House")).one()
    assert dicts(made.rows)[0]["id"] == (found.id,)
    assert [(one.title, one.price) for one in found.books] == [("Nested", PRICE)]
    assert [one.name for one in found.books[0].tags] == ["nested tag"]
    assert [one.name for one in found.books[0].authors] == ["Nested Author"]


def test_row_that_is_there_is_used_and_changed(desk: Desk) -> None:
    """Classic 2.7: the id says which row; other attributes are overwritten."""
    ids = desk.session.scalars(select(Tag.id).order_by(Tag.id).limit(2)).all()
    kept = desk.session.get_one(Tag, ids[1]).name
    tags = desk.nested("tags", ids[0], name="renamed"), desk.nested("tags", ids[1])

    desk.do(desk.update("books", 1, desk.link("books", "tags", *tags)))

    assert {one.id: one.name for one in desk.session.get_one(Book, 1).tags} == {ids[0]: "renamed", ids[1]: kept}


def test_id_that_is_not_there_becomes_a_new_row(desk: Desk) -> None:
    """Classic 2.7: a new row is created with the given key."""
    desk.do(desk.update("books", 1, desk.link("books", "publisher", desk.nested("publishers", 9001, name="P9001"))))

    assert desk.session.get_one(Book, 1).publisher is desk.session.get_one(Publisher, 9001)


def test_same_new_row_twice_is_one_row(desk: Desk) -> None:
    """The second mention of an id that the document itself creates finds the first one."""
    first = desk.nested("tags", 9002, name="once")
    second = desk.nested("tags", 9002, name="twice")

    desk.do(desk.update("books", 1, desk.link("books", "tags", first, second)))

    assert [(one.id, one.name) for one in desk.session.get_one(Book, 1).tags] == [(9002, "twice")]


def test_equal_rows_without_id_are_two(desk: Desk) -> None:
    author = desk.nested("authors", name="Twin")

    desk.do(desk.update("books", 1, desk.link("books", "authors", author, author)))

    assert [one.name for one in desk.session.get_one(Book, 1).authors] == ["Twin", "Twin"]


def test_changes_that_are_not_flushed_survive_a_nested_mention(desk: Desk) -> None:
    """The row that is written, named again inside its own document, keeps what was assigned to it."""
    again = desk.nested("books", 1, subtitle="inner")
    tag = desk.nested("tags", None, desk.link("tags", "books", again), name="loop")

    desk.do(desk.update("books", 1, desk.link("books", "tags", tag), title="outer"))

    book = desk.session.get_one(Book, 1)
    assert (book.title, book.subtitle, [one.name for one in book.tags]) == ("outer", "inner", ["loop"])


def test_composite_keys(desk: Desk) -> None:
    shelf = desk.nested("shelves", ("Z", 9), caption="new")

    desk.do(desk.update("books", 1, desk.link("books", "shelf", shelf)))
    desk.do(desk.update("books", 2, desk.link("books", "shelf", desk.nested("shelves", ("Z", 9), caption="changed"))))

    assert desk.session.get_one(Book, 1).shelf is desk.session.get_one(Book, 2).shelf
    assert desk.session.get_one(Book, 2).shelf.caption == "changed"


def test_child_that_needs_its_parent_gets_it_from_the_document(desk: Desk) -> None:
    """A required relationship is not missed where the nesting itself fills it in."""
    country = desk.link("addresses", "country", desk.target("countries", "DE"))
    address = desk.nested("addresses", None, country, street="Weg 1", city="Ulm")
    owner = desk.session.scalars(select(Customer.id).order_by(Customer.id)).first()

    desk.do(desk.update("customers", owner, changes=[desk.change("customers", "addresses", added=(address,))]))

    customer = desk.session.get_one(Customer, owner)
    assert [one.customer_id for one in customer.addresses if one.street == "Weg 1"] == [owner]


def test_one_to_one_is_replaced(desk: Desk) -> None:
    """The orphan goes, and the new row takes its key."""
    id_ = desk.session.scalars(select(Cover.book_id)).first()

    desk.do(desk.update("books", id_, desk.link("books", "cover", desk.nested("covers", image=b"new"))))

    desk.session.expire_all()
    assert desk.session.get_one(Book, id_).cover.image == b"new"


def test_write_only_collection(desk: Desk) -> None:
    owner = desk.session.scalars(select(Customer.id).order_by(Customer.id)).first()
    order = desk.nested("orders", note="nested order")

    desk.do(desk.update("customers", owner, changes=[desk.change("customers", "orders", added=(order,))]))

    assert desk.session.scalars(select(Order.customer_id).where(Order.note == "nested order")).all() == [owner]


def test_association_proxy(desk: Desk) -> None:
    """A book that is new, in an order that is there: the proxy makes the line between them."""
    book = desk.nested("books", title="Proxied", price=PRICE)
    id_ = desk.session.scalars(select(Order.id).order_by(Order.id)).first()

    desk.do(desk.update("orders", id_, changes=[desk.change("orders", "books", added=(book,))]))

    line = next(one for one in desk.session.get_one(Order, id_).lines if one.book.title == "Proxied")
    assert line.unit_price == PRICE


@pytest.mark.parametrize(
    ("nested", "expected"),
    [
        ({"name": "Nobody"}, []),
        ({}, [("missing-value", "/deep")]),
        ({"name": "Nobody", "website": None}, []),
    ],
    ids=["complete", "empty", "null"],
)
def test_missing_values_are_told_at_the_nested_row(desk: Desk, nested: dict[str, Any], expected: Any) -> None:
    publisher = desk.nested("publishers", pointer="/deep", **nested)
    operation = desk.update("books", 1, desk.link("books", "publisher", publisher))

    if expected:
        assert desk.refusals(operation) == expected
    else:
        desk.do(operation)
        assert desk.session.get_one(Book, 1).publisher.name == "Nobody"


def test_every_nested_row_says_what_is_wrong_with_it(desk: Desk) -> None:
    """Validators and missing rows are told together, each at its own place."""
    bad = desk.nested("books", pointer="/0", title="Bad", price=PRICE, pages=0)
    worse = desk.nested("books", pointer="/1", title="Worse", price=PRICE, pages=-1)
    gone = desk.target("books", 987654)

    refused = desk.refusals(desk.create("tags", desk.link("tags", "books", bad, worse, gone), name="bad tag"))

    assert refused == [("refused-value", "/0/pages"), ("refused-value", "/1/pages"), ("related-not-found", "/target")]
    assert not desk.session.scalars(select(Tag).where(Tag.name == "bad tag")).all()


class Refusal(Exception):
    def __init__(self, **errors: str) -> None:
        self.errors = errors


def test_validation_exceptions_of_the_nested_api(filled: Engine) -> None:
    """The exceptions are those of the nested row's own API, raised while it is flushed too."""

    def refuse(_mapper: Any, _connection: Any, tag: Tag) -> None:
        raise Refusal(name=f"{tag.name} is no word")

    event.listen(Tag, "before_insert", refuse)
    try:
        with desk_on(filled, Tag={"validation_exceptions": [Refusal]}) as desk:
            tag = desk.nested("tags", pointer="/tags/0", name="xyz")
            refused = desk.refusals(desk.update("books", 1, desk.link("books", "tags", tag)))
    finally:
        event.remove(Tag, "before_insert", refuse)

    assert refused == [("validation-failed", "/tags/0/name")]


def test_unique_conflict_points_at_the_nested_value(desk: Desk) -> None:
    """The constraint belongs to the nested row's table: not to an attribute of the same name above it."""
    taken = desk.session.scalars(select(Tag.name)).first()
    tag = desk.nested("tags", pointer="/authors/books/tags/0", name=taken)
    book = desk.nested("books", None, desk.link("books", "tags", tag), title="Clash", price=PRICE)
    operation = desk.create("authors", desk.link("authors", "books", book), name="Clash")

    with pytest.raises(IntegrityError) as caught:
        desk.do(operation)

    (problem,) = problems_of(caught.value, operation)
    assert (problem.status, problem.source and problem.source.pointer) == (409, "/authors/books/tags/0/name")


class Base(MappedAsDataclass, DeclarativeBase):
    pass


class Room(Base):
    __tablename__ = "rooms"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str] = mapped_column(String(20))


class Guest(Base):
    __tablename__ = "guests"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    room: Mapped[Room] = relationship()
    room_id: Mapped[int] = mapped_column(ForeignKey("rooms.id"), init=False)


def test_constructor_gets_a_nested_row_once(sqlite: Engine) -> None:
    """A related row that the constructor demands is made before, and only once."""
    Base.metadata.create_all(sqlite)
    registry = Registry()
    for model in (Room, Guest):
        registry.add(inspect_model(model, Options.checked(model, {"methods": ["POST"]}), registry))
    with Session(sqlite) as session:
        desk = Desk(session, registry)

        desk.do(desk.create("guests", desk.link("guests", "room", desk.nested("rooms", name="Blue"))))

        assert [one.room.name for one in session.scalars(select(Guest))] == ["Blue"]
        assert len(session.scalars(select(Room)).all()) == 1


def test_answer_shows_the_nested_rows(desk: Desk) -> None:
    made = desk.do(desk.create("tags", name="answer"))

    assert [one["name"] for one in dicts(made.rows)] == ["answer"]
    assert desk.fetch(plain(desk.resource("tags"), filter=desk.where("tags", name="answer"))).rows.rows
