"""Compose messages in many languages from packs of templates and slots.

A pack (`packs/*.toml`) holds the sentences of one language. A message is an opening, a claim, a detail and a closing,
so a few dozen sentences give many thousands of distinct messages. Two rumours share no more words than real rumours do,
unless one is derived from the other on purpose.
"""

from collections.abc import Callable
from functools import cache
from importlib.resources import files

import msgspec

from streams.devtools.simulator.config import LANGUAGES
from streams.devtools.simulator.draw import Draw

_TRIES = 200
_FEW_WORDS = 4
_LONG = 25  # characters; for scripts without spaces between words
_CHANGED = ("place", "n", "big", "day", "hour", "area")


class RumourScript(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Topic of a rumour: claims with their negations, and details that fit any of the claims."""

    topic: str
    claims: tuple[tuple[str, str], ...]
    details: tuple[str, ...]


class News(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Harmless topic."""

    topic: str
    texts: tuple[str, ...]


class Chatter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everyday messages."""

    templates: tuple[str, ...]


class Pack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sentences of one language."""

    lang: str
    calling_code: str
    country: str
    openings: tuple[str, ...]
    closings: tuple[str, ...]
    prepends: tuple[str, ...]
    appends: tuple[str, ...]
    banners: tuple[str, ...]
    short: tuple[str, ...]
    replies: tuple[str, ...]
    quotes: tuple[str, ...]
    factcheck: str
    spellings: dict[str, tuple[str, ...]]
    mix: dict[str, str]
    slots: dict[str, tuple[str, ...]]
    rumours: tuple[RumourScript, ...]
    news: tuple[News, ...]
    chatter: Chatter


class ClaimScript(msgspec.Struct, frozen=True):
    """Message of the first author, with the parts that a change of meaning needs."""

    lang: str
    topic: str
    text: str
    sentence: str = ""  # the claim alone; empty for a message without a claim
    negated: str = ""  # the negated claim
    slots: dict[str, str] = {}
    form: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)  # rumour, opening, claim, detail, closing


@cache
def load_pack(lang: str) -> Pack:
    """Load the pack of one language.

    Raises:
        FileNotFoundError: the language has no pack.
        msgspec.ValidationError: the file is not a pack.
    """
    return msgspec.toml.decode(files(__package__).joinpath("packs", f"{lang}.toml").read_bytes(), type=Pack)


class Library:
    """Source of messages without repetition, as far as the packs allow; only greetings repeat, as real greetings do."""

    def __init__(self) -> None:
        self.packs = {lang: load_pack(lang) for lang, _ in LANGUAGES}
        self._texts: set[str] = set()
        self._used: dict[tuple[str, int, int], int] = {}
        self._answers: dict[str, str] = {}

    def rumour(self, draw: Draw, lang: str) -> ClaimScript:
        """Compose a new rumour, on the claim used least in the language so far."""
        pack = self.packs[lang]
        ways = [(i, j) for i, rumour in enumerate(pack.rumours) for j in range(len(rumour.claims))]
        topic, claim = self._least_used(draw, lang, ways)
        for _ in range(_TRIES):
            form = (
                topic,
                draw.below(len(pack.openings) + 2),
                claim,
                draw.below(len(pack.rumours[topic].details)),
                draw.below(len(pack.closings) + 2),
            )
            script = self._compose(pack, form, _fill(draw, pack))
            if self._is_new(script.text):
                break
        return script

    def neighbour(self, draw: Draw, claim: ClaimScript) -> ClaimScript:
        """Compose a different rumour that looks alike: the same words, with another place and other numbers."""
        pack = self.packs[claim.lang]
        for _ in range(_TRIES):
            fresh = _fill(draw, pack)
            slots = {name: fresh[name] if name in _CHANGED else value for name, value in claim.slots.items()}
            script = self._compose(pack, claim.form, slots)
            elsewhere = slots["place"] != claim.slots["place"] and slots["n"] != claim.slots["n"]
            if elsewhere and slots["big"] != claim.slots["big"] and self._is_new(script.text):
                break
        return script

    def news(self, draw: Draw, lang: str) -> ClaimScript:
        """Compose harmless news that many people forward."""
        pack = self.packs[lang]
        for _ in range(_TRIES):
            news = draw.choice(pack.news)
            slots = _fill(draw, pack)
            text = _render(draw.choice(news.texts), slots)
            if self._is_new(text):
                break
        return ClaimScript(lang, news.topic, text, slots=slots)

    def chatter(self, draw: Draw, lang: str) -> ClaimScript | None:
        """Compose an everyday message of one or two sentences from the least used templates; None without new text."""
        pack = self.packs[lang]
        templates = pack.chatter.templates
        for _ in range(20):
            way = self._least_used(
                draw, f"{lang} chatter", [(i, j) for i in range(len(templates)) for j in range(i + 1)]
            )
            slots = _fill(draw, pack)
            text = " ".join(_render(templates[i], slots) for i in dict.fromkeys(way))
            if self._is_new(text):
                return ClaimScript(lang, "chatter", text, slots=slots)
        return None

    def short(self, draw: Draw, lang: str) -> ClaimScript:
        """Return a greeting or an answer of a few words; many people write the same text."""
        return ClaimScript(lang, "greeting", draw.choice(self.packs[lang].short))

    def answer(self, text: str, next_cluster: Callable[[], str]) -> str:
        """Return the cluster of an answer: a new cluster, unless an equal long answer has one."""
        if len(text) < _LONG and len(text.split()) < _FEW_WORDS:
            return next_cluster()
        if text not in self._answers:
            self._answers[text] = next_cluster()
        return self._answers[text]

    def factcheck(self, claim: ClaimScript) -> ClaimScript | None:
        """Compose the text of a fact-check about a claim; None if the text was published before."""
        text = self.packs[claim.lang].factcheck.format(claim=claim.sentence, place=claim.slots["place"])
        return ClaimScript(claim.lang, "factcheck", text) if self._is_new(text) else None

    def _least_used(self, draw: Draw, of: str, ways: list[tuple[int, int]]) -> tuple[int, int]:
        """Return one of the least used ways."""
        least = min(self._used.get((of, *way), 0) for way in ways)
        way = draw.choice([way for way in ways if self._used.get((of, *way), 0) == least])
        self._used[of, *way] = least + 1
        return way

    def _is_new(self, text: str) -> bool:
        key = text.casefold()
        if key in self._texts:
            return False
        self._texts.add(key)
        return True

    def _compose(self, pack: Pack, form: tuple[int, int, int, int, int], slots: dict[str, str]) -> ClaimScript:
        rumour = pack.rumours[form[0]]
        asserted, denied = rumour.claims[form[2]]
        sentence, negated = _render(asserted, slots), _render(denied, slots)
        parts = [
            *pack.openings[form[1] : form[1] + 1],  # empty beyond the last opening
            sentence,
            rumour.details[form[3]],
            *pack.closings[form[4] : form[4] + 1],
        ]
        text = " ".join(_render(part, slots) for part in parts)
        return ClaimScript(pack.lang, rumour.topic, text, sentence, negated, slots, form)


def _fill(draw: Draw, pack: Pack) -> dict[str, str]:
    slots = {name: draw.choice(values) for name, values in pack.slots.items()}
    # A zero follows the country code: no telephone has such a number.
    slots["phone"] = f"+{pack.calling_code} 0{draw.digits(4)} {draw.digits(5)}"
    return slots


def _render(template: str, slots: dict[str, str]) -> str:
    text = template.format(**slots)
    return text[:1].upper() + text[1:]
