"""Recognise the format of a source whose records are no events, from its first bytes, and name the way to events.

Each rule is a row: a name, signs in the text, and advice. Only names from these rows are ever shown, because the first
line of a table without a header holds people's data.
"""

import json
import re
from collections.abc import Iterable
from typing import NamedTuple

from schemas.event import ForwardEvent

OPENING_BYTES = 1 << 16
"""Bytes of a source that suffice to recognise its format."""

_ADAPTER = "write one event for each message (docs/events.md)"
_FIELDS = frozenset(ForwardEvent.__struct_fields__)
_OURS = frozenset({"event_id", "platform"})  # keys of our events that no other format has together


class Recognition(NamedTuple):
    """A format, and what to do about it."""

    name: str
    advice: str

    def __str__(self) -> str:
        return f"the input looks like {self.name}; {self.advice}"


class _Bytes(NamedTuple):
    starts: tuple[bytes, ...]
    name: str
    advice: str


class _Objects(NamedTuple):
    """A format of JSON objects: each group of keys has one that occurs."""

    groups: tuple[frozenset[str], ...]
    name: str
    mapping: str


class _Columns(NamedTuple):
    columns: frozenset[str]
    name: str
    mapping: str


_BYTES = (
    _Bytes((b"%PDF-",), "a PDF document", "export the messages as text or JSON instead"),
    _Bytes((b"PK\x03\x04",), "a ZIP archive or a spreadsheet (xlsx)", "extract it, or save the sheet as CSV, first"),
    _Bytes((b"\x1f\x8b",), "gzip within gzip", "decompress it once with gzip -dc"),
    _Bytes((b"\x28\xb5\x2f\xfd",), "zstd within another compression", "decompress it once with zstd -dc"),
    _Bytes((b"\xff\xfe", b"\xfe\xff"), "UTF-16 text", "convert it with iconv -f UTF-16 -t UTF-8"),
    _Bytes((b"\xd0\xcf\x11\xe0",), "a spreadsheet or document of Microsoft Office", "save it as CSV first"),
    _Bytes((b"\x89PNG", b"\xff\xd8\xff", b"GIF8"), "a picture", "publish the hashes of pictures in `media`"),
    _Bytes((b"<!DOCTYPE html", b"<!doctype html", b"<html"), "an HTML page", "check the address it was saved from"),
    _Bytes(
        (b"window.YTD",), "an archive of one's own posts on X", f"remove the text before the bracket, and {_ADAPTER}"
    ),
    _Bytes((b"<?xml",), "XML", _ADAPTER),
    _Bytes((b"\x1e",), "a JSON text sequence (RFC 7464)", "convert it with jq -c --seq . FILE | tr -d '\\036'"),
)


def _objects(name: str, keys: str, mapping: str) -> _Objects:
    return _Objects(tuple(frozenset(group.split("|")) for group in keys.split()), name, mapping)


