"""Recognise files of checked claims, which are no messages, and name the setting that they belong to.

A person with an answer of Google's Fact Check Tools, or with a feed of ClaimReview, has no stream to replay, but the
reference data of one. `streams.reference.claims` reads such a file.
"""

from collections.abc import Iterator

from streams.adapters.base import Capabilities, Format, FormatError, Item, Options, Source
from streams.adapters.opening import Opening


def recognises(opening: Opening) -> bool:
    """Return True for ClaimReview, for answers of `claims:search`, and for claims as Hearsay itself reads them."""
    if opening.has("event_id", "platform"):
        return False
    if opening.has("claimReviewed") or opening.has("claimReview", "text", "textualRating|publisher"):
        return True
    own = {"text", "verdict", "publisher"}
    return own <= opening.keys or own <= set(opening.columns) or "claimReviewed" in opening.columns


def read(source: Source, _: Options) -> Iterator[Item]:
    """Refuse the file, and name the setting for it.

    Raises:
        FormatError: always.

    """
    raise FormatError(
        f"{source.name} holds checked claims and no messages; name the file in the setting claims.file, which compares "
        "every message with them, and try it with `hearsay claims`"
    )


FORMAT = Format(
    name="claims",
    title="a file of checked claims (for the setting claims.file)",
    platforms=(),
    capabilities=Capabilities(people="none", parents="none", hops="none", counters="none", times="none"),
    recognises=recognises,
    read=read,
)

__all__ = ["FORMAT", "read", "recognises"]
