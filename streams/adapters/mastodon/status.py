"""Convert statuses of Mastodon's API: posts, boosts, quotes, replies, edits, deletions and boost counts.

A status is named by its `uri`, which is one on the whole network; its `id` is local to the server that was asked. So a
reply or a deletion, which names the local id alone, is resolved by the statuses that the same server sent before. The
time of a status is set by its author's server, which may be anyone's: with a time of receipt, that time counts, and
the server's is kept as a claim. Mastodon documentation, entities Status, Quote and ShallowQuote.
"""

from collections import OrderedDict
from typing import NamedTuple

from schemas.event import Counters, ForwardEvent, IdScope, Kind, ParentEvidence, Source
from streams.adapters.base import Converted, Outcome, Refused, Skipped, date_counter
from streams.adapters.fields import FieldError, Fields, short_id
from streams.adapters.mastodon.html import read_html
from streams.adapters.platforms import MASTODON

ADAPTER = "mastodon"
ORIGIN = Source(ADAPTER)
REMEMBERED = 1 << 16
MAX_HTML_CHARS = 1 << 18
NO_VISIBILITY = "the status does not name its visibility, and was taken as public"
DELETION_DATED = "the deletion has no time, and was dated by the newest status before"

_PUBLIC = frozenset({"public", "unlisted"})
_VISIBLE_QUOTES = frozenset({"accepted", "blocked_account", "blocked_domain", "muted_account"})


class Remembered(NamedTuple):
    """A status that the server has sent."""

    uri: str
    actor: str | None


class Server:
    """The statuses that one server has sent, by their local ids, and the newest time of a post or an edit among them.

    Bounded by `most` entries; a status that was sent long ago is forgotten first.
    """

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._known: OrderedDict[str, Remembered] = OrderedDict()
        self.newest = 0  # ms since 1970

    def add(self, local_id: str | None, status: Remembered) -> None:
        """Remember a status."""
        if local_id is None:
            return
        self._known[local_id] = status
        self._known.move_to_end(local_id)
        if len(self._known) > self._most:
            self._known.popitem(last=False)

    def get(self, local_id: str | None) -> Remembered | None:
        """Return a status by its local id; None if unknown or forgotten."""
        return None if local_id is None else self._known.get(local_id)


class Relation(NamedTuple):
    """The place of a status in a trail."""

    kind: Kind
    root: str | None = None
    parent: str | None = None
    evidence: ParentEvidence = ParentEvidence.NONE


def convert_status(status: object, server: Server, *, received_at: int | None = None, is_edit: bool = False) -> Outcome:
    """Return the outcome of one Status; never raises.

    Args:
        status: the object, as decoded.
        server: the statuses before it of the same server; this status is added.
        received_at: time of receipt in ms, of a listener; None for a file, whose events have the status's own time.
        is_edit: whether the server announced an edit.

    """
    if not isinstance(status, dict):
        return Refused("not_an_object", "the status is not a JSON object")
    try:
        return _convert(Fields(status), server, received_at, is_edit=is_edit)
    except FieldError as error:
        return Refused(error.reason, error.detail)


def convert_deletion(local_id: str, server: Server, *, received_at: int | None = None) -> Outcome:
    """Return the outcome of a deletion, which names the local id of a status alone.

    A recording has no time of the deletion; the newest status before it is the earliest time that is possible.
    """
    known = server.get(local_id)
    at = server.newest if received_at is None else received_at
    if known is None or not at:
        return Skipped("unknown_id")
    event = ForwardEvent(
        event_id=short_id(f"{known.uri}#d", "uri"),
        platform=MASTODON,
        kind=Kind.DELETE,
        created_at=at,
        observed_at=received_at,
        message_id=known.uri,
        id_scope=IdScope.PLATFORM,
        actor=known.actor,
        source=ORIGIN,
    )
    return Converted((event,), (DELETION_DATED,) if received_at is None else ())


def actor_of(account: Fields) -> str | None:
    """Return the id of an account on the network: its `uri`, else the address of its page; None without both."""
    return account.id("uri") or account.id("url")


def is_public(status: Fields) -> bool:
    """Return False for a status that only followers or mentioned people may see."""
    return "visibility" not in status or status.word("visibility") in _PUBLIC


def text_of(content: str, warning: str = "") -> tuple[str, tuple[str, ...]]:
    """Return the text of a post, with its content warning in front, and its addresses.

    Raises:
        FieldError: the content is longer than `MAX_HTML_CHARS`.

    """
    if len(content) > MAX_HTML_CHARS:
        raise FieldError("too_large", f"`content` has more than {MAX_HTML_CHARS} characters")
    text, addresses = read_html(content)
    warning = warning.strip()
    return (f"{warning}\n{text}".strip() if warning else text), addresses


