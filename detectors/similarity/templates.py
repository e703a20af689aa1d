"""Writes the wordings of one cluster as one sentence with slots: the same hoax with another town, number or a negation.

A cluster holds what is near, and near is not the same: who reads one wording must see what the others say in its place.
Each wording is aligned word by word with the one that stands for the cluster; words that all have are the template, and
what differs between them is a slot. Star alignment: Gusfield 1993, doi:10.1007/BF02460299. Matching by longest common
blocks: Ratcliff and Metzener 1988, as Python's difflib does it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

import msgspec
import regex

from detectors.similarity.variants import variants
from detectors.text.formatting import many, plain, shorten
from detectors.text.normalise import normalise
from schemas.assignment import Variant

WORDING = "wording"
"""The name of a slot whose values differ in words alone."""

_CHUNK = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]|[^\s\p{Han}\p{Hiragana}\p{Katakana}]+")
_EDGES = regex.compile(r"(?P<before>[^\p{L}\p{M}\p{N}]*)(?P<core>.*?)(?P<after>[^\p{L}\p{M}\p{N}]*)", regex.DOTALL)
_NO_BRACES = str.maketrans("{}", "()")  # so that what looks like a slot is one
_SHOWN_VALUES = 8
_SHOWN_CHARACTERS = 60


class FamilyConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds, so that a cluster costs a second at most."""

    max_wordings: int = 64  # that are aligned: those that most messages bear
    max_words: int = 128  # of a wording; what comes after is left off
    max_families: int = 8  # templates for one cluster
    common: float = 0.5  # share of the longest wording's words that all must have to be one family


class CountedWording(msgspec.Struct, frozen=True):
    """A wording, masked for people, and how many messages bear it."""

    text: str
    messages: int


class Value(msgspec.Struct, frozen=True):
    """What some wordings have in a slot."""

    text: str  # as it was written first; empty where they have nothing there
    words: tuple[str, ...]  # folded
    messages: int
    variants: tuple[Variant, ...]  # how the meaning may differ from the representative's


class Slot(msgspec.Struct, frozen=True):
    """A place in the template where wordings differ."""

    name: str  # what differs: a `Variant` or `WORDING`, numbered from the second on
    values: tuple[Value, ...]  # the representative's first, then by messages


class Member(msgspec.Struct, frozen=True):
    """A wording that the template gives, and with which value in each slot."""

    wording: int  # its place in what was given
    values: tuple[int, ...]


class Family(msgspec.Struct, frozen=True):
    """Wordings that say one thing in one way, but for the slots."""

    template: str  # for people, as the representative writes it
    pieces: tuple[tuple[str, ...], ...]  # folded words before, between and after the slots: one more than those
    slots: tuple[Slot, ...]
    members: tuple[Member, ...]  # the representative first
    messages: int
    variants: tuple[Variant, ...]  # how its representative differs from the cluster's

    def fill(self, values: Sequence[int]) -> tuple[str, ...]:
        """The folded words of the wording that has these values, by their places, in the slots."""
        words = list(self.pieces[0])
        for slot, value, piece in zip(self.slots, values, self.pieces[1:], strict=True):
            words += [*slot.values[value].words, *piece]
        return tuple(words)


class Families(msgspec.Struct, frozen=True):
    """All wordings of a cluster."""

    families: tuple[Family, ...]  # that of the cluster's representative first
    others: int  # messages whose wordings are beyond the bounds


class _Word(msgspec.Struct, frozen=True):
    key: str  # folded
    before: str  # punctuation
    core: str
    after: str
    spaced: bool  # whether a space stands before it


class _Aligned(msgspec.Struct, frozen=True):
    place: int  # in what was given
    told: CountedWording
    words: tuple[_Word, ...]
    at: dict[int, int]  # word of the representative -> the same word here


def words_of(text: str, most: int = FamilyConfig().max_words) -> tuple[str, ...]:
    """The folded words that an alignment sees; in scripts without spaces, Han and Kana, its characters.

    >>> words_of("Bridge at HOWRAH fell, 12 dead!! 😱")
    ('bridge', 'at', 'howrah', 'fell', '12', 'dead')

    """
    return tuple(word.key for word in _words(text, most))


