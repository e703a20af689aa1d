"""Draw every random choice of a simulation from one generator, which is passed along.

The module uses only `Generator.random` and arithmetic on its results, so a seed gives the same stream on every machine.
"""

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Draw:
    """Source of random choices. Two instances with equal seeds make equal choices."""

    __slots__ = ("unit",)

    def __init__(self, generator: np.random.Generator) -> None:
        self.unit = generator.random

    def chance(self, probability: float) -> bool:
        """Return True with a probability."""
        return self.unit() < probability

    def below(self, n: int) -> int:
        """Return an integer from 0 to n - 1, uniformly."""
        return int(self.unit() * n)

    def between(self, low: float, high: float) -> float:
        """Return a number of the half-open interval from `low` to `high`, uniformly."""
        return low + (high - low) * self.unit()

    def choice(self, items: Sequence[T]) -> T:
        """Return an item, uniformly."""
        return items[self.below(len(items))]

    def normal(self) -> float:
        """Return a standard normal number (Box and Muller 1958, DOI 10.1214/aoms/1177706645)."""
        return math.sqrt(-2.0 * math.log(1.0 - self.unit())) * math.cos(2.0 * math.pi * self.unit())

    def log_normal(self, median: float, sigma: float) -> float:
        """Return a log-normal number: many are small, a few are very large."""
        return median * math.exp(sigma * self.normal())

    def poisson(self, mean: float) -> int:
        """Return a Poisson count with a mean. Knuth's product of uniforms: cost grows with the mean."""
        limit, product, count = math.exp(-mean), self.unit(), 0
        while product > limit:
            product *= self.unit()
            count += 1
        return count

    def string(self, alphabet: str, length: int) -> str:
        """Return a random string over an alphabet."""
        return "".join([alphabet[int(self.unit() * len(alphabet))] for _ in range(length)])

    def hexadecimal(self, length: int) -> str:
        """Return a random string of lower-case hexadecimal digits."""
        return self.string("0123456789abcdef", length)

    def digits(self, length: int) -> str:
        """Return a random string of decimal digits."""
        return self.string("0123456789", length)


class WeightedRoundRobin:
    """Turns by weight: each pick is furthest behind its share, so small streams keep the mix too."""

    def __init__(self, weights: Sequence[tuple[str, float]]) -> None:
        self._total = sum(weight for _, weight in weights)
        self._weights = [(name, weight / self._total) for name, weight in weights if weight > 0]
        self._picked = dict.fromkeys([name for name, _ in self._weights], 0)
        self._turns = 0

    def pick(self) -> str:
        """Return the next name; among equals the first."""
        self._turns += 1
        name = max(self._weights, key=lambda entry: round(entry[1] * self._turns - self._picked[entry[0]], 9))[0]
        self._picked[name] += 1
        return name
