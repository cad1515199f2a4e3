"""A real server for tests, in a thread, behind waitress as `flask-restless serve` has it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from waitress import wasyncore
from waitress.server import create_server


@contextmanager
def waitress(app: Flask) -> Iterator[int]:
    """Serve on a free port; at the end the workers stop first, then the loop, then the sockets that it watched."""
    sockets: dict[int, Any] = {}
    over = threading.Event()
    server = create_server(app, map=sockets, host="127.0.0.1", port=0, threads=2)

    def run() -> None:
        while not over.is_set():
            wasyncore.loop(timeout=0.05, map=sockets, count=1)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield server.effective_port
    finally:
        server.task_dispatcher.shutdown()
        over.set()
        thread.join()
        wasyncore.close_all(map=sockets)
