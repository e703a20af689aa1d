"""Read one checked claim in the forms of its publishers: ClaimReview, the answers of Google's Fact Check Tools, tables.

Publishers write the same few facts in many ways: JSON-LD allows a list, an object or a bare text for each field, and an
object elsewhere in the document by its `@id`. ClaimReview: https://schema.org/ClaimReview. Fact Check Tools API,
`claims:search`.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from schemas.claim import Claim

_LISTS = ("@graph", "dataFeedElement", "itemListElement", "claims", "results")
_ENVELOPES = ("item", "claim", "mainEntity")
_REFERRING = ("author", "publisher", "itemReviewed", "reviewRating")
_COLUMNS = {
    "text": ("text", "claim", "claimreviewed", "claimtext"),
    "verdict": ("verdict", "textualrating", "ratingname", "reviewratingalternatename", "alternatename", "rating"),
    "publisher": ("publisher", "publishername", "authorname", "author", "site", "publishersite", "factchecker"),
    "url": ("url", "reviewurl", "claimreviewurl"),
    "date": ("date", "reviewdate", "datepublished"),
    "languages": ("languages", "language", "languagecode", "inlanguage", "lang"),
}
"""Names of columns for each field of a claim, in small letters and digits, the preferred one first."""

NEEDED = ("text", "verdict", "publisher")
_tag = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*").fullmatch
_other = re.compile(r"[^a-z0-9]").sub


def unfold(document: object) -> Iterator[Any]:
    """Yield the entries in the lists, graphs, feeds and answers of a document, one for each review of a claim."""
    if isinstance(document, list):
        for item in document:
            yield from unfold(item)
        return
    if isinstance(document, dict):
        for name in _LISTS:
            if isinstance(document.get(name), list | dict):
                yield from unfold(_resolved(document[name]) if name == "@graph" else document[name])
                return
        for name in _ENVELOPES:
            if isinstance(document.get(name), dict | list) and "claimReviewed" not in document:
                yield from unfold(document[name])
                return
        if isinstance(document.get("claimReview"), list):
            yield from ({**document, "claimReview": review} for review in document["claimReview"])
            return
    yield document


def read_claim(entry: object) -> Claim:
    """Return the claim of an entry.

    Raises:
        ValueError: the entry holds no claim, or one without text, verdict or publisher.
        msgspec.MsgspecError: a field of the entry has another type.

    """
    if not isinstance(entry, dict):
        raise ValueError(f"an entry must be an object; got {type(entry).__name__}")
    if "claimReview" in entry:
        claim = _from_search(entry)
    elif "claimReviewed" in entry or "ClaimReview" in str(entry.get("@type")):
        claim = _from_review(entry)
    elif "@type" in entry:
        raise ValueError("an entry of another @type than ClaimReview has no verdict")
    else:
        claim = msgspec.convert(entry, Claim)
    for name in NEEDED:
        if not getattr(claim, name).strip():
            raise ValueError(f"a claim must have a {name}; got an empty one")
    return claim


def columns_of(header: Sequence[str]) -> dict[str, int]:
    """Return the position of the column of each field of a claim, for the fields that a header names."""
    names = [_other("", name.lower()) for name in header]
    return {
        field: next(names.index(one) for one in known if one in names)
        for field, known in _COLUMNS.items()
        if not set(known).isdisjoint(names)
    }


def from_row(row: Sequence[str], columns: dict[str, int]) -> dict[str, Any]:
    """Return the row of a table as an entry."""
    entry: dict[str, Any] = {
        name: row[index].strip() for name, index in columns.items() if index < len(row) and row[index].strip()
    }
    if "languages" in entry:
        entry["languages"] = re.split(r"[\s,;|]+", entry["languages"])
    return entry


def _from_search(entry: dict[str, Any]) -> Claim:
    """Return an entry of an answer of `claims:search`; the language is that of the review, as no other is given."""
    review = _object(entry["claimReview"])
    publisher = _object(review.get("publisher"))
    return _convert(
        text=_words(entry.get("text")),
        verdict=_words(review.get("textualRating")),
        publisher=_words(publisher.get("name")) or _words(publisher.get("site")) or "unknown",
        url=review.get("url"),
        date=review.get("reviewDate"),
        languages=review.get("languageCode"),
    )


def _from_review(review: dict[str, Any]) -> Claim:
    rating = _object(review.get("reviewRating"))
    author = _object(review.get("author")) or _object(review.get("publisher"))
    reviewed = _object(review.get("itemReviewed"))
    return _convert(
        text=_words(review.get("claimReviewed")) or _words(reviewed.get("text")) or _words(reviewed.get("name")),
        verdict=_words(rating.get("alternateName")) or _words(rating.get("name")) or _of_best(rating),
        publisher=_words(author.get("name")) or _words(author.get("url")) or "unknown",
        url=review.get("url"),
        date=review.get("datePublished"),
        languages=review.get("inLanguage"),
    )


def _convert(*, text: str, verdict: str, publisher: str, url: object, date: object, languages: object) -> Claim:
    several = languages if isinstance(languages, list) else [languages]
    tags = [_words(_object(one).get("alternateName") or _object(one).get("name")) for one in several]
    return Claim(
        text=text,
        verdict=verdict,
        publisher=publisher,
        url=_words(url) or None,
        date=_words(date) or None,
        languages=tuple(one.replace("_", "-") for one in tags if _tag(one)),
    )


def _object(value: object) -> dict[str, Any]:
    """Return an object, or the first of a list of objects; a bare text becomes the name of an object."""
    value = value[0] if isinstance(value, list) and value else value
    if isinstance(value, str):
        return {"name": value}
    return value if isinstance(value, dict) else {}


def _words(value: object) -> str:
    """Return a text, a number as text, or the first of a list of these; "" for another value."""
    value = value[0] if isinstance(value, list) and value else value
    value = value.get("@value") if isinstance(value, dict) else value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) else ""


def _of_best(rating: dict[str, Any]) -> str:
    """Return a rating without words as text, such as "1 of 5"."""
    value, best = _words(rating.get("ratingValue")), _words(rating.get("bestRating"))
    return f"{value} of {best}" if value and best else value


def _resolved(graph: object) -> object:
    """Return the nodes of a graph with the nodes that their fields refer to in place of the references."""
    if not isinstance(graph, list):
        return graph
    nodes = {
        node["@id"]: node
        for node in graph
        if isinstance(node, dict) and isinstance(node.get("@id"), str) and len(node) > 1
    }
    return [_with_nodes(node, nodes) if isinstance(node, dict) else node for node in graph]


def _with_nodes(node: dict[str, Any], nodes: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for name in _REFERRING:
        target = _object(node.get(name)).get("@id")
        if isinstance(target, str) and target in nodes:
            found[name] = nodes[target]
    return {**node, **found}


__all__ = ["NEEDED", "columns_of", "from_row", "read_claim", "unfold"]
