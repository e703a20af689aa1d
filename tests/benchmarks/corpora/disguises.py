"""Pairs of texts by dimension: copies that only look different, texts that must stay apart, and copies that say another thing.

Half of the pairs are written by hand (`disguises.toml`), for what only a writer of the language can do; the others are made here
from the same sentences, one disguise at a time. Pairs of one's own in the same form are read from a file, one JSON object a line.
"""

import html
import json
import os
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import msgspec

SAME, DIFFERENT, VARIANT = "same", "different", "variant"
"""The wanted result of a pair: one cluster, two clusters, or one cluster with a mark (two clusters are right too)."""

_FILE = Path(__file__).with_name("disguises.toml")
_SMALL = dict(zip("abcdefghijklmnopqrstuvwz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡᴢ", strict=True))
_CYRILLIC = dict(zip("aceopxyijsABCEHIJKMOPSTXY", "асеорхуіјѕАВСЕНІЈКМОРЅТХУ", strict=True))
_GREEK = dict(zip("ABEZHIKMNOPTYXo", "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", strict=True))
_LATIN = {other: letter for letter, other in _CYRILLIC.items()}
_LEET = dict(zip("aeiot", "43107", strict=True))
_DEVANAGARI = dict(zip("0123456789", "०१२३४५६७८९", strict=True))
_UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"}
_KANA = dict(zip("フェリーオルタ", ("ﾌ", "ｪ", "ﾘ", "ｰ", "ｵ", "ﾙ", "ﾀ"), strict=True))
_RANDOM_STEP = 7  # every so many letters are changed where a disguise touches a part of them


class Pair(msgspec.Struct, frozen=True):
    """Two texts, and what the program should make of them."""

    dimension: str
    language: str
    want: str
    a: str
    b: str


class _Disguises(msgspec.Struct, frozen=True):
    sentences: dict[str, str]
    pairs: list[Pair]


@cache
def load() -> tuple[Pair, ...]:
    """Every pair of the project, written and made."""
    data = msgspec.convert(tomllib.loads(_FILE.read_text("utf-8")), _Disguises)
    return (*data.pairs, *_made(data.sentences))


def cases_folder() -> Path | None:
    """Return the folder of further cases, or None: `EVALUATION_CASES`, or `shared/cases` beside the checkout."""
    beside = Path(__file__).resolve().parents[4] / "shared" / "cases"
    folder = Path(os.environ.get("EVALUATION_CASES", beside))
    return folder if (folder / "pairs.jsonl").exists() else None


def load_cases() -> tuple[Pair, ...]:
    """The pairs of the folder of cases; none without one."""
    folder = cases_folder()
    if folder is None:
        return ()
    rows = map(json.loads, (folder / "pairs.jsonl").read_text("utf-8").splitlines())
    return tuple(Pair(row["dim"], row["lang"], row["want"], row["a"], row["b"]) for row in rows)


def _made(sentences: Mapping[str, str]) -> Iterator[Pair]:
    for (dimension, languages), change in _CHANGES.items():
        for language in languages.split():
            text = sentences[language]
            changed = change(text)
            if changed == text:
                raise ValueError(f"{dimension} changes nothing in {language}")
            yield Pair(dimension, language, SAME, text, changed)


# --- the changes ------------------------------------------------------------------------------------------------------


def _letters(table: Mapping[str, str]) -> Callable[[str], str]:
    return lambda text: "".join(table.get(letter, letter) for letter in text)


def _some(table: Mapping[str, str]) -> Callable[[str], str]:
    """Change two letters of five, in every word others."""
    return lambda text: "".join(
        table.get(letter, letter) if n * n % _RANDOM_STEP in (1, 2) else letter for n, letter in enumerate(text)
    )


def _behind_each(mark: str) -> Callable[[str], str]:
    return lambda text: "".join(f"{letter}{mark}" if letter.isalnum() else letter for letter in text)