def families(wordings: Sequence[CountedWording], config: FamilyConfig | None = None) -> Families:
    """The templates of a cluster.

    Args:
        wordings: the one that represents the cluster, then the others in a fixed order.
        config: the bounds.

    Returns:
        As many templates as are needed so that in each at least `common` of the longest wording is fixed. Equal
        arguments give equal results. It is for people who look at a cluster, and not for each message: an alignment
        costs the product of two texts' words.

    >>> bridge = [Told("Bridge at Howrah fell, 12 dead", 12), Told("Bridge at Kolhapur fell, 5 dead", 5)]
    >>> print(describe(families(bridge)))
    Bridge at {place} fell, {number} dead
      place: Howrah (12), Kolhapur (5)
      number: 12 (12), 5 (5)
      17 messages in 2 wordings

    """
    config = config or FamilyConfig()
    found: list[Family] = []
    left = _most_told(wordings, config)
    first = left[0][1] if left else ()
    while left and len(found) < config.max_families:
        members = list(_gather(left, wordings, config))
        found.append(_family(members, first))
        taken = {member.place for member in members}
        left = [one for one in left if one[0] not in taken]
    others = sum(one.messages for one in wordings) - sum(family.messages for family in found)
    return Families(tuple(found), others)


def format_templates(found: Families) -> str:
    """The templates for a person, in lines."""
    lines = [line for family in found.families for line in _lines(family)]
    return "\n".join([*lines, *([f"{many(found.others, 'message')} in other wordings"] if found.others else [])])


def _lines(family: Family) -> Iterator[str]:
    differs = f"  [{', '.join(family.variants)}]" if family.variants else ""
    yield plain(family.template) + differs
    for slot in family.slots:
        shown = [f"{_shown(value)} ({value.messages:,})" for value in slot.values[:_SHOWN_VALUES]]
        rest = len(slot.values) - len(shown)
        yield f"  {slot.name}: {', '.join(shown)}" + (f" and {rest} more" if rest else "")
    yield f"  {many(family.messages, 'message')} in {many(len(family.members), 'wording')}"


def _shown(value: Value) -> str:
    return shorten(plain(value.text), _SHOWN_CHARACTERS) or "–"


def _most_told(wordings: Sequence[CountedWording], config: FamilyConfig) -> list[tuple[int, tuple[_Word, ...]]]:
    """The places and words of the representative and of those that most messages bear; not of what has no words."""
    order = sorted(range(1, len(wordings)), key=lambda place: -wordings[place].messages)
    chosen = [*range(min(1, len(wordings))), *order][: config.max_wordings]
    read = ((place, _words(wordings[place].text, config.max_words)) for place in chosen)
    return [(place, words) for place, words in read if words]


def _words(text: str, most: int) -> tuple[_Word, ...]:
    found: list[_Word] = []
    for match in _CHUNK.finditer(text):
        key = normalise(match[0])
        if key:
            parts = _EDGES.fullmatch(match[0].translate(_NO_BRACES))
            spaced = match.start() > 0 and text[match.start() - 1].isspace()
            found.append(_Word(key, parts["before"], parts["core"], parts["after"], spaced))
        if len(found) == most:
            break
    return tuple(found)


def _gather(
    left: Sequence[tuple[int, tuple[_Word, ...]]], wordings: Sequence[CountedWording], config: FamilyConfig
) -> Iterator[_Aligned]:
    """The first wording, and each next one that leaves enough of the words to all."""
    backbone = left[0][1]
    fixed, longest = set(range(len(backbone))), len(backbone)
    for place, words in left:
        at = _align(backbone, words)
        common, most = fixed & at.keys(), max(longest, len(words))
        if len(common) >= config.common * most:
            fixed, longest = common, most
            yield _Aligned(place, wordings[place], words, at)


def _align(backbone: Sequence[_Word], words: Sequence[_Word]) -> dict[int, int]:
    blocks = SequenceMatcher(None, _keys(backbone), _keys(words), autojunk=False).get_matching_blocks()
    return {block.a + n: block.b + n for block in blocks for n in range(block.size)}


def _family(members: Sequence[_Aligned], first: Sequence[_Word]) -> Family:
    backbone = members[0].words
    segments = list(_segments(members))
    slotted = [segment for segment in segments if segment.differs]
    values = [_values(members, segment.words) for segment in slotted]
    slots = tuple(map(Slot, _names([_kind(one) for one in values]), values))
    picked = [_picked(one, segment.words) for one, segment in zip(values, slotted, strict=True)]
    return Family(
        template=_template(backbone, slotted, slots),
        pieces=_pieces(segments),
        slots=slots,
        members=tuple(
            Member(member.place, tuple(one[number] for one in picked)) for number, member in enumerate(members)
        ),
        messages=sum(member.told.messages for member in members),
        variants=variants(" ".join(_keys(first)), " ".join(_keys(backbone))),
    )


class _Segment(msgspec.Struct, frozen=True):
    """A stretch of the representative, which may be empty, and what each wording has there."""

    start: int
    end: int
    words: tuple[tuple[_Word, ...], ...]  # by wording, the representative first

    @property
    def differs(self) -> bool:
        return any(_keys(one) != _keys(self.words[0]) for one in self.words)


