"""The thread that ends statements which take too long (T60)."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from time import monotonic, sleep

import pytest

from flask_restless.database.execution import watchdog as module
from flask_restless.database.execution.watchdog import Watchdog


class Connection:
    """Notes when it is cancelled; `during` is what happens meanwhile."""

    def __init__(self, during: Callable[[], object] = lambda: None) -> None:
        self.during = during
        self.cancelled = Event()

    def cancel(self) -> None:
        self.cancelled.set()
        self.during()


def until(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Wait for a condition."""
    end = monotonic() + seconds
    while not condition() and monotonic() < end:
        sleep(0.005)
    return condition()


def test_what_runs_too_long_is_cancelled_once() -> None:
    watchdog, connection = Watchdog(), Connection()
    begun = monotonic()
    number = watchdog.watch(connection, 0.05)

    assert connection.cancelled.wait(5)
    assert 0.05 <= monotonic() - begun < 2
    connection.cancelled.clear()
    watchdog.release(number)
    assert not connection.cancelled.wait(0.1)


def test_what_has_ended_in_time_is_left_alone() -> None:
    watchdog, quick, slow = Watchdog(), Connection(), Connection()
    watchdog.release(watchdog.watch(quick, 0.05))
    watchdog.watch(slow, 0.05)

    assert slow.cancelled.wait(5)
    assert not quick.cancelled.is_set()


def test_the_next_statement_waits_for_a_cancellation_that_is_under_way() -> None:
    go_on, released = Event(), Event()
    watchdog = Watchdog()
    connection = Connection(lambda: go_on.wait(5))
    number = watchdog.watch(connection, 0.02)
    assert connection.cancelled.wait(5)

    thread = Thread(target=lambda: (watchdog.release(number), released.set()))
    thread.start()

    assert not released.wait(0.05)
    go_on.set()
    assert released.wait(5)
    thread.join()


def test_the_thread_ends_where_nothing_runs_and_begins_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IDLE_LOOKS", 2)
    watchdog = Watchdog()
    watchdog.release(watchdog.watch(Connection(), 0.05))
    first = watchdog._thread
    assert first is not None
    first.join(5)
    assert not first.is_alive()

    connection = Connection()
    watchdog.watch(connection, 0.05)

    assert connection.cancelled.wait(5)


def test_a_forked_process_leaves_alone_what_its_parent_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    watchdog, parents, own = Watchdog(), Connection(), Connection()
    number = watchdog.watch(parents, 60)
    monkeypatch.setattr(module, "getpid", lambda: -1)

    watchdog.watch(own, 0.02)

    assert own.cancelled.wait(5)
    assert number not in watchdog._running
    assert not parents.cancelled.is_set()


def test_a_connection_that_cannot_be_cancelled_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise OSError("no way to the server")

    watchdog = Watchdog()
    watchdog.watch(Connection(fail), 0.02)

    assert until(lambda: "no way to the server" in caplog.text)
    next_one = Connection()
    watchdog.watch(next_one, 0.02)
    assert next_one.cancelled.wait(5)
