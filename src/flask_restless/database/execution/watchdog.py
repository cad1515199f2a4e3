"""A thread that ends statements which take too long, where the server's own limit would cost a statement more.

PostgreSQL's own limit is a setting of the transaction.  Its drivers can cancel from another thread what runs on a
connection; this one looks for what has run too long, and ends itself where nothing runs any more.
"""

from __future__ import annotations

import logging
from itertools import count
from os import getpid
from threading import Lock, Thread
from time import monotonic, sleep
from typing import Any

logger = logging.getLogger("flask_restless")

IDLE_LOOKS = 50
"""Looks in a row that find nothing running, after which the thread ends."""

TICK = 0.1
"""Seconds between two looks, unless a limit is so short that more of them are needed."""


class Watchdog:
    """Cancels what runs too long on connections whose drivers can (`connection.cancel()`)."""

    def __init__(self) -> None:
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._process = getpid()
        self._running: dict[int, tuple[float, Any]] = {}
        self._numbers = count()
        self._lock = Lock()
        self._thread: Thread | None = None
        self._tick = TICK

    def watch(self, connection: Any, seconds: float) -> int:
        """Begin to watch the statement that comes next on a connection; give the number to `release` it by."""
        if self._process != getpid():  # forked: what the parent runs is not ours to end, nor is its thread here
            self._begin_anew()
        if seconds < self._tick * 10:
            self._tick = seconds / 10
        number = next(self._numbers)
        self._running[number] = (monotonic() + seconds, connection)
        if self._thread is None:
            self._start()
        return number

    def release(self, number: int) -> None:
        """Watch a statement no longer.  If it is just being cancelled, wait for that: it must not hit the next one."""
        if self._running.pop(number, None) is None:
            with self._lock:
                pass

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._look, name="flask-restless time limit", daemon=True)
                self._thread.start()

    def _look(self) -> None:
        idle = 0
        while idle < IDLE_LOOKS or not self._is_over():
            sleep(self._tick)
            idle = 0 if self._running else idle + 1
            now = monotonic()
            for number, (deadline, connection) in list(self._running.items()):
                if deadline < now:
                    self._cancel(number, connection)

    def _is_over(self) -> bool:
        """Give up the place of the only thread, and take it again if something began to run just before."""
        with self._lock:
            thread, self._thread = self._thread, None
            if self._running:
                self._thread = thread
            return self._thread is None

    def _cancel(self, number: int, connection: Any) -> None:
        with self._lock:
            if self._running.pop(number, None) is None:
                return
            try:
                connection.cancel()
            except Exception:
                logger.exception("a statement that takes too long could not be cancelled")
