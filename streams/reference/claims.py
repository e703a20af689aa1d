"""Reads a bank of checked claims: one claim a line, or schema.org ClaimReview as publishers offer it.

A bank comes from others and is never perfect: an entry that is no claim is skipped and told, and the rest is used.
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
    """A bank that cannot be used. The message says rule, what came, where, and what to try."""


class Skipped(msgspec.Struct, frozen=True):
    """An entry that is no checked claim."""

    entry: int  # counted from 1
    reason: str


class ClaimFile(msgspec.Struct, frozen=True):
    """What a file holds."""

    claims: tuple[Claim, ...] = ()
    skipped: tuple[Skipped, ...] = ()


def read_claims(path: Path) -> ClaimFile:
    """Every claim of a file: JSON Lines or one JSON document, plain or gzip.

    Raises:
        ClaimsError: the file cannot be read, or holds no claim at all.

    """
    try:
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if raw.startswith(_GZIP) else raw
    except (OSError, EOFError) as error:
        raise ClaimsError(
            f"a bank of claims must be a readable file; got {error} for {path} (claims.file); name another"
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
            f"a bank must hold a claim; got {len(skipped)} entries and none in {path} (claims.file){first}; "
            "write text, verdict and publisher on each line, or ClaimReview"
        )
    return ClaimFile(tuple(claims), tuple(skipped))


def _entries(raw: bytes) -> Iterator[Any]:
    """The entries of a document or of each line; what is no JSON is an entry that will be skipped."""
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
    """The object, or the first of several; a bare text is a name."""
    value = value[0] if isinstance(value, list) and value else value
    if isinstance(value, str):
        return {"name": value}
    return value if isinstance(value, dict) else None


def _of_best(rating: dict[str, Any]) -> str:
    """A rating without words: "1 of 5"."""
    if "ratingValue" not in rating:
        return ""
    best = f" of {rating['bestRating']}" if "bestRating" in rating else ""
    return f"{rating['ratingValue']}{best}"


__all__ = ["ClaimFile", "ClaimsError", "Skipped", "read_claims"]
