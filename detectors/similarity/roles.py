"""Find two stretches of words that two texts have in each other's place, as "X attacked Y" and "Y attacked X".

A copy that exchanges who acted and who suffered has the same words, so no other comparison notices the difference.
Words joined as equals ("X and Y") may be exchanged without another meaning, and so may neighbours, except where the
order or an ending alone tells the subject from the object.
"""

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

from detectors.similarity.alignment import Aligned
from detectors.similarity.words import load_words

_LONGEST = 4  # tokens of a name
_FURTHEST = 24  # tokens in which an exchange must end
_STEM = 3  # letters of a word that its forms have in common
_ENDING = 3  # letters that an ending adds or replaces
_ARTICLE = "ال"  # opens a definite noun; Arabic puts the verb first, so subject and object may be neighbours


class _Exchange(NamedTuple):
    first: Sequence[str]
    between: Sequence[str]
    second: Sequence[str]
    forms_differ: bool  # one of the words has another ending in the other text


def exchanged(left: Sequence[str], right: Sequence[str], aligned: Aligned) -> tuple[str, str] | None:
    """Return the two stretches of the left text that are exchanged in the right text, or None.

    Args:
        left: tokens of one text.
        right: tokens of the other text.
        aligned: their alignment; the exchange is looked for where the texts first differ, also where they do without
            the words in front of the common span.

    """
    for start in sorted({(0, 0), (aligned.left[0], aligned.right[0])}):
        found = _exchange(left[start[0] :], right[start[1] :])
        if found is not None and _matters(found):
            return " ".join(found.first), " ".join(found.second)
    return None


def _exchange(left: Sequence[str], right: Sequence[str]) -> _Exchange | None:
    """Return the exchange that begins where the texts first differ; the words after the exchange do not matter."""
    shorter = min(len(left), len(right))
    begin = next((at for at in range(shorter) if left[at] != right[at]), shorter)
    here, there = left[begin : begin + _FURTHEST], right[begin : begin + _FURTHEST]
    if not here or not there:
        return None
    places = [at for at in range(1, len(there)) if _is_same_word(here[0], there[at])]
    others = [at for at in range(1, len(here)) if _is_same_word(there[0], here[at])]
    for place, other, first in product(places, others, range(1, _LONGEST + 1)):
        between = other - first
        second = place - between
        if between < 0 or not 1 <= second <= _LONGEST:
            continue
        one, two = (here[:first], here[other : other + second]), (there[place : place + first], there[:second])
        if all(map(_same, one, two)) and _same(here[first:other], there[second:place]) and not _same(one[0], two[1]):
            return _Exchange(one[0], here[first:other], one[1], one != two)
    return None


def _matters(found: _Exchange) -> bool:
    """Return True unless the words are letters, joined as equals, or neighbours in free order."""
    names = "".join(found.first), "".join(found.second)
    if not all(len(name) > 1 or name.isdecimal() for name in names):
        return False
    if not found.between:
        return found.forms_differ or all(name.startswith(_ARTICLE) for name in names)
    return any(word not in load_words().conjunctions for word in found.between)


def _same(one: Sequence[str], other: Sequence[str]) -> bool:
    return len(one) == len(other) and all(map(_is_same_word, one, other))


def _is_same_word(one: str, other: str) -> bool:
    """Return True if two tokens are forms of one word, such as a singular and a plural."""
    if one == other:
        return True
    shorter = min(len(one), len(other))
    if shorter <= _STEM or abs(len(one) - len(other)) > _ENDING:
        return False
    common = next((at for at in range(shorter) if one[at] != other[at]), shorter)
    return common >= max(_STEM, shorter - _ENDING)


__all__ = ["exchanged"]
