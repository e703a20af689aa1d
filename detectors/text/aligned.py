"""Replace parts of a text and keep the place of each character in the text as written.

A mask is put over the text as written, but an identifier may be readable only after entities, keycaps or reversed
letters are resolved. The places lead from the readable form back.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import regex


class Aligned(NamedTuple):
    """A text derived from another one. Each character came from `starts[i]` to `ends[i]` of the text as written."""

    text: str
    starts: list[int]
    ends: list[int]

    @classmethod
    def of(cls, text: str) -> "Aligned":
        """Return a text as written."""
        return cls(text, list(range(len(text))), list(range(1, len(text) + 1)))

    def sub(self, pattern: "regex.Pattern[str]", replacement: Callable[["regex.Match[str]"], str]) -> "Aligned":
        """Replace each match; a removed part belongs to the character before it, so a mask covers the part as well."""
        text, starts, ends = [], list[int](), list[int]()
        done = 0
        for match in pattern.finditer(self.text):
            first, last = match.span()
            to = replacement(match)
            if first == last or to == match[0]:
                continue
            text += [self.text[done:first], to]
            starts += [*self.starts[done:first], *[self.starts[first]] * len(to)]
            ends += [*self.ends[done:first], *[self.ends[last - 1]] * len(to)]
            if not to and ends:
                ends[-1] = max(ends[-1], self.ends[last - 1])
            done = last
        return Aligned("".join([*text, self.text[done:]]), starts + self.starts[done:], ends + self.ends[done:])

    def take(self, order: Sequence[int]) -> "Aligned":
        """Return the characters at some positions, in the order given."""
        return Aligned(
            "".join(self.text[i] for i in order), [self.starts[i] for i in order], [self.ends[i] for i in order]
        )

    def written(self, first: int, last: int) -> tuple[int, int]:
        """Return the part of the text as written that the characters from `first` to before `last` came from."""
        return min(self.starts[first:last]), max(self.ends[first:last])
