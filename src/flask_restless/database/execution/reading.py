"""Where the statements of one Fetch run: on a connection past the Session, or in the Session's transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy import Select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapper, Session

from ...operations.outcome import Row
from ..plan import Parameters
from .straight import Straight
from .totals import counted
from .transaction import Transaction

Answer = TypeVar("Answer")


class Reading:
    """The statements of one Fetch; leaving its block ends what it has begun itself."""

    __slots__ = ("_is_apart", "_mapper", "_own", "transaction")

    def __init__(self, transaction: Transaction) -> None:
        self.transaction = transaction
        self._own: Straight | None = None
        self._mapper: Mapper[Any] | None = None
        self._is_apart = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._own is not None:
            self._own.close()

    @property
    def session(self) -> Session:
        """The Session, for what needs one."""
        return self.transaction.session

    def run(
        self,
        statement: Select[Any],
        parameters: Parameters,
        mapper: Mapper[Any],
        shortened: Select[Any] | None = None,
    ) -> Sequence[Row]:
        """Run a statement of columns and give its rows.

        `session.connection()` skips `do_orm_execute` listeners, which applications use for tenancy and soft deletes:
        for them it runs in the Session.  Where there are none, `shortened`, which gives the same rows without naming
        their model, is run instead.
        """
        lane = self._lane(mapper) if self._is_apart else None
        if lane is not None:
            short = statement if shortened is None else shortened
            found = self._tried(lane, partial(lane.rows, short, parameters))
            if found is not None:
                return found
            self._leave()
        session = self.session
        if session.dispatch.do_orm_execute:
            return session.execute(statement, parameters, bind_arguments={"mapper": mapper}).all()
        statement = statement if shortened is None else shortened
        return session.connection(bind_arguments={"mapper": mapper}).execute(statement, parameters).all()

    def count(self, statement: Select[Any], parameters: Parameters, mapper: Mapper[Any]) -> int:
        """Count; a total that is known, and that nothing has changed since, is not counted again."""
        lane = self._own_lane(mapper)
        found = None if lane is None else self._tried(lane, partial(counted, lane, statement, parameters))
        if found is not None:
            return found
        ((number,),) = self.run(statement, parameters, mapper)
        return int(str(number))

    @property
    def is_apart(self) -> bool:
        """Whether all statements up to now have gone past the Session."""
        return self._is_apart

    def hold_still(self, mapper: Mapper[Any]) -> bool:
        """Have the statements of this Fetch see one state of the database; False where that cannot be said."""
        lane = self._own_lane(mapper)
        return lane is not None and bool(self._tried(lane, lane.hold_still))

    def _own_lane(self, mapper: Mapper[Any]) -> Straight | None:
        """Give the connection of this Fetch, on which nothing has been written."""
        lane = self._lane(mapper) if self._is_apart else None
        return lane if lane is self._own else None

    def _lane(self, mapper: Mapper[Any]) -> Straight | None:
        """Give the connection of this Fetch, or the one that the request has written by."""
        lane = self.transaction.lane or self._own
        if lane is None:
            lane = self._own = self.transaction.reading(mapper)
            self._mapper, self._is_apart = mapper, lane is not None
        elif mapper is not self._mapper and self.transaction.bind_of(mapper) is not lane.engine:
            return None
        return lane

    def _tried(self, lane: Straight, ask: Callable[[], Answer | None]) -> Answer | None:
        """Ask past the Session; None where the connection is lost: the Session gets another one."""
        try:
            return ask()
        except DBAPIError as error:
            if not error.connection_invalidated or lane is not self._own:
                raise
            self._leave()
            return None

    def _leave(self) -> None:
        """Go through the Session from now on."""
        if self.transaction.lane is None:
            self._is_apart = False
            if self._own is not None:
                self._own.close()


def flush_pending(session: Session | None) -> None:
    """Have what the application has changed in a Session seen by the statements to come, which flush nothing."""
    if session is not None and (session.new or (session.identity_map and (session.dirty or session.deleted))):
        session.flush()
