"""Flask views: a request becomes a Call, a Reply becomes a response.

All that is below an API's URL prefix is answered here, in its protocol's own kind of document, also what Flask's
routing refuses and what fails unexpectedly.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial, update_wrapper
from secrets import token_hex
from typing import Any

from flask import Flask, Response, current_app, got_request_exception, request, stream_with_context
from flask.blueprints import Blueprint, BlueprintSetupState
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, default_exceptions

from .answers import Answer, Fields
from .calls import asked_method, call_of, current_request
from .database.execution.executor import Executor
from .foreign_errors import is_foreign_refusal, problem_of_response, problem_of_status, problems_of_application
from .long_queries import FORM, QUERY
from .operations.exceptions import ProcessingException
from .operations.idempotency import IdempotencyStore
from .operations.problems import Problem, Rejected, problem, quote
from .pipeline import Exchange, respond
from .protocols.base import Call, Protocol, Reply, Route
from .schema.options import IllegalArgumentError
from .schema.resource import Resource
from .segments import is_doubtful, joined, may_hold_slashes, register_converter, split
from .sessions import CurrentSession, Sessions
from .streaming import Begun, Stream

logger = logging.getLogger("flask_restless")

STANDARD_METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", QUERY)


@dataclass(frozen=True, slots=True)
class Service:
    """What the views of one manager need: the wire format, the database wing, and where Sessions come from."""

    protocol: Protocol
    executor: Executor
    sessions: Sessions
    current: CurrentSession
    idempotency: IdempotencyStore | None = None

    def answer(self, call: Call) -> Reply:
        """Answer one call with a way to the database of its own, of which nothing is open any more at the end.

        A reply with a stream takes it along.
        """
        transaction = self.sessions.transaction(call.resource.registry.limits, self.executor.watchdog)
        token = self.current.variable.set(transaction)
        try:
            reply = respond(Exchange(call, self.protocol, self.executor, transaction, self.idempotency))
            if reply.stream is None:
                return reply
            transaction.is_prolonged = True
            return replace(reply, stream=Stream(reply, transaction))
        finally:
            self.current.variable.reset(token)
            if not transaction.is_prolonged:
                transaction.end()


def add_routes(blueprint: Blueprint, service: Service, resource: Resource) -> None:
    """Serve the URLs of one API on `blueprint`, and its protocol's refusals for everything else below its prefix."""
    for route in service.protocol.routes(resource):
        blueprint.add_url_rule(
            route.rule if route.from_prefix else f"/{resource.name}{route.rule}",
            route.endpoint,
            _named(partial(_view, service, resource, route)),
            methods=sorted(_routed(route.methods)),
            strict_slashes=True,
            provide_automatic_options=False,
        )
    if may_hold_slashes(resource):
        blueprint.record(register_converter)
        blueprint.add_url_rule(
            f"/{resource.name}/<restless_rest:rest>",
            "slashed",
            _named(partial(_slashed, service, resource)),
            methods=list(STANDARD_METHODS),
            provide_automatic_options=False,
        )
    _handle_errors(blueprint, service)
    blueprint.record(partial(_check_place, resource))
    blueprint.record_once(partial(_guard_prefix, service, resource))


def _check_place(resource: Resource, state: BlueprintSetupState) -> None:
    """Refuse a blueprint that is put below another prefix than its API knows: every link would lead nowhere."""
    if (state.url_prefix or "") != resource.url_prefix:
        raise IllegalArgumentError(
            f"the blueprint of {resource.model.__name__} is registered below {state.url_prefix!r}, but its links begin "
            f"with {resource.url_prefix!r}; give create_api_blueprint the whole url_prefix instead"
        )


def add_shared_route(blueprint: Blueprint, service: Service, resource: Resource, route: Route) -> None:
    """Serve one URL that all APIs of a prefix share; `resource` is one of them, and leads to the others."""
    view = _named(
        partial(_description if route.endpoint == "index" else _shared_view, service, resource, route.endpoint)
    )
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


