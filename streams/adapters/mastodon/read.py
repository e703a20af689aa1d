"""Read recordings of Mastodon: statuses as JSON, server-sent events, webhooks, ActivityPub activities.

Threads, search results and the outbox of a person's archive are read as the statuses and activities in them.

Reasons to skip: `not_public`, `unknown_id` (a deletion of a status that the recording does not have), `other_event`,
`other_webhook`, `other_activity`, `other_object`, `account_deleted`, `no_status`, `no_time`, `empty_page`. Reasons to
refuse: `not_an_object`, `not_a_status`, `not_json`, `wrong_type`, `missing_field`, `out_of_range`, `too_large`,
`time_out_of_range`, `truncated`.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, tee
from typing import NamedTuple

import msgspec

from streams.adapters.base import Capabilities, Format, Item, Options, Outcome, Refused, Skipped, Source, TruncatedError
from streams.adapters.fields import MAX_ID_CHARS, FieldError, Fields
from streams.adapters.items import MAX_ITEM_BYTES, byte_lines, json_members
from streams.adapters.mastodon.activity import TYPES, convert_activity
from streams.adapters.mastodon.report import convert_webhook
from streams.adapters.mastodon.status import Server, convert_deletion, convert_status, remember
from streams.adapters.opening import Opening
from streams.adapters.platforms import MASTODON

_STREAM = re.compile(r"(?:[:\r\n][^\n]*\n|\s)*event: ?(?:update|delete|status\.update|notification|filters_changed)\s")
_LISTS = ("ancestors", "descendants", "statuses")
_BOM = b"\xef\xbb\xbf"
_decode = msgspec.json.decode


class ServerEvent(NamedTuple):
    """A server-sent event: its name and its data."""

    name: str
    data: bytes


class EventLines:
    """Puts server-sent events together from lines (WHATWG HTML, section 9.2). Bounded by `MAX_ITEM_BYTES` an event."""

    def __init__(self) -> None:
        self._name = ""
        self._data: list[bytes] = []
        self._size = 0

    def add(self, line: bytes) -> ServerEvent | Refused | None:
        """Take a line without its end; return the event that the line completes, a refusal, or None."""
        if not line:
            return self.end()
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            self._name = value.decode("utf-8", "replace")[:64]
        elif field == b"data":
            self._size += len(value)
            if self._size <= MAX_ITEM_BYTES:
                self._data.append(value)
        return None

    def end(self) -> ServerEvent | Refused | None:
        """Return the event so far, as at a blank line; None without any."""
        name, data, size = self._name, self._data, self._size
        self._name, self._data, self._size = "", [], 0
        if not data:
            return None
        if size > MAX_ITEM_BYTES:
            return Refused("too_large", f"the event has {size} bytes; at most {MAX_ITEM_BYTES} are read")
        return ServerEvent(name, b"\n".join(data))


def convert(value: object, server: Server, *, received_at: int | None = None) -> Outcome:
    """Return the outcome of one object of a recording; never raises.

    Args:
        value: a status, an event of a web socket, a webhook, or an activity.
        server: the statuses before it of the same server.
        received_at: time of receipt in ms; None for a file.

    """
    if not isinstance(value, dict):
        return Refused("not_an_object", "the item is not a JSON object")
    fields = Fields(value)
    if "event" in fields and "object" in fields:
        return convert_webhook(value, server, received_at=received_at)
    if "event" in fields:
        payload = fields.word("payload").encode("utf-8", "replace")
        return convert_event(ServerEvent(fields.word("event"), payload), server, received_at=received_at)
    if "account" in fields and "uri" in fields:
        return convert_status(value, server, received_at=received_at)
    if fields.word("type") in TYPES or ("actor" in fields and "object" in fields):
        return convert_activity(value, received_at=received_at)
    return Refused("not_a_status", "the object is no status, event, webhook or activity of Mastodon")


def convert_event(event: ServerEvent, server: Server, *, received_at: int | None = None) -> Outcome:
    """Return the outcome of one event of a stream; never raises. Arguments as for `convert`."""
    if event.name == "delete":
        local_id = event.data.decode("utf-8", "replace").strip().strip('"')
        if not 0 < len(local_id) <= MAX_ID_CHARS:
            return Refused("out_of_range", "the data of a deletion are no id")
        return convert_deletion(local_id, server, received_at=received_at)
    if event.name not in {"update", "status.update"}:
        return Skipped("other_event")
    try:
        status = _decode(event.data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Refused("not_json", "the data of the event are not one JSON object", event.data)
    return convert_status(status, server, received_at=received_at, is_edit=event.name == "status.update")


def read(source: Source, _: Options) -> Iterator[Item]:
    """Yield the outcome of each status, event, webhook or activity of a recording."""
    server = Server()
    ahead, pieces = tee(source.chunks())
    try:
        first = next((chunk for chunk in ahead if chunk.removeprefix(_BOM).strip()), b"")
    except TruncatedError as error:
        yield 0, Refused("truncated", str(error))
        return
    del ahead  # or every piece would be kept
    if first.removeprefix(_BOM).lstrip()[:1] not in {b"{", b"["}:
        yield from _read_stream(pieces, server)
        return
    _remember_all(source, server)
    for position, value in json_members(pieces, "orderedItems"):
        if isinstance(value, Refused):
            yield position, value
        else:
            for outcome in _convert_all(value, server):
                yield position, outcome


def _remember_all(source: Source, server: Server) -> None:
    """Remember the statuses of a file before they are read, because a timeline lists an answer before its parent."""
    for _, value in json_members(source.chunks(), "orderedItems"):
        statuses = _statuses(value)
        if statuses is None:  # events and activities come in the order of time
            return
        for status in statuses:
            with suppress(FieldError):
                remember(Fields(status), server)


def _statuses(value: object) -> list[object] | None:
    """Return a status, or those of a thread or of a search result; None for any other value."""
    if not isinstance(value, dict) or "event" in value:
        return None
    if value.keys().isdisjoint(_LISTS):
        return [value] if "account" in value else None
    return [status for name in _LISTS if isinstance(one := value.get(name), list) for status in one]


def _convert_all(value: object, server: Server) -> list[Outcome]:
    """Return the outcomes of the statuses of a thread or of a search result; of any other value, its own."""
    statuses = _statuses(value)
    if statuses is None:
        return [convert(value, server)]
    return [convert(status, server) for status in statuses] or [Skipped("empty_page")]


def _read_stream(pieces: Iterator[bytes], server: Server) -> Iterator[Item]:
    """Yield the outcome of each server-sent event; the position is its number in the recording."""
    lines, position = EventLines(), 0
    for line in chain(byte_lines(pieces), (None,)):
        found = line if isinstance(line, Refused) else lines.end() if line is None else lines.add(line)
        if found is not None:
            yield position, found if isinstance(found, Refused) else convert_event(found, server)
            position += 1


def recognises(opening: Opening) -> bool:
    """Return True for statuses, a stream, webhooks, or activities."""
    if not opening.is_json:
        return _STREAM.match(opening.text) is not None
    is_status = opening.has("uri", "account", "content", "reblog|reblogs_count|spoiler_text|visibility|created_at")
    is_socket = opening.has("event", "payload", "stream")
    is_webhook = opening.has("event", "object") and '"report.created"' in opening.text
    is_activity = opening.has("actor", "object", "type") and "activitystreams" in opening.text
    return is_status or is_socket or is_webhook or is_activity


FORMAT = Format(
    name="mastodon",
    title="Mastodon statuses, a recorded stream, or ActivityPub activities",
    platforms=(MASTODON,),
    capabilities=Capabilities(
        people="ids",
        parents="the original of a boost; the direct parent of quotes, and of replies to statuses in the same file",
        hops="none",
        counters="boosts and quotes, at the time of collection",
        times="the clock of the author's server, in milliseconds",
    ),
    recognises=recognises,
    read=read,
)

__all__ = ["FORMAT", "EventLines", "ServerEvent", "convert", "convert_event", "read", "recognises"]
