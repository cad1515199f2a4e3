"""What an object looks like, as a selection."""

from __future__ import annotations

from typing import Any

import pytest

from classic_calls import classic
from classic_models import Person
from flask_restless.operations.selection import Selection
from flask_restless.protocols.classic.representation import classic_of, narrowed, representation
from flask_restless.schema.classic_options import ClassicOptions


def names(selection: Selection) -> set[str]:
    """Name the attributes of a node's rows."""
    return {one.name for one in selection.fields[0].attributes}


def test_related_objects_are_flat_and_have_no_methods_of_their_own_api() -> None:
    resource = classic("computer", include_methods=[])
    found = representation(resource)

    assert [branch.relationship.name for branch in found.branches] == ["owner", "programs"]
    owner = found.branches[0].selection
    assert "vendors" not in names(owner)
    assert owner.fields[0].relationships == ()


def test_narrowed_to_what_the_owner_shows() -> None:
    """A-5"""
    computer = classic("computer")
    options = ClassicOptions(exclude_columns=("computers.vendor", "computers.owner"))

    found = narrowed(representation(computer), options, "computers")

    assert "vendor" not in names(found)
    assert [branch.relationship.name for branch in found.branches] == ["programs"]
    assert narrowed(representation(computer), options, "other") == representation(computer)


@pytest.mark.parametrize(
    ("option", "given", "expected"),
    [
        ("include_columns", ("id", "r", "r.a", "r.b"), ("a", "b")),
        ("exclude_columns", ("r.a", "s.b"), ("a",)),
        ("include_methods", ("m",), ()),
    ],
)
def test_dotted_names(option: str, given: tuple[str, ...], expected: tuple[str, ...]) -> None:
    options: dict[str, Any] = {option: given}

    assert ClassicOptions(**options).nested(option, "r") == expected


def test_options_say_the_same_in_both_vocabularies() -> None:
    options = ClassicOptions.checked(
        Person,
        {
            "methods": ["put"],
            "results_per_page": 200,
            "max_results_per_page": 50,
            "exclude_columns": ["age", "computers.id"],
        },
    )

    assert options.methods == {"PATCH"}
    assert (options.page_size, options.max_page_size) == (50, 50)
    assert options.exclude == ("age",)
    assert options.show_foreign_keys
    assert options.classic is not None
    assert options.classic.methods == {"PUT"}
    assert classic_of(classic()).classic_version == "0.17"
