"""The bookshop holds what its docstring promises, on every database, and is the same every time."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from sqlalchemy import Engine, func, inspect, select, types
from sqlalchemy.ext.associationproxy import AssociationProxy
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import MANYTOMANY, MANYTOONE, ONETOMANY, RelationshipProperty, Session, configure_mappers
from sqlalchemy.orm.exc import StaleDataError

import flask_restless.demo.models as shop
from flask_restless.demo.data import SMALL, make_rows, populate

JSONAPI_NAME = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9_-]*[a-zA-Z0-9])?")


def relationship(path: str) -> RelationshipProperty[object]:
    """Give the relationship `Model.name`."""
    model, name = path.split(".")
    return inspect(getattr(shop, model)).relationships[name]


@pytest.fixture
def small(sqlite: Engine) -> Iterator[Session]:
    """A session over the small bookshop on SQLite."""
    shop.Base.metadata.create_all(sqlite)
    with Session(sqlite) as session:
        populate(session, small=True)
        session.commit()
        yield session


def test_every_model_can_be_read_on_every_database(database: Engine) -> None:
    """SQLite, PostgreSQL and MariaDB hold the same rows."""
    shop.Base.metadata.create_all(database)
    made = make_rows(scale=SMALL)

    with Session(database) as session:
        stored = populate(session, small=True)
        session.commit()
        counts = {
            name: session.scalar(select(func.count()).select_from(table))
            for name, table in shop.Base.metadata.tables.items()
        }
        for model in shop.MODELS:
            assert session.scalars(select(model)).all(), f"no {model.__name__}"

    assert counts == {name: len(rows) for name, rows in made.items()}
    assert stored == sum(counts.values())


def test_a_new_row_gets_the_next_key_on_every_database(database: Engine) -> None:
    """Given keys must not leave a sequence behind (a POST would answer 409)."""
    shop.Base.metadata.create_all(database)

    with Session(database) as session:
        populate(session, small=True)
        highest = session.scalar(select(func.max(shop.Author.id)))
        author = shop.Author(name="Ursula Novák")
        session.add(author)
        session.commit()
        key = author.id

    assert key == highest + 1


def test_values_come_back_as_they_were_made_on_every_database(database: Engine) -> None:
    """Names, prices, moments, bytes and JSON are the same everywhere."""
    shop.Base.metadata.create_all(database)
    made = make_rows(scale=SMALL)

    with Session(database) as session:
        populate(session, small=True)
        session.commit()
        for name, key in (("books", "id"), ("covers", "book_id"), ("loyalty_cards", "number"), ("events", "id")):
            table = shop.Base.metadata.tables[name]
            stored = {row[key]: dict(row) for row in session.execute(select(table)).mappings()}
            assert stored == {row[key]: row for row in made[name]}


def test_full_scale_holds_some_thousand_rows_within_three_seconds(sqlite: Engine) -> None:
    """3,000 to 5,000 rows in less than 3 s of processor time on SQLite."""
    shop.Base.metadata.create_all(sqlite)

    start = time.process_time()
    with Session(sqlite) as session:
        stored = populate(session)
        session.commit()
    seconds = time.process_time() - start

    assert 3000 <= stored <= 5000
    assert seconds < 3


def test_the_same_seed_gives_the_same_rows_and_another_seed_gives_others() -> None:
    """The generator is deterministic."""
    assert make_rows(seed=7, scale=0.1) == make_rows(seed=7, scale=0.1)
    assert make_rows(seed=7, scale=0.1)["books"] != make_rows(seed=8, scale=0.1)["books"]


@pytest.mark.parametrize("seed", range(20))
def test_any_seed_and_scale_obeys_the_constraints(sqlite: Engine, seed: int) -> None:
    """Unique names, check constraints and foreign keys hold, whatever was drawn."""
    shop.Base.metadata.create_all(sqlite)

    with Session(sqlite) as session:
        populate(session, seed=seed, scale=(SMALL, 0.001, 0.3)[seed % 3])
        session.commit()
        broken = session.connection().exec_driver_sql("PRAGMA foreign_key_check").all()

    assert broken == []


def test_nullable_columns_are_null_in_some_rows_and_filled_in_others() -> None:
    """Nulls where nulls may be."""
    tables = make_rows()

    for name, rows in tables.items():
        for column in shop.Base.metadata.tables[name].columns:
            if column.name not in rows[0]:
                continue
            nulls = sum(row[column.name] is None for row in rows)
            assert (0 < nulls < len(rows)) if column.nullable else nulls == 0, f"{name}.{column.name}"


def test_edge_content_is_there(small: Session) -> None:
    """Keys and words that need quoting in URLs, patterns and SQL; points over 32 bits."""
    assert small.get(shop.Format, "ж x/y") is not None
    assert small.scalar(select(shop.Tag).where(shop.Tag.name.contains("%", autoescape=True)))
    assert small.scalar(select(shop.Tag).where(shop.Tag.name.contains("'")))
    assert small.scalar(select(func.max(shop.LoyaltyCard.points))) > 2**32


def test_mappers_configure() -> None:
    """No relationship is left dangling."""
    configure_mappers()

    assert {mapper.class_ for mapper in shop.Base.registry.mappers} == set(shop.MODELS)


def test_table_and_column_names_are_jsonapi_member_names() -> None:
    """J-3.11.2: the names become types and attributes."""
    for table in shop.Base.metadata.tables.values():
        for name in (table.name, *table.columns.keys()):
            assert JSONAPI_NAME.fullmatch(name), name


@pytest.mark.parametrize("model", shop.MODELS, ids=lambda model: model.__name__)
def test_no_model_hides_behind_id_or_type_but_payments(model: type[shop.Base]) -> None:
    """J-3.3.1: only the discriminator of payments is called `type`, to be a trap; `id` is always the key."""
    mapper = inspect(model)

    if "type" in mapper.attrs:
        assert issubclass(model, shop.Payment)
    if "id" in mapper.columns:
        assert [column.key for column in mapper.primary_key] == ["id"]


RELATIONSHIPS: dict[str, tuple[str, Callable[[RelationshipProperty[object]], object]]] = {
    "many-to-one": ("Book.publisher", lambda one: one.direction is MANYTOONE and not one.uselist),
    "one-to-many": ("Publisher.books", lambda one: one.direction is ONETOMANY and one.uselist),
    "ordered": ("Publisher.books", lambda one: one.order_by),
    "many-to-many": ("Book.authors", lambda one: one.direction is MANYTOMANY and one.secondary is shop.book_authors),
    "association object": ("Order.lines", lambda one: len(one.mapper.primary_key) == 2 and not one.secondary),
    "self-reference": ("Category.parent", lambda one: one.mapper is one.parent),
    "two to one model": (
        "Order.billing_address",
        lambda one: one.mapper is relationship("Order.shipping_address").mapper,
    ),
    "one-to-one, key shared": ("Cover.book", lambda one: one.local_columns == set(one.parent.primary_key)),
    "one-to-one, unique foreign key": ("Customer.loyalty_card", lambda one: not one.uselist),
    "composite foreign key": ("Book.shelf", lambda one: len(one.local_remote_pairs or ()) == 2),
    "view only": ("Book.approved_reviews", lambda one: one.viewonly),
    "write only": ("Customer.orders", lambda one: one.lazy == "write_only"),
    "dynamic": ("Employee.moderated_reviews", lambda one: one.lazy == "dynamic"),
    "no way back": ("Author.country", lambda one: not one.back_populates and not one.backref),
    "delete-orphan": ("Order.lines", lambda one: one.cascade.delete_orphan),
    "not null": ("Order.customer", lambda one: not any(column.nullable for column in one.local_columns)),
    "to a key not called id": ("Book.format", lambda one: [c.name for c in one.mapper.primary_key] == ["slug"]),
    "from a UUID key": ("Review.book", lambda one: isinstance(one.parent.primary_key[0].type, types.Uuid)),
}


@pytest.mark.parametrize("kind", RELATIONSHIPS)
def test_relationship_kind_is_there(kind: str) -> None:
    """The table in the docstring of the models."""
    path, holds = RELATIONSHIPS[kind]

    assert path in (shop.__doc__ or "")
    assert holds(relationship(path))


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("books.stock", types.Integer),
        ("books.pages", types.SmallInteger),
        ("loyalty_cards.points", types.BigInteger),
        ("books.price", types.Numeric),
        ("books.weight", types.Float),
        ("books.in_print", types.Boolean),
        ("countries.currency", types.String),
        ("books.title", types.Unicode),
        ("reviews.body", types.Text),
        ("books.published_on", types.Date),
        ("employees.shift_starts", types.Time),
        ("events.duration", types.Interval),
        ("events.starts_at", types.DateTime),
        ("orders.status", types.Enum),
        ("books.details", types.JSON),
        ("covers.image", types.LargeBinary),
        ("reviews.id", types.Uuid),
        ("books.isbn", shop.ISBN),
    ],
)
def test_column_type_is_there(path: str, kind: type[types.TypeEngine[object]]) -> None:
    """The table in the docstring of the models."""
    table, column = path.split(".")

    assert isinstance(shop.Base.metadata.tables[table].columns[column].type, kind)


def test_one_moment_has_a_time_zone_and_one_has_none() -> None:
    """The table in the docstring of the models."""
    assert shop.Base.metadata.tables["orders"].c.placed_at.type.timezone
    assert not shop.Base.metadata.tables["events"].c.starts_at.type.timezone


def test_inheritance_of_all_three_kinds_is_there() -> None:
    """The table in the docstring of the models."""
    assert inspect(shop.Manager).inherits is inspect(shop.Employee)
    assert not inspect(shop.Manager).single
    assert inspect(shop.CardPayment).single
    assert inspect(shop.OnlineEvent).concrete


def test_attributes_that_are_not_columns_are_there() -> None:
    """The table in the docstring of the models."""
    descriptors = inspect(shop.Book).all_orm_descriptors

    assert inspect(shop.Author).synonyms.keys() == ["full_name"]
    assert inspect(shop.Author).column_attrs["biography"].deferred
    assert isinstance(descriptors["tag_names"], AssociationProxy)
    assert isinstance(inspect(shop.Order).all_orm_descriptors["books"], AssociationProxy)
    assert isinstance(descriptors["available"], hybrid_property)
    with pytest.raises(AttributeError):
        _ = shop.Author.initials


def test_computed_values_agree_with_the_rows(small: Session) -> None:
    """Hybrids and column properties give in SQL what Python gives."""
    for order in small.scalars(select(shop.Order)):
        assert order.total == sum((line.quantity * line.unit_price for line in order.lines), Decimal(0))
        assert order.books == [line.book for line in order.lines]
    available = set(small.scalars(select(shop.Book.id).where(shop.Book.available)))
    books = small.scalars(select(shop.Book)).all()
    assert available == {book.id for book in books if book.available}
    assert 0 < len(available) < len(books)
    person = small.scalars(select(shop.Person)).first()
    assert person.full_name == f"{person.first_name} {person.last_name}"


def test_only_approved_reviews_are_in_the_view(small: Session) -> None:
    """`Book.approved_reviews` is narrower than `Book.reviews`."""
    for book in small.scalars(select(shop.Book)):
        assert set(book.approved_reviews) == {review for review in book.reviews if review.approved}


def test_a_book_number_is_found_however_it_is_printed(small: Session) -> None:
    """The TypeDecorator normalises values of filters too."""
    small.add(shop.Book(title="Atlas", isbn="978-0-14-044913-6", price=1))
    small.flush()

    assert small.scalar(select(shop.Book.isbn).where(shop.Book.isbn == "978 0140449136")) == "9780140449136"


@pytest.mark.parametrize(("model", "values"), [(shop.Book, {"pages": 0}), (shop.Customer, {"email": "nobody"})])
def test_a_wrong_value_is_refused_by_the_model(model: type[shop.Base], values: dict[str, object]) -> None:
    """`@validates` raises ValueError."""
    with pytest.raises(ValueError, match=next(iter(values))):
        model(**values)


def test_an_order_that_somebody_else_changed_is_not_overwritten(small: Session) -> None:
    """`version_id_col` guards orders."""
    order = small.scalars(select(shop.Order)).first()
    other = shop.Base.metadata.tables["orders"]
    small.execute(other.update().where(other.c.id == order.id).values(version=9))

    order.note = "late"

    with pytest.raises(StaleDataError):
        small.flush()


def test_timestamps_are_set_by_the_database_and_by_changes(small: Session) -> None:
    """`server_default` on creation, `onupdate` on change."""
    book = shop.Book(title="Atlas", price=1)
    small.add(book)
    small.flush()
    assert book.created_at is not None
    assert book.updated_at is None

    book.title = "Atlas of Rain"
    small.flush()

    assert book.updated_at is not None
