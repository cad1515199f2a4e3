"""The catalogue of the bookshop: books, who wrote and published them, and where they stand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Date,
    Enum,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    String,
    Table,
    Text,
    Unicode,
    and_,
    true,
)
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship, synonym, validates

from .base import ISBN, Base, Language, Timestamps

if TYPE_CHECKING:
    from .trade import OrderLine, Review


class Country(Base):
    """A country, with its ISO 3166 code as key."""

    __tablename__ = "countries"

    code: Mapped[str] = mapped_column(String(2), primary_key=True)
    name: Mapped[str] = mapped_column(Unicode(80), unique=True)
    currency: Mapped[str] = mapped_column(String(3))
    population: Mapped[int | None] = mapped_column(BigInteger)

    publishers: Mapped[list[Publisher]] = relationship(back_populates="country")


class Publisher(Base):
    """A publishing house; `books` come in the order of their titles."""

    __tablename__ = "publishers"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(Unicode(120), unique=True)
    founded: Mapped[int | None] = mapped_column(SmallInteger)
    website: Mapped[str | None] = mapped_column(String(200))
    country_code: Mapped[str | None] = mapped_column(ForeignKey("countries.code"))

    country: Mapped[Country | None] = relationship(back_populates="publishers")
    books: Mapped[list[Book]] = relationship(back_populates="publisher", order_by="Book.title, Book.id")


class Format(Base):
    """How a book is made; the key is a slug, and some slugs need care in a URL."""

    __tablename__ = "formats"

    slug: Mapped[str] = mapped_column(Unicode(40), primary_key=True)
    name: Mapped[str] = mapped_column(Unicode(80))
    digital: Mapped[bool] = mapped_column(Boolean, default=False)

    books: Mapped[list[Book]] = relationship(back_populates="format")


class Shelf(Base):
    """A shelf in the shop, known by its aisle and its level."""

    __tablename__ = "shelves"

    aisle: Mapped[str] = mapped_column(String(4), primary_key=True)
    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    caption: Mapped[str | None] = mapped_column(Unicode(80))

    books: Mapped[list[Book]] = relationship(back_populates="shelf")


class Category(Base):
    """A subject; categories form a tree, and `children` come in the order of their position."""

    __tablename__ = "categories"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(Unicode(80))
    position: Mapped[int] = mapped_column(SmallInteger, default=0)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id"))

    parent: Mapped[Category | None] = relationship(back_populates="children", remote_side="Category.id")
    children: Mapped[list[Category]] = relationship(back_populates="parent", order_by="Category.position, Category.id")
    books: Mapped[list[Book]] = relationship(back_populates="category")


book_authors = Table(
    "book_authors",
    Base.metadata,
    Column("book_id", ForeignKey("books.id", ondelete="CASCADE"), primary_key=True),
    Column("author_id", ForeignKey("authors.id", ondelete="CASCADE"), primary_key=True),
)

book_tags = Table(
    "book_tags",
    Base.metadata,
    Column("book_id", ForeignKey("books.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True),
)


class Author(Base):
    """Somebody who writes; `full_name` is another word for `name`, and the biography is loaded when asked for."""

    __tablename__ = "authors"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(Unicode(120))
    born: Mapped[date | None] = mapped_column(Date)
    biography: Mapped[str | None] = deferred(mapped_column(Text))
    country_code: Mapped[str | None] = mapped_column(ForeignKey("countries.code"))

    full_name: Mapped[str] = synonym("name")
    country: Mapped[Country | None] = relationship()
    books: Mapped[list[Book]] = relationship(secondary=book_authors, back_populates="authors")

    @hybrid_property
    def initials(self) -> str:
        """First letters of the names; Python only, there is no SQL for it."""
        return "".join(word[0] for word in self.name.split())


class Tag(Base):
    """A word that readers look for."""

    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(Unicode(60), unique=True)

    books: Mapped[list[Book]] = relationship(secondary=book_tags, back_populates="tags")


class Book(Timestamps, Base):
    """A book as it is sold: one title in one format."""

    __tablename__ = "books"
    __table_args__ = (
        ForeignKeyConstraint(["shelf_aisle", "shelf_level"], ["shelves.aisle", "shelves.level"]),
        CheckConstraint("price >= 0", name="price"),
        CheckConstraint("stock >= 0", name="stock"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    isbn: Mapped[str | None] = mapped_column(ISBN, unique=True)
    title: Mapped[str] = mapped_column(Unicode(200), index=True)
    subtitle: Mapped[str | None] = mapped_column(Unicode(200))
    language: Mapped[Language] = mapped_column(
        Enum(Language, values_callable=lambda languages: [one.value for one in languages]), default=Language.ENGLISH
    )
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    pages: Mapped[int | None] = mapped_column(SmallInteger)
    weight: Mapped[float | None] = mapped_column(Float)
    published_on: Mapped[date | None] = mapped_column(Date, index=True)
    in_print: Mapped[bool] = mapped_column(Boolean, default=True)
    stock: Mapped[int] = mapped_column(Integer, default=0)
    details: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    description: Mapped[str | None] = deferred(mapped_column(Text))
    publisher_id: Mapped[int | None] = mapped_column(ForeignKey("publishers.id"), index=True)
    category_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id"), index=True)
    format_slug: Mapped[str | None] = mapped_column(ForeignKey("formats.slug"))
    shelf_aisle: Mapped[str | None] = mapped_column(String(4))
    shelf_level: Mapped[int | None] = mapped_column(SmallInteger)

    publisher: Mapped[Publisher | None] = relationship(back_populates="books")
    category: Mapped[Category | None] = relationship(back_populates="books")
    format: Mapped[Format | None] = relationship(back_populates="books")
    shelf: Mapped[Shelf | None] = relationship(back_populates="books")
    authors: Mapped[list[Author]] = relationship(secondary=book_authors, back_populates="books")
    tags: Mapped[list[Tag]] = relationship(secondary=book_tags, back_populates="books")
    cover: Mapped[Cover | None] = relationship(back_populates="book", cascade="all, delete-orphan")
    reviews: Mapped[list[Review]] = relationship(back_populates="book", cascade="all, delete-orphan")
    order_lines: Mapped[list[OrderLine]] = relationship(back_populates="book")
    approved_reviews: Mapped[list[Review]] = relationship(
        primaryjoin="and_(Book.id == Review.book_id, Review.approved == true())", viewonly=True
    )
    tag_names: AssociationProxy[list[str]] = association_proxy("tags", "name", creator=lambda name: Tag(name=name))

    @hybrid_property
    def available(self) -> bool:
        """Whether a copy can be bought today."""
        return self.in_print and self.stock > 0

    @available.inplace.expression
    @classmethod
    def _available_expression(cls) -> ColumnElement[bool]:
        return and_(cls.in_print == true(), cls.stock > 0)

    @property
    def headline(self) -> str:
        """Title and subtitle in one line."""
        return f"{self.title}: {self.subtitle}" if self.subtitle else self.title

    def citation(self) -> str:
        """Give the line by which the book is cited."""
        year = self.published_on.year if self.published_on else "n.d."
        return f"{', '.join(author.name for author in self.authors)} ({year}). {self.title}."

    @validates("pages")
    def _check_pages(self, key: str, pages: int | None) -> int | None:
        if pages is not None and pages < 1:
            raise ValueError(f"{key} must be at least 1, not {pages}")
        return pages


class Cover(Base):
    """The picture of a book; it has the key of its book, and goes with it."""

    __tablename__ = "covers"

    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(40), default="image/png")
    image: Mapped[bytes] = mapped_column(LargeBinary)

    book: Mapped[Book] = relationship(back_populates="cover")
