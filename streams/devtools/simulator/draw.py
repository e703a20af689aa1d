"""Every choice of a simulation, drawn from one generator that is passed along.

Only `Generator.random` is used, and arithmetic on what it gives, so that a seed gives the same stream on every machine.
"""

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Draw:
    """Choices from a seeded generator. Two of them with equal seeds make equal choices."""

    __slots__ = ("unit",)

    def __init__(self, generator: np.random.Generator) -> None:
        self.unit = generator.random

    def chance(self, probability: float) -> bool:
        """Whether something of this probability happens."""
        return self.unit() < probability

    def below(self, n: int) -> int:
        """An integer of 0 to n - 1, each as likely."""
        return int(self.unit() * n)

    def between(self, low: float, high: float) -> float:
        """A number of the half-open interval."""
        return low + (high - low) * self.unit()

    def choice(self, items: Sequence[T]) -> T:
        """One of the items, each as likely."""
        return items[self.below(len(items))]

    def normal(self) -> float:
        """A standard normal number (Box and Muller 1958, DOI 10.1214/aoms/1177706645)."""
        return math.sqrt(-2.0 * math.log(1.0 - self.unit())) * math.cos(2.0 * math.pi * self.unit())

    def log_normal(self, median: float, sigma: float) -> float:
        """A number whose logarithm is normal: many small ones, a few very large ones."""
        return median * math.exp(sigma * self.normal())

    def poisson(self, mean: float) -> int:
        """A count with this mean, for small means (Knuth's product of uniforms)."""
        limit, product, count = math.exp(-mean), self.unit(), 0
        while product > limit:
            product *= self.unit()
            count += 1
        return count

    def string(self, alphabet: str, length: int) -> str:
        """A random string over the alphabet."""
        return "".join([alphabet[int(self.unit() * len(alphabet))] for _ in range(length)])

    def hexadecimal(self, length: int) -> str:
        """A random string of lower-case hexadecimal digits."""
        return self.string("0123456789abcdef", length)

    def digits(self, length: int) -> str:
        """A random string of decimal digits."""
        return self.string("0123456789", length)


class Rota:
    """Takes turns by weight: each pick is what is furthest behind its share, so that small streams keep the mix too."""

    def __init__(self, weights: Sequence[tuple[str, float]]) -> None:
        self._total = sum(weight for _, weight in weights)
        self._weights = [(name, weight / self._total) for name, weight in weights if weight > 0]
        self._picked = dict.fromkeys([name for name, _ in self._weights], 0)
        self._turns = 0

    def pick(self) -> str:
        """The name whose turn it is; of equals the first."""
        self._turns += 1
        name = max(self._weights, key=lambda entry: round(entry[1] * self._turns - self._picked[entry[0]], 9))[0]
        self._picked[name] += 1
        return name
