"""Change a message when people forward it, and record every change.

Copies do not inherit surface changes. Copies inherit changes of wording, at most three in a chain, so a copy remains
recognisable. Changes of meaning replace one part of the claim behind the message, so the truth is known exactly.
"""

import msgspec
import regex

from streams.devtools.simulator.config import Mutations
from streams.devtools.simulator.draw import Draw
from streams.devtools.simulator.library import ClaimScript, Pack
from streams.devtools.simulator.truth import LEXICAL, MEANING, SURFACE, Mutation

_MAX_STEPS = 3
_EMOJI = ("🙏", "⚠️", "😱", "🚨🚨", "‼️", "😢", "👇👇", "❤️")
_INVISIBLE = ("\u200b", "\u2060", "\ufeff")
_WORD = regex.compile(r"\p{L}[\p{L}\p{M}]+")
_LETTER_ALONE = regex.compile(r"(?<=\p{L})\p{L}(?!\p{M})")
_ADDRESS = regex.compile(r"https?://\S+")
_MIN_WORDS = 8  # words; a shorter message is not truncated


class MutatedText(msgspec.Struct, frozen=True):
    """Text of one copy of a message."""

    claim: ClaimScript
    words: str  # inherited by copies
    shown: str  # sent: the words with surface changes
    mutations: tuple[Mutation, ...] = ()
    steps: int = 0
    variant: tuple[Mutation, ...] = ()


def original(claim: ClaimScript) -> MutatedText:
    """Return the text of the first author."""
    return MutatedText(claim, claim.text, claim.text)


def mutate(draw: Draw, wording: MutatedText, pack: Pack, rates: Mutations) -> MutatedText:
    """Return the text of a copy, most often unchanged."""
    u = draw.unit()
    deep = rates.meaning + rates.lexical
    if u < deep and wording.steps < _MAX_STEPS:
        return _reword(draw, wording, pack, MEANING if u < rates.meaning else LEXICAL)
    if deep <= u < deep + rates.surface:
        return decorate(draw, wording, pack)
    return msgspec.structs.replace(wording, mutations=())


def decorate(draw: Draw, wording: MutatedText, pack: Pack) -> MutatedText:
    """Return the same words with one surface change."""
    mutation = draw.choice(sorted(SURFACE))
    shown = _SURFACE_CHANGES[mutation](draw, wording.words, pack)
    if shown == wording.words:
        return msgspec.structs.replace(wording, mutations=())
    return msgspec.structs.replace(wording, shown=shown, mutations=(mutation,))


def _reword(draw: Draw, wording: MutatedText, pack: Pack, among: frozenset[Mutation]) -> MutatedText:
    candidates = sorted(among)
    while candidates:
        mutation = candidates.pop(draw.below(len(candidates)))
        if mutation in MEANING:
            words, claim = _change_meaning(draw, wording, pack, mutation)
        else:
            words, claim = _LEXICAL_CHANGES[mutation](draw, wording.words, pack), wording.claim
        if words != wording.words:
            variant = (*wording.variant, mutation) if mutation in MEANING else wording.variant
            return MutatedText(claim, words, words, (mutation,), wording.steps + 1, variant)
    return msgspec.structs.replace(wording, mutations=())


def _change_meaning(draw: Draw, wording: MutatedText, pack: Pack, mutation: Mutation) -> tuple[str, ClaimScript]:
    claim = wording.claim
    if mutation is Mutation.NEGATION:
        if not claim.sentence or claim.sentence not in wording.words:
            return wording.words, claim
        denied = msgspec.structs.replace(claim, sentence=claim.negated, negated=claim.sentence)
        return wording.words.replace(claim.sentence, claim.negated, 1), denied
    slot = "place" if mutation is Mutation.PLACE else draw.choice(("n", "big"))
    return _swap(draw, wording, pack, slot)


def _swap(draw: Draw, wording: MutatedText, pack: Pack, slot: str) -> tuple[str, ClaimScript]:
    """Replace the value of one slot everywhere, except as part of a longer number."""
    claim = wording.claim
    old = claim.slots.get(slot)
    others = [value for value in pack.slots.get(slot, ()) if value != old]
    if not claim.sentence or old is None or not others:
        return wording.words, claim
    new = draw.choice(others)
    whole = regex.compile(rf"(?<!\d){regex.escape(old)}(?!\d)")
    swapped = msgspec.structs.replace(
        claim,
        sentence=whole.sub(new, claim.sentence),
        negated=whole.sub(new, claim.negated),
        slots={**claim.slots, slot: new},
    )
    return (whole.sub(new, wording.words), swapped) if swapped.sentence != claim.sentence else (wording.words, claim)


