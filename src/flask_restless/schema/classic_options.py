"""The options of `create_api(..., protocol="classic")`: the keywords of Flask-Restless 0.6 to 0.17.

Two vocabularies live in one house.  `ClassicOptions` holds what was said in the classic one; `checked` translates it
into the `Options` that every other stage reads, which carry the classic ones along.  An option of `Options` that is
not superseded by a classic name is an option of classic APIs as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from sqlalchemy.orm import ColumnProperty, Mapper, QueryableAttribute

from .kinds import Convert, elements, flag, function, function_names, maker, methods, number
from .options import SUCCESSORS, IllegalArgumentError, Options

JSONAPI_ONLY = frozenset(
    {
        *SUCCESSORS.values(),
        "includes",
        "linkage",
        "include_links",
        "show_foreign_keys",
        "allow_to_many_replacement",
        "allow_delete_from_to_many_relationships",
        "serializer_class",
        "deserializer_class",
        "earlier_parameters",
    }
)
"""Options that say something about JSON:API documents alone."""

METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})
PROCESSORS = frozenset({"GET_SINGLE", "GET_MANY", "PATCH_SINGLE", "PATCH_MANY", "POST", "DELETE_SINGLE", "DELETE_MANY"})
PROCESSOR_ALIASES: Mapping[str, str] = MappingProxyType(
    {"PUT_SINGLE": "PATCH_SINGLE", "PUT_MANY": "PATCH_MANY", "DELETE": "DELETE_SINGLE"}
)
"""Other names of processors -> the one they go by here."""

Processors = Mapping[str, tuple[Callable[..., Any], ...]]


class IllegalArgumentTypeError(IllegalArgumentError, TypeError):
    """An option of `create_api` holds something of a kind that it cannot hold."""


@dataclass(frozen=True, slots=True)
class CallableSerializer:
    """A classic serializer, `f(instance) -> dict`, as the object that the rest of the house expects."""

    function: Callable[[Any], Any]

    def serialize(self, instance: Any, only: Any = None) -> Any:
        """Write an instance; the function knows no fieldsets."""
        return self.function(instance)


@dataclass(frozen=True, slots=True)
class CallableDeserializer:
    """A classic deserializer, `f(dict) -> instance`, as the object that the rest of the house expects."""

    function: Callable[[Any], Any]

    def deserialize(self, document: Any) -> Any:
        """Make an instance."""
        return self.function(document)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClassicOptions:
    """What `create_api(..., protocol="classic")` was told in the words of Flask-Restless 0.6 to 0.17."""

    methods: frozenset[str] = frozenset({"GET"})
    """HTTP methods to serve: any of GET, POST, PATCH, PUT, DELETE.  PUT does what PATCH does.  Default: GET only."""
    include_columns: tuple[str, ...] | None = None
    """The only fields to expose: names, mapped attributes, `relation.column`.  All others do not exist for clients."""
    exclude_columns: tuple[str, ...] = ()
    """Fields not to expose: names, mapped attributes, `relation.column`."""
    include_methods: tuple[str, ...] = ()
    """Methods without arguments and properties to send as well: names, `relation.method`."""
    results_per_page: int = 10
    """Objects on a page when the client does not say; 0 or less for all of them."""
    max_results_per_page: int = 100
    """Objects on a page at the most, whatever the client says; 0 or less switches paging off."""
    allow_patch_many: bool = False
    """Whether all objects that meet a filter may be changed at once."""
    allow_delete_many: bool = False
    """Whether all objects that meet a filter may be deleted at once."""
    allow_unfiltered_many: bool = False
    """Whether changing and deleting many may come without a filter, and then touches every object."""
    allow_functions: frozenset[str] = frozenset()
    """Whether functions are evaluated at `/eval/<collection>`: True for count, sum, avg, min and max, or a list."""
    allow_jsonp: bool = False
    """Whether answers are wrapped for `callback=...`, and so can be read by every page on the web."""
    allow_foreign_key_writes: bool = False
    """Whether clients may set foreign key columns; without it they set the relation."""
    related_without_api: bool = False
    """Whether related objects are shown whose model has no API."""
    post_form_preprocessor: Callable[[Any], Any] | None = None
    """A function to call last with the data of a POST, whose result, if there is one, takes their place."""
    authentication_required_for: frozenset[str] = frozenset()
    """HTTP methods for which `authentication_function` has to return a true value."""
    authentication_function: Callable[[], Any] | None = None
    """A function without arguments that tells whether the caller is known."""
    classic_version: str = "0.17"
    """The generation whose answers clients expect: `0.17`, or `0.6` for its leaner ones."""
    error_details: bool = False
    """Whether error bodies also have `errors`, a list with the code, detail and place of each problem."""

    @classmethod
    def checked(cls, model: type, given: Mapping[str, Any]) -> Options:
        """Make the options that `create_api(model, protocol="classic", **given)` asks for; IllegalArgumentError."""
        own = {one.name for one in fields(cls)}
        shared = {one.name for one in fields(Options) if one.metadata.get("keyword", True)} - JSONAPI_ONLY
        try:
            for name in given:
                if name not in own | shared:
                    raise IllegalArgumentError(_unknown(name, own | shared))
            classic = cls(**{name: _convert(name, value, model) for name, value in given.items() if name in own})
            classic._check()
            rest = {name: _shared(name, value) for name, value in given.items() if name in shared and name not in own}
        except IllegalArgumentError as error:
            raise type(error)(f"create_api({model.__name__}): {error}") from None
        return replace(Options.checked(model, {**classic.translated(), **rest}), classic=classic)

    def translated(self) -> dict[str, Any]:
        """Say in the words of `Options` what the other stages need to know."""
        largest = max(0, self.max_results_per_page)
        size = max(0, self.results_per_page)
        only = self.include_columns
        return {
            "methods": [("PATCH" if one == "PUT" else one) for one in self.methods],
            "only": None if only is None else [one for one in only if "." not in one],
            "exclude": [one for one in self.exclude_columns if "." not in one],
            "additional_attributes": [one for one in self.include_methods if "." not in one],
            "page_size": min(size, largest) if largest else size,
            "max_page_size": largest,
            "show_foreign_keys": True,
            "allow_to_many_replacement": True,
            "allow_delete_from_to_many_relationships": True,
        }

    def _check(self) -> None:
        if self.include_columns is not None and self.exclude_columns:
            raise IllegalArgumentError("give either include_columns or exclude_columns, not both")
        if self.authentication_required_for and self.authentication_function is None:
            raise IllegalArgumentError("authentication_required_for needs an authentication_function")
        if self.classic_version not in ("0.6", "0.17"):
            raise IllegalArgumentError(f"classic_version is {self.classic_version!r}; it is '0.17' or '0.6'")

    def nested(self, option: str, relation: str) -> tuple[str, ...]:
        """Give what `include_columns`, `exclude_columns` or `include_methods` names inside a relation."""
        prefix = f"{relation}."
        return tuple(one.removeprefix(prefix) for one in getattr(self, option) or () if one.startswith(prefix))

    def check_nested(self, mapper: Mapper[Any], relations: Mapping[str, type]) -> None:
        """Refuse dotted names that mean nothing; `relations` maps every relation to the model at its other end."""
        for option in ("include_columns", "exclude_columns", "include_methods"):
            for name in getattr(self, option) or ():
                relation, dot, inner = name.partition(".")
                if dot and not hasattr(relations.get(relation), inner):
                    raise IllegalArgumentError(
                        f"create_api({mapper.class_.__name__}): {option} names {name!r}, which does not exist; "
                        f"relations: {', '.join(sorted(relations)) or 'none'}"
                    )
                if option == "include_methods" and inner.startswith("_"):
                    raise IllegalArgumentError(
                        f"create_api({mapper.class_.__name__}): {option} names {name!r}; "
                        "private attributes are never sent"
                    )


def processor_names(processors: Processors) -> Processors:
    """Give every processor the one name it goes by here."""
    merged: dict[str, tuple[Callable[..., Any], ...]] = {}
    for name, functions in processors.items():
        known = PROCESSOR_ALIASES.get(name, name)
        merged[known] = merged.get(known, ()) + functions
    return MappingProxyType(merged)


def _unknown(name: str, known: Iterable[str]) -> str:
    names = {successor: classic for classic, successor in SUCCESSORS.items()}
    if name in names:
        return f"{name} is an option of the JSON:API protocol; did you mean {names[name]}?"
    if name in JSONAPI_ONLY:
        return f"{name} is an option of the JSON:API protocol; classic APIs have none of that kind"
    close = get_close_matches(name, known, n=1)
    hint = f"; did you mean {close[0]}?" if close else f"; there are {', '.join(sorted(known))}"
    return f"there is no option {name}{hint}"


def _shared(name: str, value: Any) -> Any:
    """Give options of both protocols the form that `Options` knows."""
    if name in ("serializer", "deserializer"):
        maker(name, value)
    if name == "serializer" and callable(value) and not hasattr(value, "serialize"):
        return CallableSerializer(value)
    if name == "deserializer" and callable(value) and not hasattr(value, "deserialize"):
        return CallableDeserializer(value)
    if name in ("preprocessors", "postprocessors"):
        for key in value if isinstance(value, Mapping) else ():
            if PROCESSOR_ALIASES.get(str(key).upper(), str(key).upper()) not in PROCESSORS:
                known = sorted(PROCESSORS | PROCESSOR_ALIASES.keys())
                raise IllegalArgumentError(f"{name} has the key {key!r}; processors are among {', '.join(known)}")
    return value


def _convert(name: str, value: Any, model: type) -> Any:
    convert = _CONVERT.get(name)
    if convert is not None:
        return convert(name, value)
    if name in ("include_columns", "exclude_columns"):
        return None if value is None and name == "include_columns" else _columns(name, value, model)
    return value


def _methods(name: str, value: Any) -> frozenset[str]:
    return methods(METHODS, "", name, () if value is None else value)


def _columns(name: str, value: Any, model: type) -> tuple[str, ...]:
    if isinstance(value, str) or (value is not None and not isinstance(value, Iterable)):
        raise IllegalArgumentTypeError(f"{name} is {value!r}; it is a list of columns, such as ['name']")
    return tuple(one if isinstance(one, str) else _column(one, model) for one in value or ())


def _column(attribute: Any, model: type) -> str:
    if not isinstance(attribute, QueryableAttribute) or not isinstance(
        getattr(attribute, "property", None), ColumnProperty
    ):
        raise IllegalArgumentTypeError(f"{attribute!r} is neither a string nor a mapped column such as Person.name")
    if attribute.class_ not in model.__mro__:
        raise IllegalArgumentError(f"{attribute} is a column of another model than {model.__name__}")
    return attribute.key


def _names(name: str, value: Any) -> tuple[str, ...]:
    found = elements(name, value, "['greeting']")
    for one in found:
        if not isinstance(one, str):
            raise IllegalArgumentError(f"{name} holds {one!r}; it is a list of names, such as ['greeting']")
    return found


def _size(name: str, value: Any) -> int:
    return 0 if value is None else number(name, value)


_CONVERT: Mapping[str, Convert] = MappingProxyType(
    {one.name: flag for one in fields(ClassicOptions) if isinstance(one.default, bool)}
    | {
        "methods": _methods,
        "include_methods": _names,
        "results_per_page": _size,
        "max_results_per_page": _size,
        "allow_functions": function_names,
        "post_form_preprocessor": function,
        "authentication_required_for": _methods,
        "authentication_function": function,
    }
)
