"""Where a request's Session comes from, and how it is given back.

Whatever kind was handed in, a request leaves no pending change, no open transaction and no checked-out connection
behind (defects B-1, B-2): the pipeline commits or rolls back, and what we made ourselves is closed as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session, scoped_session, sessionmaker

from .database.execution.time_limit import TimeLimit
from .schema.options import IllegalArgumentError
from .schema.resource import Resource

SessionSource = Callable[[], Session]
"""Gives the Session to use, when it is called inside a request."""


def session_source(session: Any, flask_sqlalchemy_db: Any = None) -> tuple[SessionSource, bool]:
    """Give a source for what `APIManager` was handed, and whether each of its Sessions is ours to close.

    `session` wins over `flask_sqlalchemy_db`.  Flask-SQLAlchemy's and Flask-SQLAlchemy-Lite's `db` objects are
    taken in either place; their `session` belongs to the application context, so it is looked up per request.
    """
    given = flask_sqlalchemy_db if session is None else session
    if given is None:
        raise IllegalArgumentError(
            "APIManager needs a session: a scoped_session, a sessionmaker, a function that gives a Session, "
            "a Session, or flask_sqlalchemy_db=db"
        )
    if isinstance(given, Session):
        return lambda: given, False
    if isinstance(given, scoped_session):
        return given, False
    if isinstance(given, sessionmaker) or (isinstance(given, type) and issubclass(given, Session)):
        return given, True
    if callable(given):
        return given, False
    if "session" in dir(given):
        return lambda: _current(given.session), False
    raise IllegalArgumentError(
        f"{given!r} does not give a Session; pass a scoped_session, a sessionmaker, a function that gives a "
        "Session, a Session, or flask_sqlalchemy_db=db"
    )


class Sessions:
    """Where the Sessions of one manager come from; it may be told as late as `init_app`.

    `ours` says whether each Session is ours to close.  `given` and `database` are what the application handed in.
    """

    __slots__ = ("database", "given", "ours", "source")

    def __init__(self, session: Any = None, flask_sqlalchemy_db: Any = None) -> None:
        self.given: Any = None
        self.database: Any = None
        self.source: SessionSource = _none
        self.ours = False
        if session is not None or flask_sqlalchemy_db is not None:
            self.use(session, flask_sqlalchemy_db)

    def use(self, session: Any, flask_sqlalchemy_db: Any) -> None:
        """Take Sessions from there; IllegalArgumentError."""
        self.source, self.ours = session_source(session, flask_sqlalchemy_db)
        self.given = session
        self.database = flask_sqlalchemy_db

    @property
    def is_told(self) -> bool:
        """Whether Sessions come from anywhere."""
        return self.source is not _none

    def check(self) -> None:
        """Refuse to serve without Sessions; IllegalArgumentError."""
        if not self.is_told:
            session_source(None)


def _none() -> Session:
    raise RuntimeError("APIManager has no session; give one to APIManager or to init_app")


def _current(session: Any) -> Session:
    found: Session = session() if isinstance(session, scoped_session) else session
    return found


class CurrentSession:
    """Stands for the Session of the request that is being answered, for objects that live longer than one."""

    __slots__ = ("variable",)

    def __init__(self) -> None:
        self.variable: ContextVar[Session] = ContextVar("the Session of the current request")

    def __getattr__(self, name: str) -> Any:
        try:
            return getattr(self.variable.get(), name)
        except LookupError:
            raise RuntimeError("there is a Session only while a request is being answered") from None


@dataclass(slots=True)
class Loan:
    """The Session of one request; `ours` if it was made for it."""

    session: Session
    ours: bool
    limit: TimeLimit
    is_prolonged: bool = False

    def end(self) -> None:
        """Leave nothing of the Session open."""
        self.limit.lift()
        if self.ours:
            self.session.close()
        elif self.session.in_transaction():
            self.session.rollback()


@contextmanager
def lent(source: SessionSource, ours: bool, current: CurrentSession, resource: Resource) -> Iterator[Loan]:
    """Lend the Session of one request, and let `current` stand for it; afterwards nothing of it is open any more.

    Its statements may take as long as the limits of the API of `resource` say.

    A loan that is prolonged outlives the block: whoever prolonged it gives the Session back.
    """
    session = source()
    loan = Loan(session, ours, TimeLimit(session, resource.registry.limits))
    token = current.variable.set(session)
    try:
        yield loan
    finally:
        current.variable.reset(token)
        if not loan.is_prolonged:
            loan.end()
