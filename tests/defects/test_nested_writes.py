"""A-7, B-3, B-7: nested writes take, rewrite and unlink nothing that the caller may not touch."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError

from bookshop import Book, Category, Customer, Employee, Publisher, Review, Tag
from executed import Desk, desk_on
from flask_restless.database.execution.failures import problems_of
from flask_restless.operations.operation import Matching


@pytest.fixture
def desk(filled: Engine) -> Iterator[Desk]:
    with desk_on(filled) as desk:
        yield desk


READ_ONLY = {"methods": ["GET"]}


def test_existing_row_is_not_rewritten_without_patch(filled: Engine) -> None:
    """A-7: the API of tags allows GET and POST only."""
    with desk_on(filled, Tag={"methods": ["GET", "POST"]}) as desk:
        tag = desk.nested("tags", 1, pointer="/tags/0", name="stolen")
        operation = desk.update("books", 1, desk.link("books", "tags", tag), title="touched")

        assert desk.refusals(operation) == [("forbidden", "/tags/0")]
        assert desk.session.get_one(Tag, 1).name != "stolen"
        assert desk.session.get_one(Book, 1).title != "touched"


def test_new_row_is_not_made_without_post(filled: Engine) -> None:
    """A-7: whether or not an id is given, and however deep it lies."""
    with desk_on(filled, Tag={"methods": ["GET", "PATCH"]}) as desk:
        for id_ in (None, 9000):
            tag = desk.nested("tags", id_, pointer="/books/0/tags/0", name="new")
            book = desk.nested("books", 1, desk.link("books", "tags", tag))
            operation = desk.create("authors", desk.link("authors", "books", book), name="Author")

            assert desk.refusals(operation) == [("forbidden", "/books/0/tags/0")]


def test_reference_needs_no_permission(filled: Engine) -> None:
    """A row that is only referred to is linkage, as everywhere else."""
    with desk_on(filled, Tag=READ_ONLY) as desk:
        desk.do(desk.update("books", 1, desk.link("books", "tags", desk.nested("tags", 1))))

        assert [one.id for one in desk.session.get_one(Book, 1).tags] == [1]


def test_named_option_allows_it_to_any_depth(filled: Engine) -> None:
    """A-7: the API that is asked says that its documents may write whatever lies inside."""
    with desk_on(filled, Tag=READ_ONLY, Book=READ_ONLY, Author={"allow_nested_writes_anywhere": True}) as desk:
        tag = desk.nested("tags", 1, name="allowed")
        book = desk.nested("books", 1, desk.link("books", "tags", tag))

        desk.do(desk.create("authors", desk.link("authors", "books", book), name="Author"))

        assert desk.session.get_one(Tag, 1).name == "allowed"


def test_fields_that_cannot_be_changed_are_not_changed_inside(desk: Desk) -> None:
    """A-4, A-7: what is not writable on its own is not writable inside either."""
    order = desk.nested("orders", 1, pointer="/order", version=7)
    change = desk.change("customers", "orders", added=(order,))
    customer = desk.session.scalars(select(Customer.id)).first()

    assert desk.refusals(desk.update("customers", customer, changes=[change])) == [("not-writable", "/order/version")]


def test_invisible_row_counts_as_not_there(filled: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A-7: its id cannot be taken for a new row either; the clash is a 409, and the row stays as it is."""
    from flask_restless.database.execution import locate

    monkeypatch.setattr(locate, "visible", lambda resource, entity: entity.id > 5 if entity is Tag else None)
    with desk_on(filled) as desk:
        operation = desk.update("books", 1, desk.link("books", "tags", desk.nested("tags", 1, name="stolen")))
        with pytest.raises(IntegrityError) as caught:
            desk.do(operation)
        desk.session.rollback()

        assert problems_of(caught.value, operation)[0].code == "already-exists"
        assert desk.session.get_one(Tag, 1).name != "stolen"


@pytest.mark.parametrize("relationship", ["publisher", "authors"])
def test_missing_row_is_never_silently_null(desk: Desk, relationship: str) -> None:
    """B-7: to-one and to-many, on creating and on changing."""
    link = desk.link("books", relationship, desk.target(f"{relationship.rstrip('s')}s", 987654))

    assert desk.refusals(desk.create("books", link, title="T", price=1)) == [("related-not-found", "/target")]
    assert desk.refusals(desk.update("books", 1, link)) == [("related-not-found", "/target")]


def test_removing_a_non_member_leaves_its_link_alone(desk: Desk) -> None:
    """B-3: by id and by condition, of a list, to remove and to delete."""
    one, other = desk.session.scalars(select(Publisher).join(Publisher.books).distinct().limit(2)).all()
    alien = other.books[0]
    matching = Matching(desk.resource("books"), desk.where("books", title=alien.title, id=alien.id))
    named = desk.target("books", alien.id), matching
    change = desk.change("publishers", "books", removed=named, deleted=named)

    desk.do(desk.update("publishers", one.id, changes=[change]))

    desk.session.expire_all()
    assert desk.session.get_one(Book, alien.id).publisher_id == other.id


def test_removing_a_non_member_of_a_dynamic_relationship(desk: Desk) -> None:
    """B-3: the same where the members are never loaded as a whole."""
    review = desk.session.scalars(select(Review).where(Review.moderator_id.is_not(None))).first()
    assert review is not None
    moderator = review.moderator_id
    employee = desk.session.scalars(select(Employee.id).where(Employee.id != moderator)).first()
    change = desk.change("employees", "moderated_reviews", removed=(desk.target("reviews", review.id),))

    desk.do(desk.update("employees", employee, changes=[change]))

    desk.session.expire_all()
    assert desk.session.get_one(Review, review.id).moderator_id == moderator


def test_deleting_members_needs_delete(filled: Engine) -> None:
    """A-7: the classic `__delete__` is a DELETE of the member's own API."""
    with desk_on(filled, Category={"methods": ["GET", "PATCH"]}) as desk:
        child = desk.session.scalars(select(Category).where(Category.parent_id.is_not(None))).first()
        assert child is not None
        change = desk.change("categories", "children", deleted=(desk.target("categories", child.id),))

        refused = desk.refusals(desk.update("categories", child.parent_id, changes=[change]))

        assert refused == [("forbidden", "/target")]
