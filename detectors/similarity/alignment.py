"""Align the tokens of two texts, and separate what was changed from what was added or cut off at the ends.

Copies of a message lose their end at a platform's limit, and gain signatures, comments and calls to share. Words
outside the span that both texts have say nothing about the words inside. The anchors of the alignment are the common
beginning, the common end and the tokens that occur once in each text: Bram Cohen's patience diff, as in
`git diff --patience`.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

import msgspec

_LEAST_COMMON = 0.3  # share of the shorter text that must be aligned; below, the texts are compared as a whole
_WEAK = 3  # an outer stretch this many times shorter than the gap before it is common by chance
_SHORT = 3  # tokens that may replace each other at an end of both texts


class Block(msgspec.Struct, frozen=True):
    """Tokens that are equal in both texts."""

    left: int
    right: int
    size: int


class Aligned(msgspec.Struct, frozen=True):
    """Two texts with the part of each that corresponds to a part of the other.

    Attributes:
        blocks: common tokens, in order.
        left: start and end of the compared part of the left text.
        right: start and end of the compared part of the right text.

    """

    blocks: tuple[Block, ...]
    left: tuple[int, int]
    right: tuple[int, int]

    def gaps(self) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        """Return (start, end) in the left and the right text of each stretch of the compared parts that differs."""
        ends = [Block(self.left[0], self.right[0], 0), *self.blocks, Block(self.left[1], self.right[1], 0)]
        stretches = [
            ((before.left + before.size, after.left), (before.right + before.size, after.right))
            for before, after in pairwise(ends)
        ]
        return [(left, right) for left, right in stretches if left[0] < left[1] or right[0] < right[1]]


def align(left: Sequence[str], right: Sequence[str], trailer: Callable[[Sequence[str]], int]) -> Aligned:
    """Align two texts in time near-linear in their length.

    Args:
        left: tokens of one text.
        right: tokens of the other text.
        trailer: returns the length of a phrase such as "read more" at the end of tokens, 0 without one.

    """
    blocks = _without_weak_ends(_blocks(left, right))
    if sum(block.size for block in blocks) < _LEAST_COMMON * min(len(left), len(right)) or not blocks:
        return Aligned((), (0, len(left)), (0, len(right)))
    first, last = blocks[0], blocks[-1]
    heads = _beginnings(left[: first.left], right[: first.right])
    start, end = (first.left - heads[0], first.right - heads[1]), (last.left + last.size, last.right + last.size)
    tails = _endings(left[end[0] :], right[end[1] :], trailer)
    return Aligned(tuple(blocks), (start[0], end[0] + tails[0]), (start[1], end[1] + tails[1]))


def _blocks(left: Sequence[str], right: Sequence[str]) -> list[Block]:
    shorter = min(len(left), len(right))
    begin = next((at for at in range(shorter) if left[at] != right[at]), shorter)
    rest = shorter - begin
    end = next((at for at in range(rest) if left[-1 - at] != right[-1 - at]), rest)
    blocks = [Block(0, 0, begin)] if begin else []
    blocks += _middle(left, right, begin, end)
    if end:
        blocks.append(Block(len(left) - end, len(right) - end, end))
    return blocks


def _middle(left: Sequence[str], right: Sequence[str], begin: int, end: int) -> list[Block]:
    """Extend each anchor between the common beginning and the common end to both sides."""
    limits = (len(left) - end, len(right) - end)
    blocks: list[Block] = []
    low, high = begin, begin
    for here, there in _anchors(left, right, begin, limits):
        if here < low or there < high:
            continue  # inside the block of an earlier anchor
        before = 0
        while here - before > low and there - before > high and left[here - before - 1] == right[there - before - 1]:
            before += 1
        size = before + 1
        start, other = here - before, there - before
        while start + size < limits[0] and other + size < limits[1] and left[start + size] == right[other + size]:
            size += 1
        blocks.append(Block(start, other, size))
        low, high = start + size, other + size
    return blocks


def _anchors(left: Sequence[str], right: Sequence[str], begin: int, limits: tuple[int, int]) -> list[tuple[int, int]]:
    """Return the longest rising sequence of the tokens that occur once on each side."""
    here, there = left[begin : limits[0]], right[begin : limits[1]]
    once, other = Counter(here), Counter(there)
    places = {token: at for at, token in enumerate(there, begin) if other[token] == 1}
    pairs = [(at, places[token]) for at, token in enumerate(here, begin) if once[token] == 1 and token in places]
    tops: list[int] = []
    last: list[int] = []
    previous: list[int] = []
    for number, (_, place) in enumerate(pairs):
        length = bisect_left(tops, place)
        previous.append(last[length - 1] if length else -1)
        tops[length : length + 1], last[length : length + 1] = [place], [number]
    chain, number = [], last[-1] if last else -1
    while number >= 0:
        chain.append(pairs[number])
        number = previous[number]
    return chain[::-1]


def _without_weak_ends(blocks: list[Block]) -> list[Block]:
    """Drop outer blocks that are much shorter than the gap to the rest."""
    while len(blocks) > 1 and _WEAK * blocks[-1].size < _gap(blocks[-2], blocks[-1]):
        blocks = blocks[:-1]
    while len(blocks) > 1 and _WEAK * blocks[0].size < _gap(blocks[0], blocks[1]):
        blocks = blocks[1:]
    return blocks


def _gap(before: Block, after: Block) -> int:
    return max(after.left - before.left - before.size, after.right - before.right - before.size)


def _beginnings(left: Sequence[str], right: Sequence[str]) -> tuple[int, int]:
    """Count the tokens before the common span that replace each other; the others were added or cut off."""
    if min(len(left), len(right)) > _SHORT:
        return 0, 0
    most = max(_SHORT, min(len(left), len(right)) + 1)
    return (min(len(left), most), min(len(right), most)) if left and right else (0, 0)


def _endings(left: Sequence[str], right: Sequence[str], trailer: Callable[[Sequence[str]], int]) -> tuple[int, int]:
    """Count the tokens after the common span that replace each other; the others were added or cut off."""
    left, right = left[: len(left) - trailer(left)], right[: len(right) - trailer(right)]
    if _is_cut(left, right) or _is_cut(right, left):
        return 0, 0
    return _beginnings(left, right)


def _is_cut(shorter: Sequence[str], longer: Sequence[str]) -> bool:
    """Return True if the only token is the beginning of the longer text's next token: a text cut inside a word."""
    if len(shorter) != 1 or len(longer) < 2 or not longer[0].startswith(shorter[0]):
        return False
    return len(longer) > _SHORT or not shorter[0].isdecimal()


__all__ = ["Aligned", "Block", "align"]
