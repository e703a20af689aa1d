"""Convert frames of Bluesky's Jetstream, versions 1 and 2: posts, reposts, deletions and states of accounts.

Jetstream stamps each frame when the network delivers it (`time_us`, in version 2 `time`). The author cannot choose this
time, so it is the time of the event, and the author's own `createdAt` is kept as a claim. A repost names the original
(`subject`) and often the repost through which its author saw the post (`via`): a recorded hop. A blob is named by a
CID, which is the SHA-256 of the bytes for raw content (multicodec 0x55), so equal pictures meet without a download.
AT Protocol lexicons `app.bsky.feed.*`; Jetstream, `network.bsky.jetstream.subscribeEvents`.

Reasons to skip: `like`, `follow`, `other_collection`, `identity`, `sync`, `server_notice`, `account_status`. Reasons to
refuse: `not_an_object`, `not_a_frame`, `wrong_type`, `missing_field`, `out_of_range`, `time_out_of_range`.
"""

import base64
import binascii
from collections.abc import Iterator
from typing import NamedTuple

from schemas.event import AccountStatus, ForwardEvent, IdScope, Kind, Media, ParentEvidence, Source
from streams.adapters.base import Capabilities, Converted, Format, Item, Options, Outcome, Refused, Skipped
from streams.adapters.base import Source as File
from streams.adapters.fields import FieldError, Fields, is_possible, short_id
from streams.adapters.items import json_values
from streams.adapters.opening import Opening
from streams.adapters.platforms import BLUESKY

POST = "app.bsky.feed.post"
REPOST = "app.bsky.feed.repost"
ADAPTER = "bluesky-jetstream"
CLAIM_UNREADABLE = "the author's createdAt is no time, and was left out"

_V2 = "network.bsky.jetstream.subscribeEvents#"
_PASSED_OVER = {"app.bsky.feed.like": "like", "app.bsky.graph.follow": "follow"}
_PASSING = frozenset({"desynchronized", "throttled"})  # states of a host, not of the account
_RAW_SHA256 = b"\x01\x55\x12\x20"  # CID version 1, raw bytes, SHA-256, 32 bytes
_CID_CHARS = 59


class _Frame(NamedTuple):
    """A frame of either version, with its envelope read."""

    kind: str
    did: str
    at: int  # ms since 1970, by Jetstream
    cursor: str  # microseconds since 1970 in version 1, a sequence number in version 2
    body: Fields  # of the commit or the account


def convert(frame: object) -> Outcome:
    """Return the outcome of one frame; never raises. The cost is about ten microseconds."""
    if not isinstance(frame, dict):
        return Refused("not_an_object", "the frame is not a JSON object")
    try:
        return _convert(Fields(frame))
    except FieldError as error:
        return Refused(error.reason, error.detail)


