"""Decode the bytes of one record into a `ForwardEvent`, or name the rule that the record breaks."""

import re

import msgspec

from detectors.reading.config import IntakeConfig
from detectors.reading.rules import InvalidEventError
from schemas.event import AccountStatus, ForwardEvent, Kind, ParentEvidence
from schemas.rejection import Reason

_decode = msgspec.json.Decoder(ForwardEvent).decode
_QUOTED = re.compile(r"'[^']*'")
_ENUMS = {"kind": Kind, "parent_evidence": ParentEvidence, "account_status": AccountStatus}


def read_event(raw: bytes, config: IntakeConfig) -> ForwardEvent:
    """Decode a record.

    Raises:
        InvalidEventError: the record is no event; the error names the broken rule.

    """
    if len(raw) > config.max_event_bytes:
        raise InvalidEventError(
            Reason.TOO_LARGE, f"the event has {len(raw)} bytes; at most {config.max_event_bytes} are allowed"
        )
    try:
        return _decode(raw)
    except msgspec.ValidationError as error:
        raise _invalid(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _malformed(raw, error) from None


def _invalid(error: msgspec.ValidationError) -> InvalidEventError:
    """Describe a violation of the event's type, without quoting the value."""
    text = str(error)
    if "missing required field" in text:
        return InvalidEventError(Reason.MISSING_FIELD, text)
    if text.startswith("Invalid enum value"):
        allowed = ", ".join(_ENUMS.get(text.rpartition("$.")[2].rstrip("`"), ()))
        return InvalidEventError(Reason.OUT_OF_RANGE, f"{_QUOTED.sub('(not shown)', text)}; allowed: {allowed}")
    if text.startswith("Expected") and "got" in text and "length" not in text:
        return InvalidEventError(Reason.WRONG_TYPE, text)
    return InvalidEventError(Reason.OUT_OF_RANGE, text)


def _malformed(raw: bytes, error: Exception) -> InvalidEventError:
    """Describe bytes that are not JSON: the encoding first, because JSON requires UTF-8."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as bad:
        return InvalidEventError(Reason.NOT_UTF8, f"the event is not UTF-8: invalid byte at offset {bad.start}")
    why = "it is nested too deeply" if isinstance(error, RecursionError) else error
    return InvalidEventError(Reason.NOT_JSON, f"the event is not a JSON object: {why}")
