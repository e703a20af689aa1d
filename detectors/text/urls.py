"""Reduce a web address to the canonical form that all its copies share, and mask the people in an address.

A shared link is the strongest sign, after the text itself, that two messages are one rumour. Copies of a link differ
in tracking parameters, mobile hosts and wrappers. The canonical form is published, so handles, telephone numbers and
e-mail addresses of people are masked. Forms follow RFC 3986 section 6 and the platforms' own address schemes.
"""

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qsl, quote, unquote, unquote_to_bytes, urlsplit


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


USER = "⟨user⟩"
PHONE = "⟨phone⟩"
EMAIL = "⟨email⟩"
ACCOUNT = "⟨id⟩"

_MAX_LENGTH = 2048  # browsers and shorteners stop near this length; a longer address is junk or an attack
_MAX_WRAPPERS = 3  # a redirect inside an AMP page inside a redirect

_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})")
_SCHEME = re.compile(r"(?:https?|ftp)://", re.I)
_ANY_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.I)
_EMAIL = re.compile(r"[^\s@/⟨⟩]{1,64}@[^\s@/⟨⟩]{1,255}\.[^\W\d_]{2}")
_MASK = re.compile(r"⟨[a-z]+⟩")
_PREFIXES = re.compile(r"(?:(?:www|m|mobile|amp|touch|mbasic)\.(?=[^.]+\.))+")  # of a host; two labels remain
_PORTS = {"http": 80, "https": 443, "ftp": 21}

_ALIASES = {
    "twitter.com": "x.com",
    "fxtwitter.com": "x.com",
    "vxtwitter.com": "x.com",
    "telegram.me": "t.me",
    "telegram.dog": "t.me",
    "fb.com": "facebook.com",
    "web.facebook.com": "facebook.com",
    "old.reddit.com": "reddit.com",
    "threads.com": "threads.net",
}
_WRAPPERS = {
    "google.com/url": ("q", "url"),
    "l.facebook.com/l.php": ("u",),
    "lm.facebook.com/l.php": ("u",),
    "l.instagram.com/": ("u",),
    "youtube.com/redirect": ("q",),
}
_TRACKING = _names(
    "fbclid gclid dclid gbraid wbraid msclkid yclid twclid ttclid li_fat_id igshid igsh si ref_src ref_url mc_cid "
    "mc_eid _ga _gl _hsenc _hsmi mkt_tok vero_id spm s_kwcid cmpid ocid ncid smid smtyp __twitter_impression amp "
    "amp_js_v usqp mibextid sfnsn wt_mc ns_source ns_mchannel ns_campaign ns_linkname share_id share_source "
    "feature fb_action_ids fb_action_types fb_source guccounter guce_referrer guce_referrer_sig _branch_match_id"
)
_TRACKING_PREFIXES = ("utm_", "hsa_", "pk_", "mtm_", "oly_", "at_custom", "_openstat", "__cft__", "__tn__")
# Platforms whose other parameters identify the sharer rather than the content.
_KEPT_PARAMETERS = {
    "x.com": _names("q"),
    "youtube.com": _names("v list search_query"),
    "facebook.com": _names("v story_fbid fbid id q"),
    **dict.fromkeys(("t.me", "instagram.com", "tiktok.com", "threads.net", "wa.me"), _names("")),
}
# First path segments that are the platform's own pages; any other first segment is the name of an account.
_PAGES = {
    "x.com": _names(
        "i home search hashtag explore intent share settings login tos privacy about notifications messages"
    ),
    "t.me": _names("joinchat addstickers share proxy socks setlanguage addtheme login c s"),
    "instagram.com": _names("p reel reels tv explore stories accounts about direct"),
    "facebook.com": _names(
        "watch groups events hashtag share sharer sharer.php story.php photo.php photo permalink.php profile.php reel "
        "reels marketplace login login.php l.php plugins people pages help gaming policies home.php"
    ),
    "twitch.tv": _names("directory videos p search"),
    "vk.com": _names("feed video wall search"),
    "pinterest.com": _names("pin search ideas"),
    "wa.me": _names("message c qr channel"),
    **dict.fromkeys(("paypal.me", "linktr.ee", "ko-fi.com"), _names("")),
}
# The segment after one of these is the name of an account: on any host, or on the named host.
_BEFORE_NAME = _names("user users u profile profiles member members")
_BEFORE_NAME_AT = {
    "linkedin.com": _names("in pub"),
    "youtube.com": _names("user c channel"),
    "snapchat.com": _names("add"),
    "instagram.com": _names("stories"),
    "facebook.com": _names("people pages"),
    "t.me": _names("s c"),
}
_PERSONAL_PARAMETERS = {
    **dict.fromkeys(("phone", "tel", "mobile"), PHONE),
    **dict.fromkeys(("email", "mail"), EMAIL),
    **dict.fromkeys(("user", "username", "user_name", "screen_name", "uid", "user_id", "userid"), USER),
}
_PLAIN_PAGES = _names(
    "home index index.html index.htm index.php default.aspx en hi fr es de ar pt ru id news live world india about "
    "contact login signup search watch video videos latest photos photo hashtag explore i share p r reel reels tv "
    "posts status post feed wall groups events message channel in add pub user users u profile c s stories "
    "send story.php profile.php permalink.php photo.php joinchat"
)
_PLAIN_PARAMETERS = _names("lang hl locale q query s search search_query page sort gl region list")


