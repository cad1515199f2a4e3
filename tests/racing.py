"""Tools for races: engines whose connections are real ones, and threads that begin together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier, Thread

from sqlalchemy import Engine, create_engine, event

from conftest import fresh_database


@contextmanager
def several_connections(kind: str, path: Path) -> Iterator[Engine]:
    """Give an engine whose connections are real ones; a SQLite database is a file, with or without its log ahead."""
    if not kind.startswith("sqlite"):
        with fresh_database(kind) as engine:
            yield engine
        return
    engine = create_engine(f"sqlite:///{path}/races.db", connect_args={"timeout": 10})
    if kind == "sqlite-wal":
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA journal_mode=WAL"))
    yield engine
    engine.dispose()


def at_once(*tasks: Callable[[], None]) -> None:
    """Run tasks in threads that begin together; what one raises is raised here."""
    barrier, raised = Barrier(len(tasks)), []

    def run(task: Callable[[], None]) -> None:
        barrier.wait(30)
        try:
            task()
        except BaseException as error:
            raised.append(error)

    threads = [Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if raised:
        raise raised[0]
