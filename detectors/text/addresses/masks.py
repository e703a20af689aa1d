"""Mask the people in an address: names of accounts, telephone numbers, e-mail addresses and secrets.

One set of rules serves the canonical form, which is published, and the address as a person wrote it.
"""

import re
from collections.abc import Callable
from urllib.parse import unquote

from detectors.text.addresses.reading import cut_scheme, host_name, is_web, quoted, visible
from detectors.text.addresses.rules import Rules, SiteRules, compiled, load_rules

USER = "⟨user⟩"
PHONE = "⟨phone⟩"
EMAIL = "⟨email⟩"
ACCOUNT = "⟨id⟩"

_GROUPS = {"user": USER, "phone": PHONE, "id": ACCOUNT}
_MAX_NESTED = 4  # an address inside an address inside a parameter; deeper ones are junk, and are masked whole

MASK = re.compile(r"⟨(?:user|phone|email|id)⟩|⟨user:[0-9a-f]{16}⟩")
"""A mask, or the keyed digest of an account."""
DIGEST = re.compile(r"⟨user:[0-9a-f]{16}⟩")

_EMAIL = re.compile(r"[^\s@/⟨⟩]{1,64}@[^\s@/⟨⟩]{1,255}\.[^\W\d_]{2}")
_PHONE = re.compile(r"\+?[\d\s().-]{7,20}")
_SEARCHED_PHONE = re.compile(r"(?<![\w+])(?:\+|00)?\d(?:[ .-]?\d){9,14}(?!\w)")
_FRAGMENT_NAME = re.compile(r"@[\w.-]{2,}|\+?\d[\d-]{8,}\d")
_INNER = re.compile(r"(?<=/)(?:https?|ftp):/{1,2}(?=[^/])", re.I)

_SURROGATE = re.compile(r"[\ud800-\udfff]")

_rules: Callable[[], Rules] = load_rules


def is_mask(text: str) -> bool:
    """Return True if the text is one mask and nothing else."""
    return MASK.fullmatch(text) is not None


