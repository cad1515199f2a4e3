"""Who may ask at all: `authentication_required_for` and `authentication_function`, as in Flask-Restless 0.6."""

from __future__ import annotations

from ...operations.problems import reject
from ..base import Call
from .representation import classic_of


def authenticate(call: Call) -> None:
    """Ask the API's authentication function; Rejected (`unauthorized`) where it does not know the caller."""
    options = classic_of(call.resource)
    if call.method not in options.authentication_required_for:
        return
    assert options.authentication_function is not None
    if not options.authentication_function():
        raise reject("unauthorized", "401: Unauthorized")
