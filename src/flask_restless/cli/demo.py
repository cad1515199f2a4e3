"""`flask-restless demo`: a bookshop of some thousand rows, to browse and to edit."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import click
from flask import Flask
from sqlalchemy import Engine, create_engine, inspect
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import sessionmaker

from ..demo.data import populate
from ..demo.models import Base
from .bookshop import create_bookshop
from .server import PORT, base_of, run, table_of


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=5000, type=PORT, show_default="5000; 0 for any that is free", help="Port to listen on.")
@click.option(
    "--database",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep the bookshop in this file. Default: one that goes when the demo ends.",
)
def demo(host: str, port: int, database: Path | None) -> None:
    """Serve a bookshop that is made on the spot."""
    with TemporaryDirectory(prefix="flask-restless-") as folder:
        engine = create_engine(f"sqlite:///{database or Path(folder) / 'bookshop.sqlite'}")
        try:
            run(*_filled(engine, base_of(host, port)), host, port)
        finally:
            engine.dispose()


def _filled(engine: Engine, base: str) -> tuple[Flask, list[str]]:
    try:
        return bookshop_app(engine, base)
    except DatabaseError as error:
        raise click.ClickException(f"cannot keep a bookshop in {engine.url.database}: {error.orig}") from None


def bookshop_app(engine: Engine, base: str) -> tuple[Flask, list[str]]:
    """Make the application, fill the database if it is new, and describe what is served.

    ClickException if it holds other tables: nothing is written into a database of something else.
    """
    there = set(inspect(engine).get_table_names())
    if strange := sorted(there - Base.metadata.tables.keys()):
        raise click.ClickException(
            f"{engine.url.database} is no bookshop: it has a table {strange[0]}; name a file that is not there yet"
        )
    is_new = "books" not in there
    Base.metadata.create_all(engine)
    session = sessionmaker(engine)
    if is_new:
        with session.begin() as filling:
            populate(filling)
    app, manager = create_bookshop(session, exports=True, allow_functions=True)
    return app, ["A bookshop:", *table_of(manager, base)]
