"""Read a bank of checked claims: one claim per line, or schema.org ClaimReview as publishers offer it.

A bank comes from other organisations and may contain errors: an entry without a claim is skipped and reported.
ClaimReview: https://schema.org/ClaimReview.
"""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from schemas.claim import Claim
from streams.errors import UserError

_GZIP = b"\x1f\x8b"
_LISTS = ("@graph", "dataFeedElement", "itemListElement", "claims")


class ClaimsError(UserError):
    """A bank without usable claims; the message gives problem, path and remedy."""


class Skipped(msgspec.Struct, frozen=True):
    """An entry without a checked claim."""

    entry: int  # counted from 1
    reason: str


class ClaimFile(msgspec.Struct, frozen=True):
    """The content of a bank: claims and skipped entries."""

    claims: tuple[Claim, ...] = ()
    skipped: tuple[Skipped, ...] = ()


def read_claims(path: Path) -> ClaimFile:
    """Read all claims of a file: JSON Lines or one JSON document, plain or gzip.

    Raises:
        ClaimsError: the file cannot be read, or contains no claim.

    """
    try:
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if raw.startswith(_GZIP) else raw
    except (OSError, EOFError) as error:
        raise ClaimsError(
            f"cannot read the bank of claims {path}: {getattr(error, 'strerror', None) or error}; check claims.file"
        ) from None
    claims, skipped = [], []
    for number, entry in enumerate(_entries(raw), 1):
        try:
            claims.append(_claim(entry))
        except (ValueError, msgspec.MsgspecError) as error:
            skipped.append(Skipped(number, str(error)))
    if not claims:
        first = f"; the first entry: {skipped[0].reason}" if skipped else ""
        raise ClaimsError(
            f"{path} (claims.file) has {len(skipped)} entries and no claim{first}; write text, verdict and publisher "
            "on each line, or use ClaimReview"
        )
    return ClaimFile(tuple(claims), tuple(skipped))


def _entries(raw: bytes) -> Iterator[Any]:
    """Yield the entries of the document, or of each line; the decoder's error for a line that is not JSON."""
    try:
        yield from _unfold(msgspec.json.decode(raw))
    except msgspec.DecodeError:
        for line in raw.splitlines():
            if line.strip():
                try:
                    yield from _unfold(msgspec.json.decode(line))
                except msgspec.DecodeError as error:
                    yield error


def _unfold(document: object) -> Iterator[Any]:
    if isinstance(document, list):
        for item in document:
            yield from _unfold(item)
        return
    if isinstance(document, dict):
        for name in _LISTS:
            if isinstance(document.get(name), list):
                yield from _unfold(document[name])
                return
        if isinstance(document.get("item"), dict | list):
            yield from _unfold(document["item"])
            return
    yield document


def _claim(entry: object) -> Claim:
    if isinstance(entry, msgspec.DecodeError):
        raise entry
    if not isinstance(entry, dict):
        raise ValueError(f"an entry must be an object; got {type(entry).__name__}")
    claim = _from_review(entry) if "claimReviewed" in entry else msgspec.convert(entry, Claim)
    for name in ("text", "verdict", "publisher"):
        if not getattr(claim, name).strip():
            raise ValueError(f"a claim must have a {name}; got an empty one")
    return claim


def _from_review(review: dict[str, Any]) -> Claim:
    rating = _first(review.get("reviewRating")) or {}
    author = _first(review.get("author")) or _first(review.get("publisher")) or {}
    verdict = rating.get("alternateName") or _of_best(rating)
    languages = review.get("inLanguage") or ()
    return msgspec.convert(
        {
            "text": review["claimReviewed"],
            "verdict": verdict,
            "publisher": author.get("name") or author.get("url") or "unknown",
            "url": review.get("url"),
            "date": review.get("datePublished"),
            "languages": [languages] if isinstance(languages, str) else languages,
        },
        Claim,
    )


def _first(value: object) -> dict[str, Any] | None:
    """Return an object, or the first of a list of objects; a bare text becomes the name of an object."""
    value = value[0] if isinstance(value, list) and value else value
    if isinstance(value, str):
        return {"name": value}
    return value if isinstance(value, dict) else None


def _of_best(rating: dict[str, Any]) -> str:
    """Return a rating without words as text, such as "1 of 5"."""
    if "ratingValue" not in rating:
        return ""
    best = f" of {rating['bestRating']}" if "bestRating" in rating else ""
    return f"{rating['ratingValue']}{best}"


__all__ = ["ClaimFile", "ClaimsError", "Skipped", "read_claims"]