_OBJECTS = (
    _objects(
        "a Telegram Desktop export (result.json)",
        "messages from_id|forwarded_from|date_unixtime text_entities|date_unixtime",
        "take date_unixtime x 1000 as created_at, from_id as actor, and id as message_id with the chat",
    ),
    _objects(
        "updates of the Telegram Bot API",
        "update_id chat",
        "take date x 1000 as created_at, from.id as actor, chat.id as chat, and message_id with the chat",
    ),
    _objects(
        "Telegram messages of Telethon or 4CAT",
        "peer_id|_chat|fwd_from message date _|_type",
        "take date as created_at, from_id as actor, peer_id as chat, and id as message_id with the chat",
    ),
    _objects(
        "pages of the X API v2",
        "data author_id|includes|edit_history_tweet_ids conversation_id|public_metrics|referenced_tweets|username",
        "flatten the pages, and take id as message_id, author_id as actor and referenced_tweets as root_ref",
    ),
    _objects(
        "posts of the X API v2",
        "author_id text conversation_id|public_metrics|referenced_tweets|edit_history_tweet_ids",
        "take id as message_id, author_id as actor and referenced_tweets as root_ref",
    ),
    _objects(
        "tweets of the Twitter API v1.1",
        "id_str user full_text|screen_name|retweeted_status|truncated|retweet_count",
        "take id_str as message_id, user.id_str as actor, full_text as text and retweeted_status.id_str as root_ref",
    ),
    _objects(
        "a stream of Bluesky's Jetstream",
        "did time_us commit|account|identity",
        "take time_us / 1000 as observed_at, did as actor and record.subject.uri as root_ref",
    ),
    _objects("records of the AT Protocol", "$type uri|cid createdAt|indexedAt", "take the record's uri as message_id"),
    _objects(
        "Reddit posts or comments (Pushshift)",
        "subreddit author created_utc",
        "take created_utc x 1000 as created_at, author as actor, subreddit as chat and name as message_id",
    ),
    _objects(
        "webhook calls of the WhatsApp Business Platform",
        "entry changes messaging_product|wa_id|phone_number_id",
        "take each of messages[]: id as message_id, from as actor, timestamp x 1000 as created_at",
    ),
    _objects(
        "an answer of the TikTok Research API",
        "video_description|voice_to_text create_time|region_code username|share_count|view_count",
        "take id as message_id, username as actor, create_time x 1000 as created_at; share_count is a counter",
    ),
    _objects(
        "an answer of the YouTube Data API",
        "snippet publishedAt channelId|videoId|textOriginal",
        "take the id as message_id, channelId as actor, publishedAt as created_at, title and description as text",
    ),
    _objects(
        "statuses of Mastodon",
        "reblog|reblogs_count content account spoiler_text|in_reply_to_id|visibility|acct",
        "take uri as message_id, account.acct as actor, content without HTML as text and reblog.uri as root_ref",
    ),
    _objects(
        "activities of ActivityPub", "@context actor object type", "take object.id as message_id and actor as actor"
    ),
    _objects(
        "posts of the Meta Content Library",
        "mcl_url|post_owner creation_time|text statistics|surface|content_type",
        "take id as message_id, post_owner.id as actor, creation_time as created_at",
    ),
    _objects(
        "a Discord export (DiscordChatExporter)",
        "guild channel messages",
        "take id as message_id, author.id as actor, channel.id as chat, timestamp as created_at and content as text",
    ),
    _objects(
        "a Slack export",
        "ts user client_msg_id|blocks|team type",
        "take ts as message_id and created_at, user as actor, and the channel's name as chat",
    ),
    _objects(
        "fact-checks (ClaimReview, or claims:search)",
        "claimReview|claimReviewed publisher|author|textualRating|reviewRating",
        "name the file in the setting claims.file; it holds no messages",
    ),
    _objects(
        "messages of a Facebook or Instagram download",
        "sender_name timestamp_ms participants|messages|content",
        "take timestamp_ms as created_at, sender_name as actor, thread_path as chat and content as text",
    ),
    _objects(
        "items of Zeeschuimer",
        "nav_index|timestamp_collected source_platform|platform item_id|data",
        "take item_id as message_id, timestamp_collected as observed_at, and the fields below data",
    ),
    _objects(
        "tweets of snscrape",
        "rawContent|renderedContent user date",
        "take id as message_id, user.id as actor, rawContent as text and retweetedTweet.id as root_ref",
    ),
    _objects(
        "activities of Gnip",
        "verb postedTime actor",
        "take id as message_id, actor.id as actor, postedTime as created_at and object.id of a share as root_ref",
    ),
    _objects("GeoJSON", "type features geometry", _ADAPTER),
)

_TABLES = (
    _Columns(
        frozenset({"post created", "facebook id"}),
        "a CrowdTangle table",
        "take the end of URL as message_id, Facebook Id as actor, Post Created with its zone as created_at, Message as "
        "text",
    ),
    _Columns(
        frozenset({"object_id", "account_id", "content_id", "timestamp_share"}),
        "a CooRTweet table",
        "take content_id as message_id, account_id as actor, timestamp_share as created_at and object_id as root_ref",
    ),
    _Columns(
        frozenset({"message_id", "user_id", "repost_id"}),
        "a table of the Coordination Network Toolkit",
        "take user_id as actor, message as text, timestamp as created_at and repost_id as root_ref",
    ),
    _Columns(
        frozenset({"author_id", "conversation_id"}),
        "a table of tweets (twarc)",
        "take id as message_id, author_id as actor and referenced_tweets.retweeted.id as root_ref",
    ),
    _Columns(
        frozenset({"author", "body", "timestamp"}),
        "a 4CAT table",
        "take id as message_id, author as actor, body as text and unix_timestamp x 1000 as created_at",
    ),
    _Columns(
        frozenset({"videoid", "channelid"}),
        "a table of YouTube Data Tools",
        "take videoId as message_id, channelId as actor and publishedAt as created_at",
    ),
    _Columns(
        frozenset({"mcl_url"}), "a table of the Meta Content Library", "take id as message_id, post_owner.id as actor"
    ),
)
_SHOWN_COLUMNS = _FIELDS | {
    *("id", "user", "user_id", "user id", "username", "author", "author_id", "sender", "from", "name", "account"),
    *("body", "message", "content", "title", "description", "caption", "post", "tweet", "full_text", "url", "link"),
    *("date", "time", "timestamp", "created", "created_utc", "published", "created at", "date posted", "channel"),
    *("group", "chat", "conversation", "subreddit", "retweets", "shares", "likes", "views", "lang", "language"),
}
_DELIMITERS = {",": "CSV", ";": "CSV with semicolons", "\t": "TSV", "|": "a table with bars"}

