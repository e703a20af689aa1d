"""Mask the people in an address: names of accounts, telephone numbers, e-mail addresses and secrets.

One set of rules serves the canonical form, which is published, and the address as a person wrote it.
"""

import re
from collections.abc import Callable
from urllib.parse import unquote

from detectors.text.addresses.reading import cut_scheme, host_name, is_web, quoted, visible
from detectors.text.addresses.rules import Rules, SiteRules, compiled, load_rules
from detectors.text.addresses.wrappers import base64_text, translated_host

USER = "⟨user⟩"
PHONE = "⟨phone⟩"
EMAIL = "⟨email⟩"
ACCOUNT = "⟨id⟩"

_GROUPS = {"user": USER, "phone": PHONE, "id": ACCOUNT}
_MAX_NESTED = 4  # an address inside an address inside a parameter; deeper ones are junk, and are masked whole

MASK = re.compile(r"⟨(?:user|phone|email|id)⟩|⟨user:[0-9a-f]{16}⟩")
"""A mask, or the keyed digest of an account."""
DIGEST = re.compile(r"⟨user:[0-9a-f]{16}⟩")

_EMAIL = re.compile(r"[^\s@/⟨⟩]{1,64}@(?:[^\s@/⟨⟩]{1,255}\.[^\W\d_]{2}|[^\W\d_]{2,32}(?![\w.]))")
_PHONE = re.compile(r"\+?[\d\s().-]{7,20}")
_SEARCHED_PHONE = re.compile(r"(?<![\w+])(?:\+|00)?\d(?:[ .-]?\d){9,14}(?!\w)")
_FRAGMENT_NAME = re.compile(r"@[\w.-]{2,}|\+?\d[\d-]{8,}\d")
_NAMED = re.compile(r"(?<![\w⟩])@[\w.-]{2,}")
# The number of a post or of an article has no country code, and no word for a telephone before it.
_CODED_PHONE = re.compile(r"(?<![^\W_])(?:(?:\+|00)\d(?:[ .-]?\d){7,14}|(?:91|0)[6-9]\d{9})(?![^\W_])")
_WORDED_PHONE = re.compile(
    r"((?:call|tel|phone|contact|mobile|whatsapp|number|dial|sms)[-_:.])\+?\d[\d-]{6,}(?!\w)", re.I
)
_BARE_PHONE = re.compile(r"(?:91|0)?[6-9]\d{9}")
_NUMBER_OF_CONTENT = re.compile(r".*id|[vpanst_]|no|ts|time|date|post|page|article|story|item|news", re.I)
HOST_PHONE = re.compile(r"(?<!\d)(?:(?:91|0)?[6-9]\d{9}|0\d{9,11}|[1-9]\d{10,14})(?!\d)")
"""A telephone number in the name of a host."""
_SECRET_NAME = re.compile(
    r"(?:.*[_\-.])?(?:tokens?|passw(?:or)?d|passphrase|pwd|pass|pin|secret|signature|sig|otp|jwt|api_?key|session_?id|credential)"
    r"|.*(?:token|password|secret|signature)"
)
_JSON_WEB_TOKEN = re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?")  # RFC 7519: the header begins with {"
_FORM_FIELD = re.compile(r"entry\.\d+")  # Google Forms: what the sender filled in
_ENCODED_WEB = re.compile(r"aHR0c[\w+/=-]+")  # base64 of http
_TRANSLATED = ".translate.goog"
_PROOFPOINT = re.compile(r"(?:https?|ftp)-3A__\S+")
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
    """Mask every account name and telephone number among the segments of a decoded path."""
    return _mask_path(_rules().site(host), segments, _MAX_NESTED)


def mask_parameter(host: str, name: str, value: str) -> str:
    """Mask the value of a parameter, decoded."""
    return _mask_parameter(_rules().site(host), name, value, _MAX_NESTED)


