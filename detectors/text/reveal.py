"""Resolve the writing that hides the words of a text from a program, but not from a reader.

Markup and escapes of web pages and twice-encoded JSON; digits in keycaps, circles and superscripts; letters in squares,
struck and underlined letters; text between a direction override and its end, which a screen shows reversed. Named
entities: HTML Living Standard, section 13.5; directions: Unicode Standard Annex 9.
"""

import html
import json
import re
import unicodedata

import regex

from detectors.text.aligned import Aligned

_MAX_ROUNDS = 3  # an entity escaped twice, inside twice-encoded JSON
_INLINE = (
    "a|abbr|b|big|bdi|bdo|cite|code|del|em|font|i|img|ins|kbd|label|mark|q|s|small|span|strike|strong|sub|sup|tt|u|wbr"
)
_BLOCK = (
    "article|aside|audio|blockquote|body|br|button|center|dd|div|dl|dt|figcaption|figure|footer|form|h[1-6]|head|header|"
    "hr|html|iframe|input|li|link|main|meta|nav|ol|option|p|picture|pre|script|section|select|source|style|svg|table|"
    "tbody|td|tfoot|th|thead|title|tr|ul|video"
)
_TAG = regex.compile(
    rf"<!--.{{0,2000}}?-->|</?(?:{_INLINE}|(?P<block>{_BLOCK}))(?:\s[^<>]{{0,4000}}=[^<>]{{0,4000}})?\s*/?>",
    regex.I | regex.S,
)
_ENTITY = regex.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_JSON_ESCAPE = r"\\(?:[nrtbf\"/\\]|u[0-9A-Fa-f]{4})"
_ALL_ESCAPED = re.compile(rf"[^\\]*(?:{_JSON_ESCAPE}[^\\]*)+")  # no other use of the backslash
_ESCAPE = regex.compile(rf"\\u[Dd][89ABab][0-9A-Fa-f]{{2}}\\u[Dd][C-Fc-f][0-9A-Fa-f]{{2}}|{_JSON_ESCAPE}")

# Enclosed, raised and lowered digits, and enclosed Latin letters; Latin letters as regional indicators.
_ENCLOSED = (
    "\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u2080-\u2089\u2460-\u24ff\u2776-\u2793\u3251-\u325f\u32b1-\u32bf"
    "\U0001f100-\U0001f10c\U0001f110-\U0001f18e\U0001f51f"
)
_REGIONAL = "\U0001f1e6-\U0001f1ff"
_OVERLAYS = "\u0305\u0332-\u0338\u033f\u035e\u035f\u0488\u0489\u1ab0-\u1aff\u20d0-\u20e2\u20e4-\u20f0\ufe20-\ufe2f"
_MARKS = "\u0300-\u036f"
_OVERRIDES = "\u202d\u202e"
_MAX_MARKS = 3  # ancient Greek writes three; more on a Latin, Greek or Cyrillic letter are a decoration
_RARE = f"{_ENCLOSED}{_OVERLAYS}{_OVERRIDES}\u20e3\uff20\ufe6b"
_may_hide = re.compile(f"[{_RARE}{_REGIONAL}{_MARKS}\u00ad\ufe0f]").search  # one class: the search is fast
_hides = re.compile(
    rf"[{_RARE}]|[{_MARKS}]{{{_MAX_MARKS + 1}}}|\d[{_MARKS}\u00ad\ufe0f]"
    rf"|(?<![{_REGIONAL}])[{_REGIONAL}](?:[{_REGIONAL}]{{2}})*(?![{_REGIONAL}])"
).search
_HIDDEN = r"[\p{Mn}\p{Me}\u00ad\u200b-\u200f\u2060]"
_DISPLAY = regex.compile(
    rf"(?P<digit>\p{{Nd}}){_HIDDEN}+"
    rf"|(?P<enclosed>[{_ENCLOSED}]){_HIDDEN}*"
    rf"|(?P<marks>[{_MARKS}{_OVERLAYS}]+)"
    rf"|(?P<regional>[{_REGIONAL}]+)"
    rf"|(?P<at>[\uff20\ufe6b])"
)
_OVERLAY = regex.compile(f"[{_OVERLAYS}]+")

