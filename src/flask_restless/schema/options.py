"""The options of `create_api`: checked once, at registration, with the cure in the message.

Each option is a field of `Options` with a default and a docstring; the keywords of `create_api` are exactly these
fields.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .classic_options import ClassicOptions

from .hooks import NO_HOOKS, Hooks
from .names import IllegalArgumentError as IllegalArgumentError
from .names import field_names as _names
from .rules import NO_RULES, Rules

METHODS = frozenset({"GET", "POST", "PATCH", "DELETE"})
"""The HTTP methods that an API may allow (HEAD and OPTIONS come with GET)."""

PREPROCESSORS = frozenset(
    {
        "GET_COLLECTION",
        "GET_RESOURCE",
        "GET_RELATION",
        "GET_RELATED_RESOURCE",
        "GET_RELATIONSHIP",
        "POST_RESOURCE",
        "POST_RELATIONSHIP",
        "PATCH_RESOURCE",
        "PATCH_RELATIONSHIP",
        "DELETE_RESOURCE",
        "DELETE_RELATIONSHIP",
    }
)
POSTPROCESSORS = PREPROCESSORS - {"GET_RELATION", "GET_RELATIONSHIP"} | {
    "GET_TO_MANY_RELATION",
    "GET_TO_ONE_RELATION",
    "GET_TO_MANY_RELATIONSHIP",
    "GET_TO_ONE_RELATIONSHIP",
}
"""The names of processors in JSON:API; those of relations are told apart once it is known what is there."""

FUNCTIONS = frozenset({"count", "sum", "avg", "min", "max"})
"""What may be evaluated where `allow_functions` is simply True."""

EXPORTS = ("csv", "ndjson")
"""The formats in which whole lists may be exported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one request may ask for; each is refused with a 4xx before any statement runs (threats T20 to T32).

    The last ones show while statements run: too many related rows are a 400, what takes too long is a 503 (T60).
    """

    include_depth: int = 3
    """Relationships in one include path."""
    include_paths: int = 20
    """Distinct include paths, prefixes counted."""
    linkages: int = 50
    """Relationships whose linkage is read for one request beside those that are included."""
    filter_terms: int = 100
    """Conditions in one filter."""
    filter_depth: int = 20
    """Conditions inside conditions."""
    list_length: int = 1000
    """Values in one list of a filter."""
    pattern_length: int = 256
    """Characters in a LIKE pattern."""
    pattern_wildcards: int = 10
    """`%` and `_` in a LIKE pattern."""
    sort_keys: int = 10
    """Terms of one sort."""
    offset: int = 1_000_000
    """Rows that a page may skip."""
    body_bytes: int = 2 * 1024 * 1024
    """Bytes of a request body."""
    json_depth: int = 64
    """Arrays and objects inside each other, in a body or a parameter."""
    members: int = 1000
    """Members of one object, and targets of one relationship, in a document."""
    parameters: int = 100
    """Query parameters of one request."""
    operations: int = 1000
    """Operations of one atomic batch."""
    many: int = 1000
    """Rows that one request may change or delete by a filter."""
    included: int = 10_000
    """Related rows in one answer: those of included resources, and those read for linkage."""
    statement_seconds: float | None = 20.0
    """Seconds that a statement may take; None for no limit."""
    export_seconds: float | None = 600.0
    """Seconds that an export's statement may take on MySQL and MariaDB, where the clock runs while clients read."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Options:
    """What `create_api` was told about one API."""

    methods: frozenset[str] = frozenset({"GET"})
    """HTTP methods to serve: any of GET, POST, PATCH, DELETE.  Default: GET only."""
    collection_name: str | None = None
    """Name of the collection in URLs, and the type of its resources.  Default: the table's name."""
    url_prefix: str = "/api"
    """Path below which the API is served.  Default: the manager's, else `/api`."""
    only: tuple[str, ...] | None = None
    """Names of the only fields to expose.  What is left out cannot be read, written, filtered or sorted by."""
    exclude: tuple[str, ...] = ()
    """Names of fields not to expose at all."""
    additional_attributes: tuple[str, ...] = ()
    """Names of further attributes of the model class to send: properties, methods without arguments."""
    page_size: int = 10
    """Resources on a page when the client does not say."""
    max_page_size: int = 100
    """Resources on a page at the most; 0 for no limit."""
    primary_key: str | None = None
    """Attribute whose value is the `id`.  Default: the mapped primary key."""
    includes: tuple[str, ...] = ()
    """Relationship paths to include when the client does not say."""
    validation_exceptions: tuple[type[Exception], ...] = ()
    """Exceptions of the model's own validation, answered with 400 and one error per field."""
    allow_client_generated_ids: bool = False
    """Whether a client may choose the id of a resource that it creates."""
    allow_to_many_replacement: bool = False
    """Whether a client may replace a to-many relationship as a whole."""
    allow_delete_from_to_many_relationships: bool = False
    """Whether a client may remove members of a to-many relationship."""
    allow_nested_writes_anywhere: bool = False
    """Whether related rows in a document may be created and changed although their own APIs allow no POST or PATCH."""
    require_if_match: bool = False
    """Whether who changes, relates or deletes a resource must say by `If-Match` which state of it is meant."""
    tag_lists: bool = False
    """Whether lists have an `ETag` for everybody: a digest of the answer's bytes, about 0.7 ms for a megabyte."""
    require_idempotency_key: bool = False
    """Whether who creates a resource must send an `Idempotency-Key`; needs `APIManager(idempotency=...)`."""
    preprocessors: Mapping[str, tuple[Callable[..., Any], ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Functions to call before a request is carried out, by processor name."""
    postprocessors: Mapping[str, tuple[Callable[..., Any], ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Functions to call with the answer, before commit, by processor name."""
    serializer: Any = None
    """A `Serializer`, or any object with `serialize(instance, only=None)`: makes the resource objects."""
    serializer_class: Any = None
    """The same as a class, called with the keywords `only`, `exclude` and `additional_attributes`."""
    deserializer: Any = None
    """A `Deserializer`, or any object with `deserialize(document)`: makes the new instances."""
    deserializer_class: Any = None
    """The same as a class, called as `cls(session, model, allow_client_generated_ids=...)`."""
    allow_non_primary_key_id: bool = True
    """Whether `primary_key` may name an attribute that is no part of the mapped key."""
    linkage: str = "included"
    """To-many linkage: `included` sends it for included relationships only, `always` for all of them."""
    include_links: bool = True
    """Whether resource objects and relationships carry `links`."""
    show_foreign_keys: bool = False
    """Whether foreign key columns are shown as (read-only) attributes."""
    rules: Rules = NO_RULES
    """Which rows exist for a caller, and which operations and fields it may use: a `Rules` value."""
    model_query: bool = True
    """Whether rows that the model's own `query` leaves out (soft deletion, say) do not exist for clients."""
    hooks: Hooks = NO_HOOKS
    """Functions to call before and after each operation, inside the transaction: a `Hooks` value."""
    allow_functions: frozenset[str] = frozenset()
    """Whether functions are evaluated at `/eval/<collection>`: True for count, sum, avg, min and max, or a list."""
    earlier_parameters: bool = False
    """Whether `group`, `ignorecase`, `sort=0`, `page[size]=0`, `filter[name]=a,b` mean what they did before 2.0."""
    allow_jsonp: bool = False
    """Whether answers are wrapped for `callback=...`, and so can be read by every page on the web."""
    classic: ClassicOptions | None = field(default=None, metadata={"keyword": False})
    """What was said in the classic vocabulary, where the API speaks the classic protocol; no keyword."""
    exports: tuple[str, ...] = ()
    """Formats in which whole lists may be exported: any of `csv` and `ndjson`; True for all.  Default: none."""
    max_export_rows: int = 0
    """Rows of one export at the most; a longer list is refused.  0 for no limit."""
    csv_formulas: bool = False
    """Whether texts in CSV may begin like a formula of a spreadsheet; otherwise an apostrophe is put before them."""

    @classmethod
    def checked(cls, model: type, given: Mapping[str, Any]) -> Options:
        """Make the options that `create_api(model, **given)` asks for; IllegalArgumentError says what is wrong."""
        names = {one.name for one in fields(cls) if one.metadata.get("keyword", True)}
        for name in given:
            if name not in names:
                close = [SUCCESSORS[name]] if name in SUCCESSORS else get_close_matches(name, names, n=1)
                hint = f"; did you mean {close[0]}?" if close else f"; there are {', '.join(sorted(names))}"
                raise IllegalArgumentError(f"create_api({model.__name__}): there is no option {name}{hint}")
        try:
            options = cls(**{name: _CONVERT.get(name, _same)(value) for name, value in given.items()})
            options._check()
        except IllegalArgumentError as error:
            raise IllegalArgumentError(f"create_api({model.__name__}): {error}") from None
        return options

    def _check(self) -> None:
        if self.only is not None and self.exclude:
            raise IllegalArgumentError("give either only or exclude, not both")
        if clash := set(self.exclude) & set(self.additional_attributes):
            raise IllegalArgumentError(f"{sorted(clash)[0]!r} is in additional_attributes and in exclude; drop one")
        if self.collection_name == "":
            raise IllegalArgumentError("collection_name is empty; leave it out to use the table's name")
        if self.linkage not in {"included", "always"}:
            raise IllegalArgumentError(f"linkage is {self.linkage!r}; it is 'included' or 'always'")
        if self.page_size < 0 or self.max_page_size < 0:
            raise IllegalArgumentError("page_size and max_page_size are numbers of resources, 0 or more")
        if self.max_export_rows < 0:
            raise IllegalArgumentError("max_export_rows is a number of rows, or 0 for no limit")
        if self.max_page_size and self.page_size > self.max_page_size:
            raise IllegalArgumentError(
                f"page_size ({self.page_size}) is above max_page_size ({self.max_page_size}); raise max_page_size too"
            )


SUCCESSORS: Mapping[str, str] = MappingProxyType(
    {
        "include_columns": "only",
        "exclude_columns": "exclude",
        "include_methods": "additional_attributes",
        "results_per_page": "page_size",
        "max_results_per_page": "max_page_size",
    }
)
"""Option of the classic protocol -> the one that means the same here."""


def _same(value: Any) -> Any:
    return value


def _methods(value: Any) -> frozenset[str]:
    if isinstance(value, str):
        raise IllegalArgumentError(f"methods is a list of names, such as [{value!r}], not a string")
    methods = frozenset(str(one).upper() for one in value)
    if unknown := methods - METHODS:
        raise IllegalArgumentError(
            f"there is no method {sorted(unknown)[0]} in JSON:API; methods are among {', '.join(sorted(METHODS))}"
        )
    return methods


def _optional_names(value: Any) -> tuple[str, ...] | None:
    return None if value is None else _names(value)


def _names_or_none(value: Any) -> tuple[str, ...]:
    return () if value is None else _names(value)


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise IllegalArgumentError(f"{value!r} must be a whole number")
    return value


def _export_names(value: Any) -> tuple[str, ...]:
    names = EXPORTS if value is True else _names(value or ())
    if unknown := sorted(set(names) - set(EXPORTS)):
        raise IllegalArgumentError(f"there is no export {unknown[0]!r}; exports are among {', '.join(EXPORTS)}")
    return names


def _prefix(value: Any) -> str:
    if not isinstance(value, str) or (value and not value.startswith("/")):
        raise IllegalArgumentError(f"url_prefix is {value!r}; it is a path such as '/api', or ''")
    return value.rstrip("/")


def _processors(value: Any) -> Mapping[str, tuple[Callable[..., Any], ...]]:
    merged: dict[str, tuple[Callable[..., Any], ...]] = {}
    for name, functions in (value or {}).items():
        functions = (functions,) if callable(functions) else tuple(functions or ())
        for function in functions:
            if not callable(function):
                raise IllegalArgumentError(f"the processor {function!r} of {name} is not callable")
        merged[name.upper()] = merged.get(name.upper(), ()) + functions
    return MappingProxyType(merged)


def _rules(value: Any) -> Rules:
    if not isinstance(value, Rules):
        raise IllegalArgumentError(f"rules is {value!r}; it is a Rules value, such as Rules(readable=['name'])")
    return value


def _hooks(value: Any) -> Hooks:
    if not isinstance(value, Hooks):
        raise IllegalArgumentError(f"hooks is {value!r}; it is a Hooks value, such as Hooks(before=check)")
    return value


def check_names(where: str, given: Iterable[str], known: frozenset[str]) -> None:
    """Refuse processors that would never run (C-8); IllegalArgumentError."""
    for name in given:
        if name.upper() not in known:
            close = get_close_matches(name.upper(), known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(sorted(known))}"
            raise IllegalArgumentError(f"{where} has the key {name!r}, which never runs; {hint}")


def _exceptions(value: Any) -> tuple[type[Exception], ...]:
    given = (value,) if isinstance(value, type) else tuple(value or ())
    for one in given:
        if not (isinstance(one, type) and issubclass(one, Exception)):
            raise IllegalArgumentError(f"validation_exceptions holds {one!r}, which is not an exception class")
    return given


def function_names(value: Any) -> frozenset[str]:
    """Read `allow_functions`; IllegalArgumentError if it holds what is not the name of an SQL function."""
    if isinstance(value, bool) or value is None:
        return FUNCTIONS if value else frozenset()
    if isinstance(value, str):
        raise IllegalArgumentError(f"allow_functions is True or a list of names, such as [{value!r}]")
    names = tuple(value)
    for name in names:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", str(name)):
            raise IllegalArgumentError(f"allow_functions names {name!r}, which is not the name of an SQL function")
    return frozenset(names)


_CONVERT: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "methods": _methods,
        "only": _optional_names,
        "exclude": _names_or_none,
        "additional_attributes": _names_or_none,
        "includes": _names_or_none,
        "page_size": _number,
        "max_page_size": _number,
        "url_prefix": _prefix,
        "allow_functions": function_names,
        "exports": _export_names,
        "max_export_rows": _number,
        "preprocessors": _processors,
        "postprocessors": _processors,
        "validation_exceptions": _exceptions,
        "rules": _rules,
        "hooks": _hooks,
    }
)
