"""A long list of small rows, filled by the database itself, and a table with several relationships to many."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy import URL, Engine, ForeignKey, String, create_engine, make_url
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, sessionmaker

from flask_restless import APIManager

from .databases import fresh, memory_folder, postgresql_server

WIDTH = 5
PARENTS, CHILDREN = 1000, 2


class Base(DeclarativeBase):
    """The list and the wide table."""


class Entry(Base):
    """A row of a long list, sorted by when it was made."""

    __tablename__ = "entries"
    id: Mapped[int] = mapped_column(primary_key=True)
    created: Mapped[datetime] = mapped_column(index=True)
    text: Mapped[str] = mapped_column(String(40))


class Parent(Base):
    """A row with relationships `children1` to `children5`."""

    __tablename__ = "parents"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))


def child(number: int) -> type[Base]:
    """Make a model of children, and the relationship to them."""
    members: dict[str, Any] = {
        "__tablename__": f"children{number}",
        "__annotations__": {"id": Mapped[int], "name": Mapped[str], "parent_id": Mapped[int]},
        "id": mapped_column(primary_key=True),
        "name": mapped_column(String(40)),
        "parent_id": mapped_column(ForeignKey("parents.id"), index=True),
        "parent": relationship(Parent, back_populates=f"children{number}"),
    }
    model: type[Base] = type(f"Child{number}", (Base,), members)
    setattr(Parent, f"children{number}", relationship(model, back_populates="parent"))
    return model


KINDS_OF_CHILDREN = [child(number) for number in range(1, WIDTH + 1)]

SERIES = {
    "sqlite": "(WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {last}) SELECT i FROM n)",
    "postgresql": "generate_series(0, {last}) AS n(i)",
}
MOMENTS = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', '2020-01-01', (i * 7919 % {rows}) || ' minutes')",
    "postgresql": "timestamp '2020-01-01' + mod(i * 7919::bigint, {rows}) * interval '1 minute'",
}


def fill(engine: Engine, rows: int) -> None:
    """Make the tables and `rows` entries, in no order of their moments, which are all different."""
    Base.metadata.create_all(engine)
    moment, series = MOMENTS[engine.name].format(rows=rows), SERIES[engine.name]
    with engine.begin() as connection:
        run = connection.exec_driver_sql
        run(
            f"INSERT INTO entries (id, created, text) SELECT i + 1, {moment}, 'entry ' || i "
            f"FROM {series.format(last=rows - 1)}"
        )
        run(f"INSERT INTO parents (id, name) SELECT i + 1, 'parent ' || i FROM {series.format(last=PARENTS - 1)}")
        for model in KINDS_OF_CHILDREN:
            run(
                f"INSERT INTO {model.__tablename__} (id, name, parent_id) "
                f"SELECT i + 1, 'child ' || i, i / {CHILDREN} + 1 FROM {series.format(last=PARENTS * CHILDREN - 1)}"
            )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE" if engine.name == "postgresql" else "ANALYZE")


@contextmanager
def filled(kind: str, rows: int) -> Iterator[URL]:
    """Give the URL of a database with so many entries, which is dropped afterwards."""
    if kind == "sqlite":
        with memory_folder() as folder:
            url = make_url(f"sqlite:///{folder / 'entries.sqlite'}")
            fill_at(url, rows)
            yield url
        return
    with postgresql_server() as (server, name):
        url = fresh(server, name)
        fill_at(url, rows)
        yield url


def fill_at(url: URL, rows: int) -> None:
    """Fill the database at `url`."""
    engine = create_engine(url)
    fill(engine, rows)
    engine.dispose()


def create_app(url: URL | str) -> Flask:
    """Serve the entries and the parents."""
    app = Flask("entries")
    manager = APIManager(app, session=sessionmaker(create_engine(url)))
    for model in (Entry, Parent, *KINDS_OF_CHILDREN):
        manager.create_api(model, max_page_size=10_000, exports=True)
    return app
