"""Summarises the wordings of one cluster as templates with slots: the same hoax with another town, number or negation.

Wordings of one cluster are similar but not equal, so a reader of one wording must see the differences to the others.
Each wording is aligned word by word with the representative. Words common to all wordings form the template; a stretch
that differs is a slot. Star alignment: Gusfield 1993, doi:10.1007/BF02460299. Matching by longest common blocks:
Ratcliff and Metzener 1988, implemented by Python's difflib.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Annotated

import msgspec
import regex
from msgspec import Meta

from detectors.base_config import BaseConfig
from detectors.similarity.variants import value_variants, variants
from detectors.text.formatting import many, plain, shorten
from detectors.text.normalise import normalise
from schemas.assignment import Variant

WORDING = "wording"
"""Name of a slot whose values differ in words only."""

_CHUNK = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]|[^\s\p{Han}\p{Hiragana}\p{Katakana}]+")
_EDGES = regex.compile(r"(?P<before>[^\p{L}\p{M}\p{N}]*)(?P<core>.*?)(?P<after>[^\p{L}\p{M}\p{N}]*)", regex.DOTALL)
_NO_BRACES = str.maketrans("{}", "()")  # braces in a message must not look like a slot
_SHOWN_VALUES = 8
_SHOWN_CHARACTERS = 60


class TemplateConfig(BaseConfig, frozen=True, kw_only=True):
    """Bounds on the alignment of wordings; with the defaults a cluster costs at most a second."""

    max_wordings: Annotated[
        int, Meta(ge=1, description="Wordings aligned per cluster at most, the most frequent first.")
    ] = 64
    max_words: Annotated[int, Meta(ge=1, description="Words of a wording that are aligned; the rest is cut off.")] = 128
    max_templates: Annotated[int, Meta(ge=1, description="Templates per cluster at most.")] = 8
    common: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="Share of the longest wording's words that all wordings of a template must have in common.",
        ),
    ] = 0.5


class CountedWording(msgspec.Struct, frozen=True):
    """A wording, with personal data masked, and its number of messages."""

    text: str
    messages: int


class Value(msgspec.Struct, frozen=True):
    """The words of some wordings in a slot."""

    text: str  # as first written; empty if these wordings have no words in the slot
    words: tuple[str, ...]  # normalised
    messages: int
    variants: tuple[Variant, ...]  # possible differences in meaning from the representative's value


class Slot(msgspec.Struct, frozen=True):
    """A position in the template where wordings differ."""

    name: str  # kind of difference: a `Variant` or `WORDING`; numbered from the second slot of a kind on
    values: tuple[Value, ...]  # the representative's value first, then by descending number of messages


class Member(msgspec.Struct, frozen=True):
    """A wording that a template covers, with its value in each slot."""

    wording: int  # position in the input
    values: tuple[int, ...]  # position in `Slot.values`, for each slot


class Template(msgspec.Struct, frozen=True):
    """Wordings that are one sentence except for the slots."""

    text: str  # for people: the representative's spelling, with slot names in braces
    pieces: tuple[tuple[str, ...], ...]  # normalised words before, between and after the slots: slots + 1 pieces
    slots: tuple[Slot, ...]
    members: tuple[Member, ...]  # the template's representative first
    messages: int
    variants: tuple[Variant, ...]  # possible differences in meaning from the cluster's representative

    def fill(self, values: Sequence[int]) -> tuple[str, ...]:
        """Return the normalised words of the wording with the given values (positions in `Slot.values`)."""
        words = list(self.pieces[0])
        for slot, value, piece in zip(self.slots, values, self.pieces[1:], strict=True):
            words += [*slot.values[value].words, *piece]
        return tuple(words)


class Templates(msgspec.Struct, frozen=True):
    """The templates of a cluster."""

    templates: tuple[Template, ...]  # the template of the cluster's representative first
    others: int  # messages with wordings beyond the bounds


class _Word(msgspec.Struct, frozen=True):
    key: str  # normalised
    before: str  # punctuation before the core
    core: str
    after: str  # punctuation after the core
    spaced: bool  # True if a space precedes the word


class _Aligned(msgspec.Struct, frozen=True):
    position: int  # in the input
    wording: CountedWording
    words: tuple[_Word, ...]
    aligned: dict[int, int]  # position of a word in the representative -> position of the same word in this wording


def words_of(text: str, max_words: int = TemplateConfig().max_words) -> tuple[str, ...]:
    """Return the normalised words used for alignment; Han and Kana, written without spaces, are split by character.

    >>> words_of("Bridge at HOWRAH fell, 12 dead!! 😱")
    ('bridge', 'at', 'howrah', 'fell', '12', 'dead')

    """
    return tuple(word.key for word in _words(text, max_words))


def find_templates(wordings: Sequence[CountedWording], config: TemplateConfig | None = None) -> Templates:
    """Find the templates of a cluster.

    The function creates as many templates as needed for at least `common` of the longest wording to be fixed in each.
    Equal arguments give equal results. Call the function when a person views a cluster, not for each message: an
    alignment costs the product of the number of words of two texts.

    Args:
        wordings: the representative of the cluster, then the other wordings in a fixed order.
        config: the bounds.

    >>> bridge = [
    ...     CountedWording("Bridge at Howrah fell, 12 dead", 12),
    ...     CountedWording("Bridge at Kolhapur fell, 5 dead", 5),
    ... ]
    >>> print(format_templates(find_templates(bridge)))
    Bridge at {place} fell, {number} dead
      place: Howrah (12), Kolhapur (5)
      number: 12 (12), 5 (5)
      17 messages in 2 wordings

    """
    config = config or TemplateConfig()
    templates: list[Template] = []
    left = _most_shared(wordings, config)
    first = left[0][1] if left else ()
    while left and len(templates) < config.max_templates:
        members = list(_collect_members(left, wordings, config))
        templates.append(_build_template(members, first))
        taken = {member.position for member in members}
        left = [entry for entry in left if entry[0] not in taken]
    covered = sum(template.messages for template in templates)
    return Templates(tuple(templates), sum(wording.messages for wording in wordings) - covered)


def format_templates(found: Templates) -> str:
    """Format templates as lines of text for a person."""
    lines = [line for template in found.templates for line in _lines(template)]
    return "\n".join([*lines, *([f"{many(found.others, 'message')} in other wordings"] if found.others else [])])


def _lines(template: Template) -> Iterator[str]:
    differs = f"  [{', '.join(template.variants)}]" if template.variants else ""
    yield plain(template.text) + differs
    for slot in template.slots:
        shown = [f"{_shown(value)} ({value.messages:,})" for value in slot.values[:_SHOWN_VALUES]]
        rest = len(slot.values) - len(shown)
        yield f"  {slot.name}: {', '.join(shown)}" + (f" and {rest} more" if rest else "")
    yield f"  {many(template.messages, 'message')} in {many(len(template.members), 'wording')}"


def _shown(value: Value) -> str:
    return shorten(plain(value.text), _SHOWN_CHARACTERS) or "–"


def _most_shared(wordings: Sequence[CountedWording], config: TemplateConfig) -> list[tuple[int, tuple[_Word, ...]]]:
    """Return position and words of the representative and of the wordings with most messages; skip empty wordings."""
    order = sorted(range(1, len(wordings)), key=lambda position: -wordings[position].messages)
    chosen = [*range(min(1, len(wordings))), *order][: config.max_wordings]
    read = ((position, _words(wordings[position].text, config.max_words)) for position in chosen)
    return [(position, words) for position, words in read if words]


def _words(text: str, max_words: int) -> tuple[_Word, ...]:
    found: list[_Word] = []
    for match in _CHUNK.finditer(text):
        key = normalise(match[0])
        if key:
            parts = _EDGES.fullmatch(match[0].translate(_NO_BRACES))
            spaced = match.start() > 0 and text[match.start() - 1].isspace()
            found.append(_Word(key, parts["before"], parts["core"], parts["after"], spaced))
        if len(found) == max_words:
            break
    return tuple(found)


def _collect_members(
    left: Sequence[tuple[int, tuple[_Word, ...]]], wordings: Sequence[CountedWording], config: TemplateConfig
) -> Iterator[_Aligned]:
    """Yield the first wording, and each later wording that keeps enough words common to all."""
    backbone = left[0][1]
    fixed, longest = set(range(len(backbone))), len(backbone)
    for position, words in left:
        aligned = _align(backbone, words)
        common, longer = fixed & aligned.keys(), max(longest, len(words))
        if len(common) >= config.common * longer:
            fixed, longest = common, longer
            yield _Aligned(position, wordings[position], words, aligned)


def _align(backbone: Sequence[_Word], words: Sequence[_Word]) -> dict[int, int]:
    blocks = SequenceMatcher(None, _keys(backbone), _keys(words), autojunk=False).get_matching_blocks()
    return {block.a + n: block.b + n for block in blocks for n in range(block.size)}


def _build_template(members: Sequence[_Aligned], first: Sequence[_Word]) -> Template:
    backbone = members[0].words
    segments = list(_segments(members))
    slotted = [segment for segment in segments if segment.differs]
    values = [_values(members, segment.words) for segment in slotted]
    slots = tuple(map(Slot, _names([_kind(each) for each in values]), values))
    picked = [_picked(each, segment.words) for each, segment in zip(values, slotted, strict=True)]
    return Template(
        text=_template_text(backbone, slotted, slots),
        pieces=_pieces(segments),
        slots=slots,
        members=tuple(
            Member(member.position, tuple(values[number] for values in picked)) for number, member in enumerate(members)
        ),
        messages=sum(member.wording.messages for member in members),
        variants=variants(" ".join(_keys(first)), " ".join(_keys(backbone))),
    )


class _Segment(msgspec.Struct, frozen=True):
    """A stretch of the representative, possibly empty, and the words of each wording in the stretch."""

    start: int
    end: int
    words: tuple[tuple[_Word, ...], ...]  # by wording, the representative first

    @property
    def differs(self) -> bool:
        return any(_keys(words) != _keys(self.words[0]) for words in self.words)


def _segments(members: Sequence[_Aligned]) -> Iterator[_Segment]:
    """Cut the representative at each position that every wording can be cut at too."""
    size = len(members[0].words)
    cuts = [cut for cut in range(size + 1) if all(_is_cut(member, cut, size) for member in members)]
    sides = [[_sides(member, cut, size) for member in members] for cut in cuts]
    for number, cut in enumerate(cuts):
        yield _Segment(cut, cut, _parts(members, sides[number]))
        if cut < size:
            until = [(here[1], there[0]) for here, there in zip(sides[number], sides[number + 1], strict=True)]
            yield _Segment(cut, cuts[number + 1], _parts(members, until))


def _is_cut(member: _Aligned, cut: int, size: int) -> bool:
    return cut in (0, size) or cut - 1 in member.aligned or cut in member.aligned


def _sides(member: _Aligned, cut: int, size: int) -> tuple[int, int]:
    """Return start and end of the words that a wording inserts at a cut; equal if the wording inserts no words."""
    before = 0 if cut == 0 else member.aligned.get(cut - 1, -2) + 1
    after = len(member.words) if cut == size else member.aligned.get(cut, -1)
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
        messages[_keys(words)] += member.wording.messages
        texts.setdefault(_keys(words), _text(words))
    own = " ".join(_keys(filled[0]))
    values = [Value(text, keys, messages[keys], value_variants(own, " ".join(keys))) for keys, text in texts.items()]
    return (values[0], *sorted(values[1:], key=lambda value: -value.messages))


def _picked(values: Sequence[Value], filled: Sequence[Sequence[_Word]]) -> list[int]:
    """Return the position of each wording's value in a slot."""
    positions = {value.words: position for position, value in enumerate(values)}
    return [positions[_keys(words)] for words in filled]


