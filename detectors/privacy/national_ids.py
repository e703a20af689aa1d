"""Recognise identity numbers of the countries whose languages Hearsay covers, and accounts named in words.

The documents are data, in `national_ids.toml`: a form that no other number has, or the words that introduce a number
without a form of its own.
"""

import re
from functools import cache
from importlib.resources import files

import msgspec

from detectors.text.addresses.masks import ACCOUNT, USER


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of document; `national_ids.toml` describes the fields."""

    country: str
    name: str
    words: tuple[str, ...]
    form: str = ""


class _DocumentsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    documents: tuple[Document, ...]


@cache
def read_documents() -> tuple[Document, ...]:
    """Read the table of documents."""
    return msgspec.toml.decode(
        files(__package__).joinpath("national_ids.toml").read_bytes(), type=_DocumentsFile
    ).documents


def document_pattern() -> str:
    """Return the pattern of the numbers that need no word before them."""
    forms = "|".join(document.form for document in read_documents() if document.form)
    return rf"(?<![\w⟩.+\-/])(?=[A-ZÑ\d])(?:{forms})(?![\w⟨])"


_has_letters_and_digits = re.compile(r"[A-Z][ -]?\d{1,4}[ -]?[A-Z]").search
_has_introduced = re.compile(r"\d(?:[ \-./]?[\dA-Z]){4}").search


has_digits = re.compile(r"\d(?:(?<=[A-Za-z].)|(?:[\W_A-Zlo]{0,4}+\d){3})").search
"""Test cheaply for a digit after a Latin letter, and for four digits close to each other."""


def may_have_document(text: str) -> bool:
    """Test cheaply for a number among letters; a longer number is tested for as a telephone number."""
    return _has_letters_and_digits(text) is not None


_INTRODUCED = re.compile(r"(?<![\w⟩])(?:[A-Z]{1,4}-?)?\d(?:[ \-./]?(?:\d|[A-Z](?![a-z]))){4,19}(?!\w)")
_CONNECTOR = re.compile(
    r"(?:[\s:#.\-–=()]|(?<!\w)(?:no|nos|num|number|nr|n[°ºo]|№|is|card|id|de|numero|número|nummer|numer|номер|رقم|نمبر|नंबर|नम्बर|संख्या|नं"
    r"|নম্বর|নং|எண்|సంఖ్య|है|:|号|號|番号|번호))*$",
    re.I,
)
_PUNCTUATION = " \t\n:#.-–=()"
_LOOK_BACK = 48
_DIGITS_OF_A_NUMBER = 5
_WORDS = tuple(sorted({word for document in read_documents() for word in document.words}))

_PLATFORMS = (
    "snapchat", "snap", "instagram", "insta", "telegram", "tiktok", "skype", "discord", "wechat", "weixin", "facebook",
    "fb", "twitter", "viber", "kik", "tg", "ig", "username", "user name", "user id", "userid", "handle", "login",
    "paytm", "gpay", "phonepe", "bigo", "imo", "zalo", "line id", "threads", "reddit", "инстаграм", "телеграм", "тг",
    "ник", "логин", "انستا", "انستقرام", "سناب", "تيليجرام", "تلگرام", "इंस्टाग्राम", "टेलीग्राम", "स्नैपचैट",
)  # fmt: skip
_NAMED_ACCOUNT = re.compile(
    rf"(?<!\w)(?P<lead>(?:{'|'.join(_PLATFORMS)})(?P<explicit>\s{{0,2}}(?:account|acc|id|handle|username|"
    r"user ?name|user|ник|آیدی|حساب|आईडी))?(?P<colon>\s{0,2}[:=\-–>]{1,2}\s{0,2}|\s{1,2}))"
    r"(?P<name>[A-Za-z][A-Za-z0-9]*(?:[._][A-Za-z0-9]+)*_?)(?![\w/⟨@:]|\.\w)",
    re.I,
)
_NEWS_WORD = re.compile(
    r"(?:covid|corona|version|android|windows|iphone|galaxy|update|channel|whatsapp|group|top)[\d_.]", re.I
)
_HANDLE_LIKE = re.compile(r"[a-z]{3,}\d{2,}", re.I)


def mask_introduced(text: str, digits: bool) -> str:
    """Mask the numbers that follow the name of a document, and the accounts that follow the name of a platform.

    Args:
        text: of a message, with all else masked.
        digits: result of `has_digits` for the message.
    """
    if digits and _has_introduced(text) is not None:
        text = _INTRODUCED.sub(_mask_number, text)
    return _NAMED_ACCOUNT.sub(_mask_account, text) if _may_have_account(text, digits) else text


def _may_have_account(text: str, digits: bool) -> bool:
    """Test cheaply for the name of a platform, and for a sign of an account's name after it."""
    if digits or "_" in text:
        lower = text.lower()
        return any(name in lower for name in _PLATFORMS)
    if ":" not in text and "=" not in text:
        return False
    return any(
        text[max(0, sign.start() - _LONGEST_LEAD) : sign.start()].rstrip().lower().endswith(_LEADS)
        for sign in _SIGN.finditer(text)
    )


_SIGN = re.compile("[:=]")
_LEADS = (*_PLATFORMS, "account", "acc", "id", "user", "آیدی", "حساب", "आईडी")
_LONGEST_LEAD = max(map(len, _LEADS)) + 2


def _mask_number(match: "re.Match[str]") -> str:
    if sum(character.isdigit() for character in match[0]) < _DIGITS_OF_A_NUMBER:
        return match[0]
    before = " " + match.string[max(0, match.start() - _LOOK_BACK) : match.start()].lower()
    stripped = before.rstrip(_PUNCTUATION)
    return ACCOUNT if _introduces(stripped) or _introduces(_CONNECTOR.sub("", before)) else match[0]


def _introduces(before: str) -> bool:
    """Return True if the text ends with the name of a document, as a word of its own."""
    return before.endswith(_WORDS) and any(
        before.endswith(word) and not before[: -len(word)][-1:].isalpha() for word in _WORDS
    )


def _mask_account(match: "re.Match[str]") -> str:
    name = match["name"]
    stated = match["explicit"] is not None or match["colon"].strip() != ""
    if _NEWS_WORD.match(name):
        return match[0]
    plain = match["explicit"] is not None and match["colon"].strip() != ""
    marked = "_" in name or _HANDLE_LIKE.fullmatch(name) is not None
    marked = marked or (stated and ("." in name or any(character.isdigit() for character in name)))
    return match["lead"] + USER if marked or plain else match[0]
