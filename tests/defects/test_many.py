"""B-2, B-6, B-10: writes to many rows leave a session that works, take cascades along, and count what they did."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import IntegrityError

from bookshop import Book, Cover, Tag
from executed import Desk, desk_on, plain
from flask_restless.database.execution.failures import problems_of
from flask_restless.operations.operation import Aggregate, DeleteMany, UpdateMany
from flask_restless.operations.outcome import Counted, Evaluated
from flask_restless.operations.paging import Page
from flask_restless.operations.selection import GroupKey


@pytest.fixture
def desk(filled: Engine) -> Iterator[Desk]:
    with desk_on(filled) as desk:
        yield desk


def test_session_works_after_a_refused_write(desk: Desk) -> None:
    """B-2: the constraint is told at the value; after the rollback the same session reads and writes again."""
    operation = UpdateMany(plain(desk.resource("tags")), desk.attributes("tags", name="all the same"))

    with pytest.raises(IntegrityError) as caught:
        desk.do(operation)
    desk.session.rollback()

    (problem,) = problems_of(caught.value, operation)
    assert (problem.status, problem.source and problem.source.pointer) == (409, "/name")
    assert desk.do(UpdateMany(plain(desk.resource("tags"), page=Page(1)), operation.assignments)) == Counted(1)
    assert len(desk.session.scalars(select(Tag).where(Tag.name == "all the same")).all()) == 1


def test_deleting_many_takes_cascades_along(desk: Desk) -> None:
    """B-6: no cover is left without its book."""
    free = select(Book.id).join(Book.cover).where(~Book.order_lines.any()).order_by(Book.id)
    id_ = desk.session.scalars(free).first()
    assert id_ is not None

    done = desk.do(DeleteMany(plain(desk.resource("books"), filter=desk.where("books", id=id_))))

    assert done == Counted(1)
    assert desk.session.get(Cover, id_) is None


def test_deleting_nothing_is_no_failure(desk: Desk) -> None:
    """B-6: the old one answered 500, after its commit."""
    nothing = plain(desk.resource("books"), filter=desk.where("books", title="no such title"))

    assert desk.do(DeleteMany(nothing)) == Counted(0)
    assert desk.do(UpdateMany(nothing, desk.attributes("books", pages=1))) == Counted(0)


def test_change_of_relationships_alone_is_counted(desk: Desk) -> None:
    """B-10: every row that was meant counts, whatever was changed of it."""
    total = desk.session.scalar(select(func.count()).select_from(Book))
    link = desk.link("books", "publisher", desk.target("publishers", 1))

    assert desk.do(UpdateMany(plain(desk.resource("books")), (), (link,))) == Counted(total)


def test_every_term_has_its_value_and_groups_are_counted(desk: Desk) -> None:
    """B-10: equal terms do not collapse, and the number of results is that of the groups."""
    books = desk.resource("books")
    total = desk.session.scalar(select(func.count()).select_from(Book))
    languages = len(desk.session.scalars(select(Book.language).distinct()).all())
    group = (GroupKey((), books.attributes["language"]),)

    assert desk.do(Aggregate(plain(books), (("count", books.queryable["id"]),) * 2)) == Evaluated((total, total))
    assert desk.fetch(plain(books, group=group, page=Page(1))).total == languages
