"""The trade of the bookshop: people, orders, payments, reviews and events."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    Enum,
    Float,
    ForeignKey,
    Integer,
    Interval,
    Numeric,
    SmallInteger,
    String,
    Text,
    Time,
    Unicode,
    UniqueConstraint,
    Uuid,
    func,
    select,
    type_coerce,
)
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    DynamicMapped,
    Mapped,
    WriteOnlyMapped,
    column_property,
    mapped_column,
    relationship,
    validates,
)

from .base import Base, OrderStatus, Timestamps
from .catalogue import Book, Country


class Person(Base):
    """Somebody the shop knows; `kind` tells the class of a row."""

    __tablename__ = "people"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "person"}

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    first_name: Mapped[str] = mapped_column(Unicode(60))
    last_name: Mapped[str] = mapped_column(Unicode(60))
    email: Mapped[str] = mapped_column(String(120), unique=True)
    born: Mapped[date | None] = mapped_column(Date)
    full_name: Mapped[str] = column_property(first_name + " " + last_name)

    @validates("email")
    def _check_email(self, key: str, email: str) -> str:
        if "@" not in email:
            raise ValueError(f"{key} must hold an @")
        return email


class Customer(Person):
    """Somebody who buys; `orders` are many, so that they are never loaded as a whole."""

    __tablename__ = "customers"
    __mapper_args__ = {"polymorphic_identity": "customer"}

    id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    newsletter: Mapped[bool | None] = mapped_column(Boolean)
    credit: Mapped[Decimal] = mapped_column(Numeric(10, 2), default=Decimal(0))

    addresses: Mapped[list[Address]] = relationship(back_populates="customer", cascade="all, delete-orphan")
    loyalty_card: Mapped[LoyaltyCard | None] = relationship(back_populates="customer", cascade="all, delete-orphan")
    orders: WriteOnlyMapped[Order] = relationship(back_populates="customer", order_by="Order.id", passive_deletes=True)
    reviews: Mapped[list[Review]] = relationship(back_populates="reviewer")


class Employee(Person):
    """Somebody who works in the shop."""

    __tablename__ = "employees"
    __mapper_args__ = {"polymorphic_identity": "employee"}

    id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    hired_on: Mapped[date] = mapped_column(Date)
    salary: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    shift_starts: Mapped[time | None] = mapped_column(Time)

    moderated_reviews: DynamicMapped[Review] = relationship(back_populates="moderator", order_by="Review.created_at")
    events: Mapped[list[Event]] = relationship(back_populates="host")


class Manager(Employee):
    """An employee with money to spend."""

    __tablename__ = "managers"
    __mapper_args__ = {"polymorphic_identity": "manager"}

    id: Mapped[int] = mapped_column(ForeignKey("employees.id"), primary_key=True)
    budget: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))


class Address(Base):
    """Where a customer lives or works; it goes when the customer gives it up."""

    __tablename__ = "addresses"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    street: Mapped[str] = mapped_column(Unicode(120))
    city: Mapped[str] = mapped_column(Unicode(80))
    postcode: Mapped[str | None] = mapped_column(String(12))
    latitude: Mapped[float | None] = mapped_column(Float)
    longitude: Mapped[float | None] = mapped_column(Float)
    country_code: Mapped[str] = mapped_column(ForeignKey("countries.code"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)

    country: Mapped[Country] = relationship()
    customer: Mapped[Customer] = relationship(back_populates="addresses")


class LoyaltyCard(Base):
    """The card of a customer, known by its number."""

    __tablename__ = "loyalty_cards"

    number: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    points: Mapped[int] = mapped_column(BigInteger, default=0)
    valid_until: Mapped[date | None] = mapped_column(Date)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), unique=True)

    customer: Mapped[Customer] = relationship(back_populates="loyalty_card")


class OrderLine(Base):
    """So many copies of one book in one order, at the price of that day."""

    __tablename__ = "order_lines"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity"),)

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"), primary_key=True, index=True)
    quantity: Mapped[int] = mapped_column(Integer, default=1)
    unit_price: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    gift_note: Mapped[str | None] = mapped_column(Unicode(200))

    order: Mapped[Order] = relationship(back_populates="lines")
    book: Mapped[Book] = relationship(back_populates="order_lines")

    @hybrid_property
    def amount(self) -> Decimal:
        """Multiply the price by the number of copies."""
        return self.quantity * self.unit_price


def _line(book: Book) -> OrderLine:
    """Make the line that `Order.books` adds for a book: one copy at today's price."""
    return OrderLine(book=book, quantity=1, unit_price=book.price)