def place_of(frame: object) -> tuple[int | None, int | None]:
    """Return the position of a frame in its stream, and its time in ms; None for each that the frame lacks.

    The position is `seq` in version 2, else `time_us`.
    """
    fields = Fields(frame)
    try:
        if "payload" in fields:
            payload = fields.within("payload")
            return payload.whole("seq"), payload.time("time")
        at = fields.whole("time_us")
    except FieldError:
        return None, None
    return (at, at // 1000) if at is not None and is_possible(at // 1000) else (None, None)


def sha256_of_cid(cid: str) -> str | None:
    """Return the SHA-256 in a CID of raw content, in hexadecimal; None for any other CID.

    >>> sha256_of_cid("bafkreife2trkarwlhw6z5vrxagohegj47777y4vsydix6yebrzgahtqjsq")
    'a4d4e2a046cb3dbd9ed637019c72193cfffffc72b2c0d17f60818e4c03ce0994'
    """
    if len(cid) != _CID_CHARS or not cid.startswith("b"):
        return None
    try:
        data = base64.b32decode(cid[1:].upper() + "======")
    except (binascii.Error, ValueError):
        return None
    return data[4:].hex() if data.startswith(_RAW_SHA256) else None


def read(source: File, _: Options) -> Iterator[Item]:
    """Yield the outcome of each frame of a recording: one frame a line, or an array."""
    for position, frame in json_values(source.chunks()):
        yield position, frame if isinstance(frame, Refused) else convert(frame)


def recognises(opening: Opening) -> bool:
    """Return True for frames of either version."""
    first_version = opening.has("did", "time_us", "kind", "commit|account|identity")
    return first_version or (opening.has("payload", "did", "seq") and _V2 in opening.text)


FORMAT = Format(
    name="bluesky-jetstream",
    title="a recording of Bluesky's Jetstream",
    platforms=(BLUESKY,),
    capabilities=Capabilities(
        people="ids",
        parents="the direct parent of replies, quotes and most reposts; the original of each repost",
        hops="none",
        counters="none",
        times="Jetstream's clock, in microseconds; the author's claim apart",
    ),
    recognises=recognises,
    read=read,
)


def _convert(frame: Fields) -> Outcome:
    if frame.get("$type") == "error":
        return Skipped("server_notice")
    if "payload" in frame:
        payload = frame.within("payload")
        kind = payload.word("$type").removeprefix(_V2).removeprefix("#")
        if kind == "info":
            return Skipped("server_notice")
        body = payload if kind == "commit" else payload.within(kind)
        at, cursor = payload.need_time("time"), payload.need_id("seq")
        return _of_kind(_Frame(kind, payload.need_id("did"), at, cursor, body))
    kind = frame.word("kind")
    if kind in {"commit", "account", "identity"} or "time_us" in frame:
        cursor = frame.need_id("time_us")
        at = (frame.whole("time_us") or 0) // 1000
        if not is_possible(at):
            return Refused("time_out_of_range", "`time_us` is no time between 2000 and 2100 in microseconds")
        return _of_kind(_Frame(kind, frame.need_id("did"), at, cursor, frame.within(kind)))
    return Refused("not_a_frame", "the object has neither `time_us` nor `payload`, so it is no frame of Jetstream")


def _of_kind(frame: _Frame) -> Outcome:
    match frame.kind:
        case "commit":
            return _commit(frame)
        case "account":
            return _account(frame)
        case "identity" | "sync":
            return Skipped(frame.kind)
    return Refused("out_of_range", "`kind` is none of commit, account, identity and sync")


def _account(frame: _Frame) -> Outcome:
    active, status = frame.body.get("active"), frame.body.word("status")
    if not isinstance(active, bool):
        return Refused("wrong_type", "`account.active` is not true or false")
    if active:
        status = "active"
    elif status in _PASSING or status not in set(AccountStatus):
        return Skipped("account_status")
    number = frame.body.whole("seq")
    return Converted((
        ForwardEvent(
            event_id=short_id(f"account/{frame.did}/{frame.at if number is None else number}", "did"),
            platform=BLUESKY,
            kind=Kind.ACCOUNT_STATE,
            created_at=frame.at,
            observed_at=frame.at,
            actor=frame.did,
            account_status=AccountStatus(status),
            id_scope=IdScope.PLATFORM,
            source=Source(ADAPTER, frame.cursor),
        ),
    ))  # fmt: skip


def _commit(frame: _Frame) -> Outcome:
    body = frame.body
    collection = body.need_id("collection")
    if collection not in {POST, REPOST}:
        return Skipped(_PASSED_OVER.get(collection, "other_collection"))
    operation, rev = body.word("operation"), body.id("rev")
    message_id = f"at://{frame.did}/{collection}/{body.need_id('rkey')}"
    if operation == "delete":
        return Converted((_event(frame, Kind.DELETE, message_id, f"#d:{rev}" if rev else "#d"),))
    if operation not in {"create", "update"}:
        return Refused("out_of_range", "`commit.operation` is none of create, update and delete")
    record = body.within("record")
    if not isinstance(body.get("record"), dict):
        return Refused("missing_field", "`commit.record` is missing")
    suffix = f"#{rev}" if rev else ""
    claimed_at = record.time("createdAt")
    notes = (CLAIM_UNREADABLE,) if claimed_at is None and "createdAt" in record else ()
    if collection == REPOST:
        event = _repost(frame, record, message_id, suffix, claimed_at)
    else:
        event = _post(frame, record, message_id, suffix, claimed_at, is_edit=operation == "update")
    return Converted((event,), notes)


def _repost(frame: _Frame, record: Fields, message_id: str, suffix: str, claimed_at: int | None) -> ForwardEvent:
    original = record.within("subject").need_id("uri")
    seen_through = record.within("via").id("uri")
    return _event(
        frame,
        Kind.FORWARD,
        message_id,
        suffix,
        claimed_at=claimed_at,
        root_ref=original,
        parent_ref=seen_through,
        parent_evidence=ParentEvidence.VIA if seen_through else ParentEvidence.NONE,
    )


def _post(
    frame: _Frame, record: Fields, message_id: str, suffix: str, claimed_at: int | None, *, is_edit: bool
) -> ForwardEvent:
    embed = record.within("embed")
    kind, root, parent = Kind.POST, None, None
    if "reply" in record:
        reply = record.within("reply")
        kind, root, parent = Kind.REPLY, reply.within("root").id("uri"), reply.within("parent").id("uri")
    elif quoted := _quoted(embed):
        kind, parent = Kind.QUOTE, quoted
    return _event(
        frame,
        Kind.EDIT if is_edit else kind,
        message_id,
        suffix,
        claimed_at=claimed_at,
        root_ref=root,
        parent_ref=parent,
        parent_evidence=ParentEvidence.API_PARENT if parent else ParentEvidence.NONE,
        text=record.text("text"),
        lang=_language(record),
        urls=tuple(dict.fromkeys(_addresses(record, embed))) if "facets" in record or "embed" in record else (),
        media=tuple(dict.fromkeys(_media(embed))) if "embed" in record else (),
    )


def _event(
    frame: _Frame,
    kind: Kind,
    message_id: str,
    suffix: str,
    *,
    claimed_at: int | None = None,
    root_ref: str | None = None,
    parent_ref: str | None = None,
    parent_evidence: ParentEvidence = ParentEvidence.NONE,
    text: str = "",
    lang: str | None = None,
    urls: tuple[str, ...] = (),
    media: tuple[Media, ...] = (),
) -> ForwardEvent:
    return ForwardEvent(
        event_id=short_id(message_id + suffix, "commit.rkey"),
        platform=BLUESKY,
        kind=kind,
        created_at=frame.at,
        claimed_at=claimed_at,
        observed_at=frame.at,
        message_id=message_id,
        id_scope=IdScope.PLATFORM,
        root_ref=root_ref,
        parent_ref=parent_ref,
        parent_evidence=parent_evidence,
        actor=frame.did,
        text=text,
        lang=lang,
        urls=urls,
        media=media,
        source=Source(ADAPTER, frame.cursor),
    )


def _quoted(embed: Fields) -> str | None:
    """Return the URI of a quoted post; None for other embedded records, such as a list or a starter pack."""
    record = embed.within("record")
    if embed.word("$type") == "app.bsky.embed.recordWithMedia":
        record = record.within("record")
    uri = record.word("uri")
    parts = uri.split("/")
    is_post = len(parts) == 5 and parts[0] == "at:" and parts[3] == POST
    return short_id(uri, "embed.record.uri") if is_post else None


def _addresses(record: Fields, embed: Fields) -> Iterator[str]:
    """Yield the addresses behind words of the text, then that of the link card."""
    for facet in record.objects("facets"):
        for feature in facet.objects("features"):
            if feature.word("$type") == "app.bsky.richtext.facet#link" and (address := feature.word("uri")):
                yield address
    for part in (embed, embed.within("media")):
        if address := part.within("external").word("uri"):
            yield address


def _media(embed: Fields) -> Iterator[Media]:
    """Yield the pictures and the clip of a post, of each kind of embed, by the hashes in their CIDs."""
    for part in (embed, embed.within("media")):
        for item in (*part.objects("images"), *part.objects("media")):
            yield from _blob(item.within("image"))
            yield from _blob(item.within("video"))
        yield from _blob(part.within("video"))


def _blob(blob: Fields) -> Iterator[Media]:
    digest = sha256_of_cid(blob.within("ref").word("$link"))
    if digest is not None:
        yield Media(digest)


def _language(record: Fields) -> str | None:
    langs = record.get("langs")
    first = langs[0] if isinstance(langs, list) and langs else None
    return first if isinstance(first, str) and 0 < len(first) <= 35 else None


__all__ = ["ADAPTER", "FORMAT", "POST", "REPOST", "convert", "place_of", "read", "recognises", "sha256_of_cid"]
