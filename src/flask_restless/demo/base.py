"""What the models of the bookshop are made of: their base, their enumerations and a column type of their own."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import DateTime, Dialect, MetaData, String, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""Names of constraints, the same on every database, so that an error can be traced to its constraint."""


class Base(DeclarativeBase):
    """The base of all models of the bookshop."""

    metadata = MetaData(naming_convention=NAMING)


class Language(enum.Enum):
    """Language of a book; the database stores the value (an ISO 639-1 code)."""

    ENGLISH = "en"
    FRENCH = "fr"
    GERMAN = "de"
    JAPANESE = "ja"
    SPANISH = "es"
    UKRAINIAN = "uk"


class OrderStatus(enum.Enum):
    """Where an order stands; the database stores the name, as SQLAlchemy does by default."""

    PLACED = "placed"
    PAID = "paid"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"


class ISBN(TypeDecorator[str]):
    """A book number, stored without the hyphens and spaces that it is printed with.

    Values are normalised on their way to the database, in filters too; nothing is checked.
    """

    impl = String(13)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Give `value` as it is stored."""
        return None if value is None else value.replace("-", "").replace(" ", "").upper()


class Timestamps:
    """Mixin: `created_at`, set by the database, and `updated_at`, set when the row is changed (null until then)."""

    created_at: Mapped[datetime] = mapped_column(DateTime, server_default=func.now())
    updated_at: Mapped[datetime | None] = mapped_column(DateTime, onupdate=func.now())