class Order(Base):
    """What a customer ordered; `version` is counted up with every change."""

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    status: Mapped[OrderStatus] = mapped_column(Enum(OrderStatus), default=OrderStatus.PLACED)
    placed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=lambda: datetime.now(UTC), index=True)
    note: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    billing_address_id: Mapped[int | None] = mapped_column(ForeignKey("addresses.id"))
    shipping_address_id: Mapped[int | None] = mapped_column(ForeignKey("addresses.id"))
    total: Mapped[Decimal] = column_property(
        select(
            type_coerce(func.coalesce(func.sum(OrderLine.quantity * OrderLine.unit_price), 0), Numeric(12, 2)),
        )
        .where(OrderLine.order_id == id)  # noqa: A003  (the column above)
        .correlate_except(OrderLine)
        .scalar_subquery()
    )

    customer: Mapped[Customer] = relationship(back_populates="orders")
    billing_address: Mapped[Address | None] = relationship(foreign_keys=[billing_address_id])
    shipping_address: Mapped[Address | None] = relationship(foreign_keys=[shipping_address_id])
    lines: Mapped[list[OrderLine]] = relationship(
        back_populates="order", cascade="all, delete-orphan", order_by="OrderLine.book_id"
    )
    payments: Mapped[list[Payment]] = relationship(back_populates="order", cascade="all, delete-orphan")
    books: AssociationProxy[list[Book]] = association_proxy("lines", "book", creator=_line)

    __mapper_args__ = {"version_id_col": version}


class Payment(Base):
    """Money for an order; `type` tells the class of a row."""

    __tablename__ = "payments"
    __mapper_args__ = {"polymorphic_on": "type", "polymorphic_identity": "payment"}

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    type: Mapped[str] = mapped_column(String(20))
    amount: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    paid_on: Mapped[date] = mapped_column(Date)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)

    order: Mapped[Order] = relationship(back_populates="payments")


class CardPayment(Payment):
    """Paid by card."""

    __mapper_args__ = {"polymorphic_identity": "card"}

    last_digits: Mapped[str | None] = mapped_column(String(4))


class TransferPayment(Payment):
    """Paid from a bank account."""

    __mapper_args__ = {"polymorphic_identity": "transfer"}

    iban: Mapped[str | None] = mapped_column(String(34))


class Review(Timestamps, Base):
    """What a customer thinks of a book; an employee approves it, refuses it, or has not read it yet (null)."""

    __tablename__ = "reviews"
    __table_args__ = (
        UniqueConstraint("book_id", "reviewer_id"),
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    rating: Mapped[int] = mapped_column(SmallInteger)
    title: Mapped[str | None] = mapped_column(Unicode(120))
    body: Mapped[str] = mapped_column(Text)
    approved: Mapped[bool | None] = mapped_column(Boolean)
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"), index=True)
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"), index=True)
    moderator_id: Mapped[int | None] = mapped_column(ForeignKey("employees.id"))

    book: Mapped[Book] = relationship(back_populates="reviews")
    reviewer: Mapped[Customer | None] = relationship(back_populates="reviews")
    moderator: Mapped[Employee | None] = relationship(back_populates="moderated_reviews")


class Event(Base):
    """An evening in the shop; `starts_at` is the time on the shop's clock."""

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    title: Mapped[str] = mapped_column(Unicode(200))
    starts_at: Mapped[datetime] = mapped_column(DateTime)
    duration: Mapped[timedelta | None] = mapped_column(Interval)
    seats: Mapped[int | None] = mapped_column(SmallInteger)
    host_id: Mapped[int | None] = mapped_column(ForeignKey("employees.id"))

    host: Mapped[Employee | None] = relationship(back_populates="events")


class OnlineEvent(Event):
    """An evening on the net: a table of its own with its own numbers, apart from `events`."""

    __tablename__ = "online_events"
    __mapper_args__ = {"concrete": True}

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    title: Mapped[str] = mapped_column(Unicode(200))
    starts_at: Mapped[datetime] = mapped_column(DateTime)
    duration: Mapped[timedelta | None] = mapped_column(Interval)
    seats: Mapped[int | None] = mapped_column(SmallInteger)
    host_id: Mapped[int | None] = mapped_column(ForeignKey("employees.id"))
    url: Mapped[str] = mapped_column(String(200))

    host: Mapped[Employee | None] = relationship()
