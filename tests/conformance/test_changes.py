"""Members that come and go by id and by condition (classic 2.8), on every database."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy import Engine, func, select

from bookshop import Book, Customer, Employee, Order, Publisher, Review, Tag
from executed import Desk, desk_on
from flask_restless.operations.operation import Matching


@pytest.fixture
def desk(filled: Engine) -> Iterator[Desk]:
    with desk_on(filled) as desk:
        yield desk


def matching(desk: Desk, name: str, /, **values: object) -> Matching:
    return Matching(desk.resource(name), desk.where(name, **values))


def tags(desk: Desk) -> set[int]:
    desk.session.expire_all()
    return {one.id for one in desk.session.get_one(Book, 1).tags}


def test_members_come_before_they_go(desk: Desk) -> None:
    """Adding a present member leaves one; what came in the same change can go again."""
    desk.do(desk.update("books", 1, desk.link("books", "tags", desk.target("tags", 1), desk.target("tags", 2))))
    added = desk.target("tags", 1), desk.nested("tags", name="brief"), desk.nested("tags", name="lasting")
    change = desk.change("books", "tags", added=added, removed=(matching(desk, "tags", name="brief"),))

    desk.do(desk.update("books", 1, changes=[change]))

    lasting = desk.session.scalars(select(Tag.id).where(Tag.name == "lasting")).one()
    assert tags(desk) == {1, 2, lasting}
    assert desk.session.scalars(select(Tag.id).where(Tag.name == "brief")).all()


def test_first_match_by_key_goes_and_the_next_one_with_the_second(desk: Desk) -> None:
    """Each entry takes one row out, also where two entries read the same."""
    authors = [desk.nested("authors", number, name="Same") for number in (9003, 9002, 9001)]
    desk.do(desk.update("books", 1, desk.link("books", "authors", *authors)))

    for left in ({9002, 9003}, {9003}):
        change = desk.change("books", "authors", removed=(matching(desk, "authors", name="Same"),))
        desk.do(desk.update("books", 1, changes=[change]))
        desk.session.expire_all()
        assert {one.id for one in desk.session.get_one(Book, 1).authors} == left

    desk.do(desk.update("books", 1, desk.link("books", "authors", *[desk.target("authors", n) for n in (9001, 9002)])))
    twice = desk.change("books", "authors", removed=(matching(desk, "authors", name="Same"),) * 2)
    desk.do(desk.update("books", 1, changes=[twice]))
    desk.session.expire_all()
    assert desk.session.get_one(Book, 1).authors == []


def test_what_is_not_there_is_left_alone(desk: Desk) -> None:
    desk.do(desk.update("books", 1, desk.link("books", "tags", desk.target("tags", 1))))
    named = desk.target("tags", 987654), matching(desk, "tags", name="no such tag"), desk.target("tags", 2)

    desk.do(desk.update("books", 1, changes=[desk.change("books", "tags", removed=named, deleted=named)]))

    assert tags(desk) == {1}
    assert desk.session.get(Tag, 2) is not None


def test_deleted_members_are_gone(desk: Desk) -> None:
    """`__delete__`: out of the relationship, and out of the database; a row that has just come too."""
    desk.do(desk.update("books", 1, desk.link("books", "tags", desk.target("tags", 1), desk.target("tags", 2))))
    deleted = desk.target("tags", 1), matching(desk, "tags", name="brief")
    change = desk.change("books", "tags", added=(desk.nested("tags", name="brief"),), deleted=deleted)

    desk.do(desk.update("books", 1, changes=[change]))

    assert tags(desk) == {2}
    assert not desk.session.scalars(select(Tag).where((Tag.id == 1) | (Tag.name == "brief"))).all()


def test_members_of_write_only_and_dynamic_relationships(desk: Desk) -> None:
    order = desk.session.scalars(select(Order).order_by(Order.id)).first()
    review = desk.session.scalars(select(Review).where(Review.moderator_id.is_not(None)).order_by(Review.id)).first()
    assert order is not None
    assert review is not None
    other = desk.session.scalars(select(Customer.id).where(Customer.id != order.customer_id)).first()
    employee = review.moderator_id

    come = desk.change("customers", "orders", added=(desk.nested("orders", order.id, note="moved"),))
    desk.do(desk.update("customers", other, changes=[come]))
    go = desk.change("employees", "moderated_reviews", removed=(desk.target("reviews", review.id),))
    desk.do(desk.update("employees", employee, changes=[go]))

    desk.session.expire_all()
    assert (order.customer_id, order.note) == (other, "moved")
    assert review.moderator_id is None
    assert desk.session.get(Employee, employee) is not None


def test_required_members_can_be_deleted_but_not_set_free(desk: Desk) -> None:
    """An address cannot be without its customer, unless it goes altogether; an orphan goes by itself."""
    review = desk.session.scalars(select(Review).order_by(Review.id)).first()
    assert review is not None
    book, id_ = review.book_id, review.id
    line = desk.session.get_one(Book, book).order_lines

    desk.do(
        desk.update("books", book, changes=[desk.change("books", "reviews", deleted=(desk.target("reviews", id_),))])
    )

    assert desk.session.get(Review, id_) is None
    if line:
        named = (desk.target("order_lines", (line[0].order_id, line[0].book_id)),)
        change = desk.change("books", "order_lines", removed=named)
        assert desk.refusals(desk.update("books", book, changes=[change])) == [("refused-value", "/order_lines")]


def test_new_members_of_a_row_whose_attributes_change_too(desk: Desk) -> None:
    """Attributes, links and changes of one document are one change."""
    id_ = desk.session.scalars(select(Publisher.id).order_by(Publisher.id)).first()
    before = desk.session.scalar(select(func.count()).where(Book.publisher_id == id_))
    book = desk.nested("books", title="New one", price=Decimal(1))

    desk.do(desk.update("publishers", id_, changes=[desk.change("publishers", "books", added=(book,))], name="Changed"))

    desk.session.expire_all()
    publisher = desk.session.get_one(Publisher, id_)
    assert (publisher.name, len(publisher.books)) == ("Changed", (before or 0) + 1)
