"""Looser spellings of values, and what is never guessed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from flask_restless.protocols.classic.values import accepted, decoded
from flask_restless.schema.codec import Unfit
from flask_restless.schema.decimals import decimal
from flask_restless.schema.scalars import boolean, date_, datetime_, integer, interval, number, string, time_

MOMENT = datetime(2024, 12, 31, 22, 15)


@pytest.mark.parametrize(
    "text",
    [
        "2024-12-31T22:15",
        "2024-12-31 22:15:00",
        "20241231T221500",
        "2024/12/31 22:15",
        "2024.12.31 22:15",
        "31 December 2024 22:15",
        "31-Dec-2024 22:15",
        "Dec 31, 2024 10:15 PM",
        "December 31st, 2024 at 10:15pm",
        "Tuesday, Dec 31, 2024, 22:15",
        "Tue, 31 Dec 2024 22:15:00 GMT",
        "Tue Dec 31 2024 23:15:00 GMT+0100 (Central European Standard Time)",
        "2024/12/31 17:15 -05:00",
        "2024-12-31T22:15:00.000Z",
        " 2024-12-31T22:15 ",
    ],
)
def test_moments(text: str) -> None:
    assert decoded(datetime_(False), text) == MOMENT
    assert accepted(datetime_(False), text) == MOMENT


@pytest.mark.parametrize("text", ["2024-12-31", "20241231", "2024-12-31T22:15", "31 Dec 2024 22:15", "2024/12/31"])
def test_days(text: str) -> None:
    assert decoded(date_(), text) == date(2024, 12, 31)


@pytest.mark.parametrize(
    "text",
    [
        "12/31/2024",
        "31.12.2024",
        "31/12/2024",
        "Dec 2024",
        "31 Dec 24",
        "31 Dec",
        "tomorrow",
        "31 Feb 2024",
        "Feb 30, 2024",
        "31 Dec 2024 25:00",
        "31 Dec 2024 13:15 pm",
        "31 Dec 2024 0:15 am",
        "1735683300",
        "x" * 10_000,
        "1 " * 5_000,
        "Mon" + "a" * 50_000,
    ],
    ids=lambda text: text[:20],
)
def test_what_could_be_misread_is_refused(text: str) -> None:
    for codec in (date_(), datetime_(False)):
        with pytest.raises(Unfit):
            decoded(codec, text)


@pytest.mark.parametrize("codec", [date_(), datetime_(False), datetime_(True), time_(False), interval()])
def test_an_empty_text_is_no_date(codec: Any) -> None:
    """2.7"""
    assert decoded(codec, "") is None
    with pytest.raises(Unfit):
        accepted(codec, "")


def test_an_empty_text_is_a_text() -> None:
    assert decoded(string(None), "") == ""


@pytest.mark.parametrize(
    ("codec", "given", "expected"),
    [
        (integer(32), "5", 5),
        (integer(32), " 5 ", 5),
        (integer(32), 5.0, 5),
        (number(), "1.5", 1.5),
        (number(), "1e3", 1000.0),
        (boolean(), "true", True),
        (boolean(), "0", False),
        (boolean(), 1, True),
        (string(None), "5", "5"),
    ],
)
def test_other_spellings(codec: Any, given: Any, expected: Any) -> None:
    assert decoded(codec, given) == expected
    assert accepted(codec, given) == expected


@pytest.mark.parametrize(
    ("codec", "given"),
    [
        (integer(32), "5.5"),
        (integer(32), 5.5),
        (integer(32), True),
        (integer(32), "0x10"),
        (integer(8), "300"),
        (number(), "nan"),
        (number(), "inf"),
        (number(), True),
        (boolean(), 2),
        (boolean(), 1.0),
        (boolean(), "yes"),
        (decimal(10, 2), "1.234"),
        (string(None), 5),
        (date_(), 20241231),
        (date_(), ["2024-12-31"]),
    ],
)
def test_values_that_do_not_fit(codec: Any, given: Any) -> None:
    with pytest.raises(Unfit):
        decoded(codec, given)
