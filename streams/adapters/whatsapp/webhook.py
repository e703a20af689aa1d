"""Read the webhooks of WhatsApp's Business Cloud API: messages to a tipline, and messages in groups of a business.

A webhook carries the marks "forwarded" and "frequently forwarded", which no export does. The id of a message contains
the sender's phone number, so an id is personal data and must be replaced by a digest before anything is written.
"""

import hmac
from base64 import b64decode
from binascii import Error as BinasciiError
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import NamedTuple

from schemas.event import ForwardEvent, IdScope, Kind, Media, Report
from schemas.event import Source as EventSource
from streams.adapters.base import Converted, Item, Options, Outcome, Refused, Skipped, Source, TiplineKind
from streams.adapters.items import json_values
from streams.adapters.opening import Opening
from streams.adapters.platforms import WHATSAPP, WHATSAPP_TIPLINE

NAME = "whatsapp-webhook"

TIPLINE = "tipline"
"""Category of the report that an unforwarded message to a tipline is."""

_SOURCE = EventSource(adapter=NAME)
_MAX_ID = 512
_MAX_TEXT = 1 << 18
_MAX_PARTS = 10_000  # entries, changes, messages of one payload
_FILES = ("image", "video", "audio", "document", "sticker", "voice")
_SKIPPED = frozenset(
    {
        *("reaction", "location", "contacts", "unsupported", "system", "order", "request_welcome", "ephemeral", "poll"),
        *("unknown", "errors", "edit", "revoke", "group_invite", "event"),
    }
)
_Object = Mapping[str, object]


class _Place(NamedTuple):
    """The parts of a payload that its messages share."""

    phone_number_id: str | None
    contact: str | None  # the sender, if the message does not name it


def recognises(opening: Opening) -> bool:
    """Return True for JSON with the keys of a webhook payload, or of its bare `value`."""
    if not opening.has("messaging_product", "messages|statuses|contacts"):
        return False
    return opening.has("entry", "changes") or opening.has("phone_number_id")


def read(source: Source, options: Options) -> Iterator[Item]:
    """Yield the messages of a file of payloads: one a line, in an array, or one after another."""
    for position, payload in json_values(source.chunks()):
        if isinstance(payload, Refused):
            yield position, payload
            continue
        for outcome in convert(payload, options):
            yield position, outcome


def convert(payload: object, options: Options) -> Iterator[Outcome]:
    """Yield the outcome of each message and each status of a payload, or of a bare `value`.

    Args:
        payload: the decoded JSON of one request.
        options: `tipline_unmarked` chooses the kind of a message to a tipline without a mark.

    """
    if isinstance(payload, list):
        for one in payload[:_MAX_PARTS]:
            yield from convert(one, options) if not isinstance(one, list) else [_not_a_payload()]
        if len(payload) > _MAX_PARTS:
            yield _too_many()
        return
    if not isinstance(payload, dict):
        yield _not_a_payload()
        return
    if "entry" not in payload:
        yield from _value(payload, options)
        return
    for entry in _list(payload.get("entry")):
        changes = _list(entry.get("changes")) if isinstance(entry, dict) else []
        if not changes:
            yield Refused("no_changes", "an entry has no list `changes`")
        for change in changes:
            yield from _change(change, options)
    if not _list(payload.get("entry")):
        yield Refused("no_entry", "the payload has no list `entry`")


def signature_ok(secret: bytes, body: bytes, header: str | None) -> bool:
    """Return True if a request was signed with the app's secret.

    Args:
        secret: the app's secret.
        body: the bytes of the request, before decoding.
        header: the header `X-Hub-Signature-256`: `sha256=` and 64 hexadecimal digits.

    """
    if header is None or not secret:
        return False
    wanted = "sha256=" + hmac.new(secret, body, sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), header.strip().encode("utf-8", "surrogatepass"))


def handshake(parameters: Mapping[str, str], verify_token: str) -> str | None:
    """Return the answer to the request by which the platform verifies the address of a webhook; None to refuse.

    Args:
        parameters: the query of the GET request.
        verify_token: the token that was entered in the platform's settings.

    """
    token = parameters.get("hub.verify_token", "")
    if parameters.get("hub.mode") != "subscribe" or not verify_token:
        return None
    if not hmac.compare_digest(token.encode("utf-8", "surrogatepass"), verify_token.encode("utf-8", "surrogatepass")):
        return None
    return parameters.get("hub.challenge")


def _change(change: object, options: Options) -> Iterator[Outcome]:
    if not isinstance(change, dict) or not isinstance(change.get("value"), dict):
        yield Refused("no_value", "a change has no object `value`")
    elif change.get("field") not in {"messages", None}:
        yield Skipped("other_field")
    else:
        yield from _value(change["value"], options)


def _value(value: _Object, options: Options) -> Iterator[Outcome]:
    messages, statuses = _list(value.get("messages")), _list(value.get("statuses"))
    metadata = value.get("metadata")
    place = _Place(
        _text(metadata.get("phone_number_id")) if isinstance(metadata, dict) else None, _contact(value.get("contacts"))
    )
    for message in messages[:_MAX_PARTS]:
        yield _message(message, place, options)
    for _ in statuses[:_MAX_PARTS]:
        yield Skipped("status")
    if max(len(messages), len(statuses)) > _MAX_PARTS:
        yield _too_many()
    if not messages and not statuses:
        if "messages" in value and not isinstance(value["messages"], list):
            yield Refused("no_messages", "`messages` is not a list")
        elif _list(value.get("errors")):
            yield Skipped("errors")
        elif "messaging_product" in value:
            yield Skipped("empty")
        else:
            yield _not_a_payload()


