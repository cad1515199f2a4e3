"""Finding the rows that a write changes or refers to, visible ones only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    false,
    inspect,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from ...operations.operation import Id, Target
from ...operations.problems import Problem, Rejected, problem, quote, reject
from ...schema.resource import Resource
from ..plan import Parameters
from ..planning.mapping import locking
from ..planning.scopes import is_scoped, visible
from ..planning.where import column, operand_type
from .unit import Made


def instances(
    resource: Resource, ids: Iterable[Id], session: Session, *, lock: bool = False, refresh: bool | None = None
) -> dict[Id, Any]:
    """Load the visible rows of those ids in one statement; give what was found, by id.

    `lock` keeps others out; what is loaded already is then read again, unless `refresh` says otherwise: that would
    undo changes that are not flushed yet.
    """
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    statement = _by_ids(select(resource.model), resource, wanted)
    if lock:
        keep_writers_out(resource, session)
        statement = locking(statement, resource.mapper.local_table)
    loaded = session.execute(statement.execution_options(populate_existing=lock if refresh is None else refresh))
    rows = loaded.unique().scalars().all()
    found = {id_of(resource, instance): instance for instance in rows}
    if lock and len(rows) > len(found):
        ((id_, _),) = Counter(id_of(resource, one) for one in rows).most_common(1)
        raise Rejected(ambiguous(resource, id_))
    return found


def keep_writers_out(resource: Resource, session: Session) -> None:
    """Take SQLite's write lock, for want of row locks.

    Its driver begins a transaction with the first write only, so that two requests could both read, both find what
    they expect, and both write: of two that replace the members of a relationship, each would leave what the other
    adds.  So it is begun before the reading.  Where a transaction has begun, or the driver is not to begin any, a
    write that meets no row takes the lock, and fires no trigger.
    """
    connection = session.connection(bind_arguments={"mapper": resource.mapper})
    if connection.dialect.name != "sqlite":
        return
    raw = connection.connection.dbapi_connection
    table = resource.mapper.base_mapper.local_table
    if not getattr(raw, "in_transaction", True) and getattr(raw, "isolation_level", None) is not None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    elif isinstance(table, Table):
        connection.execute(delete(table).where(false()))


def ambiguous(resource: Resource, id_: Id) -> Problem:
    """Say that an id names several rows, such as rows of concrete subclasses that count for themselves."""
    id_text = quote(resource.identity.text(id_))
    detail = f"several {resource.name} have the id {id_text}; use the URL of the one that is meant"
    return problem("multiple-results", detail, status=409)


def present(resource: Resource, ids: Iterable[Id], session: Session) -> set[Id]:
    """Tell which of those ids belong to visible rows, in one statement that loads none of them."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return set()
    if len(wanted) == 1 and not is_scoped(resource):
        return {tuple(row) for row in session.execute(by_key(resource), key_parameters(wanted[0]))}
    keys = [column(resource.model, key) for key in resource.identity.keys]
    return {tuple(row) for row in session.execute(_by_ids(select(*keys), resource, wanted))}


@lru_cache(maxsize=1024)
def by_key(resource: Resource, prefix: str = "") -> Select[Any]:
    """Select the key of one row; kept, since making a statement costs more than running it."""
    keys = [column(resource.model, key) for key in resource.identity.keys]
    return select(*keys).where(*has_key(resource, keys, prefix))


def has_key(resource: Resource, keys: Iterable[Any], prefix: str = "") -> list[ColumnElement[bool]]:
    """Give the conditions that key columns have the values of `key_parameters`, whose names get a prefix."""
    values = [bindparam(f"{prefix}k{number}", type_=type_) for number, type_ in enumerate(_types(resource))]
    return [key == value for key, value in zip(keys, values, strict=True)]


def key_parameters(id_: Id) -> Parameters:
    """Give the parameters of `has_key`."""
    return {f"k{number}": value for number, value in enumerate(id_)}