def _routed(methods: frozenset[str]) -> frozenset[str]:
    """Give the methods to route to a view: where `QUERY` is served, `POST` may stand for it."""
    return methods | {"OPTIONS"} | ({"POST"} if QUERY in methods else set())


def _view(service: Service, resource: Resource, route: Route, **parts: str) -> Response:
    resource = _current(resource)
    relation = parts.get("relation")
    if relation is not None and may_hold_slashes(resource) and is_doubtful(resource, relation):
        return _slashed(service, resource, joined(route.endpoint, parts))
    return _answered(service, resource, route.endpoint, route.methods, parts)


def _answered(
    service: Service, resource: Resource, endpoint: str, methods: frozenset[str], parts: Mapping[str, str]
) -> Response:
    """Answer by the protocol, unless OPTIONS are asked for; a method that is not served is refused (J-9.2)."""
    asked = current_request()
    method = asked_method(asked)
    if method not in methods:
        if method == "OPTIONS":
            return _options(methods)
        if method != "HEAD" or "GET" not in methods:
            raise MethodNotAllowed(_allowed(methods))
    return _response(service.answer(call_of(asked, method, resource, endpoint, parts)))


def _shared_view(service: Service, resource: Resource, endpoint: str) -> Response:
    asked, resource = current_request(), _current(resource)
    return _response(service.answer(call_of(asked, asked_method(asked), resource, endpoint, {})))


def _options(methods: frozenset[str]) -> Response:
    response = current_app.response_class()
    response.allow.update(_allowed(methods))
    if QUERY in methods:
        response.headers["Accept-Query"] = FORM
    return _finished(response)


def _allowed(methods: frozenset[str]) -> list[str]:
    return sorted(methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set()))


def _description(service: Service, resource: Resource, endpoint: str) -> Response:
    """Serve what can be told without a Session."""
    asked = current_request()
    return _response(service.protocol.describe(call_of(asked, asked_method(asked), resource, endpoint, {})))


def _current(resource: Resource) -> Resource:
    """Give the resource as the caller may see it; what the rules raise refuses the request."""
    try:
        return resource.registry.current(resource)
    except ProcessingException as exception:
        raise Rejected(*exception.problems()) from exception


def _slashed(service: Service, resource: Resource, rest: str) -> Response:
    """Serve ids that hold slashes, or nothing (see `segments`)."""
    resource = _current(resource)
    endpoint, parts = split(resource, rest)
    allowed = frozenset(method for route in _routes(service, resource, endpoint) for method in route.methods)
    return _answered(service, resource, endpoint, allowed, parts)


def _routes(service: Service, resource: Resource, endpoint: str) -> list[Route]:
    return [route for route in service.protocol.routes(resource) if route.endpoint == endpoint]


def _response(reply: Reply) -> Response:
    if reply.stream is not None:
        return _streamed(reply)
    body = reply.body
    kind = current_app.response_class
    if body and kind is Response:
        return Answer(body, reply.status, reply.headers)
    response = kind(body, reply.status, Fields(reply.headers))
    if reply.status in (204, 304) and all(name != "Content-Type" for name, _ in reply.headers):
        del response.headers["Content-Type"]
    return response


def _streamed(reply: Reply) -> Response:
    """Answer while rows are read, and keep the contexts: their teardown functions close sessions.

    Flask enters them again only with the first piece, when they have ended already.  So that is asked for here.
    """
    pieces: Any = stream_with_context(reply.stream)  # type: ignore[arg-type]  # its stub knows text alone
    return current_app.response_class(Begun(pieces), reply.status, list(reply.headers))


def _finish_options(response: Response) -> Response:
    """Finish Flask's own answer to OPTIONS."""
    return _finished(response) if request.method == "OPTIONS" else response


def _finished(response: Response) -> Response:
    """Have an answer to OPTIONS vary like all others (J-2.3.8), and give no type to no body."""
    response.vary.add("Accept")
    if not response.content_length:
        del response.headers["Content-Type"]
    return response


