"""Mask the identifiers of people in a message: handles, e-mail addresses, telephone and account numbers, profile links.

Only the masked text leaves intake, and people see the masked text in an alert. Each kind of identifier has one stable
placeholder, so copies stay equal. Numbers that are part of the news stay: years, dates, amounts, counts.
"""

import re
from functools import cache

import regex

from detectors.text.addresses.masks import ACCOUNT, EMAIL, PHONE, mask_url
from detectors.text.addresses.reading import visible
from detectors.text.aligned import Aligned
from detectors.text.reveal import reveal
from detectors.text.url_finder import STUCK, may_have_url, trim, url_pattern

HANDLE = "@…"
_REDDIT = "u/…"

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_HIDING = regex.compile(r"(?<=\d)\p{Cf}+(?=\d)")  # invisible characters that hide a number from a search
_SURROGATE = regex.compile(r"[\ud800-\udfff]")

_GAP = r"(?:[\p{Zs}.\p{Pd}]|\p{Zs}\p{Pd}\p{Zs})"
_SIX = "[6-9६-९৬-৯੬-੯૬-૯୬-୯௬-௯౬-౯೬-೯൬-൯٦-٩۶-۹]"  # Indian mobile numbers begin with 6 to 9
_ZERO = "[0०০੦૦୦௦౦೦൦٠۰]"
_CURRENCY = r"(?<!(?:\p{Sc}|\b(?i:rs|inr|usd|eur|pkr|bdt|npr|रु|रू|روپے)\.?)\p{Zs}?)"
_UNIT = (
    r"(?!\d*\p{Zs}?(?:%|(?i:percent|lakh|lac|crore|million|billion|rupees|dollars|euros?|people|cases|votes|"
    r"लाख|करोड़|करोड़|रुपये|रुपए)\b))"
)
_ROUND = r"(?!\d*0{6}(?!\d))"  # a count, not a telephone
_YEARS = r"(?!(?:19|20)\d\d\p{Pd}|(?:19|20)\d\d\p{Zs}(?:19|20)\d\d)"
_CALL = (
    r"(?i:tel|phone|call|mob|mobile|whats?app|contact|fax|ph|फोन|फ़ोन|फ़ोन|मोबाइल|नंबर|नम्बर|संपर्क|فون|نمبر|هاتف|"
    r"ফোন|মোবাইল|நம்பர்|தொலைபேசி)"
)
_INTERNATIONAL = rf"(?:\+|(?<!\d)00(?=[1-9])){_GAP}?\(?\d(?:[\p{{Zs}}.()\p{{Pd}}]{{0,2}}\d){{7,14}}"
_MOBILE = (
    rf"(?:(?:91|{_ZERO}){_GAP}?)?(?:{_SIX}\d{{9}}|{_SIX}\d{{4}}{_GAP}\d{{5}}|{_SIX}\d\d{_GAP}\d{{3}}{_GAP}\d{{4}}"
    rf"|{_SIX}\d{{3}}{_GAP}\d{{3}}{_GAP}?\d{{3}}|{_SIX}\d{_GAP}\d{{4}}{_GAP}\d{{4}})"
)
_NATIONAL = (
    rf"{_ZERO}\d{{8,12}}|\(?{_ZERO}\d{{1,4}}\)?{_GAP}?\d{{6,8}}|\(?{_ZERO}\d{{1,4}}\)?{_GAP}?\d{{3,4}}{_GAP}\d{{3,4}}"
    rf"|{_ZERO}\d(?:{_GAP}\d\d){{4}}"
)
_GROUPED = (
    rf"(?:1{_GAP})?\(?[2-9]\d\d(?:\){_GAP}?|{_GAP})[2-9]\d\d{_GAP}\d{{4}}|\(\d{{2,5}}\){_GAP}?\d{{3,5}}{_GAP}?\d{{4}}"
    rf"|1{_GAP}?8\d\d{_GAP}\d{{2,4}}{_GAP}\d{{3,4}}|\d{{2,4}}\p{{Pd}}\d{{3,4}}\p{{Pd}}\d{{4}}"
)
_CARD = r"\d{4}(?:[\p{Zs}\p{Pd}]\d{4}){2,3}|\d{16,}"
# Payment handles of India's UPI look like an e-mail address without a dot; other words stuck to a mention are words.
_PAYMENT = r"(?i:ok(?:axis|sbi|hdfcbank|icici)|ybl|ibl|axl|paytm|pt(?:axis|sbi|hdfc|yes)|upi|apl|yapl|sbi|freecharge)\b"
_AT_PARTS = (
    rf"(?P<email>(?<![^\W\d]|[.+\-])\w(?:[\w.+\-]{{0,62}}[\w+\-])?@(?:{_PAYMENT}|\w[\w\-]{{0,62}}(?:\.\w[\w\-]{{0,62}}){{1,4}}))"
    r"|(?P<handle>@(?:(?!https?://)\w)+(?:[.\-·+@]+(?:(?!https?://)\w)+)*)"
)
_RARE_PARTS = r"(?P<account>did:[a-z0-9]+:[\w.:%+\-]+)|(?P<reddit>(?<![^\W\d]|/)u/[\w\-]{3,})"
_NUMBER_PARTS = (
    rf"(?P<call>(?<![^\W\d_]){_CALL}[^\w⟩]{{0,3}}\d(?:{_GAP}?\d){{5,14}}(?!\d))"
    rf"|(?:(?<!\d)(?=\d)|(?=[+(])){_CURRENCY}(?:"
    rf"(?P<card>{_YEARS}(?:{_CARD})(?!\d))"
    rf"|(?P<phone>{_UNIT}{_ROUND}{_YEARS}(?:{_INTERNATIONAL}|{_MOBILE}|{_NATIONAL}|{_GROUPED}|\d{{9,15}})(?!\d)))"
)
_MASKS = {"account": ACCOUNT, "card": ACCOUNT, "email": EMAIL, "reddit": _REDDIT, "phone": PHONE}
_DIGITS = regex.compile(r"[+(]?\d.*", regex.V1)
_MAX_ROUNDS = 3  # a mask may bring two identifiers in touch
_may_have_number = re.compile(r"\d(?:\W{0,4}\d){5}").search


