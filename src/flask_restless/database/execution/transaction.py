"""The way of one request to its database: through a Session, which is made when somebody needs it, or past it.

A Session that has begun nothing and that nobody listens to would only pass statements on to its engine, and the engine
to the driver.  What needs nothing more of them goes there directly (decision record 34).
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.orm.events import SessionEvents

from ...schema.options import Limits
from . import time_limit
from .straight import Straight, StraightWriting, is_passable
from .time_limit import TimeLimit
from .watchdog import Watchdog

Listened = Callable[[Any], tuple[Any, ...]]
"""Gives, of the dispatch of a Session, what holds the listeners of each kind."""

READING: Listened = attrgetter("do_orm_execute", "after_transaction_create", "after_transaction_end", "after_begin")
"""Listeners that could notice that rows are not read through the Session."""

ALL: Listened = attrgetter(*[name for name in vars(SessionEvents) if not name.startswith("_") and name != "dispatch"])
"""Listeners of every kind, who could notice that rows are not written through it."""

WRITING = ("add", "add_all", "commit", "delete", "execute", "flush")
"""Methods by which an application's own class of Sessions may have a part in what is written."""

NO_LIMITS = Limits(statement_seconds=None, export_seconds=None)


class Sample:
    """A Session that is like all those of its maker: what listens to it listens to all.

    What holds the listeners to a class stays the same, so that it is looked up once.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._listeners = {kinds: kinds(session.dispatch) for kinds in (READING, ALL)}
        self._is_plain = _is_plain(session)

    def is_quiet(self, listened: Listened) -> bool:
        """Whether Sessions like this one have nothing to add to a statement."""
        return self._is_plain and _is_unheard(self._listeners[listened])


class Transaction:
    """One request's way to its database.

    `make` gives its Session.  With a `sample`, a Session that is like all that it gives, none is made before one is
    needed.  `is_ours` says whether to close it at the end.
    """

    __slots__ = ("_is_direct", "_lane", "_limit", "_make", "_sample", "_session", "is_ours", "is_prolonged", "watchdog")

    def __init__(
        self,
        make: Callable[[], Session],
        limits: Limits = NO_LIMITS,
        watchdog: Watchdog | None = None,
        *,
        sample: Sample | None = None,
        is_ours: bool = False,
    ) -> None:
        self._make = make
        self._sample = sample
        self._limit = TimeLimit(limits)
        self._session: Session | None = None
        self._lane: StraightWriting | None = None
        self._is_direct = True
        self.watchdog = watchdog or Watchdog()
        self.is_ours = is_ours
        self.is_prolonged = False
        if sample is None:
            self._take()

    @property
    def session(self) -> Session:
        """The Session of the request."""
        return self._take() if self._session is None else self._session

    def _take(self) -> Session:
        session = self._session = self._make()
        self._limit.attach(session)
        return session

    @property
    def made(self) -> Session | None:
        """The Session, if there is one already."""
        return self._session

    def join(self, mapper: Mapper[Any]) -> None:
        """Limit also the transaction that the Session is in already, on the connection of a mapper."""
        session = self._session
        if session is not None and session.in_transaction():
            self._limit.hold(session.connection(bind_arguments={"mapper": mapper}))

    def bind_of(self, mapper: Mapper[Any]) -> Any:
        """Give the engine, or the connection, that the rows of a mapper are in."""
        session, sample = self._session, self._sample
        if session is None:
            session = self.session if sample is None else sample.session
        return session.get_bind(mapper=mapper)

    # ------------------------------------------------------------ past the Session

    def reading(self, mapper: Mapper[Any]) -> Straight | None:
        """Give a connection to read the rows of a mapper by, to be closed; None where the Session has to."""
        engine = self._engine(mapper, READING)
        return None if engine is None else Straight(engine, self._limit, self.watchdog)

    def writing(self, mapper: Mapper[Any]) -> StraightWriting | None:
        """Give the connection that rows are written by, and read back, until the request ends; None as above."""
        engine = self._engine(mapper, ALL) if self._is_direct and self._lane is None and not self._is_touched else None
        if engine is not None and self._is_written_by(mapper, engine):
            self._lane = StraightWriting(engine, self._limit, self.watchdog)
        return self._lane

    def _is_written_by(self, mapper: Mapper[Any], engine: Engine) -> bool:
        """Whether the Session would do nothing but use an engine in a flush too.

        Sessions that read from replicas tell a flush from all else, as in SQLAlchemy's own recipe.
        """
        session = self._session
        if session is None:
            return True
        if not writes_as_usual(type(session)):
            return False
        if type(session).get_bind is Session.get_bind:
            return True
        is_flushing, session._flushing = session._flushing, True
        try:
            return session.get_bind(mapper=mapper) is engine
        finally:
            session._flushing = is_flushing

    @property
    def lane(self) -> StraightWriting | None:
        """The connection that this request has written by."""
        return self._lane

    @property
    def _is_touched(self) -> bool:
        """Whether the Session knows instances, to which a change beside it would not come."""
        return self._session is not None and bool(self._session.identity_map or self._session.new)

    def _engine(self, mapper: Mapper[Any], listened: Listened) -> Engine | None:
        """Give the engine that the Session would pass statements on to; None if anybody could tell the difference."""
        session, sample = self._session, self._sample
        if session is not None:
            is_quiet = _is_quiet(session, listened)
        else:
            is_quiet = sample is not None and sample.is_quiet(listened)
        if not is_quiet:
            return None
        engine = self.bind_of(mapper)
        return engine if isinstance(engine, Engine) and is_passable(engine) else None

    def stay(self) -> None:
        """Go through the Session from now on."""
        self._give_back()
        self._is_direct = False

    # ------------------------------------------------------------ the end

    def commit(self) -> None:
        """Commit what was written."""
        if self._lane is not None:
            self._lane.commit()
        if self._session is not None:
            self._session.commit()

    def rollback(self) -> None:
        """Undo what was written."""
        self._give_back()
        if self._session is not None:
            self._session.rollback()

    def end(self) -> None:
        """Leave nothing open."""
        self._give_back()
        session = self._session
        if session is None:
            return
        self._limit.lift(session)
        if self.is_ours:
            session.close()
        elif session.in_transaction():
            session.rollback()

    def _give_back(self) -> None:
        lane, self._lane = self._lane, None
        if lane is not None:
            lane.close()


def _is_quiet(session: Session, listened: Listened) -> bool:
    """Whether a Session has begun nothing, and has nothing to add to a statement."""
    return not session.in_transaction() and _is_plain(session) and _is_unheard(listened(session.dispatch))


def _is_plain(session: Session) -> bool:
    """Whether a Session has a connection like any other one's."""
    if type(session).connection is not Session.connection:
        return False
    return not (getattr(session, "execution_options", None) or session.twophase)


def writes_as_usual(kind: type[Session]) -> bool:
    """Whether Sessions of a class write rows in SQLAlchemy's own way, and find them so: its methods are that."""
    return all(getattr(kind, name) is getattr(Session, name) for name in WRITING)


def _is_unheard(listeners: tuple[Any, ...]) -> bool:
    """Whether nobody but we ourselves listens."""
    for each in listeners:  # noqa: SIM110  # a generator takes as long again
        if each and not time_limit.LISTENERS.issuperset(each):
            return False
    return True
