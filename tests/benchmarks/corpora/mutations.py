"""How people change a message that they pass on, put upon real texts: each change alone, so that each can be judged.

The simulator changes its own sentences (`streams.devtools.simulator.mutate`); here are changes of texts that nobody wrote for the
purpose. A change that finds nothing to change gives the text back, and the benchmark leaves it out. Swaps and negations
change what is said: a good detector joins them and marks them.
"""

from collections.abc import Callable, Mapping

import msgspec
import numpy as np
import regex

from schemas.assignment import Variant
from streams.devtools.simulator.library import load_pack
from tests.benchmarks.studies.content import denied, forwarded, shortened, thinned, typos

Change = Callable[[np.random.Generator, str], str]


def _listed(words: str) -> tuple[str, ...]:
    return tuple(words.split("|"))


_MIXED = 0.5  # share of the known words that a writer puts in the other language
_WORD = regex.compile(r"\p{L}+")
_NUMBER = regex.compile(r"(?<![\w#@/.,$-])[1-9][0-9]*(?![\w/:]|[.,][0-9])")
_AUXILIARY = regex.compile(
    r"\b(?:is|are|was|were|has|have|had|will|can|could|would|should|may|might)\b(?! not| never|n't)", regex.IGNORECASE
)
_PLACES = _listed(
    "Paris|Sydney|Ottawa|Ferguson|France|Canada|Australia|Germany|Italy|Iran|China|Wuhan|India|Russia|London|New York|"
    "Texas|Florida|California|Chicago|Boston|Japan|Korea|Africa|Europe|Mexico|Brazil|Spain|Israel|Turkey|Egypt|Nigeria|"
    "Kenya|Pakistan|Nepal|Ukraine|Moscow|Toronto|Madrid|Rome|Berlin|Delhi|Mumbai|Beijing|Houston|Miami|Atlanta"
)
_PLACE = regex.compile(rf"(?<![\w#@])(?:{'|'.join(_PLACES)})(?![\w])", regex.IGNORECASE)
_OTHER_LANGUAGE = dict(
    pair.split(":")
    for pair in _listed(
        "people:log|and:aur|is:hai|are:hain|in:mein|from:se|of:ka|water:pani|killed:maare gaye|children:bachche|child:bachcha|"
        "all:sab|today:aaj|now:abhi|this:yeh|that:woh|house:ghar|government:sarkar|news:khabar|money:paisa|new:naya|"
        "man:aadmi|woman:aurat|was:tha|were:the|will:hoga|with:ke saath|after:ke baad|for:ke liye|but:lekin|"
        "because:kyunki|very:bahut|hospital:aspatal|country:desh|city:shehar|disease:bimari|death:maut|year:saal|"
        "day:din|night:raat|home:ghar|says:kehte|said:kaha|has:hai|have:hai|by:dwara|on:par|to:ko|virus:virus"
    )
)

# --- the same meaning -------------------------------------------------------------------------------------------------


def dressed(rng: np.random.Generator, text: str) -> str:
    """In capitals, with a banner and an emoji: nothing that a reader would call another text."""
    return f"Forwarded as received\n🚨 {text.upper()} 🙏"


def mistyped(rng: np.random.Generator, text: str) -> str:
    """In up to three longer words two neighbouring letters change places."""
    words = text.split(" ")
    long = [n for n, word in enumerate(words) if len(word) >= 5 and word.isalpha() and word.isascii()]
    for n in rng.permutation(long)[:3]:
        at = 1 + int(rng.integers(len(words[n]) - 2))
        words[n] = words[n][:at] + words[n][at + 1] + words[n][at] + words[n][at + 2 :]
    return " ".join(words)


def prefixed(rng: np.random.Generator, text: str) -> str:
    """The sender says where it is from."""
    return f"{_draw(rng, load_pack('en').prepends)} {text}"


def called(rng: np.random.Generator, text: str) -> str:
    """Two calls behind it, to pass it on and to be careful."""
    pack = load_pack("en")
    calls = tuple(call for call in pack.closings if "{" not in call)
    return f"{text} {_draw(rng, calls)} {_draw(rng, pack.appends)}"


def mixed(rng: np.random.Generator, text: str) -> str:
    """About half of the words that the table knows are in romanised Hindi."""

    def other(match: "regex.Match[str]") -> str:
        word = _OTHER_LANGUAGE.get(match[0].lower())
        return word if word is not None and rng.random() < _MIXED else match[0]

    return _WORD.sub(other, text)


# --- another meaning --------------------------------------------------------------------------------------------------


