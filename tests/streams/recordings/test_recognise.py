"""The format of a foreign source is named with the way to events, and no name or message of a person is shown."""

import gzip
import json

import pytest

from streams.recordings.recognise import OPENING_BYTES, recognise
from tests.streams.recordings.recorded_events import cascade, event, stream

EVENTS = [json.dumps(one) for one in cascade(3)]
ULLA = "Ulla Sandberg"


def lines(*rows):
    return "\n".join(json.dumps(row) if isinstance(row, dict | list) else row for row in rows).encode()


FOREIGN = {
    "a JSON array of events on one line": f"[{','.join(EVENTS)}]".encode(),
    "a JSON array of events over several lines": ("[\n" + ",\n".join(EVENTS) + ",\n]\n").encode(),
    "a JSON array of objects": lines([{"a": ULLA}, {"a": 1}]),
    "events with a comma after each": (",\n".join(EVENTS) + "\n").encode(),
    "events over several lines each": json.dumps(event(1), indent=2).encode(),
    "several events on one line": "".join(EVENTS).encode(),
    "Python's notation": repr(event(1)).encode(),
    "a key, a time or another text before": f"{ULLA}\t{EVENTS[0]}".encode(),
    "server-sent events": f"event: post\ndata: {EVENTS[0]}\n\n".encode(),
    "Discord": lines({"guild": {}, "channel": {}, "messages": [{"content": ULLA}]}),
    "Facebook or Instagram": lines({"participants": [], "messages": [{"sender_name": ULLA, "timestamp_ms": 1}]}),
    "Zeeschuimer": lines({"nav_index": "1", "source_platform": "x", "data": {"text": ULLA}}),
    "snscrape": lines({"date": "2026", "rawContent": ULLA, "user": {}}),
    "Gnip": lines({"verb": "share", "postedTime": "2026", "actor": {"displayName": ULLA}}),
    "AT Protocol": lines({"uri": "at://x", "record": {"$type": "app.bsky.feed.post", "createdAt": "2026"}}),
    "Slack": lines({"type": "message", "user": "U1", "ts": "1.0", "client_msg_id": "x", "text": ULLA}),
    "with `event_id`, `platform`, `kind`, `created_at`": b"event_id,platform,kind,created_at\n1,x,post,2\n",
    "TSV of 3 columns, with `user`, `message`": f"nr\tuser\tmessage\n1\t{ULLA}\tx\n".encode(),
    "UTF-16": lines(event(1)).decode().encode("utf-16"),
    "UTF-16 text without": lines(event(1)).decode().encode("utf-16-le"),
    "UTF-16 text without a byte-order mark": lines(event(1)).decode().encode("utf-16-be"),
    "a file of zero bytes": bytes(300),
    "gzip within gzip": gzip.compress(b"{}"),
    "a spreadsheet (xlsx)": b"PK\x03\x04" + bytes(9),
    "PDF": b"%PDF-1.7\n",
    "HTML": f"<!DOCTYPE html>\n<title>{ULLA}</title>".encode(),
}  # fmt: skip


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_format_is_recognised_with_advice(name):
    found = recognise(FOREIGN[name][:OPENING_BYTES])
    assert found is not None
    assert name in found.name
    assert found.advice
    assert ULLA not in str(found)


@pytest.mark.parametrize(
    "opening",
    [b"", b" \n\n", stream(cascade(3)), b"hello\n", f"{ULLA}, 12 Harbour Lane\n".encode(), b'"{}"\n', b"{\xff"],
)
def test_events_and_unknown_text_are_not_named(opening):
    assert recognise(opening) is None


@pytest.mark.parametrize(
    "line",
    ["2026-05-28 10:15:09 INFO started", "2026-05-28T10:15:09Z: hello", "[10:15:09] <ulla> hello", "[2026-05-28] x"],
)
def test_a_log_is_named_and_not_taken_for_json(line):
    found = recognise(f"{line}\n{line}\n".encode())
    assert found is not None
    assert "the log of a program" in found.name
    assert "--format whatsapp-chat" in found.advice


@pytest.mark.parametrize("line", ["1,2,3: x", "[1, 2]: x", "2026-05-28: x"])
def test_a_line_of_numbers_is_no_log(line):
    assert "log" not in str(recognise(f"{line}\n".encode()))


def test_a_table_without_a_header_shows_nothing_of_its_first_row():
    found = recognise(f"4711;{ULLA};the ferry is cancelled\n".encode())
    assert ULLA not in str(found)
    assert "ferry" not in str(found)
