"""Describe a source whose records are no events and that no adapter reads, from its first bytes, with the next step.

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


_BYTES = (
    _Bytes((b"%PDF-",), "a PDF document", "export the messages as text or JSON instead"),
    _Bytes((b"PK\x03\x04",), "a ZIP archive or a spreadsheet (xlsx)", "extract it, or save the sheet as CSV, first"),
    _Bytes((b"PK\x05\x06",), "an empty ZIP archive", "export the messages again"),
    _Bytes((b"\x1f\x8b",), "gzip within gzip", "decompress it once with gzip -dc"),
    _Bytes((b"\x28\xb5\x2f\xfd",), "zstd within another compression", "decompress it once with zstd -dc"),
    _Bytes((b"\xff\xfe", b"\xfe\xff"), "UTF-16 text", "convert it with iconv -f UTF-16 -t UTF-8"),
    _Bytes((b"\xd0\xcf\x11\xe0",), "a spreadsheet or document of Microsoft Office", "save it as CSV first"),
    _Bytes((b"\x89PNG", b"\xff\xd8\xff", b"GIF8"), "a picture", "publish the hashes of pictures in `media`"),
    _Bytes((b"<!DOCTYPE html", b"<!doctype html", b"<html"), "an HTML page", "check the address it was saved from"),
    _Bytes((b"<?xml",), "XML", _ADAPTER),
    _Bytes((b"\x1e",), "a JSON text sequence (RFC 7464)", "convert it with jq -c --seq . FILE | tr -d '\\036'"),
)


def _objects(name: str, keys: str, mapping: str) -> _Objects:
    return _Objects(tuple(frozenset(group.split("|")) for group in keys.split()), name, mapping)


_OBJECTS = (
    _objects("records of the AT Protocol", "$type uri|cid createdAt|indexedAt", "take the record's uri as message_id"),
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

_SHOWN_COLUMNS = _FIELDS | {
    *("id", "user", "user_id", "user id", "username", "author", "author_id", "sender", "from", "name", "account"),
    *("body", "message", "content", "title", "description", "caption", "post", "tweet", "full_text", "url", "link"),
    *("date", "time", "timestamp", "created", "created_utc", "published", "created at", "date posted", "channel"),
    *("group", "chat", "conversation", "subreddit", "retweets", "shares", "likes", "views", "lang", "language"),
}
_DELIMITERS = {",": "CSV", ";": "CSV with semicolons", "\t": "TSV", "|": "a table with bars"}

_keys = re.compile(r'"([^"\\]{1,64})"\s*:').findall
_python = re.compile(r"\s*[\[{(]+\s*'\w+'\s*:").match
_prefixed = re.compile(r"[^{\"\[]{1,200}\{\s*\"").match
_adjacent = re.compile(r"\}\s*\{").search
_stamped = re.compile(r"\[?\d{1,4}[-/.:]\d{1,2}([-/.:]\d{1,4})?[\sT,\]]").match
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
    first = opening[:64]
    if first and not first.strip(b"\0"):
        return Recognition("a file of zero bytes", "copy or export it again")
    if first.count(b"\0") > len(first) // 4:
        order = "BE" if first[::2].count(b"\0") > first[1::2].count(b"\0") else "LE"
        return Recognition("UTF-16 text without a byte-order mark", f"convert it with iconv -f UTF-16{order} -t UTF-8")
    text = opening.decode("utf-8", "replace").lstrip("\ufeff").lstrip()
    if not text:
        return None
    lines = [line for line in text.splitlines() if line.strip()]
    if all(map(_stamped, lines[:2])):
        return Recognition(
            "lines that begin with a date or a time, as in the log of a program",
            f"if it is a chat of WhatsApp, pass --format whatsapp-chat; else {_ADAPTER}",
        )
    return _json(text, lines) if text[0] in "[{" else _lines(lines)


def _json(text: str, lines: list[str]) -> Recognition | None:
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
    if all(map(_server_sent, lines[:2])):
        return Recognition("server-sent events", "keep the lines with data: alone, and remove that word")
    if _python(lines[0]):
        return Recognition("Python's notation of objects", "write each with json.dumps, one a line")
    if _prefixed(lines[0]):
        return Recognition(
            "objects with a key, a time or another text before each", "write the object alone on each line"
        )
    return _table(lines[0])


def _table(header: str) -> Recognition | None:
    """Recognise a table by its header; only well-known columns are shown."""
    delimiter, name = max(_DELIMITERS.items(), key=lambda item: header.count(item[0]))
    columns = [column.strip().strip('"').strip() for column in header.split(delimiter)]
    if len(columns) < 2 or any(len(column) > 120 for column in columns):
        return None
    plain = {column.casefold() for column in columns}
    known = [column for column in columns if column.casefold() in _SHOWN_COLUMNS]
    if not known:
        return Recognition(f"{name} without a header that is known", _advice_for(plain)) if delimiter != "," else None
    shown = ", ".join(f"`{column}`" for column in known[:8])
    return Recognition(f"{name} of {len(columns)} columns, with {shown}", _advice_for(plain))


def _advice_for(columns: Iterable[str]) -> str:
    if set(columns) >= _OURS:
        return "write each row as a JSON object, one a line, or save the table as Parquet with the same columns"
    return "`hearsay import --profile-for FILE` proposes a profile that names its columns, or " + _ADAPTER


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


__all__ = ["OPENING_BYTES", "Recognition", "recognise"]