def canonical(url: str) -> str | None:
    """Return the canonical form of an address, equal for all copies, or None if the text is no web address.

    The form has no scheme, no `www.` or mobile host, no tracking parameters and no fragment; the query is sorted and
    personal names are masked. `canonical(canonical(url)) == canonical(url)`.
    """
    return _canonical(url, _MAX_WRAPPERS)


def identifying(url: str) -> bool:
    """Return True if two messages with this address are therefore about the same thing.

    An article, a post or a short link identifies its content; a bare host, a platform's own page or a profile does not.
    If a masked name is part of the address, the rest must be unique: a long post id is unique, the 12th
    message of a masked channel is not.
    """
    address = canonical(url)
    if address is None:
        return False
    path, _, query = address.partition("?")
    segments = path.split("/")[1:]
    if any("⟨" in segment for segment in segments):
        return any(_unique(segment) for segment in segments)
    if any(segment.lower() not in _PLAIN_PAGES for segment in segments):
        return True
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return any(value and "⟨" not in value and name.lower() not in _PLAIN_PARAMETERS for name, _, value in pairs)


def mask_url(url: str) -> str:
    """Mask account names, telephone numbers and e-mail addresses in an address, and keep the rest as written."""
    scheme, rest = _cut_scheme(url)
    head, mark, fragment = rest.partition("#")
    head, question, query = head.partition("?")
    authority, *segments = head.split("/")
    if "@" in authority:  # a name and perhaps a password, then the host
        if not scheme:
            return EMAIL
        authority = authority.rpartition("@")[2]
        authority = authority if "." in authority.strip(".") else USER
    host = _host_name(authority.partition(":")[0].lower())
    masked = [given if given == raw else masked for given, raw, masked in _masked_segments(host, segments)]
    parameters = "&".join(_masked_pair(host, pair) for pair in query.split("&"))
    fragment = fragment if fragment == _mask_emails(fragment) else EMAIL
    return f"{scheme}{'/'.join([authority, *masked])}{question}{parameters}{mark}{fragment}"


def _masked_segments(host: str, segments: list[str]) -> list[tuple[str, str, str]]:
    plain = [unquote(segment) for segment in segments]
    masked = _mask_path(host, plain)
    return [
        (given if raw == shown else shown, raw, shown)
        for given, raw, shown in zip(segments, plain, masked, strict=True)
    ]


def _masked_pair(host: str, pair: str) -> str:
    name, equals, value = pair.partition("=")
    shown = _mask_parameter(host, name, unquote(value))
    return pair if shown == unquote(value) else f"{name}{equals}{shown}"


def _cut_scheme(url: str) -> tuple[str, str]:
    match = _ANY_SCHEME.match(url)
    return (match[0], url[match.end() :]) if match else ("", url)


def _canonical(url: str, wrappers: int) -> str | None:
    if len(url) > _MAX_LENGTH or not (url := url.strip().removeprefix("//")):
        return None
    if not _SCHEME.match(url):
        if _ANY_SCHEME.match(url):
            return None
        url = "http://" + url
    try:
        parts = urlsplit(url)
        host = _host(parts)
        if host is None:
            return None
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        segments = [unquote_to_bytes(segment).decode("utf-8", "surrogateescape") for segment in _split_path(parts.path)]
        inner = _unwrap(host, segments, pairs)
        if inner is not None and wrappers:
            return _canonical(inner, wrappers - 1)
        return _join(host, segments, pairs)
    except ValueError:  # a bracket without its partner, a port that is no number, a lone surrogate
        return None


def _host(parts: SplitResult) -> str | None:
    name = (parts.hostname or "").rstrip(".")
    if not name.isascii():
        name = name.encode("idna").decode("ascii").lower()
    if not _HOST.fullmatch(name) and not _is_ip(name):
        return None
    name = _host_name(name)
    default = parts.port is None or parts.port in _PORTS.values()
    shown = f"[{name}]" if ":" in name else name
    return shown if default else f"{shown}:{parts.port}"


