"""Groups of rows: names to bound keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..schema.resource import Relationship, Resource
from .binding import find_attribute, relationships_of
from .problems import Source, did_you_mean, quote, reject
from .selection import GroupKey


def group_keys(
    resource: Resource, paths: Iterable[str], source: Source, *, hidden: bool = False
) -> tuple[GroupKey, ...]:
    """Bind the paths to group by, which may cross to-one relationships; Rejected (`invalid-parameter`).

    With `hidden`, mapped columns that clients do not see may be named too: for the application's own processors.
    """
    wanted = list(dict.fromkeys(paths))
    limit = resource.registry.limits.sort_keys
    if len(wanted) > limit:
        raise reject("limit-exceeded", f"rows are grouped by at most {limit} fields, not {len(wanted)}", source)
    return tuple(dict.fromkeys(key for path in wanted for key in _group_keys(resource, path, source, hidden)))


def _group_keys(resource: Resource, path: str, source: Source, hidden: bool) -> Iterator[GroupKey]:
    *names, last = path.split(".")
    if len(names) > resource.registry.limits.include_depth:
        detail = f"a path crosses at most {resource.registry.limits.include_depth} relationships; this one {len(names)}"
        raise reject("limit-exceeded", detail, source)
    steps: list[Relationship] = []
    for name in names:
        step = relationships_of(resource).get(name)
        if step is None or step.is_many or not step.access.sort:
            detail = f"{resource.name} has no to-one relationship {quote(name)} to group by"
            raise reject("invalid-parameter", detail, source)
        steps.append(step)
        resource = step.target
    if last == "id" and resource.names_key:
        yield from (GroupKey(tuple(steps), key) for key in resource.identity.keys)
        return
    found = find_attribute(resource, last) or (resource.unlisted(last) if hidden else None)
    if found is None:
        known = [name for name, one in resource.queryable.items() if one.access.read and one.access.sort and one.sql]
        detail = f"{resource.name} has no attribute {quote(last)} to group by{did_you_mean(last, known)}"
        raise reject("invalid-parameter", detail, source)
    if not (found.sql and found.access.sort and found.codec.ordered):
        raise reject("invalid-parameter", f"{resource.name} cannot be grouped by {quote(last)}", source)
    yield GroupKey(tuple(steps), found)
