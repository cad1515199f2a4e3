"""What is computed from instances, where the rows of a list are of several types (C-12, decision 3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, ForeignKey, String
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, sessionmaker

from conftest import CheckedClient, checked_client
from flask_restless import APIManager, DefaultSerializer


class Base(DeclarativeBase):
    """The tables of this module."""


class Animal(Base):
    """An animal of some kind; a row of no kind is just that."""

    __tablename__ = "animals"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "animal"}

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(20))
    keeper_id: Mapped[int | None] = mapped_column(ForeignKey("keepers.id"))

    @property
    def title(self) -> str:
        """What every animal has."""
        return self.name.upper()


class Dog(Animal):
    """A table of its own, and things that only dogs have."""

    __tablename__ = "dogs"
    __mapper_args__ = {"polymorphic_identity": "dog"}

    id: Mapped[int] = mapped_column(ForeignKey("animals.id"), primary_key=True)
    loudness: Mapped[int]
    toys: Mapped[list[Toy]] = relationship(order_by="Toy.id")
    toy_names: AssociationProxy[list[str]] = association_proxy("toys", "name")

    @property
    def bark(self) -> str:
        """What only a dog has."""
        return "wow" * self.loudness


class Cat(Animal):
    """In the table of all animals."""

    __mapper_args__ = {"polymorphic_identity": "cat"}

    lives: Mapped[int | None]

    @property
    def spare(self) -> int:
        """What only a cat has."""
        return (self.lives or 1) - 1


class Puppy(Dog):
    """Has no API of its own, and goes as a dog."""

    __mapper_args__ = {"polymorphic_identity": "puppy"}


class Toy(Base):
    """What a dog plays with."""

    __tablename__ = "toys"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    dog_id: Mapped[int] = mapped_column(ForeignKey("dogs.id"))


class Keeper(Base):
    """Somebody with animals."""

    __tablename__ = "keepers"

    id: Mapped[int] = mapped_column(primary_key=True)
    animals: Mapped[list[Animal]] = relationship(order_by=Animal.id)


ADDED: dict[type, list[str]] = {Animal: ["title"], Dog: ["title", "bark"], Cat: ["title", "spare"]}
SHOWN: list[tuple[str, dict[str, Any]]] = [
    ("animals", {"name": "a", "title": "A"}),
    ("dogs", {"name": "d", "title": "D", "loudness": 2, "bark": "wowwow", "toy_names": ["ball", "bone"]}),
    ("cats", {"name": "c", "title": "C", "lives": 7, "spare": 6}),
    ("dogs", {"name": "p", "title": "P", "loudness": 1, "bark": "wow", "toy_names": []}),
]


def serve(engine: Engine, serializers: dict[type, Any]) -> CheckedClient:
    """Serve a keeper's four animals, with own serializers for some of their types."""
    Base.metadata.create_all(engine)
    session = sessionmaker(engine)
    with session.begin() as filling:
        toys = [Toy(name="ball"), Toy(name="bone")]
        animals = [Animal(name="a"), Dog(name="d", loudness=2, toys=toys), Cat(name="c", lives=7)]
        filling.add(Keeper(id=1))
        filling.flush()
        for number, one in enumerate([*animals, Puppy(name="p", loudness=1)], 1):
            one.id, one.keeper_id = number, 1
            filling.add(one)
            filling.flush()
    app = Flask(__name__)
    manager = APIManager(app, session=session)
    for model in (Keeper, Toy):
        manager.create_api(model)
    for model, names in ADDED.items():
        own = {"serializer": serializers[model]} if model in serializers else {}
        name = f"{model.__name__.lower()}s"
        manager.create_api(model, collection_name=name, additional_attributes=names, exclude=["kind"], **own)
    return checked_client(app)


def shown(objects: Iterable[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """Give types and attributes, in the order of the ids."""
    return [(one["type"], one["attributes"]) for one in sorted(objects, key=lambda one: int(one["id"]))]


class Careful(DefaultSerializer):
    """Wants to see instances of its own model alone."""

    def __init__(self, model: type, others: tuple[type, ...]) -> None:
        super().__init__(model)
        self.others = others

    def serialize(self, instance: Any, only: Iterable[str] | None = None) -> dict[str, Any]:
        assert not isinstance(instance, self.others)
        return super().serialize(instance, only)


@pytest.mark.parametrize("own", [(), (Dog,), (Animal,), (Animal, Dog, Cat)], ids=["none", "dogs", "animals", "all"])
def test_each_row_is_computed_by_its_own_type(database: Engine, own: tuple[type, ...]) -> None:
    """What one type computes is not asked of the rows of another, whether attributes or an own serializer do it."""
    others: dict[type, tuple[type, ...]] = {Animal: (Dog, Cat), Dog: (Cat,), Cat: (Dog,)}
    client = serve(database, {model: Careful(model, others[model]) for model in own})

    assert shown(client.get("/api/animals").json["data"]) == SHOWN
    assert shown(client.get("/api/keepers/1/animals").json["data"]) == SHOWN
    assert shown(client.get("/api/keepers?include=animals").json["included"]) == SHOWN
    assert shown([client.get("/api/animals/4").json["data"]]) == SHOWN[3:]
    assert shown(client.get("/api/dogs").json["data"]) == [SHOWN[1], SHOWN[3]]
