"""`python -m benchmarks.worker MODULE URL ARTICLES [--trace]`: one contestant in a process of its own.

It reads one JSON object a line from its standard input and answers each with one on its standard output:

- `{"do": "describe"}`: what is installed, and what can be asked;
- `{"do": "ask", "item": KEY}`: the answer itself with the statements that it took;
- `{"do": "time", "item": KEY, "times": N}`: the seconds of one of N requests, by the clock and of the processor;
- `{"do": "plans"}`: the hits and misses of our plan cache.

Requests are calls of the WSGI or ASGI application.  Only the standard library is needed beside what the module needs.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import gc
import importlib
import io
import json
import os
import platform
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from itertools import count
from time import perf_counter, process_time
from typing import Any
from urllib.parse import quote

from .questions import NUMBER, Question

Answer = tuple[int, dict[str, str], bytes]
_numbers = count(1)

UNTIMED = 1
"""Requests at the beginning of each row: what the system has taken from a process that was waiting comes back."""


def escaped(query: str) -> str:
    """Escape a query string as clients do."""
    return quote(query, safe="=&,:+.-_")


class Wsgi:
    """Asks a WSGI application."""

    def __init__(self, app: Callable[..., Any]) -> None:
        self.app = app

    def ask(self, question: Question) -> Answer:
        """Give status, headers and body."""
        return self._call(self._environ(question), question.body)

    def time(self, question: Question, times: int) -> tuple[float, float]:
        """Give the seconds by the clock and of the processor."""
        environ = self._environ(question)
        gc.collect()
        self._repeat(environ, question.body, UNTIMED)
        wall, processor = perf_counter(), process_time()
        self._repeat(environ, question.body, times)
        return perf_counter() - wall, process_time() - processor

    def _repeat(self, environ: dict[str, Any], body: bytes, times: int) -> None:
        call = self._call
        for _ in range(times):
            status, _headers, answer = call(dict(environ), body)
            if status >= 300:
                raise RuntimeError(f"{status}: {answer[:300]!r}")

    def _environ(self, question: Question) -> dict[str, Any]:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": question.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": question.path,
            "QUERY_STRING": escaped(question.query),
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "HTTP_HOST": "localhost",
            "HTTP_ACCEPT": question.accept,
            "REMOTE_ADDR": "127.0.0.1",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        if question.body:
            environ["CONTENT_TYPE"] = question.content_type
        return environ

    def _call(self, environ: dict[str, Any], body: bytes) -> Answer:
        if body:
            body = body.replace(NUMBER, b"%d" % next(_numbers))
            environ["CONTENT_LENGTH"] = str(len(body))
        environ["wsgi.input"] = io.BytesIO(body)
        started: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], _error: object = None) -> None:
            started[:] = [status, headers]

        chunks = self.app(environ, start)
        answer = b"".join(chunks)
        if hasattr(chunks, "close"):
            chunks.close()
        return int(started[0][:3]), dict(started[1]), answer


class Asgi:
    """Asks an ASGI application, in one event loop for all."""

    def __init__(self, app: Callable[..., Any]) -> None:
        self.app = app
        self.loop = asyncio.new_event_loop()

    def ask(self, question: Question) -> Answer:
        """Give status, headers and body."""
        return self.loop.run_until_complete(self._call(self._scope(question), question.body))

    def time(self, question: Question, times: int) -> tuple[float, float]:
        """Give the seconds by the clock and of the processor."""
        return self.loop.run_until_complete(self._time(question, times))

    async def _time(self, question: Question, times: int) -> tuple[float, float]:
        scope = self._scope(question)
        gc.collect()
        await self._repeat(scope, question.body, UNTIMED)
        wall, processor = perf_counter(), process_time()
        await self._repeat(scope, question.body, times)
        return perf_counter() - wall, process_time() - processor

    async def _repeat(self, scope: dict[str, Any], body: bytes, times: int) -> None:
        call = self._call
        for _ in range(times):
            status, _headers, answer = await call(dict(scope), body)
            if status >= 300:
                raise RuntimeError(f"{status}: {answer[:300]!r}")

    def _scope(self, question: Question) -> dict[str, Any]:
        headers = [(b"host", b"localhost"), (b"accept", question.accept.encode())]
        if question.body:
            headers.append((b"content-type", question.content_type.encode()))
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": question.method,
            "scheme": "http",
            "path": question.path,
            "raw_path": question.path.encode(),
            "root_path": "",
            "query_string": escaped(question.query).encode(),
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("localhost", 80),
        }

    async def _call(self, scope: dict[str, Any], body: bytes) -> Answer:
        body = body.replace(NUMBER, b"%d" % next(_numbers)) if body else body
        parts: list[bytes] = []
        status, headers, asked = 0, {}, False

        async def receive() -> dict[str, Any]:
            nonlocal asked
            if asked:
                return {"type": "http.disconnect"}
            asked = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = {name.decode().title(): value.decode() for name, value in message["headers"]}
            else:
                parts.append(message.get("body", b""))

        await self.app(scope, receive, send)
        return status, headers, b"".join(parts)


def versions(packages: tuple[str, ...]) -> dict[str, str]:
    """Give those of the packages that are installed here, and of Python."""
    found = {"Python": platform.python_version()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def main() -> None:
    """Serve until the input ends."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.worker", description=__doc__)
    parser.add_argument("module")
    parser.add_argument("url", help="of the database, as SQLAlchemy writes it")
    parser.add_argument("articles", type=int)
    parser.add_argument("--trace", action="store_true", help="count statements, which takes time")
    given = parser.parse_args()
    # Some contestants print what they do: the answers go where only this function writes.
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    statements: list[str] = []
    if given.trace:
        from .tracing import trace

        trace(statements)
    module = importlib.import_module(given.module)
    app = module.create_app(given.url)
    asker = Asgi(app) if getattr(module, "ASYNCHRONOUS", False) else Wsgi(app)
    questions: dict[str, Question] = module.questions(given.articles)
    if hasattr(module, "prepare"):
        module.prepare(questions, asker.ask)

    def answer(order: dict[str, Any]) -> dict[str, Any]:
        if order["do"] == "describe":
            return {
                "versions": versions(module.PACKAGES),
                "items": list(questions),
                "protocol": module.PROTOCOL,
                "types": getattr(module, "TYPES", {}),
                "remark": getattr(module, "REMARK", ""),
            }
        if order["do"] == "plans":
            return {"plans": module.plans(app)}
        question = questions[order["item"]]
        if order["do"] == "time":
            wall, processor = asker.time(question, order["times"])
            return {"wall": wall / order["times"], "processor": processor / order["times"]}
        statements.clear()
        status, headers, body = asker.ask(question)
        return {
            "status": status,
            "headers": headers,
            "body": base64.b64encode(body).decode(),
            "statements": list(statements),
        }

    for line in sys.stdin:
        try:
            reply = answer(json.loads(line))
        except Exception as error:  # whatever a contestant raises is told, not died of
            reply = {"error": f"{type(error).__name__}: {error}"[:1000]}
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


if __name__ == "__main__":
    main()
