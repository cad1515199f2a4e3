"""The options of `create_api`: checked once, at registration, with the cure in the message.

Each option is a field of `Options` with a default and a docstring; the keywords of `create_api` are exactly these
fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .classic_options import ClassicOptions

from . import kinds
from .hooks import NO_HOOKS, Hooks
from .limits import Limits as Limits
from .names import IllegalArgumentError as IllegalArgumentError
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

EXPORTS = ("csv", "ndjson")
"""The formats in which whole lists may be exported."""


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
        known = {one.name for one in fields(cls) if one.metadata.get("keyword", True)}
        for name in given:
            if name not in known:
                close = [SUCCESSORS[name]] if name in SUCCESSORS else get_close_matches(name, known, n=1)
                hint = f"; did you mean {close[0]}?" if close else f"; there are {', '.join(sorted(known))}"
                raise IllegalArgumentError(f"create_api({model.__name__}): there is no option {name}{hint}")
        try:
            options = cls(**{name: _CONVERT.get(name, kinds.same)(name, value) for name, value in given.items()})
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


def check_names(where: str, given: Iterable[str], known: frozenset[str]) -> None:
    """Refuse processors that would never run (C-8); IllegalArgumentError."""
    for name in given:
        if name.upper() not in known:
            close = get_close_matches(name.upper(), known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(sorted(known))}"
            raise IllegalArgumentError(f"{where} has the key {name!r}, which never runs; {hint}")


_CONVERT: Mapping[str, kinds.Convert] = MappingProxyType(
    {one.name: kinds.flag for one in fields(Options) if isinstance(one.default, bool)}
    | {
        "methods": partial(kinds.methods, METHODS, " in JSON:API"),
        "collection_name": kinds.text,
        "url_prefix": kinds.prefix,
        "only": kinds.optional_names,
        "exclude": kinds.names,
        "additional_attributes": kinds.names,
        "includes": kinds.names,
        "page_size": kinds.number,
        "max_page_size": kinds.number,
        "primary_key": kinds.field,
        "allow_functions": kinds.function_names,
        "exports": partial(kinds.exports, EXPORTS),
        "max_export_rows": kinds.number,
        "preprocessors": kinds.processors,
        "postprocessors": kinds.processors,
        "validation_exceptions": kinds.exceptions,
        "rules": partial(kinds.instance, Rules, "Rules(readable=['name'])"),
        "hooks": partial(kinds.instance, Hooks, "Hooks(before=check)"),
    }
)
