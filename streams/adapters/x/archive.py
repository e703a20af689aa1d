"""Convert the posts in a person's own archive of X, `data/tweets.js`.

The file assigns an array to a variable: `window.YTD.tweets.part0 = [ {"tweet": {...}}, ...`. The array has the owner's
own posts without their author, so the author comes from `account.js` of the same archive. A repost has neither the id
of the original nor, if it is long, the whole text.

Reasons to skip and to refuse: those of `api_v1`, and `owner` for the content of `account.js`.
"""

import re
from collections.abc import Iterable, Iterator

from streams.adapters.base import Capabilities, Converted, Format, Item, Options, Outcome, Refused, Skipped, Source
from streams.adapters.fields import FieldError, Fields
from streams.adapters.items import json_items
from streams.adapters.opening import Opening
from streams.adapters.platforms import X
from streams.adapters.x.api_v1 import post_outcome

ADAPTER = "x-archive"
OWNER = "owner of the archive"
"""The author where no `account.js` is at hand: one person, and another than every account with an id."""
OWNER_UNKNOWN = "account.js of the same archive was not given, so the author has no id"

_posts = re.compile(r"window\.YTD\.(?:tweets?|community_tweet)\.part\d+\s*=").match
_account = re.compile(r"window\.YTD\.account\.part\d+\s*=").match


def convert(value: object, owner: str | None) -> Outcome:
    """Return the outcome of one element of the array; never raises.

    Args:
        value: the element.
        owner: id of the owner's account; None if unknown.

    """
    if not isinstance(value, dict):
        return Refused("not_an_object", "the item is not a JSON object")
    fields = Fields(value)
    try:
        outcome = post_outcome(fields.within("tweet") if "tweet" in fields else fields, ADAPTER, owner or OWNER)
    except FieldError as error:
        return Refused(error.reason, error.detail)
    if owner is None and isinstance(outcome, Converted):
        return outcome._replace(notes=(*outcome.notes, OWNER_UNKNOWN))
    return outcome


def read(source: Source, _: Options) -> Iterator[Item]:
    """Yield the outcome of each post of the archive."""
    owner = _owner(source)
    for position, value in json_items(_from_array(source.chunks()), "item"):
        yield position, value if isinstance(value, Refused) else convert(value, owner)


def read_account(source: Source, _: Options) -> Iterator[Item]:
    """Yield a skip for the account in `account.js`, which the posts of the same archive are read with."""
    for position, value in json_items(_from_array(source.chunks()), "item"):
        yield position, value if isinstance(value, Refused) else Skipped("owner")


def recognises(opening: Opening) -> bool:
    """Return True for the posts of an archive, and not for its other files."""
    return _posts(opening.text) is not None


def recognises_account(opening: Opening) -> bool:
    """Return True for the `account.js` of an archive."""
    return _account(opening.text) is not None


FORMAT = Format(
    name=ADAPTER,
    title="a person's own archive of X (tweets.js)",
    platforms=(X,),
    capabilities=Capabilities(
        people="the id of the owner, with account.js; no other person",
        parents="the direct parent of replies",
        hops="none",
        counters="reposts",
        times="X's clock, in seconds",
    ),
    recognises=recognises,
    read=read,
)
ACCOUNT_FORMAT = Format(
    name="x-archive-account",
    title="the account of a person's own archive of X (account.js)",
    platforms=(X,),
    capabilities=FORMAT.capabilities._replace(parents="none; the posts are read with this account", counters="none"),
    recognises=recognises_account,
    read=read_account,
)


def _owner(source: Source) -> str | None:
    for companion in source.companions(recognises_account):
        for _, value in json_items(_from_array(companion.chunks()), "item"):
            try:
                return Fields(value).within("account").id("accountId")
            except FieldError:
                return None
    return None


def _from_array(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the bytes of the array alone, without the name of the variable before and a semicolon behind."""
    pieces = iter(chunks)
    found, held = False, b""
    for piece in pieces:
        data = held + (piece if found else b"[" + piece.partition(b"[")[2] if b"[" in piece else b"")
        found = found or bool(data)
        content = data.rstrip(b"; \t\r\n")
        held = data[len(content) :]
        yield content


__all__ = [
    "ACCOUNT_FORMAT", "ADAPTER", "FORMAT", "OWNER", "OWNER_UNKNOWN", "convert", "read", "read_account", "recognises",
    "recognises_account",
]  # fmt: skip
