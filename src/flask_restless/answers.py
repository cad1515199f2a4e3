"""Responses that go to the server as they were made, unless something after the view has changed them.

Werkzeug completes every response when it is sent: it copies and checks all header fields, looks for URLs to encode, and
wraps the body.  With an answer that is complete already that takes longer than to read a row of SQLite's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import Response
from werkzeug.datastructures import Headers

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Pairs = tuple[tuple[str, str], ...]


class Fields(Headers):
    """Header fields that are taken as they are; a response checks all of them when it is sent."""

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._list = list(fields)


class Answer(Response):
    """A whole body of bytes, with all header fields that it needs but its length."""

    def __init__(self, body: bytes, status: int, fields: Pairs) -> None:
        self._whole = [body]
        self._fields = [*fields, ("Content-Length", str(len(body)))]
        self._status_made = status
        self._is_awaited = False
        super().__init__(self._whole, status, Fields(self._fields))

    def call_on_close(self, func: Callable[[], Any]) -> Callable[[], Any]:
        """Have a function called at the end, which a server tells to nothing but an iterator of Werkzeug's."""
        self._is_awaited = True
        return super().call_on_close(func)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Send it."""
        fields = self.headers.to_wsgi_list()
        if environ["REQUEST_METHOD"] == "HEAD" or not self._is_as_made(fields):
            return super().__call__(environ, start_response)
        start_response(self.status, fields)
        return self._whole

    def _is_as_made(self, fields: list[tuple[str, str]]) -> bool:
        """Whether there is nothing to complete; a field with a line break is for Werkzeug to refuse (T16)."""
        return (
            self.response is self._whole
            and self.status_code == self._status_made
            and not self._is_awaited
            and fields == self._fields
            and "".join([value for _, value in fields]).isprintable()
        )
