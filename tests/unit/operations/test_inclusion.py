"""Include paths and fieldsets: what a selection holds, and what is refused before any SQL."""

from __future__ import annotations

import time

import pytest

from flask_restless.operations.inclusion import (
    declared,
    default_tree,
    fieldset,
    include_tree,
    linkage_selection,
    selection,
)
from flask_restless.operations.problems import Source
from flask_restless.operations.selection import Selection
from flask_restless.schema.options import Limits
from parsed import problem_of, resource_of

SOURCE = Source(parameter="include")
BOOK = resource_of("books")


def names_of(chosen: Selection) -> dict[str, object]:
    """Give the shown branches of a selection as nested names."""
    return {one.relationship.name: names_of(one.selection) for one in chosen.branches if one.shown}


def test_paths_make_one_tree() -> None:
    """J-4.3.9: intermediate resources are included; T21: paths are merged."""
    tree = include_tree(BOOK, ["publisher.country", "publisher", "authors", "publisher.books"], SOURCE)

    assert tree == {"publisher": {"country": {}, "books": {}}, "authors": {}}


@pytest.mark.parametrize(
    "path", ["", "nosuch", "title", "publisher.nosuch", "publisher.", ".publisher", "publisher..books", "Publisher"]
)
def test_unknown_path_is_refused(path: str) -> None:
    """J-4.3.8, J-3.11.1."""
    problem = problem_of(include_tree, BOOK, ["authors", path], SOURCE)

    assert (problem.code, problem.status, problem.source) == ("invalid-include", 400, SOURCE)


def test_refusal_helps() -> None:
    """House style, errors: the nearest exposed name."""
    assert 'did you mean "publisher"' in str(problem_of(include_tree, BOOK, ["publsher"], SOURCE).detail)


def test_depth_and_number_are_limited() -> None:
    """T20, T21: three deep, twenty paths, prefixes counted."""
    book = resource_of("books", Limits(include_paths=2))

    include_tree(BOOK, ["publisher.books.publisher"], SOURCE)
    include_tree(book, ["publisher.books"] * 50, SOURCE)

    assert problem_of(include_tree, BOOK, ["publisher.books.publisher.books"], SOURCE).code == "limit-exceeded"
    assert problem_of(include_tree, book, ["publisher.books", "authors"], SOURCE).code == "limit-exceeded"


def test_a_long_path_costs_nothing() -> None:
    """T20: decided in proportion to its length."""
    path = ".".join(["publisher", "books"] * 100_000)

    started = time.process_time()
    problem_of(include_tree, BOOK, [path], SOURCE)

    assert time.process_time() - started < 0.2


def test_relationships_of_subtypes_can_be_included() -> None:
    """C-12: what only some of the rows have is included for those; once, where a sub-subtype inherits it."""
    people = resource_of("people")

    chosen = selection(people, include_tree(people, ["events", "orders.lines"], SOURCE), {})

    owners = {one.relationship.name: one.owner.name for one in chosen.branches if one.owner}
    assert names_of(chosen) == {"events": {}, "orders": {"lines": {}}}
    assert owners == {"events": "employees", "orders": "customers"}
    assert chosen.fields[0].resource is people
    assert {one.resource.name for one in chosen.fields} >= {"customers", "employees", "managers"}


def test_inherited_relationship_is_one_branch() -> None:
    """A subtype sees its superclass's relationship under a value of its own."""
    payments = resource_of("payments")

    assert [owner.name for owner, _ in declared(payments, "order")] == ["payments"]


def test_fields_without_fieldset_leave_deferred_attributes_out() -> None:
    """Performance 1: only what is sent is selected."""
    (fields, *_) = selection(BOOK, {}, {}).fields

    names = [one.name for one in fields.attributes]
    assert "title" in names
    assert "description" not in names
    assert [one.name for one in fields.relationships] == list(BOOK.relationships)


def test_fieldset_restricts_attributes_and_relationships_wherever_the_type_stands() -> None:
    """J-4.4.2, J-4.4.4."""
    chosen = selection(BOOK, {"publisher": {"books": {}}}, {"books": ("description", "tags"), "publishers": ()})

    nodes = list(chosen.walk())
    books = [one.fields[0] for one in nodes if one.resource is BOOK]
    assert len(books) == 2
    for fields in books:
        assert [one.name for one in fields.attributes] == ["description"]
        assert [one.name for one in fields.relationships] == ["tags"]
    assert nodes[1].fields[0].attributes == nodes[1].fields[0].relationships == ()


def test_inclusion_survives_a_fieldset_without_the_relationship() -> None:
    """J-4.4.7."""
    chosen = selection(BOOK, {"publisher": {}}, {"books": ("title",)})

    assert names_of(chosen) == {"publisher": {}}
    assert chosen.fields[0].relationships == ()


def test_linkage_is_read_for_included_relationships_only() -> None:
    """Performance 6."""
    assert selection(BOOK, {}, {}).branches == ()


def test_linkage_always_reads_all_that_the_row_does_not_hold() -> None:
    """Lineage 3.13: linkage always present, for old clients; to-one linkage from the foreign key costs nothing."""
    book = resource_of("books", Book={"linkage": "always"})

    chosen = selection(book, {"tags": {}}, {})

    hidden = {one.relationship.name for one in chosen.branches if not one.shown}
    assert names_of(chosen) == {"tags": {}}
    assert hidden == {name for name, one in book.relationships.items() if one.is_many} - {"tags"} | {"cover"}
    for branch in chosen.branches:
        if not branch.shown:
            assert branch.selection == linkage_selection(branch.relationship.target)


def test_linkage_always_keeps_to_the_fieldset() -> None:
    """J-4.4.4: what is not sent is not read."""
    book = resource_of("books", Book={"linkage": "always"})

    assert selection(book, {}, {"books": ("title",)}).branches == ()


@pytest.mark.parametrize(
    ("type_", "names", "code"),
    [
        ("bookz", (), "invalid-fieldset"),
        ("books", ("titel",), "invalid-fieldset"),
        ("books", ("",), "invalid-fieldset"),
        ("customers", ("credit",), "invalid-fieldset"),
        ("books", ("publisher_id",), "invalid-fieldset"),
    ],
)
def test_unknown_fieldset_is_refused(type_: str, names: tuple[str, ...], code: str) -> None:
    """J-4.4.8, T04."""
    assert problem_of(fieldset, BOOK, type_, names, Source(parameter=f"fields[{type_}]")).code == code


def test_wrong_default_includes_are_the_programmers_mistake() -> None:
    """House style, errors."""
    good = resource_of("books", Book={"includes": ["publisher.country"]})
    bad = resource_of("books", Book={"includes": ["publisher.cuntry"]})

    assert default_tree(good) == {"publisher": {"country": {}}}
    with pytest.raises(LookupError, match=r"includes of the API books .*cuntry"):
        default_tree(bad)
