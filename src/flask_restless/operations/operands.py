"""Which operators fit which types, and the right side of a comparison: raw values to decoded ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..schema.codec import Codec
from ..schema.options import Limits
from ..schema.types import Unfit
from .binding import shown
from .operators import OPERATORS, Needs, Operand, Operator
from .problems import Source, quote, reject

Convert = Callable[[Codec, Any], object]
"""Turns a raw value into one to compare with, by the attribute's codec; raises Unfit."""

COMPARED_AS: Mapping[str, str] = {"integer": "number", "decimal": "number", "date": "date-time"}
"""Codecs whose columns every database compares with those of another codec."""

_SETS = frozenset({"array", "jsonb", "range", "hstore"})
_NETWORKS = frozenset({"inet", "cidr"})
_POSTGRESQL: Mapping[str, frozenset[str]] = {
    "<<": _NETWORKS | {"range"},
    "<<=": _NETWORKS,
    ">>": _NETWORKS | {"range"},
    ">>=": _NETWORKS,
    "&&": _NETWORKS | {"range", "array"},
    "@>": _SETS,
    "<@": _SETS,
    "!@>": _SETS,
    "!<@": _SETS,
    "to_tsquery": frozenset({"string"}),
    "plainto_tsquery": frozenset({"string"}),
}
"""Codecs of the types for which PostgreSQL knows the operator."""


def fits(operator: Operator, codec: Codec) -> bool:
    """Tell whether an operator makes sense for values of a type."""
    match operator.needs:
        case Needs.ORDER:
            return codec.ordered
        case Needs.TEXT:
            return codec.textual
        case Needs.POSTGRESQL:
            return codec.comparable and codec.name in _POSTGRESQL.get(operator.name, frozenset())
        case _:
            return operator.operand in (Operand.NONE, Operand.FLAG) or codec.comparable


def fitting(codec: Codec) -> list[str]:
    """Give the canonical names of the operators that fit a type, in the order of the table."""
    return list(dict.fromkeys(one.name for one in OPERATORS.values() if fits(one, codec)))


def comparable(left: Codec, right: Codec) -> bool:
    """Tell whether columns of two types can be compared with one another."""
    return COMPARED_AS.get(left.name, left.name) == COMPARED_AS.get(right.name, right.name)


def _ends_in_escape(pattern: str) -> bool:
    r"""Tell whether a pattern ends with a `\` that escapes nothing: PostgreSQL refuses it, others take it as it is."""
    return (len(pattern) - len(pattern.rstrip("\\"))) % 2 == 1


@dataclass(frozen=True, slots=True)
class Operands:
    """Reads the right sides of the comparisons of one parameter; Rejected (`invalid-filter`, `limit-exceeded`).

    `from_text` tells that raw values are texts of a URL.
    """

    source: Source
    limits: Limits
    convert: Convert
    from_text: bool = False

    def read(self, codec: Codec, operator: Operator, value: Any, name: str) -> object:
        """Give what stands on the right of `operator`: None, one value, or a tuple of values."""
        match operator.operand:
            case Operand.NONE:
                self.nothing(operator, value, name)
                return None
            case Operand.VALUES:
                return self._many(codec, value, name)
            case Operand.PAIR:
                return self._pair(codec, value, name)
            case Operand.PATTERN | Operand.TEXT:
                return self._text(codec, operator, value, name)
        return self._value(codec, value, name)

    def nothing(self, operator: Operator, value: Any, name: str) -> None:
        """Accept what earlier generations ignored beside an operator without operand, but no contradiction in a URL."""
        if self.from_text and value not in ("", "1", "true"):
            raise self._invalid(f"{operator.name} of {quote(name)} takes no value; leave it empty, not {shown(value)}")

    def flag(self, value: Any) -> bool:
        """Read true or false; in a URL also 1 and 0."""
        found = {"true": True, "false": False, "1": True, "0": False}.get(value) if isinstance(value, str) else value
        if not isinstance(found, bool):
            raise self._invalid(f"isnull takes true or false, not {shown(value)}")
        return found

    def ids(self, value: Any, name: str) -> list[str]:
        """Read one id or a list of ids, as texts."""
        values = value if isinstance(value, list) else [value]
        self._check_length(values)
        for one in values:
            if isinstance(one, bool) or not isinstance(one, str | int):
                hint = "; to look for none use is_null" if one is None else ""
                raise self._invalid(f"{quote(name)} is compared with an id or a list of ids, not {shown(one)}{hint}")
        return [str(one) for one in values]

    def _value(self, codec: Codec, value: Any, name: str) -> object:
        if value is None:
            detail = f"{quote(name)} cannot be compared with null; use the operators is_null and is_not_null"
            raise self._invalid(detail)
        try:
            return self.convert(codec, value)
        except Unfit as unfit:
            raise self._invalid(f"{quote(name)} takes {unfit.expected}, not {shown(value)}") from None

    def _many(self, codec: Codec, value: Any, name: str) -> tuple[object, ...]:
        if not isinstance(value, list):
            raise self._invalid(f"{quote(name)} is to be compared with a list, not {shown(value)}")
        self._check_length(value)
        return tuple(self._value(codec, one, name) for one in value)

    def _pair(self, codec: Codec, value: Any, name: str) -> tuple[object, ...]:
        if not isinstance(value, list) or len(value) != 2:
            raise self._invalid("between takes a list of two values, the least and the greatest")
        return tuple(self._value(codec, one, name) for one in value)

    def _text(self, codec: Codec, operator: Operator, value: Any, name: str) -> object:
        if value is None:
            return self._value(codec, value, name)
        if not isinstance(value, str):
            raise self._invalid(f"the operator {quote(operator.name)} takes a text, not {shown(value)}")
        if len(value) > self.limits.pattern_length:
            raise self._limit(f"a text to search for has at most {self.limits.pattern_length} characters")
        if operator.operand is Operand.PATTERN and _ends_in_escape(value):
            raise self._invalid(f"a pattern cannot end with a single backslash, as {shown(value)} does; write two")
        wildcards = value.count("%") + value.count("_")
        if operator.operand is Operand.PATTERN and wildcards > self.limits.pattern_wildcards:
            raise self._limit(f"a pattern has at most {self.limits.pattern_wildcards} wildcards")
        return self._value(codec, value, name)

    def _check_length(self, values: list[Any]) -> None:
        if len(values) > self.limits.list_length:
            raise self._limit(f"a list has at most {self.limits.list_length} values; there are {len(values)}")

    def _invalid(self, detail: str) -> Exception:
        return reject("invalid-filter", detail, self.source)

    def _limit(self, detail: str) -> Exception:
        return reject("limit-exceeded", detail, self.source)
