"""Normalise a message to the form that all its copies share, in any script.

Copies of a rumour differ in case, emoji, emphasis, forwarding banners, invisible characters and punctuation; the words
stay. Letters of two keyboards, look-alike letters of two alphabets, decorated letters and markup have one form. Vowel
signs of Indic scripts, viramas and meaningful joiners are part of the words and survive. Unicode folding follows NFKC
and full case folding (UAX #15), joiners the contexts of UAX #31 section 2.3.
"""

import re
import unicodedata

import regex

from detectors.text.addresses.masks import ACCOUNT, USER
from detectors.text.boilerplate import BoilerplateRules, Words, Wrapping
from detectors.text.languages import load_languages
from detectors.text.letters.fold_letters import fold_letters
from detectors.text.lookalikes import fold_lookalikes
from detectors.text.mojibake import mend
from detectors.text.reveal import reveal
from detectors.text.url_finder import may_have_url, url_pattern
from detectors.text.zawgyi import zawgyi_to_unicode

_APOSTROPHES = "\u2018\u2019\u201b\u02bb\u02bc\u02bd\u02b9\u05f3\ua78c\u0060\u00b4\u2032\uff07"
_MAX_MARKS = 8  # no orthography stacks more on one letter; also bounds the cost of canonical ordering

# "B+", "AB -ve": the sign of a blood group is part of the message, and no word character.
_SIGNS = ("A+", "B+", "O+", "A-", "B-", "O-", "+ve", "-ve")
_BLOOD_GROUP = re.compile(r"(?<!\w)(?:(AB|[ABO])([+-])(?![\w+-])|(AB|ab|[ABOabo])\s?([+-])\s?ve(?!\w))")
_RHESUS = {"+": "positive", "-": "negative"}
_EMOJI = regex.compile(
    r"[#*]\ufe0f?\u20e3|\p{Emoji_Presentation}|[\p{Emoji}--[0-9#*]]\ufe0f|\p{Emoji_Modifier}", regex.V1
)
# Default ignorables (zero-width, bidi, variation selectors, tags, fillers), controls, surrogates, the kashida stretch.
_INVISIBLE = regex.compile(
    r"[[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cs}\ufff9-\ufffb\u0640]--[\u200c\u200d\t\n\x0b\x0c\r\x85]]+", regex.V1
)
_JOINERS = regex.compile(r"([\u200c\u200d])[\u200c\u200d]+")
_VIRAMA = r"\p{Canonical_Combining_Class=Virama}"
_STRAY_JOINER = regex.compile(
    rf"\u200d(?<!{_VIRAMA}\u200d)(?!(?<=\p{{L}}\u200d){_VIRAMA})(?!(?<=[\p{{Arab}}--\P{{L}}]\u200d))"
    rf"|\u200c(?!(?<={_VIRAMA}\u200c)\p{{L}})(?!(?<=[\p{{Arab}}&&[\p{{L}}\p{{M}}]]\u200c)[\p{{Arab}}&&\p{{L}}])",
    regex.V1,
)
_MARK_RUN = regex.compile(rf"(\p{{M}}{{{_MAX_MARKS}}})\p{{M}}+")
_OTHER_DIGIT = regex.compile(r"[\p{Nd}--[0-9]]", regex.V1)
_MENTION = regex.compile(rf"(?:\b(?:via|cc|ht|h/t)\s*:?\s*)?(?:@[\w.\-·@]+|{USER}|{ACCOUNT})")
_GROUPING = re.compile(r"(?<=[0-9]),(?=(?:[0-9]{2},){0,4}[0-9]{3}(?![0-9]))")  # 1,00,000 and 100,000 are one number
_WORD_CHARACTERS = r"[\p{L}\p{N}\p{M}\u200c\u200d--\p{Me}]"
_WORD = regex.compile(
    rf"[\p{{L}}\p{{N}}]{_WORD_CHARACTERS}*(?:(?:(?<=[\p{{L}}\p{{M}}])'(?=\p{{L}})|(?<=[0-9])[.,](?=[0-9])){_WORD_CHARACTERS}+)*",
    regex.V1,
)
_ASCII_WORD = re.compile(r"[a-z0-9]+(?:(?:(?<=[a-z])'(?=[a-z])|(?<=[0-9])[.,](?=[0-9]))[a-z0-9]+)*")
_BREAK = regex.compile(r"[^\p{L}\p{M}\p{N}\u200c\u200d ',.\-]+|\.(?![0-9])|(?<!\w)-+|-+(?!\w)", regex.V1)
# Han and Kana are written without spaces; one at a number or a Latin word is a matter of taste.
_SYLLABLE = r"[\p{Han}\p{Hiragana}\p{Katakana}]"
_DENSE_SPACE = regex.compile(rf"(?<={_SYLLABLE}) (?=[\p{{L}}\p{{N}}])|(?<=[\p{{L}}\p{{M}}\p{{N}}]) (?={_SYLLABLE})")
_may_have_dense = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff66-\uff9f\U00016fe0-\U0003ffff]").search
_ASCII_TABLE: dict[int, int | str | None] = dict.fromkeys((*range(32), 127))
_ASCII_TABLE.update((ord(space), space) for space in "\t\n\x0b\x0c\r")
_ASCII_TABLE.update((ord(letter), letter.lower()) for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_ASCII_TABLE[ord("`")] = "'"

# Scripts without spaces, by the average number of letters in a word.
_DENSE = regex.compile(
    r"(?P<two>[\p{Han}\p{Hiragana}\p{Katakana}])|(?P<four>[[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]&&\p{L}])", regex.V1
)
_DENSE_RUN = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\u200b-\u200d]+", regex.V1
)
_MAX_WORD = 24  # letters; longer words are rare in any language with an alphabet
_LONG_RUN = regex.compile(rf"\p{{Hangul}}{{7,}}|[[\p{{L}}\p{{M}}]--\p{{Hangul}}]{{{_MAX_WORD + 1},}}", regex.V1)
_HANGUL = regex.compile(r"\p{Hangul}")


