"""Mask the identifiers of people in a message: handles, e-mail addresses, telephone and account numbers, profile links.

Only the masked text leaves intake, and people see the masked text in an alert. Each kind of identifier has one stable
placeholder, so copies stay equal. Numbers that are part of the news stay: years, dates, amounts, counts.
"""

import re
from functools import cache

import regex

from detectors.privacy.national_ids import document_pattern, has_digits, mask_introduced, may_have_document
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
    rf"|{_ZERO}\d{{1,5}}/\d{{5,8}}|{_ZERO}\d{{1,4}}/\d{{2,3}}(?:[.\p{{Zs}}]\d\d){{2,3}}"
    rf"|{_ZERO}\d(?:{_GAP}\d\d){{4}}(?!{_GAP}\d\d(?!\d))|\(?{_ZERO}\d{{2,3}}\)?{_GAP}\d{{3}}(?:{_GAP}\d\d){{2}}"
    rf"|{_ZERO}\d{{4}}(?:{_GAP}\d{{5}}|{_GAP}\d\d{_GAP}\d{{4}})|{_ZERO}11{_GAP}15{_GAP}\d{{4}}{_GAP}\d{{4}}"
)
_FOUR = r"(?!(?:19|20)\d\d(?!\d))\d{4}"  # no year
# Groups of single countries; the examples of `phonenumbers` are the source.
_FOREIGN = (
    rf"[2-9]\d{_GAP}{_FOUR}{_GAP}\d{{4}}|[5-9]\d\d(?:{_GAP}\d\d){{3}}|1[3-9]\d{_GAP}\d{{4}}{_GAP}\d{{4}}|[39]\d\d{_GAP}\d{{7}}"
    rf"|[2-9]\d\d{_GAP}\d{{3}}{_GAP}{_FOUR}|[1-9]\d{_GAP}\d{{3}}(?:{_GAP}\d\d){{2}}|[2-9]\d{_GAP}\d{{3}}{_GAP}{_FOUR}|\(\d\){_GAP}?\d{{4}}{_GAP}\d{{4}}"
    rf"|8{_GAP}?\(?\d{{3}}\)?{_GAP}?\d{{3}}(?:{_GAP}\d\d){{2}}"
)
# An Indian mobile number of ten digits with other signs between them, or with letters in the place of digits.
_SIGN = r"[/_,|·•~*\\]"
_SEPARATED = (
    rf"(?<!(?<!\d)\d{{1,3}}{_SIGN})(?:(?:91|{_ZERO}){_SIGN}?)?(?=(?:\d{_SIGN}?){{9}}\d(?!\d|{_SIGN}\d{{1,3}}(?!\d)))"
    rf"(?!\d{{1,3}}(?:,\d{{2,3}})+(?!\d)|\d{{5}}{_SIGN}\d\d000){_SIX}\d{{0,5}}(?:{_SIGN}\d{{2,6}}){{1,4}}"
    rf"|{_SIX}(?:(?:{_SIGN}|{_GAP})\d){{9}}"
    rf"|{_SIX}(?=[\dOoIl]{{9}}(?![^\W_]))(?=\d*[OoIl])(?:[OoIl]{{0,4}}\d){{5}}[\dOoIl]{{0,4}}"
)
_GROUPED = (
    rf"(?:1{_GAP})?\(?[2-9]\d\d(?:\){_GAP}?|{_GAP})[2-9]\d\d{_GAP}\d{{4}}|\(\d{{2,5}}\){_GAP}?\d{{3,5}}{_GAP}?\d{{4}}"
    rf"|1{_GAP}?8\d\d{_GAP}\d{{2,4}}{_GAP}\d{{3,4}}|\d{{2,4}}\p{{Pd}}\d{{3,4}}\p{{Pd}}\d{{4}}"
)
_CARD = r"(?!0)\d{4}(?:[\p{Zs}\p{Pd}]\d{4}){2,3}|\d{16,}"
# Payment handles of India's UPI look like an e-mail address without a dot; other words stuck to a mention are words.
_PAYMENT = r"(?i:ok(?:axis|sbi|hdfcbank|icici)|ybl|ibl|axl|paytm|pt(?:axis|sbi|hdfc|yes)|upi|apl|yapl|sbi|freecharge)\b"
_AT_PARTS = (
    rf"(?P<email>(?<![^\W\d]|[.+\-])\w(?:[\w.+\-]{{0,62}}[\w+\-])?@(?:{_PAYMENT}|\w[\w\-]{{0,62}}(?:\.\w[\w\-]{{0,62}}){{1,4}}))"
    r"|(?P<handle>@(?:(?!https?://)\w)+(?:[.\-·+@]+(?:(?!https?://)\w)+)*)"
)
_RARE_PARTS = r"(?P<account>did:[a-z0-9]+:[\w.:%+\-]+)|(?P<reddit>(?<![^\W\d]|/)u/[\w\-]{3,})"
_AT_SIGN = r"\p{Zs}?[\[({](?i:at|@)[\])}]\p{Zs}?"
_DOT_SIGN = r"\p{Zs}?[\[({](?i:dot|\.)[\])}]\p{Zs}?"
_SPELT_PART = (
    rf"(?P<spelt>(?<![\w.+\-])[\w.+\-]{{2,64}}(?:{_AT_SIGN}[\w\-]{{2,62}}(?:\.|{_DOT_SIGN})\w{{2,24}}"
    r"|\p{Zs}(?i:at)\p{Zs}[\w\-]{2,62}\p{Zs}(?i:dot)\p{Zs}\w{2,24})(?:\.\w{2,24})?)"
)
_DOCUMENT_PART = f"(?P<document>{document_pattern()})"
_NUMBER_PARTS = (
    rf"(?P<call>(?<![^\W\d_]){_CALL}[^\w⟩]{{0,3}}\d(?:{_GAP}?\d){{5,14}}(?!\d))"
    rf"|(?:(?<!\d)(?=\d)|(?=[+(])){_CURRENCY}(?:"
    rf"(?P<card>{_YEARS}(?:{_CARD})(?!\d))"
    rf"|(?P<phone>{_UNIT}{_ROUND}{_YEARS}(?:{_INTERNATIONAL}|{_MOBILE}|{_NATIONAL}|{_GROUPED}|{_FOREIGN}|\d{{9,15}}"
    rf"|{_SEPARATED})(?!\d)))"
)
_MASKS = {
    "account": ACCOUNT,
    "card": ACCOUNT,
    "document": ACCOUNT,
    "email": EMAIL,
    "spelt": EMAIL,
    "reddit": _REDDIT,
    "phone": PHONE,
}
_PARTS = (_RARE_PARTS, _SPELT_PART, _AT_PARTS, _DOCUMENT_PART, _NUMBER_PARTS)
_DIGITS = regex.compile(r"[+(]?\d.*", regex.V1)
_MAX_ROUNDS = 3  # a mask may bring two identifiers in touch
_may_have_number = re.compile(r"\d(?:[\W_OoIl]{0,4}\d){5}").search


