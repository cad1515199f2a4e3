"""`APIManager`: models in, a JSON API out.

The composition root: the only module that names concrete protocols.  All state belongs to one manager; nothing is
kept in a module, so that two managers, two applications or two APIs of one model never influence each other (C-7).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from functools import partial
from typing import Any

from flask import Blueprint, Flask

from .applications import check_open, register
from .arguments import check_arguments, check_place
from .calls import secrets_of
from .database.execution.executor import Executor
from .database.planning.planner import CacheInfo
from .endpoints import Service, add_routes, add_shared_route
from .lookup import in_todays_words, path_of
from .operations.idempotency import IdempotencyStore
from .operations.operators import own_operator
from .protocols.base import Protocol
from .protocols.classic import Classic
from .protocols.export import Exporting
from .protocols.jsonapi import JsonApi
from .schema.classic_options import ClassicOptions, processor_names
from .schema.exports import check_exports
from .schema.hooks import NO_HOOKS, Hooks
from .schema.introspect import Types, inspect_model
from .schema.options import IllegalArgumentError, Limits, Options
from .schema.registry import Registry
from .schema.resource import Resource
from .serialization import DefaultSerializer
from .serialization.registration import bind_own_objects, with_own_objects
from .sessions import CurrentSession, Sessions
from .shared_processors import Processors, joined_processors, merged_processors

PROTOCOLS: Mapping[str, Callable[[], Protocol]] = {"classic": Classic, "jsonapi": JsonApi}


class APIManager:
    """Makes APIs of SQLAlchemy models and serves them on a Flask application.

    `session` is a scoped_session, a sessionmaker, any function that gives a Session, or one Session;
    `flask_sqlalchemy_db` the `db` object of Flask-SQLAlchemy or Flask-SQLAlchemy-Lite.  One of them is needed.

    `url_prefix` is the path of all APIs that do not name their own.  `preprocessors` and `postprocessors` hold for
    every API, before its own.  `protocol` is the wire format of the APIs that do not name their own: `jsonapi`, or
    `classic` for that of Flask-Restless 0.6 to 0.17.  `atomic` says whether several writes may be sent at once, to
    `<url_prefix>/operations`.  `types` maps SQLAlchemy type classes to codecs of the application's own.  `limits`
    says how much one request may ask for.  `operators` are filter operators of the application's own.  `hooks` stand
    around those of every API.  `idempotency` is where the answers to requests with an `Idempotency-Key` are kept, such
    as an `IdempotencyTable`; without it the header is ignored.
    `cursor_secret` signs the cursors of pages; without it the application's `SECRET_KEY` does (and what
    `SECRET_KEY_FALLBACKS` lists is still understood), and without that a checksum.  `include_links`
    and `earlier_parameters` are the defaults of those options of the APIs.  `plan_cache_size` is the number of request
    shapes whose statements are kept.

    >>> manager = APIManager(app, session=Session)                          # doctest: +SKIP
    >>> manager.create_api(Person, methods=["GET", "POST", "PATCH", "DELETE"])  # doctest: +SKIP
    """

    def __init__(
        self,
        app: Flask | None = None,
        session: Any = None,
        flask_sqlalchemy_db: Any = None,
        preprocessors: Processors | None = None,
        postprocessors: Processors | None = None,
        url_prefix: str | None = None,
        protocol: str = "jsonapi",
        *,
        include_links: bool = True,
        earlier_parameters: bool = False,
        atomic: bool = True,
        types: Types | None = None,
        limits: Limits | None = None,
        operators: Mapping[str, Callable[..., Any]] | None = None,
        idempotency: IdempotencyStore | None = None,
        hooks: Hooks = NO_HOOKS,
        cursor_secret: str | bytes | None = None,
        plan_cache_size: int = 512,
    ) -> None:
        check_arguments(
            {
                "url_prefix": url_prefix,
                "include_links": include_links,
                "earlier_parameters": earlier_parameters,
                "atomic": atomic,
                "types": types,
                "limits": limits,
                "operators": operators,
                "idempotency": idempotency,
                "hooks": hooks,
                "cursor_secret": cursor_secret,
                "plan_cache_size": plan_cache_size,
            }
        )
        self._sessions = Sessions(session, flask_sqlalchemy_db)
        self._session = CurrentSession()
        self._executor = Executor(plan_cache_size)
        self._services = {
            name: Service(Exporting(make()), self._executor, self._sessions, self._session, idempotency)
            for name, make in PROTOCOLS.items()
        }
        self._registries = {name: Registry(limits, partial(secrets_of, cursor_secret)) for name in PROTOCOLS}
        for one in self._registries.values():
            one.sender = self
            one.peers.extend(other for other in self._registries.values() if other is not one)
        self._protocol = _known(protocol)
        self._url_prefix = "/api" if url_prefix is None else url_prefix
        self._defaults = {"include_links": include_links, "earlier_parameters": earlier_parameters}
        for name, function in (operators or {}).items():
            self.register_operator(name, function)
        self._preprocessors = joined_processors({}, preprocessors)
        self._postprocessors = joined_processors({}, postprocessors)
        self._types = types
        self._hooks = hooks
        self._atomic = atomic
        self._shared: set[tuple[str, str]] = set()
        self._apps: list[Flask] = []
        self._blueprints: list[Blueprint] = []
        if app is not None:
            self.init_app(app)

    def init_app(
        self,
        app: Flask,
        session: Any = None,
        flask_sqlalchemy_db: Any = None,
        preprocessors: Processors | None = None,
        postprocessors: Processors | None = None,
    ) -> None:
        """Serve every API of this manager on `app`: those created so far and those to come.

        What was not said to `APIManager` may be said here: where Sessions come from, and processors for APIs that
        are created later.
        """
        if not isinstance(app, Flask):
            raise IllegalArgumentError(f"{app!r} is no Flask application; say APIManager(app, session=...)")
        if app in self._apps:
            raise IllegalArgumentError("init_app was called for this application already")
        check_open([app])
        if session is not None or flask_sqlalchemy_db is not None:
            if self._sessions.is_told:
                raise IllegalArgumentError("this manager has a session already; give it once")
            self._sessions.use(session, flask_sqlalchemy_db)
        self._sessions.check()
        if (preprocessors or postprocessors) and self.resources:
            raise IllegalArgumentError("APIs have been created without these processors; give them to APIManager")
        self._preprocessors = joined_processors(self._preprocessors, preprocessors)
        self._postprocessors = joined_processors(self._postprocessors, postprocessors)
        app.extensions.setdefault("restless", []).append(self)
        self._apps.append(app)
        for blueprint in self._blueprints:
            register(app, blueprint)

    def create_api(
        self, model: type, *, app: Flask | None = None, protocol: str | None = None, **options: Any
    ) -> Blueprint:
        """Serve `model`: on `app`, else on every application of this manager, now or when `init_app` is called.

        `protocol` is the wire format, the manager's own if it is not given.  `options` are the fields of `Options`,
        or of `ClassicOptions`; IllegalArgumentError says which one is wrong, and the cure.
        """
        protocol = _known(protocol or self._protocol)
        if app is not None and not isinstance(app, Flask):
            raise IllegalArgumentError(f"{app!r} is no Flask application; leave app out, or give the application")
        if app is not None and self._apps and protocol == "classic":
            raise IllegalArgumentError("this manager has an application already; leave app out")
        resource = self._resource(model, options, protocol, self._apps if app is None else [*self._apps, app])
        blueprint = self._blueprint(f"{resource.name}api", resource, protocol)
        if app is not None:
            register(app, blueprint)
            return blueprint
        self._serve(blueprint)
        self._share(resource, protocol)
        return blueprint

    def _serve(self, blueprint: Blueprint) -> None:
        self._blueprints.append(blueprint)
        for app in self._apps:
            register(app, blueprint)

    def _share(self, resource: Resource, protocol: str) -> None:
        """Serve what belongs to a URL prefix as a whole, once, as soon as one of its APIs needs it."""
        prefix = resource.url_prefix
        service = self._services[protocol]
        for route in service.protocol.shared_routes(resource):
            place = (prefix, route.rule)
            unwanted = (route.endpoint == "operations" and not self._atomic) or not (prefix or route.rule)
            if place in self._shared or unwanted:
                continue
            self._shared.add(place)
            blueprint = Blueprint(route.endpoint, __name__, url_prefix=prefix or None)
            add_shared_route(blueprint, service, resource, route)
            self._serve(blueprint)

    def create_api_blueprint(
        self, name: str | type, model: type | None = None, *, protocol: str | None = None, **options: Any
    ) -> Blueprint:
        """Make the blueprint of an API of `model`, for the caller to register on an application.

        The name may be left out, as it was in Flask-Restless 0.17: `create_api_blueprint(Person)`.
        `url_prefix` is given here, whole: a blueprint that is then registered below another one is refused, since
        links would not know of it.
        """
        served = name if isinstance(name, type) else model
        if served is None:
            raise IllegalArgumentError("create_api_blueprint needs a model")
        options.pop("app", None)  # 0.17 wanted to know it; the manager's Sessions are all that is needed
        protocol = _known(protocol or self._protocol)
        resource = self._resource(served, options, protocol, self._apps)
        return self._blueprint(name if isinstance(name, str) else f"{resource.name}api", resource, protocol)

    def _resource(self, model: type, given: Mapping[str, Any], protocol: str, apps: Iterable[Flask]) -> Resource:
        if not isinstance(model, type):
            raise IllegalArgumentError(f"{model!r} is no class; create_api takes a SQLAlchemy model")
        registry = self._registries[protocol]
        options = self._options(model, given, protocol)
        check_exports(model, options)
        resource = inspect_model(model, options, registry, self._types)
        check_place(resource, self.resources, takes_batches=self._atomic and protocol != "classic")
        check_open(apps)
        try:
            registry.add(resource)
        except ValueError as error:
            raise IllegalArgumentError(str(error)) from None
        if protocol != "classic":
            bind_own_objects(resource)
        return resource

    def _options(self, model: type, given: Mapping[str, Any], protocol: str) -> Options:
        """Check the options of one API, in its protocol's words, and put the manager's processors before its own."""
        if given.get("url_prefix") is None and (protocol != "classic" or "url_prefix" not in given):
            given = {**given, "url_prefix": self._url_prefix}
        if protocol == "classic":
            options = ClassicOptions.checked(model, given)
        else:
            given = {**self._defaults, **with_own_objects(model, given, self._session)}
            options = Options.checked(model, given)
        if options.require_idempotency_key and self._services[protocol].idempotency is None:
            raise IllegalArgumentError(
                f"create_api({model.__name__}): require_idempotency_key needs a place for the answers; "
                "give APIManager(idempotency=IdempotencyTable(...))"
            )
        options = replace(
            options,
            preprocessors=merged_processors(model, "preprocessors", self._preprocessors, options, protocol),
            postprocessors=merged_processors(model, "postprocessors", self._postprocessors, options, protocol),
            hooks=self._hooks.around(options.hooks),
        )
        if protocol != "classic":
            return options
        return replace(
            options,
            preprocessors=processor_names(options.preprocessors),
            postprocessors=processor_names(options.postprocessors),
        )

    def _blueprint(self, name: str, resource: Resource, protocol: str) -> Blueprint:
        blueprint = Blueprint(name, __name__, url_prefix=resource.url_prefix or None)
        add_routes(blueprint, self._services[protocol], resource)
        return blueprint

    def register_operator(self, name: str, function: Callable[..., Any]) -> None:
        """Add a filter operator to every API of this manager, or replace one.

        `function(column, value)` gives the SQL condition; one that takes the column alone makes a unary operator.
        """
        operator = own_operator(name, function)
        for registry in self._registries.values():
            registry.add_operator(name, operator)

    def _find(self, model: type) -> Resource:
        """Find the first API of a model, in the manager's own protocol if it has one there; ValueError."""
        own = self._registries[self._protocol]
        for registry in (own, *own.peers):
            for resource in registry:
                if resource.model is model:
                    return resource
        return own.of_model(model)

    @property
    def resources(self) -> tuple[Resource, ...]:
        """Every API of this manager: in the order of creation, those of its own protocol first."""
        own = self._registries[self._protocol]
        return tuple(one for registry in (own, *own.peers) for one in registry)

    @property
    def plan_cache(self) -> CacheInfo:
        """How often a kept plan has served a request of this manager, and how many are kept."""
        return self._executor.planner.info()

    def url_for(
        self,
        model: type,
        resource_id: object = None,
        relation_name: str | None = None,
        related_resource_id: object = None,
        relationship: bool = False,
        **earlier: Any,
    ) -> str:
        """Give the path of an API's URL, below the application's root; ValueError if `model` has no API.

        The keywords of 0.17 (`instid`, `relationname`, `relationinstid`) are understood.
        """
        named = {"resource_id": resource_id, "relation_name": relation_name, "related_resource_id": related_resource_id}
        return path_of(self._find(model).url, relationship=relationship, **{**named, **in_todays_words(earlier)})

    def collection_name(self, model: type) -> str:
        """Give the collection's name of `model`, its JSON:API type; ValueError if it has no API."""
        return self._find(model).name

    def model_for(self, collection_name: str) -> type:
        """Give the model that is served under that name; ValueError if there is none."""
        for resource in self.resources:
            if resource.name == collection_name:
                return resource.model
        close = get_close_matches(collection_name, [one.name for one in self.resources], n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"there is no collection {collection_name!r}{hint}")

    def primary_key_for(self, model: Any) -> str:
        """Give the name of the attribute whose value is the `id` of a model's (or an instance's) resources.

        The names of a composite key are joined by commas.
        """
        resource = self._find(model if isinstance(model, type) else type(model))
        return ",".join(key.key for key in resource.identity.keys)

    def serializer_for(self, model: type) -> Any:
        """Give the serializer of a model's API: its own, or one that writes as the API itself does."""
        resource = self._find(model)
        if resource.options.serializer is not None:
            return resource.options.serializer
        serializer = DefaultSerializer(model)
        serializer.bind(resource)
        return serializer

    def resource_of(self, model: type) -> Resource:
        """Give the Resource of a model's first API; ValueError if it has none."""
        return self._find(model)

    def url_prefix_for(self, model: type) -> str:
        """Give the path below which a model is served; ValueError if it has no API."""
        return self._find(model).url_prefix

    def primary_key_value(self, instance: Any, as_string: bool = False) -> Any:
        """Give the value of the attribute that is an instance's `id` (a tuple if the key is composite), or its text."""
        identity = self._find(type(instance)).identity
        values = tuple(getattr(instance, key.key) for key in identity.keys)
        if as_string:
            return identity.text(values)
        return values[0] if len(values) == 1 else values

    def serialize_relationship(self, instance: Any) -> dict[str, str]:
        """Give the resource identifier of an instance."""
        name = self._find(type(instance)).name
        return {"type": name, "id": self.primary_key_value(instance, as_string=True)}

    @property
    def session(self) -> Any:
        """What Sessions come from, as it was handed in; None while nothing was."""
        given, database = self._sessions.given, self._sessions.database
        return database.session if given is None and database is not None else given

    @property
    def flask_sqlalchemy_db(self) -> Any:
        """The `db` object that was handed in, if one was."""
        return self._sessions.database

    @property
    def app(self) -> Flask | None:
        """The first application of this manager."""
        return next(iter(self._apps), None)

    @property
    def created_apis_for(self) -> Mapping[type, Resource]:
        """The first API of each model."""
        return {one.model: one for one in reversed(self.resources)}

    def blueprint_name(self, model: type) -> str:
        """Give the name of the blueprint of a model's first API; ValueError if it has none."""
        return self.api_name(self.collection_name(model))

    @staticmethod
    def api_name(collection_name: str) -> str:
        """Give the name of the blueprint of a collection's first API."""
        return f"{collection_name}api"


def _known(protocol: str) -> str:
    if protocol not in PROTOCOLS:
        raise IllegalArgumentError(f"there is no protocol {protocol!r}; protocols: {', '.join(sorted(PROTOCOLS))}")
    return protocol
