"""Answers that are written while their rows are read: what keeps the Session open, and gives it back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator
from secrets import token_hex

from .database.execution.transaction import Transaction
from .protocols.base import Reply

logger = logging.getLogger("flask_restless")


class Begun:
    """An iterator whose first piece has been asked for already, so that closing it reaches all that it keeps open."""

    def __init__(self, pieces: Generator[bytes, None, None]) -> None:
        self._pieces = pieces
        self._first: bytes | None = next(pieces)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        first, self._first = self._first, None
        return next(self._pieces) if first is None else first

    def close(self) -> None:
        """Close what gives the pieces."""
        self._pieces.close()


class Stream:
    """The body of such an answer, to be read once, or closed.

    At its end the transaction is committed, as after every reading in a Session that others may have used; closing
    it before, as servers do whose client has gone, rolls back.  In either case it is ended, once.  What fails on the
    way is logged and raised: the server then cuts the connection, so that no client takes a part for the whole.
    """

    def __init__(self, reply: Reply, transaction: Transaction) -> None:
        assert reply.stream is not None
        self._first: bytes | None = reply.body
        self._rest = reply.stream
        self._transaction = transaction
        self._release: Callable[[], None] | None = transaction.end

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._first is not None:
            first, self._first = self._first, None
            return first
        if self._release is None:
            raise StopIteration
        try:
            piece = next(self._rest, None)
            if piece is None:
                self._transaction.commit()
        except BaseException:
            logger.exception("error %s: an answer was cut off, since its rows could not be read", token_hex(8))
            self.close()
            raise
        if piece is None:
            self.close()
            raise StopIteration
        return piece

    def close(self) -> None:
        """Give back the cursor, the transaction and the Session; a second time does nothing."""
        release, self._release = self._release, None
        if release is None:
            return
        try:
            self._rest.close()
        finally:
            release()
