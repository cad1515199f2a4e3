"""Functions over a collection, at `/eval/<collection>?functions=[...]` (lineage 3.3).

The URL is no JSON:API resource, so that its answer, `{"data": [values in order]}`, is plain `application/json`, and
`functions` may be called what it always was.  Errors are JSON:API error documents.
"""

from __future__ import annotations

from difflib import get_close_matches
from urllib.parse import unquote_plus

from ...operations.functions import function_term
from ...operations.json_text import read_json
from ...operations.operation import Aggregate
from ...operations.problems import Source, did_you_mean, quote, reject
from ...operations.selection import Fields, Selection
from ...schema.resource import Resource

FUNCTIONS = Source(parameter="functions")
FILTERS = frozenset({"filter"})


def split_query(query: str) -> tuple[str, str]:
    """Give the text of `functions`, and the query string without it.

    Rejected (`invalid-parameter`, `unknown-parameter` for a misspelt name).
    """
    found: list[str] = []
    rest: list[str] = []
    for piece in query.split("&"):
        name, _, value = piece.partition("=")
        if unquote_plus(name) == "functions":
            found.append(unquote_plus(value))
        else:
            rest.append(piece)
    names = [unquote_plus(piece.partition("=")[0]) for piece in rest]
    if not found and (meant := get_close_matches("functions", names, n=1)):
        detail = f'there is no query parameter {quote(meant[0])}; did you mean "functions"?'
        raise reject("unknown-parameter", detail, Source(parameter=meant[0]))
    if len(found) != 1:
        detail = 'name the functions once: functions=[{"name": "count", "field": "id"}]'
        raise reject("invalid-parameter", detail, FUNCTIONS)
    return found[0], "&".join(rest)


def read_functions(resource: Resource, text: str) -> Aggregate:
    """Bind the functions, in their order; Rejected (`invalid-parameter`, `limit-exceeded`)."""
    limits = resource.registry.limits
    given = read_json(text, depth=limits.json_depth, source=FUNCTIONS, what="functions")
    if not isinstance(given, list):
        detail = 'functions is a list of objects such as {"name": "sum", "field": "age"}'
        raise reject("invalid-parameter", detail, FUNCTIONS)
    if len(given) > limits.filter_terms:
        raise reject("limit-exceeded", f"a request evaluates at most {limits.filter_terms} functions", FUNCTIONS)
    allowed = resource.options.allow_functions
    terms = tuple(function_term(resource, one, allowed, FUNCTIONS, did_you_mean) for one in given)
    return Aggregate(Selection(resource, (Fields(resource, (), ()),)), terms)
