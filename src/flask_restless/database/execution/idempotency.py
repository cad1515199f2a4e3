"""Idempotency keys in a table of the application's own database."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from secrets import token_hex
from threading import Lock
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    LargeBinary,
    MetaData,
    Row,
    SmallInteger,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from ...operations.idempotency import Claim, Kept, Reserved, Reused, Running

logger = logging.getLogger("flask_restless")

ATTEMPTS = 3
"""How often a key is looked for while others reserve it and give it up."""
PURGE_EVERY = 60.0
"""Seconds between two purges by one process."""
PURGED_AT_ONCE = 100
"""Rows that one purge deletes at most: nobody waits for it long."""


class IdempotencyTable:
    """Keeps idempotency keys, and the answers to their requests, in a table.

    The table belongs to `metadata`, so that `metadata.create_all` makes it and migration tools see it; `create` makes
    it alone.  Answers are kept for `lifetime`.  A request that has no answer after `hold` counts as crashed, and its
    key may be used again; should it be alive after all, it is rolled back.  `caller` gives the identity of who sends
    the request (None is one as well): the keys of two callers are two keys.  Without it, whoever sends the same
    `Authorization` header is the same caller.

    >>> store = IdempotencyTable(MetaData(), lifetime=timedelta(hours=1))
    >>> store.table.name
    'idempotency_keys'
    """

    def __init__(
        self,
        metadata: MetaData | None = None,
        *,
        lifetime: timedelta = timedelta(days=1),
        hold: timedelta = timedelta(minutes=1),
        caller: Callable[[], object] | None = None,
        table_name: str = "idempotency_keys",
    ) -> None:
        self.lifetime = lifetime
        self.hold = hold
        self.caller = caller
        self.table = _table(MetaData() if metadata is None else metadata, table_name)
        self._lock = Lock()
        self._next_purge = 0.0

    def create(self, engine: Engine) -> None:
        """Create the table, unless it is there."""
        self.table.create(engine, checkfirst=True)

    def reserve(self, name: str, fingerprint: str, session: Session, bind: Mapping[str, Any]) -> Claim:
        """Reserve a key, in a short transaction of its own."""
        self._purge_sometimes(session, bind)
        for _ in range(ATTEMPTS):
            try:
                with self._apart(session, bind) as connection:
                    claim = self._claim(name, fingerprint, connection)
            except IntegrityError:
                continue  # somebody else was faster; the next look finds the row
            if claim is not None:
                return claim
        return Running(1)

    def _claim(self, name: str, fingerprint: str, connection: Connection) -> Claim | None:
        """Look for the row of a key, and make it if there is none; None if an expired one has been removed.

        Looking comes first: on SQLite a reader does not wait for the writer whose request is running.
        """
        now = _now()
        row = connection.execute(select(self.table).where(self.table.c.name == name)).one_or_none()
        if row is None:
            token = token_hex(16)
            values = {"name": name, "fingerprint": fingerprint, "token": token, "expires": now + _ms(self.hold)}
            connection.execute(insert(self.table).values(values))
            return Reserved(token)
        if row.expires <= now:
            own = (self.table.c.name == name, self.table.c.token == row.token, self.table.c.expires == row.expires)
            connection.execute(delete(self.table).where(*own))
            return None
        if row.fingerprint != fingerprint:
            return Reused()
        return Running(_seconds(row.expires - now)) if row.status is None else _kept(row)

    def keep(self, name: str, token: str, answer: Kept, session: Session, bind: Mapping[str, Any]) -> bool:
        """Keep an answer, in the transaction of the change."""
        table = self.table
        statement = update(table).where(table.c.name == name, table.c.token == token, table.c.status.is_(None))
        statement = statement.values(
            status=answer.status,
            headers=orjson.dumps(answer.headers).decode(),
            body=answer.body,
            expires=_now() + _ms(self.lifetime),
        )
        connection = session.connection(bind_arguments={**bind, "clause": statement})
        return connection.execute(statement).rowcount == 1

    def release(self, name: str, token: str, session: Session, bind: Mapping[str, Any]) -> None:
        """Give a reservation up, in a short transaction of its own."""
        table = self.table
        own = (table.c.name == name, table.c.token == token, table.c.status.is_(None))
        with self._apart(session, bind) as connection:
            connection.execute(delete(table).where(*own))

    def purge(self, connection: Connection) -> int:
        """Delete some rows that have expired, by their keys; give their number.  The caller commits."""
        table, now = self.table, _now()
        old = select(table.c.name).where(table.c.expires <= now).limit(PURGED_AT_ONCE)
        names = list(connection.execute(old).scalars())
        if names:
            connection.execute(delete(table).where(table.c.name.in_(names), table.c.expires <= now))
        return len(names)

    def _purge_sometimes(self, session: Session, bind: Mapping[str, Any]) -> None:
        with self._lock:
            if time.monotonic() < self._next_purge:
                return
            self._next_purge = time.monotonic() + PURGE_EVERY
        try:
            with self._apart(session, bind) as connection:
                self.purge(connection)
        except SQLAlchemyError as error:
            logger.warning("expired idempotency keys could not be deleted; they will be later", exc_info=error)

    @contextmanager
    def _apart(self, session: Session, bind: Mapping[str, Any]) -> Iterator[Connection]:
        """Give a connection in a transaction of its own; in a savepoint where the Session is bound to a connection."""
        found = session.get_bind(**bind, clause=insert(self.table))
        if isinstance(found, Connection):
            with found.begin_nested():
                yield found
        else:
            with found.begin() as connection:
                yield connection


def _table(metadata: MetaData, name: str) -> Table:
    """Make the table; `expires` is in milliseconds since 1970, which no database shifts by a time zone."""
    return Table(
        name,
        metadata,
        Column("name", String(64), primary_key=True),
        Column("fingerprint", String(64), nullable=False),
        Column("token", String(32), nullable=False),
        Column("expires", BigInteger, nullable=False, index=True),
        Column("status", SmallInteger),
        Column("headers", Text),
        Column("body", LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")),
    )


def _kept(row: Row[Any]) -> Kept:
    headers = tuple((str(name), str(value)) for name, value in orjson.loads(row.headers))
    return Kept(row.status, headers, bytes(row.body))


def _now() -> int:
    return int(time.time() * 1000)


def _ms(duration: timedelta) -> int:
    return int(duration.total_seconds() * 1000)


def _seconds(milliseconds: int) -> int:
    return max(1, -(-milliseconds // 1000))
