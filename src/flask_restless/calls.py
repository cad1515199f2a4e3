"""Flask's requests as Calls: what is read of one, and what is refused before any protocol sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote as percent_encoded

from flask import Request, current_app, request

from .long_queries import OVERRIDE, QUERY, ascii_query, merged_query, method_of
from .operations.problems import Rejected, Source, quote, reject
from .protocols.base import Call
from .schema.resource import Resource

HOST = re.compile(r"[A-Za-z0-9._-]+(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?")
BODILESS = frozenset({"GET", "HEAD"})
"""Methods whose bodies are not read, except where functions are evaluated: Flask-Restless 0.6 read them there."""

CONTENT_ENCODING = Source(header="Content-Encoding")

OVERRIDE_KEY = f"HTTP_{OVERRIDE.upper().replace('-', '_')}"


class Headers(Mapping[str, str]):
    """The headers of one request by lower-case name, read from the WSGI environment only when asked for."""

    __slots__ = ("_environ",)

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self._environ = environ

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return str(value)

    def get(self, name: str, default: Any = None) -> Any:
        """Give the field with the lower-case `name`; an empty `Content-Type` is none."""
        value = self._environ.get(_key_of(name), default)
        return default if name == "content-type" and not value else value

    def __contains__(self, name: object) -> bool:
        return self.get(str(name)) is not None

    def __iter__(self) -> Iterator[str]:
        for key in self._environ:
            if key.startswith("HTTP_"):
                yield key[5:].lower().replace("_", "-")
            elif key in {"CONTENT_TYPE", "CONTENT_LENGTH"} and self._environ[key]:
                yield key.lower().replace("_", "-")

    def __len__(self) -> int:
        return sum(1 for _ in self)


@lru_cache(maxsize=64)
def _key_of(name: str) -> str:
    """Give the name of a header field in the WSGI environment."""
    key = name.upper().replace("-", "_")
    return key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"


def current_request() -> Request:
    """Give the request itself, without its proxy, which costs with every look."""
    asked: Request = request._get_current_object()  # type: ignore[attr-defined]  # the stub hides the proxy
    return asked


def asked_method(asked: Request) -> str:
    """Give the method that is meant."""
    return method_of(asked.method, asked.environ.get(OVERRIDE_KEY))


def call_of(asked: Request, method: str, resource: Resource, endpoint: str, parts: Mapping[str, str]) -> Call:
    """Read a request, whole; Rejected (`malformed-host`, `payload-too-large`, `unsupported-media-type`)."""
    environ = asked.environ
    headers, query = Headers(environ), ascii_query(environ.get("QUERY_STRING", ""))
    is_bare = method in BODILESS and endpoint != "evaluation"
    body = b"" if is_bare else _body(asked, resource.registry.limits.body_bytes)
    if method == QUERY:
        query, body = merged_query(query, headers.get("content-type"), body), b""
    return Call(
        method="GET" if method in {"HEAD", QUERY} else method,
        endpoint=endpoint,
        resource=resource,
        query=query,
        headers=headers,
        body=body,
        root=_root(environ["wsgi.url_scheme"], asked.host, environ.get("SCRIPT_NAME", "")),
        path=asked.path,
        id=parts.get("id"),
        relation=parts.get("relation"),
        member=parts.get("member"),
    )


@lru_cache(maxsize=256)
def _root(scheme: str, host: str, mount: str) -> str:
    """Give the URL of the application's root; a forged Host cannot put anything else into a link (A-13, T15)."""
    if not HOST.fullmatch(host):
        detail = f"the host {quote(host)} is malformed" if host else "the host is missing or malformed"
        raise reject("malformed-host", detail)
    return f"{scheme}://{host}{percent_encoded(mount.rstrip('/').encode('latin-1'), safe='/')}"


def secrets_of(own: str | bytes | None) -> tuple[bytes, ...]:
    """Give what cursors are signed with during a request: the first signs, all of them are understood."""
    config = current_app.config
    given = [own] if own else [config.get("SECRET_KEY"), *(config.get("SECRET_KEY_FALLBACKS") or ())]
    return tuple(one if isinstance(one, bytes) else str(one).encode() for one in given if one)


def _body(asked: Request, limit: int) -> bytes:
    """Read the whole body, at most `limit` bytes; a body that ends early is refused by Werkzeug (T26, T43)."""
    if asked.content_length is None:
        body = asked.stream.read(limit + 1)
    elif asked.content_length <= limit:
        body = asked.get_data()
    else:
        raise _too_large(limit)
    if len(body) > limit:
        raise _too_large(limit)
    if body:
        _check_coding(asked.headers.get("Content-Encoding", "identity"))
    return body


def _check_coding(given: str) -> None:
    """Refuse a body that has to be decoded first, and say how it may come (T26; RFC 9110, 12.5.3 and 15.5.16)."""
    if given.strip().lower() not in {"", "identity"}:
        detail = f"bodies with the content encoding {quote(given)} are not read; send the body plain"
        raise reject("unsupported-media-type", detail, CONTENT_ENCODING, headers=(("Accept-Encoding", "identity"),))


def _too_large(limit: int) -> Rejected:
    return reject("payload-too-large", f"the body is larger than {limit} bytes, the most that is read here")
