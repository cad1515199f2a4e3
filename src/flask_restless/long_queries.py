"""Queries too long for a URL: the parameters of a read in the body of a `QUERY` request.

Such a request is a `GET` in every other respect, and safe like one: it becomes a Call with the method `GET` and with
all its parameters, so that the links in the answer are plain URLs.
"""

from __future__ import annotations

from string import ascii_letters, digits, punctuation
from urllib.parse import quote as percent_encoded

from .operations.problems import Source, quote, reject

QUERY = "QUERY"
FORM = "application/x-www-form-urlencoded"
OVERRIDE = "X-HTTP-Method-Override"
PLAIN = ascii_letters + digits + punctuation
"""What stays as it is in a query string."""
CONTENT_TYPE = Source(header="Content-Type")


def method_of(method: str, override: str | None) -> str:
    """Give the method that is meant: a client that cannot send `QUERY` sends it as a `POST` and says so (T13).

    No other method can be put in a `POST`'s place: that would get writes past whatever looks at methods.
    """
    return QUERY if method == "POST" and override == QUERY else method


def ascii_query(text: str) -> str:
    """Give a URL's query string, in which a WSGI server leaves bytes as they came, with those percent-encoded."""
    return text if text.isascii() else _encoded(text.encode("latin-1"))


def merged_query(query: str, content_type: str | None, body: bytes) -> str:
    """Give the query string of a URL with the parameters of a body; Rejected (`unsupported-media-type`, ...)."""
    if not body:
        return query
    _check_type(content_type)
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        raise reject("invalid-parameter", "the parameters in the body are not UTF-8") from None
    text = _encoded(body)
    return f"{query}&{text}" if query else text


def _encoded(text: bytes) -> str:
    return percent_encoded(text, safe=PLAIN)


def _check_type(given: str | None) -> None:
    expected = f"send the parameters of a {QUERY} as {quote(FORM)}"
    if given is None:
        raise reject("unsupported-media-type", f"the body has no Content-Type; {expected}")
    name, *parameters = (part.strip().lower() for part in given.split(";"))
    if name != FORM or any(one not in {"", "charset=utf-8", 'charset="utf-8"'} for one in parameters):
        raise reject("unsupported-media-type", f"bodies of type {quote(given)} are not read; {expected}", CONTENT_TYPE)
