"""Flask views: a request becomes a Call, a Reply becomes a response.

All that is below an API's URL prefix is answered here, in its protocol's own kind of document, also what Flask's
routing refuses and what fails unexpectedly.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial, update_wrapper
from secrets import token_hex
from typing import Any

from flask import Response, current_app, got_request_exception, request, stream_with_context
from flask.blueprints import Blueprint, BlueprintSetupState
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, default_exceptions

from .database.execution.executor import Executor
from .foreign_errors import is_foreign_refusal, problem_of_response, problem_of_status, problems_of_application
from .operations.idempotency import IdempotencyStore
from .operations.problems import Problem, Rejected, problem, quote, reject
from .pipeline import respond
from .protocols.base import Call, Protocol, Reply, Route
from .schema.resource import Resource
from .sessions import CurrentSession, SessionSource, lent
from .streaming import Begun, Stream

logger = logging.getLogger("flask_restless")

HOST = re.compile(r"[A-Za-z0-9._-]+(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?")
STANDARD_METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")


class Headers(Mapping[str, str]):
    """The headers of one request by lower-case name, read from the WSGI environment only when asked for."""

    __slots__ = ("_environ",)

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self._environ = environ

    def __getitem__(self, name: str) -> str:
        key = name.upper().replace("-", "_")
        key = key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"
        value = self._environ[key]
        if key == "CONTENT_TYPE" and not value:
            raise KeyError(name)
        return str(value)

    def __iter__(self) -> Iterator[str]:
        for key in self._environ:
            if key.startswith("HTTP_"):
                yield key[5:].lower().replace("_", "-")
            elif key in {"CONTENT_TYPE", "CONTENT_LENGTH"} and self._environ[key]:
                yield key.lower().replace("_", "-")

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(frozen=True, slots=True)
class Service:
    """What the views of one manager need: the wire format, the database wing, and where Sessions come from."""

    protocol: Protocol
    executor: Executor
    source: SessionSource
    owns_sessions: bool
    current: CurrentSession
    idempotency: IdempotencyStore | None = None

    def answer(self, call: Call) -> Reply:
        """Answer one call in a Session of its own."""
        with lent(self.source, self.owns_sessions, self.current) as loan:
            session = loan.session
            reply = respond(call, self.protocol, self.executor, session, self.owns_sessions, self.idempotency)
            if reply.stream is None:
                return reply
            loan.is_prolonged = True
        return replace(reply, stream=Stream(reply, session, loan.end))


def add_routes(blueprint: Blueprint, service: Service, resource: Resource) -> None:
    """Serve the URLs of one API on `blueprint`, and its protocol's refusals for everything else below its prefix."""
    for route in service.protocol.routes(resource):
        view = _named(partial(_view, service, resource, route.endpoint))
        blueprint.add_url_rule(
            f"/{resource.name}{route.rule}", route.endpoint, view, methods=sorted(route.methods), strict_slashes=True
        )
    if _may_hold_slashes(resource):
        blueprint.add_url_rule(
            f"/{resource.name}/<path:rest>",
            "slashed",
            _named(partial(_slashed, service, resource)),
            methods=list(STANDARD_METHODS),
            provide_automatic_options=False,
        )
    _handle_errors(blueprint, service)
    blueprint.after_request(_finish_options)
    blueprint.record_once(partial(_guard_prefix, service, resource.url_prefix))


def add_shared_route(blueprint: Blueprint, service: Service, resource: Resource, route: Route) -> None:
    """Serve one URL that all APIs of a prefix share; `resource` is one of them, and leads to the others."""
    view = _named(partial(_description if route.endpoint == "index" else _view, service, resource, route.endpoint))
    blueprint.add_url_rule(route.rule, route.endpoint, view, methods=sorted(route.methods))
    _handle_errors(blueprint, service)
    blueprint.after_request(_finish_options)


def _named(view: partial[Response]) -> partial[Response]:
    """Give a view the name of its function, by which extensions such as Flask-Limiter tell views."""
    return update_wrapper(view, view.func)  # type: ignore[return-value]  # it is the view that comes back


