"""Where a request's Session comes from, and how it is given back.

Whatever kind was handed in, a request leaves no pending change, no open transaction and no checked-out connection
behind (defects B-1, B-2): the pipeline commits or rolls back, and what we made ourselves is closed as well.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from sqlalchemy.orm import Session, scoped_session, sessionmaker

from .database.execution.transaction import Sample, Transaction
from .database.execution.watchdog import Watchdog
from .schema.options import IllegalArgumentError, Limits

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

    __slots__ = ("_sample", "database", "given", "ours", "source")

    def __init__(self, session: Any = None, flask_sqlalchemy_db: Any = None) -> None:
        self.given: Any = None
        self.database: Any = None
        self.source: SessionSource = _none
        self.ours = False
        self._sample: tuple[Sample, dict[str, Any]] | None = None
        if session is not None or flask_sqlalchemy_db is not None:
            self.use(session, flask_sqlalchemy_db)

    def use(self, session: Any, flask_sqlalchemy_db: Any) -> None:
        """Take Sessions from there; IllegalArgumentError."""
        self.source, self.ours = session_source(session, flask_sqlalchemy_db)
        self.given = session
        self.database = flask_sqlalchemy_db

    def transaction(self, limits: Limits, watchdog: Watchdog) -> Transaction:
        """Give one request its way to the database, whose statements may take as long as `limits` say."""
        return Transaction(self.source, limits, watchdog, sample=self._like_all(), is_ours=self.ours)

    def _like_all(self) -> Sample | None:
        """Give a Session that is like all that come; None where that cannot be told before one has come."""
        given = self.source
        if type(given) is not sessionmaker or Session not in given.class_.__bases__:
            return None
        if self._sample is None or self._sample[1] != given.kw:
            self._sample = Sample(given()), dict(given.kw)
        return self._sample[0]

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
        self.variable: ContextVar[Transaction] = ContextVar("the transaction of the current request")

    def __getattr__(self, name: str) -> Any:
        try:
            transaction = self.variable.get()
        except LookupError:
            raise RuntimeError("there is a Session only while a request is being answered") from None
        return getattr(transaction.session, name)