def _segments(members: Sequence[_Aligned]) -> Iterator[_Segment]:
    """The representative cut wherever it is known of each wording what stands before the cut and what after it."""
    size = len(members[0].words)
    cuts = [cut for cut in range(size + 1) if all(_is_cut(member, cut, size) for member in members)]
    sides = [[_sides(member, cut, size) for member in members] for cut in cuts]
    for number, cut in enumerate(cuts):
        yield _Segment(cut, cut, _parts(members, sides[number]))
        if cut < size:
            until = [(here[1], there[0]) for here, there in zip(sides[number], sides[number + 1], strict=True)]
            yield _Segment(cut, cuts[number + 1], _parts(members, until))


def _is_cut(member: _Aligned, cut: int, size: int) -> bool:
    return cut in (0, size) or cut - 1 in member.at or cut in member.at


def _sides(member: _Aligned, cut: int, size: int) -> tuple[int, int]:
    """A cut in a wording: what it has inserted there lies between the two; the same where nothing is."""
    before = 0 if cut == 0 else member.at.get(cut - 1, -2) + 1
    after = len(member.words) if cut == size else member.at.get(cut, -1)
    return (after if before < 0 else before), (before if after < 0 else after)


def _parts(members: Sequence[_Aligned], sides: Sequence[tuple[int, int]]) -> tuple[tuple[_Word, ...], ...]:
    return tuple(member.words[start:end] for member, (start, end) in zip(members, sides, strict=True))


def _pieces(segments: Sequence[_Segment]) -> tuple[tuple[str, ...], ...]:
    pieces: list[tuple[str, ...]] = [()]
    for segment in segments:
        if segment.differs:
            pieces.append(())
        else:
            pieces[-1] += _keys(segment.words[0])
    return tuple(pieces)


def _values(members: Sequence[_Aligned], filled: Sequence[Sequence[_Word]]) -> tuple[Value, ...]:
    messages: Counter[tuple[str, ...]] = Counter()
    texts: dict[tuple[str, ...], str] = {}
    for member, words in zip(members, filled, strict=True):
        messages[_keys(words)] += member.told.messages
        texts.setdefault(_keys(words), _text(words))
    own = " ".join(_keys(filled[0]))
    made = [Value(text, keys, messages[keys], variants(own, " ".join(keys))) for keys, text in texts.items()]
    return (made[0], *sorted(made[1:], key=lambda value: -value.messages))


def _picked(values: Sequence[Value], filled: Sequence[Sequence[_Word]]) -> list[int]:
    """Which value each wording has."""
    places = {value.words: place for place, value in enumerate(values)}
    return [places[_keys(words)] for words in filled]


def _kind(values: Sequence[Value]) -> str:
    """What differs in a slot: a negation if there is any, else what most messages differ in."""
    marks: Counter[Variant] = Counter()
    for value in values:
        marks.update(dict.fromkeys(value.variants, value.messages))
    if not marks or Variant.NEGATION in marks:
        return Variant.NEGATION if marks else WORDING
    return max(sorted(marks), key=lambda mark: marks[mark])


def _names(kinds: Sequence[str]) -> list[str]:
    seen: Counter[str] = Counter()
    names = []
    for kind in kinds:
        seen[kind] += 1
        names.append(kind if seen[kind] == 1 else f"{kind} {seen[kind]}")
    return names


def _template(backbone: Sequence[_Word], slotted: Sequence[_Segment], slots: Sequence[Slot]) -> str:
    """The representative as it is written, with names in braces where wordings differ."""
    parts: list[str] = []
    at = 0
    for segment, slot in zip(slotted, slots, strict=True):
        parts += map(_written, backbone[at : segment.start])
        parts.append(_blank(backbone, segment, slot.name))
        at = segment.end
    return "".join([*parts, *map(_written, backbone[at:])]).strip()


def _blank(backbone: Sequence[_Word], segment: _Segment, name: str) -> str:
    """A slot's name in the place and between the punctuation of what it stands for."""
    own = segment.words[0]
    if own:
        return f"{' ' * own[0].spaced}{own[0].before}{{{name}}}{own[-1].after}"
    if segment.start == 0:
        return f"{{{name}}} "
    return f"{' ' * backbone[min(segment.start, len(backbone) - 1)].spaced}{{{name}}}"


def _text(words: Sequence[_Word]) -> str:
    """Words as they are written, without the punctuation around all of them."""
    if not words:
        return ""
    written = "".join(map(_written, words)).strip()
    return written.removeprefix(words[0].before).removesuffix(words[-1].after)


def _written(word: _Word) -> str:
    return f"{' ' * word.spaced}{word.before}{word.core}{word.after}"


def _keys(words: Sequence[_Word]) -> tuple[str, ...]:
    return tuple(word.key for word in words)


__all__ = [
    "WORDING",
    "CountedWording",
    "Families",
    "Family",
    "FamilyConfig",
    "Member",
    "Slot",
    "Value",
    "families",
    "format_templates",
    "words_of",
]