class _Frame(NamedTuple):
    """The parts of a message without which it is no event."""

    message_id: str
    created_at: int
    chat: str
    in_group: bool


def _message(message: object, place: _Place, options: Options) -> Outcome:
    if not isinstance(message, dict):
        return Refused("not_an_object", "a message is not an object")
    kind = message.get("type")
    if isinstance(kind, str) and kind in _SKIPPED:
        return Skipped(kind)
    frame = _frame(message, place)
    if isinstance(frame, Refused):
        return frame
    text, media = _words(message), _media(message)
    if len(text) > _MAX_TEXT:
        return Refused("too_large", f"a message has more than {_MAX_TEXT} characters")
    if not text and not media:
        return Skipped("empty") if isinstance(kind, str) else Refused("no_type", "a message has no `type`")
    actor = _identifier(message.get("from")) or _identifier(message.get("from_user_id")) or place.contact
    context = message.get("context")
    hops = _Hops.read(context if isinstance(context, dict) else {})
    event_kind = _kind(frame, hops, options)
    event = ForwardEvent(
        event_id=frame.message_id,
        platform=WHATSAPP if frame.in_group else WHATSAPP_TIPLINE,
        kind=event_kind,
        created_at=frame.created_at,
        message_id=frame.message_id,
        id_scope=IdScope.PLATFORM,
        actor=actor,
        chat=frame.chat,
        text=text,
        media=media,
        hops_min=int(hops.forwarded),
        frequently_forwarded=hops.often or None,
        report=Report(category=TIPLINE) if event_kind is Kind.REPORT else None,
        source=_SOURCE,
    )
    return Converted((event,))


def _frame(message: _Object, place: _Place) -> _Frame | Refused:
    message_id, created_at = _identifier(message.get("id")), _ms(message.get("timestamp"))
    if message_id is None:
        return Refused("no_id", "a message has no `id`, or one that is too long")
    if created_at is None:
        return Refused("no_time", "a message has no `timestamp` in seconds since 1970")
    group = _identifier(message.get("group_id"))
    chat = group or place.phone_number_id
    if chat is None:
        return Refused("no_chat", "a message has no `group_id`, and its payload has no `metadata.phone_number_id`")
    return _Frame(message_id, created_at, chat, in_group=group is not None)


class _Hops(NamedTuple):
    """The marks of a message that was passed on."""

    forwarded: bool
    often: bool

    @classmethod
    def read(cls, context: _Object) -> "_Hops":
        often = context.get("frequently_forwarded") in (True, "true")
        return cls(often or context.get("forwarded") in (True, "true"), often)


def _kind(frame: _Frame, hops: _Hops, options: Options) -> Kind:
    """Return the kind of a message; a question that a person types to a tipline is no sign that a text circulates."""
    if hops.forwarded:
        return Kind.FORWARD
    if frame.in_group or options.tipline_unmarked is TiplineKind.POST:
        return Kind.POST
    return Kind.REPORT


def _words(message: _Object) -> str:
    """Return the words of a message: a text, a caption, or the title of a chosen button."""
    for name, field in (("text", "body"), *((one, "caption") for one in _FILES), ("button", "text")):
        part = message.get(name)
        if isinstance(part, dict) and isinstance(part.get(field), str) and part[field].strip():
            return str(part[field])
    interactive = message.get("interactive")
    if isinstance(interactive, dict):
        for part in interactive.values():
            if isinstance(part, dict) and isinstance(part.get("title"), str):
                return str(part["title"])
    return ""


def _media(message: _Object) -> tuple[Media, ...]:
    parts = (message.get(name) for name in _FILES)
    digests = (_digest(part.get("sha256")) for part in parts if isinstance(part, dict))
    return tuple(Media(sha256=digest) for digest in digests if digest is not None)


def _digest(value: object) -> str | None:
    """Return a SHA-256 in hexadecimal; the platform writes 44 characters of Base64, and some proxies 64 digits."""
    if not isinstance(value, str):
        return None
    value = value.strip()
    try:
        if len(value) == 64:
            return bytes.fromhex(value).hex()
        if len(value) in {43, 44}:
            data = b64decode(value.replace("-", "+").replace("_", "/").ljust(44, "="), validate=True)
            return data.hex() if len(data) == 32 else None
    except (ValueError, BinasciiError):
        return None
    return None


def _contact(contacts: object) -> str | None:
    """Return the sender that the payload names next to its messages, if it names one person alone."""
    people = [one for one in _list(contacts) if isinstance(one, dict)]
    if len(people) != 1:
        return None
    return _identifier(people[0].get("wa_id")) or _identifier(people[0].get("user_id"))


def _identifier(value: object) -> str | None:
    text = _text(value)
    return text if text is not None and len(text) <= _MAX_ID else None


def _text(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 1 << 64 else None
    return value if isinstance(value, str) and 0 < len(value) <= _MAX_ID else None


def _ms(value: object) -> int | None:
    """Return a time in ms from seconds since 1970, written as text or as a number."""
    text = _text(int(value)) if isinstance(value, float) and abs(value) < 1e12 else _text(value)
    if text is None or not text.isascii() or not text.isdecimal() or len(text) > 11:
        return None
    return int(text) * 1000


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _not_a_payload() -> Refused:
    return Refused("not_a_payload", "the value is neither a payload with `entry` nor a `value` with `messages`")


def _too_many() -> Refused:
    return Refused("too_many", f"a list has more than {_MAX_PARTS} parts; the rest is not read")


__all__ = ["NAME", "TIPLINE", "convert", "handshake", "read", "recognises", "signature_ok"]