def _handle_errors(blueprint: Blueprint, service: Service) -> None:
    """Answer every error of a blueprint's views here, also where the application has a handler for its status."""
    handler = partial(_on_error, service)
    kinds: list[type[Exception] | int] = [Exception, *default_exceptions]
    for kind in kinds:
        blueprint.register_error_handler(kind, handler)


def _may_hold_slashes(resource: Resource) -> bool:
    return any(key.codec.textual for key in resource.identity.keys)


def _view(service: Service, resource: Resource, endpoint: str, **parts: str) -> Response:
    relation = parts.get("relation")
    if relation is not None and relation not in resource.relationships and _may_hold_slashes(resource):
        return _slashed(service, resource, "/".join(_rest(endpoint, parts)))
    return _response(service.answer(_call(resource, endpoint, parts)))


def _description(service: Service, resource: Resource, endpoint: str) -> Response:
    """Serve what can be told without a Session."""
    return _response(service.protocol.describe(_call(resource, endpoint, {})))


def _rest(endpoint: str, parts: Mapping[str, str]) -> Iterator[str]:
    """Put the parts of a path together again that turned out to name no relationship."""
    yield parts["id"]
    if endpoint == "relationship":
        yield "relationships"
    yield parts["relation"]
    if "member" in parts:
        yield parts["member"]


def _slashed(service: Service, resource: Resource, rest: str) -> Response:
    """Serve ids that hold slashes: servers decode `%2F` before routing, so the parts are told apart by their names."""
    endpoint, parts = _split(resource, rest)
    allowed = {method for route in _routes(service, resource, endpoint) for method in route.methods}
    if request.method not in allowed | ({"HEAD", "OPTIONS"} if "GET" in allowed else set()):
        raise MethodNotAllowed(sorted(allowed))
    return _response(service.answer(_call(resource, endpoint, parts)))


def _routes(service: Service, resource: Resource, endpoint: str) -> list[Route]:
    return [route for route in service.protocol.routes(resource) if route.endpoint == endpoint]


def _split(resource: Resource, rest: str) -> tuple[str, dict[str, str]]:
    names = resource.relationships
    head, _, last = rest.rpartition("/")
    owner, _, before = head.rpartition("/")
    if last in names and before == "relationships" and owner:
        return "relationship", {"id": owner, "relation": last}
    if last in names and head:
        return "related", {"id": head, "relation": last}
    if before in names and owner:
        return "member", {"id": owner, "relation": before, "member": last}
    return "resource", {"id": rest}


def _call(resource: Resource, endpoint: str, parts: Mapping[str, str]) -> Call:
    environ = request.environ
    method = request.method
    return Call(
        method="GET" if method == "HEAD" else method,
        endpoint=endpoint,
        resource=resource,
        query=environ.get("QUERY_STRING", ""),
        headers=Headers(environ),
        body=b"" if method in {"GET", "HEAD"} else _body(resource.registry.limits.body_bytes),
        root=_root(environ),
        path=request.path,
        **parts,
    )


def _root(environ: Mapping[str, Any]) -> str:
    """Give the URL of the application's root; a forged Host cannot put anything else into a link (A-13, T15)."""
    host = request.host
    if not HOST.fullmatch(host):
        raise Rejected(Problem("malformed-host", f"the host {quote(host)} is malformed", status=400))
    return f"{environ['wsgi.url_scheme']}://{host}{environ.get('SCRIPT_NAME', '').rstrip('/')}"


def _body(limit: int) -> bytes:
    """Read the whole body, at most `limit` bytes; a body that ends early is refused by Werkzeug (T26, T43)."""
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"", "identity"}:
        raise reject(
            "unsupported-media-type", f"the content encoding {quote(encoding)} is not read here; send it plain"
        )
    if request.content_length is None:
        body = request.stream.read(limit + 1)
    elif request.content_length <= limit:
        body = request.get_data()
    else:
        raise _too_large(limit)
    if len(body) > limit:
        raise _too_large(limit)
    return body


def _too_large(limit: int) -> Rejected:
    return reject("payload-too-large", f"the body is larger than {limit} bytes, the most that is read here")


