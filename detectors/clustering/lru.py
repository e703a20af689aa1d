"""A dictionary that holds the most recently used of its keys, up to a bound.

The order of use is the order in which events were applied, so what is forgotten is the same in every replay.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

V = TypeVar("V")


class LruDict(OrderedDict[str, V]):
    """At most `bound` keys; each operation takes constant time."""

    def __init__(self, bound: int) -> None:
        super().__init__()
        self._bound = bound

    def put(self, key: str, value: V) -> None:
        """Set a key and make it the most recent; the least recent goes where there is no room."""
        self[key] = value
        self.move_to_end(key)
        if len(self) > self._bound:
            self.popitem(last=False)

    def put_all(self, keys: tuple[str, ...], value: V) -> None:
        """Set several keys as `put` does."""
        for key in keys:
            self[key] = value
            self.move_to_end(key)
        while len(self) > self._bound:
            self.popitem(last=False)

    def sweep(self, dead: Callable[[V], bool], most: int) -> None:
        """Drop up to `most` of the least recent keys, as long as they are dead."""
        while most and self and dead(self[next(iter(self))]):
            self.popitem(last=False)
            most -= 1

    def fill(self, items: list[tuple[str, V]]) -> None:
        """Take saved items in their order."""
        self.clear()
        self.update(items)