def _mask_path(site: SiteRules | None, segments: list[str], nested: int) -> list[str]:
    rules = _rules()
    shown = _mask_places(site, segments) if site is not None and site.masks else segments
    masked: list[str] = []
    first = 0
    for place, segment in enumerate(shown):
        before = masked[-1].lower() if masked else ""
        if "." in segment and (inner := rules.sites.get(host_name(segment.lower()))) is not None:
            site, first = inner, place + 1  # the address of a platform inside the path of an archive or a proxy
            masked.append(segment)
        else:
            masked.append(_mask_segment(site, place == first, before, segment, nested))
    return masked


def _mask_url(url: str, nested: int) -> str:
    scheme, rest = cut_scheme(url)
    if (inner := _INNER.search(rest)) is not None:
        shown = _mask_url(rest[inner.start() :], nested - 1) if nested else ACCOUNT
        return f"{_mask_url(scheme + rest[: inner.start() - 1], nested)}/{shown}"
    head, mark, fragment = rest.partition("#")
    head, question, query = head.partition("?")
    authority, *segments = head.split("/")
    rules = _rules()
    name = scheme.partition(":")[0].lower()
    site: SiteRules | None
    if not is_web(scheme) and (app := rules.schemes.get(name)) is not None:
        site = app
        shown = "/".join(_masked_segments(site, [f"{name}:", authority, *segments], nested)[1:])
    else:
        if "@" in authority:  # a name and perhaps a password, then the host
            if not scheme:
                return EMAIL
            authority = authority.rpartition("@")[2]
            authority = authority if "." in authority.strip(".") else USER
        host = host_name(visible(authority).partition(":")[0].lower())
        if host.endswith(_TRANSLATED):
            host = host_name(translated_host(host.removesuffix(_TRANSLATED)))
        site = rules.site(host)
        if site is not None and site.account_subdomain and host != site.host and host not in site.hosts:
            segments = _masked_segments(site, [USER, *segments], nested)[1:]
            authority = f"{USER}.{site.host}"
        else:
            segments = _masked_segments(site, segments, nested)
            authority = HOST_PHONE.sub(PHONE, authority)
        shown = "/".join([authority, *segments])
    parameters = "&".join(_masked_pair(site, pair, nested) for pair in query.split("&"))
    return f"{scheme}{shown}{question}{parameters}{mark}{_mask_fragment(site, fragment, nested)}"


def _masked_segments(site: SiteRules | None, segments: list[str], nested: int) -> list[str]:
    plain = [unquote(segment) for segment in segments]
    masked = _mask_path(site, plain, nested)
    return [given if raw == shown else quoted(shown) for given, raw, shown in zip(segments, plain, masked, strict=True)]


def _masked_pair(site: SiteRules | None, pair: str, nested: int) -> str:
    name, equals, value = pair.partition("=")
    if not value:
        return pair
    plain = unquote(value.replace("+", " "))
    shown = _mask_parameter(site, name, plain, nested)
    return pair if shown == plain else f"{name}{equals}{quoted(shown, '/:')}"


def _mask_fragment(site: SiteRules | None, fragment: str, nested: int) -> str:
    """Mask a fragment: parameters as single sign-on writes them, the path of a page that a script builds, or words."""
    if not fragment or is_mask(fragment):
        return fragment
    if "=" in fragment:
        return "&".join(
            _FRAGMENT_NAME.sub(_fragment_mask, _masked_pair(site, pair, nested)) for pair in fragment.split("&")
        )
    plain = unquote(fragment)
    if plain != mask_emails(plain):
        return EMAIL
    lead = plain[: len(plain) - len(plain.lstrip("!/"))]
    pieces = plain[len(lead) :].split("/")
    shown = lead + "/".join(_mask_path(site if "/" in lead else None, pieces, nested))
    shown = _FRAGMENT_NAME.sub(_fragment_mask, shown)
    return fragment if shown == plain else quoted(shown, "/:!@+,;")


def _fragment_mask(match: "re.Match[str]") -> str:
    return USER if match[0][0] == "@" else PHONE


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


def _mask_segment(site: SiteRules | None, first: bool, before: str, segment: str, nested: int) -> str:
    if not segment or is_mask(segment):
        return segment
    if first and site is not None and site.pages is not None and segment.lower() not in site.pages:
        return _mask_account(site, segment)
    if (mask := _mask_of_segment(site, before, segment)) is not None:
        return mask
    return _mask_packed(site, before, segment, nested) if "%" in segment or "/" in segment else _mask_words(segment)


