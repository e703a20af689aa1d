"""Events for the tests of reading, as JSON texts and as objects."""

import json

from detectors.reading.config import IntakeConfig
from detectors.reading.event_reader import read_event
from detectors.reading.rules import InvalidEventError

CONFIG = IntakeConfig()
DAWN = 1_780_000_000_000  # 2026-05-28T20:26:40Z
EVENT = {
    "event_id": "e-1",
    "platform": "telegram",
    "kind": "forward",
    "created_at": DAWN,
    "message_id": "4711",
    "actor": "u-17",
    "text": "The ferry to Osterholm is cancelled, nobody leaves the island tonight",
}


def record(**fields):
    """Return the bytes of the event with other fields; a field that is Ellipsis is left out."""
    changed = {name: value for name, value in (EVENT | fields).items() if value is not ...}
    return json.dumps(changed).encode()


def read(raw):
    """Return the event of a record, and its repairs."""
    return read_event(raw, CONFIG)


def refused(raw):
    """Return the error of a record."""
    try:
        found = read_event(raw, CONFIG)
    except InvalidEventError as error:
        return error
    raise AssertionError(f"accepted: {found}")