def _shifted(start: int, upper: int | None = None) -> Callable[[str], str]:
    """Letters of another block of Unicode, from the code of its small a (or capital A) on."""

    def change(text: str) -> str:
        table = {chr(97 + n): chr(start + n) for n in range(26)}
        table |= {chr(65 + n): chr((start if upper is None else upper) + n) for n in range(26)}
        return "".join(table.get(letter, letter) for letter in text)

    return change


def _without_marks(text: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
    return plain.replace("đ", "d").replace("Đ", "D").replace("ı", "i")


def _without(*marks: str) -> Callable[[str], str]:
    return lambda text: "".join(c for c in unicodedata.normalize("NFD", text) if c not in marks)


def _turkish_capitals(text: str) -> str:
    return text.replace("i", "İ").replace("ı", "I").upper()


def _first_word_in_flags(text: str) -> str:
    first, _, rest = text.partition(" ")
    second, _, rest = rest.partition(" ")
    return f"{first} {' '.join(chr(0x1F1E6 + ord(c) - 97) for c in second.lower())} {rest}"


def _spread(text: str) -> str:
    """The two longest words, letter by letter."""
    longest = sorted(text.split(), key=len)[-2:]
    return " ".join(" ".join(word) if word in longest else word for word in text.split())


def _zero_width(text: str) -> str:
    return " ".join(f"{word[0]}\u200b{word[1:]}" for word in text.split(" "))


def _marked_vowels(text: str) -> str:
    """Arabic with a vowel mark on every third letter."""
    return "".join(f"{c}\u064e" if n % 3 == 0 and c.isalpha() else c for n, c in enumerate(text))


def _stretched(text: str) -> str:
    return " ".join(f"{word[:2]}ـــ{word[2:]}" if len(word) > 4 else word for word in text.split(" "))


def _entities(text: str) -> str:
    return "".join(f"&#{ord(c)};" if ord(c) > 127 else c for c in text)


def _named_entities(text: str) -> str:
    return "".join(
        f"&{html.entities.codepoint2name[ord(c)]};" if ord(c) > 160 and ord(c) in html.entities.codepoint2name else c
        for c in text
    )


def _broken(text: str) -> str:
    """UTF-8 that somebody read as Windows-1252."""
    return text.encode("utf-8").decode("cp1252", "replace")


def _cut(text: str) -> str:
    return f"RT @orta_watch: {text[: max(70, 3 * len(text) // 4)]}…"


def _wrapped(text: str) -> str:
    words = text.split(" ")
    return "\n".join(" ".join(words[n : n + 4]) for n in range(0, len(words), 4))


def _misread(text: str) -> str:
    """Replace letters as a scanner misreads them: 1 for l and rn for m, in some words."""
    words = text.split(" ")
    return " ".join(w.replace("l", "1").replace("m", "rn") if n % 3 == 0 else w for n, w in enumerate(words))


_CHANGES: Mapping[tuple[str, str], Callable[[str], str]] = {
    ("full width", "en pt"): lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    ("mathematical bold", "en"): _shifted(0x1D41A, 0x1D400),
    ("mathematical script", "en"): _shifted(0x1D4EA, 0x1D4D0),
    ("double-struck", "en"): _shifted(0x1D552, 0x1D538),
    ("circled", "en"): _shifted(0x24D0, 0x24B6),
    ("squared", "en"): lambda text: _shifted(0x1F130)(text.lower()),
    ("negative squared", "en"): lambda text: _shifted(0x1F170)(text.lower()),
    ("parenthesised", "en"): lambda text: _shifted(0x249C)(text.lower()),
    ("small capitals", "en"): lambda text: _letters(_SMALL)(text.lower()),
    ("flags for letters", "en"): _first_word_in_flags,
    ("Cyrillic look-alikes", "en es pt"): _letters(_CYRILLIC),
    ("some Cyrillic look-alikes", "en fr de"): _some(_CYRILLIC),
    ("Greek look-alikes", "en"): lambda text: _letters(_GREEK)(text.upper()),
    ("Latin look-alikes", "ru uk"): _letters(_LATIN),
    ("zero-width space", "en ru hi"): _zero_width,
    ("soft hyphens", "en de"): lambda text: " ".join("\u00ad".join(word) for word in text.split(" ")),
    ("right-to-left override", "en es"): lambda text: f"\u202e{text[::-1]}\u202c",
    ("direction marks", "he ar ur"): lambda text: " ".join(f"\u200f{word}\u200e" for word in text.split(" ")),
    ("struck through", "en pt"): _behind_each("\u0336"),
    ("underlined", "en fr"): _behind_each("\u0332"),
    ("marks above and below", "en"): _behind_each("\u0334\u0317\u030d"),
    ("letters spread", "en"): _spread,
    ("digits for letters", "en"): lambda text: " ".join(_letters(_LEET)(w) if len(w) > 4 else w for w in text.split(" ")),
    ("accents left out", "pt es fr vi"): _without_marks,
    ("umlauts spelled out", "de"): _letters(_UMLAUTS),
    ("decomposed", "vi fr ko"): lambda text: unicodedata.normalize("NFD", text),
    ("capitals", "en ru el de es uk"): str.upper,
    ("Turkish capitals", "tr"): _turkish_capitals,
    ("capitals of another language", "tr"): str.upper,
    ("yo as ye", "ru"): lambda text: text.replace("ё", "е"),
    ("nukta left out", "hi"): _without("\u093c"),
    ("vowel marks", "ar ur fa"): _marked_vowels,
    ("tatweel", "ar fa ur"): _stretched,
    ("spaces between Han", "zh"): " ".join,
    ("spaces left out", "ko"): lambda text: text.replace(" ", ""),
    ("half-width kana", "ja"): _letters(_KANA),
    ("punctuation left out", "zh ru"): lambda text: "".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in text),
    ("emoji between words", "en hi ar"): lambda text: text.replace(" ", " 🚨 "),
    ("capitals and marks", "en pt"): lambda text: text.upper().replace(" ", "!! "),
    ("chat emphasis", "en hi"): lambda text: f"*{text[:40]}* _{text[40:]}_",
    ("HTML paragraph", "en hi"): lambda text: f"<p>{text}</p>",
    ("HTML breaks and links", "en es"): lambda text: f"{text[:41]}<br />{text[41:]} <a href='https://t.example.org/x1'>#orta</a>".replace(" <a href='https://t.example.org/x1'>#orta</a>", ""),
    ("numeric entities", "fr es pt hi"): _entities,
    ("named entities", "fr es de pt"): _named_entities,
    ("entities twice", "fr"): lambda text: _entities(text).replace("&", "&amp;"),
    ("backslash escapes", "fr hi en"): lambda text: json.dumps(text.replace(", ", ",\n").replace(" and ", "\nand "))[1:-1].replace("the", "\\u0074he"),
    ("doubled quotes", "en"): lambda text: f'"{text.replace("Orta", chr(34) * 2 + "Orta" + chr(34) * 2)}"',
    ("mojibake", "fr es pt de"): _broken,
    ("cut copy", "en hi es ru"): _cut,
    ("read more", "en"): lambda text: f"{text[:80]}… Read more",
    ("wrapped lines", "en fr"): _wrapped,
    ("misread by a scanner", "en"): _misread,
    ("banner", "en"): lambda text: f"Forwarded many times\n{text}",
    ("export line", "en hi pt"): lambda text: f"[07/05/26, 20:14:09] Lotte Maas: {text}",
    ("channel signature", "ru en"): lambda text: f"{text}\n\n{'Подписаться | Прислать новость' if text[0] == 'П' else 'Join our channel'} | @orta_today",
    ("address added", "en hi"): lambda text: f"{text} https://news.example.org/2026/05/orta",
}  # fmt: skip
"""By dimension and the languages that it is tried in; each changes the looks, and not what is said."""
