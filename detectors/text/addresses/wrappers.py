"""Unwrap an address: find the page behind a redirect, an AMP cache, an archive, a translation or a link protection.

A platform that rewrites each link in a message makes copies of one link differ. The targets are computed from the
address alone: nothing is fetched, so a short link stays as it is.
"""

import binascii
import re
from base64 import urlsafe_b64decode
from urllib.parse import unquote

from detectors.text.addresses.reading import Parts, quoted
from detectors.text.addresses.rules import Decoding, Wrapper, compiled, find, load_rules

_SINGLE_SLASH = re.compile(r"(https?|ftp):/(?=[^/])", re.I)
_ENCODED = re.compile(r"(?:https?|ftp)(?::|%3A)%2F%2F", re.I)
_RUN_LENGTHS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"  # of Proofpoint: A means 2


def unwrap(parts: Parts, site: str) -> list[str]:
    """Return the addresses that may be inside an address, best first.

    Args:
        parts: the address.
        site: canonical host of the platform, or the host itself.
    """
    wrappers = find(load_rules().wrappers, parts.host) or []
    if site != parts.host:
        wrappers = [*wrappers, *(load_rules().wrappers.get(site) or ())]
    if not wrappers:
        return []
    path = "/" + "/".join(map(quoted, parts.segments))
    return [target for wrapper in wrappers for target in _targets(wrapper, parts, path)]


def _targets(wrapper: Wrapper, parts: Parts, path: str) -> list[str]:
    pattern = compiled(wrapper.path)
    in_path = "url" in pattern.groupindex
    match = pattern.fullmatch(f"{path}?{parts.query}" if in_path and parts.query else path)
    if match is None:
        return []
    if in_path:
        return [_decoded(wrapper.decoding, wrapper.to.format_map(match.groupdict()), parts.host)]
    found = []
    for name in wrapper.parameters:
        value = _parameter(parts, name)
        inner = compiled(wrapper.value).fullmatch(value) if value else None
        if inner is not None:
            target = _decoded(wrapper.decoding, inner["url"], parts.host)
            relative = name and target.startswith("/") and target[1:2] != "/"
            found.append(f"{parts.host}{target}" if relative else target)
    return found


def _parameter(parts: Parts, name: str) -> str:
    """Return a parameter's value; the parameter without a name is the whole query."""
    if not name:
        return unquote(parts.query)
    return next((value for given, value in parts.pairs if given == name), "")


def _decoded(decoding: Decoding, target: str, host: str) -> str:
    if decoding == "translated-host":
        return translated_host(host.removesuffix(".translate.goog")) + target
    if decoding == "base64":
        return base64_text(target)
    if decoding == "proofpoint-2":
        return unquote(target.replace("-", "%").replace("_", "/"))
    if decoding == "proofpoint-3":
        return _proofpoint_3(target)
    if decoding == "percent" or _ENCODED.match(target):
        target = unquote(target)
    return _SINGLE_SLASH.sub(r"\1://", target, count=1)


def translated_host(label: str) -> str:
    """Return the host in a label of Google Translate: a hyphen is a dot, two hyphens are a hyphen."""
    return label.replace("--", "\0").replace("-", ".").replace("\0", "-")


def base64_text(text: str) -> str:
    """Decode base64 with or without its padding; return the empty text if it is none."""
    return _base64(text).decode("utf-8", "replace")


def _base64(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""


def _proofpoint_3(target: str) -> str:
    """Return the address between double underscores; each `*` is the next of the bytes after the semicolon."""
    inner, _, rest = target.removeprefix("__").rpartition("__;")
    hidden = iter(base64_text(rest.partition("!")[0]))
    found = []
    for run in re.split(r"(\*\*?[A-Za-z0-9_-]?)", inner) if "*" in inner else [inner]:
        if run.startswith("**") and run[2:]:
            found += [next(hidden, "") for _ in range(_RUN_LENGTHS.index(run[2]) + 2)]
        elif run.startswith("*"):
            found += [next(hidden, ""), run[1:]]
        else:
            found.append(run)
    return _SINGLE_SLASH.sub(r"\1://", "".join(found), count=1)
