"""Find the web addresses in a message, and cut the punctuation of the sentence off them.

Words of another script follow an address at once where a script has no spaces, or where the text runs from right to
left. Such letters belong to an address only after a slash, a hyphen or another sign, as in the path of an article.
"""

import re

import regex

from detectors.text.addresses.rules import load_rules

_DENSE = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_DOT = r" ?[\[({](?:\.|[Dd][Oo][Tt])[\])}] ?"  # as analysts write it, so that no program opens the link
_INVISIBLE = r"\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
# Classes are spelled out: matching without regard to case costs ten times as much.
_BODY = (
    r"(?:[A-Za-z0-9_\-.~:/?#@!$&'()*+,;=%]++"
    r"|[[\p{Latin}\u0300-\u036f…⟨⟩]--[\x00-\x7f]]++"
    rf"|(?<![A-Za-z0-9⟩])[\w--[\x00-\x7f\p{{Latin}}{_DENSE}]]++"
    rf"|(?<=[=_\-]|[^/]/[^/\s]{{1,64}}/)[{_DENSE}]++"
    rf"|[{_INVISIBLE}]++(?=[A-Za-z0-9_\-/?#=&%.])"
    r"|[\[{](?:\.|[Dd][Oo][Tt])[\]}]"
    r"|(?:\[[A-Za-z0-9_\-]{0,32}\])+=)"
)
_LABEL = r"(?>[A-Za-z0-9]{1,63}(?:-{1,8}[A-Za-z0-9]{1,63}){0,16})"
_BARE_TLD = r"(?:com|org|net|info|edu|gov|mil|biz|xyz|tv|app|news|(?:com?|org|gov|nic|ac|net)\.[a-z]{2})"
_FILE = r"(?!(?i:txt|pdf|jpe?g|png|gif|html?|php|docx?|xlsx?|css|json|mp[34]|apk|exe)\b)"
_WEB = r"(?:[Hh](?:[Tt][Tt]|[Xx][Xx]|\*\*)[Pp][Ss]?|[Ff][TtXx][Pp]|\b[Mm][Ee][Oo][Ww][Ss]?)"
_APPS = "|".join(regex.escape(scheme) for scheme in sorted(load_rules().schemes))
_SCHEME_URL = rf"{_WEB}(?:\[?:\]?//|\[://\])(?:\[[0-9A-Fa-f:.]+\])?{_BODY}+|(?<![\w.+\-⟩])(?:{_APPS})://{_BODY}+"
# The look-ahead drops the words of a sentence at once: most words are no label before a dot.
_BARE_URL = (
    rf"(?<![\w@.\-/⟩])(?={_LABEL}(?:\.|{_DOT}))(?:[Ww]{{3}}\.{_BODY}+"
    rf"|(?:{_LABEL}(?:\.|{_DOT})){{1,8}}{_FILE}[A-Za-z]{{2,24}}(?::[0-9]{{2,5}})?/{_BODY}*"
    rf"|(?:{_LABEL}\.){{1,8}}?(?i:{_BARE_TLD})(?:(?::[0-9]{{2,5}})?\?[\w\-]{{1,32}}={_BODY}*|(?![\w@\-]|\.\w|{_DOT}\w))"
    rf"|(?:{_LABEL}\.){{0,8}}{_LABEL}{_DOT}(?:{_LABEL}(?:\.|{_DOT})){{0,8}}[A-Za-z]{{2,24}}(?![\w@\-]|\.\w))"
)
_ALL = regex.compile(f"{_SCHEME_URL}|{_BARE_URL}", regex.V1)
_BARE = regex.compile(_BARE_URL, regex.V1)

_has_dot_or_scheme = re.compile(r"\.(?:(?<=[A-Za-z0-9]\.)[A-Za-z]|(?<=[Ww]{3}\.))|://").search
_has_bracketed_dot = re.compile(r"[\[({](?:\.|[Dd][Oo][Tt])[\])}]").search


def may_have_url(text: str) -> bool:
    """Test cheaply for what every text with an address has: a dot between letters, a scheme, or a bracketed dot."""
    if _has_dot_or_scheme(text):
        return True
    return ("[" in text or "(" in text or "{" in text) and _has_bracketed_dot(text) is not None


def url_pattern(text: str) -> "regex.Pattern[str]":
    """Return the cheapest pattern that finds all addresses of a text.

    These are addresses with a scheme, with `www.`, or bare ones with a path, a well-known ending or a bracketed dot.
    """
    return _ALL if "//" in text else _BARE


STUCK = re.compile(r"(?<![/=?&#])(?<!/__)(?=h(?:tt|xx)ps?://)(?!^)", re.I)
"""Boundary between two addresses without a space."""
_CLOSING = ".,;:!?'\"…*_~&|([{"
_ENTITY = re.compile(
    r"&(?:amp;)*(?:gt|lt|quot|apos|nbsp|[rl][sd]quo|hellip|#0*(?:3[49]|6[02]|160)|#x(?:2[27]|3[ce]|a0));", re.I
)


def find_urls(text: str) -> tuple[str, ...]:
    """Return every address in `text` as written, first occurrences in order, without closing punctuation.

    An address that an ellipsis cuts is left out: the cut copies of two addresses can be equal. The result is raw: pass
    each address through `canonical` before display. Linear in the text's length.
    """
    found: dict[str, None] = {}
    for match in url_pattern(text).finditer(text) if may_have_url(text) else ():
        for piece in STUCK.split(match[0]):
            url = trim(piece)
            if url and not url.endswith("://") and piece[len(url) :][:1] != "…":
                found[url] = None
    return tuple(found)


def trim(url: str) -> str:
    """Cut the punctuation of the sentence off an address; a bracket goes unless the partner is inside the address."""
    if "&" in url and (entity := _ENTITY.search(url)) is not None:
        url = url[: entity.start()]
    end = len(url)
    spare = {")": url.count(")") - url.count("("), "]": url.count("]") - url.count("[")}
    while end:
        last = url[end - 1]
        if spare.get(last, 0) > 0:
            spare[last] -= 1
        elif last not in _CLOSING:
            break
        end -= 1
    return url[:end]
