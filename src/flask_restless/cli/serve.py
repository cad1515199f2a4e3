"""`flask-restless serve URL`: an existing database as a JSON:API, without a line of code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from flask import Flask
from sqlalchemy import Column, ColumnElement, Engine, and_, create_engine, event, inspect, not_, select, true
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Mapper, sessionmaker

from ..manager import APIManager
from ..reflection import Reflected, read_any_value, reflect
from ..schema.fields import is_made_always
from ..schema.rules import Rules
from .server import PORT, base_of, run, table_of

DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
"""The drivers that the extras install, for URLs that name none."""


@click.command()
@click.argument("url")
@click.option("--write", is_flag=True, help="Allow POST, PATCH and DELETE. Default: read only.")
@click.option("--export", is_flag=True, help="Allow whole tables to be fetched as CSV and NDJSON.")
@click.option("--schema", help="Schema of the database. Default: its default schema.")
@click.option("--table", "tables", multiple=True, help="Serve only this table (may be given several times).")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=5000, type=PORT, show_default="5000; 0 for any that is free", help="Port to listen on.")
def serve(
    url: str, write: bool, export: bool, schema: str | None, tables: tuple[str, ...], host: str, port: int
) -> None:
    """Serve the tables of the database at URL (or of an SQLite file), read only unless told otherwise."""
    engine = engine_of(url)
    read_any_value(engine)
    try:
        run(*database_app(engine, write, schema, tables, base_of(host, port), export), host, port)
    finally:
        engine.dispose()


def database_app(
    engine: Engine, write: bool, schema: str | None, tables: tuple[str, ...], base: str, export: bool = False
) -> tuple[Flask, list[str]]:
    """Make the application for a database, and describe what is served and what is not."""
    try:
        if schema is not None and schema not in (schemas := inspect(engine).get_schema_names()):
            raise click.ClickException(f"there is no schema {schema}; there are {', '.join(sorted(schemas))}")
        reflected = reflect(engine, schema=schema, include=tables or None)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise click.ClickException(f"cannot read the database: {reason}") from None
    if not reflected.models:
        raise click.ClickException("\n".join(["the database has no table that could be served", *_skipped(reflected)]))
    app = Flask("flask_restless")
    manager = serve_reflected(app, engine, reflected, write, export)
    mode = "read and write" if write else "read only; --write allows changes"
    hidden = [one.name for one in manager.resources if one.options.rules.scope is _has_key]
    shown = engine.url.render_as_string(hide_password=True)
    return app, [
        f"{shown} ({mode}):",
        *table_of(manager, base),
        *_skipped(reflected),
        *map("  rows without a key are not served: {}".format, hidden),
    ]


def _skipped(reflected: Reflected) -> list[str]:
    return [f"  not served: {one.table} ({one.reason})" for one in reflected.skipped]


def serve_reflected(app: Flask, engine: Engine, reflected: Reflected, write: bool, export: bool = False) -> APIManager:
    """Create one API for each reflected model."""
    manager = APIManager(app, session=sessionmaker(engine))
    methods = ["GET", "POST", "PATCH", "DELETE"] if write else ["GET"]
    keyless = _keyless(engine, reflected)
    for model in reflected.models:
        manager.create_api(
            model,
            methods=methods,
            collection_name=reflected.names[model],
            allow_client_generated_ids=write and not _makes_ids(model),
            allow_to_many_replacement=write,
            allow_delete_from_to_many_relationships=write,
            exports=export,
            rules=Rules(scope=_has_key) if model in keyless else Rules(),
        )
    return manager


def _keyless(engine: Engine, reflected: Reflected) -> list[type]:
    """Find the models with rows that have no key, as SQLite allows: no id could tell them apart."""
    if engine.dialect.name != "sqlite":
        return []
    with engine.connect() as connection:
        return [
            one for one in reflected.models if connection.scalar(select(true()).where(not_(_has_key(one))).limit(1))
        ]


def _has_key(model: Any) -> ColumnElement[bool]:
    return and_(*(column.is_not(None) for column in inspect(model).primary_key))


def _makes_ids(model: type) -> bool:
    """Whether the database takes no ids but its own: `GENERATED ALWAYS AS IDENTITY`."""
    mapper: Mapper[Any] = inspect(model)
    return any(isinstance(one, Column) and is_made_always(one) for one in mapper.primary_key)


def engine_of(text: str) -> Engine:
    """Make the engine for a URL, or for the path of an SQLite file; ClickException says what is wrong with it."""
    try:
        engine = create_engine(_url(text))
    except (ArgumentError, NoSuchModuleError, ValueError) as error:  # ValueError: a port that is no number
        raise click.ClickException(f"{text!r} is no database: {error}") from None
    except ModuleNotFoundError as error:
        raise click.ClickException(f"the driver {error.name} is not installed; pip install {error.name}") from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _enforce_foreign_keys)
    return engine


def _enforce_foreign_keys(connection: Any, _record: Any) -> None:
    """Have SQLite refuse what would leave a reference to nothing, which it does not do by itself."""
    connection.execute("PRAGMA foreign_keys = ON")


def _url(text: str) -> URL:
    """Understand a URL, or the path of an SQLite file, which must exist."""
    if not text.strip():
        raise click.ClickException("the URL is empty; name a database, or an SQLite file")
    url = make_url(text if "://" in text else f"sqlite:///{text}")
    path = url.database or ":memory:"
    is_file = url.get_backend_name() == "sqlite" and path != ":memory:" and not path.startswith("file:")
    if is_file and not Path(path).is_file():
        raise click.ClickException(f"there is no file {path}")
    return url.set(drivername=DRIVERS.get(url.drivername, url.drivername))
