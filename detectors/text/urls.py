"""Reduce a web address to the canonical form that all its copies share.

A shared link is the strongest sign, after the text itself, that two messages are one rumour. Copies of a link differ
in tracking parameters, mobile hosts, front ends and wrappers. The canonical form is published, so handles, telephone
numbers and e-mail addresses of people are masked. Forms follow RFC 3986 section 6 and the platforms' own address
schemes; the rules are data, in `detectors/text/addresses`.
"""

import re
from collections.abc import Callable
from functools import partial
from urllib.parse import unquote

from detectors.text.addresses.masks import DIGEST, HOST_PHONE, MASK, USER, is_mask, mask_parameter, mask_path
from detectors.text.addresses.reading import MAX_LENGTH, Parts, decode, quoted, read_parts
from detectors.text.addresses.rules import General, Rewrite, SiteRules, compiled, load_rules
from detectors.text.addresses.wrappers import unwrap

AccountDigest = Callable[[str, str], str]
"""Keyed digest of an account: (name, host) to hexadecimal digits."""

_MAX_WRAPPERS = 8  # redirects inside each other; a message program adds one, an archive another
_DIGEST_DIGITS = 16
_SLOT = re.compile(r"⟨user:\{(?P<account>\w+)\}⟩|\{(?P<name>\w+)\}")


def canonical(url: str, account: AccountDigest | None = None) -> str | None:
    """Return the canonical form of an address, equal for all copies, or None if the text is no web address.

    The form has no scheme, no `www.` or mobile host, no tracking parameters and no fragment; the query is sorted and
    personal names are masked. `canonical(canonical(url)) == canonical(url)`.

    Args:
        url: an address as a person wrote it.
        account: makes the keyed digest of an account where a message number is unique for one account only, as on
            Telegram; without it, the account is masked, and the form identifies nothing.
    """
    return _canonical(url, account, _MAX_WRAPPERS)


def identifying(url: str) -> bool:
    """Return True if two messages with this address are therefore about the same thing.

    An article, a post or a short link identifies its content; a bare host, a platform's own page or a profile does not.
    If a masked name is part of the address, the rest must be unique: a long post id is unique, the 12th message of a
    masked channel is not. The digest of an account is no mask: the 12th message of that account is one message.
    """
    address = canonical(url)
    if address is None:
        return False
    path, _, query = address.partition("?")
    plain = load_rules().general.plain_pages
    segments = [DIGEST.sub("", segment) for segment in path.split("/")[1:]]
    if any("⟨" in segment for segment in segments):
        return any(_unique(segment) for segment in segments)
    if any(segment and segment.lower() not in plain for segment in segments):
        return True
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    known = load_rules().general.plain_parameters
    return any(value and "⟨" not in value and name.lower() not in known for name, _, value in pairs)


def _canonical(url: str, account: AccountDigest | None, wrappers: int) -> str | None:
    try:
        parts = read_parts(url)
        if parts is None or HOST_PHONE.search(parts.host):
            return None
        site = load_rules().site(parts.host)
        inner = unwrap(parts, site.host if site else parts.host)
        if inner and not wrappers:
            return parts.host
        for target in inner:
            if (found := _canonical(target, account, wrappers - 1)) is not None:
                return found
        form = _join(parts, site, account)
        return form if len(form) <= MAX_LENGTH else None
    except ValueError:  # a bracket without its partner, a port that is no number, a lone surrogate
        return None


def _join(parts: Parts, site: SiteRules | None, account: AccountDigest | None) -> str:
    host, segments, owned = parts.host, parts.segments, False
    if site is not None:
        label, _, parent = host.partition(".")
        if site.account_subdomain and host not in (site.host, *site.hosts) and parent in (site.host, *site.hosts):
            segments, owned = [label, *segments], True
        host = site.host
    general = load_rules().general
    segments = _full_page(general, segments)
    rewrites = (*site.rewrites, *general.rewrites) if site is not None else general.rewrites
    to = _rewritten(rewrites, host, segments, parts.pairs, account) if segments or parts.pairs else None
    if to is not None:
        return to
    if owned:
        segments = [USER, *segments[1:]]
    path = "".join("/" + quoted(segment) for segment in mask_path(host, segments))
    kept = [(name, value) for name, value in parts.pairs if _keeps(general, site, name, value)]
    if not kept:
        return host + path
    masked = sorted({(name, mask_parameter(host, name, value)) for name, value in kept})
    query = "&".join(f"{quoted(name, '')}={quoted(value, '')}" for name, value in masked)
    return f"{host}{path}?{query}"