def elsewhere(rng: np.random.Generator, text: str) -> str:
    """Another place, wherever the first one is named."""
    found = _PLACE.search(text)
    if found is None:
        return text
    other = _draw(rng, tuple(place for place in _PLACES if place.lower() != found[0].lower()))
    return regex.sub(rf"(?<![\w#@]){regex.escape(found[0])}(?![\w])", other, text)


def recounted(rng: np.random.Generator, text: str) -> str:
    """Another number of as many digits, in place of the first one."""
    found = _NUMBER.search(text)
    if found is None:
        return text
    low = 10 ** (len(found[0]) - 1)
    other = low + (int(found[0]) - low + 1 + int(rng.integers(9 * low - 1))) % (9 * low)
    return f"{text[: found.start()]}{other}{text[found.end() :]}"


def negated(rng: np.random.Generator, text: str) -> str:
    """A "not" behind the first auxiliary."""
    return _AUXILIARY.sub(lambda match: f"{match[0]} not", text, count=1)


# --- another script ---------------------------------------------------------------------------------------------------

_CONSONANTS = dict(
    zip(
        "कखगघङचछजझञटठडढणतथदधनपफबभमयरलवशषसहळ",
        _listed("k|kh|g|gh|n|ch|chh|j|jh|n|t|th|d|dh|n|t|th|d|dh|n|p|ph|b|bh|m|y|r|l|v|sh|sh|s|h|l"),
        strict=True,
    )
)
_SIGNS = dict(zip("ािीुूृेैोौ", _listed("aa|i|ee|u|oo|ri|e|ai|o|au"), strict=True))
_VOWELS = dict(zip("अआइईउऊऋएऐओऔ", _listed("a|aa|i|ee|u|oo|ri|e|ai|o|au"), strict=True))
_OTHER_SIGNS = {"ं": "n", "ँ": "n", "ः": "h", "़": "", "ॅ": "e", "ॉ": "o", "ऑ": "o", "।": "."}
_VIRAMA = "्"
_INHERENT = "a"  # said after a consonant without a sign, but not at a word's end
_SHORT = (("aa", "a"), ("ee", "i"), ("oo", "u"), ("v", "w"), ("chh", "ch"), ("ph", "f"))


def romanised(text: str) -> str:
    """Devanagari in Latin letters, as people type it; other characters stay."""
    out = []
    text = text.replace("़", "")
    for here, following in zip(text, f"{text[1:]} ", strict=True):
        if here in _CONSONANTS:
            bare = following in _SIGNS or following == _VIRAMA or not ("ऀ" <= following <= "ॿ")
            out.append(_CONSONANTS[here] + ("" if bare else _INHERENT))
        elif here != _VIRAMA:
            out.append(_SIGNS.get(here) or _VOWELS.get(here) or _OTHER_SIGNS.get(here, here))
    return "".join(out)


def shorter_spelling(text: str) -> str:
    """The same romanised text by somebody who writes long vowels short, and w for v."""
    for long, short in _SHORT:
        text = text.replace(long, short)
    return text


# --- all of them ------------------------------------------------------------------------------------------------------


class Mutation(msgspec.Struct, frozen=True):
    """A change, and the mark that it deserves."""

    name: str
    change: Change
    mark: Variant | None = None


MUTATIONS = (
    Mutation("capitals, banner, emoji", dressed),
    Mutation("letters exchanged in 3 words", mistyped),
    Mutation("6 % of letters left out", typos),
    Mutation("every fifth word left out", thinned),
    Mutation("last third left out", shortened),
    Mutation("prefix", prefixed),
    Mutation("calls to pass on", called),
    Mutation("banner and long call", forwarded),
    Mutation("code-mixed", mixed),
    Mutation("place swapped", elsewhere, Variant.PLACE),
    Mutation("number swapped", recounted, Variant.NUMBER),
    Mutation("negated", negated, Variant.NEGATION),
    Mutation("quoted in a denial", denied, Variant.NEGATION),
)

TWICE: Mapping[str, Change] = {
    "thinned, with typing errors": lambda rng, text: typos(rng, thinned(rng, text)),
    "shortened, with typing errors": lambda rng, text: typos(rng, shortened(rng, text)),
}
"""Two changes at once, of any script that puts spaces between words."""
HINDI: Mapping[str, tuple[Callable[[str], str], Callable[[str], str]]] = {
    "Hindi, romanised": (lambda text: text, romanised),
    "romanised, spelled another way": (romanised, lambda text: shorter_spelling(romanised(text))),
}
"""How the known text and the new one are written."""


def _draw(rng: np.random.Generator, among: tuple[str, ...]) -> str:
    return among[int(rng.integers(len(among)))]