def _banner(draw: Draw, text: str, pack: Pack) -> str:
    banner = draw.choice(pack.banners)
    return f"{banner} {text}" if banner.endswith(":") else f"{banner}\n{text}"


def _emoji(draw: Draw, text: str, pack: Pack) -> str:
    emoji = draw.choice(_EMOJI)
    return f"{emoji} {text}" if draw.chance(0.4) else f"{text} {emoji}"


def _case(draw: Draw, text: str, pack: Pack) -> str:
    pieces = _ADDRESS.split(text)
    changed = [piece.upper() if draw.chance(0.7) else piece.lower() for piece in pieces]
    addresses = [*_ADDRESS.findall(text), ""]
    return "".join(piece + address for piece, address in zip(changed, addresses, strict=True))


def _punctuation(draw: Draw, text: str, pack: Pack) -> str:
    way = draw.below(3)
    if way == 0:
        return text + "!" * (1 + draw.below(4))
    if way == 1 and not _ADDRESS.search(text):
        return f"*{text}*"
    return text.rstrip(".।۔!") + "..."


def _url(draw: Draw, text: str, pack: Pack) -> str:
    """Add tracking parameters to the link, if there is a link."""
    found = _ADDRESS.search(text)
    if found is None:
        return text
    tracking = draw.choice((f"utm_source=whatsapp&utm_id={draw.digits(6)}", f"fbclid=IwAR{draw.hexadecimal(20)}"))
    address = found[0].split("?")[0]
    return text.replace(found[0], f"{address}?{tracking}", 1)


def _zero_width(draw: Draw, text: str, pack: Pack) -> str:
    spaces = [match.start() for match in regex.finditer(" ", text)]
    if not spaces:
        return text
    at = draw.choice(spaces)
    return text[:at] + draw.choice(_INVISIBLE) + text[at:]


def _typo(draw: Draw, text: str, pack: Pack) -> str:
    words = [
        match for match in _WORD.finditer(text) if match.end() - match.start() >= 5 and not _linked(text, match.start())
    ]
    if not words:
        return text
    match = draw.choice(words)
    mistyped = _mistype(draw, match[0])
    return text[: match.start()] + mistyped + text[match.end() :]


def _linked(text: str, at: int) -> bool:
    return any(match.start() <= at < match.end() for match in _ADDRESS.finditer(text))


def _mistype(draw: Draw, word: str) -> str:
    """Exchange two letters or double one; in scripts with combining marks, drop a letter without a mark."""
    if word.isascii():
        at = 1 + draw.below(len(word) - 2)
        if draw.chance(0.5):
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        return word[: at + 1] + word[at:]
    bare = [match.start() for match in _LETTER_ALONE.finditer(word)]
    if not bare:
        return word
    at = draw.choice(bare)
    return word[:at] + word[at + 1 :]


def _spelling(draw: Draw, text: str, pack: Pack) -> str:
    return _replace_words(draw, text, {word: draw.choice(variants) for word, variants in pack.spellings.items()})


def _code_mix(draw: Draw, text: str, pack: Pack) -> str:
    return _replace_words(draw, text, pack.mix)


def _replace_words(draw: Draw, text: str, table: dict[str, str]) -> str:
    for word, variant in table.items():
        pattern = rf"(?<![\p{{L}}\p{{M}}]){regex.escape(word)}(?![\p{{L}}\p{{M}}])"
        text = regex.sub(pattern, variant, text, flags=regex.IGNORECASE)
    return text


def _truncation(draw: Draw, text: str, pack: Pack) -> str:
    words = text.split(" ")
    if len(words) < _MIN_WORDS:
        return text
    return " ".join(words[: int(len(words) * draw.between(0.65, 0.9))]) + "..."


def _prepended(draw: Draw, text: str, pack: Pack) -> str:
    return f"{draw.choice(pack.prepends)} {text}"


def _appended(draw: Draw, text: str, pack: Pack) -> str:
    return f"{text} {draw.choice(pack.appends)}"


_SURFACE_CHANGES = {
    Mutation.BANNER: _banner,
    Mutation.EMOJI: _emoji,
    Mutation.CASE: _case,
    Mutation.PUNCTUATION: _punctuation,
    Mutation.URL: _url,
    Mutation.ZERO_WIDTH: _zero_width,
}
_LEXICAL_CHANGES = {
    Mutation.TYPO: _typo,
    Mutation.SPELLING: _spelling,
    Mutation.TRUNCATION: _truncation,
    Mutation.PREPENDED: _prepended,
    Mutation.APPENDED: _appended,
    Mutation.CODE_MIX: _code_mix,
}
