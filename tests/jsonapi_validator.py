"""A strict reader of JSON:API 1.1 documents, written from the checklist: every answer of the suite goes through it."""

from __future__ import annotations

import re
from typing import Any

END = r"[a-zA-Z0-9\u0080-\U0010ffff]"
MEMBER = re.compile(rf"{END}(?:[a-zA-Z0-9\u0080-\U0010ffff_ -]*{END})?")
URI = re.compile(r"[A-Za-z0-9\-._~:/?#@!$&'()*+,;=%]*")
TOP = {"data", "errors", "meta", "jsonapi", "links", "included"}
PAGES = {"first", "last", "prev", "next"}


def check_document(document: Any) -> None:
    """Assert that `document` keeps to J-3 and J-7."""
    assert isinstance(document, dict), "J-3.1.1: the root is an object"
    assert set(document) <= TOP or any(":" in name for name in document), f"J-3.0.1: {sorted(document)}"
    assert {"data", "errors", "meta", "atomic:results"} & set(document), "J-3.1.2: data, errors or meta"
    assert not {"data", "errors"} <= set(document), "J-3.1.3: never both"
    assert "included" not in document or "data" in document, "J-3.1.5: included needs data"
    check_jsonapi(document.get("jsonapi", {}))
    check_links(document.get("links", {}), {"self", "related", "describedby", *PAGES})
    check_meta(document)
    if "errors" in document:
        check_errors(document["errors"])
    if "data" in document:
        check_data(document)
    if "atomic:results" in document:
        check_results(document)


def check_results(document: dict[str, Any]) -> None:
    results = document["atomic:results"]
    assert not {"data", "included", "errors"} & set(document), "A-1.1, A-1.5"
    assert isinstance(results, list), "A-1.4"
    assert results, "A-1.4"
    for one in results:
        assert set(one) <= {"data", "meta"}, "A-3.1"
        if one.get("data") is not None:
            check_resource(one["data"], is_identifier=False)


def check_jsonapi(member: Any) -> None:
    assert isinstance(member, dict), "J-3.10.2"
    assert set(member) <= {"version", "ext", "profile", "meta"}, "J-3.10.5"
    assert isinstance(member.get("version", ""), str), "J-3.10.3"


def check_meta(owner: dict[str, Any]) -> None:
    if "meta" in owner:
        assert isinstance(owner["meta"], dict), "J-3.8.1"
        check_names(owner["meta"])


def check_names(names: Any) -> None:
    for name in names:
        assert MEMBER.fullmatch(name), f"J-3.11: {name!r} is no member name"


def check_links(links: Any, allowed: set[str]) -> None:
    assert isinstance(links, dict), "J-3.9.1"
    assert set(links) <= allowed, f"links: {sorted(links)}"
    for link in links.values():
        if isinstance(link, dict):
            assert isinstance(link.get("href"), str), "J-3.9.3"
            assert set(link) <= {"href", "rel", "describedby", "title", "type", "hreflang", "meta"}, "J-3.9.4"
            link = link["href"]
        assert link is None or (isinstance(link, str) and URI.fullmatch(link)), f"J-3.9.2: {link!r}"


def check_errors(errors: Any) -> None:
    assert isinstance(errors, list), "J-7.2.1"
    assert errors, "an error answer names an error"
    for error in errors:
        assert isinstance(error, dict), "J-7.2.2"
        assert error, "J-7.2.2"
        assert set(error) <= {"id", "links", "status", "code", "title", "detail", "source", "meta"}, "J-3.0.1"
        assert None not in error.values(), "J-7.2.2: members without a value are left out"
        assert re.fullmatch("[1-5][0-9][0-9]", error["status"]), "J-7.2.5"
        for name in ("id", "code", "title", "detail"):
            assert isinstance(error.get(name, ""), str), f"J-7.2: {name}"
        source = error.get("source", {"pointer": ""})
        assert isinstance(source, dict), "J-7.2.8"
        assert len(source) == 1, "J-7.2.8"
        assert set(source) <= {"pointer", "parameter", "header"}, "J-7.2.8"
        check_links(error.get("links", {}), {"about", "type"})


