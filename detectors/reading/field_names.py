"""Recognise a field that nearly bears the name of one of ours: `body` in place of `text`, `createdAt`, `actr`.

A stream of such events is accepted field by field and counted wrongly, or refused with a reason that names another
field. Only a name that resembles one of ours is ever shown: a key of a foreign object may be a person's name.
"""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

from schemas.event import ForwardEvent

FIELDS = frozenset(ForwardEvent.__struct_fields__)
_SYNONYMS = {
    "event_id": "id uuid guid eventid event_uid _id record_id",
    "platform": "network site service provider source_platform app",
    "kind": "type event_type action message_type post_type event",
    "created_at": "timestamp time date datetime created created_time created_utc create_time published published_at "
    "sent_at sent ts unix_timestamp date_unixtime event_time post_created timestamp_share time_us",
    "observed_at": "received_at received ingested_at collected_at retrieved_on retrieved_at seen_at",
    "message_id": "id msg_id mid post_id tweet_id status_id id_str messageid content_id message_uid",
    "root_ref": "root root_id original_id original origin_id retweeted_id repost_id reblog_id source_id",
    "parent_ref": "parent parent_id reply_to reply_id in_reply_to in_reply_to_id in_reply_to_status_id "
    "reply_to_message_id forwarded_from_id quoted_id referenced_id via",
    "actor": "user author sender from user_id author_id sender_id from_id account account_id username user_name "
    "screen_name person owner did phone from_user by",
    "chat": "group channel room conversation chat_id group_id channel_id room_id conversation_id thread thread_id "
    "group_name channel_name page peer_id subreddit to",
    "text": "body content message msg full_text caption description title post tweet raw_text status selftext",
    "urls": "url link links url_list expanded_urls",
    "lang": "language locale lang_code",
}
_BY_SYNONYM: dict[str, list[str]] = {}
for _field, _names in _SYNONYMS.items():
    for _name in _names.split():
        _BY_SYNONYM.setdefault(_name, []).append(_field)

_is_name = re.compile(r"[A-Za-z_][A-Za-z0-9_ .-]{0,39}").fullmatch
_hump = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ALIKE = 0.8  # of the letters: `actr` and `crated_at` are alike, `chat` and `text` are not


def similar_field(field: str, names: Iterable[str]) -> str | None:
    """Return the first of the names that nearly is `field`, or None; names of our own fields are passed over."""
    fitting = (name for name in names if name not in FIELDS and isinstance(name, str) and _is_name(name))
    return next((name for name in fitting if _resembles(_plain(name), field)), None)


def suggest(missing: Iterable[str], names: Iterable[str]) -> str:
    """Return "; it has `body`: did you mean `text`?" for missing fields with a similar one, else nothing."""
    present = list(names)
    pairs = [(field, found) for field in missing if (found := similar_field(field, present))]
    if not pairs:
        return ""
    shown = ", ".join(f"`{found}`" for _, found in pairs)
    meant = ", ".join(f"`{field}`" for field, _ in pairs)
    return f"; it has {shown}: did you mean {meant}?"


def _plain(name: str) -> str:
    """Return a name in the form of ours: `createdAt` and `Created-At` become `created_at`."""
    return _hump.sub("_", name).lower().replace("-", "_").replace(" ", "_").replace(".", "_")


def _resembles(name: str, field: str) -> bool:
    if name.replace("_", "") == field.replace("_", ""):
        return True
    if name in _BY_SYNONYM:
        return field in _BY_SYNONYM[name]
    return SequenceMatcher(None, name, field, autojunk=False).ratio() >= _ALIKE


__all__ = ["FIELDS", "similar_field", "suggest"]
