"""Every related row one level deep, as the classic format shows them: statements, and what is shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from bookshop import MODELS, Base, Book, populate
from conftest import counted, fresh_database
from executed import Desk, desk_on, dicts, shown
from flask_restless.operations.outcome import Rows
from flask_restless.operations.paging import Page
from flask_restless.schema.introspect import inspect_model
from flask_restless.schema.options import Options
from flask_restless.schema.registry import Registry
from parsed import registry_of

COMPUTED = 4
"""Statements more where books are shown: their tag names, and what `citation` reads of one book, then of all others."""
COLLECTIONS = sorted(one.name for one in registry_of())


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mariadb"])
def full(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine on a bookshop with pages of 50 rows."""
    with fresh_database(request.param) as engine:
        Base.metadata.create_all(engine)
        with Session(engine) as session, session.begin():
            populate(session, scale=0.15)
        yield engine


@pytest.fixture
def desk(full: Engine) -> Iterator[Desk]:
    with desk_on(full, Book={"additional_attributes": ["headline", "citation"]}) as desk:
        yield desk


@pytest.mark.parametrize("name", COLLECTIONS)
def test_one_statement_for_each_relationship(full: Engine, desk: Desk, name: str) -> None:
    """Issue 4: 1 for the page, 1 for the count, 1 for each relationship shown, whatever its kind."""
    resource = desk.resource(name)
    selection = shown(resource, page=Page(50))
    related = {one for fields in selection.fields for one in fields.relationships}
    books = (name == "books") + sum(one.target_model is Book for one in related)

    with counted(full) as statements:
        fetched = desk.fetch(selection)

    assert fetched.rows.rows
    assert len(statements) <= 2 + len(related) + books * COMPUTED, [one[:60] for one in statements.texts]


def members(rows: Rows, number: int) -> dict[Any, set[Any]]:
    """Give the ids of the related rows of one branch, by the id of the row that they belong to."""
    linkage = next(one for one in rows.layout.variants[0].linkages if getattr(one, "branch", None) == number)
    branch = rows.branches[number]
    identity = branch.layout.variants[0].identity
    below: dict[Any, set[Any]] = {}
    for row in branch.rows:
        key = tuple(row[one] for one in branch.layout.parent)
        below.setdefault(key, set()).add(tuple(row[one] for one in identity))
    return {
        tuple(row[one] for one in rows.layout.variants[0].identity): below.get(
            tuple(row[one] for one in linkage.columns),
            set(),
        )
        for row in rows.rows
    }


def instance_members(instance: Any, name: str, session: Session) -> set[Any]:
    value = getattr(instance, name)
    if value is None:
        return set()
    if hasattr(value, "select"):
        value = session.scalars(value.select())
    found = list(value) if hasattr(value, "__iter__") else [value]
    return {tuple(one.__mapper__.primary_key_from_instance(one)) for one in found}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_related_rows_are_those_of_the_model(desk: Desk, model: type) -> None:
    """Secondary tables, composite and foreign keys that are null, trees, proxies, dynamic, write-only, view-only."""
    resource = next(one for one in desk.registry if one.model is model)
    selection = shown(resource, page=Page(20))

    rows = desk.fetch(selection).rows

    for number, branch in enumerate(selection.branches):
        found = members(rows, number)
        for id_, ids in found.items():
            instance = desk.session.get_one(model, id_)
            assert ids == instance_members(instance, branch.relationship.name, desk.session), branch.relationship


class Eager(DeclarativeBase):
    pass


class Team(Eager):
    __tablename__ = "teams"
    id: Mapped[int] = mapped_column(primary_key=True)
    players: Mapped[list[Player]] = relationship(lazy="joined", back_populates="team", order_by="Player.id")

    @property
    def size(self) -> int:
        return len(self.players)


class Player(Eager):
    __tablename__ = "players"
    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"))
    team: Mapped[Team] = relationship(lazy="joined", back_populates="players")

    @property
    def number(self) -> int:
        return 1 + [one.id for one in self.team.players].index(self.id)


def test_properties_of_models_that_join_their_members(sqlite: Engine) -> None:
    """Eager joins of the mapping neither double rows nor cut the page short."""
    Eager.metadata.create_all(sqlite)
    registry = Registry()
    for model, name in ((Team, "size"), (Player, "number")):
        registry.add(inspect_model(model, Options.checked(model, {"additional_attributes": [name]}), registry))
    with Session(sqlite) as session:
        session.add_all([Team(id=number, players=[Player(), Player()]) for number in (1, 2, 3)])
        session.commit()
        desk = Desk(session, registry)

        teams = desk.fetch(shown(desk.resource("teams"), page=Page(2)))
        players = desk.fetch(shown(desk.resource("players"), page=Page(3)))

    assert [one["size"] for one in dicts(teams.rows)] == [2, 2]
    assert [one["number"] for one in dicts(teams.rows.branches[0])] == [1, 2, 1, 2]
    assert [one["number"] for one in dicts(players.rows)] == [1, 2, 1]
    assert (teams.total, players.total) == (3, 6)