def _by_ids(statement: Select[Any], resource: Resource, ids: list[Id]) -> Select[Any]:
    keys = [column(resource.model, key) for key in resource.identity.keys]
    types = _types(resource)
    scope = visible(resource, resource.model)
    if scope is not None:
        statement = statement.where(scope)
    if len(ids) == 1:
        values = [literal(value, type_) for value, type_ in zip(ids[0], types, strict=True)]
        return statement.where(and_(*[key == value for key, value in zip(keys, values, strict=True)]))
    if len(keys) == 1:
        among = bindparam("ids", [id_[0] for id_ in ids], types[0], unique=True, expanding=True)
        return statement.where(keys[0].in_(among))
    return statement.where(or_(tuple_(*keys, types=types).in_(ids)))


def _types(resource: Resource) -> list[TypeEngine[Any]]:
    """Give the types of key values: wide ones, so that an id that no row can have is looked for in vain (T36)."""
    return [operand_type(resource.model, key) for key in resource.identity.keys]


def id_of(resource: Resource, instance: Any) -> Id:
    """Give the key values of an instance."""
    return tuple(getattr(instance, key.key) for key in resource.identity.keys)


def target_instance(target: Target, session: Session, made: Made) -> Any:
    """Load the row a write is about; Rejected (`not-found`) if it is not there."""
    if target.lid is not None:
        return _anew(by_lid(target, made), session)
    assert target.id is not None
    found = instances(target.resource, [target.id], session, lock=True)
    if target.id not in found:
        raise missing_row(target)
    return found[target.id]


def _anew(instance: Any, session: Session) -> Any:
    """Drop the related rows that an instance remembers: writes of foreign keys since then may have overtaken them."""
    state = inspect(instance)
    session.expire(instance, [one.key for one in state.mapper.relationships if one.key in state.dict])
    return instance


def missing_row(target: Target) -> Rejected:
    """Make the problem of a row to be written that is not there."""
    assert target.id is not None
    id_ = target.resource.identity.text(target.id)
    return reject("not-found", f"there is no {target.resource.name} with the id {quote(id_)}", target.source)


def linked_instances(targets: tuple[Target, ...], session: Session) -> list[Any]:
    """Load the rows a relationship is to refer to; Rejected (`related-not-found`) names all that are missing.

    This is for instances that the application's own code makes; see `construction.related_rows` for all others.
    """
    found: dict[tuple[Resource, Id], Any] = {}
    for resource in dict.fromkeys(target.resource for target in targets):
        ids = [target.id for target in targets if target.resource is resource and target.id is not None]
        found |= {(resource, id_): one for id_, one in instances(resource, ids, session).items()}
    missing = [one for one in targets if one.id is not None and (one.resource, one.id) not in found]
    if missing:
        raise Rejected(*[missing_target(one) for one in missing])
    given = [by_lid(one, Made()) if one.id is None else found[one.resource, one.id] for one in targets]
    return list({id(one): one for one in given}.values())


def missing_target(target: Target) -> Problem:
    """Make the problem of a linked row that is not there."""
    assert target.id is not None
    id_ = target.resource.identity.text(target.id)
    return problem("related-not-found", f"there is no {target.resource.name} with the id {quote(id_)}", target.source)


def by_lid(target: Target, made: Made) -> Any:
    """Give the instance that the request has made, or is making: a new resource may refer to itself (J-3.2.9)."""
    key = (target.resource.name, target.lid or "")
    if key not in made.by_lid:
        detail = f"nothing before this creates a {target.resource.name} with the lid {quote(target.lid)}"
        raise reject("invalid-identifier", detail, target.source)
    if _is_removed(made.by_lid[key]):
        detail = f"an earlier operation has removed the {target.resource.name} with the lid {quote(target.lid)}"
        raise reject("not-found", detail, target.source)
    return made.by_lid[key]


def by_chosen_id(resource: Resource, id_: Id | None, made: Made) -> Any | None:
    """Give the instance that the request has made with an id of the client's choice, and has not removed again."""
    instance = None if id_ is None else made.by_id.get((resource, id_))
    return None if instance is None or _is_removed(instance) else instance


def _is_removed(instance: Any) -> bool:
    state = inspect(instance)
    return state.deleted or state.was_deleted or (state.session is not None and instance in state.session.deleted)
