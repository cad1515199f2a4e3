"""Which exports an API may allow: off by default, since they know no page size."""

from __future__ import annotations

from .options import IllegalArgumentError, Options

WITH_LISTS = ("GET_COLLECTION", "GET_TO_MANY_RELATION", "GET_MANY", "SEARCH", "GET_SINGLE")
"""The postprocessors that see documents with lists, in the words of every protocol."""


def check_exports(model: type, options: Options) -> None:
    """Refuse exports of what postprocessors see, and may take away, in documents; IllegalArgumentError."""
    found = [name for name in WITH_LISTS if options.postprocessors.get(name)]
    if options.exports and found:
        raise IllegalArgumentError(
            f"create_api({model.__name__}): exports do not pass through the postprocessors of {found[0]}, since there "
            "is no document; leave exports out, or do what they do by rules or preprocessors"
        )
