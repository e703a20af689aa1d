"""Write and read a record of a topic as one line of JSON, in the form that `kcat -J` prints.

The form keeps what a replay needs besides the value: partition, offset and timestamp. A value that is not UTF-8 would
make the line invalid JSON; kcat writes such bytes as they are, and Hearsay writes them in base64 under a second name.
The reader understands both.
"""

import base64
import json
from typing import Any

import msgspec

CREATE_TIME = "create"
"""Kind of a timestamp set by the producer; kcat's names of the others are logappend and unknown."""

_encode = msgspec.json.Encoder().encode
_NULL = msgspec.Raw(b"null")
_TIMESTAMP_TYPES = {0: CREATE_TIME, 1: "logappend"}


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """A record of a topic."""

    topic: str
    partition: int
    offset: int
    timestamp: int | None  # ms
    timestamp_type: str
    headers: tuple[tuple[str, bytes | None], ...]
    key: bytes | None
    value: bytes | None  # None: a tombstone


class _Line(msgspec.Struct, gc=False):
    topic: str
    partition: int
    offset: int
    tstype: str = "unknown"
    ts: int | None = None
    headers: msgspec.Raw = _NULL
    key: msgspec.Raw = _NULL
    key_base64: bytes | None = None
    payload: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    payload_base64: bytes | None = None
    payload_error: str | None = None  # kcat could not convert the value, and wrote null in its place


_decode_line = msgspec.json.Decoder(_Line).decode


class EnvelopeError(Exception):
    """A line is no record of a topic; the message states the rule without the content."""


def timestamp_type(number: int) -> str:
    """Return kcat's name for Kafka's number of a kind of timestamp."""
    return _TIMESTAMP_TYPES.get(number, "unknown")


def write(record: Envelope) -> bytes:
    """Return a record as one line, without its end."""
    line: dict[str, Any] = {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "tstype": record.timestamp_type,
        "ts": record.timestamp,
    }
    if record.headers:
        line["headers"] = [part for name, value in record.headers for part in (name, _header(value))]
    line |= _text_or_base64("key", record.key)
    line |= _text_or_base64("payload", record.value)
    return _encode(line)


def read(line: bytes) -> Envelope:
    """Return the record that a line describes.

    Raises:
        EnvelopeError: the line is not JSON, has another form, or has a value that kcat could not convert.

    """
    try:
        found = _decode_line(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise EnvelopeError("a line of a recording must be a record as `kcat -J` prints it") from None
    if found.partition < 0 or found.offset < 0:
        raise EnvelopeError("partition and offset of a recorded record must not be negative")
    if found.payload_error is not None:
        raise EnvelopeError("kcat could not convert the value of the record; record it without -s")
    if found.payload_base64 is None and found.payload is msgspec.UNSET:
        raise EnvelopeError("a recorded record must have a payload; null is a record without a value")
    try:
        return _envelope_of(found)
    except (ValueError, TypeError, RecursionError):
        raise EnvelopeError("headers, key and payload of a recorded record must have the form of `kcat -J`") from None


def is_envelope(line: bytes) -> bool:
    """Return True if a line is a record of a topic, not an event."""
    try:
        read(line)
    except EnvelopeError:
        return False
    return True


def _envelope_of(found: _Line) -> Envelope:
    payload = _NULL if found.payload is msgspec.UNSET else found.payload
    return Envelope(
        found.topic,
        found.partition,
        found.offset,
        found.ts,
        found.tstype,
        () if bytes(found.headers) == b"null" else _headers(found.headers),
        _bytes_of(found.key) if found.key_base64 is None else found.key_base64,
        _bytes_of(payload) if found.payload_base64 is None else found.payload_base64,
    )


def _text_or_base64(name: str, value: bytes | None) -> dict[str, str | None]:
    if value is None:
        return {name: None}
    try:
        return {name: value.decode()}
    except UnicodeDecodeError:
        return {f"{name}_base64": base64.b64encode(value).decode()}


def _header(value: bytes | None) -> str | dict[str, str] | None:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}


def _headers(raw: msgspec.Raw) -> tuple[tuple[str, bytes | None], ...]:
    """Return the headers of kcat's list of names and values, or of its mapping from names to lists (`-X`)."""
    found = json.loads(_as_text(raw), strict=False)
    if isinstance(found, dict):
        return tuple((name, _header_value(value)) for name, values in found.items() for value in values)
    if not isinstance(found, list):
        return ()
    return tuple((str(name), _header_value(value)) for name, value in zip(found[::2], found[1::2], strict=False))


def _header_value(value: object) -> bytes | None:
    if isinstance(value, dict):
        return base64.b64decode(str(value.get("base64", "")))
    return None if value is None else str(value).encode("utf-8", "surrogateescape")


def _bytes_of(raw: msgspec.Raw) -> bytes | None:
    """Return the bytes of a key or value: of a string its content, of other JSON (converted by kcat) its text."""
    text = bytes(raw)
    if text == b"null":
        return None
    if not text.startswith(b'"'):
        return text
    try:
        return msgspec.json.decode(text, type=str).encode()
    except (msgspec.MsgspecError, UnicodeError):  # kcat writes bytes that are not UTF-8 as they are
        return str(json.loads(_as_text(raw), strict=False)).encode("utf-8", "surrogateescape")


def _as_text(raw: msgspec.Raw) -> str:
    return bytes(raw).decode("utf-8", "surrogateescape")
