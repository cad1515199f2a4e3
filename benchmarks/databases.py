"""The databases that are measured: filled once, with a copy for each contestant."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.exc import OperationalError

from . import blog

POSTGRESQL = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
ROOM = 2 * 1024**3
"""Bytes that the copies of a database need at most."""


class Unreachable(Exception):
    """No server answers."""


@contextmanager
def copies(kind: str, articles: int) -> Iterator[Callable[[str], str]]:
    """Give a function that makes a copy of the filled database for a contestant and gives its URL; drop all after."""
    made = _sqlite_copies if kind == "sqlite" else _postgresql_copies
    with made(articles) as copy:
        yield copy


@contextmanager
def _sqlite_copies(articles: int) -> Iterator[Callable[[str], str]]:
    with memory_folder() as folder:
        template = folder / "blog.sqlite"
        filled(make_url(f"sqlite:///{template}"), articles)

        def copy(name: str) -> str:
            path = folder / f"{name}.sqlite"
            shutil.copy(template, path)
            return f"sqlite:///{path}"

        yield copy


@contextmanager
def memory_folder() -> Iterator[Path]:
    """Give a folder in memory where there is one with room: the wait for a disk would hide what writes cost."""
    shared = Path("/dev/shm")
    fits = os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > ROOM
    if not fits:
        print("no room in memory: SQLite's files are on disk, which writes wait for", file=sys.stderr)
    with tempfile.TemporaryDirectory(dir=shared if fits else None) as folder:
        yield Path(folder)


@contextmanager
def _postgresql_copies(articles: int) -> Iterator[Callable[[str], str]]:
    with postgresql_server() as (server, name):
        template = fresh(server, f"{name}_template")
        filled(template, articles)

        def copy(contestant: str) -> str:
            own = f"{name}_{contestant.replace('-', '_')}"
            return fresh(server, own, template.database).render_as_string(hide_password=False)

        yield copy


@contextmanager
def postgresql_server() -> Iterator[tuple[Engine, str]]:
    """Give an engine on the server and a prefix; databases that begin with it are dropped after."""
    server = create_engine(os.environ.get("FLASK_RESTLESS_POSTGRESQL", POSTGRESQL), isolation_level="AUTOCOMMIT")
    name = f"restless_bench_{uuid4().hex[:8]}"
    try:
        server.connect().close()
    except OperationalError as error:
        raise Unreachable(f"no PostgreSQL server answers: {str(error.orig).strip().splitlines()[0]}") from error
    try:
        yield server, name
    finally:
        with server.connect() as connection:
            found = connection.exec_driver_sql("SELECT datname FROM pg_database WHERE datname LIKE %s", (f"{name}%",))
            for (database,) in found.all():
                connection.exec_driver_sql(f"DROP DATABASE {database} WITH (FORCE)")
        server.dispose()


def fresh(server: Engine, name: str, template: str | None = None) -> URL:
    """Make a database where a commit does not wait for the disk, and give its URL."""
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
    return server.url.set(database=name)


def filled(url: URL, articles: int) -> None:
    """Fill the database at `url` with the blog, and let the database count its rows."""
    engine = create_engine(url)
    blog.fill(engine, articles)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE" if engine.name == "postgresql" else "ANALYZE")
    engine.dispose()


def server_version(kind: str) -> str:
    """Name the database and its version."""
    url = "sqlite://" if kind == "sqlite" else os.environ.get("FLASK_RESTLESS_POSTGRESQL", POSTGRESQL)
    engine = create_engine(url)
    with engine.connect() as connection:
        version = ".".join(str(part) for part in connection.dialect.server_version_info or ())
    engine.dispose()
    return f"{'SQLite' if kind == 'sqlite' else 'PostgreSQL'} {version}"
