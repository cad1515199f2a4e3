"""`primary_key` names an attribute that is not the mapped key: every way of reading and writing goes by it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Column, Engine, ForeignKey, String, Table, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from conftest import fresh_database
from executed import Desk, dicts, plain, shown
from flask_restless.operations.operation import Action, Batch, Delete, DeleteMany, Fetch, Matching, One, Relate, Related
from flask_restless.operations.outcome import Counted
from flask_restless.operations.paging import Page
from flask_restless.operations.selection import Fields, GroupKey, Selection
from flask_restless.schema.introspect import inspect_model
from flask_restless.schema.options import Options
from flask_restless.schema.registry import Registry


class Base(DeclarativeBase):
    pass


liked = Table(
    "liked",
    Base.metadata,
    Column("user_number", ForeignKey("users.number"), primary_key=True),
    Column("post_number", ForeignKey("posts.number"), primary_key=True),
)


class User(Base):
    __tablename__ = "users"
    number: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(20), unique=True)
    city: Mapped[str | None] = mapped_column(String(20))
    posts: Mapped[list[Post]] = relationship(back_populates="author", order_by="Post.number")
    likes: Mapped[list[Post]] = relationship(secondary=liked, back_populates="likers")


class Post(Base):
    __tablename__ = "posts"
    number: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(20), unique=True)
    title: Mapped[str | None] = mapped_column(String(20))
    author_number: Mapped[int | None] = mapped_column(ForeignKey("users.number"))
    author: Mapped[User | None] = relationship(back_populates="posts")
    likers: Mapped[list[User]] = relationship(secondary=liked, back_populates="likes")


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mariadb"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with fresh_database(request.param) as engine:
        Base.metadata.create_all(engine)
        with Session(engine) as session, session.begin():
            ada, bob = User(number=11, login="ada", city="Ulm"), User(number=10, login="bob", city="Ulm")
            session.add_all([ada, bob, User(number=12, login="cleo")])
            for number, slug in ((21, "zebra"), (22, "apple"), (23, "mango")):
                session.add(Post(number=number, slug=slug, title="same", author=ada, likers=[bob]))
        yield engine


@pytest.fixture
def desk(engine: Engine) -> Iterator[Desk]:
    registry = Registry()
    for model, key in ((User, "login"), (Post, "slug")):
        given = {"methods": ["GET", "POST", "PATCH", "DELETE"], "primary_key": key, "allow_client_generated_ids": True}
        registry.add(inspect_model(model, Options.checked(model, given), registry))
    with Session(engine) as session:
        yield Desk(session, registry)
        session.rollback()


def slugs(desk: Desk, login: str = "ada", name: str = "posts") -> list[str]:
    desk.session.expire_all()
    user = desk.session.scalars(select(User).where(User.login == login)).one()
    return sorted(one.slug for one in getattr(user, name))


def test_reading(desk: Desk) -> None:
    """One row, a list, what is related to a row, one member, and everything that is shown with them."""
    users, posts = desk.resource("users"), desk.resource("posts")
    related = Related(users, ("ada",), users.relationships["posts"])

    one = desk.do(Fetch(shown(users), One(("ada",))))
    listed = desk.fetch(shown(users, page=Page(2)))
    theirs = desk.do(Fetch(shown(posts, page=Page(2)), related))
    member = desk.do(Fetch(plain(posts), Related(users, ("ada",), users.relationships["posts"], ("apple",))))

    assert [row["id"] for row in dicts(one.rows)] == [("ada",)]
    assert [row["id"] for row in dicts(one.rows.branches[0])] == [("zebra",), ("apple",), ("mango",)]
    assert ([row["id"] for row in dicts(listed.rows)], listed.total) == ([("ada",), ("bob",)], 3)
    assert ([row["id"] for row in dicts(theirs.rows)], theirs.total) == ([("zebra",), ("apple",)], 3)
    assert {row["id"] for branch in theirs.rows.branches for row in dicts(branch)} == {("ada",), ("bob",)}
    assert [row["id"] for row in dicts(member.rows)] == [("apple",)]


def test_groups(desk: Desk) -> None:
    """The smallest key is the mapped one."""
    users = desk.resource("users")

    found = desk.fetch(plain(users, group=(GroupKey((), users.attributes["city"]),), page=Page(1)))

    assert ([row["id"] for row in dicts(found.rows)], found.total) == ([("bob",)], 2)


def test_creating_with_targets_and_nested_rows(desk: Desk) -> None:
    posts = desk.target("posts", "apple"), desk.nested("posts", "zebra", title="new"), desk.nested("posts", "fresh")

    made = desk.do(desk.create("users", desk.link("users", "posts", *posts), id_="dora"))

    assert [row["id"] for row in dicts(made.rows)] == [("dora",)]
    assert (slugs(desk, "dora"), slugs(desk)) == (["apple", "fresh", "zebra"], ["mango"])
    assert desk.session.scalars(select(Post.title).where(Post.slug == "zebra")).one() == "new"


def test_to_one(desk: Desk) -> None:
    """The foreign key holds the mapped key, whatever the id is."""
    desk.do(desk.update("posts", "apple", desk.link("posts", "author", desk.target("users", "bob"))))
    desk.do(desk.update("posts", "mango", desk.link("posts", "author", desk.nested("users", "bob", city="Bonn"))))

    assert slugs(desk, "bob") == ["apple", "mango"]
    assert desk.refusals(desk.update("posts", "mango", desk.link("posts", "author", desk.target("users", "11")))) == [
        ("related-not-found", "/target")
    ]


def test_changes(desk: Desk) -> None:
    """The first match is the first by the id that clients see."""
    matching = Matching(desk.resource("posts"), desk.where("posts", title="same"))
    removed = desk.change("users", "posts", removed=(matching,))
    deleted = desk.change("users", "likes", deleted=(desk.target("posts", "zebra"), desk.target("posts", "none")))

    desk.do(desk.update("users", "ada", changes=[removed]))
    assert slugs(desk) == ["mango", "zebra"]
    desk.do(desk.update("users", "bob", changes=[deleted]))
    assert (slugs(desk), slugs(desk, "bob", "likes")) == (["mango"], ["apple", "mango"])


def test_relationships_and_deleting(desk: Desk) -> None:
    users = desk.resource("users")
    linkage = Selection(desk.resource("posts"), (Fields(desk.resource("posts"), (), ()),))
    likes = users.relationships["likes"]

    desk.do(Relate(desk.target("users", "cleo"), likes, Action.ADD, (desk.target("posts", "apple"),), linkage))
    desk.do(Relate(desk.target("users", "bob"), likes, Action.REMOVE, (desk.target("posts", "apple"),), linkage))
    assert (slugs(desk, "cleo", "likes"), slugs(desk, "bob", "likes")) == (["apple"], ["mango", "zebra"])

    desk.do(Delete(desk.target("posts", "apple")))
    assert slugs(desk, "cleo", "likes") == []
    assert desk.do(DeleteMany(plain(users, filter=desk.where("users", id="cleo")))) == Counted(1)


def test_the_id_itself_changes(desk: Desk) -> None:
    """B-8: the answer to a change of the key is the row under its new key."""
    users = desk.resource("users")
    login = desk.attributes("users", login="ada lovelace")
    operation = desk.update("users", "ada")

    changed = desk.do(type(operation)(operation.target, login, (), plain(users)))

    assert [row["id"] for row in dicts(changed.rows)] == [("ada lovelace",)]


def test_batches(desk: Desk) -> None:
    """Several creates are read back together, by the id that clients see."""
    results = desk.do(Batch((desk.create("users", id_="x"), desk.create("users", id_="y")))).results

    assert [[row["id"] for row in dicts(one.rows)] for one in results] == [[("x",)], [("y",)]]