_DIRECTED = regex.compile(r"(?P<override>[\u202d\u202e])(?P<text>[^\u202a-\u202e\n\r\u2029]*)\u202c?")
_CLUSTER = regex.compile(r"⟨[a-z]+⟩|\P{M}\p{M}*|\p{M}+")  # a mask, or a letter with its marks
_RIGHT_TO_LEFT = regex.compile(r"[\p{Hebrew}\p{Arabic}\p{Syriac}\p{Thaana}\p{Nko}]")
_LEFT_TO_RIGHT = regex.compile(r"[\p{L}--[\p{Hebrew}\p{Arabic}\p{Syriac}\p{Thaana}\p{Nko}]]", regex.V1)


def reveal(text: str) -> Aligned | None:
    """Return a text as a reader sees it, or None if the text hides nothing.

    Costs a microsecond if nothing is hidden, and otherwise some 100 µs for a message. Linear in the text's length.
    """
    markup = "<" in text or "&" in text or "\\" in text
    if not markup and not _is_decorated(text):
        return None
    read = Aligned.of(text)
    if markup:
        read = _without_markup(read)
    if _is_decorated(read.text):
        read = _in_reading_order(read.sub(_DISPLAY, _shown))
    return None if read.text == text else read


def _is_decorated(text: str) -> bool:
    return not text.isascii() and _may_hide(text) is not None and _hides(text) is not None


def _without_markup(read: Aligned) -> Aligned:
    for _ in range(_MAX_ROUNDS):
        before = read.text
        if "\\" in read.text and _ALL_ESCAPED.fullmatch(read.text) is not None:
            read = read.sub(_ESCAPE, lambda match: str(json.loads(f'"{match[0]}"')))
        if "<" in read.text:
            read = read.sub(_TAG, lambda match: "\n" if match["block"] else "")
        if "&" in read.text:
            read = read.sub(_ENTITY, lambda match: html.unescape(match[0]))
        if read.text == before:
            break
    return read


def _shown(match: "regex.Match[str]") -> str:
    """Return the letters and digits that a reader sees in a decorated character."""
    kind = match.lastgroup
    if kind == "enclosed":
        return _INSIDE.get(match["enclosed"], str(match[0]))
    if kind == "marks":
        marks = str(_OVERLAY.sub("", match[0]))
        return marks if len(marks) <= _MAX_MARKS else ""
    if kind == "regional":
        letters = match[0]
        return letters if len(letters) % 2 == 0 else "".join(_INSIDE[letter] for letter in letters)  # even: flags
    return "@" if kind == "at" else str(match[kind or 0])


def _in_reading_order(read: Aligned) -> Aligned:
    """Reverse the text between a direction override and its end, unless the override only repeats its direction."""
    if not any(override in read.text for override in _OVERRIDES):
        return read
    order, done = list[int](), 0
    for match in _DIRECTED.finditer(read.text):
        first, last = match.span("text")
        against = _RIGHT_TO_LEFT if match["override"] == "\u202e" else _LEFT_TO_RIGHT
        clusters = [range(*cluster.span()) for cluster in _CLUSTER.finditer(read.text, first, last)]
        if not against.search(match["text"]):
            clusters.reverse()
        order += [*range(done, match.start()), *(position for cluster in clusters for position in cluster)]
        done = match.end()
    return read.take([*order, *range(done, len(read.text))])


def _inside(character: str) -> str | None:
    """Return the digits or the letters of an enclosed character, from the character's name and value."""
    value = unicodedata.numeric(character, None)
    name = unicodedata.name(character, "")
    if value is not None:
        return str(int(value))
    if "LETTER" in name:
        return name.rsplit(" ", 1)[-1].lower()
    return {"NEGATIVE SQUARED AB": "ab", "KEYCAP TEN": "10"}.get(name)


def _characters(listed: str) -> list[str]:
    """Return the characters of the inside of a character class."""
    ranges = re.findall("(.)(?:-(.))?", listed)
    return [chr(code) for first, last in ranges for code in range(ord(first), ord(last or first) + 1)]


_INSIDE = {
    character: inside for character in _characters(_ENCLOSED + _REGIONAL) if (inside := _inside(character)) is not None
}