def _kind(values: Sequence[Value]) -> str:
    """Return the kind of difference in a slot: a negation if any, otherwise the variant with most messages."""
    messages: Counter[Variant] = Counter()
    for value in values:
        messages.update(dict.fromkeys(value.variants, value.messages))
    if not messages or Variant.NEGATION in messages:
        return Variant.NEGATION if messages else WORDING
    return max(sorted(messages), key=lambda variant: messages[variant])


def _names(kinds: Sequence[str]) -> list[str]:
    seen: Counter[str] = Counter()
    names = []
    for kind in kinds:
        seen[kind] += 1
        names.append(kind if seen[kind] == 1 else f"{kind} {seen[kind]}")
    return names


def _template_text(backbone: Sequence[_Word], slotted: Sequence[_Segment], slots: Sequence[Slot]) -> str:
    """Return the representative as written, with slot names in braces where wordings differ."""
    parts: list[str] = []
    position = 0
    for segment, slot in zip(slotted, slots, strict=True):
        parts += map(_written, backbone[position : segment.start])
        parts.append(_blank(backbone, segment, slot.name))
        position = segment.end
    return "".join([*parts, *map(_written, backbone[position:])]).strip()


def _blank(backbone: Sequence[_Word], segment: _Segment, name: str) -> str:
    """Return a slot's name in braces, with the spacing and punctuation of the words in the slot."""
    own = segment.words[0]
    if own:
        return f"{' ' * own[0].spaced}{own[0].before}{{{name}}}{own[-1].after}"
    if segment.start == 0:
        return f"{{{name}}} "
    return f"{' ' * backbone[min(segment.start, len(backbone) - 1)].spaced}{{{name}}}"


def _text(words: Sequence[_Word]) -> str:
    """Return words as written, without the punctuation before the first and after the last word."""
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
    "Member",
    "Slot",
    "Template",
    "TemplateConfig",
    "Templates",
    "Value",
    "find_templates",
    "format_templates",
    "words_of",
]
