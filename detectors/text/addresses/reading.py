"""Read an address into host, path and parameters, as people write it: defanged, glued, with invisible characters.

Analysts pass dangerous links on in a form that no program opens ("hxxps://news[.]example"); the copies are still
copies of the link. Parts follow RFC 3986 section 3, and international hosts RFC 3490.
"""

import re
import unicodedata
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qsl, quote, unquote_to_bytes, urlsplit

from detectors.text.addresses.rules import SiteRules, load_rules

MAX_LENGTH = 2048
"""Browsers and shorteners stop near this length; a longer address is junk or an attack."""

_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})")
_WEB = re.compile(r"(?:https?|ftp)://", re.I)
_DEFANGED_WEB = re.compile(r"(?:h(?:xx|tt|\*\*)ps?|meows?|f[tx]p)(?:\[?:\]?//|\[://\]|:\\\\|\[:\\\\\])", re.I)
_ANY_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.I)
_BRACKETED = re.compile(r" ?[\[{](?:\.|dot)[\]}] ?|\[(?:[:/]|://)\]", re.I)
_ROUND = re.compile(r" ?\((?:\.|dot)\) ?", re.I)
_SECOND_LEVEL = frozenset(("co", "com", "org", "net", "gov", "ac", "edu", "or", "go", "ne", "gob"))  # as in co.uk
_unreserved = re.compile(r"[A-Za-z0-9\-._~]*").fullmatch
_PORTS = {"http": 80, "https": 443, "ftp": 21}
# Characters without width. A joiner is part of a word only between letters of a script that uses joiners.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff]+"
    "|(?<![\u0600-\u0dff])[\u200c\u200d]+|[\u200c\u200d]+(?![\u0600-\u0dff])"
)


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of an address: a host without subdomains that mean nothing, decoded segments and parameters."""

    host: str
    segments: list[str]
    pairs: list[tuple[str, str]]
    query: str


def read_parts(url: str) -> Parts | None:
    """Read the parts of a web address, or of an address of a platform's app; None if it is neither.

    Raises:
        ValueError: a bracket without its partner, a port that is no number, a lone surrogate.
    """
    url = clean(url)
    if not url or len(url) > MAX_LENGTH:
        return None
    if not _WEB.match(url):
        found = _ANY_SCHEME.match(url)
        app = load_rules().schemes.get(found[0][:-3].lower()) if found else None
        if found and app is None:
            return None
        url = _app_address(app, url) if app else "http://" + url
    split = urlsplit(url)
    host = _host(split)
    if host is None:
        return None
    path = split.path
    if split.fragment[:1] in ("!", "/") and path in ("", "/"):  # the path of a page that a script builds
        path, mark, query = split.fragment.removeprefix("!").partition("?")
        split = split._replace(query=query if mark else split.query)
    segments = [visible(decode(segment)) for segment in split_path(path)]
    pairs = parse_qsl(split.query, keep_blank_values=True) if split.query else []
    pairs = [(name, visible(value)) for name, value in pairs]
    return Parts(host, [segment for segment in segments if segment.strip(".")], pairs, split.query)


def clean(url: str) -> str:
    """Undo what people and programs do to an address: invisible characters, HTML entities, defanging."""
    url = visible(url).strip().removeprefix("//")
    if "&amp;" in url:
        url = url.replace("&amp;", "&")
    if "[" in url or "{" in url:
        url = _BRACKETED.sub(_refanged, url)
    if (web := _DEFANGED_WEB.match(url)) is not None:
        url = f"http://{url[web.end() :]}"
    if "(" in url:
        scheme, rest = cut_scheme(url)
        authority, slash, path = rest.partition("/")
        return f"{scheme}{_ROUND.sub('.', authority)}{slash}{path}"
    return url


def visible(text: str) -> str:
    """Remove the characters without width."""
    return text if text.isascii() else _INVISIBLE.sub("", text)


def cut_scheme(url: str) -> tuple[str, str]:
    """Split an address into the scheme with its slashes, as written, and the rest."""
    match = _DEFANGED_WEB.match(url) or _ANY_SCHEME.match(url)
    return (match[0], url[match.end() :]) if match else ("", url)


def is_web(scheme: str) -> bool:
    """Return True for no scheme and for the schemes of the web, defanged or not."""
    return not scheme or _DEFANGED_WEB.match(scheme) is not None


def decode(segment: str) -> str:
    """Decode percent-encoding and compose the letters; bytes that are no UTF-8 survive as surrogates."""
    if "%" not in segment and segment.isascii():
        return segment
    text = unquote_to_bytes(segment).decode("utf-8", "surrogateescape")
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def quoted(text: str, extra: str = "!$&'()*+,;=:@") -> str:
    """Encode a segment or a parameter, and leave the masks readable."""
    if _unreserved(text):
        return text
    escaped = quote(text, safe="-._~" + extra, errors="surrogateescape")
    return escaped.replace("%E2%9F%A8", "⟨").replace("%E2%9F%A9", "⟩") if "%E2%9F%A" in escaped else escaped


def split_path(path: str) -> list[str]:
    """Split a path into its segments, without the empty ones and with `.` and `..` resolved."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return kept


def host_name(name: str) -> str:
    """Remove defanging and the labels that lead to the same content, such as `www` and `m`."""
    if "[" in name or "(" in name or "{" in name:
        name = _ROUND.sub(".", _BRACKETED.sub(_refanged, name))
    general = load_rules().general
    *labels, domain, ending = name.split(".") if name.count(".") > 1 else ("", "")
    if not general.host_labels.isdisjoint(labels):
        kept = [label for label in labels if label not in general.host_labels]
        name = name if not kept and domain in _SECOND_LEVEL else ".".join((*kept, domain, ending))
    for count in (1, 2):
        end = ".".join(name.rsplit(".", count + 1)[-count - 1 :])
        if end in general.host_endings:
            return name.removesuffix(end) + general.host_endings[end]
    return name


def _app_address(app: SiteRules, url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"http://{app.host}/{scheme.lower()}:/{rest}"


def _host(split: SplitResult) -> str | None:
    name = (split.hostname or "").rstrip(".")
    if not name.isascii():
        name = name.encode("idna").decode("ascii").lower()
    if not _HOST.fullmatch(name) and not _is_ip(name):
        return None
    name = host_name(name)
    default = split.port is None or split.port in _PORTS.values()
    shown = f"[{name}]" if ":" in name else name
    return shown if default else f"{shown}:{split.port}"


def _is_ip(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _refanged(match: "re.Match[str]") -> str:
    inner = match[0].strip(" []{}").lower()
    return "." if inner == "dot" else inner