def check_pointers(answer: dict[str, Any], request: Any) -> None:
    """Assert that whatever an error points at is there in the document that was sent (J-7.2.9)."""
    for error in answer["errors"]:
        pointer = error.get("source", {}).get("pointer")
        if pointer is not None:
            assert pointer == "" or pointer.startswith("/"), f"J-7.2.9: {pointer!r}"
            found = request
            for part in pointer.split("/")[1:]:
                name = part.replace("~1", "/").replace("~0", "~")
                found = found[int(name)] if isinstance(found, list) else found[name]


def check_data(document: dict[str, Any]) -> None:
    data = document["data"]
    primary = data if isinstance(data, list) else [] if data is None else [data]
    included = document.get("included", [])
    for one in primary:
        check_resource(one, is_identifier=not {"attributes", "relationships", "links"} & set(one))
    for one in included:
        check_resource(one, is_identifier=False)
    names = [identity(one) for one in [*primary, *included] if not is_bare(one)]
    assert len(names) == len(set(names)), "J-3.7.5: one object for each type and id"
    check_linked(primary, included)


def identity(one: dict[str, Any]) -> tuple[str, str]:
    return one["type"], one["id"]


def is_bare(one: dict[str, Any]) -> bool:
    return set(one) <= {"type", "id", "meta"}


def check_resource(one: Any, *, is_identifier: bool) -> None:
    assert isinstance(one, dict)
    allowed = (
        {"type", "id", "meta"} if is_identifier else {"type", "id", "attributes", "relationships", "links", "meta"}
    )
    assert set(one) <= allowed, f"J-3.2.3: {sorted(one)}"
    assert isinstance(one["type"], str), "J-3.2.4"
    assert isinstance(one["id"], str), "J-3.2.4"
    check_names([one["type"]])
    check_meta(one)
    attributes, relationships = one.get("attributes", {}), one.get("relationships", {})
    assert isinstance(attributes, dict), "J-3.3.2"
    assert isinstance(relationships, dict), "J-3.4.1"
    check_names(attributes)
    check_names(relationships)
    assert not {"id", "type"} & (set(attributes) | set(relationships)), "J-3.3.1"
    assert not set(attributes) & set(relationships), "J-3.3.1"
    check_links(one.get("links", {}), {"self", "describedby"})
    for relationship in relationships.values():
        check_relationship(relationship)


def check_relationship(relationship: Any) -> None:
    assert isinstance(relationship, dict), "J-3.4.2"
    assert set(relationship) <= {"links", "data", "meta"}, "J-3.4.2"
    assert relationship, "J-3.4.2"
    if "links" in relationship:
        check_links(relationship["links"], {"self", "related", "describedby", *PAGES})
        assert {"self", "related"} & set(relationship["links"]), "J-3.4.3"
    check_meta(relationship)
    data = relationship.get("data")
    for one in data if isinstance(data, list) else [] if data is None else [data]:
        check_resource(one, is_identifier=True)


def check_linked(primary: list[Any], included: list[Any]) -> None:
    """Assert full linkage (J-3.7.3): what is included hangs on primary data, unless a fieldset hides the linkage."""
    known = {identity(one): one for one in [*primary, *included]}
    known |= {identity(one): one for one in included}
    reached = {identity(one) for one in primary}
    waiting = list(reached)
    while waiting:
        one = known[waiting.pop()]
        for relationship in one.get("relationships", {}).values():
            data = relationship.get("data")
            for ref in data if isinstance(data, list) else [] if data is None else [data]:
                if identity(ref) in known and identity(ref) not in reached:
                    reached.add(identity(ref))
                    waiting.append(identity(ref))
    loose = {identity(one) for one in included} - reached
    assert not loose or is_sparse([*primary, *included]), f"J-3.7.3: nothing leads to {sorted(loose)[:3]}"


def is_sparse(objects: list[Any]) -> bool:
    """Whether some object lacks relationships altogether, as a sparse fieldset makes it (J-3.7.4)."""
    return any("relationships" not in one for one in objects)
