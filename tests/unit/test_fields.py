"""Header fields of answers: Werkzeug's own in all respects, and checked before they are sent (T16)."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import Headers
from werkzeug.test import create_environ
from werkzeug.wrappers import Response

from flask_restless.endpoints import Fields

GIVEN = (("Content-Type", "text/plain"), ("Vary", "Accept"), ("Vary", "Cookie"))


def test_fields_are_headers() -> None:
    fields, headers = Fields(GIVEN), Headers(list(GIVEN))
    assert (list(fields), list(fields.copy())) == (list(headers), list(headers))
    fields.add("ETag", '"1"')
    fields["Vary"] = "Accept"
    assert list(fields) == [("Content-Type", "text/plain"), ("Vary", "Accept"), ("ETag", '"1"')]
    assert Fields(GIVEN) == Fields(GIVEN)
    assert len(Fields()) == 0


def test_a_line_break_is_never_sent() -> None:
    response = Response(b"", 200, Fields([("Location", "/a\r\nSet-Cookie: b=c")]))
    with pytest.raises(ValueError, match="newline"):
        response.get_wsgi_headers(create_environ())
