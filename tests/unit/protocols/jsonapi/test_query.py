"""Query strings: names, families, spellings, and which of them an endpoint takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_restless.operations.problems import Source
from flask_restless.protocols.jsonapi.query import LISTS, SINGLES, Query, read_query
from flask_restless.schema.options import Limits
from parsed import problem_of, refusal_of


def read(text: str, allowed: frozenset[str] = LISTS) -> Query:
    """Read a query string with the default limits."""
    return read_query(text, allowed, Limits())


GOOD = {
    "nothing": ("", Query()),
    "empty pieces": ("&&include=a&", Query(include="a")),
    "empty include": ("include=", Query(include="")),
    "include without value": ("include", Query(include="")),
    "plus is a space": ("include=a+b%2Bc", Query(include="a b+c")),
    "brackets in both spellings": ("page[size]=1&page%5Bnumber%5D=2", Query(page={"size": "1", "number": "2"})),
    "percent in lower case": ("page%5bsize%5d=1", Query(page={"size": "1"})),
    "fields": ("fields[a]=b,c&fields[d]=", Query(fields={"a": "b,c", "d": ""})),
    "value with equals sign": ("sort=a=b", Query(sort="a=b")),
    "filter": ("filter[a.b]=1&filter[c][gt]=2", Query(filters={("a.b",): "1", ("c", "gt"): "2"})),
    "filter by a field with a space": ("filter[first+name]=x", Query(filters={("first name",): "x"})),
    "not ASCII": ("filter[stra%C3%9Fe]=%C3%9F", Query(filters={("straße",): "ß"})),
    "custom": ("fooBar=1&foo_bar=1&utm-source=x&fooBar[comments][size]=2", Query()),
    "custom that look a little like ours": ("sortOrder=1&withCredentials=1&sort-by=x&pageToken=x", Query()),
    "of a path": (
        "includedPage[comments.author][size]=2&withCount=tags",
        Query(refinements={("includedPage", "comments.author", "size"): "2", ("withCount",): "tags"}),
    ),
    "repeated custom": ("fooBar=1&fooBar=2", Query()),
}


@pytest.mark.parametrize(("text", "expected"), GOOD.values(), ids=GOOD)
def test_query_means(text: str, expected: Query) -> None:
    """J-6.1, J-8.1 to J-8.4, J-6.3.5."""
    assert read(text) == expected


BAD = {
    "unknown": ("foo=1", "unknown-parameter", "foo"),
    "unknown family": ("foo[bar]=1", "unknown-parameter", "foo[bar]"),
    "misspelled": ("inclde=x", "unknown-parameter", "inclde"),
    "generations before": ("group=a", "unknown-parameter", "group"),
    "JSONP": ("callback=alert", "unknown-parameter", "callback"),
    "underscore alone": ("_=1", "unknown-parameter", "_"),
    "empty name": ("=1", "unknown-parameter", ""),
    "extension": ("foo:bar=1", "unknown-parameter", "foo:bar"),
    "dollar": ("$filter=1", "unknown-parameter", "$filter"),
    "illegal member": ("filter[_]=1", "unknown-parameter", "filter[_]"),
    "operator that is no name": ("filter[a][%3E%3D]=1", "unknown-parameter", "filter[a][>=]"),
    "open bracket": ("filter[a=1", "unknown-parameter", "filter[a"),
    "wrong brackets": ("filter]x[=1", "unknown-parameter", "filter]x["),
    "text after brackets": ("page[size]x=1", "unknown-parameter", "page[size]x"),
    "fields without a type": ("fields=a", "invalid-parameter", "fields"),
    "fields of nothing": ("fields[]=a", "invalid-parameter", "fields[]"),
    "fields of two": ("fields[a][b]=a", "invalid-parameter", "fields[a][b]"),
    "page without a member": ("page=1", "invalid-parameter", "page"),
    "include with a member": ("include[x]=y", "invalid-parameter", "include[x]"),
    "sort with a member": ("sort[x]=y", "invalid-parameter", "sort[x]"),
    "filter without a path": ("filter=x", "invalid-parameter", "filter"),
    "filter of nothing": ("filter[]=x", "invalid-parameter", "filter[]"),
    "filter of three": ("filter[a][b][c]=x", "invalid-parameter", "filter[a][b][c]"),
    "twice": ("sort=a&sort=b", "invalid-parameter", "sort"),
    "twice in two spellings": ("page[size]=1&page%5Bsize%5D=1", "invalid-parameter", "page[size]"),
    "broken percent": ("sort=%zz", "invalid-parameter", "sort"),
    "percent at the end": ("sort=100%", "invalid-parameter", "sort"),
    "invalid UTF-8": ("sort=%ff", "invalid-parameter", "sort"),
    "overlong": ("sort=%c0%af", "invalid-parameter", "sort"),
    "surrogate": ("sort=%ed%a0%80", "invalid-parameter", "sort"),
    "NUL": ("sort=%00", "invalid-parameter", "sort"),
    "raw bytes": ("sort=\xff", "invalid-parameter", "sort"),
}


@pytest.mark.parametrize(("text", "code", "name"), BAD.values(), ids=BAD)
def test_query_is_refused(text: str, code: str, name: str) -> None:
    """J-6.1.2, J-6.3.4, J-7.2.10, T10, T29, T35."""
    problem = problem_of(read, text)

    assert (problem.code, problem.status, problem.source) == (code, 400, Source(parameter=name))


def test_refusal_of_a_misspelled_parameter_helps() -> None:
    """House style, errors."""
    assert 'did you mean "include"' in str(problem_of(read, "inclde=x").detail)


NEARLY_OURS = {
    "Filter[name]=x": 'did you mean "filter"?',
    "filterBy=x": 'did you mean "filter"?',
    "includedFilters[a][b]=x": 'did you mean "includedFilter"?',
    "includePage[a][size]=2": 'did you mean "includedPage"?',
    "includedpage[a][size]=2": 'did you mean "includedPage"?',
    "excluded_fields[a]=b": 'did you mean "excludedFields"?',
    "sortNull[a]=last": 'did you mean "sortNulls"?',
    "groupby=a": 'did you mean "groupBy"?',
    "ignoreCases=true": 'did you mean "ignoreCase"?',
    "withcount=a": 'did you mean "withCount"?',
    "withLink=none": 'did you mean "withLinks"?',
    "page_size=3": "send page[size]=10",
    "pageNumber=3": "send page[number]=2",
    "results_per_page=3": "send page[size]=10",
    "q={}": "send filter[objects]",
}


@pytest.mark.parametrize(("text", "cure"), NEARLY_OURS.items(), ids=NEARLY_OURS)
def test_misspelled_parameters_of_ours_are_refused(text: str, cure: str) -> None:
    """C-2: a filter with a typing error must not return everything."""
    problem = problem_of(read, text)

    assert problem.code == "unknown-parameter"
    assert cure in str(problem.detail)


@pytest.mark.parametrize("text", ["sort=a", "page[size]=1", "filter[a]=1"])
def test_family_that_makes_no_sense_here_is_refused(text: str) -> None:
    """J-4.3.3, J-4.5.5: never silently ignored."""
    assert problem_of(read, text, SINGLES).code == "unknown-parameter"
    assert problem_of(read, text, frozenset()).code == "unknown-parameter"


def test_number_of_parameters_is_limited() -> None:
    """T29: a hundred, whatever they are called."""
    read("&".join(f"x{n}=1" for n in range(100)))

    assert problem_of(read, "&".join(f"x{n}=1" for n in range(101))).code == "limit-exceeded"


@given(st.text(st.characters(max_codepoint=255), max_size=60) | st.text("filterpage[]%=&+.,_-x0ß", max_size=40))
def test_any_query_is_read_or_refused(text: str) -> None:
    """J-9.8."""
    assert {one.status for one in refusal_of(read, text)} <= {400}