def normalise(text: str) -> str:
    """Return the folded words of a message, separated by single spaces.

    Costs a few microseconds for ASCII and some tens for other scripts; linear in the text's length.
    `normalise(normalise(text)) == normalise(text)`, and lone surrogates or control characters do no harm.
    """
    return read_words(text).normal


def read_words(text: str, *, has_address: bool = False) -> Words:
    """Return the folded words of a message, and the class of boilerplate if the text is no message.

    Args:
        text: the message.
        has_address: the message has a web address in the text or next to the text.

    """
    text = _WRAPPING.cut(readable(text))
    if text.isascii():
        return _words(_with_signs(text).translate(_ASCII_TABLE), _ASCII_WORD, has_address=has_address)
    return read_words_slowly(text, has_address=has_address)


def read_words_slowly(text: str, *, has_address: bool = False) -> Words:
    """Read the words of any text step by step; the ASCII path of `read_words` must agree with this function."""
    shown = _with_signs(fold_lookalikes(text))
    words = _words(_fold(_EMOJI.sub("\n", shown)), _WORD, has_address=has_address)
    while (again := _finish(words.normal)) != words.normal:  # boilerplate may appear where a fold has joined two words
        words = _words(again, _WORD, has_address=has_address)
    return words


def ascii_digits(text: str) -> str:
    """Replace the decimal digits of every script by 0 to 9."""
    return str(_OTHER_DIGIT.sub(_ascii_digit, text))


def count_words(normal: str) -> int:
    """Count the words of a normalised text, comparably across scripts.

    Words lie between spaces. In scripts without spaces, two Han or Kana characters count as one word, and so do four
    letters of Thai, Lao, Khmer or Myanmar. A run of letters too long for a word has lost its spaces: three syllables of
    Hangul count as one word, six letters of other scripts.
    """
    if not normal:
        return 0
    spaces = normal.count(" ")
    if normal.isascii() or not (found := _DENSE.findall(normal)):
        crowded = len(normal) > _MAX_WORD * (spaces + 1) // 2 or not normal.isascii()
        return spaces + 1 + (sum(map(_lost_spaces, _LONG_RUN.findall(normal))) if crowded else 0)
    two = sum(1 for han, _ in found if han)
    other = _DENSE_RUN.sub(" ", normal).split()
    words = sum(1 for word in other if not all(unicodedata.category(character)[0] == "M" for character in word))
    return words + (two + 1) // 2 + (len(found) - two + 3) // 4


def _with_signs(text: str) -> str:
    """Replace the signs of blood groups by words."""
    if any(sign in text for sign in _SIGNS):
        text = _BLOOD_GROUP.sub(_blood_group, text)
    return text


def _lost_spaces(run: str) -> int:
    if _HANGUL.match(run):
        return len(run) // 3 - 1
    return len(run) // 6 - 1 if len(run) > _MAX_WORD else 0


def readable(text: str) -> str:
    """Return the text as a reader sees it: encoding repaired, markup and decoration resolved."""
    mended = text if text.isascii() else mend(unicodedata.normalize("NFC", _MARK_RUN.sub(r"\1", text)))
    revealed = reveal(mended)
    return mended if revealed is None else revealed.text


def _finish(normal: str) -> str:
    """Fold what depends on the whole text: words of another alphabet, and spaces in scripts without spaces."""
    if normal.isascii():
        return normal
    looked = fold_lookalikes(normal)
    if looked != normal:
        looked = _fold(looked)
    return str(_DENSE_SPACE.sub("", looked)) if _may_have_dense(looked) is not None else looked


def _blood_group(match: "re.Match[str]") -> str:
    group, sign = (match[1], match[2]) if match[1] else (match[3], match[4])
    return f"{group} {_RHESUS[sign]}"


def _words(folded: str, word: "re.Pattern[str] | regex.Pattern[str]", *, has_address: bool) -> Words:
    if may_have_url(folded):
        folded = url_pattern(folded).sub("\n", folded)
    if "@" in folded or "⟨" in folded:
        folded = _MENTION.sub("\n", folded)
    if "," in folded:
        folded = _GROUPING.sub("", folded)
    found = word.findall(folded)
    if _BOILERPLATE.may_match(folded, found):
        return _BOILERPLATE.strip(folded, word.findall, _BREAK.split, has_address=has_address)
    return Words(" ".join(found))


def _fold(text: str) -> str:
    """Fold letters and digits, and remove invisible characters, until the text does not change any more."""
    while True:
        folded = unicodedata.normalize("NFKC", _visible(text)).casefold()
        folded = ascii_digits(fold_letters(zawgyi_to_unicode(folded)))
        if folded == text:
            return text
        text = folded


def _visible(text: str) -> str:
    text = _INVISIBLE.sub("", text)
    for apostrophe in _APOSTROPHES:
        text = text.replace(apostrophe, "'")
    if "\u200c" in text or "\u200d" in text:
        text = _STRAY_JOINER.sub("", _JOINERS.sub(r"\1", text))
    return str(_MARK_RUN.sub(r"\1", text))


def _ascii_digit(match: "regex.Match[str]") -> str:
    value = unicodedata.decimal(match[0], None)
    return match[0] if value is None else str(value)


def _key(phrase: str) -> str:
    return " ".join(_WORD.findall(_fold(phrase)))


_BOILERPLATE = BoilerplateRules(load_languages().values(), _key)
_WRAPPING = Wrapping(load_languages().values(), _fold)