def _host_name(name: str) -> str:
    prefixes = _PREFIXES.match(name)
    name = name[prefixes.end() :] if prefixes else name
    if name.endswith(".m.wikipedia.org"):
        name = name.removesuffix(".m.wikipedia.org") + ".wikipedia.org"
    return _ALIASES.get(name, name)


def _is_ip(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _split_path(path: str) -> list[str]:
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    if len(kept) > 1 and kept[-1].lower() in ("amp", "amp.html"):
        kept.pop()
    return kept


def _unwrap(host: str, segments: list[str], pairs: list[tuple[str, str]]) -> str | None:
    """Return the address inside a redirect or an AMP cache, or None."""
    names = _WRAPPERS.get(f"{host}/{'/'.join(segments)}", ())
    for name, value in pairs:
        if name in names and _SCHEME.match(value):
            return value
    cached = host.endswith("cdn.ampproject.org") or (host.startswith("google.") and segments[:1] == ["amp"])
    if cached and len(segments) > 1:
        rest = segments[2:] if segments[1] == "s" else segments[1:]
        return "/".join(quote(segment, safe="", errors="surrogateescape") for segment in rest) or None
    return None


def _join(host: str, segments: list[str], pairs: list[tuple[str, str]]) -> str:
    segments, pairs = _rewrite(host, segments, pairs)
    if host == "youtu.be" and pairs and pairs[0][0] == "v":
        host = "youtube.com"
    path = "".join("/" + _quoted(segment) for segment in _mask_path(host, segments))
    kept = sorted({(name, _mask_parameter(host, name, value)) for name, value in pairs if _keeps(host, name)})
    query = "&".join(f"{_quoted(name, '')}={_quoted(value, '')}" for name, value in kept)
    return host + path + ("?" + query if query else "")


def _rewrite(host: str, segments: list[str], pairs: list[tuple[str, str]]) -> tuple[list[str], list[tuple[str, str]]]:
    """Return a single address for content under several."""
    if host == "x.com" and "status" in segments[1:3]:
        place = segments.index("status", 1)
        return [USER, *segments[place : place + 2]], []
    if host == "t.me" and len(segments) > 1 and segments[0] == "s":
        return segments[1:], pairs
    if host == "youtu.be" and len(segments) == 1:
        return ["watch"], [("v", segments[0])]
    if host == "youtube.com" and len(segments) > 1 and segments[0] in ("shorts", "embed", "live", "v"):
        return ["watch"], [("v", segments[1])]
    return segments, pairs


def _keeps(host: str, name: str) -> bool:
    kept = _KEPT_PARAMETERS.get(host)
    if kept is not None:
        return name in kept
    lower = name.lower()
    return lower not in _TRACKING and not lower.startswith(_TRACKING_PREFIXES)


def _quoted(text: str, extra: str = "!$&'()*+,;=:@") -> str:
    escaped = quote(text, safe="-._~" + extra, errors="surrogateescape")
    return escaped.replace("%E2%9F%A8", "⟨").replace("%E2%9F%A9", "⟩")


def _is_mask(text: str) -> bool:
    return text in (USER, PHONE, EMAIL, ACCOUNT)


def _mask_path(host: str, segments: list[str]) -> list[str]:
    """Mask every account name among the segments of a decoded path."""
    masked: list[str] = []
    for place, segment in enumerate(segments):
        before = masked[-1].lower() if masked else ""
        masked.append(_mask_segment(host, place, before, segment))
    return masked


def _mask_segment(host: str, place: int, before: str, segment: str) -> str:
    if not segment or _is_mask(segment):
        return segment
    if host == "linkedin.com" and before == "posts" and "_" in segment:
        return f"{USER}_{segment.partition('_')[2]}"
    if place == 0 and host in _PAGES and segment.lower() not in _PAGES[host]:
        return _mask_account(host, segment)
    if segment.startswith("@") or before in _BEFORE_NAME or before in _BEFORE_NAME_AT.get(host, ()):
        return USER
    return ACCOUNT if segment.startswith("did:") else _mask_emails(segment)


def _mask_account(host: str, segment: str) -> str:
    if host == "t.me" and segment.startswith("+") and not segment[1:].isdigit():
        return segment  # an invitation names a group, not a person
    return PHONE if host == "wa.me" or segment.lstrip("+").isdigit() else USER


def _mask_parameter(host: str, name: str, value: str) -> str:
    if not value or _is_mask(value):
        return value
    if host == "facebook.com" and name == "id":
        return USER
    return _PERSONAL_PARAMETERS.get(name.lower()) or _mask_emails(value)


def _mask_emails(value: str) -> str:
    return EMAIL if "@" in value and _EMAIL.search(value) else value


def _unique(segment: str) -> bool:
    """Return True if a segment is long and has a digit, as post ids and slugs with ids do."""
    rest = _MASK.sub("", segment)
    return len(rest) >= 8 and any(character.isdigit() for character in rest)
