"""A bookshop under rules, and the worlds to compare it with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import Engine, and_, delete, select, update
from sqlalchemy.orm import Session, sessionmaker

from classic_models import ClassicClient
from conftest import Shop, checked_client
from flask_restless import APIManager, Rules
from flask_restless.demo import models
from flask_restless.demo.data import populate

METHODS = ("GET", "POST", "PATCH", "DELETE")
NAMES: Mapping[type, str] = {models.CardPayment: "card_payments", models.TransferPayment: "transfer_payments"}
PROTOCOLS = ("jsonapi", "classic")
"""The wire formats over which the matrix runs."""

Options = Mapping[type, Mapping[str, Any]]


def fill(engine: Engine) -> sessionmaker[Session]:
    """Make the tables and the rows of a small bookshop."""
    models.Base.metadata.create_all(engine)
    session = sessionmaker(engine)
    with session.begin() as filling:
        populate(filling, small=True)
    return session


def serve(engine: Engine, session: Any, options: Options, protocol: str = "jsonapi", **of_manager: Any) -> Shop:
    """Serve the bookshop with further `options` of each model's API, in the words of JSON:API, and all that it has."""
    app = Flask("ruled")
    manager = APIManager(app, session=session, protocol=protocol, **of_manager)
    for model in models.MODELS:
        given = {
            "methods": METHODS,
            "collection_name": NAMES.get(model),
            "allow_client_generated_ids": model in (models.Country, models.Format, models.Shelf),
            "allow_functions": True,
            "exports": True,
            **(SERVED[protocol]),
            **options.get(model, {}),
        }
        manager.create_api(model, **{WORDS[protocol].get(name, name): value for name, value in given.items()})
    return Shop(app, manager, _client(app, protocol), engine, session)


SERVED: Mapping[str, Mapping[str, Any]] = {
    "jsonapi": {"allow_to_many_replacement": True, "allow_delete_from_to_many_relationships": True},
    "classic": {"methods": (*METHODS, "PUT"), "allow_patch_many": True, "allow_delete_many": True},
}
WORDS: Mapping[str, Mapping[str, str]] = {
    "jsonapi": {},
    "classic": {"only": "include_columns", "exclude": "exclude_columns"},
}
"""The options that go by another name in a protocol."""


def _client(app: Flask, protocol: str) -> Any:
    if protocol == "jsonapi":
        return checked_client(app)
    app.test_client_class = ClassicClient
    return app.test_client()


# ---------------------------------------------------------------- rows that do not exist


@dataclass(frozen=True)
class Hidden:
    """Rows of a model that a scope hides: `condition` gives those that stay, `cut` the foreign keys to be emptied."""

    model: type
    stays: Callable[[Any], Any]
    cut: tuple[Any, ...] = ()
    through: tuple[Any, ...] = ()


HIDDEN = (
    Hidden(models.Publisher, lambda Publisher: Publisher.id.not_in([1, 4]), (models.Book.publisher_id,)),
    Hidden(models.Tag, lambda Tag: Tag.name.between("f", "m") | (Tag.id == 1), through=(models.book_tags.c.tag_id,)),
    Hidden(
        models.Category,
        lambda Category: Category.id % 3 != 0,
        (models.Book.category_id, models.Category.parent_id),
    ),
    Hidden(models.Review, lambda Review: Review.rating > 2),
    Hidden(models.OrderLine, lambda OrderLine: OrderLine.quantity < 2),
    Hidden(models.Cover, lambda Cover: Cover.book.has(models.Book.stock > 3)),
    Hidden(
        models.Shelf,
        lambda Shelf: Shelf.books.any(models.Book.price > 15),
        (models.Book.shelf_aisle, models.Book.shelf_level),
    ),
    Hidden(models.CardPayment, lambda CardPayment: CardPayment.id % 2 == 0),
    Hidden(models.Event, lambda Event: Event.id > 1),
    Hidden(models.OnlineEvent, lambda OnlineEvent: OnlineEvent.id < 3),
)
"""What the scopes hide; in the other world these rows are not there."""

WITHOUT: Options = {
    models.Book: {"exclude": ["tag_names"]},
    models.Order: {"exclude": ["total"]},
}
"""Attributes that draw on hidden rows; `total` is the application's own subquery."""


UNLINKED: Mapping[type, Sequence[str]] = {
    models.Book: ("publisher_id", "category_id", "shelf_aisle", "shelf_level"),
    models.Category: ("parent_id",),
}
"""The foreign keys to hidden rows: columns of the rows that hold them, which the classic protocol shows."""


def worlds_apart(protocol: str) -> Options:
    """Give what both worlds leave out of the APIs: values that a scope cannot hide (docs/how-to/rules.md)."""
    if protocol == "jsonapi":
        return WITHOUT
    models_ = {*WITHOUT, *UNLINKED}
    return {one: {"exclude": [*WITHOUT.get(one, {}).get("exclude", ()), *UNLINKED.get(one, ())]} for one in models_}


def merged(*options: Options) -> Options:
    """Give the options of all of them together."""
    return {
        model: {name: value for one in options for name, value in one.get(model, {}).items()} for model in models.MODELS
    }


def scopes() -> dict[type, Rules]:
    """Give the rules that hide `HIDDEN`."""
    return {one.model: Rules(scope=one.stays) for one in HIDDEN}


def remove_hidden(session: sessionmaker[Session]) -> None:
    """Take the rows out that the scopes hide, and every reference to them."""
    gone: list[tuple[Hidden, list[Any]]] = []
    with session.begin() as work:
        for one in HIDDEN:
            mapper: Any = one.model.__mapper__
            keys = [getattr(one.model, mapper.get_property_by_column(key).key) for key in mapper.primary_key]
            stays = [other.stays(one.model) for other in HIDDEN if issubclass(one.model, other.model)]
            rows = work.execute(select(*keys).where(~and_(*stays))).all()
            gone.append((one, [tuple(row) for row in rows]))
    with session.begin() as work:
        for one, rows in gone:
            _remove(work, one, rows)


def _remove(work: Session, hidden: Hidden, rows: list[Any]) -> None:
    mapper: Any = hidden.model.__mapper__
    for row in rows:
        parents = _referring(hidden, row)
        for column in hidden.through:
            work.execute(delete(column.table).where(column == row[0]))
        for model, values, matches in parents:
            work.execute(update(model).where(*matches).values(values), execution_options={"synchronize_session": False})
        table = mapper.local_table
        keys = [table.c[one.name] for one in mapper.primary_key]
        work.execute(delete(table).where(*[key == value for key, value in zip(keys, row, strict=True)]))


def _referring(hidden: Hidden, row: Any) -> Iterator[tuple[Any, dict[Any, Any], list[Any]]]:
    by_model: dict[Any, list[Any]] = {}
    for column in hidden.cut:
        by_model.setdefault(column.class_, []).append(column)
    for model, columns in by_model.items():
        matches = [column == value for column, value in zip(columns, row, strict=True)]
        unchanged = {"updated_at": model.updated_at} if hasattr(model, "updated_at") else {}
        yield model, {**unchanged, **{column.key: None for column in columns}}, matches
