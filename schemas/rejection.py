"""`Rejection`: bad input is data. Each message that cannot be used leaves one, with its reason and its position."""

from enum import StrEnum

from schemas.base import Count, Message
from schemas.sighting import Position


class Reason(StrEnum):
    """Why an event was refused. A reason is never reused for another rule."""

    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    WRONG_TYPE = "wrong_type"
    MISSING_FIELD = "missing_field"
    OUT_OF_RANGE = "out_of_range"
    TOO_LARGE = "too_large"
    TIME_OUT_OF_RANGE = "time_out_of_range"
    UNKNOWN_KEY = "unknown_key"
    SOURCE_TRUNCATED = "source_truncated"
    FOREIGN_RECORD = "foreign_record"  # a record on an inner topic that Hearsay did not write


class Rejection(Message, frozen=True, kw_only=True):
    """A refused event: the rule it broke, where it stands, and its bytes, sealed for the holder of the key."""

    reason: Reason
    detail: str  # the rule and the field's path; never a value that could name a person
    position: Position
    size: Count
    sha256: str
    sealed: bytes = b""  # AES-SIV of the raw bytes under the deployment's key; empty when larger than the bound
    key_id: str = ""
