"""The model's own `query` as a rule: what it leaves out (soft deletion, tenants) does not exist for clients.

Flask-Restless 0.7 to 1.0 and NG read every row through it (classic contract, "Model features handled").  Here its rows
become a condition beside the rule `scope`, so that searches, relations and writes keep to it as well.
"""

from __future__ import annotations

import inspect as signatures
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, inspect, select, tuple_
from sqlalchemy.orm import Mapper, Query

from .options import Options
from .rules import Scope


def with_base_query(mapper: Mapper[Any], options: Options) -> Options:
    """Give `options` the rows of the model's `query`, where it may leave some out and the option does not say no."""
    rules = options.rules
    if not options.model_query or isinstance(rules.scope, BaseQuery) or not may_filter(mapper):
        return options
    return replace(options, rules=replace(rules, scope=BaseQuery(mapper.class_, rules.scope)))


@dataclass(frozen=True, slots=True)
class BaseQuery:
    """The rule `scope` of a model with a `query` of its own; `scope` is what the application's rules say beside it."""

    model: type
    scope: Scope | None = None

    def __call__(self, entity: Any) -> Any:
        """Give the condition of the rows that both let pass; TypeError if `query` gives no query of the model."""
        said = None if self.scope is None else self.scope(entity)
        if said is False:
            return false()
        conditions = [one for one in (None if said is True else said, self._condition(entity)) if one is not None]
        return and_(*conditions) if len(conditions) > 1 else next(iter(conditions), None)

    def _condition(self, entity: Any) -> ColumnElement[bool] | None:
        mapper: Mapper[Any] = inspect(self.model)
        keys = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
        columns = [getattr(self.model, key) for key in keys]
        statement = self._statement().with_only_columns(*columns)
        if statement.compare(select(*columns)):
            return None
        ids = [getattr(entity, key) for key in keys]
        left = ids[0] if len(ids) == 1 else tuple_(*ids)
        return left.in_(statement.order_by(None).correlate(None))

    def _statement(self) -> Select[Any]:
        found: Any = getattr(self.model, "query")  # noqa: B009  (whatever the application has put there)
        if callable(found) and not isinstance(found, Query | Select):
            found = found()
        statement = found.enable_eagerloads(False).statement if isinstance(found, Query) else found
        if not isinstance(statement, Select):
            raise TypeError(
                f"{self.model.__name__}.query gives {type(found).__name__}, which is no query of the model; "
                f"create_api({self.model.__name__}, model_query=False) leaves it alone"
            )
        return statement


def may_filter(mapper: Mapper[Any]) -> bool:
    """Whether the model's `query` may leave rows out; those that Flask-SQLAlchemy and query_property() make do not."""
    model = mapper.class_
    own = signatures.getattr_static(model, "query", None)
    if own is None or "query" in mapper.all_orm_descriptors:
        return False
    if type(own).__module__.startswith("flask_sqlalchemy"):
        return _is_made_anew(model.query_class)
    if type(own).__qualname__.startswith("scoped_session.query_property"):
        return _is_made_anew(_query_class(own))
    return isinstance(own, Query | Select) or _takes_nothing(model.query)


def _query_class(query_property: Any) -> Any:
    """Give the class of what `query_property()` makes, without running code that may want a request."""
    said = signatures.getclosurevars(type(query_property).__get__).nonlocals
    factory = getattr(said.get("self"), "session_factory", None)
    return said.get("query_cls") or getattr(factory, "kw", {}).get("query_cls", Query)


def _is_made_anew(query_class: Callable[..., Any]) -> bool:
    """Whether a class of queries has its own way to make one: a place to add filters."""
    if not (isinstance(query_class, type) and issubclass(query_class, Query)):
        return True
    return query_class.__new__ is not object.__new__ or query_class.__init__ is not Query.__init__


def _takes_nothing(found: Any) -> bool:
    """Whether something is a query, or can be called without arguments, as a custom query was."""
    if isinstance(found, Query | Select):
        return True
    if not callable(found):
        return False
    try:
        signatures.signature(found).bind()
    except (TypeError, ValueError):
        return False
    return True