class _Unrouted(HTTPException):
    """What routing refuses, with the answer to it.

    It has a handler of its own for `TRAP_HTTP_EXCEPTIONS`, by which Flask raises all that nobody handles.
    """


def _guard_prefix(service: Service, resource: Resource, state: BlueprintSetupState) -> None:
    """Answer routing's own refusals below the prefix; the application's error handlers keep all the rest.

    Below a collection its own protocol answers, elsewhere below a prefix the protocol of its first API.
    """
    extensions = state.app.extensions
    if "restless-prefixes" not in extensions:
        extensions["restless-prefixes"] = {}
        state.app.url_value_preprocessor(partial(_refuse_unrouted, extensions["restless-prefixes"]))
        state.app.register_error_handler(_Unrouted, lambda error: error.response)
        state.app.after_request(partial(_refuse_as_document, extensions["restless-prefixes"]))
    guarded: dict[str, Service] = extensions["restless-prefixes"]
    if resource.url_prefix:
        guarded.setdefault(resource.url_prefix, service)
        guarded.setdefault(resource.path, service)


def _guard(guarded: Mapping[str, Service]) -> Service | None:
    """Give the service that answers for the path of the request; None outside of every prefix."""
    path = request.path
    while path and path not in guarded:
        path = path.rpartition("/")[0]
    return guarded.get(path)


def _refuse_as_document(guarded: Mapping[str, Service], response: Response) -> Response:
    """Have a guard of the application, which came before ours, refuse in the protocol's own kind of document."""
    if response.status_code < 400 or (service := _guard(guarded)) is None:
        return response
    if not is_foreign_refusal(response, service.protocol.media_type):
        return response
    return _response(service.protocol.refuse(None, (problem_of_response(response),)))


def _refuse_unrouted(guarded: Mapping[str, Service], _endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Have the error that routing gave be answered in the protocol's own way, once no guard has refused before."""
    error = request.routing_exception
    if not isinstance(error, NotFound | MethodNotAllowed):
        return
    service = _guard(guarded)
    if service is None:
        return
    if isinstance(error, MethodNotAllowed):
        error = _exact(error)
    response = _response(service.protocol.refuse(None, (_problem_of_http(error),)))
    request.routing_exception = _Unrouted(response=response)


def _exact(error: MethodNotAllowed) -> MethodNotAllowed:
    """Name the methods that are served, without the `POST` that is routed only because it may stand for `QUERY`."""
    adapter = current_app.create_url_adapter(request)
    if adapter is None or not adapter.test(method="OPTIONS"):
        return error
    endpoint, _ = adapter.match(method="OPTIONS")
    view = current_app.view_functions[endpoint]
    route = next((one for one in getattr(view, "args", ()) if isinstance(one, Route)), None)
    return error if route is None else MethodNotAllowed(_allowed(route.methods))


def _on_error(service: Service, error: Exception) -> Response:
    """Turn what a view raised into the protocol's own refusal; a defect is logged under the id that is answered."""
    if isinstance(error, Rejected):
        return _response(service.protocol.refuse(None, error.problems))
    if isinstance(error, HTTPException):
        if error.response is not None:
            return error.response  # type: ignore[return-value]  # whatever the application aborted with
        return _response(service.protocol.refuse(None, (_problem_of_http(error),)))
    told = problems_of_application(_application(), error)
    if told:
        return _response(service.protocol.refuse(None, told))
    if current_app.debug or current_app.config.get("PROPAGATE_EXCEPTIONS"):
        raise error
    error_id = token_hex(8)
    logger.error("unexpected error %s on %s %s", error_id, request.method, request.path, exc_info=error)
    got_request_exception.send(_application(), exception=error)
    detail = f"the server failed; its log tells more under {error_id}"
    return _response(service.protocol.refuse(None, (problem("internal-error", detail, id=error_id),)))


def _application() -> Flask:
    application: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # the stub hides the proxy
    return application


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