def redact(text: str) -> str:
    """Mask a text for people; idempotent, and the result always encodes to UTF-8.

    Masks @mentions, e-mail addresses and payment handles, telephone numbers in any script's digits, card and account
    numbers, decentralised ids, and account names in web addresses (the host stays). Masks too much rather than too
    little. A name in plain words is not recognised and stays. Linear in the text's length; some 20 µs for a message.
    """
    text = _CONTROL.sub("", text)
    if not text.isascii():
        text = _HIDING.sub("", _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text))
    for _ in range(_MAX_ROUNDS):
        revealed = reveal(text)
        if revealed is None:
            break
        text, before = _masked_where_written(text, revealed), text
        if text == before:
            break
    return _masked(text)


def _masked(text: str) -> str:
    """Mask the identifiers that are written in plain characters."""
    pattern = _pattern_for(text)
    return text if pattern is None else str(pattern.sub(_mask, text))


def _masked_where_written(text: str, revealed: Aligned) -> str:
    """Mask the identifiers that only a reader sees: digits in keycaps, reversed letters, markup between digits.

    The rest of the text stays as written.
    """
    pattern = _pattern_for(revealed.text)
    masks = [] if pattern is None else [(match, _mask(match)) for match in pattern.finditer(revealed.text)]
    spans = sorted((*revealed.written(*match.span()), mask) for match, mask in masks if mask != match[0])
    parts, done = list[str](), 0
    for first, last, mask in spans:
        if first >= done:
            parts += [text[done:first], mask]
            done = last
    return "".join([*parts, text[done:]])


def _pattern_for(text: str) -> "regex.Pattern[str] | None":
    """Return the pattern of the identifiers that a text may have; None if it has none."""
    rare = "did:" in text or "u/" in text
    url = url_pattern(text) if may_have_url(text) else None
    number = _may_have_number(text) is not None
    if url is None and not (number or rare or "@" in text):
        return None
    return _identifiers(url, "@" in text, rare, number)


@cache
def _identifiers(url: "regex.Pattern[str] | None", at: bool, rare: bool, number: bool) -> "regex.Pattern[str]":
    """Compile the pattern of the possible kinds; the other kinds cannot match, and cost time.

    A single pattern, because an identifier inside another (a post's number inside an address) must not be masked alone.
    """
    address = (url is not None, f"(?P<url>{url.pattern})" if url else "")
    parts = (address, (rare, _RARE_PARTS), (at, _AT_PARTS), (number, _NUMBER_PARTS))
    return regex.compile("|".join(part for wanted, part in parts if wanted), regex.V1)


def _mask(match: "regex.Match[str]") -> str:
    kind = match.lastgroup or ""
    if kind == "url":
        return "".join(_mask_written(piece) for piece in STUCK.split(visible(match[0])))
    if kind == "handle":
        return HANDLE
    if kind == "call":
        return str(_DIGITS.sub(PHONE, match[0]))
    return _MASKS[kind]


def _mask_written(url: str) -> str:
    core = trim(url)
    return mask_url(core) + url[len(core) :]
