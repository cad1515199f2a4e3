"""Linkage from a table of pairs alone: the statement, and the types of keys that it may trust."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Column, ForeignKey, Integer, String, Table, Uuid
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import DeclarativeBase, mapped_column, relationship, sessionmaker

from flask_restless import APIManager
from flask_restless.database.planning.fetch import plan_fetch
from flask_restless.operations.inclusion import selection
from flask_restless.operations.operation import Collection, Fetch


def statement_for(target: Any, column: Any, *, joined: dict[str, Any] | None = None, **options: Any) -> Any:
    """Plan the linkage of a relationship whose table of pairs has that column; give the statement of pairs alone."""

    class Own(DeclarativeBase):
        pass

    Table("pairs", Own.metadata, Column("a", ForeignKey("left.id"), primary_key=True), column)
    many = relationship("Right", secondary="pairs", **(joined or {}))
    left = type("Left", (Own,), {"__tablename__": "left", "id": mapped_column(Integer, primary_key=True), "r": many})
    right = type("Right", (Own,), {"__tablename__": "right", "id": target, **options})
    manager = APIManager(Flask("planned"), session=sessionmaker())
    for model in (left, right):
        manager.create_api(model, linkage="always")
    resource = next(one for one in manager.resources if one.model is left)
    (branch,) = plan_fetch(Fetch(selection(resource, {}, {}), Collection())).node.branches
    return branch.node.pairs


def test_pairs_are_sorted_for_each_row_above() -> None:
    statement = statement_for(mapped_column(Integer, primary_key=True), Column("b", ForeignKey("right.id")))

    assert " ".join(str(statement.compile(dialect=sqlite.dialect())).split()) == (
        "SELECT pairs_1.a AS c0, pairs_1.b AS c1 FROM pairs AS pairs_1 "
        "WHERE pairs_1.a IN (__[POSTCOMPILE_keys]) AND pairs_1.b IS NOT NULL "
        "ORDER BY pairs_1.a, pairs_1.b LIMIT ? OFFSET ?"
    )


def test_uuids_are_the_same_in_both_tables() -> None:
    assert statement_for(mapped_column(Uuid, primary_key=True), Column("b", ForeignKey("right.id"))) is not None


def test_a_type_of_its_own_is_not_trusted() -> None:
    assert statement_for(mapped_column(Uuid, primary_key=True), Column("b", String(32), ForeignKey("right.id"))) is None


def test_a_foreign_key_to_another_column_is_not_the_id() -> None:
    other = mapped_column(Integer, unique=True)

    assert (
        statement_for(mapped_column(Integer, primary_key=True), Column("b", ForeignKey("right.other")), other=other)
        is None
    )


@pytest.mark.parametrize(
    "condition",
    [
        "and_(pairs.c.b == Right.id, Right.id > 2)",
        "or_(pairs.c.b == Right.id, pairs.c.a == Right.id)",
        "and_(pairs.c.b == Right.id, pairs.c.b > 2)",
    ],
)
def test_a_join_that_says_more_is_heeded(condition: str) -> None:
    """Such rows are related by more than the pairs."""
    own = {"secondaryjoin": condition, "primaryjoin": "Left.id == pairs.c.a", "viewonly": True}
    column = Column("b", ForeignKey("right.id"))

    assert statement_for(mapped_column(Integer, primary_key=True), column, joined=own) is None
