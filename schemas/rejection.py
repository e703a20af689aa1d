"""Define `Rejection`: the record of an input that cannot be used, with the reason and the position."""

from enum import StrEnum

from schemas.base import Count, Message
from schemas.sighting import Position


class Reason(StrEnum):
    """Reason of a rejection. A reason is never reused for another rule."""

    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    WRONG_TYPE = "wrong_type"
    MISSING_FIELD = "missing_field"
    OUT_OF_RANGE = "out_of_range"
    TOO_LARGE = "too_large"
    TIME_OUT_OF_RANGE = "time_out_of_range"
    UNKNOWN_KEY = "unknown_key"
    SOURCE_TRUNCATED = "source_truncated"
    ENVELOPE = "envelope"  # an envelope without an event of ours in it
    FOREIGN_ITEM = "foreign_item"  # an item of another format, which its adapter cannot read
    FOREIGN_RECORD = "foreign_record"  # a record on an inner topic that Hearsay did not write


class Rejection(Message, frozen=True, kw_only=True):
    """A rejected event: the broken rule, the position, and the bytes, sealed for the holder of the key."""

    reason: Reason
    detail: str  # the rule and the path of the field; never a value that could identify a person
    position: Position
    size: Count
    sha256: str
    sealed: bytes = b""  # AES-SIV of the raw bytes under the deployment's key; empty if larger than the limit
    key_id: str = ""
