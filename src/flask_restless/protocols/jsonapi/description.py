"""What a URL prefix serves, told to who asks for the prefix itself (lineage 3.3)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

from ..base import Call
from .query import read_query


def index_document(call: Call) -> dict[str, Any]:
    """Give the document of a prefix; `meta.modelinfo` has the collections below it, by name.

    Each tells its `url`, a path, and its `primarykey`, the names of a composite one joined by commas.
    """
    resource = call.resource
    read_query(call.query, frozenset(), resource.registry.limits)
    mount = urlsplit(call.root).path
    collections = {
        one.name: {"primarykey": ",".join(key.key for key in one.identity.keys), "url": f"{mount}{one.url}"}
        for one in resource.registry
        if one.url_prefix == resource.url_prefix
    }
    return {
        "meta": {"modelinfo": collections},
        "links": {"self": f"{call.root}{quote(resource.url_prefix, safe='/')}"},
        "jsonapi": {"version": "1.1"},
    }
