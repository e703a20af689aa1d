"""Mark near-duplicates that may differ in meaning: in a negation, a number, a place, a time, a blood group or in roles.

"The bridge did not fall" shares all but two words with "the bridge fell". A similarity cannot separate the two, so the
differing words are examined. Words that a copy lost at its end, or gained in front or behind, are no change of the
message (`alignment`), unless they call the message false. A variant is a hint for a person and decides nothing. Testing
a similarity by minimal changes: Ribeiro et al. 2020, DOI 10.18653/v1/2020.acl-main.442.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeAlias

import msgspec

from detectors.similarity.alignment import Aligned, align
from detectors.similarity.numbers import is_numeric, numbers
from detectors.similarity.places import places
from detectors.similarity.roles import exchanged
from detectors.similarity.tokens import keys, read_letters, tokens
from detectors.similarity.words import load_words
from schemas.assignment import Variant

Finder: TypeAlias = Callable[[list[str]], tuple[set[str], list[str]]]
"""Returns the names in tokens, and the tokens that belong to no name."""

_COMMON_REST = 0.5  # least share of the other words common to both sides for a swapped place, time or blood group
_EDGE = 6  # tokens at each end of an addition that may deny the message
_NEAR = 3  # tokens from a negator to the word "true" that it negates
_BARE = 2  # tokens of an addition that consists of negators alone
_LEAST_LIST = 2  # items of a numbered list


class _Side(msgspec.Struct, frozen=True):
    """One of the two texts."""

    words: list[str]  # tokens as written
    keys: list[str]  # tokens without the accents of Latin letters
    start: int  # of the part that corresponds to a part of the other text
    end: int
    changed: Counter[str]  # keys in that part that the alignment leaves without a counterpart
    added: tuple[list[str], list[str]]  # keys before and after that part


def variants(a: str, b: str) -> tuple[Variant, ...]:
    """Return the possible differences in meaning between two normalised texts: sorted, and equal for (b, a).

    The common span of the texts is compared, and the few words at its ends that replace each other. Words that only
    one text has at an end count only where they call the message false.

    - NEGATION: on one side only, the changed words negate, or the added words call the claim false.
    - NUMBER: a number of the compared part is missing in the other text, or two numbers are exchanged.
    - PLACE, TIME, BLOOD_GROUP: each side names one that the other lacks, and most other words are common. A time is a
      day of the week, a month, or a day such as "tomorrow".
    - ROLES: two words are exchanged around others, as in "X attacked Y" and "Y attacked X".

    Costs some 70 µs for each new wording; the first call reads the gazetteer in some 0.4 s.
    """
    return _compare(a, b, whole=False)


def value_variants(a: str, b: str) -> tuple[Variant, ...]:
    """Return the differences between two normalised values of one slot; as `variants`, but each word counts."""
    return _compare(a, b, whole=True)


def _compare(a: str, b: str, *, whole: bool) -> tuple[Variant, ...]:
    if a == b:
        return ()
    one, other = sorted((tokens(a), tokens(b)))  # the alignment of (b, a) is that of (a, b)
    first, second = keys(one), keys(other)
    first, second = read_letters(first, second), read_letters(second, first)
    aligned = Aligned((), (0, len(one)), (0, len(other))) if whole else align(first, second, _trailer)
    gaps = aligned.gaps()
    left = _side(one, first, aligned.left, [gap[0] for gap in gaps])
    right = _side(other, second, aligned.right, [gap[1] for gap in gaps])
    swapped = None if whole else exchanged(first, second, aligned)
    found = []
    if _negates(left, right) != _negates(right, left):
        found.append(Variant.NEGATION)
    if _recounted(left, right, aligned) or (swapped and all(map(is_numeric, swapped))):
        found.append(Variant.NUMBER)
    elif swapped:
        found.append(Variant.ROLES)
    found += _swaps(left, right)
    return tuple(sorted(found))


def _side(words: list[str], keyed: list[str], part: tuple[int, int], gaps: list[tuple[int, int]]) -> _Side:
    changed = Counter(key for start, end in gaps for key in keyed[start:end])
    return _Side(words, keyed, *part, changed, (keyed[: part[0]], keyed[part[1] :]))


def _trailer(side: Sequence[str]) -> int:
    """Return the length of a "read more" at the end of tokens."""
    more = load_words().read_more
    most = min(len(side), max(more.longest.values()))
    return next((size for size in range(most, 0, -1) if " ".join(side[len(side) - size :]) in more.names), 0)


# --- negation ---------------------------------------------------------------------------------------------------------


def _negates(side: _Side, other: _Side) -> bool:
    """Return True if a changed word negates, or added words call the message false; moved words do neither."""
    if any(_is_negator(word, side.keys) for word in side.changed - other.changed):
        return True
    elsewhere = {*other.changed, *other.added[0], *other.added[1]}
    return any(_denies([key for key in added if key not in elsewhere], side.keys) for added in side.added)


def _is_negator(word: str, text: list[str]) -> bool:
    words = load_words()
    if word not in words.negators and not word.endswith(words.endings):
        return False
    return word not in words.unless or words.unless[word].isdisjoint(text)


def _denies(added: list[str], text: list[str]) -> bool:
    """Return True if words in front of or behind a message call it false: "fake", "not true" or a bare "no"."""
    words = load_words()
    negators = [at for at, word in enumerate(added) if _is_negator(word, text)]
    if added and len(negators) == len(added) <= _BARE:
        return True
    edges = [at for at in range(len(added)) if at < _EDGE or at >= len(added) - _EDGE]
    if any(added[at] in words.denials for at in edges):
        return True
    return any(
        abs(at - near) <= _NEAR for at in edges if added[at] in words.truths for near in negators if near in edges
    )


# --- numbers ----------------------------------------------------------------------------------------------------------


def _recounted(left: _Side, right: _Side, aligned: Aligned) -> bool:
    """Return True if a number of one compared part is missing in the other text."""
    lists = _list_numbers(left, right, aligned)
    parts = _counted(left, right, aligned)
    here, there = (
        numbers(["" if at in listed else side.keys[at] for at in range(*part)])
        for side, part, listed in zip((left, right), parts, lists, strict=True)
    )
    gone, come = here - there, there - here
    return bool((gone and gone - numbers(right.keys)) or (come and come - numbers(left.keys)))


def _counted(left: _Side, right: _Side, aligned: Aligned) -> tuple[tuple[int, int], tuple[int, int]]:
    """Narrow the compared parts: at an end, words of different number replace each other only if all count."""
    if not aligned.blocks:
        return aligned.left, aligned.right
    first, last = aligned.blocks[0], aligned.blocks[-1]
    (start, end), (other_start, other_end) = aligned.left, aligned.right
    heads = left.keys[start : first.left], right.keys[other_start : first.right]
    if _are_copy_numbers(left, right) or not _alike(*heads):
        start, other_start = first.left, first.right
    if not _alike(left.keys[last.left + last.size : end], right.keys[last.right + last.size : other_end]):
        end, other_end = last.left + last.size, last.right + last.size
    return (start, end), (other_start, other_end)


def _alike(left: Sequence[str], right: Sequence[str]) -> bool:
    return len(left) == len(right) or bool(numbers(left) and numbers(right))


def _are_copy_numbers(left: _Side, right: _Side) -> bool:
    """Return True if both texts begin with a figure that counts nothing, as "17. The gate" and "203. The gate"."""
    heads = left.keys[:2], right.keys[:2]
    return all(len(head) > 1 and head[0].isdecimal() and head[1] in load_words().openers for head in heads)


def _list_numbers(left: _Side, right: _Side, aligned: Aligned) -> tuple[set[int], set[int]]:
    """Return the positions of the numbers of list items that the other text writes with bullets or letters."""
    if not aligned.blocks:
        return set(), set()
    found: tuple[list[int], list[int]] = ([], [])
    first = ((0, aligned.blocks[0].left), (0, aligned.blocks[0].right))  # a list may begin with the text
    for gap in dict.fromkeys((first, *aligned.gaps())):
        for at, (side, other) in enumerate(((left, right), (right, left))):
            mine, theirs = side.keys[slice(*gap[at])], other.keys[slice(*gap[1 - at])]
            if len(mine) == 1 and mine[0].isdecimal() and all(len(one) == 1 and one.isalpha() for one in theirs):
                found[at].append(gap[at][0])
    return _in_sequence(found[0], left), _in_sequence(found[1], right)


def _in_sequence(positions: list[int], side: _Side) -> set[int]:
    """Return the positions if their numbers count from one."""
    counted = [int(side.keys[at]) for at in positions]
    return set(positions) if len(counted) >= _LEAST_LIST and counted == list(range(1, len(counted) + 1)) else set()


# --- places, times and blood groups -----------------------------------------------------------------------------------


def _swaps(left: _Side, right: _Side) -> list[Variant]:
    """Return the kinds of names that differ both ways between the compared parts."""
    found = []
    if _swapped(places, (left.words, right.words), left, right):
        found.append(Variant.PLACE)
    if _swapped(_times, (left.keys, right.keys), left, right):
        found.append(Variant.TIME)
    if _swapped(_blood_groups, (left.keys, right.keys), left, right):
        found.append(Variant.BLOOD_GROUP)
    return found


def _swapped(finder: Finder, texts: tuple[list[str], list[str]], left: _Side, right: _Side) -> bool:
    """Return True if each compared part has a name that the other text lacks, and most other words are common."""
    here, rest = finder(texts[0][left.start : left.end])
    if not here:
        return False
    there, other = finder(texts[1][right.start : right.end])
    gone, come = here - finder(texts[1])[0], there - finder(texts[0])[0]
    if {_kind(name) for name in gone}.isdisjoint({_kind(name) for name in come}):
        return False
    common = (Counter(rest) & Counter(other)).total()
    return common >= _COMMON_REST * max(len(rest), len(other))


def _times(text: list[str]) -> tuple[set[str], list[str]]:
    """Return the days and months named in tokens, and the other tokens."""
    words = load_words()
    if words.times.longest.keys().isdisjoint(text):
        return set(), text
    found, rest, last = set(), list[str](), 0
    for start, end, meaning in words.times.find(text):
        found.add(meaning)
        rest += text[last:start]
        last = end
    return found, rest + text[last:]


def _blood_groups(text: list[str]) -> tuple[set[str], list[str]]:
    """Return the blood groups with their rhesus factor named in tokens, and the other tokens."""
    words = load_words()
    if words.rhesus.keys().isdisjoint(text):
        return set(), text
    found, rest, at = set(), list[str](), 0
    while at < len(text):
        group, sign = words.groups.get(text[at]), words.rhesus.get(text[at + 1]) if at + 1 < len(text) else None
        if group and sign:
            found.add(f"group {group}{sign}")
            at += 2
        else:
            rest.append(text[at])
            at += 1
    return found, rest


def _kind(name: str) -> str:
    """Return the kind of a name: a weekday is compared with a weekday, a place with a place."""
    return name.partition(" ")[0] if name.startswith(("weekday ", "month ", "day ")) else ""


__all__ = ["value_variants", "variants"]