def _response(reply: Reply) -> Response:
    if reply.stream is not None:
        return _streamed(reply)
    response = current_app.response_class(reply.body, reply.status, list(reply.headers))
    if reply.status in (204, 304):
        del response.headers["Content-Type"]
    return response


def _streamed(reply: Reply) -> Response:
    """Answer while rows are read, and keep the contexts: their teardown functions close sessions.

    Flask enters them again only with the first piece, when they have ended already.  So that is asked for here.
    """
    pieces: Any = stream_with_context(reply.stream)  # type: ignore[arg-type]  # its stub knows text alone
    return current_app.response_class(Begun(pieces), reply.status, list(reply.headers))


def _finish_options(response: Response) -> Response:
    """Have Flask's own answer to OPTIONS vary like all others (J-2.3.8), and give no type to no body."""
    if request.method == "OPTIONS":
        response.vary.add("Accept")
        if not response.content_length:
            del response.headers["Content-Type"]
    return response


def _guard_prefix(service: Service, url_prefix: str, state: BlueprintSetupState) -> None:
    """Answer routing's own refusals below the prefix; the application's error handlers keep all the rest."""
    app = state.app
    guarded = app.extensions.setdefault("restless-prefixes", set())
    if not url_prefix or url_prefix in guarded:
        return
    guarded.add(url_prefix)
    app.before_request(partial(_refuse_unrouted, service, url_prefix))
    app.after_request(partial(_refuse_as_document, service, url_prefix))


def _is_below(url_prefix: str) -> bool:
    return request.path == url_prefix or request.path.startswith(url_prefix + "/")


def _refuse_as_document(service: Service, url_prefix: str, response: Response) -> Response:
    """Have a guard of the application, which came before ours, refuse in the protocol's own kind of document."""
    if not (_is_below(url_prefix) and is_foreign_refusal(response, service.protocol.media_type)):
        return response
    return _response(service.protocol.refuse(None, (problem_of_response(response),)))


def _refuse_unrouted(service: Service, url_prefix: str) -> Response | None:
    error = request.routing_exception
    if error is None or not _is_below(url_prefix):
        return None
    if not isinstance(error, NotFound | MethodNotAllowed):
        return None
    return _response(service.protocol.refuse(None, (_problem_of_http(error),)))


def _on_error(service: Service, error: Exception) -> Response:
    """Turn what a view raised into the protocol's own refusal; a defect is logged under the id that is answered."""
    if isinstance(error, Rejected):
        return _response(service.protocol.refuse(None, error.problems))
    if isinstance(error, HTTPException):
        if error.response is not None:
            return error.response  # type: ignore[return-value]  # whatever the application aborted with
        return _response(service.protocol.refuse(None, (_problem_of_http(error),)))
    told = problems_of_application(current_app._get_current_object(), error)  # type: ignore[attr-defined]
    if told:
        return _response(service.protocol.refuse(None, told))
    if current_app.debug or current_app.config.get("PROPAGATE_EXCEPTIONS"):
        raise error
    error_id = token_hex(8)
    logger.error("unexpected error %s on %s %s", error_id, request.method, request.path, exc_info=error)
    got_request_exception.send(current_app._get_current_object(), exception=error)  # type: ignore[attr-defined]
    detail = f"the server failed; its log tells more under {error_id}"
    return _response(service.protocol.refuse(None, (problem("internal-error", detail, id=error_id),)))


def _problem_of_http(error: HTTPException) -> Problem:
    status = error.code or 500
    headers = tuple((name, value) for name, value in error.get_headers() if name != "Content-Type")
    detail = _detail(error)
    return problem_of_status(status, detail, error.name, headers)


def _detail(error: HTTPException) -> str:
    match error:
        case MethodNotAllowed(valid_methods=methods) if methods:
            return f"{quote(request.method)} is not possible at {quote(request.path)}; allowed: {', '.join(methods)}"
        case NotFound() if request.routing_exception is error:
            return f"nothing is served at {quote(request.path)}"
        case _:
            return str(error.description or error.name)