def redact(text: str) -> str:
    """Mask a text for people; idempotent, and the result always encodes to UTF-8.

    Masks @mentions, e-mail addresses and payment handles, telephone numbers in any script's digits, card, account and
    identity numbers, decentralised ids, accounts after a platform's name, and account names in web addresses. Masks
    too much rather than too little. A name in plain words is not recognised and stays. Linear in the text's length;
    some 10 µs for a message without identifiers, and 100 µs with one.
    """
    if not text.isprintable():  # as are control characters, invisible ones and surrogates
        text = _HIDING.sub("", _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", _CONTROL.sub("", text)))
    for _ in range(_MAX_ROUNDS):
        revealed = reveal(text)
        if revealed is None:
            break
        text, before = _masked_where_written(text, revealed), text
        if text == before:
            break
    shown = _masked(text)
    for _ in range(_MAX_ROUNDS):
        if shown == text:
            break
        text, shown = shown, _masked(shown)
    return shown


def _masked(text: str) -> str:
    """Mask the identifiers that are written in plain characters."""
    digits = has_digits(text) is not None
    pattern = _pattern_for(text, digits)
    shown = text if pattern is None else str(pattern.sub(_mask, text))
    return mask_introduced(shown, digits) if digits or "_" in text or ":" in text or "=" in text else shown


def _masked_where_written(text: str, revealed: Aligned) -> str:
    """Mask the identifiers that only a reader sees: digits in keycaps, reversed letters, markup between digits.

    The rest of the text stays as written.
    """
    pattern = _pattern_for(revealed.text, has_digits(revealed.text) is not None)
    masks = [] if pattern is None else [(match, _mask(match)) for match in pattern.finditer(revealed.text)]
    spans = sorted((*revealed.written(*match.span()), mask) for match, mask in masks if mask != match[0])
    parts, done = list[str](), 0
    for first, last, mask in spans:
        if first >= done:
            parts += [text[done:first], mask]
            done = last
    return "".join([*parts, text[done:]])


def _pattern_for(text: str, digits: bool) -> "regex.Pattern[str] | None":
    """Return the pattern of the identifiers that a text may have; None if it has none."""
    at = "@" in text
    rare = "did:" in text or "u/" in text
    url = url_pattern(text) if may_have_url(text) else None
    number = digits and _may_have_number(text) is not None
    document = number or (digits and may_have_document(text))
    spelt = at and ("(@" in text or "[@" in text)
    if "at" in text:
        spelt = spelt or " dot " in text or "at)" in text or "at]" in text
    if url is None and not (number or document or rare or spelt or at):
        return None
    return _identifiers(url, (rare, spelt, at, document, number))


@cache
def _identifiers(url: "regex.Pattern[str] | None", kinds: tuple[bool, ...]) -> "regex.Pattern[str]":
    """Compile the pattern of the possible kinds; the other kinds cannot match, and cost time.

    A single pattern, because an identifier inside another (a post's number inside an address) must not be masked alone.
    """
    parts = [part for wanted, part in zip(kinds, _PARTS, strict=True) if wanted]
    return regex.compile("|".join([*((f"(?P<url>{url.pattern})",) if url else ()), *parts]), regex.V1)


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
