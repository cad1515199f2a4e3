"""Updates and changes of relationships: documents, permissions, and ids that cannot exist."""

from __future__ import annotations

from typing import Any

import pytest

from documents import BOOK, CLOSED, PUBLISHER, TAG, book, create, ids, relate, update
from flask_restless.operations.operation import Action, Target
from parsed import problem_of


def test_update_binds_what_is_given() -> None:
    """J-5.2.2, J-5.2.4."""
    operation = update(book(id="1", attributes={"pages": None}, relationships={"tags": {"data": []}}))

    assert operation.target == Target(BOOK, (1,))
    assert [(one.attribute.name, one.value) for one in operation.assignments] == [("pages", None)]
    assert [(one.relationship.name, one.targets) for one in operation.links] == [("tags", ())]


BAD_UPDATES: dict[str, tuple[Any, str, int, str]] = {
    "no id": (book(), "missing-member", 400, "/data"),
    "id as a number": (book(id=1), "malformed-document", 400, "/data/id"),
    "other id": (book(id="2"), "wrong-id", 409, "/data/id"),
    "other spelling of the id": (book(id="01"), "wrong-id", 409, "/data/id"),
    "other type": ({"data": {"type": "tags", "id": "1"}}, "wrong-type", 409, "/data/type"),
    "no type": ({"data": {"id": "1"}}, "missing-member", 400, "/data"),
    "list": ({"data": [book(id="1")["data"]]}, "malformed-document", 400, "/data"),
}


@pytest.mark.parametrize(("body", "code", "status", "pointer"), BAD_UPDATES.values(), ids=BAD_UPDATES)
def test_update_is_refused(body: Any, code: str, status: int, pointer: str) -> None:
    """J-5.2.1, J-5.2.17."""
    problem = problem_of(update, body)

    assert (problem.code, problem.status) == (code, status)
    assert problem.source is not None
    assert problem.source.pointer == pointer


def test_replacing_a_to_many_relationship_needs_permission() -> None:
    """J-5.2.7, J-5.2.8: 403 for the whole update; creating with members is always possible."""
    document = book(id="1", attributes={"title": "A"}, relationships={"tags": {"data": []}})

    assert problem_of(update, document, CLOSED).code == "replacement-forbidden"
    assert create(book(relationships={"tags": {"data": []}}), CLOSED).links


@pytest.mark.parametrize("id_", ["abc", "01", "+1", " 1", "1.0", "٣", "9" * 400, "\x00", ""])
def test_update_of_an_id_that_cannot_exist(id_: str) -> None:
    """J-4.1.6, T41: 404, as for an id that happens not to exist."""
    assert problem_of(update, book(id=id_), id_=id_).code == "not-found"


# ---------------------------------------------------------------- relationships


@pytest.mark.parametrize(
    ("method", "action"), [("POST", Action.ADD), ("PATCH", Action.REPLACE), ("DELETE", Action.REMOVE)]
)
def test_members_are_changed(method: str, action: Action) -> None:
    """J-5.3.4, J-5.3.5, J-5.3.7: each target once."""
    operation = relate(method, {"data": ids("tags", "1", "2", "1")})

    assert (operation.action, operation.targets) == (action, (Target(TAG, (1,)), Target(TAG, (2,))))
    assert operation.target == Target(BOOK, (1,))


def test_to_one_is_set_and_cleared() -> None:
    """J-5.3.1."""
    assert relate("PATCH", {"data": None}, "publisher").targets == ()
    assert relate("PATCH", {"data": ids("publishers", "3")[0]}, "publisher").targets == (Target(PUBLISHER, (3,)),)


def test_removing_what_cannot_exist_changes_nothing() -> None:
    """J-5.3.8."""
    assert relate("DELETE", {"data": ids("tags", "x", "1")}).targets == (Target(TAG, (1,)),)


BAD_RELATES: dict[str, tuple[str, str, Any, str, int]] = {
    "no data": ("PATCH", "publisher", {}, "missing-member", 400),
    "list for to-one": ("PATCH", "publisher", {"data": []}, "malformed-document", 400),
    "null for to-many": ("PATCH", "tags", {"data": None}, "malformed-document", 400),
    "object for to-many": ("POST", "tags", {"data": ids("tags", "1")[0]}, "malformed-document", 400),
    "null to remove": ("DELETE", "tags", {"data": None}, "malformed-document", 400),
    "wrong type": ("POST", "tags", {"data": ids("books", "1")}, "wrong-type", 409),
    "wrong type to remove": ("DELETE", "tags", {"data": ids("books", "x")}, "wrong-type", 409),
    "no id": ("POST", "tags", {"data": [{"type": "tags"}]}, "invalid-identifier", 400),
    "cannot exist": ("POST", "tags", {"data": ids("tags", "x")}, "related-not-found", 404),
    "add to to-one": ("POST", "publisher", {"data": ids("publishers", "1")}, "forbidden", 403),
    "remove from to-one": ("DELETE", "publisher", {"data": ids("publishers", "1")}, "forbidden", 403),
    "unknown": ("POST", "nosuch", {"data": []}, "unknown-url", 404),
    "attribute": ("PATCH", "title", {"data": []}, "unknown-url", 404),
    "view only": ("POST", "approved_reviews", {"data": []}, "not-writable", 403),
}


@pytest.mark.parametrize(("method", "relation", "body", "code", "status"), BAD_RELATES.values(), ids=BAD_RELATES)
def test_change_of_a_relationship_is_refused(method: str, relation: str, body: Any, code: str, status: int) -> None:
    """J-5.3.1, J-5.3.3, J-5.3.13 to J-5.3.15."""
    problem = problem_of(relate, method, body, relation)

    assert (problem.code, problem.status) == (code, status)


def test_switches_of_to_many_relationships() -> None:
    """J-5.3.13: off unless asked for by name."""
    assert relate("POST", {"data": []}, resource=CLOSED).action is Action.ADD
    assert problem_of(relate, "PATCH", {"data": []}, "tags", CLOSED).code == "replacement-forbidden"
    assert problem_of(relate, "DELETE", {"data": []}, "tags", CLOSED).code == "removal-forbidden"
