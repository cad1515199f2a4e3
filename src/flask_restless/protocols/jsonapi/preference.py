"""What a client would rather have: `Prefer` (RFC 7240), as far as it is heeded.

Deleting and relating answer 204; clients exist that cannot read an answer without a document.  They ask for one by
`Prefer: return=representation`.  `return=minimal` changes nothing: what has no document by default is minimal
already, and a resource that was created or updated is always sent (J-5.1.6, J-5.2.9).
"""

from __future__ import annotations

import re

from ..base import Call

APPLIED = ("Preference-Applied", "return=representation")
PREFERENCE = re.compile(r'\s*([!#$%&\'*+.^_`|~0-9a-z-]+)\s*(?:=\s*"?([^;,"]*?)"?\s*)?(?:;[^,]*)?(?:,|$)', re.IGNORECASE)


def prefers_representation(call: Call) -> bool:
    """Whether a document is wanted where none is needed; of several such preferences the first holds."""
    found = PREFERENCE.finditer(call.headers.get("prefer", ""))
    wanted = next((one[2] for one in found if one[1].lower() == "return"), None)
    return wanted == "representation"