def _full_page(general: General, segments: list[str]) -> list[str]:
    """Return the path of the full page instead of the AMP page, and of the folder instead of the index page."""
    if not segments:
        return segments
    lower = [segment.lower() for segment in segments]
    if "/".join(lower[-2:]) in general.amp_endings and len(segments) > 2:
        segments, lower = segments[:-2], lower[:-2]
    amp = general.amp_segments
    if len(segments) > 1 and not amp.keys().isdisjoint(lower):
        replaced = [amp.get(key, segment) for key, segment in zip(lower, segments, strict=True)]
        segments = [segment for segment in replaced if segment] or segments[:1]
    last = segments[-1].lower()
    if last in general.index_pages:
        return segments[:-1]
    for ending, full in general.amp_suffixes.items():
        if last.endswith(ending) and last[: -len(ending)].strip("."):
            return [*segments[:-1], segments[-1][: -len(ending)] + full]
    return segments


def _rewritten(
    rewrites: tuple[Rewrite, ...],
    host: str,
    segments: list[str],
    pairs: list[tuple[str, str]],
    account: AccountDigest | None,
) -> str | None:
    """Return the one form of a thing under several addresses, which is canonical, or None if no rewrite matches."""
    path = "/" + "/".join(map(quoted, segments))
    for rewrite in rewrites:
        match = compiled(rewrite.path).fullmatch(path)
        if match is None:
            continue
        values = match.groupdict()
        if rewrite.needs and not _needed(rewrite, pairs, values):
            continue
        to = rewrite.to if rewrite.to[0] != "/" else host + rewrite.to
        fill = partial(_filled, values=values, host=to.partition("/")[0], account=account)
        return _SLOT.sub(fill, to)
    return None


def _needed(rewrite: Rewrite, pairs: list[tuple[str, str]], values: dict[str, str | None]) -> bool:
    """Add the needed parameters to `values`; return False if one is missing or has another form."""
    for name, pattern in rewrite.needs.items():
        given = next((value for key, value in pairs if key == name), "")
        match = compiled(pattern).fullmatch(given)
        if match is None:
            return False
        values[name] = quoted(given, "")
        values.update({group: quoted(value, "") for group, value in match.groupdict().items() if value is not None})
    return True


def _filled(slot: "re.Match[str]", values: dict[str, str | None], host: str, account: AccountDigest | None) -> str:
    if slot["name"]:
        value = values[slot["name"]] or ""
        if "/" not in value:
            return value
        return "/".join(map(quoted, mask_path("", [decode(segment) for segment in value.split("/")])))
    name = decode(values[slot["account"]] or "")
    if is_mask(name):
        return name
    if account is None:
        return USER
    return f"⟨user:{account(name.removeprefix('@').lower(), host)[:_DIGEST_DIGITS]}⟩"


def _keeps(general: General, site: SiteRules | None, name: str, value: str) -> bool:
    lower = name.lower()
    if site is not None and site.keep is not None:
        return name in site.keep
    if lower in general.trackers or lower.startswith(general.tracker_prefixes):
        return False
    if lower in general.sharing and value.lower() in general.sharing_values:
        return False
    return value.lower() not in general.presentation.get(name, ())


def _unique(segment: str) -> bool:
    """Return True if a segment is long and has a digit, as post ids and slugs with ids do."""
    rest = MASK.sub("", unquote(segment))
    return len(rest) >= 8 and any(character.isdigit() for character in rest)
