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
    "WhatsApp": f"12.09.25, 22:14 - {ULLA}: the ferry is cancelled\n".encode(),
    "a chat export of WhatsApp": f"\u200e[12/9/25, 10:14:05\u202fPM] {ULLA}: the ferry is cancelled\n".encode(),
    "Telegram Desktop": json.dumps(
        {
            "name": "Osterholm",
            "type": "private_group",
            "messages": [{"id": 1, "date_unixtime": "178", "from_id": "user1", "text": ULLA, "text_entities": []}],
        },
        indent=1,
    ).encode(),
    "Telegram Bot API": lines({"update_id": 1, "message": {"message_id": 2, "chat": {"id": 1}, "text": ULLA}}),
    "Telethon or 4CAT": lines({"_": "Message", "peer_id": {}, "date": "2026", "message": ULLA, "fwd_from": None}),
    "pages of the X API v2": lines(
        {"data": [{"id": "1", "author_id": "2", "text": ULLA, "lang": "en", "created_at": "2026"}], "includes": {},
         "public_metrics": 1}
    ),
    "Twitter API v1.1": lines({"id_str": "1", "user": {"screen_name": ULLA}, "full_text": "x", "lang": "de"}),
    "Jetstream": lines({"did": "did:plc:x", "time_us": 1, "kind": "commit", "commit": {"record": {"text": ULLA}}}),
    "Pushshift": lines({"subreddit": "ferries", "author": ULLA, "created_utc": 1780000000, "body": "x"}),
    "WhatsApp Business": lines({"object": "x", "entry": [{"changes": [{"value": {"messaging_product": "whatsapp"}}]}]}),
    "TikTok Research API": lines({"data": {"v": [{"video_description": ULLA, "create_time": 1, "view_count": 1}]}}),
    "YouTube Data API": lines({"items": [{"snippet": {"publishedAt": "2026", "channelId": "c", "title": ULLA}}]}),
    "Mastodon": lines({"id": "1", "content": "<p>x</p>", "account": {"acct": ULLA}, "reblog": None, "visibility": "p"}),
    "Meta Content Library": lines({"mcl_url": "x", "creation_time": "2026", "statistics": {}, "text": ULLA}),
    "Discord": lines({"guild": {}, "channel": {}, "messages": [{"content": ULLA}]}),
    "Facebook or Instagram": lines({"participants": [], "messages": [{"sender_name": ULLA, "timestamp_ms": 1}]}),
    "Zeeschuimer": lines({"nav_index": "1", "source_platform": "x", "data": {"text": ULLA}}),
    "snscrape": lines({"date": "2026", "rawContent": ULLA, "user": {}}),
    "Gnip": lines({"verb": "share", "postedTime": "2026", "actor": {"displayName": ULLA}}),
    "AT Protocol": lines({"uri": "at://x", "record": {"$type": "app.bsky.feed.post", "createdAt": "2026"}}),
    "ActivityPub": lines({"@context": "x", "type": "Announce", "actor": "x", "object": "x"}),
    "Slack": lines({"type": "message", "user": "U1", "ts": "1.0", "client_msg_id": "x", "text": ULLA}),
    "an archive of one's own posts": f'window.YTD.tweets.part0 = [{{"full_text": "{ULLA}"}}]'.encode(),
    "a table of tweets": f"id,conversation_id,author_id,text\n1,1,2,{ULLA}\n".encode(),
    "fact-checks": lines({"claimReviewed": ULLA, "author": {}, "reviewRating": {}}),
    "a CrowdTangle table": f'\ufeff"Page Name","Facebook Id","Post Created","Message"\n"{ULLA}","1"'.encode(),
    "a CooRTweet table": b"object_id,account_id,content_id,timestamp_share\n1,2,3,1780000000\n",
    "a 4CAT table": f"id,thread_id,body,author,timestamp\n1,1,x,{ULLA},2026\n".encode(),
    "with `event_id`, `platform`, `kind`, `created_at`": b"event_id,platform,kind,created_at\n1,x,post,2\n",
    "TSV of 3 columns, with `user`, `message`": f"nr\tuser\tmessage\n1\t{ULLA}\tx\n".encode(),
    "UTF-16": lines(event(1)).decode().encode("utf-16"),
    "UTF-16 text without": lines(event(1)).decode().encode("utf-16-le"),
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


@pytest.mark.parametrize("name", ["Telegram Desktop", "pages of the X API v2", "WhatsApp Business"])
def test_an_opening_that_is_cut_is_recognised_too(name):
    assert name in recognise(FOREIGN[name][:-3]).name


@pytest.mark.parametrize(
    "opening",
    [b"", b" \n\n", stream(cascade(3)), b"hello\n", f"{ULLA}, 12 Harbour Lane\n".encode(), b'"{}"\n', b"{\xff"],
)
def test_events_and_unknown_text_are_not_named(opening):
    assert recognise(opening) is None


@pytest.mark.parametrize(
    "stamp",
    [
        "12/9/25, 10:14 PM - ",
        "12-09-2025, 10.14 p.m. - ",
        "12.09.25 22.14.05: ",
        "[09.12.25 22:14:05] ",
        "12.9.2025 klo 22.14.05 - ",
        "12. 9. 2025. 22:14:05 ",
        "٢٠٢٥/٠٩/١٢، ١٠:١٤ م - ",
        "2025/9/12 晚上10:14 - ",
        "12/09/25, 10:14 पूर्वाह्न - ",
    ],
)
def test_a_chat_export_is_recognised_in_the_layouts_of_many_languages(stamp):
    opening = f"{stamp}Messages are encrypted.\n{stamp}{ULLA}: the ferry is cancelled\nto be continued\n"
    assert "WhatsApp" in recognise(opening.encode()).name


@pytest.mark.parametrize("line", ["2026-05-28 10:15:09 INFO started", "2026-05-28T10:15:09Z: hello", "1,2,3: x"])
def test_a_log_is_no_chat_export(line):
    assert recognise(f"{line}\n".encode()) is None


def test_a_table_without_a_header_shows_nothing_of_its_first_row():
    found = recognise(f"4711;{ULLA};the ferry is cancelled\n".encode())
    assert ULLA not in str(found)
    assert "ferry" not in str(found)
