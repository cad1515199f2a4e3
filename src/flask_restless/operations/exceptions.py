"""The exceptions that the application's own code may raise to refuse a request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .problems import Problem, Source

FIELD_MESSAGE = re.compile(r"\[(?P<field>[^:\[\]]+): \"?(?P<message>[^\]]*?)\"?\]$")
"""How validation libraries of earlier days ended their messages: `... [age: "Must be positive"]`."""


def field_message(text: str) -> tuple[str, str] | None:
    """Give the field that a validation's message names, and what it says about it."""
    match = FIELD_MESSAGE.search(text)
    return None if match is None else (match["field"].strip(), match["message"])


class ProcessingException(Exception):
    """Refuses the request from a processor, a hook or a model; nothing is stored.

    The keywords are the members of a JSON:API error object.  The classic spelling,
    `ProcessingException(description='...', code=403)`, is understood as well: an integer `code` is the status.
    """

    def __init__(
        self,
        description: str | None = None,
        code: int | str | None = None,
        *,
        id_: str | None = None,
        links: Mapping[str, Any] | None = None,
        status: int = 400,
        title: str | None = None,
        detail: str | None = None,
        source: Mapping[str, str] | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> None:
        self.status = code if isinstance(code, int) else int(status)
        self.code = code if isinstance(code, str) else None
        self.detail = detail if detail is not None else description
        self.id_ = id_
        self.links = links
        self.title = title
        self.source = source
        self.meta = meta
        super().__init__(self.detail or self.title or f"status {self.status}")

    @property
    def description(self) -> str | None:
        """The classic name of `detail`."""
        return self.detail

    def problems(self) -> tuple[Problem, ...]:
        """Give the problem that the answer reports."""
        source = None if self.source is None else Source(**self.source)
        return (Problem(self.code, self.detail, source, self.status, self.title, self.meta, self.links, self.id_),)
