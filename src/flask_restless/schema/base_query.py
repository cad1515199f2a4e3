"""The model's own `query` as a rule: what it leaves out (soft deletion, tenants) does not exist for clients.

Flask-Restless 0.7 to 1.0 and NG read every row through it (classic contract, "Model features handled").  Here its rows
become a condition beside the rule `scope`, so that searches, relations and writes keep to it as well.
"""

from __future__ import annotations

import inspect as signatures
from collections.abc import Callable, Sequence
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
        names = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
        found = self._keys(names)
        if found is None:
            return None
        ids = [getattr(entity, name) for name in names]
        left = ids[0] if len(ids) == 1 else tuple_(*ids)
        return left.in_(found.correlate(None))

    def _keys(self, names: list[str]) -> Select[Any] | None:
        """Select the keys of the rows that the query gives, None if it leaves nothing out.

        A query that counts rows, or reads from a subquery or an alias, stays whole inside: its columns are not the
        model's own, and beside those it would leave nothing out.
        """
        statement = self._statement()
        entity = self._entity(statement)
        if entity is not None and not _counts_rows(statement):
            columns = [getattr(entity, name) for name in names]
            plain = statement.with_only_columns(*columns)
            return None if plain.compare(select(*columns)) else plain.order_by(None)
        whole = statement.subquery()
        primary_key: Sequence[Any] = inspect(self.model).primary_key
        found = [whole.corresponding_column(one) for one in primary_key]
        keys = [one for one in found if one is not None]
        if len(keys) < len(found):
            raise self._misfit("a query without the key")
        return select(*keys)

    def _entity(self, statement: Select[Any]) -> Any:
        """Give the class that the query is about, if that is the model, or one above it with the same key."""
        entity = next((one["entity"] for one in statement.column_descriptions if "entity" in one), None)
        found = None if entity is None else inspect(entity)
        is_ours = isinstance(found, Mapper) and found.primary_key == inspect(self.model).primary_key
        return entity if is_ours else None

    def _statement(self) -> Select[Any]:
        found: Any = getattr(self.model, "query")  # noqa: B009  (whatever the application has put there)
        if callable(found) and not isinstance(found, Query | Select):
            found = found()
        statement = found.enable_eagerloads(False).statement if isinstance(found, Query) else found
        if not isinstance(statement, Select):
            raise self._misfit(type(found).__name__)
        return statement

    def _misfit(self, found: str) -> TypeError:
        return TypeError(
            f"{self.model.__name__}.query gives {found}, which is no query of the model; "
            f"create_api({self.model.__name__}, model_query=False) leaves it alone"
        )


def _counts_rows(statement: Select[Any]) -> bool:
    """Whether a query gives the first rows of an order: by LIMIT or OFFSET, or by DISTINCT ON.

    DISTINCT ON is told nowhere in public, as of SQLAlchemy 2.1: it is in one attribute there, and in another before.
    """
    if not statement.compare(statement.limit(None).offset(None).fetch(None)):
        return True
    return bool(getattr(statement, "_distinct_on", ())) or getattr(statement, "_pre_columns_clause", None) is not None


def may_filter(mapper: Mapper[Any]) -> bool:
    """Whether the model's `query` may leave rows out; those that Flask-SQLAlchemy and query_property() make do not."""
    model = mapper.class_
    own = signatures.getattr_static(model, "query", None)
    if own is None or "query" in mapper.all_orm_descriptors:
        return False
    if type(own).__module__.startswith("flask_sqlalchemy"):
        return _may_add_filters(model.query_class, model)
    if type(own).__qualname__.startswith("scoped_session.query_property"):
        return _may_add_filters(_query_class(own), model)
    return isinstance(own, Query | Select) or _takes_nothing(model.query)


def _query_class(query_property: Any) -> Any:
    """Give the class of what `query_property()` makes, without running code that may want a request."""
    said = signatures.getclosurevars(type(query_property).__get__).nonlocals
    factory = getattr(said.get("self"), "session_factory", None)
    return said.get("query_cls") or getattr(factory, "kw", {}).get("query_cls", Query)


def _may_add_filters(query_class: Callable[..., Any], model: type) -> bool:
    """Whether a class of queries has its own way to make one, or listeners change its queries before they run."""
    if not (isinstance(query_class, type) and issubclass(query_class, Query)):
        return True
    if query_class.__new__ is not object.__new__ or query_class.__init__ is not Query.__init__:
        return True
    return bool(query_class(model).dispatch.before_compile)


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
