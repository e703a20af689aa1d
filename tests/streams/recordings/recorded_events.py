"""Recorded streams for tests: events as lines, a cascade, and one piece of every kind of dirt."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

START = 1_767_600_000_000  # 2026-01-05T08:00:00Z
MINUTE = 60_000
RUMOUR = "Boil your water: the mill at Lindau has poisoned the river, pass it on to everybody you know"


def event(n: int = 0, **fields: Any) -> dict[str, Any]:
    """A usable post; fields of None are left out."""
    given = {
        "event_id": f"event-{n}",
        "platform": "telegram",
        "kind": "post",
        "created_at": START + n * MINUTE,
        "message_id": f"message-{n}",
        "actor": f"person-{n}",
        "chat": f"chat-{n}",
        "text": f"{RUMOUR} (part {n} of a longer story, told by number {n})" if n < 0 else RUMOUR,
        **fields,
    }
    return {name: value for name, value in given.items() if value is not None}


def line(event: Any) -> bytes:
    """One event as a line without its end."""
    return json.dumps(event, ensure_ascii=False).encode("utf-8", "surrogatepass")


def stream(events: Iterable[Any]) -> bytes:
    """Events as JSON Lines; bytes are lines already."""
    return b"".join((one if isinstance(one, bytes) else line(one)) + b"\n" for one in events)


def cascade(sharers: int, every: int = 10_000, start: int = START, **fields: Any) -> list[dict[str, Any]]:
    """One post and its forwards, each by another person, one every so many milliseconds."""
    root = event(0, created_at=start, **fields)
    forwards = [
        event(n, kind="forward", created_at=start + n * every, parent_ref=root["message_id"], **fields)
        for n in range(1, sharers)
    ]
    return [root, *forwards]


class Dirt(NamedTuple):
    """Lines that are somehow bad, and where they end up: a reason for rejection, or "applied", "late", ..."""

    lines: list[Any]
    outcomes: list[str]


def _post(**fields: Any) -> dict[str, Any]:
    return event(1, **fields)


DIRT: dict[str, Dirt] = {
    "a byte that is no UTF-8": Dirt([b'{"event_id": "\xff"}'], ["not_utf8"]),
    "text in UTF-16 within the file": Dirt([line(_post()).decode().encode("utf-16-be")], ["not_utf8"]),
    "half an object": Dirt([line(_post())[:-20]], ["not_json"]),
    "two objects on a line": Dirt([line(_post()) * 2], ["not_json"]),
    "NaN or Infinity": Dirt([line(_post()).replace(b'"post"', b"NaN")], ["not_json"]),
    "a raw NUL or control character": Dirt([line(_post()).replace(b"Boil", b"\x00\x1b")], ["not_json"]),
    "a text cut inside a character": Dirt(
        [
            line(_post()).replace(b"Boil", b"\\ud83d"),
            line(_post(event_id="cut")).replace(b'know"', b'know \xf0\x9f\x98"'),
        ],
        ["applied"] * 2,
    ),
    "a list, a number or null": Dirt([b"[1]", b"3", b"null"], ["wrong_type"] * 3),
    "nesting without end": Dirt([b"[" * 100_000, b'{"urls":' + b"[" * 100_000], ["not_json"] * 2),
    "a number as text": Dirt([_post(created_at=str(START), hops_min="2")], ["applied"]),
    "a fraction of a millisecond": Dirt([_post(created_at=START + 0.5)], ["applied"]),
    "a time in ISO 8601 with its zone": Dirt([_post(created_at="2026-01-05T13:30:00+05:30")], ["applied"]),
    "a time without a zone": Dirt([_post(created_at="2026-01-05T08:00:00")], ["wrong_type"]),
    "an identifier as an integer": Dirt([_post(actor=1893000000000000123)], ["applied"]),
    "an identifier with an exponent": Dirt([line(_post()).replace(b'"person-1"', b"1.893e18")], ["wrong_type"]),
    "capitals in the platform or kind": Dirt([_post(platform="Telegram", kind="Post")], ["applied"]),
    "null for an optional value": Dirt([line(_post(chat="x")).replace(b'"x"', b"null")], ["applied"]),
    "null for a required value": Dirt([line(_post()).replace(b'"event-1"', b"null")], ["missing_field"]),
    "an event in an envelope": Dirt([{"specversion": "1.0", "type": "t", "id": "1", "data": _post()}], ["applied"]),
    "an envelope without an event": Dirt([{"specversion": "1.0", "type": "t", "id": "1"}], ["envelope"]),
    "a missing field": Dirt([_post(event_id=None), _post(message_id=None)], ["missing_field"] * 2),
    "an unknown kind": Dirt([_post(kind="shout")], ["out_of_range"]),
    "an empty or very long identifier": Dirt([_post(event_id=""), _post(actor="x" * 513)], ["out_of_range"] * 2),
    "a negative count": Dirt([_post(followers=-1)], ["out_of_range"]),
    "a number of a thousand digits": Dirt(
        [_post(created_at=10**999), _post(hops_min=10**999)], ["time_out_of_range", "out_of_range"]
    ),
    "a time in seconds": Dirt([_post(created_at=START // 1000)], ["applied"]),
    "a time of the far past or future": Dirt(
        [_post(created_at=-1), _post(created_at=10**14)], ["time_out_of_range"] * 2
    ),
    "a message without content": Dirt([_post(text="")], ["applied"]),
    "a text beyond 65,536 characters": Dirt([_post(text="x" * 1_000_000)], ["too_large"]),
    "a line beyond 1 MiB": Dirt([_post(text="x" * 1_100_000)], ["too_large"]),
    "pseudonyms of an unknown key": Dirt([_post(key_id="theirs")], ["unknown_key"]),
    "a repeated event": Dirt([_post(), _post()], ["applied", "duplicates"]),
    "an event behind the watermark": Dirt(
        [*(event(n, created_at=START + n * MINUTE) for n in range(5, 9)), _post()], ["applied"] * 4 + ["late"]
    ),
    "a clock ahead of its observer": Dirt([_post(created_at=START + 10**9, observed_at=START)], ["applied"]),
    "a message that is its own parent": Dirt([_post(parent_ref="message-1")], ["applied"]),
    "messages that are each other's parents": Dirt(
        [_post(parent_ref="message-2"), event(2, parent_ref="message-1")], ["applied"] * 2
    ),
    "a parent after its child": Dirt([_post(parent_ref="message-2"), event(2)], ["applied"] * 2),
    "a parent that never arrives": Dirt([_post(parent_ref="nowhere")], ["applied"]),
    "the same message from two events": Dirt([_post(), _post(event_id="other")], ["applied"] * 2),
    "a statement about an unseen message": Dirt([_post(kind="delete", message_id="nowhere", text=None)], ["applied"]),
    "an escaped NUL": Dirt([_post(text="a\x00b\x00 the mill has poisoned the river")], ["applied"]),
    "text with hidden or reversing characters": Dirt(
        [_post(text="\u202e\u2066the m\u200bill\u200d has\ufeff poisoned it")], ["applied"]
    ),
    "emoji or punctuation only": Dirt([_post(text="🔥🔥🔥 !!!")], ["applied"]),
    "an unknown field": Dirt([_post(mood="bad")], ["applied"]),
    "a field given twice": Dirt([line(_post())[:-1] + b', "kind": "post"}'], ["applied"]),
    "blank lines, CRLF, a byte-order mark": Dirt([b"\xef\xbb\xbf" + line(_post()) + b"\r", b"", b" \t\r"], ["applied"]),
}
