"""The tables of differences: whole, and in step with the code and with the list of known defects."""

from __future__ import annotations

from dataclasses import fields

import pytest

from flask_restless.migration.differences import GENERATIONS, Severity, Topic, differences_of
from flask_restless.migration.processors import AFTER, BEFORE
from flask_restless.protocols.jsonapi.processors import NAMES
from flask_restless.schema.classic_options import PROCESSOR_ALIASES, ClassicOptions
from flask_restless.schema.options import PREPROCESSORS, Options
from flask_restless.shared_processors import PROCESSORS


@pytest.mark.parametrize("generation", GENERATIONS)
def test_rows_are_told_apart_and_say_what_to_do(generation: str) -> None:
    rows = differences_of(generation)

    assert len({row.target(generation) for row in rows}) == len(rows) > 20
    assert {row.topic for row in rows} >= set(Topic) - {Topic.SERIALIZER, Topic.PROCESSOR, Topic.MANAGER}
    for row in rows:
        assert row.before
        assert row.after
        assert row.cure or row.severity is not Severity.BREAKS or row.id == "python", row.id


def test_names_of_options_are_options() -> None:
    known = {one.name for class_ in (Options, ClassicOptions) for one in fields(class_)} | {"app", "self"}

    for generation in GENERATIONS:
        assert {row.name for row in differences_of(generation) if row.topic is Topic.OPTION and row.name} <= known


def test_every_processor_has_its_arguments() -> None:
    assert set(BEFORE["jsonapi"]) == PREPROCESSORS == set(NAMES.values())
    for protocol in ("jsonapi", "classic"):
        assert set(BEFORE[protocol]) == PROCESSORS[protocol]["preprocessors"] - PROCESSOR_ALIASES.keys()
        assert set(AFTER[protocol]) == PROCESSORS[protocol]["postprocessors"] - PROCESSOR_ALIASES.keys()
