"""Columns that are computed from instances: properties, methods, association proxies, serializers.

What the application's code loads while it computes one row is loaded for all the others at once: a relationship that
a property reads costs two statements more for a page, not one for each of its rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import inspect, select, tuple_
from sqlalchemy.orm import Mapper, Session, selectinload

from ...operations.outcome import Row
from ..plan import Derived
from ..planning.mapping import key_names

CHUNK = 1000
"""Instances in one statement."""


def computed(rows: Sequence[Row], derived: tuple[Derived, ...], session: Session) -> list[Row]:
    """Put the computed columns in place of the instance at the end of each row; each instance is computed once."""
    instances = list({id(row[-1]): row[-1] for row in rows}.values())
    values: dict[int, tuple[object, ...]] = {}
    for number, instance in enumerate(instances):
        before = _loaded(instance)
        values[id(instance)] = tuple([compute(instance) for compute in derived])
        for key in _loaded(instance) - before:
            _load(key, type(instance), instances[number + 1 :], session)
    return [(*row[:-1], *values[id(row[-1])]) for row in rows]


def _loaded(instance: Any) -> frozenset[str]:
    """Give the relationships that are loaded."""
    state = inspect(instance)
    return frozenset(state.dict.keys() & state.mapper.relationships.keys())


def _load(key: str, model: type[Any], instances: Iterable[Any], session: Session) -> None:
    """Load a relationship of all those instances of a class that lack it."""
    lacking = [one for one in instances if type(one) is model and key in inspect(one).unloaded]
    mapper: Mapper[Any] = inspect(model)
    columns = [getattr(model, name) for name in key_names(model)]
    for start in range(0, len(lacking), CHUNK):
        ids = [tuple(mapper.primary_key_from_instance(one)) for one in lacking[start : start + CHUNK]]
        among = columns[0].in_([id_[0] for id_ in ids]) if len(columns) == 1 else tuple_(*columns).in_(ids)
        session.execute(select(model).where(among).options(selectinload(getattr(model, key)))).unique().all()
