"""Problems to error documents (J-7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...operations.problems import Problem, general_status


def error_document(problems: Sequence[Problem]) -> dict[str, Any]:
    """Give the document that reports all of `problems`."""
    return {"errors": [error_object(one) for one in problems], "jsonapi": {"version": "1.1"}}


def error_object(problem: Problem) -> dict[str, Any]:
    """Give one error object: members without a value are left out (J-7.2.2), the status is a string (J-7.2.5)."""
    source = problem.source
    members: Mapping[str, Any] = {
        "id": problem.id,
        "links": dict(problem.links) if problem.links else None,
        "status": str(problem.status),
        "code": problem.code,
        "title": problem.title,
        "detail": problem.detail,
        "source": None if source is None else _source_object(source.pointer, source.parameter, source.header),
        "meta": dict(problem.meta) if problem.meta else None,
    }
    return {name: value for name, value in members.items() if value is not None}


def _source_object(pointer: str | None, parameter: str | None, header: str | None) -> dict[str, str] | None:
    members = {"pointer": pointer, "parameter": parameter, "header": header}
    return {name: value for name, value in members.items() if value is not None} or None


def error_status(problems: Sequence[Problem]) -> int:
    """Give the status of the answer (J-7.1.2)."""
    return general_status(problems)


def error_headers(problems: Sequence[Problem]) -> tuple[tuple[str, str], ...]:
    """Give the header fields that the problems ask for, each name once."""
    found: dict[str, tuple[str, str]] = {}
    for problem in problems:
        for name, value in problem.headers:
            found.setdefault(name.lower(), (name, value))
    return tuple(found.values())
