"""The values of SQL functions, the same from every database."""

from __future__ import annotations

from decimal import Decimal

from ...operations.operation import Aggregate
from ...operations.outcome import Evaluated
from ...operations.problems import quote, reject
from ...schema.codec import encode_value
from ...schema.resource import Attribute
from ..planning.aggregate import plan_aggregate
from ..planning.values import condition_values, named
from .reading import Reading, flush_pending
from .transaction import Transaction

OF_THE_ATTRIBUTE = frozenset({"sum", "min", "max"})
"""Functions whose value is of the type of what they are given."""


ADDING = frozenset({"sum", "avg"})
"""Functions that add up."""


def evaluate(operation: Aggregate, transaction: Transaction) -> Evaluated:
    """Evaluate SQL functions over the rows that meet the filter; Rejected (`invalid-parameter`) if one gathers none."""
    if not operation.terms:
        return Evaluated(())
    selection = operation.selection
    _check_intervals(operation, transaction)
    flush_pending(transaction.made)
    parameters = named(list(condition_values(selection.filter)))
    with Reading(transaction) as reading:
        rows = reading.run(plan_aggregate(operation), parameters, selection.resource.mapper)
    if len(rows) != 1:
        names = ", ".join(quote(name) for name, _ in operation.terms)
        raise reject("invalid-parameter", f"among {names} is a function that gives no single value for all rows")
    (row,) = rows
    return Evaluated(
        tuple(_encoded(name, attribute, value) for (name, attribute), value in zip(operation.terms, row, strict=True))
    )


def _check_intervals(operation: Aggregate, transaction: Transaction) -> None:
    """Refuse to add up spans of time where they are stored as moments, which SQLAlchemy does but on PostgreSQL."""
    spans = [name for name, one in operation.terms if name.lower() in ADDING and one.codec.name == "interval"]
    if spans and transaction.bind_of(operation.selection.resource.mapper).dialect.name != "postgresql":
        raise reject("invalid-parameter", f"this database has no {quote(spans[0])} of spans of time")


def _encoded(name: str, attribute: Attribute, value: object) -> object:
    """Write a value as JSON: of a sum or an extreme like the attribute itself, of anything else as a number.

    Databases differ in what they make of numbers: MariaDB sums integers to decimals, SQLite averages decimals to
    floats.
    """
    if value is None:
        return None
    codec = attribute.codec
    if name not in OF_THE_ATTRIBUTE:
        return float(value) if isinstance(value, Decimal) else encode_value(value)
    if codec.name == "integer" and isinstance(value, Decimal):
        return encode_value(int(value))
    if codec.name == "number" and isinstance(value, Decimal | int):
        return float(value)
    return encode_value(value) if codec.encode is None else codec.encode(value)
