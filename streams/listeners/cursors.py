"""Keep the place of each listener on the compacted topic `cursors`."""

from collections.abc import Iterable

import msgspec

from schemas.base import encode
from schemas.cursor import Cursor
from streams.kafka import offsets
from streams.kafka.connection import KafkaSettings
from streams.listeners.base import START, Mark

TOPIC = "cursors"
_RECENT = 5_000  # records that are read first: those of an hour or more, for each interval between two cursors
_ALL = 1 << 62

_decode = msgspec.json.Decoder(Cursor).decode


def key_of(listener: str, stream: str) -> bytes:
    """Return the key of a listener's cursor of a stream."""
    return f"{listener} {stream}".encode()


def encode_cursor(listener: str, stream: str, mark: Mark) -> bytes | None:
    """Return the record of a place; None for a place without a position."""
    if mark.position is None:
        return None
    return encode(Cursor(listener=listener, stream=stream, position=mark.position, at=mark.at))


def stored_mark(settings: KafkaSettings, password: str | None, listener: str, stream: str) -> Mark:
    """Return the newest place of a listener in a stream.

    For a stream without a cursor, such as another server of the platform, return the time of the listener's newest
    cursor without a position: a transport may be able to continue by the time.

    Raises:
        KafkaError: the broker does not answer.

    """
    topic = settings.prefix + TOPIC
    recent = newest_mark(offsets.last_values(settings, password, topic, 0, _RECENT), listener, stream)
    if recent.position is not None:
        return recent
    return newest_mark(offsets.last_values(settings, password, topic, 0, _ALL), listener, stream)


def newest_mark(values: Iterable[bytes], listener: str, stream: str) -> Mark:
    """Return the place in the last fitting record; see `stored_mark`. A foreign record is passed over."""
    own, others = START, START
    for value in values:
        try:
            cursor = _decode(value)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
        if cursor.listener == listener and cursor.stream == stream:
            own = Mark(cursor.position, cursor.at)
        elif cursor.listener == listener and cursor.at is not None:
            others = Mark(None, cursor.at)
    return own if own.position is not None else others


__all__ = ["TOPIC", "encode_cursor", "key_of", "newest_mark", "stored_mark"]
