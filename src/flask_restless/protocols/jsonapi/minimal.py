"""`Prefer: return=minimal` (RFC 7240): an update may be answered without a document if it did what was asked, no more.

A created resource is always sent: its id is the server's (J-5.1.6).  Where processors see an update they may change it
without our knowing, so that it is always sent too.
"""

from __future__ import annotations

import re

from ..base import Call

AS_ASKED = ("Preference-Applied", "return=minimal")
PREFERENCE = re.compile(r'\s*([\w!#$%&\'*+.^`|~-]+)\s*(?:=\s*("[^"]*"|[^;,\s]*)\s*)?(?:;[^,]*)?(?:,|$)')
PROCESSORS = "PATCH_RESOURCE"


def prefers_minimal(call: Call) -> bool:
    """Whether no document is wanted where none is needed; of several such preferences the first holds."""
    options = call.resource.options
    if PROCESSORS in options.preprocessors or PROCESSORS in options.postprocessors:
        return False
    found = PREFERENCE.finditer(call.headers.get("prefer", ""))
    wanted = next((one[2] or "" for one in found if one[1].lower() == "return"), "")
    return wanted.strip('"') == "minimal"
