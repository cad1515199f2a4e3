"""A model whose rows can be read, written and exported as slowly as a test wants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask
from sqlalchemy import Engine, ForeignKey, String, case, event, literal_column, true
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, sessionmaker

from conftest import CheckedClient, Shop, checked_client
from flask_restless import APIManager, Limits

SECONDS = 30
"""Longer than any test waits for a statement."""

SLOW: Mapping[str, str] = {
    "sqlite": "(WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1000000000)"
    " SELECT max(x) FROM n)",
    "postgresql": f"(SELECT pg_sleep({SECONDS}) IS NOT NULL)",
    "mysql": f"(SLEEP({SECONDS}) IS NOT NULL)",
    "mariadb": f"(SLEEP({SECONDS}) IS NOT NULL)",
}
"""An expression for each dialect that takes that long."""


class Base(DeclarativeBase):
    pass


class Shelf(Base):
    __tablename__ = "shelf"
    id: Mapped[int] = mapped_column(primary_key=True)
    books: Mapped[list[Book]] = relationship(back_populates="shelf")


class Book(Base):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str | None] = mapped_column(String(50))
    shelf_id: Mapped[int | None] = mapped_column(ForeignKey("shelf.id"))
    shelf: Mapped[Shelf | None] = relationship(back_populates="books")


@event.listens_for(Book, "after_insert")
@event.listens_for(Book, "after_update")
def dawdle(_mapper: Any, connection: Any, book: Book) -> None:
    """Take long to store a book that is called so."""
    if book.title == "slow":
        connection.exec_driver_sql(f"SELECT {SLOW[connection.dialect.name]}")


def slow_shop(engine: Engine, rows: int = 3, limits: Limits | None = None, **options: Any) -> Shop:
    """Serve books in both protocols; `filter` by `slowly` waits at each row whose id is at least the value."""
    Base.metadata.create_all(engine)
    session = sessionmaker(engine)
    with session.begin() as filling:
        filling.add(Shelf())
        filling.flush()
        filling.add_all([Book(title=f"Book {number}", shelf_id=1) for number in range(1, rows + 1)])
    app = Flask(__name__)
    manager = APIManager(app, session=options.pop("session", session), limits=limits)
    slow = literal_column(SLOW[engine.dialect.name])
    manager.register_operator("slowly", lambda column, value: case((column >= value, slow), else_=true()) == true())
    methods = ["GET", "POST", "PATCH", "DELETE"]
    for model in (Book, Shelf):
        manager.create_api(model, methods=methods, exports=True, **options)
        manager.create_api(model, methods=methods, url_prefix="/classic", protocol="classic")
    return Shop(app, manager, checked_client(app), engine, session)


def served(engine: Engine, *models: type, session: Any = None, **options: Any) -> Shop:
    """Serve rows that are there already; `options` are those of the manager."""
    source = session or sessionmaker(engine)
    app = Flask(__name__)
    manager = APIManager(app, session=source, **options)
    for model in models:
        manager.create_api(model, methods=["GET", "POST", "PATCH", "DELETE"])
    return Shop(app, manager, checked_client(app), engine, source)


def slowly(client: CheckedClient, first: int = 1, **kwargs: Any) -> Any:
    """Ask for books such that the database is slow at the one with that id."""
    query = {"filter[objects]": f'[{{"name": "id", "op": "slowly", "val": {first}}}]'}
    return client.get("/api/book", query_string=query, **kwargs)