def mask_url(url: str) -> str:
    """Mask account names, telephone numbers, e-mail addresses and secrets, and keep the rest as written.

    Invisible characters go, because they would hide a name. `mask_url(mask_url(url)) == mask_url(url)`.
    """
    return _mask_url(_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", visible(url)), _MAX_NESTED)


def mask_path(host: str, segments: list[str]) -> list[str]:
    """Mask every account name among the segments of a decoded path."""
    rules = _rules()
    site = rules.site(host)
    shown = _mask_places(site, segments) if site is not None and site.masks else segments
    masked: list[str] = []
    first = 0
    for place, segment in enumerate(shown):
        before = masked[-1].lower() if masked else ""
        if place and "." in segment and (inner := rules.sites.get(host_name(segment.lower()))) is not None:
            site, first = inner, place + 1  # the address of a platform inside the path of an archive or a proxy
            masked.append(segment)
        else:
            masked.append(_mask_segment(rules, site, place == first, before, segment))
    return masked


def mask_parameter(host: str, name: str, value: str) -> str:
    """Mask the value of a parameter, decoded."""
    return _mask_parameter(_rules().site(host), name, value, _MAX_NESTED)


def _mask_url(url: str, nested: int) -> str:
    scheme, rest = cut_scheme(url)
    if (inner := _INNER.search(rest)) is not None:
        shown = _mask_url(rest[inner.start() :], nested - 1) if nested else ACCOUNT
        return _mask_url(scheme + rest[: inner.start()], nested) + shown
    head, mark, fragment = rest.partition("#")
    head, question, query = head.partition("?")
    authority, *segments = head.split("/")
    rules = _rules()
    name = scheme.partition(":")[0].lower()
    site: SiteRules | None
    if not is_web(scheme) and (app := rules.schemes.get(name)) is not None:
        site, host = app, app.host
        shown = "/".join(_masked_segments(host, [f"{name}:", authority, *segments])[1:])
    else:
        if "@" in authority:  # a name and perhaps a password, then the host
            if not scheme:
                return EMAIL
            authority = authority.rpartition("@")[2]
            authority = authority if "." in authority.strip(".") else USER
        host = host_name(visible(authority).partition(":")[0].lower())
        site = rules.site(host)
        if site is not None and site.account_subdomain and host != site.host and host not in site.hosts:
            segments = _masked_segments(site.host, [USER, *segments])[1:]
            authority = f"{USER}.{site.host}"
        else:
            segments = _masked_segments(host, segments)
        shown = "/".join([authority, *segments])
    parameters = "&".join(_masked_pair(site, pair, nested) for pair in query.split("&"))
    return f"{scheme}{shown}{question}{parameters}{mark}{_mask_fragment(fragment)}"


def _masked_segments(host: str, segments: list[str]) -> list[str]:
    plain = [unquote(segment) for segment in segments]
    masked = mask_path(host, plain)
    return [given if raw == shown else quoted(shown) for given, raw, shown in zip(segments, plain, masked, strict=True)]


def _masked_pair(site: SiteRules | None, pair: str, nested: int) -> str:
    name, equals, value = pair.partition("=")
    if not value:
        return pair
    plain = unquote(value.replace("+", " "))
    shown = _mask_parameter(site, name, plain, nested)
    return pair if shown == plain else f"{name}{equals}{quoted(shown, '/:')}"


def _mask_fragment(fragment: str) -> str:
    if not fragment or is_mask(fragment):
        return fragment
    if fragment != mask_emails(fragment):
        return EMAIL
    return _FRAGMENT_NAME.sub(lambda match: USER if match[0][0] == "@" else PHONE, fragment)


def _mask_places(site: SiteRules, segments: list[str]) -> list[str]:
    """Mask the places that the site's own patterns name; a slash inside a segment stays apart from the others."""
    path = "".join("/" + segment.replace("/", "\0") for segment in segments)
    for pattern in site.masks:
        match = compiled(pattern).match(path)
        if match is None:
            continue
        for group, mask in _GROUPS.items():
            if group in match.re.groupindex and match[group] is not None and not is_mask(match[group]):
                start, end = match.span(group)
                path = path[:start] + mask + path[end:]
                match = compiled(pattern).match(path)
                if match is None:
                    break
    return [segment.replace("\0", "/") for segment in path.split("/")[1:]]


def _mask_segment(rules: Rules, site: SiteRules | None, first: bool, before: str, segment: str) -> str:
    if not segment or is_mask(segment):
        return segment
    general = rules.general
    if first and site is not None and site.pages is not None and segment.lower() not in site.pages:
        return _mask_account(site, segment)
    if segment.startswith("@") or before in general.names_after:
        return USER
    if site is not None and before in site.names_after:
        return USER
    if before in general.phones_after and _is_phone(segment):
        return PHONE
    return ACCOUNT if segment.startswith("did:") else mask_emails(segment)


def _mask_account(site: SiteRules, segment: str) -> str:
    if MASK.search(segment):
        return segment
    if site.host == "t.me" and segment.startswith("+") and not segment[1:].isdigit():
        return segment  # an invitation names a group, not a person
    return PHONE if site.host == "wa.me" or segment.lstrip("+").isdigit() else USER


def _mask_parameter(site: SiteRules | None, name: str, value: str, nested: int) -> str:
    if not value or is_mask(value):
        return value
    general, lower = _rules().general, name.lower()
    if site is not None and lower in site.user_parameters:
        return USER
    for names, mask in (
        (general.user_parameters, USER),
        (general.email_parameters, EMAIL),
        (general.secret_parameters, ACCOUNT),
    ):
        if lower in names:
            return mask
    if lower in general.phone_parameters and _is_phone(value):
        return PHONE
    if "://" in value or "/" in value:
        return _mask_url(value, nested - 1) if nested else ACCOUNT
    if lower in general.search_parameters:
        value = _SEARCHED_PHONE.sub(PHONE, value)
    return mask_emails(value)


def mask_emails(value: str) -> str:
    """Mask a whole value if an e-mail address is part of it."""
    return EMAIL if "@" in value and _EMAIL.search(value) else value


def _is_phone(value: str) -> bool:
    return _PHONE.fullmatch(value) is not None and sum(character.isdigit() for character in value) >= 7
