"""Changing and deleting many rows at once (classic 2.9, 2.10), on every database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, event, func, select

from bookshop import Address, Book, Category, Cover, Customer, Payment, Person, Publisher, Review, Tag
from conftest import counted
from executed import Desk, desk_on, plain
from flask_restless.operations.operation import DeleteMany, UpdateMany
from flask_restless.operations.outcome import Counted
from flask_restless.operations.paging import Page
from flask_restless.operations.problems import Source
from flask_restless.operations.selection import GroupKey, SortKey
from flask_restless.schema.options import Limits


@pytest.fixture
def desk(filled: Engine) -> Iterator[Desk]:
    with desk_on(filled) as desk:
        yield desk


def test_all_matches_are_changed_and_counted(desk: Desk) -> None:
    expected = desk.session.scalar(select(func.count()).select_from(Book).where(Book.in_print))
    books = desk.resource("books")
    selection = plain(books, filter=desk.where("books", in_print=True))

    done = desk.do(UpdateMany(selection, desk.attributes("books", subtitle="all alike")))

    assert done == Counted(expected)
    assert desk.session.scalar(select(func.count()).where(Book.subtitle == "all alike")) == expected


def test_order_and_page_narrow_the_rows_down(desk: Desk) -> None:
    books = desk.resource("books")
    sort = (SortKey((books.relationships["publisher"],), desk.resource("publishers").attributes["name"]),)
    titles = select(Book.id).outerjoin(Book.publisher).order_by(Publisher.name, Book.id).limit(2).offset(1)
    if desk.session.get_bind().dialect.name == "postgresql":
        titles = select(Book.id).outerjoin(Book.publisher).order_by(Publisher.name.asc().nulls_last(), Book.id)
        titles = titles.limit(2).offset(1)
    expected = set(desk.session.scalars(titles))

    done = desk.do(UpdateMany(plain(books, sort=sort, page=Page(2, 1)), desk.attributes("books", subtitle="page")))

    assert done == Counted(2)
    assert set(desk.session.scalars(select(Book.id).where(Book.subtitle == "page"))) == expected


def test_groups_narrow_the_rows_down(desk: Desk) -> None:
    """Only the rows that a list would show are deleted."""
    tags = desk.resource("tags")
    languages = len(desk.session.scalars(select(Book.language).distinct()).all())
    books = desk.resource("books")
    group = (GroupKey((), books.attributes["language"]),)

    done = desk.do(UpdateMany(plain(books, group=group), desk.attributes("books", subtitle="first")))

    assert done == Counted(languages)
    assert desk.do(DeleteMany(plain(tags, filter=desk.where("tags", name="no such tag")))) == Counted(0)


def test_relationships_of_all_matches(desk: Desk) -> None:
    """B-10: a change of relationships alone is counted too; new rows are made for each match."""
    books = desk.resource("books")
    selection = plain(books, filter=desk.where("books", in_print=True))
    total = desk.session.scalar(select(func.count()).select_from(Book).where(Book.in_print))
    links = (desk.link("books", "publisher", desk.target("publishers", 1)),)
    change = desk.change("books", "tags", added=(desk.target("tags", 1),), removed=(desk.target("tags", 2),))
    author = desk.nested("authors", name="For each")

    done = desk.do(UpdateMany(selection, (), (*links, desk.link("books", "authors", author)), (change,)))

    desk.session.expire_all()
    changed = desk.session.scalars(select(Book).where(Book.in_print)).all()
    assert done == Counted(total)
    assert {one.publisher_id for one in changed} == {1}
    assert all({1} <= {tag.id for tag in one.tags} and 2 not in {tag.id for tag in one.tags} for one in changed)
    assert [[author.name for author in one.authors] for one in changed] == [["For each"]] * len(changed)
    assert len({author.id for one in changed for author in one.authors}) == total


def test_validators_run_on_every_row_and_nothing_is_half_written(desk: Desk) -> None:
    """B-2, B-6: a refusal names the value, and the session goes on working."""
    selection = plain(desk.resource("books"), filter=desk.where("books", in_print=True))

    assert desk.refusals(UpdateMany(selection, desk.attributes("books", pages=0))) == [("refused-value", "/pages")]
    assert not desk.session.scalars(select(Book).where(Book.pages == 0)).all()


def test_too_many_rows_are_refused(filled: Engine) -> None:
    """At most `Limits.many`: one more is a 400, and nothing is touched."""
    with desk_on(filled) as desk:
        total = desk.session.scalar(select(func.count()).select_from(Tag)) or 0
    assert total > 2
    with desk_on(filled, Limits(many=total - 1)) as desk:
        tags = plain(desk.resource("tags"))
        source = Source(parameter="q")

        for operation in (DeleteMany(tags, source), UpdateMany(tags, (), source=source)):
            (problem,) = desk.problems(operation)
            assert (problem.code, problem.status, problem.source) == ("limit-exceeded", 400, source)
        assert desk.session.scalar(select(func.count()).select_from(Tag)) == total
        assert desk.do(UpdateMany(plain(desk.resource("tags"), page=Page(2)), ())) == Counted(2)
    with desk_on(filled, Limits(many=total)) as desk:
        assert desk.do(UpdateMany(plain(desk.resource("tags")), ())) == Counted(total)


def test_cascades_and_events_of_the_mapping_run(desk: Desk) -> None:
    """B-6: covers and reviews go with their books, and listeners see every row."""
    ids = desk.session.scalars(select(Book.id).where(~Book.order_lines.any()).order_by(Book.id)).all()
    assert ids
    seen = []

    def note(_mapper: object, _connection: object, book: Book) -> None:
        seen.append(book.id)

    books = desk.resource("books")
    event.listen(Book, "before_delete", note)
    try:
        for id_ in ids:
            done = desk.do(DeleteMany(plain(books, filter=desk.where("books", id=id_))))
            assert done == Counted(1)
    finally:
        event.remove(Book, "before_delete", note)

    assert sorted(seen) == sorted(ids)
    for model in (Cover, Review):
        assert not desk.session.scalars(select(model).where(model.book_id.in_(ids))).all()


def test_subclasses_go_with_their_own_rows(desk: Desk) -> None:
    """Joined and single tables: no row of a subclass is left behind, and their members go too."""
    payments = desk.session.scalar(select(func.count()).select_from(Payment))
    assert desk.do(DeleteMany(plain(desk.resource("payments")))) == Counted(payments)

    idle = select(Customer.id).where(~Customer.reviews.any(), ~Customer.orders.any())
    for id_ in desk.session.scalars(idle).all():
        assert desk.do(DeleteMany(plain(desk.resource("people"), filter=desk.where("people", id=id_)))) == Counted(1)
        assert desk.session.scalars(select(Address).where(Address.customer_id == id_)).all() == []
        assert desk.session.get(Person, id_) is None


def test_trees_go_as_a_whole(desk: Desk) -> None:
    """Rows that refer to each other are deleted in the order that their keys demand."""
    for book in desk.session.scalars(select(Book)):
        book.category = None
    desk.session.flush()
    total = desk.session.scalar(select(func.count()).select_from(Category))

    assert desk.do(DeleteMany(plain(desk.resource("categories")))) == Counted(total)
    assert desk.session.scalar(select(func.count()).select_from(Category)) == 0


def test_statements_do_not_grow_with_the_rows(filled: Engine) -> None:
    """What a write takes along is loaded in one statement for each relationship, however many rows there are."""
    with desk_on(filled) as desk:
        tags = desk.resource("tags")

        with counted(filled) as changing:
            link = desk.link("books", "tags", desk.target("tags", 1))
            desk.do(UpdateMany(plain(desk.resource("books"), page=Page(5)), (), (link,)))
        desk.session.rollback()
        with counted(filled) as deleting:
            done = desk.do(DeleteMany(plain(tags)))

    assert done.number > 3
    assert sum(one.startswith("SELECT") for one in changing.texts) == 3, changing.texts
    assert sum(one.startswith("SELECT") for one in deleting.texts) == 2, deleting.texts