_keys = re.compile(r'"([^"\\]{1,64})"\s*:').findall
_chat_line = re.compile(  # [12/9/25, 10:14:05 PM] or 12.09.2025 klo 22.14 -, with the marks and words of each language
    r"[\u200e\u200f\ufeff]*\[?\d{1,4}[./-]\s?\d{1,2}[./-]\s?\d{1,4}\.?[,\u060c]?\s+(?:[^\s\d]{1,8}\s?)?\d{1,2}[:.]\d\d"
    r"(?:[:.]\d\d)?(?:[\s\u202f\u00a0]*[^\s\d\]:-][^\s\d\]:-]{0,11}(?:[\u202f\u00a0 ]m\.)?)?(?:\]|\s-|:)?\s.{0,99}:\s"
).match
_python = re.compile(r"\s*[\[{(]+\s*'\w+'\s*:").match
_prefixed = re.compile(r"[^{\"\[]{1,200}\{\s*\"").match
_adjacent = re.compile(r"\}\s*\{").search
_server_sent = re.compile(r"(?:event|id|data|retry):").match


def recognise(opening: bytes) -> Recognition | None:
    """Recognise a format that is not JSON Lines of events.

    Args:
        opening: the first bytes of the source, decompressed; `OPENING_BYTES` suffice.

    Returns:
        The format with the advice; None if the opening resembles no known format.

    """
    for row in _BYTES:
        if opening.lstrip().startswith(row.starts):
            return Recognition(row.name, row.advice)
    if opening[:64].count(b"\0") > len(opening[:64]) // 4:
        return Recognition("UTF-16 text without a byte-order mark", "convert it with iconv -f UTF-16LE -t UTF-8")
    text = opening.decode("utf-8", "replace").lstrip("\ufeff").lstrip()
    if not text:
        return None
    lines = [line for line in text.splitlines() if line.strip()]
    return _json(text, lines) if text[0] in "[{" else _lines(lines)


def _json(text: str, lines: list[str]) -> Recognition | None:
    if any(map(_chat_line, lines[:5])):
        return _chat()
    keys = set(_keys(text))
    if keys >= _OURS:
        return _layout(text, lines, "events", "")
    for row in _OBJECTS:
        if all(keys & group for group in row.groups):
            return Recognition(row.name, f"{_ADAPTER}: {row.mapping}")
    return _layout(text, lines, "objects", f", and {_ADAPTER}")


def _layout(text: str, lines: list[str], of: str, then: str) -> Recognition | None:
    """Recognise JSON that has not one object on each line."""
    if _python(text):
        return Recognition("Python's notation of objects", f"write each with json.dumps, one a line{then}")
    if text.startswith("["):
        how = "on one line" if len(lines) == 1 else "over several lines"
        return Recognition(f"a JSON array of {of} {how}", f"convert it with jq -c '.[]' FILE{then}")
    if any(line.rstrip().endswith("},") for line in lines[:5]):
        return Recognition(f"{of} with a comma after each", f"remove the commas with sed 's/,$//' FILE{then}")
    if _is_json(lines[0]):
        return None
    if (len(lines) > 1 and lines[0].rstrip()[-1:] in {"{", ","}) or _adjacent(lines[0]):
        how = f"several {of} on one line" if _adjacent(lines[0]) else f"{of} over several lines each"
        return Recognition(how, f"convert them with jq -c . FILE{then}")
    return None


def _lines(lines: list[str]) -> Recognition | None:
    if any(map(_chat_line, lines[:5])):
        return _chat()
    if all(map(_server_sent, lines[:2])):
        return Recognition("server-sent events", "keep the lines with data: alone, and remove that word")
    if _python(lines[0]):
        return Recognition("Python's notation of objects", "write each with json.dumps, one a line")
    if _prefixed(lines[0]):
        return Recognition(
            "objects with a key, a time or another text before each", "write the object alone on each line"
        )
    return _table(lines[0])


def _chat() -> Recognition:
    return Recognition(
        "a chat export of WhatsApp",
        f"{_ADAPTER}: the sender is the actor, and the chat's name is the chat; the export has neither ids nor marks "
        "of forwards",
    )


def _table(header: str) -> Recognition | None:
    """Recognise a table by its header; only well-known columns are shown."""
    delimiter, name = max(_DELIMITERS.items(), key=lambda item: header.count(item[0]))
    columns = [column.strip().strip('"').strip() for column in header.split(delimiter)]
    if len(columns) < 2 or any(len(column) > 120 for column in columns):
        return None
    plain = {column.casefold() for column in columns}
    for row in _TABLES:
        if row.columns <= plain:
            return Recognition(row.name, f"{_ADAPTER}: {row.mapping}")
    known = [column for column in columns if column.casefold() in _SHOWN_COLUMNS]
    if not known:
        return Recognition(f"{name} without a header that is known", _ADAPTER) if delimiter != "," else None
    shown = ", ".join(f"`{column}`" for column in known[:8])
    return Recognition(f"{name} of {len(columns)} columns, with {shown}", _advice_for(plain))


def _advice_for(columns: Iterable[str]) -> str:
    if set(columns) >= _OURS:
        return "write each row as a JSON object, one a line, or save the table as Parquet with the same columns"
    return f"{_ADAPTER}, from each row"


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


__all__ = ["OPENING_BYTES", "Recognition", "recognise"]
