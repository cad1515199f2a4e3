"""Kept plans: each shape of operation is planned once.

Shapes come from clients, so the cache is bounded; two least-recently-used maps share one lock.  The first goes by
the identity of the Selection, which parsers keep and hand out again for a query string they have seen: it spares
computing the shape.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, NamedTuple, TypeVar

from ...operations.operation import Fetch, Related
from ...operations.selection import Selection
from ..plan import FetchPlan
from .fetch import plan_fetch
from .scopes import NO_SCOPES, Scopes
from .values import condition_values, shape_of

KEPT_VALUES = 500
"""Values in the filters of the largest Selection that is kept."""

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """A map of the `size` most recently used values."""

    __slots__ = ("_items", "_lock", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self._items: OrderedDict[Key, Value] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key) -> Value | None:
        """Give the value of `key`, now the most recent one, or None."""
        with self._lock:
            value = self._items.get(key)
            if value is not None:
                self._items.move_to_end(key)
            return value

    def put(self, key: Key, value: Value) -> None:
        """Keep a value, and drop the least recent ones over `size`."""
        with self._lock:
            self._items[key] = value
            while len(self._items) > self.size:
                self._items.popitem(last=False)

    def __len__(self) -> int:
        return len(self._items)


class CacheInfo(NamedTuple):
    """What a cache has done so far, in the words of `functools.lru_cache`."""

    hits: int
    misses: int
    maxsize: int
    currsize: int


class Planner:
    """Plans Fetches; `hits` and `misses` count how often a kept plan served."""

    def __init__(self, size: int = 512) -> None:
        self._by_shape: Recent[Hashable, FetchPlan] = Recent(size)
        self._by_selection: Recent[Hashable, tuple[Selection, FetchPlan]] = Recent(size)
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self._by_shape)

    def info(self) -> CacheInfo:
        """Tell how often a kept plan served, and how many are kept of the most that can be."""
        return CacheInfo(self.hits, self.misses, self._by_shape.size, len(self._by_shape))

    def plan(self, fetch: Fetch, scopes: Scopes = NO_SCOPES) -> FetchPlan:
        """Give the plan for `fetch` and its `scopes`, made now if no operation of its shape was seen lately."""
        if scopes.key is None:
            return plan_fetch(fetch, scopes)
        quick = _quick_key(fetch, scopes)
        kept = self._by_selection.get(quick)
        if kept is not None:
            self.hits += 1
            return kept[1]
        shape = (shape_of(fetch), scopes.key, fetch.selection.resource.registry.generation)
        plan = self._by_shape.get(shape)
        if plan is None:
            self.misses += 1
            plan = plan_fetch(fetch, scopes)
            self._by_shape.put(shape, plan)
        else:
            self.hits += 1
        if _is_light(fetch.selection):
            self._by_selection.put(quick, (fetch.selection, plan))
        return plan


def _is_light(selection: Selection) -> bool:
    """Whether a Selection is small enough to be kept with its values: long lists of ids seldom come twice."""
    values = (value for node in selection.walk() for value in condition_values(node.filter))
    return sum(len(value) if isinstance(value, list) else 1 for value in values) <= KEPT_VALUES


def _quick_key(fetch: Fetch, scopes: Scopes) -> Hashable:
    """Identify a Selection object and its origin; the kept entry holds the object, so its number stays its own."""
    origin = fetch.origin
    generation = fetch.selection.resource.registry.generation
    if isinstance(origin, Related):
        place: Hashable = (origin.parent, origin.relationship, origin.member is None)
    else:
        place = type(origin).__name__
    return id(fetch.selection), place, fetch.single, fetch.as_linkage, fetch.exclusive, scopes.key, generation
