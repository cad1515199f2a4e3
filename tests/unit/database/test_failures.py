"""What an error of the database means for the client, by what was asked."""

from __future__ import annotations

import sqlite3

import pytest
from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import sessionmaker

from flask_restless import APIManager
from flask_restless.database.execution.failures import problems_of
from flask_restless.demo.models import Tag
from flask_restless.operations.conditions import ConditionBinder
from flask_restless.operations.operation import Collection, Create, Fetch
from flask_restless.operations.problems import Source
from flask_restless.operations.selection import Fields, Selection
from parsed import resource_of

BOOK = resource_of("books")


class Refusal(Exception):
    """An error of psycopg."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


class EarlierRefusal(Exception):
    """An error of psycopg2."""

    def __init__(self, pgcode: str) -> None:
        super().__init__(pgcode)
        self.pgcode = pgcode


@pytest.mark.parametrize(
    ("original", "code"),
    [
        (Refusal("57014"), "timeout"),
        (Refusal("08006"), "unavailable"),
        (EarlierRefusal("40001"), "unavailable"),
        (Refusal("42601"), "invalid-filter"),
        (EarlierRefusal("42601"), "invalid-filter"),
        (Refusal("42883"), "invalid-filter"),
        (sqlite3.OperationalError("no such function: to_tsquery"), "invalid-filter"),
    ],
    ids=str,
)
def test_a_filter_is_wrong_only_where_the_database_cannot_read_it(original: Exception, code: str) -> None:
    """T57: whatever happens to the connection is no mistake of the client."""
    given = {"name": "title", "op": "to_tsquery", "val": "x"}
    condition = ConditionBinder(Source(parameter="filter"), BOOK.registry.limits).formula(BOOK, given)
    operation = Fetch(Selection(BOOK, (Fields(BOOK, (), ()),), filter=condition), Collection())

    (problem,) = problems_of(OperationalError("SELECT", {}, original), operation)

    assert problem.code == code


def test_missing_table_of_sqlite_is_no_failure_of_the_moment() -> None:
    """As on the other databases: 503 and `Retry-After` would have clients wait for what waiting does not change."""
    app = Flask("empty")
    APIManager(app, session=sessionmaker(create_engine("sqlite://"))).create_api(Tag, methods=["GET", "POST"])
    document = '{"data": {"type": "tags", "attributes": {"name": "x"}}}'

    read = app.test_client().get("/api/tags")
    written = app.test_client().post("/api/tags", data=document, content_type="application/vnd.api+json")

    assert [one.status_code for one in (read, written)] == [500, 500]
    assert read.get_json()["errors"][0]["code"] == "internal-error"
    assert "Retry-After" not in read.headers


@pytest.mark.parametrize("sqlstate", ["57014", "08006", "40001"])
def test_what_befalls_the_database_is_in_no_document(sqlstate: str) -> None:
    """J-7.2.8: there is nothing in the document that the client could mend."""
    chosen = Selection(BOOK, (Fields(BOOK, (), ()),))
    operation = Create(BOOK, (), (), chosen, source=Source(pointer="/data"))

    (problem,) = problems_of(OperationalError("INSERT INTO books", {}, Refusal(sqlstate)), operation)

    assert problem.status == 503
    assert problem.source is None
