"""Holds the most recently used keys of a dictionary, up to a bound.

The order of use is the order of the applied events, so every replay drops the same keys.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

V = TypeVar("V")


class LruDict(OrderedDict[str, V]):
    """A dictionary of at most `bound` keys; each operation takes constant time."""

    def __init__(self, bound: int) -> None:
        super().__init__()
        self._bound = bound

    def put(self, key: str, value: V) -> None:
        """Set a key and make the key the most recent; a full dictionary drops the least recent key."""
        self[key] = value
        self.move_to_end(key)
        if len(self) > self._bound:
            self.popitem(last=False)

    def put_all(self, keys: tuple[str, ...], value: V) -> None:
        """Set several keys to one value, as `put` does."""
        for key in keys:
            self[key] = value
            self.move_to_end(key)
        while len(self) > self._bound:
            self.popitem(last=False)

    def sweep(self, is_dead: Callable[[V], bool], limit: int) -> None:
        """Drop up to `limit` keys, least recent first, and stop at the first key with a living value."""
        while limit and self and is_dead(self[next(iter(self))]):
            self.popitem(last=False)
            limit -= 1

    def snapshot(self) -> list[tuple[str, V]]:
        """Return the items, least recent first."""
        return list(self.items())

    def restore(self, items: list[tuple[str, V]]) -> None:
        """Replace the content by the items of a snapshot."""
        self.clear()
        self.update(items)
