"""The same blog, served by Flask-Restless and asked for pages without a total, which some peers do not count either."""

from __future__ import annotations

from dataclasses import replace

from .ours import PACKAGES, PROTOCOL, create_app
from .questions import Question, standard

__all__ = ["PACKAGES", "PROTOCOL", "create_app", "questions"]


def questions(articles: int) -> dict[str, Question]:
    """Ask for lists alone, in which there could be a total."""
    return {
        key: replace(question, query=f"{question.query}&page[total]=none")
        for key, question in standard(articles).items()
        if "page[" in question.query
    }
