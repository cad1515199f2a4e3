"""SQL functions over the rows of a collection."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select

from ...operations.operation import Aggregate
from .binds import Binds
from .scopes import UNKEPT
from .where import column, compile_condition


def plan_aggregate(operation: Aggregate) -> Select[Any]:
    """Select one value for each term, in order, of the rows that meet the filter and are visible.

    A function that gathers no rows would give a value for each of them: two rows are enough to tell.
    """
    selection = operation.selection
    model: Any = selection.resource.model
    binds = Binds(UNKEPT)
    terms = [getattr(func, name)(column(model, attribute)) for name, attribute in operation.terms]
    statement = select(*[term.label(f"c{number}") for number, term in enumerate(terms)]).select_from(model).limit(2)
    if selection.filter is not None:
        statement = statement.where(compile_condition(selection.filter, selection.resource, model, binds))
    scope = binds.visible(selection.resource, model)
    return statement if scope is None else statement.where(scope)
