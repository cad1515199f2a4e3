"""What a client would rather have: `Prefer` (RFC 7240), as far as it is heeded.

Deleting and relating answer 204; clients exist that cannot read an answer without a document.  They ask for one by
`Prefer: return=representation`.  With `return=minimal` an update is answered without a document if it did what was
asked, and no more (J-5.2.9); a created resource is always sent, since its id is the server's (J-5.1.6).
"""

from __future__ import annotations

import re

from ..base import Call

APPLIED = ("Preference-Applied", "return=representation")
AS_ASKED = ("Preference-Applied", "return=minimal")
PREFERENCE = re.compile(r'\s*([!#$%&\'*+.^_`|~0-9a-z-]+)\s*(?:=\s*"?([^;,"]*?)"?\s*)?(?:;[^,]*)?(?:,|$)', re.IGNORECASE)
PROCESSORS = "PATCH_RESOURCE"


def prefers_representation(call: Call) -> bool:
    """Whether a document is wanted where none is needed."""
    return _wanted(call) == "representation"


def prefers_minimal(call: Call) -> bool:
    """Whether no document is wanted where none is needed; processors that see updates may change them unseen."""
    options = call.resource.options
    watched = PROCESSORS in options.preprocessors or PROCESSORS in options.postprocessors
    return not watched and _wanted(call) == "minimal"


def _wanted(call: Call) -> str | None:
    """Give the value of `return`; of several such preferences the first holds."""
    found = PREFERENCE.finditer(call.headers.get("prefer", ""))
    return next((one[2] for one in found if one[1].lower() == "return"), None)