def _mask_of_segment(site: SiteRules | None, before: str, segment: str) -> str | None:
    """Return the mask of a segment that as a whole names an account or is a telephone number."""
    general = _rules().general
    if (segment[0] in "@~" and segment[1:]) or before in general.names_after:
        return USER
    if site is not None and before in site.names_after:
        return USER
    if before in general.phones_after and _is_phone(segment):
        return PHONE
    return ACCOUNT if segment.startswith("did:") else None


def _mask_packed(site: SiteRules | None, before: str, segment: str, nested: int) -> str:
    """Mask a segment that is encoded once more, or that contains the segments of an address."""
    if not nested:
        return ACCOUNT
    if (plain := unquote(segment)) != segment:
        shown = _mask_segment(site, False, before, plain, nested - 1)
        return segment if shown == plain else shown
    if "://" in segment:
        return _mask_url(segment, nested - 1)
    return "/".join(_mask_path(None, segment.split("/"), nested - 1)) if "/" in segment else _mask_words(segment)


def _mask_words(value: str) -> str:
    """Mask the telephone numbers and tokens of a segment or a value, and all of it if it has an e-mail address."""
    if any(character.isdigit() for character in value):
        value = _CODED_PHONE.sub(PHONE, _WORDED_PHONE.sub(rf"\1{PHONE}", value))
        value = _JSON_WEB_TOKEN.sub(ACCOUNT, value)
    return mask_emails(value)


def _mask_account(site: SiteRules, segment: str) -> str:
    if MASK.search(segment):
        return segment
    if site.host == "t.me" and segment.startswith("+") and not segment[1:].isdigit():
        return segment  # an invitation names a group, not a person
    return PHONE if site.host == "wa.me" or segment.lstrip("+").isdigit() else USER


def _mask_parameter(site: SiteRules | None, name: str, value: str, nested: int) -> str:
    if not value or is_mask(value):
        return value
    mask = _mask_of_parameter(site, name.lower(), value)
    return mask or _mask_value(value, name.lower() in _rules().general.search_parameters, nested)


def _mask_of_parameter(site: SiteRules | None, name: str, value: str) -> str | None:
    """Return the mask of a value that as a whole names a person or is a number or a secret."""
    general = _rules().general
    if name in general.user_parameters or _FORM_FIELD.fullmatch(name) or (site and name in site.user_parameters):
        return USER
    if name in general.email_parameters:
        return EMAIL
    if name in general.secret_parameters or _SECRET_NAME.fullmatch(name):
        return ACCOUNT
    if name in general.phone_parameters and _is_phone(value):
        return PHONE
    return PHONE if _BARE_PHONE.fullmatch(value) and not _NUMBER_OF_CONTENT.fullmatch(name) else None


def _mask_value(value: str, searched: bool, nested: int) -> str:
    target = _target(value)
    if target != value:
        shown = _mask_value(target, searched, nested - 1) if nested else ACCOUNT
        return value if shown == target else shown
    if searched:
        value = _NAMED.sub(USER, _SEARCHED_PHONE.sub(PHONE, value))
    if "/" in value:
        return _mask_url(value, nested - 1) if nested else ACCOUNT
    return USER if value.startswith("@") else _mask_words(value)


def _target(value: str) -> str:
    """Return the text that a value hides: encoded twice, in base64, or as a link protection writes it."""
    if "%" in value:
        return unquote(value)
    if _ENCODED_WEB.fullmatch(value):
        return base64_text(value) or value
    return unquote(value.replace("-", "%").replace("_", "/")) if _PROOFPOINT.fullmatch(value) else value


def mask_emails(value: str) -> str:
    """Mask a whole value if an e-mail address is part of it."""
    return EMAIL if "@" in value and _EMAIL.search(value) else value


def _is_phone(value: str) -> bool:
    return _PHONE.fullmatch(value) is not None and sum(character.isdigit() for character in value) >= 7