def _convert(status: Fields, server: Server, received_at: int | None, *, is_edit: bool) -> Outcome:
    boosted = status.within("reblog") if "reblog" in status else None
    if not is_public(status) or (boosted is not None and not is_public(boosted)):
        return Skipped("not_public")
    uri, actor = status.need_id("uri"), actor_of(status.within("account"))
    if actor is None:
        raise FieldError("missing_field", "`account.uri` is missing, and `account.url`")
    own_at = status.need_time("created_at")
    remember(status, server)
    relation = _relation(status, boosted, server)
    shown = boosted or status
    text, addresses = text_of(shown.text("content"), shown.text("spoiler_text"))
    edited_at = None if boosted else status.time("edited_at")
    server.newest = max(server.newest, own_at, edited_at or 0)
    is_edit = is_edit and edited_at is not None
    claimed_at = edited_at if is_edit else own_at
    event = ForwardEvent(
        event_id=short_id(uri if edited_at is None else f"{uri}@{edited_at // 1000}", "uri"),
        platform=MASTODON,
        kind=Kind.EDIT if is_edit else relation.kind,
        created_at=claimed_at if received_at is None else received_at,
        claimed_at=claimed_at,
        observed_at=received_at,
        message_id=uri,
        id_scope=IdScope.PLATFORM,
        root_ref=relation.root,
        parent_ref=relation.parent,
        parent_evidence=relation.evidence,
        actor=actor,
        followers=status.within("account").count("followers_count"),
        text=text,
        lang=_language(shown),
        urls=addresses,
        source=ORIGIN,
    )
    notes = () if "visibility" in status else (NO_VISIBILITY,)
    return Converted((event, *_counter(shown, received_at)), notes)


def remember(status: Fields, server: Server) -> None:
    """Add a public status, and the statuses in it, to those that the server has sent.

    Raises:
        FieldError: an id has another type than an id.

    """
    if not is_public(status):
        return
    for one in (status, status.within("reblog"), status.within("quote").within("quoted_status")):
        uri = one.id("uri")
        if uri is not None:
            server.add(one.id("id"), Remembered(uri, actor_of(one.within("account"))))


def _relation(status: Fields, boosted: Fields | None, server: Server) -> Relation:
    if boosted is not None:
        return Relation(Kind.FORWARD, root=boosted.need_id("uri"), evidence=ParentEvidence.ORIGIN_ONLY)
    if "in_reply_to_id" in status:
        return _of_parent(Kind.REPLY, server.get(status.id("in_reply_to_id")))
    quote = status.within("quote")
    if quote.word("state") not in _VISIBLE_QUOTES:
        return Relation(Kind.POST)
    quoted = quote.within("quoted_status").id("uri")
    if quoted is not None:
        return Relation(Kind.QUOTE, parent=quoted, evidence=ParentEvidence.API_PARENT)
    return _of_parent(Kind.QUOTE, server.get(quote.id("quoted_status_id")))


def _of_parent(kind: Kind, parent: Remembered | None) -> Relation:
    if parent is None:
        return Relation(kind)
    return Relation(kind, parent=parent.uri, evidence=ParentEvidence.API_PARENT)


def _counter(status: Fields, received_at: int | None) -> tuple[ForwardEvent, ...]:
    """Return the boosts and quotes of a status as a counter; none for a status that has no such count yet."""
    shares = sum(status.count(name) or 0 for name in ("reblogs_count", "quotes_count"))
    uri = status.id("uri")
    if not shares or uri is None:
        return ()
    event = ForwardEvent(
        event_id=short_id(uri, "uri"),
        platform=MASTODON,
        kind=Kind.COUNTER,
        observed_at=received_at,
        message_id=uri,
        id_scope=IdScope.PLATFORM,
        actor=actor_of(status.within("account")),
        counters=Counters(forwards=shares),
        source=ORIGIN,
    )
    return (event if received_at is None else date_counter(event, received_at),)


def _language(status: Fields) -> str | None:
    word = status.word("language")
    return word if 0 < len(word) <= 35 else None


__all__ = [
    "ADAPTER", "DELETION_DATED", "NO_VISIBILITY", "ORIGIN", "REMEMBERED", "Remembered", "Server", "actor_of",
    "convert_deletion", "convert_status", "is_public", "remember", "text_of",
]  # fmt: skip
